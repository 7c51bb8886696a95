"""Chance of touch: its guarantees, the random walk where there is no past, and calibration on the recordings."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr

from engine.context import read_context
from engine.excursions import read_excursions
from engine.seasonality import pace_after, weekly_profile
from engine.sources.recorded import RecordedSource
from engine.touch import touch_chances
from engine.volatility import hourly_bars, read_volatility
from engine.windows import DAY_S, HOUR_S


def chances(context, distance):
    return [touch.chance for touch in touch_chances(context, context.price * math.exp(distance))]


@pytest.fixture(scope="module")
def context(hand):
    return hand.context(hand.busy(1))


@given(
    near=st.floats(0, 0.3), step=st.floats(0, 0.2), sign=st.sampled_from((-1, 1)), seed=st.integers(0, 3),
)  # fmt: skip
@settings(max_examples=80)
def test_chances_are_shares_that_fall_with_distance_and_rise_with_the_horizon(hand, near, step, sign, seed):
    context = _cached(hand, seed)
    closer, farther = chances(context, sign * near), chances(context, sign * (near + step))
    assert all(0 <= chance <= 1 for chance in closer + farther)
    assert all(low <= high for low, high in zip(farther, closer, strict=True))
    assert closer == sorted(closer)


_CONTEXTS = {}


def _cached(hand, seed):
    if seed not in _CONTEXTS:
        _CONTEXTS[seed] = hand.context(hand.busy(seed, hours=(60, 160, 400, 720)[seed]))
    return _CONTEXTS[seed]


def test_the_price_itself_is_touched_for_certain(context):
    assert chances(context, 0.0) == pytest.approx([1, 1, 1])


def test_levels_above_and_below_at_one_distance_have_one_chance(context):
    assert chances(context, 0.02) == pytest.approx(chances(context, -0.02))


def test_horizons_are_12_24_and_72_hours(context):
    assert [touch.hours for touch in touch_chances(context, context.price)] == [12, 24, 72]


def test_without_a_past_the_chance_is_the_reflection_principle(hand):
    context = hand.context(hand.venue(hand.candles(hand.walk(1, hours=60))))
    assert not context.excursions.independent.any()
    for hours, chance in zip((12, 24, 72), chances(context, 0.03), strict=True):
        profile = weekly_profile(context.hourly, context.volatility.hourly_sigma)
        pace = pace_after(profile, np.array([context.as_of_s]), hours)[0]
        z = 0.03 / (context.volatility.daily_sigma * math.sqrt(hours / 24) * pace)
        assert chance == pytest.approx(2 * (1 - ndtr(z)), rel=1e-9)


def test_the_table_holds_the_weighted_excursions_that_a_loop_finds(hand):
    candles = hand.busy(2, hours=300).candles
    hourly = hourly_bars(candles, hand.as_of_s)
    volatility = read_volatility(candles, hourly, hand.as_of_s)
    table = read_excursions(hourly, volatility)
    profile = weekly_profile(hourly, volatility.hourly_sigma)
    for distance in (0.1, 0.7, 1.5):
        for row, hours in enumerate((12, 24, 72)):
            reached = total = 0.0
            needed = distance / pace_after(profile, np.array([hand.as_of_s]), hours)[0]
            for start in range(36, 300 - 72):
                sigma = volatility.hourly_sigma[start]
                weight = math.exp(-0.5 * (math.log(sigma / volatility.daily_sigma) / 0.5) ** 2)
                after = slice(start + 1, start + 1 + hours)
                usual = sigma * pace_after(profile, hourly.end_s[start : start + 1], hours)[0]
                up = math.log(candles.high[after].max() / candles.close[start]) / usual
                down = math.log(candles.close[start] / candles.low[after].min()) / usual
                reached += weight * (int(up >= needed) + int(down >= needed)) / 2
                total += weight
            assert table.share_beyond(distance)[row] == pytest.approx(reached / total, rel=1e-9)


def test_nothing_after_the_last_start_is_counted_twice_or_before_it_has_passed(hand):
    """A start is used only once its longest horizon has passed: 72 more hours make exactly 72 more starts."""
    candles = hand.busy(2, hours=300).candles
    sizes = []
    for hours in (200, 272):
        end_s = hand.as_of_s - (300 - hours) * HOUR_S
        known = _first(candles, hours)
        hourly = hourly_bars(known, end_s)
        sizes.append(read_excursions(hourly, read_volatility(known, hourly, end_s)).reach.shape[1])
    assert sizes == [2 * (200 - 72 - 36), 2 * (272 - 72 - 36)]


def _first(candles, count):
    names = ("time_s", "duration_s", "open", "high", "low", "close", "volume", "taker_buy_share")
    return replace(candles, **{name: getattr(candles, name)[:count] for name in names})


def test_a_horizon_with_a_gap_is_not_counted(hand):
    candles = hand.busy(2, hours=300).candles
    names = ("time_s", "duration_s", "open", "high", "low", "close", "volume", "taker_buy_share")
    kept = np.r_[0:200, 210:300]
    holed = replace(candles, **{name: getattr(candles, name)[kept] for name in names})
    tables = []
    for bars in (candles, holed):
        hourly = hourly_bars(bars, hand.as_of_s)
        tables.append(read_excursions(hourly, read_volatility(bars, hourly, hand.as_of_s)))
    assert tables[1].reach.shape[1] < tables[0].reach.shape[1] - 2 * 50


def test_today_being_wilder_makes_every_level_likelier(context):
    wilder = replace(context, volatility=replace(context.volatility, daily_sigma=2 * context.volatility.daily_sigma))
    assert all(more > less for more, less in zip(chances(wilder, 0.03), chances(context, 0.03), strict=True))


@pytest.mark.parametrize("transformation", ["mirror", "cheaper"])
def test_neither_the_unit_of_price_nor_its_direction_matters(hand, transformation):
    venue = hand.busy(3)
    other = hand.context(getattr(hand, transformation).venue(venue))
    assert chances(other, 0.02) == pytest.approx(chances(hand.context(venue), 0.02), abs=1e-6)


@pytest.mark.parametrize("symbol", ["BTC", "ETH", "SOL"])
def test_chances_on_the_recordings_happen_about_as_often_as_they_say(shared_data, symbol):
    market = RecordedSource(shared_data).market(symbol)
    candles = market.lead.candles
    predicted, happened = [], []
    first_s = int(candles.time_s[0]) + 25 * DAY_S
    for as_of_s in range(first_s, market.as_of_s - 3 * DAY_S, 20 * HOUR_S):
        at = int(np.searchsorted(candles.end_s, as_of_s, side="right"))
        known = _first(candles, at)
        venue = replace(market.lead, candles=known, open_interest=None, funding=None)
        then = _context(market, venue, as_of_s)
        ahead = slice(at, at + 24 * 12)
        for distance in (0.005, 0.01, 0.02, 0.03, 0.05):
            predicted += [chances(then, distance)[1]] * 2
            happened += [
                candles.high[ahead].max() >= then.price * math.exp(distance),
                candles.low[ahead].min() <= then.price * math.exp(-distance),
            ]
    assert len(predicted) > 500
    assert calibration_error(np.array(predicted), np.array(happened)) < 0.07


def _context(market, venue, as_of_s):
    return read_context(replace(market, as_of_s=as_of_s, venues=(venue,), missing=(), notes=()))


def calibration_error(predicted, happened):
    """Mean gap of what was said and what happened over tenths of the scale, weighted by how often each was said."""
    tenth = np.minimum((predicted * 10).astype(int), 9)
    return sum(
        abs(predicted[tenth == each].mean() - happened[tenth == each].mean()) * np.mean(tenth == each)
        for each in np.unique(tenth)
    )
