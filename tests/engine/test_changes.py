"""What changed between two readings: cases worked by hand, and what holds for all of them."""

import math
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.changes import changes_between, changes_in
from engine.findings import Findings
from engine.invalidation import VALID_FOR_S
from engine.results import Bait, Condition, Setup
from tests.engine.conftest import candles_of, market_of, venue_of
from tests.engine.made_zones import AS_OF_S, M1_24H, map_of, zone_at

BAR = 300
HOUR = 3_600
LATER_S = AS_OF_S + 4 * HOUR
UP = Setup(verdict="upside_sweep", strength=0.5, reasons=())
NO_EDGE = Setup(verdict="no_clear_edge", strength=0.0, reasons=())


def findings(*zones, as_of_s=AS_OF_S, price=50_000.0, setup=UP, conditions=()):
    return Findings(
        symbol="BTC",
        source="recorded",
        as_of_s=as_of_s,
        price=price,
        zones=zones,
        setup=setup,
        bait=Bait(first_side="above", then_side="below", trigger=51_000.0, text="if"),
        invalidation=conditions,
    )


def bars(*, high=50_000.0, low=50_000.0, at=10):
    """Bars of 5 minutes over the time between, and ten before; one of them, `at` bars after AS_OF_S, has extremes."""
    count = 10 + (LATER_S - AS_OF_S) // BAR
    highs, lows = np.full(count, 50_000.0), np.full(count, 50_000.0)
    highs[10 + at], lows[10 + at] = max(high, 50_000.0), min(low, 50_000.0)
    return candles_of(np.full(count, 50_000.0), bar_s=BAR, end_s=LATER_S, high=highs, low=lows)


def changed(before, *now, candles=None, **rest):
    return changes_between(findings(*before), findings(*now, as_of_s=LATER_S, **rest), candles=candles)


def kinds(changes):
    return [change.kind for change in changes.zones]


ABOVE = zone_at(51_000.0)  # 51,000 to 51,200, its weighted price 51,100
BELOW = zone_at(49_000.0)  # 48,800 to 49,000, its weighted price 48,900


def test_nothing_changed_between_equal_readings():
    changes = changed([ABOVE, BELOW], ABOVE, BELOW, candles=bars())
    assert changes.is_nothing
    assert changes.price_change == 0


def test_a_zone_is_swept_when_price_reaches_its_weighted_price_and_not_before():
    assert kinds(changed([ABOVE], ABOVE, candles=bars(high=51_099.0))) == []
    (change,) = changed([ABOVE], ABOVE, candles=bars(high=51_100.0, at=7)).zones
    assert (change.kind, change.swept_s, change.now) == ("swept", AS_OF_S + 8 * BAR, ABOVE)
    assert change.is_untouched is False


def test_a_zone_below_is_swept_from_above():
    assert kinds(changed([ABOVE, BELOW], ABOVE, candles=bars(low=48_900.0))) == ["swept"]


def test_what_price_did_before_the_first_reading_or_after_the_second_sweeps_nothing():
    assert kinds(changed([ABOVE], ABOVE, candles=bars(high=52_000.0, at=-1))) == []
    sooner = findings(ABOVE, as_of_s=LATER_S - HOUR)
    assert changes_between(findings(ABOVE), sooner, candles=bars(high=52_000.0, at=47)).is_nothing


def test_without_bars_a_zone_is_swept_only_where_price_is_beyond_it():
    assert kinds(changed([ABOVE], ABOVE)) == []
    (change,) = changed([ABOVE], price=51_150.0).zones
    assert (change.kind, change.swept_s) == ("swept", None)


def test_a_zone_that_lost_a_quarter_untouched_has_faded():
    smaller = replace(ABOVE, size_usd=7.5e7)
    (change,) = changed([ABOVE], smaller, candles=bars()).zones
    assert (change.kind, change.is_untouched, change.size_change) == ("faded", True, -0.25)
    assert kinds(changed([ABOVE], replace(ABOVE, size_usd=7.6e7), candles=bars())) == []


@pytest.mark.parametrize(("candles", "untouched"), [(bars(high=51_000.0), False), (None, None)])
def test_one_that_price_was_in_or_may_have_been_in_has_shrunk(candles, untouched):
    (change,) = changed([ABOVE], replace(ABOVE, size_usd=5e7), candles=candles).zones
    assert (change.kind, change.is_untouched) == ("shrunk", untouched)


def test_bars_that_begin_too_late_do_not_show_that_a_zone_was_untouched():
    late = candles_of(np.full(12, 50_000.0), bar_s=BAR, end_s=LATER_S)
    assert kinds(changed([ABOVE], replace(ABOVE, size_usd=5e7), candles=late)) == ["shrunk"]


def test_a_zone_that_gained_a_third_has_grown():
    assert kinds(changed([ABOVE], replace(ABOVE, size_usd=1.34e8), candles=bars())) == ["grown"]
    assert kinds(changed([ABOVE], replace(ABOVE, size_usd=1.32e8), candles=bars())) == []


def test_a_score_is_told_from_ten_points_as_they_are_shown():
    assert kinds(changed([ABOVE], replace(ABOVE, score=69.4), candles=bars())) == []
    assert kinds(changed([ABOVE], replace(ABOVE, score=69.5), candles=bars())) == ["rescored"]


def test_sizes_of_different_kinds_are_not_compared():
    observed = replace(ABOVE, size_usd=1e7, size_basis="observed")
    assert kinds(changed([ABOVE], observed, candles=bars())) == []
    assert kinds(changed([ABOVE], replace(ABOVE, size_usd=math.nan), candles=bars())) == []


