"""What is read around the zones: positioning summed over venues, price action, the merged book, and what is missing."""

import math
from dataclasses import replace

import numpy as np
import pytest

from engine.context import read_context
from engine.errors import NotEnoughDataError
from engine.market import Funding, OrderBook
from engine.order_book import merged_order_book
from engine.positioning import read_funding, read_open_interest
from engine.sources.recorded import RecordedSource

HOUR_S = 3_600


def test_what_a_market_does_not_have_is_none(hand):
    context = hand.context(hand.venue(hand.candles(hand.walk(1, hours=100))))
    assert context.open_interest is None
    assert context.funding is None
    assert context.order_book is None


def test_a_market_of_one_bar_is_refused_in_a_sentence(hand):
    with pytest.raises(NotEnoughDataError, match="Not enough data for volatility"):
        hand.context(hand.venue(hand.candles([100.0])))


def test_the_price_is_the_lead_venues_last_close(hand):
    context = hand.context(hand.busy(1), hand.busy(2, venue="bybit"))
    assert context.price == hand.busy(1).candles.close[-1]


def test_open_interest_is_summed_over_venues_and_its_changes_are_fractions(hand):
    close = hand.walk(1, hours=240)
    first = np.full(240, 100.0)
    first[-1] = 130.0  # the snapshot at the open of the last finished hour is the newest there is
    second = np.full(240, 50.0)
    market = hand.market(
        hand.venue(hand.candles(close), open_interest=first),
        hand.venue(hand.candles(close), open_interest=second, venue="bybit"),
    )
    series = read_open_interest(market)
    assert series.venues == ("binanceusdm", "bybit")
    assert series.amount[-1] == 180.0
    assert series.change(24) == pytest.approx(0.2)
    assert series.change(4) == pytest.approx(0.2)
    assert series.price_change(24) == pytest.approx(math.log(close[-1] / close[-25]))
    assert math.isnan(series.change(10_000))


def test_a_venue_whose_open_interest_begins_late_is_left_out_instead_of_read_as_an_inflow(hand):
    close = hand.walk(1, hours=240)
    late = np.full(240, np.nan)
    late[-20:] = 500.0
    market = hand.market(
        hand.venue(hand.candles(close), open_interest=np.full(240, 100.0)),
        hand.venue(hand.candles(close), open_interest=late, venue="okx"),
    )
    series = read_open_interest(market)
    assert series.venues == ("binanceusdm",)
    assert series.change(24) == 0.0


@pytest.mark.parametrize("value", [0.0, math.nan])
def test_open_interest_of_zero_or_unknown_is_no_open_interest(hand, value):
    close = hand.walk(1, hours=240)
    market = hand.market(hand.venue(hand.candles(close), open_interest=np.full(240, value)))
    assert read_open_interest(market) is None


def test_open_interest_that_stopped_hours_ago_is_not_taken_for_now(hand):
    close = hand.walk(1, hours=240)
    stopped = np.full(240, 100.0)
    stopped[-4:] = np.nan
    assert read_open_interest(hand.market(hand.venue(hand.candles(close), open_interest=stopped))) is None


