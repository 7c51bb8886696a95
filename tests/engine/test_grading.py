"""Answers graded by hand: touches and what came after, setup, bait, conditions; nothing after the horizon counts."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.findings import Findings
from engine.grading import HORIZON_S, Grade, LevelGrade, Path, daily_atr_of, grade, grade_level, is_due, zones_once
from engine.results import Bait, Condition, Setup
from tests.engine.conftest import candles_of, market_of, venue_of
from tests.engine.made_zones import AS_OF_S, M1_24H, PRICE, map_of, zone_at

HOUR = 3_600
ABOVE, BELOW = 51_000.0, 49_000.0


def findings(verdict="upside_sweep", *, zones=None, invalidation=()):
    first, then = ("below", "above") if verdict == "downside_sweep" else ("above", "below")
    return Findings(
        symbol="BTC",
        source="hand-made",
        as_of_s=AS_OF_S,
        price=PRICE,
        zones=zones or (zone_at(ABOVE), zone_at(BELOW)),
        setup=Setup(verdict=verdict, strength=0.5, reasons=()),
        bait=Bait(first_side=first, then_side=then, trigger=ABOVE if first == "above" else BELOW, text="if"),
        invalidation=invalidation,
    )


def after(*closes, rest=PRICE, hours=72, more=()):
    """The market whose hours after the answer close at `closes`, then at `rest` to the horizon, then at `more`."""
    path = [PRICE, *closes, *[rest] * (hours - len(closes)), *more]
    end_s = AS_OF_S + HOUR * (len(path) - 1)
    return market_of(venue_of(candles_of(path, end_s=end_s)), as_of_s=max(end_s, AS_OF_S + HORIZON_S))


def graded(*closes, verdict="upside_sweep", **way) -> Grade:
    return grade(findings(verdict), after(*closes, **way))


# zones


def test_a_zone_is_touched_at_the_end_of_the_first_bar_that_reaches_it() -> None:
    above, below = graded(50_500, 50_999, 51_000).zones
    assert above.touch_after_s == 3 * HOUR
    assert above.touched == (True, True, True)
    assert below == LevelGrade(touched=(False, False, False))


def test_a_touch_counts_for_the_horizons_that_it_came_within() -> None:
    assert graded(*[PRICE] * 12, 51_500).zones[0].touched == (False, True, True)
    assert graded(*[PRICE] * 11, 51_500).zones[0].touched == (True, True, True)
    assert graded(*[PRICE] * 71, 51_500).zones[0].touched == (False, False, True)


def test_a_touch_after_the_horizon_is_none() -> None:
    assert graded(more=[51_500]).zones[0] == LevelGrade(touched=(False, False, False))


def test_what_was_not_recorded_is_not_known() -> None:
    short = grade(findings(), after(hours=20))
    assert short.zones[0].touched == (False, None, None)
    assert grade(findings(), after(50_000, 51_000, hours=20)).zones[0].touched == (True, True, True)
    assert short.setup.both is None
    assert short.bait.triggered is None


def test_the_bar_that_ended_with_the_answer_does_not_count() -> None:
    candles = candles_of([PRICE, *[PRICE] * 72], end_s=AS_OF_S + HORIZON_S, high=[60_000.0, *[PRICE] * 72])
    assert grade(findings(), market_of(venue_of(candles), as_of_s=AS_OF_S + HORIZON_S)).zones[0].touch_after_s is None


ATR = 1_500.0


def test_after_a_touch_price_goes_on_or_turns_by_half_a_daily_range() -> None:
    assert daily_atr_of(zone_at(ABOVE)) == pytest.approx(ATR)
    assert graded(51_100, 51_760).zones[0].after_touch == "continuation"
    assert graded(51_100, 50_240).zones[0].after_touch == "reversal"
    assert graded(51_100, 51_700, rest=50_300).zones[0].after_touch is None
    assert graded(48_900, 48_200).zones[1].after_touch == "continuation"
    assert graded(48_900, 49_800).zones[1].after_touch == "reversal"


def test_the_bar_of_the_touch_may_go_on_but_says_nothing_of_turning() -> None:
    assert graded(52_000).zones[0].after_touch == "continuation"
    closes = [PRICE, *[PRICE + 500] * 72]
    high = [PRICE, ABOVE, *[PRICE + 500] * 71]
    candles = candles_of(closes, end_s=AS_OF_S + HORIZON_S, high=high)
    assert grade(findings(), market_of(venue_of(candles), as_of_s=AS_OF_S + HORIZON_S)).zones[0].after_touch is None


def test_both_in_one_bar_is_not_known() -> None:
    closes = [PRICE, ABOVE, *[ABOVE] * 71]
    high, low = np.array(closes), np.array(closes)
    high[2], low[2] = 52_000, 50_000
    low[1] = PRICE
    candles = candles_of(closes, end_s=AS_OF_S + HORIZON_S, high=high, low=low)
    found = grade(findings(), market_of(venue_of(candles), as_of_s=AS_OF_S + HORIZON_S)).zones[0]
    assert found.touch_after_s == HOUR
    assert found.after_touch is None


# setup


def test_the_favoured_side_is_right_when_its_zone_comes_first() -> None:
    assert graded(51_000, 48_900).setup.right is True
    assert graded(48_900, 51_000).setup.right is False
    assert graded(48_900, verdict="downside_sweep").setup.right is True
    nothing = graded(50_500).setup
    assert (nothing.first, nothing.both, nothing.right) == (None, False, None)


def test_chance_is_that_of_a_walk_without_drift() -> None:
    near = findings(zones=(zone_at(50_500.0), zone_at(48_500.0)))
    up, down = np.log(50_500 / PRICE), -np.log(48_500 / PRICE)
    chance = grade(near, after()).setup.by_chance
    assert chance == pytest.approx(down / (up + down))
    turned = replace(near, setup=Setup(verdict="downside_sweep", strength=0.5, reasons=()))
    assert grade(turned, after()).setup.by_chance == pytest.approx(1 - chance)


def test_a_trap_is_right_when_both_sides_are_swept() -> None:
    assert graded(51_000, 48_900, verdict="trap_both_sides").setup.right is True
    assert graded(51_000, verdict="trap_both_sides").setup.right is False
    assert graded(51_000, verdict="no_clear_edge").setup.right is None
    assert graded(51_000, 48_900, verdict="no_clear_edge").setup.first == "above"


def test_both_zones_in_one_bar_leave_open_which_came_first() -> None:
    n = 73
    high, low = np.full(n, PRICE), np.full(n, PRICE)
    high[5], low[5] = 52_000, 48_000
    candles = candles_of([PRICE] * n, end_s=AS_OF_S + HORIZON_S, high=high, low=low)
    found = grade(findings(), market_of(venue_of(candles), as_of_s=AS_OF_S + HORIZON_S)).setup
    assert (found.first, found.both, found.right) == (None, True, None)


# bait


def test_the_bait_needs_a_sweep_an_hour_that_closes_back_and_then_the_other_side() -> None:
    assert graded(51_100, 51_200).bait.triggered is True  # the rest of the hours close back at 50,000
    assert graded(51_100, 51_200, rest=51_200).bait.triggered is False
    followed = graded(51_100, 50_900, 48_900).bait
    assert (followed.triggered, followed.followed) == (True, True)
    never = graded(51_100, 50_900).bait
    assert (never.triggered, never.followed) == (True, False)
    assert graded(50_100).bait.followed is None


def test_the_other_side_before_the_close_back_does_not_follow_it() -> None:
    assert graded(48_900, 51_100, 50_900).bait.followed is False


# conditions


def condition(kind, threshold, operator="<", **rest):
    return Condition(
        kind=kind,
        price=None,
        timeframe="1h",
        operator=operator,
        threshold=threshold,
        until_s=AS_OF_S + HORIZON_S,
        text="it",
        **rest,
    )


def test_conditions_are_met_as_alerts_would_meet_them() -> None:
    close = condition("close_beyond", 48_500.0)
    asked = findings(invalidation=(close, condition("funding_flip", 0.0)))
    assert grade(asked, after(48_400)).met == (True, None)
    assert grade(asked, after(48_600)).met == (False, None)
    assert grade(asked, after(more=[48_400])).met == (False, None)


def test_a_zone_fades_in_any_of_the_maps_of_its_hours() -> None:
    band = zone_at(ABOVE).band
    fades = condition("zone_fades", 0.5, key=M1_24H, reference=1e8, band=band)
    asked = findings(invalidation=(fades,))
    full, half = (map_of(shorts={51_100.0: usd}, as_of_s=AS_OF_S + hours * HOUR) for usd, hours in ((9e7, 1), (4e7, 2)))
    assert grade(asked, after(), watched=(full,)).met == (False,)
    assert grade(asked, after(), watched=(full, half)).met == (True,)
    assert grade(asked, after(), watched=()).met == (None,)
    late = map_of(shorts={51_100.0: 1e6}, as_of_s=AS_OF_S + HORIZON_S + 1)
    assert grade(asked, after(), watched=(late,)).met == (None,)


def test_a_zone_that_was_swept_first_did_not_fade() -> None:
    band = zone_at(ABOVE).band
    fades = condition("zone_fades", 0.5, key=M1_24H, reference=1e8, band=band)
    empty = [map_of(as_of_s=AS_OF_S + hours * HOUR) for hours in (1, 3)]
    assert grade(findings(invalidation=(fades,)), after(PRICE, 51_500), watched=empty[1:]).met == (False,)
    assert grade(findings(invalidation=(fades,)), after(PRICE, 51_500), watched=empty[:1]).met == (True,)


# time


def test_an_answer_is_graded_when_its_horizon_has_ended() -> None:
    assert not is_due(findings(), AS_OF_S + HORIZON_S - 1)
    assert is_due(findings(), AS_OF_S + HORIZON_S)
    early = replace(after(hours=20), as_of_s=AS_OF_S + 20 * HOUR)
    with pytest.raises(ValueError, match="a grade of BTC"):
        grade(findings(), early)


def test_another_symbol_grades_nothing() -> None:
    with pytest.raises(ValueError, match="ETH"):
        grade(findings(), replace(after(), symbol="ETH"))


@given(st.integers(0, 10_000), st.lists(st.floats(20_000, 90_000), min_size=1, max_size=30))
def test_nothing_after_the_horizon_changes_a_grade(seed: int, later: list[float]) -> None:
    random = np.random.default_rng(seed)
    closes = PRICE * np.exp(np.cumsum(random.normal(0, 0.006, 72)))
    asked = findings(invalidation=(condition("close_beyond", 48_500.0),))
    assert grade(asked, after(*closes)) == grade(asked, after(*closes, more=later))


@given(st.integers(0, 10_000), st.floats(45_000, 55_000))
def test_a_level_is_graded_as_a_walk_over_the_bars_would(seed: int, level: float) -> None:
    random = np.random.default_rng(seed)
    closes = PRICE * np.exp(np.cumsum(random.normal(0, 0.006, 72)))
    path = Path.after(after(*closes).lead.candles, AS_OF_S)
    side = "above" if level > PRICE else "below"
    sign = 1 if side == "above" else -1
    touch, outcome = None, None
    for number, (high, low) in enumerate(zip(path.high, path.low, strict=True)):
        outer, inner = (high, low) if sign > 0 else (low, high)
        if touch is None and sign * (outer - level) >= 0:
            touch = number
            outcome = "continuation" if sign * (outer - level) >= ATR / 2 else None
        elif touch is not None and outcome is None:
            on, back = sign * (outer - level) >= ATR / 2, sign * (level - inner) >= ATR / 2
            outcome = "both" if on and back else "continuation" if on else "reversal" if back else None
    found = grade_level(path, side, level, ATR)
    assert found.touch_after_s == (None if touch is None else (touch + 1) * HOUR)
    assert found.after_touch == (None if outcome == "both" else outcome)


# once


def test_neighbours_that_share_an_edge_are_two_zones() -> None:
    inner, outer = zone_at(51_000.0), zone_at(51_200.0)
    assert inner.band.high == outer.band.low
    untouched = LevelGrade(touched=(False, False, False))
    found = zones_once([(findings(zones=(inner, outer)), (untouched, untouched))])
    assert [each.zone for each in found] == [inner, outer]
