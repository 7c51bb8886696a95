"""When alerts fire: sequences worked by hand, and what holds for every way that price may take."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.alert_values import (
    Alert,
    Crossed,
    Entered,
    Fired,
    Flipped,
    Met,
    RanOut,
    Swept,
)
from engine.alerts import Look, begin, evaluate, look_at
from engine.findings import Findings
from engine.invalidation import VALID_FOR_S
from engine.results import Bait, Condition, Setup
from tests.engine.conftest import candles_of, market_of, venue_of
from tests.engine.made_zones import AS_OF_S, zone_at

BAR = 300
HOUR = 3_600
BEFORE = 20
VERDICTS = {"above": "upside_sweep", "below": "downside_sweep", None: "no_clear_edge"}


def market_after(closes, *, highs=None, lows=None):
    """The market some bars of 5 minutes after AS_OF_S, all flat at 50,000 before."""
    padded = np.concatenate((np.full(BEFORE, 50_000.0), np.asarray(closes, dtype=float)))
    extremes = {}
    for name, values in (("high", highs), ("low", lows)):
        if values is not None:
            extremes[name] = np.concatenate((padded[:BEFORE], values))
    end_s = AS_OF_S + BAR * len(closes)
    return market_of(venue_of(candles_of(padded, bar_s=BAR, end_s=end_s, **extremes)), as_of_s=end_s)


def findings_at(as_of_s=AS_OF_S, *, zones=(), favoured=None, conditions=()):
    return Findings(
        symbol="BTC",
        source="recorded",
        as_of_s=as_of_s,
        price=50_000.0,
        zones=tuple(zones),
        setup=Setup(verdict=VERDICTS[favoured], strength=0.5, reasons=()),
        bait=Bait(first_side="above", then_side="below", trigger=51_000.0, text="if"),
        invalidation=tuple(conditions),
    )


def look_after(closes, findings=None, **extremes):
    return Look(market=market_after(closes, **extremes), atr_share=math.nan, findings=findings)


def told(alert, closes, *, state=None, every=1, **extremes):
    """What fires when somebody looks after every so many bars, as (number of bars, outcome)."""
    state = state or begin(alert, at_s=AS_OF_S, price=50_000.0)
    fired = []
    for count in range(every, len(closes) + 1, every):
        parts = {name: values[:count] for name, values in extremes.items()}
        outcome = evaluate(alert, state, look_after(closes[:count], **parts))
        state = outcome.state
        if outcome.fired is not None:
            fired.append((count, outcome.fired))
        if outcome.is_over:
            break
    return fired


# price

AT_51 = Alert(kind="price", threshold=51_000.0)
AGAIN = Alert(kind="price", threshold=51_000.0, repeats=True, cooldown_s=0)


def test_a_level_that_is_reached_fires_once_and_is_over():
    fired = Fired(event=Crossed(side="above", level=51_000.0), at_s=AS_OF_S + 3 * BAR, price=51_000.0)
    assert told(AT_51, [50_500, 50_900, 51_000, 51_500, 50_000]) == [(3, fired)]


def test_a_wick_reaches_a_level_too():
    fired = told(AT_51, [50_500, 50_600], highs=[50_500, 51_010])
    assert [count for count, _ in fired] == [2]


def test_a_level_that_price_jumped_over_fires():
    market = market_after([52_000])
    jumped = replace(market.lead.candles, open=market.lead.candles.close, low=market.lead.candles.close)
    look = Look(market=market_of(venue_of(jumped), as_of_s=AS_OF_S + BAR), atr_share=math.nan)
    fired = evaluate(AT_51, begin(AT_51, at_s=AS_OF_S, price=50_000.0), look).fired
    assert fired is not None
    assert fired.event == Crossed(side="above", level=51_000.0)


def test_after_firing_it_waits_until_price_has_left_the_level_by_three_in_a_thousand():
    wobble = [51_000, 50_900, 51_100, 50_860, 51_150]  # the room is 153
    assert [count for count, _ in told(AGAIN, wobble)] == [1]
    assert [count for count, _ in told(AGAIN, [*wobble, 51_154, 51_000])] == [1, 7]


def test_a_volatile_market_needs_more_room():
    state = begin(AGAIN, at_s=AS_OF_S, price=50_000.0)
    wide = replace(look_after([51_000, 50_600, 51_000]), atr_share=0.10)  # room .01: 510
    outcome = evaluate(AGAIN, state, wide)
    assert (outcome.fired.at_s, outcome.fired.held_back) == (AS_OF_S + BAR, 0)


def test_a_direction_counts_one_way_only():
    down = replace(AGAIN, direction="below")
    path = [51_500, 52_000, 50_900, 50_000, 51_500]
    assert [(count, fired.event.side) for count, fired in told(down, path)] == [(3, "below")]


def test_a_level_that_was_passed_when_it_was_set_fires_on_the_way_back_only():
    above = replace(AGAIN, direction="above")
    state = begin(above, at_s=AS_OF_S, price=51_500.0)
    assert [count for count, _ in told(above, [51_600, 51_400, 50_500, 50_990, 51_000], state=state)] == [5]


def test_within_the_cooldown_crossings_are_counted_and_told_with_the_next():
    hourly = replace(AGAIN, cooldown_s=HOUR)
    path = [51_000, 51_500, 50_500, *[50_500] * 9, 50_500, 51_000]
    fired = told(hourly, path)
    assert [(count, each.held_back) for count, each in fired] == [(1, 0), (14, 1)]


def test_a_gap_between_looks_uses_the_bars_between():
    path = [50_500, 51_200, 50_500, 50_000]
    assert [(count, each.at_s) for count, each in told(AT_51, path, every=4)] == [(4, AS_OF_S + 2 * BAR)]


def test_of_the_bar_under_way_when_it_was_set_only_the_close_counts():
    state = begin(AT_51, at_s=AS_OF_S + 60, price=50_000.0)
    assert told(AT_51, [50_000, 50_000], highs=[51_500, 50_000], state=state) == []
    assert [count for count, _ in told(AT_51, [51_000, 51_000], state=state)] == [1]


# zone

IN_75 = Alert(kind="zone", threshold=75.0, repeats=True, cooldown_s=0)
ZONES = findings_at(zones=[zone_at(51_000, score=80), zone_at(49_000, score=74.4), zone_at(51_500, score=90)])


def test_a_zone_fires_when_price_reaches_its_near_edge_and_scores_enough():
    state = begin(IN_75, at_s=AS_OF_S, price=50_000.0, findings=ZONES)
    fired = told(IN_75, [50_990, 48_000, 51_000], state=state)
    assert [(count, fired.event.zone.score) for count, fired in fired] == [(3, 80)]


def test_a_zone_that_has_been_entered_fires_again_only_after_price_has_left_it():
    state = begin(IN_75, at_s=AS_OF_S, price=50_000.0, findings=ZONES)
    counts = []
    for count, close in enumerate(path := [51_000, 50_900, 51_050, 50_800, 51_000], start=1):
        outcome = evaluate(IN_75, state, look_after(path[:count], findings=replace(ZONES, as_of_s=AS_OF_S + close)))
        state = outcome.state
        counts += [count] if outcome.fired else []
    assert counts == [1, 5]  # 50,800 is .39 % below the near edge


def test_only_zones_known_before_a_bar_can_be_entered_by_it():
    state = begin(IN_75, at_s=AS_OF_S, price=50_000.0, findings=findings_at())
    first = evaluate(IN_75, state, look_after([51_100], findings=ZONES))
    assert first.fired is None
    assert evaluate(IN_75, first.state, look_after([51_100, 51_100])).fired.event == Entered(
        zone=first.state.memory.bands[0]
    )


# sweep


def sweep_of(*zones, **rest):
    return Alert(kind="sweep", basis=findings_at(zones=zones), **rest)


def test_a_published_zone_is_swept_at_its_weighted_price():
    alert = sweep_of(zone_at(51_000), zone_at(49_000))  # 200 wide: 51,100 and 48,900
    assert [count for count, _ in told(alert, [51_050, 51_099, 51_100])] == [3]


def test_a_repeating_sweep_tells_every_zone_once_and_ends_with_the_last():
    alert = sweep_of(zone_at(51_000), zone_at(49_000), zone_at(47_000, clear=False), repeats=True, cooldown_s=HOUR)
    path = [51_100, 48_900, *[48_900] * 30, 51_200, 46_000]
    fired = told(alert, path)
    assert [count for count, _ in fired] == [1, 13]  # the second one when the cooldown ends
    assert [each.event.zones[0].price for _, each in fired] == [51_100, 48_900]
    assert isinstance(fired[0][1].event, Swept)


# flip

FLIP = Alert(kind="flip", repeats=True, cooldown_s=0)


def flips(sides, *, alert=FLIP, first="above"):
    """What fires where every bar's look finds the side given for it."""
    state = begin(alert, at_s=AS_OF_S, price=50_000.0, findings=findings_at(favoured=first))
    fired = []
    for count, side in enumerate(sides, start=1):
        found = findings_at(AS_OF_S + BAR * count, favoured=side)
        outcome = evaluate(alert, state, look_after([50_000.0] * count, findings=found))
        state = outcome.state
        fired += [(count, outcome.fired.event)] if outcome.fired else []
    return fired


