"""The live source before replayed venues: the recording's own numbers, few requests, and what can be asked."""

import threading
import time

import numpy as np
import pytest

from engine.errors import DataUnavailableError, UnknownSymbolError
from engine.sources.recorded import RecordedSource
from engine.windows import DAY_S, HOUR_S
from tests.engine.made_live import VENUES, five_days, missing_of, staged, strike
from tests.engine.markets import FINISHED_S, NOW_S
from tests.replay_exchange import ReplayMarket, faults

every_venue = pytest.mark.parametrize("venue", VENUES)


@pytest.fixture(scope="module")
def recorded(shared_data):
    """What Binance recorded, a day beyond now included."""
    return RecordedSource(shared_data).market("BTC", NOW_S + DAY_S).lead


@pytest.fixture(scope="module")
def markets(recorded):
    return {"BTC": ReplayMarket.of(recorded)}


@pytest.fixture(scope="module")
def small():
    return five_days()


# --- numbers ---------------------------------------------------------------------------------------------------------


@every_venue
def test_fine_bars_equal_the_recording_exactly(venue, markets, recorded):
    with staged(markets, now_s=NOW_S, venues=(venue,)) as stage:
        lead = stage.source.market("BTC").lead
    live, theirs = lead.candles, recorded.candles
    fine = live.duration_s == 300
    rows = np.searchsorted(theirs.time_s, live.time_s[fine])
    assert np.sum(fine) == 3 * 288  # three days, begun at a full hour
    for name in ("time_s", "open", "high", "low", "close", "volume"):
        np.testing.assert_array_equal(getattr(live, name)[fine], getattr(theirs, name)[rows], err_msg=name)
    np.testing.assert_array_equal(lead.open_interest[fine], recorded.open_interest[rows])
    settled = np.isin(recorded.funding.time_s, lead.funding.time_s)
    np.testing.assert_array_equal(lead.funding.rate, recorded.funding.rate[settled])
    assert lead.funding.interval_s == 8 * HOUR_S
    assert NOW_S - lead.funding.time_s[-1] < 8 * HOUR_S


@every_venue
def test_hourly_bars_are_made_of_the_recorded_ones_and_join_the_fine_ones(venue, markets, recorded):
    with staged(markets, now_s=NOW_S, venues=(venue,)) as stage:
        lead = stage.source.market("BTC").lead
    live = lead.candles
    coarse = np.flatnonzero(live.duration_s == HOUR_S)
    assert len(coarse) == 30 * 24
    assert live.end_s[coarse[-1]] == live.time_s[coarse[-1] + 1]
    np.testing.assert_array_equal(np.diff(live.time_s[coarse]), HOUR_S)
    for row in (coarse[0], coarse[300], coarse[-1]):
        first = int(np.searchsorted(recorded.candles.time_s, live.time_s[row]))
        hour = slice(first, first + 12)
        assert live.open[row] == recorded.candles.open[first]
        assert live.high[row] == recorded.candles.high[hour].max()
        assert live.low[row] == recorded.candles.low[hour].min()
        assert live.close[row] == recorded.candles.close[first + 11]
        assert live.volume[row] == pytest.approx(recorded.candles.volume[hour].sum(), rel=1e-12)
        assert lead.open_interest[row] == recorded.open_interest[first] or venue == "binanceusdm"


def test_binance_tells_the_taker_side_and_thirty_days_of_open_interest(small, markets):
    with staged(markets, now_s=NOW_S) as stage:
        lead = stage.source.market("BTC").lead
    known = np.isfinite(lead.open_interest)
    assert np.all(known[np.argmax(known) :])
    assert NOW_S - 30 * DAY_S < lead.candles.time_s[known][0] < NOW_S - 30 * DAY_S + 3 * HOUR_S
    with staged(small, now_s=NOW_S) as stage:
        share = stage.source.market("BTC").lead.candles.taker_buy_share
    assert share[-1] == pytest.approx(0.3 + 0.4 * (5 * 288 - 1) / (5 * 288 + 11))


@every_venue
def test_nothing_after_now_and_no_unfinished_bar(venue, small):
    with staged(small, now_s=NOW_S, venues=(venue,)) as stage:
        market = stage.source.market("BTC")
    assert market.as_of_s == NOW_S
    assert int(market.lead.candles.end_s[-1]) == FINISHED_S
    assert int(market.lead.order_book.time_s) <= NOW_S


def test_sizes_of_okx_are_counted_in_coins(small):
    with staged(small, now_s=NOW_S, venues=("binanceusdm", "okx")) as stage:
        market = stage.source.market("BTC")
    binance, okx = sorted(market.venues, key=lambda venue: venue.venue)
    np.testing.assert_allclose(okx.order_book.bid_size, binance.order_book.bid_size[:400], rtol=1e-12)
    assert okx.margin.origin == "OKX risk limits, live"
    assert [bracket.max_leverage for bracket in okx.margin.brackets] == [150, 50]
    assert okx.margin.brackets[0].notional_cap_usd == pytest.approx(300_000, rel=0.02)


# --- few requests ----------------------------------------------------------------------------------------------------


