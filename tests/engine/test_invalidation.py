"""What would prove a reading wrong: which conditions are stated, and when each one has come true."""

import math
from dataclasses import replace

import numpy as np
import pytest

from engine.evidence.market_structure import STANDING
from engine.invalidation import VALID_FOR_S, conditions, is_met, watched_key
from engine.market import Funding
from engine.results import Condition, Setup
from engine.setup import judge_setup
from tests.engine.made_zones import AS_OF_S, DEFAULTS, M1_3D, M1_12H, M1_24H, M2_3D, map_of, zone_at

HOUR = 3_600
PUBLISHED_S = AS_OF_S
UNTIL_S = AS_OF_S + VALID_FOR_S


def condition(kind, threshold, operator="<", **rest):
    return Condition(
        kind=kind,
        price=None,
        timeframe="1h",
        operator=operator,
        threshold=threshold,
        until_s=UNTIL_S,
        text="it",
        **rest,
    )


@pytest.fixture
def after(hand):
    """Builds the market some bars of 5 minutes after publication, from closes (an hour and a half of flat ones before).

    interest, if given, holds open interest at the same bars; other parts go to the venue.
    """

    def build(closes, *, interest=None, rates=None, **arrays):
        before = 18
        padded = np.concatenate((np.full(before, 50_000.0), closes))
        end_s = PUBLISHED_S + 300 * len(closes)
        funding = rates and Funding(
            time_s=np.array([time_s for time_s, _ in rates]),
            rate=np.array([rate for _, rate in rates]),
            interval_s=28_800,
        )
        parts = {} if interest is None else {"open_interest": np.concatenate((np.full(before, 1_000.0), interest))}
        extremes = {name: np.concatenate((padded[:before], values)) for name, values in arrays.items()}
        candles = hand.candles(padded, bar_s=300, end_s=end_s, **extremes)
        return hand.market(hand.venue(candles, funding=funding, **parts), as_of_s=end_s)

    return build


# close beyond


CLOSE_ABOVE = condition("close_beyond", 51_000.0, ">")


def hours_of(*closes):
    """Bars of 5 minutes that drift to each hourly close over its hour."""
    return np.concatenate([np.linspace(50_000.0, close, 12) for close in closes])


def test_a_close_of_an_hour_beyond_the_price_meets_the_condition(after):
    assert is_met(CLOSE_ABOVE, published_s=PUBLISHED_S, market=after(hours_of(50_500, 51_001))) is True
    assert is_met(CLOSE_ABOVE, published_s=PUBLISHED_S, market=after(hours_of(50_500, 51_000))) is False


def test_a_close_below_counts_for_its_own_operator_only(after):
    below = condition("close_beyond", 49_000.0, "<")
    assert is_met(below, published_s=PUBLISHED_S, market=after(hours_of(48_999))) is True
    assert is_met(below, published_s=PUBLISHED_S, market=after(hours_of(51_000))) is False


def test_a_close_inside_the_hour_or_a_wick_does_not_count(after):
    inside = np.array([*np.linspace(50_000, 52_000, 11), 50_900.0])
    assert is_met(CLOSE_ABOVE, published_s=PUBLISHED_S, market=after(inside)) is False


def test_before_the_first_full_hour_nothing_can_be_told(after):
    assert is_met(CLOSE_ABOVE, published_s=PUBLISHED_S, market=after(np.full(11, 55_000.0))) is None


def test_a_close_before_publication_does_not_count(after):
    market = after(hours_of(55_000, 50_000))
    assert is_met(CLOSE_ABOVE, published_s=PUBLISHED_S, market=market) is True
    assert is_met(CLOSE_ABOVE, published_s=PUBLISHED_S + HOUR, market=market) is False


def test_a_close_after_the_condition_ran_out_does_not_count(after):
    market = after(hours_of(50_000, 55_000))
    ends_early = replace(CLOSE_ABOVE, until_s=PUBLISHED_S + HOUR)
    ends_with_it = replace(CLOSE_ABOVE, until_s=PUBLISHED_S + 2 * HOUR)
    assert is_met(ends_early, published_s=PUBLISHED_S, market=market) is False
    assert is_met(ends_with_it, published_s=PUBLISHED_S, market=market) is True


# open interest


OI_FALLS = condition("oi_change", -0.03, reference=1_000.0)


