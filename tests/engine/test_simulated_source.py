"""The simulated source: labelled, cut at what was known, clear about what it has not."""

import functools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import DataUnavailableError, UnknownSymbolError
from engine.market import Market
from engine.simulation.simulated_market import SIMULATED_END_S, SIMULATED_START_S
from engine.sources.base import Source
from engine.sources.simulated import SimulatedSource

moments = st.integers(SIMULATED_START_S + 300, SIMULATED_END_S)


@functools.cache
def source() -> SimulatedSource:
    return SimulatedSource()


def arrays_of(market: Market) -> dict[str, np.ndarray]:
    venue = market.lead
    assert venue.open_interest is not None
    assert venue.funding is not None
    names = ("time_s", "open", "high", "low", "close", "volume", "taker_buy_share")
    bars = {name: getattr(venue.candles, name) for name in names}
    return {**bars, "open_interest": venue.open_interest, "funding_s": venue.funding.time_s, "rate": venue.funding.rate}


def test_it_is_a_source_with_the_largest_markets_first() -> None:
    as_source: Source = source()
    assert as_source.name == "simulated"
    assert as_source.symbols()[:3] == ("BTC", "ETH", "SOL")
    assert len(as_source.symbols()) >= 5


def test_the_market_says_that_it_is_simulated_and_by_which_seed() -> None:
    market = source().market("BTC")
    assert market.source == "simulated"
    assert market.lead.venue == "simulated"
    assert market.lead.margin.venue == "simulated"
    assert market.notes == ("SIMULATED market (seed 7): no real prices.",)
    assert "seed 3" in SimulatedSource(3).market("BTC").notes[0]


def test_without_a_moment_it_is_the_end_of_the_span() -> None:
    market = source().market("BTC")
    assert market.as_of_s == SIMULATED_END_S == market.lead.candles.end_s[-1]
    assert market.lead.order_book is not None
    assert market.lead.order_book.bid_price[0] < market.price < market.lead.order_book.ask_price[0]


@settings(deadline=None, max_examples=40)
@given(as_of_s=moments)
def test_nothing_is_given_that_was_not_known(as_of_s: int) -> None:
    market = source().market("BTC", as_of_s)
    venue = market.lead
    assert market.as_of_s == as_of_s
    assert as_of_s - 300 < venue.candles.end_s[-1] <= as_of_s
    assert venue.funding is not None
    assert np.all(venue.funding.time_s <= as_of_s)
    assert venue.order_book is not None
    assert as_of_s - 300 < venue.order_book.time_s <= as_of_s


@settings(deadline=None, max_examples=20)
@given(early_s=moments, late_s=moments)
def test_a_later_look_shows_the_same_earlier_bars(early_s: int, late_s: int) -> None:
    early, late = (arrays_of(source().market("BTC", moment)) for moment in sorted((early_s, late_s)))
    for name, values in early.items():
        np.testing.assert_array_equal(values, late[name][: len(values)])


def test_open_interest_is_that_of_each_bars_open() -> None:
    whole = source().simulated_market("BTC")
    venue = source().market("BTC", SIMULATED_START_S + 3_000).lead
    assert venue.open_interest is not None
    np.testing.assert_array_equal(venue.open_interest, whole.open_interest[:10])


def test_a_market_is_simulated_once_and_then_kept() -> None:
    assert source().simulated_market("BTC") is source().simulated_market("BTC")


@pytest.mark.parametrize("as_of_s", [SIMULATED_START_S + 299, SIMULATED_END_S + 1, 0])
def test_a_moment_outside_the_span_is_refused_with_the_span(as_of_s: int) -> None:
    with pytest.raises(DataUnavailableError, match=r"from 2 Dec 2025 00:00 UTC to 31 Jan 2026 00:00 UTC"):
        source().market("BTC", as_of_s)


@pytest.mark.parametrize(("typed", "meant"), [("BTCC", "BTC"), ("btc", "BTC"), ("SOLL", "SOL"), ("DOG", "DOGE")])
def test_an_unknown_symbol_gets_the_nearest_ones(typed: str, meant: str) -> None:
    with pytest.raises(UnknownSymbolError) as caught:
        source().market(typed)
    assert meant in caught.value.suggestions
    assert meant in str(caught.value)


def test_a_symbol_like_no_other_gets_the_list() -> None:
    with pytest.raises(UnknownSymbolError, match="Known: BTC, ETH, SOL"):
        source().market("QQQQQQ")
