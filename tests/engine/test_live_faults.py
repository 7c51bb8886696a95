"""The live source while venues fail: every fault is met or named, and costs no other venue."""

import time
from dataclasses import replace

import numpy as np
import pytest

from engine.errors import DataUnavailableError, UnknownSymbolError
from engine.sources.live.client import ATTEMPTS
from tests.engine.made_live import VENUES, five_days, missing_of, staged, strike
from tests.engine.markets import NOW_S
from tests.replay_exchange import faults

every_venue = pytest.mark.parametrize("venue", VENUES)


@pytest.fixture(scope="module")
def small():
    return five_days()


# --- venues that fail ------------------------------------------------------------------------------------------------


def test_one_dead_venue_changes_the_answer_only_as_announced(small):
    with staged(small, now_s=NOW_S, venues=("binanceusdm", "okx")) as stage:
        whole = stage.source.market("BTC")
    with staged(small, now_s=NOW_S, venues=VENUES) as stage:
        stage.run(stage.exchange.stop("bybit"))
        market = stage.source.market("BTC")
        stage.run(stage.exchange.start("bybit"))
    assert [venue.venue for venue in market.venues] == [venue.venue for venue in whole.venues]
    assert missing_of(market, "bybit")["venue"].startswith("cannot be reached")
    assert [item for item in market.missing if item.venue != "bybit"] == list(whole.missing)
    for ours, theirs in zip(market.venues, whole.venues, strict=True):
        np.testing.assert_array_equal(ours.candles.close, theirs.candles.close)
        np.testing.assert_array_equal(ours.open_interest, theirs.open_interest)


def test_a_venue_that_dies_between_two_questions_is_named_and_comes_back(small):
    with staged(small, now_s=NOW_S, venues=("binanceusdm", "bybit")) as stage:
        stage.source.market("BTC")
        stage.run(stage.exchange.stop("bybit"))
        stage.exchange.now_s += 300
        assert "venue" in missing_of(stage.source.market("BTC"), "bybit")
        stage.run(stage.exchange.start("bybit"))
        stage.exchange.now_s += 300
        assert len(stage.source.market("BTC").venues) == 2


def test_all_venues_dead_is_an_error_that_names_each_with_its_cause(small):
    with staged(small, now_s=NOW_S, venues=("binanceusdm", "bybit")) as stage:
        strike(stage, faults.maintenance, venue="bybit")
        strike(stage, faults.status(418, retry_after_s=60))
        with pytest.raises(DataUnavailableError) as refusal:
            stage.source.market("BTC")
    assert "Bybit" in str(refusal.value)
    assert "Binance has banned this address" in str(refusal.value)


def test_a_late_venue_is_left_out_and_named(small):
    with staged(small, now_s=NOW_S, venues=("binanceusdm", "bybit"), deadline_s=1.5) as stage:
        stage.source.symbols()
        strike(stage, faults.hang, venue="bybit", path="*/kline")
        began = time.monotonic()
        market = stage.source.market("BTC")
        assert time.monotonic() - began < 3
    assert [venue.venue for venue in market.venues] == ["binanceusdm"]
    assert missing_of(market, "bybit")["venue"].startswith("did not answer in time")


def test_venues_that_answer_together_after_the_deadline_are_all_there(small):
    with staged(small, now_s=NOW_S, venues=("binanceusdm", "bybit"), deadline_s=0.05, latency_s=0.2) as stage:
        assert len(stage.source.market("BTC").venues) == 2


def test_help_needs_no_venue_and_a_market_does(small):
    with staged(small, now_s=NOW_S) as stage:
        stage.run(stage.exchange.stop("binanceusdm"))
        assert stage.source.symbols() == ()
        with pytest.raises(DataUnavailableError, match="Binance cannot be reached"):
            stage.source.market("BTC")
        stage.run(stage.exchange.start("binanceusdm"))


# --- faults of one venue ---------------------------------------------------------------------------------------------

PASSING = {
    "429": faults.rate_limited,
    "500": faults.status(500),
    "html": faults.html,
    "empty": faults.empty,
    "truncated": faults.truncated,
    "reset": faults.reset,
}


@pytest.mark.parametrize("change", PASSING.values(), ids=PASSING)
def test_a_fault_that_passes_is_met_by_asking_again(change, small):
    with staged(small, now_s=NOW_S) as stage:
        strike(stage, change, path="/fapi/v1/klines", times=1)
        market = stage.source.market("BTC")
    assert not market.missing


def test_retry_after_of_429_is_honoured(small):
    with staged(small, now_s=NOW_S) as stage:
        strike(stage, faults.status(429, retry_after_s=1), path="/fapi/v1/depth", times=1)
        stage.source.market("BTC")
    first, second = [request.at for request in stage.exchange.requests if request.path == "/fapi/v1/depth"]
    assert 1.0 <= second - first < 2.5


