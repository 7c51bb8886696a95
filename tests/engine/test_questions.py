"""The checklist of better questions, each answered from the numbers of the moment."""

import math
import re

import pytest

from engine.analysis import analyse
from engine.questions import ask
from engine.results import Condition, Setup
from engine.setup import judge_setup, name_bait
from engine.sources.recorded import RecordedSource
from engine.windows import parse_instant
from tests.engine.made_zones import says, zone_at

SELDOM = (0.01, 0.05, 0.24)
NEAREST, FORCED, AGREE, ACTION, BAIT, WRONG = range(6)


def close(text):
    return Condition(
        kind="close_beyond", price=1.0, timeframe="1h", operator="<", threshold=1.0, until_s=0, text=text,
    )  # fmt: skip


def answers(*zones, setup=None, invalidation=()):
    verdict = setup or judge_setup(zones)
    return [asked.answer for asked in ask(zones, verdict, name_bait(zones, verdict), invalidation)]


def test_six_questions_are_asked_in_order():
    zones = (zone_at(51_000), zone_at(49_000))
    setup = judge_setup(zones)
    assert [asked.question for asked in ask(zones, setup, name_bait(zones, setup), ())] == [
        "Where is the nearest vulnerable leverage?",
        "Which side would create more forced buying or forced selling?",
        "Do several models and windows agree?",
        "Does price action confirm the idea or reject it?",
        "What is the opposite, bait scenario?",
        "What would make this reading wrong?",
    ]


# where is the nearest


def test_the_nearest_zone_is_told_with_distance_size_and_chance():
    assert answers(zone_at(51_000), zone_at(49_500, size_usd=2.5e7))[NEAREST] == (
        "Longs below the price, from 49,500 (-1.0 %), $25.0M modelled. "
        "A level that near was touched within 24 h 30 % of the time."
    )


def test_a_nearest_zone_whose_size_is_no_amount_is_told_by_index():
    said = answers(zone_at(50_400, size_usd=math.nan, index=71), zone_at(49_000))[NEAREST]
    assert said.startswith("Shorts above the price, from 50,400 (+0.8 %), index 71 modelled.")


def test_where_no_zone_is_clear_none_is_called_near():
    said = answers(zone_at(51_000, clear=False), zone_at(49_000, clear=False))[NEAREST]
    assert said == "No zone stands out on either side."


# which side would be forced


def test_the_side_of_the_larger_pull_is_told_with_both_amounts():
    zones = (zone_at(51_000, score=60, index=20, size_usd=5e7), zone_at(49_000, score=60, index=90, size_usd=2e8))
    assert answers(*zones)[FORCED] == (
        "Forced selling below, by size times score 4.5 to 1: $200M within reach against $50.0M of forced buying above."
    )


def test_a_large_ratio_is_told_without_decimals():
    zones = (zone_at(51_000, index=100, size_usd=2e8), zone_at(49_000, index=2, size_usd=4e6))
    assert answers(*zones)[FORCED].startswith("Forced buying above, by size times score 50 to 1: $200M within reach")


def test_pulls_that_round_to_one_are_about_the_same():
    zones = (zone_at(51_000, index=100, size_usd=2e8), zone_at(49_000, index=98, size_usd=1.96e8))
    assert answers(*zones)[FORCED] == (
        "About the same: forced buying above with $200M within reach against $196M of forced selling below."
    )


@pytest.mark.parametrize(("far", "side"), [(51_000, "forced selling below"), (49_000, "forced buying above")])
def test_a_side_out_of_reach_is_not_weighed(far, side):
    zones = tuple(zone_at(near, touch=SELDOM if near == far else (0.2, 0.3, 0.5)) for near in (51_000, 49_000))
    assert answers(*zones)[FORCED] == f"Only {side} is within reach: $100M."


def test_with_nothing_within_reach_neither_side_is_named():
    zones = (zone_at(51_000, touch=SELDOM), zone_at(49_000, touch=SELDOM))
    assert answers(*zones)[FORCED] == "Neither: no zone is within reach."


def test_a_pull_of_zero_has_no_ratio():
    zones = (zone_at(51_000, size_usd=2e8), zone_at(49_000, score=0, size_usd=4e6))
    assert answers(*zones)[FORCED] == "Forced buying above: $200M within reach against $4.00M of forced selling below."


# do maps agree


