from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.figure import Figure

from charts.bars import MAX_CANDLES, draw_bars, gather, timeframe_for
from charts.theme import DARK
from engine.market import Candles
from engine.windows import DAY_S, HOUR_S, WINDOWS

MIDNIGHT_S = 1_770_249_600


def candles_from(rows: list[tuple[int, float, float, float, float]]) -> Candles:
    """Five-minute bars: (start after midnight [s], open, high, low, close)."""
    table = np.array(rows, dtype=float)
    return Candles(
        where="hand-made",
        time_s=MIDNIGHT_S + table[:, 0],
        duration_s=np.full(len(rows), 300),
        open=table[:, 1],
        high=table[:, 2],
        low=table[:, 3],
        close=table[:, 4],
        volume=np.ones(len(rows)),
        taker_buy_share=np.full(len(rows), np.nan),
    )


def test_bars_are_gathered_into_candles_with_first_open_and_last_close() -> None:
    candles = candles_from([(0, 10, 12, 9, 11), (300, 11, 15, 10, 13), (600, 13, 14, 8, 9), (900, 9, 10, 9, 10)])
    bars = gather(candles, MIDNIGHT_S, MIDNIGHT_S + DAY_S)  # a day is drawn in ten-minute candles
    assert bars.timeframe_s == 600
    assert bars.start_s.tolist() == [MIDNIGHT_S, MIDNIGHT_S + 600]
    assert [bars.open.tolist(), bars.high.tolist(), bars.low.tolist(), bars.close.tolist()] == [
        [10, 13],
        [15, 14],
        [9, 8],
        [13, 10],
    ]


def test_a_gap_in_the_data_stays_a_gap() -> None:
    candles = candles_from([(0, 10, 12, 9, 11), (6_000, 11, 15, 10, 13)])
    assert gather(candles, MIDNIGHT_S, MIDNIGHT_S + DAY_S).start_s.tolist() == [MIDNIGHT_S, MIDNIGHT_S + 6_000]


def test_a_bar_that_is_not_finished_at_the_end_is_not_drawn() -> None:
    candles = candles_from([(0, 10, 12, 9, 11), (300, 11, 99, 1, 13)])
    bars = gather(candles, MIDNIGHT_S, MIDNIGHT_S + 599)
    assert bars.high.tolist() == [12]


def test_a_span_without_bars_gives_no_candles() -> None:
    assert len(gather(candles_from([(0, 10, 12, 9, 11)]), MIDNIGHT_S + HOUR_S, MIDNIGHT_S + DAY_S)) == 0


@pytest.mark.parametrize("window", WINDOWS, ids=lambda window: window.name)
def test_every_window_has_about_a_hundred_candles(window) -> None:
    assert 90 <= window.length_s / timeframe_for(window.length_s) <= MAX_CANDLES


def test_drawn_bodies_and_wicks_stand_at_open_high_low_close(make_walk: Callable[..., Candles]) -> None:
    candles = make_walk(70_000.0, days=0.4)
    bars = gather(candles, int(candles.time_s[0]), int(candles.end_s[-1]))
    axes = Figure().add_subplot()
    draw_bars(axes, bars, DARK)
    drawn = {artist.get_label(): artist for artist in axes.collections}
    for name, chosen in (("rising", bars.close >= bars.open), ("falling", bars.close < bars.open)):
        bodies = np.exp([path.vertices[:4, 1] for path in drawn[f"{name} bodies"].get_paths()])
        wicks = np.exp([path.vertices[:, 1] for path in drawn[f"{name} wicks"].get_paths()])
        assert bodies[:, 0] == pytest.approx(bars.open[chosen])
        assert bodies[:, 1] == pytest.approx(bars.close[chosen])
        assert wicks[:, 0] == pytest.approx(bars.low[chosen])
        assert wicks[:, 1] == pytest.approx(bars.high[chosen])
        middle = [path.vertices[0, 0] for path in drawn[f"{name} wicks"].get_paths()]
        assert middle == pytest.approx(bars.start_s[chosen] + bars.timeframe_s / 2)