def test_a_side_flips_when_every_look_of_an_hour_finds_the_other():
    event = Flipped(side="below", before="above", since_s=AS_OF_S + 2 * BAR)
    assert flips(["above", *["below"] * 13]) == [(14, event)]
    assert flips(["above", *["below"] * 12]) == []


def test_a_look_that_finds_another_side_or_none_begins_the_hour_anew():
    assert flips([*["below"] * 12, None, *["below"] * 12]) == []
    assert flips([*["below"] * 12, "above", *["below"] * 13])[0][0] == 26


def test_no_edge_in_between_is_no_flip_and_the_side_told_last_is_remembered():
    assert flips([*[None] * 20, *["above"] * 20]) == []


def test_a_flip_in_the_cooldown_is_told_when_it_ends():
    sides = [*["below"] * 13, *["above"] * 40]
    assert [count for count, _ in flips(sides, alert=replace(FLIP, cooldown_s=2 * HOUR))] == [13, 37]


# invalidated


def close_above(price, *, until_s=AS_OF_S + VALID_FOR_S):
    return Condition(
        kind="close_beyond",
        price=price,
        timeframe="1h",
        operator=">",
        threshold=price,
        until_s=until_s,
        text=f"an hourly close above {price}",
    )


def test_a_condition_that_is_met_fires_with_its_own_words():
    alert = Alert(kind="invalidated", basis=findings_at(conditions=[close_above(51_000), close_above(52_000)]))
    fired = told(alert, [50_000] * 11 + [51_001] * 12)
    assert [(count, each.event) for count, each in fired] == [
        (12, Met(conditions=("an hourly close above 51000",), published_s=AS_OF_S))
    ]


