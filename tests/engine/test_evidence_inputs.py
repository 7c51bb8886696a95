"""What holds for every input: order, values within -1..+1, mirrored markets, units of price, plain sentences."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.context import read_context
from engine.evidence import INPUTS, assess_all
from engine.evidence.statement import Part, weigh
from engine.results import Evidence
from engine.sources.recorded import RecordedSource

NAMES = ("market_structure", "open_interest", "funding", "order_book", "price_action")
_CONTEXTS = {}


def contexts(hand, seed):
    """One random market as it is, mirrored, and in another unit of price, without what is not symmetric by nature."""
    if seed not in _CONTEXTS:
        venue = hand.busy(seed)
        markets = (venue, hand.mirror.venue(venue), hand.cheaper.venue(venue))
        _CONTEXTS[seed] = tuple(hand.symmetric(hand.context(each)) for each in markets)
    return _CONTEXTS[seed]


def test_the_inputs_have_their_names_and_order():
    assert tuple(source.name for source in INPUTS) == NAMES


def test_every_input_answers_once_in_order(hand):
    context = hand.context(hand.busy(1))
    assessed = assess_all(hand.band(context, 0.02), context)
    assert tuple(evidence.name for evidence in assessed.evidence) == NAMES
    assert not assessed.missing
    bare = hand.context(hand.venue(hand.candles(hand.walk(1))))
    assessed = assess_all(hand.band(bare, 0.02), bare)
    assert tuple(evidence.name for evidence in assessed.evidence) == ("market_structure", "price_action")
    assert tuple(missing.input for missing in assessed.missing) == ("open_interest", "funding", "order_book")


ZONES = {
    "seed": st.integers(0, 7),
    "distance": st.floats(0.002, 0.06),
    "width": st.floats(0.001, 0.01),
    "sign": st.sampled_from((-1, 1)),
    "age_s": st.sampled_from((math.nan, 1_800.0, 18_000.0, 260_000.0)),
}


@pytest.mark.parametrize("source", INPUTS, ids=NAMES)
@given(**ZONES)
@settings(max_examples=40)
def test_a_mirrored_market_with_sides_swapped_says_the_same(hand, source, seed, distance, width, sign, age_s):
    context, mirrored, _ = contexts(hand, seed)
    band = hand.band(context, sign * distance, width=width, age_s=age_s)
    assert_same(source.assess(band, context), source.assess(hand.mirror.band(band), mirrored))


@pytest.mark.parametrize("source", INPUTS, ids=NAMES)
@given(**ZONES)
@settings(max_examples=40)
def test_the_unit_of_price_does_not_matter(hand, source, seed, distance, width, sign, age_s):
    context, _, cheaper = contexts(hand, seed)
    band = hand.band(context, sign * distance, width=width, age_s=age_s)
    assert_same(source.assess(band, context), source.assess(hand.cheaper.band(band), cheaper))


def assert_same(one, other):
    assert type(one) is type(other)
    if isinstance(one, Evidence):
        assert one.value == pytest.approx(other.value, abs=1e-6)


@given(**ZONES)
@settings(max_examples=60)
def test_values_stay_within_one_weights_are_equal_and_neutral_is_said(hand, seed, distance, width, sign, age_s):
    context = contexts(hand, seed)[0]
    for evidence in assess_all(hand.band(context, sign * distance, width=width, age_s=age_s), context).evidence:
        assert -1 <= evidence.value <= 1
        assert evidence.weight == 1.0
        assert evidence.reason.startswith("Neutral") == (abs(evidence.value) < 0.1)


def test_round_numbers_know_their_decade_only(hand):
    """With round numbers a market ten times dearer says the same; other factors move them."""
    venue = hand.busy(2)
    tenfold = replace(hand.cheaper, price=lambda price: price * 10)
    context, dearer = hand.context(venue), hand.context(tenfold.venue(venue))
    assert dearer.structure.round_step == pytest.approx(10 * context.structure.round_step)


def test_parts_add_up_within_one_and_the_driver_is_named_with_what_contests_it():
    strong, weak = Part(0.9, "Strong speaks for it."), Part(0.4, "Weak too.")
    against = Part(-0.6, "OI speaks against it.")
    assert weigh("x", [strong, weak]).value == 1.0
    assert weigh("x", [strong, weak]).reason == "Strong speaks for it."
    contested = weigh("x", [strong, against])
    assert contested.value == pytest.approx(0.3)
    assert contested.reason == "Strong speaks for it. But: OI speaks against it."
    cancelled = weigh("x", [Part(0.6, "Weak speaks for it."), against])
    assert cancelled.reason.startswith("Neutral, two sides cancel. ")
    assert weigh("x", [Part(-0.05, "Little happens.")]).reason == "Neutral: little happens."


@pytest.mark.parametrize("symbol", ["BTC", "ETH", "SOL"])
def test_every_sentence_on_the_recordings_is_whole(hand, shared_data, symbol):
    for as_of_s in (1_769_688_000, 1_770_292_800, 1_773_000_000):
        context = read_context(RecordedSource(shared_data).market(symbol, as_of_s))
        for distance in (-0.06, -0.02, 0.004, 0.03):
            assessed = assess_all(hand.band(context, distance, age_s=20_000.0), context)
            for evidence in assessed.evidence:
                assert evidence.reason[0].isupper() or evidence.reason[0].isdigit()
                assert evidence.reason.endswith(".")
                assert not any(word in evidence.reason for word in ("nan", "unknown", "inf ", "None"))
            assert [missing.input for missing in assessed.missing] == ["order_book"]
