"""What a history says it covers: first, last, rows and gaps; and how symbols are ranked by it."""

import numpy as np
import pytest

from engine.history.coverage import Gap
from engine.history.rows import Rows
from engine.windows import DAY_S, HOUR_S
from tests.engine.made_history import BAR_S, BASE_S, LATER_S, MARKET, bars, book, put
from tests.engine.made_recordings import write


def test_coverage_tells_first_last_rows_and_gaps(store):
    put(store, bars(BASE_S + BAR_S * np.array([0, 1, 2, 5, 6, 9])))
    put(store, bars([BASE_S + 10 * BAR_S + 2 * HOUR_S - 10 * BAR_S], duration_s=HOUR_S))
    put(store, Rows(BASE_S + 8 * HOUR_S * np.array([0, 1, 3]) + [0, 7, 0], {"funding_rate": np.zeros(3)}), "funding_8h")
    perp, funding = store.coverage("BTC")
    assert (perp.venue, perp.market_id, perp.kind, perp.rows) == (*MARKET, "perp_5m", 7)
    assert (perp.first_s, perp.last_s) == (BASE_S, BASE_S + 3 * HOUR_S)
    offsets = [(gap.start_s - BASE_S, gap.end_s - BASE_S) for gap in perp.gaps]
    assert offsets == [(900, 1500), (2100, 2700), (3000, 7200)]
    assert funding.gaps == (Gap(BASE_S + 8 * HOUR_S + 7, BASE_S + 24 * HOUR_S),)
    assert funding.gaps[0].length_s == 16 * HOUR_S - 7


@pytest.mark.parametrize("single_file", [False, True])
def test_books_count_their_levels_and_lack_one_after_a_quarter_of_an_hour(store, single_file):
    side = [(9.0, 1.0), (11.0, -1.0)]
    snapshots = book(*((BASE_S + DAY_S + offset, side) for offset in (-1200, -300, 600, 1501)))
    if single_file:  # holds what the store holds too, and counts once
        write(store.path.joinpath(*MARKET, "order_book.parquet"), {"time": snapshots.time_s, **snapshots.columns})
    put(store, snapshots, "order_book")
    covered = store.coverage("BTC")[0]
    assert (covered.rows, covered.last_s) == (8, BASE_S + DAY_S + 1501)
    assert covered.gaps == (Gap(BASE_S + DAY_S + 600, BASE_S + DAY_S + 1501),)


def test_silence_between_liquidations_is_no_gap(store):
    heard = {"at_ms": [1000.0 * BASE_S], "side": [1.0], "price": [5.0], "size": [1.0]}
    put(store, Rows(np.array([BASE_S]), {name: np.array(values) for name, values in heard.items()}), "liquidations")
    assert store.coverage("BTC")[0].gaps is None


def test_symbols_are_ranked_by_venues(store):
    for venue, market in [("bybit", "ETHUSDT"), ("okx", "ETHUSDT"), ("bybit", "BTCUSDT"), ("okx", "币安人生USDT")]:
        store.append(venue, market, "perp_5m", bars([BASE_S]), as_of_s=LATER_S)
    assert store.symbols() == ("ETH", "BTC", "币安人生")
    assert [covered.venue for covered in store.coverage("ETH")] == ["bybit", "okx"]
