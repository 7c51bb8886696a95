"""The live source without a network: rows asked for, replies read, symbols resolved, errors met."""

import socket
import time
from collections import Counter
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from ccxt.base import errors as foreign
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import DataMalformedError, UnknownSymbolError, UnknownVenueError
from engine.sources.live.breaker import FAILURES_TO_OPEN, OPEN_S, Breaker
from engine.sources.live.bybit import BYBIT
from engine.sources.live.catalogue import Catalogue, parse_sizes, resolve, symbols
from engine.sources.live.client import PATIENCE_S, _backoff, redirected
from engine.sources.live.faults import VenueError, limited, mapped
from engine.sources.live.history import (
    SETTLED_AFTER_S,
    bar_spans,
    funding_interval_s,
    funding_is_due,
    open_interest_spans,
    pages,
    parse_bars,
    parse_book,
    parse_brackets,
    parse_crowd,
    parse_series,
)
from engine.sources.live.parts import Bars, Listing, Series
from engine.sources.live.reach import Address, address_of, any_reachable
from engine.sources.live.source import Endpoint
from engine.sources.live.venue import Page
from engine.sources.live.venues import VENUES, venue_named
from engine.symbols import coin_of
from engine.windows import DAY_S, HOUR_S
from tests.engine.markets import FINISHED_S, NOW_S

moments = st.integers(min_value=1_600_000_000, max_value=1_900_000_000)


def series(*rows):
    return Series(time_s=np.array([row[0] for row in rows], dtype=np.int64), value=np.array([row[1] for row in rows]))


# --- which rows ------------------------------------------------------------------------------------------------------


def covered(spans):
    """Every stretch of time that the rows stand for, in order."""
    stretches = [
        (first_s, first_s + span.step_s)
        for span in spans
        for first_s in range(span.first_s, span.last_s + 1, span.step_s)
    ]
    return sorted(stretches)


@given(moments)
def test_cold_bars_cover_33_days_without_gap_or_overlap_and_end_before_now(now_s):
    stretches = covered(bar_spans(None, now_s))
    assert all(end_s == start_s for (_, end_s), (start_s, _) in pairwise(stretches))
    assert now_s - 300 - SETTLED_AFTER_S < stretches[-1][1] <= now_s - SETTLED_AFTER_S
    assert 33 * DAY_S <= now_s - SETTLED_AFTER_S - stretches[0][0] < 33 * DAY_S + HOUR_S
    assert Counter(end_s - start_s for start_s, end_s in stretches)[HOUR_S] == 30 * 24


