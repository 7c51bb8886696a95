"""Funding: who pays, how unusual that is, and what it means for zones on either side."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.evidence.funding import assess, crowding
from engine.market import MissingInput
from engine.positioning import FundingReading


def reading(rate=1e-4, lower=0.8, higher=0.2, typical=5e-5):
    return FundingReading(
        rate=rate, mean_3d=rate, typical=typical, lower_share=lower, higher_share=higher, history_s=90 * 86_400
    )


@pytest.fixture(scope="module")
def context(hand):
    return hand.context(hand.venue(hand.candles(hand.walk(1))))


def value(hand, context, side, funding):
    return assess(hand.band(context, 0.03 if side == "above" else -0.03), replace(context, funding=funding)).value


def test_crowded_longs_raise_zones_below_and_lower_zones_above(hand, context):
    crowded = reading(rate=2e-4, lower=0.95, higher=0.05)
    assert value(hand, context, "below", crowded) == pytest.approx(0.9)
    assert value(hand, context, "above", crowded) == pytest.approx(-0.9)


def test_crowded_shorts_raise_zones_above_and_lower_zones_below(hand, context):
    crowded = reading(rate=-2e-4, lower=0.05, higher=0.95)
    assert value(hand, context, "above", crowded) == pytest.approx(0.9)
    assert value(hand, context, "below", crowded) == pytest.approx(-0.9)


def test_a_high_rank_among_negative_rates_makes_no_crowd_of_longs(hand, context):
    assert value(hand, context, "below", reading(rate=-1e-5, lower=0.9, higher=0.1)) == 0


def test_the_usual_rate_makes_no_crowd(hand, context):
    evidence = assess(hand.band(context, -0.03), replace(context, funding=reading(lower=0.45, higher=0.5)))
    assert abs(evidence.value) < 0.1
    assert evidence.reason.startswith("Neutral: longs pay 0.010 % per 8 h")
    assert "no side is the crowd" in evidence.reason


def test_the_sentence_gives_rate_rank_and_crowd(hand, context):
    crowded = replace(context, funding=reading(rate=1e-4, lower=0.82, higher=0.18))
    assert assess(hand.band(crowded, -0.03), crowded).reason == (
        "Longs pay 0.010 % per 8 h, higher than 82 % of the last 90 days: "
        "longs are the crowd, and their liquidations lie below."
    )


@given(
    rate=st.floats(-5e-4, 5e-4), more=st.floats(0, 5e-4), lower=st.floats(0, 1), rise=st.floats(0, 1),
    typical=st.floats(0, 2e-4),
)  # fmt: skip
def test_a_higher_rate_never_makes_longs_less_of_a_crowd(rate, more, lower, rise, typical):
    higher_rank = lower + (1 - lower) * rise
    before = crowding(reading(rate, lower, 1 - lower, typical))
    after = crowding(reading(rate + more, higher_rank, 1 - higher_rank, typical))
    assert -1 <= before <= after + 1e-12
    assert after <= 1


@given(rate=st.floats(-5e-4, 5e-4), lower=st.floats(0, 1))
def test_shorts_paying_mirrors_longs_paying(rate, lower):
    assert crowding(reading(-rate, 1 - lower, lower)) == pytest.approx(-crowding(reading(rate, lower, 1 - lower)))


def test_without_funding_it_is_missing_and_says_what_that_does(hand, context):
    missing = assess(hand.band(context, 0.03), context)
    assert isinstance(missing, MissingInput)
    assert (missing.input, missing.venue) == ("funding", None)
    assert "crowd is not weighed" in missing.effect
