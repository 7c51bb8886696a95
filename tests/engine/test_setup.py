"""The verdict, its strength and its reasons, and the bait, each on zones made by hand."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.setup import (
    BALANCED_RATIO,
    DECISIVE_RATIO,
    best_zone,
    clause,
    favoured_side,
    judge_setup,
    name_bait,
    nearest_zone,
    pull,
    reachable,
)
from tests.engine.made_zones import says, zone_at

SELDOM = (0.01, 0.05, 0.24)
OFTEN = (0.1, 0.15, 0.25)


def texts(setup, sign):
    return [reason.text for reason in setup.reasons if reason.sign == sign]


# reach and pull


def test_a_zone_is_within_reach_from_one_touch_in_four_within_72_hours():
    assert reachable(zone_at(51_000, touch=OFTEN))
    assert not reachable(zone_at(51_000, touch=SELDOM))


def test_pull_is_size_times_score_over_the_zones_of_a_side_within_reach():
    zones = [
        zone_at(51_000, score=80, index=100),
        zone_at(52_000, score=50, index=40),
        zone_at(60_000, score=90, index=90, touch=SELDOM),
        zone_at(49_000, score=60, index=30),
    ]
    assert pull(zones, "above") == 80 * 100 + 50 * 40
    assert pull(zones, "below") == 60 * 30
    assert pull(zones[2:3], "above") == 0


# verdicts


@pytest.mark.parametrize(("near", "other", "verdict"), [(51_000, 49_000, "upside"), (49_000, 51_000, "downside")])
def test_the_side_of_the_larger_pull_is_favoured(near, other, verdict):
    setup = judge_setup([zone_at(near, score=80, index=100), zone_at(other, score=60, index=30)])
    assert setup.verdict == f"{verdict}_sweep"
    assert favoured_side(setup) == ("above" if near > other else "below")


def test_strong_zones_of_similar_pull_on_both_sides_are_a_trap():
    setup = judge_setup([zone_at(51_000, score=70, index=100), zone_at(49_000, score=70, index=80)])
    assert setup.verdict == "trap_both_sides"
    assert favoured_side(setup) is None
    assert setup.strength == pytest.approx(1 - math.log(100 / 80) / math.log(BALANCED_RATIO))
    assert texts(setup, 1) == [
        "a strong zone within reach on both sides: score 70 at 51,100, 70 at 48,900",
    ]
    assert texts(setup, -1) == ["by size times score above holds only 1.2 times as much"]


def test_a_trap_of_equal_pulls_has_full_strength():
    setup = judge_setup([zone_at(51_000, score=70), zone_at(49_000, score=70)])
    assert (setup.verdict, setup.strength) == ("trap_both_sides", 1.0)


def test_a_strong_zone_on_one_side_alone_is_no_trap():
    """Pulls are alike, yet below is two weak zones: that side holds no strong one."""
    weak = [zone_at(49_000 - 500 * i, score=50, index=50) for i in range(2)]
    assert judge_setup([zone_at(51_000, score=56, index=100), *weak]).verdict == "upside_sweep"


@pytest.mark.parametrize(
    "zones",
    [
        [zone_at(51_000, score=54), zone_at(49_000, score=30)],
        [zone_at(51_000, score=90, touch=SELDOM), zone_at(49_000, score=30)],
        [zone_at(51_000, score=20, clear=False), zone_at(49_000, score=20, clear=False)],
    ],
    ids=["none is strong", "the strong one is out of reach", "none is clear"],
)
def test_without_a_strong_zone_within_reach_there_is_no_clear_edge(zones):
    setup = judge_setup(zones)
    assert (setup.verdict, setup.strength) == ("no_clear_edge", 0.0)
    assert len(setup.reasons) == 1


def test_no_clear_edge_names_the_best_zone_within_reach():
    setup = judge_setup([zone_at(51_000, score=54), zone_at(49_000, score=30)])
    assert texts(setup, 1) == [
        "the best zone within reach scores 54 (above, 51,100), below the 55 that counts as strong"
    ]
    none = judge_setup([zone_at(51_000, clear=False), zone_at(49_000, touch=SELDOM)])
    assert texts(none, 1) == ["no clear zone within reach on either side"]


# strength


def test_strength_is_the_log_ratio_of_pulls_up_to_the_decisive_one():
    twice = judge_setup([zone_at(51_000, score=60, index=100), zone_at(49_000, score=60, index=50)])
    assert twice.strength == pytest.approx(math.log(2) / math.log(DECISIVE_RATIO))
    for index in (10, 5, 0):
        assert judge_setup([zone_at(51_000, index=100), zone_at(49_000, index=index)]).strength == pytest.approx(1)


@pytest.mark.parametrize(("value", "factor"), [(1.0, 1.3), (0.5, 1.15), (0.0, 1.0), (-0.5, 0.85), (-1.0, 0.7)])
def test_price_action_at_the_favoured_zone_confirms_or_weakens(value, factor):
    speaking = (says("price_action", value),)
    setup = judge_setup([zone_at(51_000, score=60, index=100, evidence=speaking), zone_at(49_000, score=60, index=50)])
    assert setup.verdict == "upside_sweep"
    assert setup.strength == pytest.approx(math.log10(2) * factor)


def test_price_action_at_the_other_side_changes_nothing():
    silent, speaking = (
        judge_setup([zone_at(51_000, score=60, index=100), zone_at(49_000, score=60, index=50, evidence=evidence)])
        for evidence in ((), (says("price_action", 1.0),))
    )
    assert silent.strength == speaking.strength


@given(
    above=st.lists(st.tuples(st.floats(0, 100), st.floats(0, 100), st.floats(0, 1)), min_size=1, max_size=4),
    below=st.lists(st.tuples(st.floats(0, 100), st.floats(0, 100), st.floats(0, 1)), min_size=1, max_size=4),
    action=st.floats(-1, 1),
)
def test_mirrored_zones_mirror_the_verdict_and_keep_the_strength(above, below, action):
    def zones(up, down):
        return [
            zone_at(near * (1 + sign * i / 1_000), score=score, index=index, touch=(0, 0, chance),
                    evidence=(says("price_action", action),))
            for near, sign, side in ((51_000, 1, up), (49_000, -1, down))
            for i, (score, index, chance) in enumerate(side)
        ]  # fmt: skip

    setup, mirrored = judge_setup(zones(above, below)), judge_setup(zones(below, above))
    opposite = {"upside_sweep": "downside_sweep", "downside_sweep": "upside_sweep"}
    assert 0 <= setup.strength <= 1
    assert setup.reasons
    assert setup.strength == pytest.approx(mirrored.strength, abs=1e-9)
    if setup.strength > 1e-6:  # at equal pulls either side may be named, without strength
        assert mirrored.verdict == opposite.get(setup.verdict, setup.verdict)


# reasons


def test_reasons_compare_amounts_nearness_and_scores():
    zones = [
        zone_at(51_000, score=81, index=100, size_usd=1.82e8),
        zone_at(49_500, score=64, index=71, size_usd=1.29e8),
    ]
    setup = judge_setup(zones)
    assert texts(setup, 1) == [
        "$182M of modelled forced buying within reach, $129M of forced selling",
        "best score 81 above, 64 below",
    ]
    assert texts(setup, -1) == ["the nearest zone is below, 1.0 % away"]


def test_amounts_count_only_zones_within_reach():
    zones = [zone_at(51_000, score=80, size_usd=2e8), zone_at(49_000, index=10, size_usd=1e7, touch=SELDOM)]
    assert texts(judge_setup(zones), 1)[0] == "$200M of modelled forced buying within reach, $0 of forced selling"


def test_sizes_that_are_no_amounts_are_not_compared():
    setup = judge_setup([zone_at(51_000, score=80, size_usd=math.nan), zone_at(49_000, index=10, size_usd=math.nan)])
    assert not any("modelled" in reason.text for reason in setup.reasons)


def test_evidence_at_the_favoured_zone_is_told_strongest_first_and_what_is_faint_not_at_all():
    evidence = (
        says("funding", -0.3, "Longs pay funding."),
        says("market_structure", 0.6, "OI rose."),
        says("order_book", 0.1, "The book is even."),
    )
    zones = [zone_at(51_000, score=80, evidence=evidence), zone_at(49_000, index=10)]
    assert [(reason.sign, reason.text) for reason in judge_setup(zones).reasons[-2:]] == [
        (1, "OI rose"),
        (-1, "longs pay funding"),
    ]


def test_a_clause_has_no_full_stop_and_a_capital_only_in_abbreviations():
    assert clause("The book is thin.") == "the book is thin"
    assert clause("OI rose 2.1 % in 24 h.") == "OI rose 2.1 % in 24 h"


# which zone is meant


def test_the_best_zone_is_the_first_of_its_side():
    zones = [zone_at(51_000, score=70), zone_at(49_000, score=60), zone_at(50_500, score=50)]
    assert best_zone(zones, "above") is zones[0]
    assert best_zone(zones, "below") is zones[1]


def test_the_nearest_zone_is_a_clear_one_if_there_is_any():
    zones = [zone_at(51_000), zone_at(49_800, clear=False)]
    assert nearest_zone(zones) is zones[0]
    assert nearest_zone([zone_at(51_000, clear=False), zones[1]]) is zones[1]


# bait


def bait_of(*zones):
    return name_bait(zones, judge_setup(zones))


def test_the_bait_of_an_upside_sweep_is_its_failure_above():
    bait = bait_of(zone_at(51_000, score=80), zone_at(49_000, index=20))
    assert (bait.first_side, bait.then_side, bait.trigger) == ("above", "below", 51_000)
    assert bait.text == (
        "if 51,100 is swept and an hour closes back under 51,000, the squeeze of longs down to 48,900 is the other half"
    )


def test_the_bait_of_a_downside_sweep_is_its_failure_below():
    bait = bait_of(zone_at(49_000, score=80), zone_at(51_000, index=20))
    assert (bait.first_side, bait.then_side, bait.trigger) == ("below", "above", 49_000)
    assert bait.text == (
        "if 48,900 is swept and an hour closes back above 49,000, the squeeze of shorts up to 51,100 is the other half"
    )


@pytest.mark.parametrize("score", [70, 30])
def test_without_a_favoured_side_the_nearest_zone_goes_first(score):
    """A trap (70) and no clear edge (30) alike."""
    assert bait_of(zone_at(51_000, score=score), zone_at(49_500, score=score)).first_side == "below"