def test_429_that_asks_for_a_minute_is_not_asked_again_for_this_answer(small):
    with staged(small, now_s=NOW_S) as stage:
        strike(stage, faults.status(429, retry_after_s=60), path="/fapi/v1/depth")
        market = stage.source.market("BTC")
    assert missing_of(market, "binanceusdm")["order_book"] == "not updated: Binance limits our requests"
    assert sum(request.path == "/fapi/v1/depth" for request in stage.exchange.requests) == 1


def test_after_418_the_venue_is_left_alone(small):
    with staged(small, now_s=NOW_S, venues=("binanceusdm", "bybit")) as stage:
        strike(stage, faults.status(418, retry_after_s=120), times=1)
        stage.source.market("BTC")
        assert stage.exchange.count("binanceusdm") == 1
        stage.exchange.now_s += 60
        assert "banned" in missing_of(stage.source.market("BTC"), "binanceusdm")["venue"]
        assert stage.exchange.count("binanceusdm") == 1
        stage.exchange.now_s += 61
        assert len(stage.source.market("BTC").venues) == 2


def test_bybits_rate_limit_inside_a_200_is_met_by_asking_again(small):
    with staged(small, now_s=NOW_S, venues=("bybit",)) as stage:
        strike(stage, faults.rate_limited, venue="bybit", path="*/kline", times=1)
        assert set(missing_of(stage.source.market("BTC"), "bybit")) == {"taker_flow"}


@pytest.mark.parametrize("change", [faults.html, faults.empty, faults.truncated], ids=["html", "empty", "truncated"])
def test_a_reply_that_stays_no_data_is_an_error_and_never_an_empty_market(change, small):
    with staged(small, now_s=NOW_S) as stage:
        strike(stage, change, path="/fapi/v1/klines")
        with pytest.raises(DataUnavailableError, match="Binance answered with something that is no data"):
            stage.source.market("BTC")
        assert sum(request.path == "/fapi/v1/klines" for request in stage.exchange.requests) == 2 * ATTEMPTS


ROWS = {
    "binanceusdm": ("*/klines", "*/openInterestHist"),
    "bybit": ("*/kline", "*/open-interest"),
    "okx": ("*/candles", "*/open-interest-history"),
}


@pytest.mark.parametrize("change", [faults.out_of_order, faults.doubled_rows], ids=["out of order", "doubled"])
@every_venue
def test_rows_out_of_order_or_doubled_change_nothing(venue, change, small):
    with staged(small, now_s=NOW_S, venues=(venue,)) as stage:
        plain = stage.source.market("BTC").lead
    with staged(small, now_s=NOW_S, venues=(venue,)) as stage:
        for path in ROWS[venue]:
            strike(stage, change, venue=venue, path=path, times=100)
        struck = stage.source.market("BTC").lead
        assert all(fault.times < 100 for fault in stage.exchange.faults)  # each has struck
    np.testing.assert_array_equal(struck.candles.close, plain.candles.close)
    np.testing.assert_array_equal(struck.open_interest, plain.open_interest)


def test_lost_bars_are_named_as_gaps(small):
    with staged(small, now_s=NOW_S) as stage:
        strike(stage, faults.fewer_rows, path="/fapi/v1/klines")
        assert "gaps, the longest" in missing_of(stage.source.market("BTC"), "binanceusdm")["candles"]


@pytest.mark.parametrize(
    ("path", "name"),
    [("*/openInterestHist", "open_interest"), ("*/fundingRate", "funding"), ("*/depth", "order_book")],
)
def test_a_part_that_fails_is_missing_and_the_rest_is_answered(path, name, small):
    with staged(small, now_s=NOW_S) as stage:
        strike(stage, faults.html, path=path)
        market = stage.source.market("BTC")
    part = getattr(market.lead, name)
    assert part is None
    assert set(missing_of(market, "binanceusdm")) == {name}


def test_a_delisted_symbol_is_unknown(small):
    gone = {**small, "ETH": replace(small["BTC"], listed=False)}
    with staged(gone, now_s=NOW_S) as stage, pytest.raises(UnknownSymbolError):
        stage.source.market("ETH")


def test_a_symbol_delisted_after_the_catalogue_was_read_is_named(small):
    with staged(small, now_s=NOW_S, venues=("binanceusdm", "bybit")) as stage:
        stage.source.symbols()
        strike(stage, faults.delisted)
        market = stage.source.market("BTC")
    assert missing_of(market, "binanceusdm")["venue"].startswith("no longer lists this market")