def test_each_condition_is_told_once():
    conditions = [close_above(51_000), close_above(52_000)]
    alert = Alert(kind="condition", repeats=True, cooldown_s=0, basis=findings_at(conditions=conditions))
    assert [count for count, _ in told(alert, [51_001] * 12 + [52_001] * 36)] == [12, 24]


def test_a_reading_that_runs_out_says_so_and_ends():
    soon = findings_at(conditions=[close_above(51_000, until_s=AS_OF_S + HOUR)])
    fired = told(Alert(kind="invalidated", repeats=True, basis=soon), [50_000] * 20)
    assert [(count, each.event) for count, each in fired] == [(12, RanOut(published_s=AS_OF_S))]


# what holds always

STEPS = st.lists(st.floats(-0.004, 0.004), min_size=5, max_size=80)


def path_of(steps):
    return list(50_000 * np.exp(np.cumsum(steps)))


@given(st.lists(st.floats(-0.0029, 0.0029), min_size=1, max_size=60))
def test_a_price_that_wobbles_around_the_level_by_less_than_the_room_fires_once_at_most(wobble):
    path = [51_000, *(51_000 * (1 + each) for each in wobble)]
    assert len(told(AGAIN, path)) == 1


@given(STEPS, st.integers(1, 7), st.integers(0, 2 * HOUR))
def test_nothing_fires_within_the_cooldown(steps, every, cooldown_s):
    alert = Alert(kind="price", threshold=50_100.0, repeats=True, cooldown_s=cooldown_s)
    fired = told(alert, path_of(steps), every=every)
    seen = [AS_OF_S + BAR * count for count, _ in fired]
    assert all(later - earlier >= cooldown_s for earlier, later in itertools.pairwise(seen))


