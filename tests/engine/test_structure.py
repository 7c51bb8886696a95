"""Swings, ranges, sessions, VWAP, volume nodes and round numbers, each against a case worked by hand."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.structure import (
    StructureLevel,
    confirmed_swings,
    levels_between,
    levels_near,
    read_structure,
    round_step,
)
from engine.volatility import hourly_bars
from engine.volume_profile import read_volume_profile

HOUR_S = 3_600


def structure_of(hand, candles, as_of_s=None):
    as_of_s = as_of_s or hand.as_of_s
    return read_structure(candles, hourly_bars(candles, as_of_s), as_of_s=as_of_s, daily_sigma=0.02)


def level(structure, kind):
    (found,) = (level for level in structure.levels if level.kind == kind)
    return found


def prices(structure, kind):
    return [level.price for level in structure.levels if level.kind == kind]


def test_a_swing_is_there_only_once_n_bars_after_it_are():
    high = np.array([1.0, 2.0, 5.0, 3.0, 2.0, 1.0])
    for known in range(1, 7):
        highs, _ = confirmed_swings(high[:known], high[:known] - 0.5, 2)
        assert list(highs) == ([2] if known >= 5 else [])


def test_of_equal_highs_the_first_is_the_swing():
    high = np.array([1.0, 2.0, 5.0, 5.0, 2.0, 1.0, 1.0])
    assert list(confirmed_swings(high, high - 1, 2)[0]) == [2]


def test_an_unknown_neighbour_forbids_a_swing():
    high = np.array([1.0, 2.0, 5.0, np.nan, 2.0])
    assert not len(confirmed_swings(high, high - 1, 2)[0])


@given(seed=st.integers(0, 200), n=st.integers(1, 8), cut=st.integers(1, 80))
def test_swings_known_at_a_moment_are_those_of_the_whole_history_confirmed_by_then(seed, n, cut):
    walk = np.cumsum(np.random.default_rng(seed).normal(size=80)) + 100
    whole = confirmed_swings(walk, walk - 0.1, n)
    known = confirmed_swings(walk[:cut], walk[:cut] - 0.1, n)
    for all_time, then in zip(whole, known, strict=True):
        assert list(then) == [at for at in all_time if at + n < cut]


@given(seed=st.integers(0, 200))
def test_swings_match_the_obvious_loop(seed):
    high = np.random.default_rng(seed).integers(1, 9, 60).astype(float)
    expected = [
        at for at in range(3, 57) if high[at] > max(high[at - 3 : at]) and high[at] >= max(high[at + 1 : at + 4])
    ]
    assert list(confirmed_swings(high, high - 1, 3)[0]) == expected


def test_a_swing_that_price_has_passed_is_dropped_and_one_that_stands_is_kept(hand):
    close = np.full(60, 100.0)
    close[10], close[30] = 103.0, 105.0
    standing = structure_of(hand, hand.candles(close))
    assert prices(standing, "swing_high") == [105.0]
    assert level(standing, "swing_high").time_s == hand.as_of_s - 30 * HOUR_S
    close[58] = 106.0
    assert prices(structure_of(hand, hand.candles(close)), "swing_high") == []


def test_the_unfinished_hour_already_passes_a_swing(hand):
    close = np.full(12 * 40, 100.0)
    close[120] = 105.0
    end_s = hand.as_of_s + 900
    assert prices(structure_of(hand, hand.candles(close, bar_s=300, end_s=end_s), end_s), "swing_high") == [105.0]
    close[-1] = 106.0
    assert prices(structure_of(hand, hand.candles(close, bar_s=300, end_s=end_s), end_s), "swing_high") == []


def test_ranges_days_and_sessions_hold_the_extremes_of_their_hours(hand):
    # hour 0 is 00:00 UTC ten days ago; the last bar, hour 249, is today's 09:00
    high = 200 + np.zeros(250)
    low = 100 + np.zeros(250)
    high[70], low[75] = 290.0, 40.0  # older than seven days
    high[90], low[95] = 280.0, 50.0  # this week
    high[217], low[218] = 250.0, 80.0  # yesterday 01:00 and 02:00, not within 24 h: extremes of yesterday
    high[230], low[237] = 230.0, 90.0  # yesterday 14:00 (Europe, US) and 21:00 (US only), within 24 h
    high[243], low[244] = 220.0, 95.0  # today 03:00 and 04:00: Asia
    close = np.full(250, 150.0)
    found = structure_of(hand, hand.candles(close, high=high, low=low))
    expected = {
        "week_high": 280.0, "week_low": 50.0, "day_high": 230.0, "day_low": 90.0, "previous_day_high": 250.0,
        "previous_day_low": 80.0, "asia_high": 220.0, "asia_low": 95.0, "europe_high": 230.0, "us_high": 230.0,
        "us_low": 90.0,
    }  # fmt: skip
    assert {kind: level(found, kind).price for kind in expected} == expected
    assert prices(found, "europe_low") == []  # 100, but price has been at 90 since


def test_vwap_weighs_the_typical_price_by_volume_since_midnight_and_over_a_week(hand):
    close = np.full(250, 100.0)
    close[-1] = 130.0
    volume = np.ones(250)
    volume[-1] = 5.0
    found = structure_of(hand, hand.candles(close, volume=volume))
    last = (130 + 130 + 100) / 3
    assert level(found, "session_vwap").price == pytest.approx((9 * 100 + 5 * last) / 14)
    assert level(found, "week_vwap").price == pytest.approx((167 * 100 + 5 * last) / 172)


def test_without_volume_there_is_no_vwap_and_no_node(hand):
    close = hand.walk(1, hours=100)
    found = structure_of(hand, hand.candles(close, volume=np.zeros(100)))
    assert not found.profile.nodes
    assert not [each for each in found.levels if each.kind in ("session_vwap", "week_vwap", "node_edge")]


def test_volume_nodes_lie_where_volume_is_heavy_and_gaps_where_it_is_not(hand):
    close = np.concatenate((np.linspace(100, 110, 200), np.linspace(110, 100, 200)))
    volume = np.where(np.abs(close - 104) < 0.5, 10.0, 1.0) * np.where(np.abs(close - 107) < 0.5, 0.05, 1.0)
    candles = hand.candles(close, volume=volume)
    profile = read_volume_profile(candles, slice(0, 400), 0.02)
    (node,) = profile.nodes
    assert node.low == pytest.approx(103.5, rel=0.003)
    assert node.high == pytest.approx(104.5, rel=0.003)
    assert node.volume_share == pytest.approx(volume[np.abs(close - 104) < 0.5].sum() / volume.sum(), abs=0.05)
    assert any(gap.low < 107 < gap.high for gap in profile.gaps)


@given(seed=st.integers(0, 50))
def test_nodes_and_gaps_are_disjoint_inside_the_range_and_nodes_hold_no_more_than_all_volume(hand, seed):
    close = hand.walk(seed, hours=300)
    candles = hand.candles(close, volume=np.random.default_rng(seed).lognormal(0, 1.5, 300))
    profile = read_volume_profile(candles, slice(0, 300), 0.02)
    bands = sorted([(node.low, node.high) for node in profile.nodes] + [(gap.low, gap.high) for gap in profile.gaps])
    assert all(upper <= lower * (1 + 1e-12) for (_, upper), (lower, _) in pairwise(bands))
    assert all(node.low <= node.peak <= node.high for node in profile.nodes)
    assert sum(node.volume_share for node in profile.nodes) <= 1 + 1e-9
    assert bands[0][0] >= close.min() / 1.002
    assert bands[-1][1] <= close.max() * 1.002


@pytest.mark.parametrize(
    ("price", "step"), [(70_412, 1_000), (110_000, 1_000), (2_095, 50), (4_100, 100), (87.99, 1), (0.0123, 0.0001)]
)
def test_round_numbers_scale_with_the_price(price, step):
    assert round_step(price) == pytest.approx(step)
    assert round_step(price * 1_000) == pytest.approx(step * 1_000)


def test_levels_near_come_nearest_first_and_end_at_the_tolerance(hand):
    close = np.full(60, 50_300.0)
    close[10], close[30] = 51_400.0, 51_900.0
    close[11:30] = 51_200.0
    found = structure_of(hand, hand.candles(close))
    near = levels_near(found, 51_950.0, 0.002)
    distances = [abs(math.log(each.price / 51_950)) for each in near]
    assert distances == sorted(distances)
    assert all(distance <= 0.002 for distance in distances)
    assert {"swing_high", "round_number"} <= {each.kind for each in near}
    missed = [each for each in found.levels if each not in near]
    assert all(abs(math.log(each.price / 51_950)) > 0.002 for each in missed)


def test_levels_between_are_ordered_from_the_lower_price_up(hand):
    found = structure_of(hand, hand.candles(hand.walk(4, hours=200)))
    between = levels_between(found, 45_000.0, 55_000.0)
    assert [each.price for each in between] == sorted(each.price for each in between)
    assert 50_000.0 in [each.price for each in between if each.kind == "round_number"]


def test_a_level_is_called_what_a_trader_calls_it():
    assert StructureLevel("swing_high", 70_412.0, 1_769_940_000).words() == (
        "the swing high 70,412 of 1 Feb 2026 10:00 UTC"
    )
    assert StructureLevel("week_low", 2_095.31, 1_769_940_000).words() == "the 7-day low 2,095.3"