@given(moments, st.integers(0, 3 * DAY_S - 600))
def test_warm_bars_go_on_with_the_last_one_known(now_s, behind_s):
    settled_s = now_s - SETTLED_AFTER_S
    held_s = (settled_s - behind_s) // 300 * 300 - 300
    stretches = covered(bar_spans(held_s, now_s))
    new = (settled_s // 300 * 300 - held_s) // 300 - 1
    assert len(stretches) == (new + 1 if new else 0)
    assert not stretches or stretches[0][0] == held_s  # read once more, it may not have been final


def test_after_a_longer_pause_everything_is_asked_for_again():
    assert bar_spans(NOW_S - 4 * DAY_S, NOW_S) == bar_spans(None, NOW_S)


def test_open_interest_is_asked_for_no_further_back_than_the_venue_keeps_it():
    spans = open_interest_spans(None, NOW_S, 30 * DAY_S - HOUR_S)
    assert min(span.first_s for span in spans) == 1_770_292_800 - 30 * DAY_S + 2 * HOUR_S
    assert open_interest_spans(None, NOW_S, None) == bar_spans(None, NOW_S)


@given(st.sampled_from([300, 3600]), st.integers(0, 2_000), st.integers(1, 1_000))
def test_pages_ask_for_every_row_once(step_s, rows, page_rows):
    (span,) = bar_spans(FINISHED_S - 600, NOW_S)
    span = replace(span, step_s=step_s, last_s=span.first_s + step_s * rows)
    cut = pages((span,), "BTCUSDT", page_rows)
    asked = [time_s for page in cut for time_s in range(page.first_s, page.last_s + 1, step_s)]
    assert asked == list(range(span.first_s, span.last_s + 1, step_s))
    assert max(page.rows for page in cut) <= page_rows
    assert len(cut) == -(-(rows + 1) // page_rows)


def test_funding_is_asked_for_when_the_next_settlement_is_due():
    four_hourly = series((0, 1e-4), (14_400, 1e-4), (28_801, 1e-4))
    assert funding_interval_s(four_hourly) == 4 * HOUR_S
    assert funding_interval_s(series((0, 1e-4))) == 8 * HOUR_S
    assert not funding_is_due(four_hourly, 28_801 + 14_399)
    assert funding_is_due(four_hourly, 28_801 + 14_400)
    assert funding_is_due(Series(), 0)


def test_newer_rows_replace_older_ones_of_the_same_time():
    joined = series((0, 1.0), (300, 2.0)).joined(series((300, 5.0), (600, 3.0)))
    assert (joined.time_s.tolist(), joined.value.tolist()) == ([0, 300, 600], [1.0, 5.0, 3.0])
    known = joined.at(np.array([300, 450]))
    assert known[0] == 5.0
    assert np.isnan(known[1])
    assert len(Bars().joined(Bars())) == 0


# --- replies ---------------------------------------------------------------------------------------------------------

KLINE_PAGE = Page(market_id="BTCUSDT", step_s=300, first_s=FINISHED_S, last_s=FINISHED_S + 300)


def kline(time_s, close="100.5", volume="7"):
    return [1000 * time_s, "100", "101", "99", close, volume, 1000 * time_s + 299_999, "700", 5, "3", "300", "0"]


def test_a_binance_kline_is_read_by_its_columns():
    rows = [kline(FINISHED_S + 300, close="100.7"), kline(FINISHED_S), kline(FINISHED_S + 600)]
    bars = parse_bars(rows, VENUES["binanceusdm"].bars, KLINE_PAGE, "here")
    assert bars.time_s.tolist() == [FINISHED_S, FINISHED_S + 300]  # sorted; the third was not asked for
    assert (bars.open[0], bars.high[0], bars.low[0], bars.close[0], bars.volume[0]) == (100, 101, 99, 100.5, 7)
    assert (bars.taker_buy_volume[0], bars.duration_s[0]) == (3, 300)


def test_an_okx_candle_is_read_in_coins_and_bybits_open_interest_one_sided():
    candle = [str(1000 * FINISHED_S), "100", "101", "99", "100.5", "700", "7", "703", "1"]
    bars = parse_bars({"data": [candle]}, VENUES["okx"].bars, KLINE_PAGE, "here")
    assert bars.volume.tolist() == [7.0]
    assert np.isnan(bars.taker_buy_volume[0])
    row = {"openInterest": "500.5", "timestamp": str(1000 * FINISHED_S)}
    read = parse_series({"result": {"list": [row]}}, VENUES["bybit"].open_interest, KLINE_PAGE, "here")
    assert read.value.tolist() == [250.25]


BROKEN = {
    "none": None,
    "text": "<html></html>",
    "no rows": {"retCode": 0},
    "error": {"code": -1121, "msg": "Invalid symbol."},
    "short row": [[1000 * FINISHED_S, "100"]],
    "no number": [kline(FINISHED_S, close="")],
    "not finite": [kline(FINISHED_S, volume="NaN")],
    "row of text": ["abc"],
}


@pytest.mark.parametrize("reply", BROKEN.values(), ids=BROKEN)
def test_a_reply_of_another_shape_is_malformed_and_never_empty(reply):
    with pytest.raises(DataMalformedError, match="here"):
        parse_bars(reply, VENUES["binanceusdm"].bars, KLINE_PAGE, "here")


def test_a_book_in_contracts_is_counted_in_coins_and_an_empty_one_refused():
    feed = VENUES["okx"].book
    snapshot = {"ts": "1770292937500", "bids": [["99", "5", "0", "1"]], "asks": [["101", "2", "0", "1"]]}
    book = parse_book({"data": [snapshot]}, feed, 0.01, "here")
    assert (book.time_s, book.bid_size.tolist(), book.ask_size.tolist()) == (1_770_292_937, [0.05], [0.02])
    with pytest.raises(DataMalformedError, match="empty"):
        parse_book({"data": [{**snapshot, "bids": []}]}, feed, 0.01, "here")


RATIOS = {
    "binanceusdm": [{"longShortRatio": "1.5", "longAccount": "0.6", "timestamp": 1000 * FINISHED_S}],
    "bybit": {"result": {"list": [{"buyRatio": "0.6", "sellRatio": "0.4", "timestamp": str(1000 * FINISHED_S)}]}},
    "okx": {"data": [[str(1000 * FINISHED_S), "1.5"], [str(1000 * (FINISHED_S - 300)), "9"]]},
}


@pytest.mark.parametrize("venue", RATIOS)
def test_the_crowd_is_how_many_accounts_are_long_for_each_short_one(venue):
    feed = VENUES[venue].crowd
    crowd = parse_crowd(RATIOS[venue], feed, NOW_S, "here")
    assert crowd.time_s == FINISHED_S
    assert crowd.long_short_ratio == pytest.approx(1.5)
    assert parse_crowd(RATIOS[venue], feed, FINISHED_S - 301, "here") is None  # told later than now


def test_a_crowd_without_one_side_or_without_rows_is_unknown_and_another_reply_malformed():
    feed = VENUES["okx"].crowd
    assert parse_crowd({"data": []}, feed, NOW_S, "here") is None
    assert parse_crowd({"data": [[str(1000 * FINISHED_S), "0"]]}, feed, NOW_S, "here") is None
    with pytest.raises(DataMalformedError, match="here"):
        parse_crowd({"data": [[str(1000 * FINISHED_S), "many"]]}, feed, NOW_S, "here")


def test_risk_limits_are_read_in_usd_by_rising_size():
    okx = [
        {"maxSz": "3000", "mmr": "0.005", "maxLever": "75"},
        {"maxSz": "1000", "mmr": "0.004", "maxLever": "100"},
    ]
    listing = Listing(base="BTC", market_id="BTC-USDT-SWAP", contract_size=0.01)
    first, second = parse_brackets({"data": okx}, VENUES["okx"].brackets, listing, 70_000.0, "here")
    assert (first.notional_cap_usd, first.maintenance_rate, first.max_leverage) == (700_000, 0.004, 100)
    assert second.notional_cap_usd == 2_100_000
    row = {"riskLimitValue": "2000000", "maintenanceMargin": "0.005", "maxLeverage": "100.00", "mmDeduction": ""}
    (bybit,) = parse_brackets({"result": {"list": [row]}}, VENUES["bybit"].brackets, listing, 1.0, "here")
    assert (bybit.notional_cap_usd, bybit.maintenance_amount_usd) == (2_000_000, 0)
    with pytest.raises(DataMalformedError, match="no such risk limit"):
        parse_brackets({"data": [{**okx[0], "mmr": "5"}]}, VENUES["okx"].brackets, listing, 1.0, "here")


# --- symbols ---------------------------------------------------------------------------------------------------------


def catalogue(*bases, **usd):
    return Catalogue(
        listings={base: Listing(base=base, market_id=f"{base}USDT") for base in bases}, open_interest_usd=usd
    )


BY_VENUE = {
    "binanceusdm": catalogue("BTC", "ETH", "1000PEPE"),
    "bybit": catalogue("BTC", "1000PEPE", "DOGE", BTC=5e9, DOGE=1e9),
    "okx": catalogue("BTC", "PEPE", "ETH", BTC=2e9, ETH=3e9),
}


def test_symbols_are_ranked_by_open_interest_over_all_venues():
    assert symbols(BY_VENUE) == ("BTC", "ETH", "DOGE", "1000PEPE", "PEPE")


def test_bybits_open_interest_of_both_sides_ranks_as_one():
    listings = {"BTC": Listing(base="BTC", market_id="BTCUSDT")}
    reply = {"result": {"list": [{"symbol": "BTCUSDT", "openInterestValue": "6000000.5"}]}}
    assert parse_sizes(reply, BYBIT.sizes, listings, "Bybit") == {"BTC": 3_000_000.25}


def test_a_symbol_means_the_perpetual_of_each_venue_and_who_lacks_it_is_told():
    resolved = resolve("ETH", BY_VENUE)
    assert {name: listing.market_id for name, listing in resolved.listings.items()} == {
        "binanceusdm": "ETHUSDT",
        "okx": "ETHUSDT",
    }
    assert resolved.notes == ("Bybit does not list ETH.",)
    assert resolved.missing == ()


def test_a_coin_is_taken_as_most_venues_quote_it_and_the_others_are_named():
    resolved = resolve("PEPE", BY_VENUE)
    assert resolved.symbol == "1000PEPE"
    assert set(resolved.listings) == {"binanceusdm", "bybit"}
    assert resolved.notes == ("Asked for PEPE; prices and sizes are those of 1000PEPE, as the venues quote it.",)
    (left_out,) = resolved.missing
    assert (left_out.input, left_out.venue) == ("venue", "okx")
    assert left_out.effect.startswith("quotes PEPE, not 1000PEPE")
    assert resolve("1000PEPE", BY_VENUE).symbol == "1000PEPE"
    assert resolve("1000DOGE", BY_VENUE).symbol == "DOGE"


def test_a_multiplier_is_a_power_of_ten_before_a_name():
    named = ["1000PEPE", "1000000MOG", "10000LADYS", "1INCH", "100X", "BTC"]
    assert [coin_of(base) for base in named] == ["PEPE", "MOG", "LADYS", "1INCH", "100X", "BTC"]


def test_an_unknown_symbol_holds_the_nearest_ones():
    with pytest.raises(UnknownSymbolError) as refusal:
        resolve("DOGGE", BY_VENUE)
    assert refusal.value.suggestions == ("DOGE",)


# --- errors and patience ---------------------------------------------------------------------------------------------


def test_statuses_of_limits_become_patience_or_a_pause():
    busy, banned = limited("okx", 429, "2.5"), limited("binanceusdm", 418, None)
    assert (_backoff(busy), _backoff(banned)) == (2.5, False)
    assert banned.banned
    assert _backoff(limited("okx", 429, str(PATIENCE_S + 1))) is False
    assert _backoff(limited("okx", 429, "Wed, 21 Oct 2026 07:28:00 GMT")) is True
    assert limited("okx", 451, None).retry_helps is False
    assert limited("okx", 200, "3") is None


def test_every_error_of_the_exchange_library_is_mapped_and_a_fault_of_ours_is_not():
    for name in foreign.__all__:
        kind = getattr(foreign, name)
        if isinstance(kind, type) and issubclass(kind, Exception):
            assert isinstance(mapped("okx", kind("text")), VenueError), name
    assert mapped("okx", foreign.RequestTimeout("")).retry_helps
    assert not mapped("okx", foreign.BadSymbol("")).retry_helps
    assert not mapped("okx", foreign.OnMaintenance("")).retry_helps
    assert mapped("okx", ConnectionResetError()).retry_helps
    assert mapped("okx", KeyError("ours")) is None


def test_the_circuit_opens_after_failures_in_a_row_and_closes_with_time():
    now_s = [1_000.0]
    breaker = Breaker("okx", lambda: now_s[0])
    failure = VenueError("okx", "did not answer in time", faulty=True)
    for _ in range(FAILURES_TO_OPEN - 1):
        breaker.failed(failure)
    breaker.succeeded()
    for _ in range(FAILURES_TO_OPEN):
        breaker.check()
        breaker.failed(failure)
    with pytest.raises(VenueError, match=r"OKX did not answer in time; it is asked again in 30 s\."):
        breaker.check()
    now_s[0] += OPEN_S
    breaker.check()


def test_refusals_and_limits_do_not_open_the_circuit():
    breaker = Breaker("okx", lambda: 1_000.0)
    for _ in range(3 * FAILURES_TO_OPEN):
        breaker.failed(VenueError("okx", "limits our requests", retry_helps=True))
    breaker.check()


def test_a_ban_opens_the_circuit_at_once_and_a_clock_set_back_does_not_prolong_it():
    now_s = [1_000.0]
    breaker = Breaker("binanceusdm", lambda: now_s[0])
    breaker.failed(limited("binanceusdm", 418, "300"))
    with pytest.raises(VenueError, match="300 s"):
        breaker.check()
    now_s[0] = 500.0
    breaker.check()


# --- addresses -------------------------------------------------------------------------------------------------------


def test_a_venue_is_redirected_with_its_paths_kept():
    urls = {"fapiPublic": "https://fapi.binance.com/fapi/v1", "rest": "https://{hostname}", "in": {"x": "http://a:1/b"}}
    assert redirected(urls, "http://localhost:8080/proxy/") == {
        "fapiPublic": "http://localhost:8080/proxy/fapi/v1",
        "rest": "http://localhost:8080/proxy",
        "in": {"x": "http://localhost:8080/proxy/b"},
    }


def test_an_endpoint_listens_at_its_own_address_or_the_one_it_is_sent_to():
    okx = venue_named("okx")
    assert address_of(Endpoint(venue=okx)) == Address(host="www.okx.com", port=443)
    assert address_of(Endpoint(venue=okx, base_url="http://localhost/x")) == Address(host="localhost", port=80)
    with pytest.raises(UnknownVenueError, match="okx"):
        venue_named("mtgox")


def test_reach_is_known_at_once_where_somebody_listens_or_refuses():
    with socket.create_server(("127.0.0.1", 0)) as server:
        open_ = Address(host="127.0.0.1", port=server.getsockname()[1])
        assert any_reachable([Address(host="127.0.0.1", port=9), open_], 2.0)
    began = time.monotonic()
    assert not any_reachable([open_, Address(host="127.0.0.1", port=9)], 2.0)
    assert not any_reachable([], 2.0)
    assert time.monotonic() - began < 1.0
