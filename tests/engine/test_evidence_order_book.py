"""Order book: walls before and behind a zone, thin and heavy ways, and books that do not reach."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.evidence.order_book import assess
from engine.grid import LOG_STEP
from engine.market import MissingInput, OrderBook
from engine.results import Evidence

STEPS = 60


@pytest.fixture(scope="module")
def context(hand):
    return hand.context(hand.venue(hand.candles(hand.walk(1))))


def with_book(context, *, asks=(), bids=(), size=1.0, steps=STEPS):
    """A book with one order of `size` in the middle of each 0.1 % step, and steps of other sizes: {step: size}."""
    away = LOG_STEP * (0.5 + np.arange(steps))
    sizes = {"ask": np.full(steps, size), "bid": np.full(steps, 1.0)}
    for side, changes in (("ask", asks), ("bid", bids)):
        for step, changed in dict(changes).items():
            sizes[side][step] = changed
    book = OrderBook(
        time_s=context.as_of_s,
        bid_price=context.price * np.exp(-away),
        bid_size=sizes["bid"],
        ask_price=context.price * np.exp(away),
        ask_size=sizes["ask"],
    )
    return replace(context, order_book=book)


def assessed(hand, context, distance=0.02):
    evidence = assess(hand.band(context, distance), context)
    assert isinstance(evidence, Evidence)
    return evidence


def test_an_even_book_says_nothing(hand, context):
    evidence = assessed(hand, with_book(context))
    assert evidence.value == pytest.approx(0)
    assert evidence.reason.startswith("Neutral:")


def test_a_wall_on_the_way_lowers_a_zone_and_is_named(hand, context):
    walled = with_book(context, asks={10: 30.0})
    evidence = assessed(hand, walled)
    assert evidence.value < -0.6
    assert "30 times the usual size, rests before the zone" in evidence.reason
    assert f"{context.price * np.exp(10.5 * LOG_STEP):,.0f}" in evidence.reason


def test_a_wall_just_behind_the_zone_raises_it_a_little(hand, context):
    evidence = assessed(hand, with_book(context, asks={24: 30.0}))
    assert 0.1 < evidence.value <= 0.25 + 1e-9
    assert "just behind the zone" in evidence.reason


def test_a_wall_far_behind_the_zone_changes_nothing(hand, context):
    assert assessed(hand, with_book(context, asks={50: 30.0})).value == pytest.approx(0)


def test_a_wall_on_the_other_side_is_not_in_the_way(hand, context):
    assert assessed(hand, with_book(context, bids={10: 30.0})).value > 0


def test_a_thin_way_raises_a_zone_and_a_heavy_one_lowers_it(hand, context):
    thin, heavy = assessed(hand, with_book(context, size=0.3)), assessed(hand, with_book(context, size=3.0))
    assert thin.value > 0.2
    assert "is thin: 23 % of what rests within 2.0 % of price" in thin.reason
    assert heavy.value < -0.2


@given(step=st.integers(0, 18), size=st.floats(0.5, 60), more=st.floats(0, 60))
def test_more_resting_on_the_way_never_raises_a_zone(hand, context, step, size, more):
    before = assessed(hand, with_book(context, asks={step: size})).value
    after = assessed(hand, with_book(context, asks={step: size + more})).value
    assert -1 <= after <= before + 1e-9


def test_a_book_that_shows_less_than_half_of_the_way_is_missing_and_says_how_far_it_reaches(hand, context):
    short = with_book(context, steps=8)
    missing = assess(hand.band(short, 0.02), short)
    assert isinstance(missing, MissingInput)
    assert missing.input == "order_book"
    assert "reaches 0.8 %" in missing.effect
    assert isinstance(assess(hand.band(short, 0.01), short), Evidence)


def test_without_a_book_it_is_missing(hand, context):
    missing = assess(hand.band(context, 0.02), context)
    assert isinstance(missing, MissingInput)
    assert (missing.input, missing.venue) == ("order_book", None)


def test_a_zone_at_the_price_can_be_asked_about(hand, context):
    assert -1 <= assessed(hand, with_book(context, asks={1: 30.0}), distance=1e-9).value <= 1