@given(STEPS, st.integers(2, 7))
def test_however_seldom_somebody_looks_no_crossing_is_lost(steps, every):
    path = path_of(steps)
    path = path[: len(path) // every * every]
    often, seldom = (
        told(replace(AGAIN, threshold=50_100.0), path),
        told(replace(AGAIN, threshold=50_100.0), path, every=every),
    )
    assert sum(1 + each.held_back for _, each in often) == sum(1 + each.held_back for _, each in seldom)


@given(STEPS)
def test_what_comes_later_changes_nothing_that_was_told(steps):
    path = path_of(steps)
    whole = told(replace(AGAIN, threshold=50_100.0), path)
    half = len(path) // 2
    assert told(replace(AGAIN, threshold=50_100.0), path[:half]) == [each for each in whole if each[0] <= half]


@given(STEPS)
def test_a_market_twice_as_expensive_fires_at_the_same_moments(steps):
    once = told(replace(AGAIN, threshold=50_100.0), path_of(steps))
    market = [2 * close for close in path_of(steps)]
    state = begin(replace(AGAIN, threshold=100_200.0), at_s=AS_OF_S, price=100_000.0)
    assert [c for c, _ in told(replace(AGAIN, threshold=100_200.0), market, state=state)] == [c for c, _ in once]


def test_an_alert_holds_what_its_kind_needs():
    for parts in ({"kind": "price"}, {"kind": "flip", "threshold": 1.0}, {"kind": "sweep"}, {"kind": "zone"}):
        with pytest.raises(ValueError, match=parts["kind"]):
            Alert(**parts)
    with pytest.raises(ValueError, match="reading"):
        begin(IN_75, at_s=AS_OF_S, price=50_000.0)


# recorded markets


def test_the_crash_of_5_february_crosses_its_levels_once_each(shared_data):
    """Bitcoin fell from 73,142 to 62,353 that day: every level between is told once, none twice within its hour."""
    from engine.sources.recorded import RecordedSource
    from engine.windows import parse_instant

    day = look_at(RecordedSource(shared_data).market("BTC", parse_instant("2026-02-06T00:00:00Z")))
    start_s = parse_instant("2026-02-05T00:00:00Z")
    candles = day.market.lead.candles
    at = int(np.searchsorted(candles.end_s, start_s, side="right"))
    opened = float(candles.open[at])
    today = slice(at, len(candles))
    counts = {}
    for level in range(60_000, 80_000, 1_000):
        alert = Alert(kind="price", threshold=float(level))
        fired = evaluate(alert, begin(alert, at_s=start_s, price=opened), day).fired
        counts[level] = fired is not None
        assert counts[level] == bool(candles.low[today].min() <= level <= candles.high[today].max())
    assert 8 <= sum(counts.values()) <= 12
