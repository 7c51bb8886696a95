import math
import re
from array import array
from dataclasses import replace

import numpy as np
import pytest

from engine.errors import DataMalformedError
from engine.margin import Bracket, MarginTerms
from engine.market import Candles, Funding, Market, OrderBook, VenueMarket
from engine.observed import Crowd
from tests.engine.markets import random_market

START_S = 1_770_292_800  # 2026-02-05T12:00:00Z
TERMS = MarginTerms(
    venue="binanceusdm", brackets=(Bracket(notional_cap_usd=math.inf, maintenance_rate=0.004, max_leverage=100),)
)


def bars(**changes: object) -> dict[str, object]:
    """Three sound five-minute bars, with some of their columns changed."""
    columns: dict[str, object] = {
        "where": "binanceusdm BTCUSDT candles",
        "time_s": np.array([START_S, START_S + 300, START_S + 600]),
        "duration_s": np.array([300, 300, 300]),
        "open": np.array([100.0, 101.0, 102.0]),
        "high": np.array([102.0, 103.0, 104.0]),
        "low": np.array([99.0, 100.0, 101.0]),
        "close": np.array([101.0, 102.0, 103.0]),
        "volume": np.array([5.0, 0.0, 7.0]),
        "taker_buy_share": np.array([0.5, math.nan, 1.0]),
    }
    return columns | changes


def venue(**changes: object) -> VenueMarket:
    parts = {"venue": "binanceusdm", "candles": Candles(**bars()), "open_interest": None, "margin": TERMS}
    return VenueMarket(**(parts | changes))


def test_sound_bars_are_taken_as_they_are() -> None:
    columns = bars()
    candles = Candles(**columns)
    assert len(candles) == 3
    for name in ("time_s", "duration_s", "open", "high", "low", "close", "volume", "taker_buy_share"):
        np.testing.assert_array_equal(getattr(candles, name), columns[name])


def test_bars_may_differ_in_length_and_leave_gaps() -> None:
    candles = Candles(
        **bars(time_s=np.array([START_S, START_S + 3_600, START_S + 9_000]), duration_s=np.array([3_600, 300, 300]))
    )
    assert candles.end_s.tolist() == [START_S + 3_600, START_S + 3_900, START_S + 9_300]


