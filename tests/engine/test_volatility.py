"""Hourly bars, daily sigma, ATR and regime: by hand, against slow references, and at the edges of the data."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import NotEnoughDataError
from engine.volatility import HALF_LIFE_H, hourly_bars, read_volatility


def volatility_of(candles, as_of_s):
    return read_volatility(candles, hourly_bars(candles, as_of_s), as_of_s)


def keep(candles, chosen):
    names = ("time_s", "duration_s", "open", "high", "low", "close", "volume", "taker_buy_share")
    return replace(candles, **{name: getattr(candles, name)[chosen] for name in names})


def test_hourly_bars_match_a_slow_reference_over_gaps(hand):
    random = np.random.default_rng(3)
    close = hand.walk(3, hours=600)
    candles = hand.candles(close, bar_s=300, high=close * 1.02, low=close * 0.98, volume=random.random(600))
    candles = keep(candles, random.random(600) < 0.3)
    hourly = hourly_bars(candles, hand.as_of_s)
    for at, start_s in enumerate(hourly.time_s):
        inside = (candles.end_s > start_s) & (candles.end_s <= start_s + 3_600)
        if not inside.any():
            assert np.isnan(hourly.high[at])
            assert hourly.covered_s[at] == 0
            continue
        assert hourly.open[at] == candles.open[inside][0]
        assert hourly.high[at] == candles.high[inside].max()
        assert hourly.low[at] == candles.low[inside].min()
        assert hourly.close[at] == candles.close[inside][-1]
        assert hourly.volume[at] == pytest.approx(candles.volume[inside].sum())
        assert hourly.covered_s[at] == 300 * inside.sum()
    assert hourly.end_s[-1] == hand.as_of_s


def test_the_hour_that_is_not_finished_is_left_out(hand):
    candles = hand.candles(hand.walk(1, hours=300), bar_s=300, end_s=hand.as_of_s + 1_500)
    assert hourly_bars(candles, hand.as_of_s + 1_500).end_s[-1] == hand.as_of_s


def test_a_bar_longer_than_an_hour_counts_in_the_hour_in_which_it_became_known(hand):
    candles = hand.candles([100.0, 101.0, 102.0], bar_s=4 * 3_600)
    hourly = hourly_bars(candles, hand.as_of_s)
    assert hourly.close[-1] == 102.0
    assert np.isnan(hourly.close[-4:-1]).all()
    assert hourly.covered_s[-1] == 4 * 3_600


@pytest.mark.parametrize(("bar_s", "bars_per_day"), [(300, 288), (3_600, 24)])
def test_sigma_of_returns_of_one_size_is_that_size_times_root_of_bars_per_day(hand, bar_s, bars_per_day):
    close = 100 * np.exp(0.001 * (np.arange(3 * bars_per_day) % 2))
    candles = hand.candles(
        close, bar_s=bar_s, open=np.concatenate(([close[1]], close[:-1])), high=np.full(len(close), 101)
    )
    candles = replace(candles, low=np.full(len(close), 99.0))
    sigma = volatility_of(candles, hand.as_of_s).daily_sigma
    assert sigma == pytest.approx(0.001 * math.sqrt(bars_per_day), rel=1e-9)


def test_sigma_does_not_depend_on_how_bars_of_unequal_length_are_cut(hand):
    five_minutes = hand.candles(100 * np.exp(0.001 * (np.arange(5 * 288) % 2)), bar_s=300)
    hourly = hand.candles(
        100 * np.exp(0.001 * math.sqrt(12) * (np.arange(5 * 24) % 2)), end_s=int(five_minutes.time_s[0]) - 3_600
    )
    names = ("time_s", "duration_s", "open", "high", "low", "close", "volume", "taker_buy_share")
    both = replace(hourly, **{n: np.concatenate((getattr(hourly, n), getattr(five_minutes, n))) for n in names})
    assert volatility_of(both, hand.as_of_s).daily_sigma == pytest.approx(0.001 * math.sqrt(288), rel=0.02)


def test_a_return_over_a_gap_is_spread_over_the_gap(hand):
    close = 100 * np.exp(0.01 * (np.arange(96) % 2))
    whole = hand.candles(close)
    holed = keep(whole, np.r_[0:50, 75:96])
    assert volatility_of(holed, hand.as_of_s).daily_sigma < volatility_of(whole, hand.as_of_s).daily_sigma


def test_sigma_now_is_the_weighted_root_that_a_loop_computes(hand):
    close = hand.walk(5, hours=200)
    candles = hand.candles(close)
    squared = elapsed_h = 0.0
    for at in range(200):
        weight = 2.0 ** (-(199 - at) / HALF_LIFE_H)
        squared += weight * math.log(close[at] / candles.open[at]) ** 2
        elapsed_h += weight
    now = volatility_of(candles, hand.as_of_s)
    assert now.daily_sigma == pytest.approx(math.sqrt(24 * squared / elapsed_h), rel=1e-12)
    assert now.hourly_sigma[-1] == pytest.approx(now.daily_sigma, rel=1e-9)
    assert now.sigma_over(6 * 3_600) == pytest.approx(now.daily_sigma / 2)


@given(cut=st.integers(120, 400))
def test_past_sigma_never_changes_when_more_is_known(hand, cut):
    close = hand.walk(7, hours=400)
    all_known = volatility_of(hand.candles(close), hand.as_of_s).hourly_sigma
    end_s = hand.as_of_s - 3_600 * (400 - cut)
    before = volatility_of(hand.candles(close[:cut], end_s=end_s), end_s).hourly_sigma
    np.testing.assert_allclose(before, all_known[:cut], rtol=1e-12)


def test_atr_is_the_mean_true_range_of_finished_utc_days(hand):
    midnight_s = hand.as_of_s - hand.as_of_s % 86_400
    close = np.repeat([100.0, 110.0, 104.0, 130.0], [24, 24, 24, 10])
    high, low = close + 2, close - 1
    candles = hand.candles(close, open=close, high=high, low=low)
    assert candles.time_s[0] == midnight_s - 3 * 86_400
    volatility = volatility_of(candles, hand.as_of_s)
    # day 1: 102 - 99; day 2: 112 - 100 (yesterday's close); day 3: 110 (yesterday's close) - 103; today is not finished
    assert volatility.daily_atr == pytest.approx((3 + 12 + 7) / 3)
    assert volatility.daily_atr_share == pytest.approx(22 / 3 / 130)
    assert volatility.atr_days == 3


def test_atr_leaves_out_a_day_of_which_more_than_a_tenth_is_missing(hand):
    close = hand.walk(2, hours=10 + 3 * 24)
    whole = hand.candles(close)
    assert volatility_of(whole, hand.as_of_s).atr_days == 3
    assert volatility_of(keep(whole, np.r_[0:30, 34:82]), hand.as_of_s).atr_days == 2


def test_without_a_finished_day_atr_is_the_range_expected_from_sigma(hand):
    end_s = hand.as_of_s - hand.as_of_s % 86_400 - 3_600
    candles = hand.candles(hand.walk(2, hours=30), end_s=end_s)
    volatility = volatility_of(candles, end_s)
    assert volatility.atr_days == 0
    assert volatility.daily_atr == pytest.approx(1.5957691 * volatility.daily_sigma * candles.close[-1], rel=1e-6)


def test_the_percentile_tells_a_storm_from_a_calm_and_is_unknown_without_two_weeks(hand):
    steps = np.where(np.arange(900) % 2, 1.0, -1.0)
    calm_last = np.where(np.arange(900) < 700, 0.01, 0.001) * steps
    storm_last = np.where(np.arange(900) < 700, 0.001, 0.01) * steps
    for sizes, expected in ((calm_last, 0.0), (storm_last, 1.0)):
        percentile = volatility_of(hand.candles(100 * np.exp(np.cumsum(sizes))), hand.as_of_s).percentile
        assert percentile == pytest.approx(expected, abs=0.03)
    assert math.isnan(volatility_of(hand.candles(hand.walk(1, hours=300)), hand.as_of_s).percentile)


@pytest.mark.parametrize("hours", [1, 23])
def test_less_than_a_day_of_candles_is_refused_with_what_there_is(hand, hours):
    with pytest.raises(NotEnoughDataError, match="a day of recent candles") as refused:
        volatility_of(hand.candles(hand.walk(1, hours=hours)), hand.as_of_s)
    assert f"{hours} h" in str(refused.value)


def test_a_price_that_never_moved_is_refused(hand):
    with pytest.raises(NotEnoughDataError, match="one price only"):
        volatility_of(hand.candles(np.full(100, 5.0)), hand.as_of_s)


def test_sigma_does_not_depend_on_the_unit_of_price(hand):
    close = hand.walk(9, hours=400)
    dear, cheap = (volatility_of(hand.candles(close * unit), hand.as_of_s) for unit in (1.0, 1e-6))
    assert dear.daily_sigma == pytest.approx(cheap.daily_sigma, rel=1e-9)
    assert dear.daily_atr_share == pytest.approx(cheap.daily_atr_share, rel=1e-9)