def test_open_interest_that_falls_far_enough_meets_the_condition(after):
    flat = np.full(6, 50_000.0)
    fallen = after(flat, interest=[1_000, 990, 980, 969, 1_000, 1_000])
    held = after(flat, interest=[1_000, 990, 980, 971, 1_000, 1_000])
    assert is_met(OI_FALLS, published_s=PUBLISHED_S, market=fallen) is True
    assert is_met(OI_FALLS, published_s=PUBLISHED_S, market=held) is False


def test_open_interest_at_publication_or_after_the_end_does_not_count(after):
    market = after(np.full(6, 50_000.0), interest=[1_000, 1_000, 1_000, 1_000, 1_000, 900])
    assert is_met(OI_FALLS, published_s=PUBLISHED_S, market=market) is True
    early = replace(OI_FALLS, until_s=PUBLISHED_S + 5 * 300 - 1)
    assert is_met(early, published_s=PUBLISHED_S, market=market) is False


def test_a_bar_of_unknown_open_interest_says_nothing(after):
    market = after(np.full(3, 50_000.0), interest=[1_000, np.nan, 0.0])
    assert is_met(OI_FALLS, published_s=PUBLISHED_S - 300, market=market) is False
    unknown = after(np.full(3, 50_000.0), interest=[1_000, np.nan, np.nan])
    assert is_met(OI_FALLS, published_s=PUBLISHED_S, market=unknown) is None


def test_without_open_interest_or_before_publication_nothing_can_be_told(after):
    flat = np.full(6, 50_000.0)
    assert is_met(OI_FALLS, published_s=PUBLISHED_S, market=after(flat)) is None
    known_later = after(flat, interest=np.full(6, 900.0))
    assert is_met(OI_FALLS, published_s=PUBLISHED_S - 7 * HOUR, market=known_later) is None


def test_a_venue_that_falls_silent_does_not_look_like_positions_that_left(after, hand):
    """The second venue is gone from the market: the first is compared with itself, not with both."""
    market = after(np.full(6, 50_000.0), interest=np.full(6, 1_000.0))
    both = replace(OI_FALLS, reference=1_600.0)
    assert is_met(both, published_s=PUBLISHED_S, market=market) is False


def test_venues_are_added_up(after, hand):
    one = after(np.full(6, 50_000.0), interest=np.full(6, 1_000.0)).lead
    fallen = replace(one, venue="bybit", open_interest=np.where(np.arange(24) < 22, 500.0, 440.0))
    market = hand.market(one, fallen, as_of_s=PUBLISHED_S + 6 * 300)
    assert is_met(OI_FALLS, published_s=PUBLISHED_S, market=market) is True
    less = replace(fallen, open_interest=np.where(np.arange(24) < 22, 500.0, 460.0))
    market = hand.market(one, less, as_of_s=PUBLISHED_S + 6 * 300)
    assert is_met(OI_FALLS, published_s=PUBLISHED_S, market=market) is False


# funding


FLIP = condition("funding_flip", 0.0, "<", reference=0.0001)


@pytest.mark.parametrize(("rate", "met"), [(-0.00001, True), (0.0, False), (0.0001, False)])
def test_the_next_settlement_tells_whether_funding_flipped(after, rate, met):
    market = after(np.full(12, 50_000.0), rates=[(PUBLISHED_S - 8 * HOUR, 0.0001), (PUBLISHED_S + HOUR, rate)])
    assert is_met(FLIP, published_s=PUBLISHED_S, market=market) is met


def test_funding_that_shorts_pay_flips_upwards(after):
    up = condition("funding_flip", 0.0, ">", reference=-0.0001)
    market = after(np.full(12, 50_000.0), rates=[(PUBLISHED_S + HOUR, 0.00002)])
    assert is_met(up, published_s=PUBLISHED_S, market=market) is True


def test_a_settlement_at_publication_or_after_the_end_does_not_count(after):
    market = after(np.full(24, 50_000.0), rates=[(PUBLISHED_S, -0.0001), (PUBLISHED_S + 2 * HOUR, -0.0001)])
    assert is_met(FLIP, published_s=PUBLISHED_S, market=market) is True
    early = replace(FLIP, until_s=PUBLISHED_S + 2 * HOUR - 1)
    assert is_met(early, published_s=PUBLISHED_S, market=market) is None


def test_without_a_settlement_nothing_can_be_told(after):
    flat = np.full(12, 50_000.0)
    assert is_met(FLIP, published_s=PUBLISHED_S, market=after(flat)) is None
    assert is_met(FLIP, published_s=PUBLISHED_S, market=after(flat, rates=[(PUBLISHED_S - HOUR, -0.1)])) is None


# a zone that fades