def test_cold_answer_of_three_venues_keeps_its_budget_and_the_venues_limits(markets):
    with staged(markets, now_s=NOW_S, venues=VENUES, in_a_hurry=False, latency_s=0.05, deadline_s=6.0) as stage:
        stage.source.symbols()
        began = time.monotonic()
        market = stage.source.market("BTC")
        lasted_s = time.monotonic() - began
        cold = stage.exchange.count()
        stage.exchange.now_s += 3 * 300
        again = stage.source.market("BTC")
        warm = stage.exchange.count() - cold
    assert {venue.venue for venue in market.venues} == set(VENUES)
    assert cold <= 75
    assert warm <= 9
    assert lasted_s <= 6.0
    assert int(again.lead.candles.end_s[-1]) == FINISHED_S + 900
    assert len(again.lead.candles) == len(market.lead.candles) + 3
    assert not [item for item in again.missing if item.input != "taker_flow"]


def test_warm_answer_equals_a_cold_one_of_that_moment(small):
    with staged(small, now_s=NOW_S) as stage:
        stage.source.market("BTC")
        stage.exchange.now_s += 2 * 300
        warm = stage.source.market("BTC").lead
    with staged(small, now_s=NOW_S + 2 * 300) as stage:
        cold = stage.source.market("BTC").lead
    np.testing.assert_array_equal(warm.candles.close, cold.candles.close)
    np.testing.assert_array_equal(warm.open_interest, cold.open_interest)


def test_a_bar_is_taken_only_when_clocks_that_differ_agree_that_it_has_ended(small):
    with staged(small, now_s=FINISHED_S + 1) as stage:
        assert int(stage.source.market("BTC").lead.candles.end_s[-1]) == FINISHED_S - 300
        stage.exchange.now_s += 3
        assert int(stage.source.market("BTC").lead.candles.end_s[-1]) == FINISHED_S


def test_a_question_seconds_later_needs_no_request(small):
    with staged(small, now_s=NOW_S) as stage:
        first = stage.source.market("BTC")
        asked = stage.exchange.count()
        assert stage.source.market("BTC").price == first.price
        assert stage.exchange.count() == asked


def test_questions_at_the_same_time_share_one_fetch(small):
    with staged(small, now_s=NOW_S, latency_s=0.05) as stage:
        stage.source.market("BTC")
        alone = stage.exchange.count()
    with staged(small, now_s=NOW_S, latency_s=0.05) as stage:
        askers = [threading.Thread(target=stage.source.market, args=("BTC",)) for _ in range(5)]
        for asker in askers:
            asker.start()
        for asker in askers:
            asker.join()
        assert stage.exchange.count() == alone


CROWD_PATHS = ("/globalLongShortAccountRatio", "/account-ratio", "/long-short-account-ratio-contract")


EARLY_S = NOW_S - 7 * HOUR_S


def test_the_crowd_is_asked_for_at_first_and_then_when_no_bar_is_due_half_an_hour_apart(small):
    with staged(small, now_s=EARLY_S, venues=VENUES) as stage:

        def asked_after(seconds):
            stage.exchange.now_s += seconds
            before = stage.exchange.count()
            market = stage.source.market("BTC")
            assert [venue.crowd.long_short_ratio for venue in market.venues] == pytest.approx([1.25] * 3)
            requests = stage.exchange.requests[before:]
            return sum(request.path.endswith(CROWD_PATHS) for request in requests), len(requests)

        assert asked_after(0)[0] == 3
        assert asked_after(60) == (0, 3)  # the books alone
        assert asked_after(1_700) == (0, 9)
        assert asked_after(300) == (0, 9)  # half an hour has passed, and a bar is due
        assert asked_after(30) == (3, 6)
        assert asked_after(30) == (0, 3)
        assert asked_after(6 * HOUR_S)[0] == 3  # too old to be shown


def test_a_crowd_that_is_not_told_or_too_old_is_no_crowd(small):
    with staged(small, now_s=EARLY_S, venues=("binanceusdm", "bybit")) as stage:
        strike(stage, faults.html, path="*/globalLongShortAccountRatio")
        market = stage.source.market("BTC")
        crowds = {venue.venue: venue.crowd for venue in market.venues}
        assert crowds["binanceusdm"] is None
        assert crowds["bybit"].time_s == EARLY_S // 300 * 300
        assert missing_of(market, "binanceusdm").keys() == {"long_short_ratio"}
        strike(stage, faults.html, venue="bybit", path="*/account-ratio")
        stage.exchange.now_s += 6 * HOUR_S + 300
        assert all(venue.crowd is None for venue in stage.source.market("BTC").venues)


# --- what can be asked -----------------------------------------------------------------------------------------------


def test_unknown_symbol_holds_the_nearest_ones(small):
    more = {**small, "ETH": small["BTC"], "SOL": small["BTC"]}
    with staged(more, now_s=NOW_S) as stage, pytest.raises(UnknownSymbolError) as refusal:
        stage.source.market("ETHH")
    assert refusal.value.suggestions == ("ETH",)


def test_a_past_moment_is_refused_with_what_to_do(small):
    with staged(small, now_s=NOW_S) as stage:
        with pytest.raises(DataUnavailableError, match="--source recorded"):
            stage.source.market("BTC", NOW_S - 3600)
        assert stage.exchange.count() == 0


def test_a_source_without_a_venue_is_refused():
    from engine.sources.live.source import LiveSource

    with pytest.raises(DataUnavailableError, match="No venue is enabled"):
        LiveSource([], clock=lambda: 0.0)