def test_agreement_tells_maps_inputs_and_what_chance_would_give():
    zones = (zone_at(51_000, score=72, hits=4, inputs=3), zone_at(49_000, score=40, hits=1, inputs=1))
    assert answers(*zones)[AGREE] == (
        "Above at 51,100: 4 of 4 maps and 3 of 3 inputs, agreement 72 where unrelated maps would give 25. "
        "Below at 48,900: 1 of 4 maps and 1 of 3 inputs, agreement 40 where unrelated maps would give 25."
    )


def test_a_side_without_a_clear_zone_has_no_agreement():
    said = answers(zone_at(51_000, clear=False), zone_at(49_000))[AGREE]
    assert said.startswith("Above no map shows a clear zone. Below at 48,900:")


# does price action confirm


@pytest.mark.parametrize(
    ("value", "reason", "said"),
    [
        (0.2, "Price moves towards the zone.", "It confirms 51,100 above: price moves towards the zone."),
        (-0.4, "OI fell.", "It speaks against 51,100 above: OI fell."),
        (0.15, "Price has no clear direction.", "Neither, for 51,100 above: price has no clear direction."),
        (0.05, "Neutral: the candles are quiet.", "Neither, for 51,100 above: the candles are quiet."),
        (
            0.0,
            "Neutral, two sides cancel. Price moves towards the zone. But: a wick was sold.",
            "Neither, for 51,100 above: price moves towards the zone. But: a wick was sold.",
        ),
    ],
)
def test_price_action_confirms_speaks_against_or_neither(value, reason, said):
    zones = (zone_at(51_000, score=80, evidence=(says("price_action", value, reason),)), zone_at(49_000, index=10))
    assert answers(*zones)[ACTION] == said


def test_price_action_is_asked_about_the_favoured_side():
    speaking = (says("price_action", 0.5, "Price falls."),)
    zones = (zone_at(49_000, score=80, evidence=speaking), zone_at(50_500, index=10))
    assert answers(*zones)[ACTION] == "It confirms 48,900 below: price falls."


def test_without_a_favoured_side_price_action_is_asked_about_the_nearest():
    speaking = (says("price_action", -0.5, "Price falls."),)
    trap = Setup(verdict="trap_both_sides", strength=1.0, reasons=())
    zones = (zone_at(51_000), zone_at(49_500, evidence=speaking))
    assert answers(*zones, setup=trap)[ACTION] == "It speaks against 49,400 below: price falls."


def test_without_price_action_the_answer_is_unknown():
    assert answers(zone_at(51_000), zone_at(49_000))[ACTION] == "Unknown: there is too little history to tell."


# bait, wrong if


def test_the_bait_is_a_sentence():
    said = answers(zone_at(51_000, score=80), zone_at(49_000, index=10))[BAIT]
    assert said == (
        "If 51,100 is swept and an hour closes back under 51,000, "
        "the squeeze of longs down to 48,900 is the other half."
    )


def test_every_condition_that_would_prove_it_wrong_is_told():
    stated = [close(f"condition {i}") for i in range(5)]
    said = answers(zone_at(51_000), zone_at(49_000), invalidation=stated)[WRONG]
    assert said == "Condition 0; or condition 1; or condition 2; or condition 3; or condition 4."


# on whole markets


@pytest.mark.parametrize(
    ("symbol", "at"),
    [
        ("BTC", "2026-02-05T12:00:00Z"),
        ("BTC", "2026-03-07T15:00:00Z"),
        ("ETH", "2026-01-15T12:00:00Z"),
        ("SOL", "2026-02-06T08:00:00Z"),
        ("SOL", "2026-01-24T10:00:00Z"),
    ],
)
def test_answers_on_the_recordings_are_sentences_without_holes(shared_data, symbol, at):
    answer = analyse(RecordedSource(shared_data).market(symbol, parse_instant(at)))
    said = [asked.answer for asked in answer.questions]
    said += [reading.finding + "." for reading in answer.reading]
    said += [reason.text + "." for reason in answer.setup.reasons]
    said += [condition.text + "." for condition in answer.invalidation] + [answer.bait.text + "."]
    for text in said:
        assert not re.search(r"nan|None|inf\b|unknown|  |\.\.|;;|: :|\{|\bneutral: neutral", text), text
        assert text.endswith(".")
        assert len(text) < 330, text