ABOVE, BELOW = zone_at(51_000).band, zone_at(49_000).band


def fades(band, key=M1_24H):
    return replace(condition("zone_fades", 0.5, key=key, reference=1e6, band=band), price=band.price)


def later_map(usd, *, key=M1_24H, as_of_s=PUBLISHED_S + HOUR):
    return map_of(key=key, shorts={51_100.0: usd}, longs={48_900.0: usd}, as_of_s=as_of_s)


@pytest.mark.parametrize("band", [ABOVE, BELOW], ids=["above", "below"])
@pytest.mark.parametrize(("usd", "met"), [(499_999, True), (500_000, False), (2e6, False), (0, True)])
def test_a_zone_fades_when_it_has_lost_more_than_half_of_its_mass_untouched(after, band, usd, met):
    market = after(hours_of(50_000))
    assert is_met(fades(band), published_s=PUBLISHED_S, market=market, map_=later_map(usd)) is met


@pytest.mark.parametrize(
    ("band", "wick"),
    [
        (ABOVE, {"high": np.array([*[50_000.0] * 11, 51_000.0])}),
        (BELOW, {"low": np.array([*[50_000.0] * 11, 49_000.0])}),
    ],
    ids=["above", "below"],
)
def test_a_zone_that_is_swept_did_not_fade(after, band, wick):
    swept = after(np.full(12, 50_000.0), **wick)
    assert is_met(fades(band), published_s=PUBLISHED_S, market=swept, map_=later_map(0)) is False


def test_a_touch_before_publication_does_not_count(after):
    touched_early = after(np.full(12, 50_000.0), high=np.array([51_500.0, *[50_000.0] * 11]))
    asked = {"published_s": PUBLISHED_S + 300, "market": touched_early, "map_": later_map(0)}
    assert is_met(fades(ABOVE), **asked) is True
    assert is_met(fades(ABOVE), **{**asked, "published_s": PUBLISHED_S}) is False


def test_without_its_map_nothing_can_be_told(after):
    market = after(hours_of(50_000))
    assert is_met(fades(ABOVE), published_s=PUBLISHED_S, market=market) is None
    other = later_map(0, key=M2_3D)
    assert is_met(fades(ABOVE), published_s=PUBLISHED_S, market=market, map_=other) is None


def test_a_map_of_publication_or_of_after_the_end_tells_nothing(after):
    market = after(hours_of(50_000, 50_000))
    for as_of_s in (PUBLISHED_S, PUBLISHED_S - HOUR, UNTIL_S + 1):
        late = later_map(0, as_of_s=as_of_s)
        assert is_met(fades(ABOVE), published_s=PUBLISHED_S, market=market, map_=late) is None


# which conditions are stated


@pytest.fixture(scope="module")
def context(hand):
    """A busy market put at 50,000, where the zones made by hand are."""
    context = hand.context(hand.busy(1))
    return replace(context, price=50_000.0, structure=replace(context.structure, levels=()))


@pytest.fixture
def state(context):
    def build(*zones, setup=None, map_=None, **parts):
        held = map_ or map_of(shorts={51_100.0: 1e6}, longs={48_900.0: 3e6})
        return conditions(zones, setup or judge_setup(zones), replace(context, **parts), held)

    return build


def kinds(found):
    return [item.kind for item in found]


def test_a_favoured_side_is_proved_wrong_by_a_close_into_the_other_sides_zone(state):
    found = state(zone_at(51_000, score=80), zone_at(49_000, index=10))
    assert (found[0].kind, found[0].operator, found[0].threshold) == ("close_beyond", "<", 49_000)
    assert found[0].text == "an hourly close below 49,000"
    mirrored = state(zone_at(49_000, score=80), zone_at(51_000, index=10))
    assert (mirrored[0].operator, mirrored[0].price) == (">", 51_000)


def test_without_a_favoured_side_a_close_beyond_either_far_edge_proves_it_wrong(state):
    found = state(zone_at(51_000, score=40), zone_at(49_000, score=40))
    assert [(item.operator, item.price) for item in found[:2]] == [(">", 51_200), ("<", 48_800)]


def test_a_close_within_an_hours_noise_proves_nothing(state, context):
    """The best zone begins .1 % below: the next edge that an ordinary hour does not reach counts."""
    noise = context.volatility.daily_sigma / math.sqrt(24)
    assert 0.002 < noise < 0.02
    near = zone_at(49_950, index=10, width=50)
    farther = zone_at(50_000 * (1 - 2 * noise), index=5)
    assert state(zone_at(51_000, score=80), near, farther)[0].price == farther.band.near


