"""Price action: direction, rejections at the zone, and the volatility regime."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.evidence.price_action import assess
from engine.market import MissingInput
from engine.price_action import PriceAction, Wick


@pytest.fixture(scope="module")
def context(hand):
    return hand.context(hand.venue(hand.candles(hand.walk(1))))


def action_of(*, trend=0.0, momentum_4h=0.0, momentum_24h=0.0, wicks=()):
    return PriceAction(trend=trend, momentum_4h=momentum_4h, momentum_24h=momentum_24h, wicks=tuple(wicks))


def assessed(hand, context, action, *, distance=0.02, percentile=0.5):
    volatility = replace(context.volatility, percentile=percentile)
    return assess(hand.band(context, distance), replace(context, price_action=action, volatility=volatility))


def wick_at(context, distance, *, size=2.0, side="above"):
    return Wick(side=side, price=context.price * math.exp(distance), size_sigmas=size, time_s=1_769_900_400)


def test_momentum_towards_a_zone_raises_it_and_momentum_away_lowers_it(hand, context):
    rising = action_of(trend=0.6, momentum_4h=1.0, momentum_24h=1.3)
    above, below = assessed(hand, context, rising), assessed(hand, context, rising, distance=-0.02)
    assert above.value > 0.3
    assert below.value == pytest.approx(-above.value)
    assert above.reason == (
        "Price moves towards the zone: +1.0 sigma in 4 h, +1.3 sigma in 24 h, +0.6 sigma by the day's trend."
    )
    assert below.reason.startswith("Price moves away from the zone")


def test_a_rejection_at_the_zone_lowers_it_and_is_named(hand, context):
    evidence = assessed(hand, context, action_of(wicks=[wick_at(context, 0.021)]))
    assert evidence.value == pytest.approx(-0.5)
    assert "was sold at the zone on 31 Jan 2026" in evidence.reason
    assert "2.0 hourly sigmas long" in evidence.reason


@pytest.mark.parametrize("wick", [{"distance": 0.05}, {"distance": 0.01}, {"distance": 0.021, "side": "below"}])
def test_a_rejection_elsewhere_or_of_the_other_side_does_not(hand, context, wick):
    assert assessed(hand, context, action_of(wicks=[wick_at(context, **wick)])).value == 0


def test_a_lively_regime_raises_and_a_quiet_one_lowers(hand, context):
    lively, quiet = (assessed(hand, context, action_of(), percentile=share) for share in (0.95, 0.05))
    assert lively.value == pytest.approx(-quiet.value)
    assert lively.value > 0.2
    assert lively.reason == "Volatility is higher than in 95 % of its past: price reaches far."
    assert quiet.reason == "Volatility is lower than in 95 % of its past: price reaches less far."


def test_nothing_special_is_called_neutral(hand, context):
    assert assessed(hand, context, action_of(momentum_4h=0.05)).reason.startswith("Neutral: ")


@given(momentum=st.floats(-5, 5), more=st.floats(0, 5), trend=st.floats(-2, 2))
def test_more_momentum_towards_a_zone_never_lowers_it(hand, context, momentum, more, trend):
    before = assessed(hand, context, action_of(trend=trend, momentum_24h=momentum)).value
    after = assessed(hand, context, action_of(trend=trend, momentum_24h=momentum + more)).value
    assert -1 <= before <= after + 1e-12
    assert after <= 1


@given(size=st.floats(0.8, 5), more=st.floats(0, 5), distance=st.floats(0.015, 0.03))
def test_a_longer_or_further_wick_at_a_zone_never_raises_it(hand, context, size, more, distance):
    one = assessed(hand, context, action_of(wicks=[wick_at(context, distance, size=size)])).value
    longer = assessed(hand, context, action_of(wicks=[wick_at(context, distance, size=size + more)])).value
    two = assessed(
        hand, context, action_of(wicks=[wick_at(context, distance, size=size), wick_at(context, 0.021, size=1.0)])
    ).value
    assert longer <= one + 1e-12
    assert two <= one + 1e-12


def test_what_gaps_hide_is_left_out_and_nothing_at_all_is_missing(hand, context):
    nan = math.nan
    partly = assessed(hand, context, action_of(trend=nan, momentum_24h=nan, momentum_4h=2.0), percentile=nan)
    assert partly.value > 0.3
    assert "24 h" not in partly.reason
    nothing = assessed(hand, context, action_of(trend=nan, momentum_24h=nan, momentum_4h=nan), percentile=nan)
    assert isinstance(nothing, MissingInput)
    assert nothing.input == "price_action"