def test_the_typical_change_is_the_median_of_the_symbols_own(hand):
    close = hand.walk(1, hours=480)
    swinging = np.where(np.arange(480) // 24 % 2, 110.0, 100.0)
    series = read_open_interest(hand.market(hand.venue(hand.candles(close), open_interest=swinging)))
    assert series.typical_change(24) == pytest.approx((0.1 + 10 / 110) / 2, rel=0.06)
    assert series.typical_change(480) == pytest.approx(0.018 * math.sqrt(20))  # nothing to measure: the stated median


def settled(hand, rates, *, hours=8, ago_s=0):
    time_s = hand.as_of_s - ago_s - hours * HOUR_S * np.arange(len(rates))[::-1]
    return Funding(time_s=time_s, rate=rates, interval_s=hours * HOUR_S)


def test_funding_knows_its_latest_rate_mean_and_rank(hand):
    rates = 5e-6 * (np.arange(41) - 20)
    rates[-1] = rates[30]
    venue = hand.venue(hand.candles(hand.walk(1, hours=240)), funding=settled(hand, rates))
    reading = read_funding(hand.market(venue))
    assert reading.rate == pytest.approx(0.5e-4)
    assert reading.mean_3d == pytest.approx(rates[-9:].mean())
    assert reading.lower_share == pytest.approx(30 / 40)
    assert reading.higher_share == pytest.approx(9 / 40)
    assert reading.percentile == pytest.approx((30 / 40 + 31 / 40) / 2)
    assert reading.history_s == 40 * 8 * HOUR_S


def test_funding_of_venues_is_weighted_by_open_interest_and_stated_per_8_hours(hand):
    candles = hand.candles(hand.walk(1, hours=240))
    large = hand.venue(candles, open_interest=np.full(240, 300.0), funding=settled(hand, np.full(40, 1e-4)))
    small = hand.venue(candles, open_interest=np.full(240, 100.0), funding=settled(hand, np.full(80, 1e-4), hours=4))
    assert read_funding(hand.market(large, small)).rate == pytest.approx((3 * 1e-4 + 2e-4) / 4)


def test_funding_is_none_with_too_few_rates_or_when_settlements_were_missed(hand):
    candles = hand.candles(hand.walk(1, hours=240))
    few = hand.venue(candles, funding=settled(hand, np.full(20, 1e-4)))
    missed = hand.venue(candles, funding=settled(hand, np.full(40, 1e-4), ago_s=17 * HOUR_S))
    assert read_funding(hand.market(few)) is None
    assert read_funding(hand.market(missed)) is None


def book(price, sizes, time_s):
    away = 1 + 0.001 * np.arange(1, len(sizes) + 1)
    return OrderBook(
        time_s=time_s, bid_price=price / away, bid_size=sizes, ask_price=price * away, ask_size=sizes
    )  # fmt: skip


def test_books_are_merged_best_price_first_and_stamped_with_the_oldest(hand):
    candles = hand.candles(hand.walk(1, hours=100))
    one = hand.venue(candles, order_book=book(100.0, [1.0, 2.0], 50))
    two = hand.venue(candles, order_book=book(100.1, [4.0], 40))
    merged = merged_order_book(hand.market(one, two))
    assert merged.time_s == 40
    assert list(merged.bid_size) == [4.0, 1.0, 2.0]
    assert list(merged.ask_size) == [1.0, 2.0, 4.0]
    assert (np.diff(merged.bid_price) <= 0).all()
    assert (np.diff(merged.ask_price) >= 0).all()


def test_momentum_is_the_move_in_sigmas_of_its_span(hand):
    close = hand.walk(3, hours=300)
    context = hand.context(hand.venue(hand.candles(close)))
    sigma = context.volatility.daily_sigma
    assert context.price_action.momentum_24h == pytest.approx(math.log(close[-1] / close[-25]) / sigma)
    assert context.price_action.momentum_4h == pytest.approx(
        math.log(close[-1] / close[-5]) / (sigma * math.sqrt(4 / 24))
    )


def test_the_trend_has_the_sign_and_the_pace_of_a_steady_climb(hand):
    noise = hand.walk(3, hours=400, price=1.0, sigma_h=0.0005)
    climbing = 100 * np.exp(0.001 * np.arange(400)) * noise / noise[0]
    context = hand.context(hand.venue(hand.candles(climbing)))
    assert context.price_action.trend == pytest.approx(0.024 / context.volatility.daily_sigma, rel=0.4)
    falling = hand.context(hand.venue(hand.candles(1 / climbing)))
    assert falling.price_action.trend == pytest.approx(-context.price_action.trend)


def test_momentum_is_unknown_over_a_gap(hand):
    candles = hand.candles(hand.walk(3, hours=300))
    names = ("time_s", "duration_s", "open", "high", "low", "close", "volume", "taker_buy_share")
    kept = np.r_[0:270, 280:300]
    context = hand.context(hand.venue(replace(candles, **{name: getattr(candles, name)[kept] for name in names})))
    assert math.isnan(context.price_action.momentum_24h)
    assert math.isfinite(context.price_action.momentum_4h)


def test_a_long_wick_is_a_rejection_until_price_passes_it(hand):
    close = 100 * np.exp(0.002 * (np.arange(200) % 2))
    high = np.maximum(close, np.roll(close, 1)) * 1.0001
    high[190] *= 1.01
    wicked = hand.context(hand.venue(hand.candles(close, high=high)))
    (wick,) = (each for each in wicked.price_action.wicks if each.size_sigmas > 2)
    assert (wick.side, wick.price, wick.time_s) == ("above", high[190], hand.as_of_s - 10 * HOUR_S)
    high[195] = high[190] * 1.001
    passed = hand.context(hand.venue(hand.candles(close, high=high)))
    assert high[190] not in [each.price for each in passed.price_action.wicks]


def test_a_market_cut_at_a_moment_reads_as_it_did_at_that_moment(hand, shared_data):
    """The source's market of a moment, and the whole recording cut by hand, read the same to the last bit."""
    as_of_s = 1_770_292_800  # 5 February 2026, 12:00 UTC: the crash
    whole = RecordedSource(shared_data).market("BTC")
    then = RecordedSource(shared_data).market("BTC", as_of_s)
    count = int(np.searchsorted(whole.lead.candles.end_s, as_of_s, side="right"))
    names = ("time_s", "duration_s", "open", "high", "low", "close", "volume", "taker_buy_share")
    cut = replace(
        whole.lead,
        candles=replace(whole.lead.candles, **{name: getattr(whole.lead.candles, name)[:count] for name in names}),
        open_interest=whole.lead.open_interest[:count],
        funding=then.lead.funding,
    )
    ours, theirs = read_context(replace(then, venues=(cut,))), read_context(then)
    assert ours.price == theirs.price
    assert ours.structure == theirs.structure
    assert ours.price_action == theirs.price_action
    assert ours.funding == theirs.funding
    assert ours.volatility.daily_sigma == theirs.volatility.daily_sigma
    np.testing.assert_array_equal(ours.excursions.reach, theirs.excursions.reach)
    np.testing.assert_array_equal(ours.open_interest.amount, theirs.open_interest.amount)


@pytest.mark.parametrize("symbol", ["BTC", "ETH", "SOL"])
def test_the_crash_of_february_reads_like_a_crash(shared_data, symbol):
    context = read_context(RecordedSource(shared_data).market(symbol, 1_770_336_000))  # 6 February 2026, 00:00 UTC
    assert context.volatility.percentile > 0.98
    assert context.price_action.momentum_24h < -1
    assert context.open_interest.price_change(24) < -0.1
