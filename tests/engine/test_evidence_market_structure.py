"""Market structure: what lies at a zone raises it, what stands on the way lowers it."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.evidence.market_structure import ANCHOR, assess
from engine.structure import Structure, StructureLevel
from engine.volume_profile import VolumeGap, VolumeNode, VolumeProfile

EXTREMES = ("swing_high", "week_high", "day_high", "previous_day_high", "us_high")


@pytest.fixture(scope="module")
def context(hand):
    return hand.context(hand.venue(hand.candles(hand.walk(1, sigma_h=0.004))))


def assessed(hand, context, *, levels=(), nodes=(), gaps=(), round_step=None, distance=0.03, width=0.003):
    """Assess a zone in a chart with only these levels {log distance: kind}, nodes (from, to, share), gaps."""
    at = {key: context.price * math.exp(key) for key in dict(levels)}
    structure = Structure(
        levels=tuple(StructureLevel(kind, at[key], 1_769_900_400) for key, kind in dict(levels).items()),
        profile=VolumeProfile(
            tuple(
                VolumeNode(
                    low=context.price * math.exp(low),
                    high=context.price * math.exp(high),
                    peak=context.price * math.exp((low + high) / 2),
                    volume_share=share,
                )
                for low, high, share in nodes
            ),
            tuple(VolumeGap(context.price * math.exp(low), context.price * math.exp(high)) for low, high in gaps),
        ),
        round_step=round_step,
    )
    return assess(hand.band(context, distance, width=width), replace(context, structure=structure))


def test_a_swing_high_at_a_zone_raises_it_and_is_named(hand, context):
    evidence = assessed(hand, context, levels={0.031: "swing_high"})
    assert evidence.value > 0.3
    price = f"{context.price * math.exp(0.031):,.0f}"
    assert evidence.reason == (
        f"The swing high {price} of 31 Jan 2026 23:00 UTC lies at the zone: stops and entries cluster there."
    )


def test_a_zone_in_empty_space_is_lowered_and_told_so(hand, context):
    evidence = assessed(hand, context)
    assert -0.3 < evidence.value < 0
    assert evidence.reason == "No swing, extreme, VWAP or volume node lies at the zone: nothing anchors it."


def test_a_heavy_node_on_the_way_lowers_a_zone_and_is_named(hand, context):
    evidence = assessed(hand, context, nodes=[(0.01, 0.02, 0.3)])
    assert evidence.value < assessed(hand, context).value - 0.3
    assert "stands in the way: prices that saw 30 % of 14 days' volume" in evidence.reason


def test_the_node_in_which_price_trades_does_not_count_as_in_the_way(hand, context):
    assert assessed(hand, context, nodes=[(-0.01, 0.02, 0.3)]).value == assessed(hand, context).value


def test_nodes_behind_the_zone_or_on_the_other_side_do_not_count(hand, context):
    assert (
        assessed(hand, context, nodes=[(0.05, 0.06, 0.3), (-0.03, -0.01, 0.3)]).value == assessed(hand, context).value
    )


def test_several_extremes_on_the_way_lower_a_zone_and_the_first_is_named(hand, context):
    evidence = assessed(hand, context, levels={0.008 + 0.002 * step: "swing_high" for step in range(6)})
    assert evidence.value < assessed(hand, context).value
    first = f"{context.price * math.exp(0.008):,.0f}"
    assert f"6 swings and extremes stand between price and the zone, the first at {first}" in evidence.reason


def test_a_way_through_volume_gaps_raises_a_zone(hand, context):
    assert assessed(hand, context, gaps=[(0.005, 0.02)]).value > assessed(hand, context).value


def test_one_price_with_five_names_is_one_level(hand, context):
    structure = Structure(
        levels=tuple(StructureLevel(kind, context.price * math.exp(0.031)) for kind in EXTREMES),
        profile=VolumeProfile((), ()),
        round_step=None,
    )
    several = assess(hand.band(context, 0.03), replace(context, structure=structure))
    assert several.value == assessed(hand, context, levels={0.031: "week_high"}).value


def test_round_numbers_count_where_they_are_rare_and_not_where_they_are_everywhere(hand, context):
    price_at_zone = context.price * math.exp(0.0315)
    rare = assessed(hand, context, round_step=price_at_zone)
    everywhere = assessed(hand, context, round_step=price_at_zone / 1_000)
    assert rare.value > everywhere.value
    assert everywhere.value == assessed(hand, context).value


LEVELS = st.dictionaries(st.floats(-0.05, 0.08), st.sampled_from(sorted(ANCHOR)), max_size=8)
NODES = st.lists(st.tuples(st.floats(0.001, 0.029), st.floats(0.03, 0.05), st.floats(0, 0.4)), max_size=2)


@given(levels=LEVELS, nodes=NODES, at=st.floats(0.03, 0.033), kind=st.sampled_from(sorted(ANCHOR)))
def test_a_level_inside_a_zone_never_lowers_it(hand, context, levels, nodes, at, kind):
    before = assessed(hand, context, levels=levels, nodes=nodes).value
    after = assessed(hand, context, levels={**levels, at: kind}, nodes=nodes).value
    assert before >= -1
    assert (before <= after + 1e-12) or at in levels
    assert after <= 1


@given(levels=LEVELS, nodes=NODES, at=st.floats(0.001, 0.025), kind=st.sampled_from(sorted(ANCHOR)))
def test_a_level_on_the_way_never_raises_a_zone(hand, context, levels, nodes, at, kind):
    before = assessed(hand, context, levels=levels, nodes=nodes).value
    after = assessed(hand, context, levels={**levels, at: kind}, nodes=nodes).value
    assert after <= before + 1e-12 or at in levels


@given(share=st.floats(0, 0.5), more=st.floats(0, 0.5))
def test_a_heavier_node_on_the_way_never_raises_a_zone(hand, context, share, more):
    light = assessed(hand, context, nodes=[(0.01, 0.02, share)]).value
    heavy = assessed(hand, context, nodes=[(0.01, 0.02, share + more)]).value
    assert heavy <= light + 1e-12