def test_one_bar_is_a_history_and_none_is_an_empty_one() -> None:
    columns = bars()
    arrays = {name: values for name, values in columns.items() if isinstance(values, np.ndarray)}
    assert len(Candles(**(columns | {name: values[:1] for name, values in arrays.items()}))) == 1
    assert len(Candles(**(columns | {name: values[:0] for name, values in arrays.items()}))) == 0


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"high": [102.0, math.nan, 104.0]}, "high is nan at 2026-02-05T12:05:00Z"),
        ({"low": [99.0, 100.0, -1.0]}, "low is -1.0 at 2026-02-05T12:10:00Z"),
        ({"open": [0.0, 101.0, 102.0]}, "open is 0.0 at 2026-02-05T12:00:00Z"),
        ({"close": [101.0, math.inf, 103.0]}, "close is inf at 2026-02-05T12:05:00Z"),
        ({"volume": [5.0, -0.1, 7.0]}, "volume is -0.1 at 2026-02-05T12:05:00Z"),
        ({"volume": [math.nan, 1.0, 7.0]}, "volume is nan at 2026-02-05T12:00:00Z"),
        ({"taker_buy_share": [0.5, 1.5, 0.5]}, "taker_buy_share is 1.5 at 2026-02-05T12:05:00Z"),
        ({"taker_buy_share": [0.5, 0.5, -0.5]}, "taker_buy_share is -0.5 at 2026-02-05T12:10:00Z"),
        ({"close": [101.0, 103.5, 103.0]}, "open or close lies outside low-high at 2026-02-05T12:05:00Z"),
        ({"open": [98.0, 101.0, 102.0]}, "open or close lies outside low-high at 2026-02-05T12:00:00Z"),
        (
            {"time_s": [START_S, START_S + 600, START_S + 300]},
            "bars are not in order of time (row 2, 2026-02-05T12:05:00Z)",
        ),
        ({"time_s": [START_S, START_S, START_S + 300]}, "bars are not in order of time (row 1, 2026-02-05T12:00:00Z)"),
        ({"time_s": [START_S, START_S + 200, START_S + 600]}, "bars overlap at 2026-02-05T12:03:20Z"),
        ({"duration_s": [300, 301, 300]}, "bars overlap at 2026-02-05T12:10:00Z"),
        ({"duration_s": [300, 0, 300]}, "a bar has no length"),
        (
            {"time_s": [START_S * 1000, START_S * 1000, START_S * 1000]},  # a feed in milliseconds
            "bars are not in order of time (row 1, Unix time 1770292800000)",
        ),
    ],
)
def test_a_bad_bar_is_named_with_its_moment(changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(DataMalformedError, match=re.escape(sentence)) as caught:
        Candles(**bars(**changes))
    assert str(caught.value).startswith("binanceusdm BTCUSDT candles: ")
    assert caught.value.advice.endswith(".")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"volume": [5.0, 6.0]}, "volume has 2 rows, time_s has 3"),
        ({"duration_s": [300]}, "duration_s has 1 rows, time_s has 3"),
        ({"open": [[100.0, 101.0, 102.0]]}, "open must have one dimension, got 2"),
        ({"time_s": [START_S, START_S + 300.5, START_S + 600]}, "time_s must hold whole seconds"),
        ({"time_s": [START_S, math.nan, START_S + 600]}, "time_s must hold whole seconds"),
        (
            {"time_s": np.array(["2026-02-05T12:00", "2026-02-05T12:05", "2026-02-05T12:10"], dtype="datetime64[ns]")},
            "time_s must hold whole seconds",
        ),
    ],
)
def test_arrays_that_do_not_fit_together_are_the_callers_mistake(changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)):
        Candles(**bars(**changes))


def test_bars_are_found_from_a_moment_on() -> None:
    candles = Candles(**bars())
    assert candles.since(START_S) == slice(0, 3)
    assert candles.since(START_S + 1) == slice(1, 3)
    assert candles.since(START_S + 601) == slice(3, 3)


@pytest.mark.parametrize("name", ["time_s", "duration_s", "open", "high", "low", "close", "volume", "taker_buy_share"])
def test_bars_cannot_be_written_to(name: str) -> None:
    with pytest.raises(ValueError, match="read-only"):
        getattr(Candles(**bars()), name)[0] = 1


def test_the_callers_array_stays_writable_and_apart() -> None:
    close = np.array([101.0, 102.0, 103.0])
    candles = Candles(**bars(close=close))
    close[0] = 55.0
    assert candles.close[0] == 101.0


@pytest.mark.parametrize(
    "share",
    [
        lambda owner: array("d", owner),
        lambda owner: memoryview(array("d", owner)),
        lambda owner: np.asarray(owner).view(np.recarray),
    ],
    ids=["array", "memoryview", "subclass"],
)
def test_memory_that_others_can_write_to_is_copied(share) -> None:
    values = share([101.0, 102.0, 103.0])
    candles = Candles(**bars(close=values))
    values[0] = 55.0
    assert candles.close[0] == 101.0


def test_a_read_only_view_of_a_writable_array_is_copied() -> None:
    owner = np.array([101.0, 102.0, 103.0])
    view = owner[:]
    view.flags.writeable = False
    candles = Candles(**bars(close=view))
    owner[0] = 55.0
    assert candles.close[0] == 101.0


def test_what_is_frozen_already_is_not_copied() -> None:
    candles = Candles(**bars())
    again = Candles(**bars(close=candles.close))
    assert np.shares_memory(again.close, candles.close)


