import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charts.bars import Bars
from charts.scales import PriceRange, price_ticks, range_for, time_ticks, timeframe_text
from engine.results import MapColumns, Zone
from engine.windows import DAY_S, HOUR_S

MIDNIGHT_S = 1_770_249_600


def bars_between(low: float, high: float) -> Bars:
    one = np.array([1.0])
    return Bars(
        timeframe_s=300, start_s=np.array([0]), open=low * one, high=high * one, low=low * one, close=high * one
    )


def test_three_daily_sigmas_are_shown_to_either_side() -> None:
    shown = range_for(bars_between(95.0, 105.0), 100.0, 0.04, ())
    assert shown.low < 100 * math.exp(-0.12)
    assert shown.high > 100 * math.exp(0.12)


def test_candles_beyond_three_sigmas_are_shown_too() -> None:
    shown = range_for(bars_between(70.0, 101.0), 100.0, 0.02, ())
    assert shown.low < 70
    assert shown.high < 110


def test_a_zone_within_reach_widens_the_range(make_zone: Callable[..., Zone]) -> None:
    zone = make_zone(100.0, 0.15)
    shown = range_for(bars_between(96.0, 103.0), 100.0, 0.03, [zone])
    assert shown.holds(zone.band.far)


def test_a_zone_so_far_that_candles_would_become_a_line_stays_outside(make_zone: Callable[..., Zone]) -> None:
    near, far = make_zone(100.0, 0.02), make_zone(100.0, 0.2)
    shown = range_for(bars_between(99.8, 100.3), 100.0, 0.012, [far, near])
    assert shown.holds(near.band.far)
    assert not shown.holds(far.band.near)


def test_the_range_ends_where_nothing_is_known() -> None:
    columns = MapColumns(
        time_s=np.array([0]),
        first_bin=4_600,
        long_usd=np.zeros((1, 40), np.float32),
        short_usd=np.zeros((1, 40), np.float32),
    )
    middle = math.sqrt(columns.grid.low * columns.grid.high)
    shown = range_for(bars_between(columns.grid.low * 1.001, columns.grid.high / 1.001), middle, 0.001, (), columns)
    assert (shown.low, shown.high) == pytest.approx((columns.grid.low, columns.grid.high))


@pytest.mark.parametrize("sigma", [math.nan, 0.0, 5.0])
def test_an_unknown_or_absurd_sigma_still_gives_a_sensible_range(sigma: float) -> None:
    shown = range_for(bars_between(99.0, 101.0), 100.0, sigma, ())
    assert 70 < shown.low < 99.1
    assert 100.9 < shown.high < 140


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (61_000, 81_000, ["65,000", "70,000", "75,000", "80,000"]),
        (87.1, 90.6, ["88", "89", "90"]),
        (1.21e-5, 1.26e-5, ["0.0000122", "0.0000124", "0.0000126"]),
        (0.9e6, 1.1e6, ["900,000", "950,000", "1,000,000", "1,050,000", "1,100,000"]),
        (3.01, 3.09, ["3.02", "3.04", "3.06", "3.08"]),
    ],
)
def test_price_labels_are_round_and_as_long_as_they_must_be(low: float, high: float, words: list[str]) -> None:
    assert [tick.words for tick in price_ticks(PriceRange(low, high), 4)] == words


@given(st.floats(1e-6, 1e6), st.floats(0.005, 0.6), st.integers(3, 9))
def test_price_labels_read_back_as_the_prices_they_stand_at(low: float, width: float, wanted: int) -> None:
    ticks = price_ticks(PriceRange(low, low * (1 + width)), wanted)
    assert 1 <= len(ticks) <= wanted + 1
    assert len({tick.words for tick in ticks}) == len(ticks)
    for tick in ticks:
        assert float(tick.words.replace(",", "")) == pytest.approx(tick.at, rel=1e-9)
        assert low * (1 - 1e-9) <= tick.at <= low * (1 + width) * (1 + 1e-9)


def test_hours_are_labelled_as_hours_and_midnights_as_dates() -> None:
    ticks = time_ticks(MIDNIGHT_S - 13 * HOUR_S, MIDNIGHT_S + 11 * HOUR_S, 6)
    assert [tick.words for tick in ticks] == ["12:00", "16:00", "20:00", "5 Feb", "04:00", "08:00"]
    assert [tick.strong for tick in ticks] == [False, False, False, True, False, False]
    assert ticks[3].at == MIDNIGHT_S


@given(st.integers(HOUR_S, 40 * DAY_S), st.integers(2, 9))
def test_there_are_never_more_time_labels_than_fit(length_s: int, most: int) -> None:
    ticks = time_ticks(MIDNIGHT_S - length_s, MIDNIGHT_S, most)
    assert len(ticks) <= most + 1
    assert all(MIDNIGHT_S - length_s <= tick.at <= MIDNIGHT_S for tick in ticks)


@pytest.mark.parametrize(
    ("seconds", "words"), [(300, "5m"), (1_800, "30m"), (HOUR_S, "1h"), (4 * HOUR_S, "4h"), (DAY_S, "1d")]
)
def test_timeframes_read_as_traders_write_them(seconds: int, words: str) -> None:
    assert timeframe_text(seconds) == words