def test_zones_are_the_same_where_their_bands_overlap_or_lie_a_bin_apart():
    near, far = zone_at(51_250.0), zone_at(51_260.0)  # a bin above 51,200 ends at 51,251.2
    assert changed([ABOVE], near, candles=bars()).is_nothing
    assert kinds(changed([ABOVE], far, candles=bars())) == ["gone", "new"]


def test_a_zone_is_paired_with_the_one_that_it_overlaps_most():
    split = zone_at(51_020.0), zone_at(51_150.0, size_usd=3e8)
    (change,) = changed([ABOVE], *split, candles=bars()).zones
    assert (change.kind, change.now) == ("new", split[1])


def test_what_is_no_clear_zone_is_neither_new_nor_missed():
    spot = replace(ABOVE, clear=False)
    assert changed([spot], candles=bars(high=52_000.0)).is_nothing
    assert changed([], spot, candles=bars()).is_nothing
    assert kinds(changed([ABOVE], spot, candles=bars())) == ["gone"]
    assert kinds(changed([spot], ABOVE, candles=bars())) == ["new"]


def test_what_tells_most_comes_first():
    before = [ABOVE, zone_at(53_000.0), zone_at(52_000.0), BELOW]
    now = [zone_at(53_000.0, size_usd=5e7), zone_at(52_000.0, score=80.0), zone_at(47_000.0)]
    changes = changed(before, *now, candles=bars(high=51_500.0))
    assert kinds(changes) == ["swept", "faded", "gone", "new", "rescored"]


def test_a_setup_is_told_when_its_name_or_a_third_of_its_strength_changed():
    assert changed([], setup=replace(UP, strength=0.8)).setup is None
    stronger = changed([], setup=replace(UP, strength=0.9)).setup
    assert (stronger.before, stronger.now) == (UP, replace(UP, strength=0.9))
    assert changed([], setup=NO_EDGE).setup is not None


def test_the_way_of_price_is_told_in_percent_and_atr():
    changes = changes_between(findings(), findings(as_of_s=LATER_S, price=50_500.0), daily_atr=1_000.0)
    assert (changes.price_change, changes.price_atrs) == (pytest.approx(0.01), 0.5)
    assert math.isnan(changed([]).price_atrs)


def test_conditions_that_came_true_are_told_with_the_market_at_hand():
    close = Condition(
        kind="close_beyond",
        price=49_000.0,
        timeframe="1h",
        operator="<",
        threshold=49_000.0,
        until_s=AS_OF_S + VALID_FOR_S,
        text="an hourly close below 49,000",
    )
    fades = replace(close, kind="zone_fades", threshold=0.5, key=M1_24H, reference=1e8, band=ABOVE.band, text="fades")
    before = findings(ABOVE, conditions=(close, fades))
    market = market_of(venue_of(bars()), as_of_s=LATER_S)
    now = findings(ABOVE, as_of_s=LATER_S)
    kept = map_of(shorts={51_100.0: 9e7}, as_of_s=LATER_S)
    assert changes_in(before, now, market=market, maps=(kept,)).met == ()
    faded = map_of(shorts={51_100.0: 4e7}, as_of_s=LATER_S)
    assert changes_in(before, now, market=market, maps=(faded,)).met == (fades,)


def test_readings_of_two_symbols_or_in_the_wrong_order_are_refused():
    with pytest.raises(ValueError, match="no later reading"):
        changes_between(findings(), replace(findings(), symbol="ETH"))
    with pytest.raises(ValueError, match="no later reading"):
        changes_between(findings(as_of_s=LATER_S), findings())


# what holds for all readings

places = st.integers(-60, 60).filter(lambda step: step != 0)
zones = st.builds(
    lambda step, score, size: zone_at(50_000.0 * 1.002**step, score=score, size_usd=size, width=120.0),
    places,
    st.floats(0, 100),
    st.floats(1e6, 1e9),
)
readings = st.lists(zones, max_size=6, unique_by=lambda zone: zone.band.near)
MIRRORED = {"new": "gone", "gone": "new", "grown": "shrunk", "shrunk": "grown", "rescored": "rescored"}


@given(readings)
def test_a_reading_has_not_changed_against_itself(zones):
    assert changed(zones, *zones, candles=bars()).is_nothing


@given(readings, readings)
def test_a_zone_is_in_one_class_only_and_every_missing_or_added_one_in_some(before, now):
    changes = changed(before, *now, candles=bars(high=50_800.0, low=49_500.0))
    assert max(Counter(id(each.before) for each in changes.zones if each.before).values(), default=1) == 1
    assert max(Counter(id(each.now) for each in changes.zones if each.now).values(), default=1) == 1
    new, gone = kinds(changes).count("new"), sum(each.now is None for each in changes.zones)
    assert len(before) - gone == len(now) - new


@given(readings, readings)
def test_without_bars_the_way_back_tells_the_opposite(before, now):
    there, back = changed(before, *now), changed(now, *before)
    assert sorted(MIRRORED[kind] for kind in kinds(there)) == sorted(kinds(back))


@given(readings, readings)
def test_the_order_of_zones_does_not_matter(before, now):
    def told(changes):
        return Counter((each.kind, each.before, each.now) for each in changes.zones)

    there = changed(before, *now, candles=bars(high=50_800.0))
    assert told(there) == told(changed(before[::-1], *now[::-1], candles=bars(high=50_800.0)))