def test_where_zones_are_too_near_a_swing_or_extreme_counts(context, hand):
    structure = hand.context(hand.busy(1)).structure
    level = next(each for each in structure.levels if each.kind in STANDING)
    noise = context.volatility.daily_sigma / math.sqrt(24)
    standing = [replace(level, price=50_000 * (1 - each * noise)) for each in (3, 1.5, 0.5)]
    there = replace(context, structure=replace(structure, levels=tuple(standing)))
    zones = (zone_at(51_000, score=80), zone_at(49_950, index=10, width=50))
    found = conditions(zones, judge_setup(zones), there, map_of())
    assert found[0].price == standing[1].price
    assert found[0].text == f"an hourly close below {standing[1].words()}"


def test_with_nothing_outside_the_noise_the_farthest_edge_serves(state):
    near = zone_at(49_950, index=10, width=50)
    assert state(zone_at(51_000, score=80), near)[0].price == near.band.far


def test_open_interest_must_fall_by_twice_its_usual_daily_change_and_at_least_two_percent(state, context):
    found = next(item for item in state(zone_at(51_000), zone_at(49_000)) if item.kind == "oi_change")
    typical = context.open_interest.typical_change(24)
    assert found.threshold == -max(0.02, 2 * typical)
    assert found.reference == context.open_interest.amount[-1]


def test_the_favoured_sides_zone_is_watched_for_fading(state):
    found = next(item for item in state(zone_at(51_000, score=80), zone_at(49_000, index=10)) if item.key)
    assert (found.kind, found.price, found.reference, found.threshold) == ("zone_fades", 51_100, 1e6, 0.5)
    assert found.text == "the zone at 51,100 fades by half on M1 24h without being touched"


def test_without_a_favoured_side_the_first_zone_is_watched(state):
    found = next(item for item in state(zone_at(49_000, score=40), zone_at(51_000, score=50)) if item.key)
    assert (found.price, found.reference) == (48_900, 3e6)


def test_a_zone_that_the_watched_map_does_not_hold_is_not_watched(state):
    assert "zone_fades" not in kinds(state(zone_at(51_000), zone_at(49_000), map_=map_of()))


@pytest.mark.parametrize(
    ("rate", "operator", "words"),
    [(0.0001, "<", "shorts pay in place of longs"), (-0.0001, ">", "longs pay in place of shorts")],
)
def test_a_flip_of_funding_proves_the_reading_wrong_where_somebody_pays(state, context, rate, operator, words):
    funding = replace(context.funding, rate=rate)
    found = state(zone_at(51_000), zone_at(49_000), funding=funding)[-1]
    assert (found.kind, found.operator, found.threshold) == ("funding_flip", operator, 0.0)
    assert words in found.text


def test_funding_near_zero_is_not_watched(state, context):
    nearly = replace(context.funding, rate=0.000019)
    assert "funding_flip" not in kinds(state(zone_at(51_000), zone_at(49_000), funding=nearly))


def test_inputs_that_are_missing_state_no_condition(state):
    found = state(zone_at(51_000), zone_at(49_000), funding=None, open_interest=None)
    assert set(kinds(found)) == {"close_beyond", "zone_fades"}


def test_every_condition_ends_after_three_days_and_holds_what_it_needs(state, context):
    for found in state(zone_at(51_000), zone_at(49_000)):
        assert found.until_s == context.as_of_s + 72 * HOUR
        assert found.text
        if found.kind == "zone_fades":
            assert found.key is not None
            assert found.band is not None
        if found.kind != "close_beyond":
            assert found.reference is not None


def test_conditions_of_a_trap_hold_for_both_sides(state):
    trap = Setup(verdict="trap_both_sides", strength=1.0, reasons=())
    found = state(zone_at(51_000, score=80), zone_at(49_000, score=80), setup=trap)
    assert {item.operator for item in found if item.kind == "close_beyond"} == {"<", ">"}


def test_a_stated_condition_is_not_yet_met_when_it_is_published(state, hand):
    """At the moment of the answer every condition is either false or cannot be told."""
    market = hand.market(hand.busy(1))
    for found in state(zone_at(51_000), zone_at(49_000)):
        assert is_met(found, published_s=market.as_of_s, market=market, map_=map_of()) in (False, None)


def test_the_fading_zone_is_watched_in_m1_24h_if_it_is_there():
    assert watched_key(DEFAULTS) == M1_24H
    assert watched_key((M2_3D, M1_3D, M1_12H)) == M2_3D
