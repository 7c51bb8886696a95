"""Open interest: the four quadrants, what raises and what lowers a zone, and where it says nothing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.evidence.open_interest import assess
from engine.market import MissingInput
from engine.results import Evidence


def context_of(hand, price_change, oi_change, *, hours=24):
    """A market whose price and open interest moved by these fractions over the last hours, after a quiet past."""
    ramp = np.clip((np.arange(480) - 479 + hours) / hours, 0, 1)
    close = hand.walk(1, hours=480, sigma_h=0.002)
    close = close / np.where(ramp > 0, close / close[479 - hours], 1.0)  # the last hours move only as the ramp says
    close = close * np.exp(np.log1p(price_change) * ramp)
    amount = 1_000 * np.exp(0.003 * np.random.default_rng(5).normal(size=480))
    # A snapshot is of its bar's open: the newest is one hour old, the one `hours` ago was taken at that very moment.
    amount[480 - hours :] = amount[480 - hours] * (1 + oi_change * np.linspace(0, 1, hours))
    return hand.context(hand.venue(hand.candles(close), open_interest=amount))


def value(hand, side, price_change, oi_change, age_s=float("nan")):
    context = context_of(hand, price_change, oi_change)
    evidence = assess(hand.band(context, 0.03 if side == "above" else -0.03, age_s=age_s), context)
    assert isinstance(evidence, Evidence)
    return evidence.value


@pytest.mark.parametrize(
    ("price_change", "oi_change", "above", "below"),
    [
        (+0.03, +0.05, 0, +1),  # fresh longs: liquidated below
        (-0.03, +0.05, +1, 0),  # fresh shorts: liquidated above
        (+0.03, -0.05, -1, 0),  # shorts covering: fewer left above
        (-0.03, -0.05, 0, -1),  # longs closing: fewer left below
    ],
)
def test_the_four_quadrants(hand, price_change, oi_change, above, below):
    assert np.sign(value(hand, "above", price_change, oi_change)) == above
    assert np.sign(value(hand, "below", price_change, oi_change)) == below


def test_fresh_longs_raise_a_zone_below_and_longs_closing_lower_it(hand):
    assert value(hand, "below", +0.03, +0.05) > 0.3
    assert value(hand, "below", -0.03, -0.05) < -0.3


def test_the_sentence_names_the_quadrant_with_its_numbers(hand):
    context = context_of(hand, 0.03, 0.05)
    reason = assess(hand.band(context, -0.03), context).reason
    assert reason == "OI rose 5.0 % in 24 h while price rose 3.0 %: fresh longs, liquidated below."


def test_a_small_change_is_called_neutral(hand):
    context = context_of(hand, 0.03, 0.0)
    reason = assess(hand.band(context, -0.03), context).reason
    assert reason.startswith("Neutral: OI stood still in 24 h while price rose 3.0 %")


def test_price_that_stood_still_does_not_tell_who_opened(hand):
    context = context_of(hand, 0.0, 0.05)
    evidence = assess(hand.band(context, -0.03), context)
    assert evidence.value == pytest.approx(0, abs=1e-6)
    assert "does not tell who opened" in evidence.reason


@given(
    price_change=st.floats(-0.06, 0.06), lower=st.floats(-0.15, 0.15), more=st.floats(0, 0.1),
    side=st.sampled_from(("above", "below")),
)  # fmt: skip
@settings(max_examples=25)
def test_more_open_interest_never_lowers_a_zone(hand, price_change, lower, more, side):
    low, high = value(hand, side, price_change, lower), value(hand, side, price_change, lower + more)
    assert -1 <= low <= high + 1e-9
    assert high <= 1


def test_the_change_since_the_zones_own_entries_counts_as_much_as_the_day(hand):
    """Open interest fell over the day, but rose with price since the zone's entries five hours ago."""
    close = np.full(480, 100.0) * np.exp(0.002 * (np.arange(480) % 2))
    amount = 1_000 * np.exp(0.002 * np.random.default_rng(5).normal(size=480))
    amount[-23:] = 900.0
    amount[-4:], close[-5:] = 960.0, close[-5:] * 1.02
    context = hand.context(hand.venue(hand.candles(close), open_interest=amount))
    day_only = assess(hand.band(context, -0.03), context)
    with_entries = assess(hand.band(context, -0.03, age_s=5 * 3_600.0), context)
    assert with_entries.value > day_only.value + 0.2
    assert "in 5 h" in with_entries.reason


def test_without_open_interest_it_is_missing_and_says_what_that_does(hand):
    context = hand.context(hand.venue(hand.candles(hand.walk(1))))
    missing = assess(hand.band(context, 0.03), context)
    assert isinstance(missing, MissingInput)
    assert (missing.input, missing.venue) == ("open_interest", None)
    assert "not weighed" in missing.effect


def test_open_interest_known_for_a_few_hours_only_is_missing(hand):
    amount = np.full(720, np.nan)
    amount[-5:] = 100.0
    context = hand.context(hand.venue(hand.candles(hand.walk(1)), open_interest=amount))
    assert isinstance(assess(hand.band(context, 0.03), context), MissingInput)