def test_open_interest_goes_with_the_bars_and_may_be_unknown() -> None:
    assert venue(open_interest=[10.0, 12.0, math.nan]).open_interest_now == 12.0
    assert venue(open_interest=[math.nan] * 3).open_interest_now == 0.0
    assert venue(open_interest=None).open_interest_now == 0.0
    with pytest.raises(ValueError, match="one value per bar"):
        venue(open_interest=[10.0, 12.0])


@pytest.mark.parametrize("wrong", [-1.0, math.inf])
def test_open_interest_that_cannot_be_is_named_with_its_moment(wrong: float) -> None:
    with pytest.raises(DataMalformedError, match=f"open interest is {wrong} at 2026-02-05T12:05:00Z"):
        venue(open_interest=[10.0, wrong, 11.0])


@pytest.mark.parametrize(
    ("time_s", "rate", "sentence"),
    [
        ([START_S, START_S], [0.0001, 0.0001], "funding: settlements are not in order of time"),
        ([START_S, START_S + 28_800], [0.0001, math.nan], "funding: the rate is not a number at 2026-02-05T20:00:00Z"),
    ],
)
def test_bad_funding_is_refused(time_s: list[int], rate: list[float], sentence: str) -> None:
    with pytest.raises(DataMalformedError, match=re.escape(sentence)):
        Funding(time_s=time_s, rate=rate, interval_s=28_800)


def test_funding_of_unequal_lengths_is_the_callers_mistake() -> None:
    with pytest.raises(ValueError, match="rate has 1 rows, time_s has 2"):
        Funding(time_s=[START_S, START_S + 28_800], rate=[0.0001], interval_s=28_800)


def book(**changes: object) -> OrderBook:
    sides = {"bid_price": [99.0, 98.0], "bid_size": [1.0, 2.0], "ask_price": [100.0, 101.0], "ask_size": [3.0, 4.0]}
    return OrderBook(time_s=START_S, **(sides | changes))


def test_a_sound_book_is_taken_and_frozen() -> None:
    assert book().ask_size.tolist() == [3.0, 4.0]
    with pytest.raises(ValueError, match="read-only"):
        book().bid_size[0] = 9.0


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"bid_price": [98.0, 99.0]}, "a side does not begin with its best price"),
        ({"ask_price": [101.0, 100.0]}, "a side does not begin with its best price"),
        ({"bid_size": [1.0, -2.0]}, "bid_size is not positive everywhere"),
        ({"ask_price": [100.0, math.nan]}, "ask_price is not positive everywhere"),
    ],
)
def test_a_bad_book_is_refused(changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(DataMalformedError, match=f"order book: {sentence}"):
        book(**changes)


def test_the_lead_venue_gives_the_price() -> None:
    first, second = venue(), venue(candles=Candles(**bars(close=[101.0, 102.0, 101.5])))
    market = Market(symbol="BTC", as_of_s=START_S + 900, source="recorded", venues=(first, second))
    assert market.lead is first
    assert market.price == 103.0


def test_a_market_refuses_what_was_not_known_at_its_moment_and_no_venue_at_all() -> None:
    known = random_market(0, 300)
    with pytest.raises(ValueError, match="binanceusdm has a bar that was not finished at 2026-01-02T00:59:59Z"):
        Market(symbol="TEST", as_of_s=known.as_of_s - 1, source="recorded", venues=known.venues)
    with pytest.raises(ValueError, match="a market needs a venue, TEST has none"):
        Market(symbol="TEST", as_of_s=known.as_of_s, source="recorded", venues=())


def test_a_crowd_that_was_not_known_yet_is_refused():
    market = random_market(1, 300)
    lead = replace(market.lead, crowd=Crowd(time_s=market.as_of_s + 1, long_short_ratio=1.0))
    with pytest.raises(ValueError, match="was not known"):
        replace(market, venues=(lead,))
