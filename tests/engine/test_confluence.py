"""How much speaks for a zone: agreement of inputs and ages, what chance would give, and the score."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.confluence import (
    EVIDENCE_REACH,
    INPUT_WEIGHT,
    SUPPORT_FROM,
    SUPPORT_FULL,
    UNCLEAR_SCORE,
    Voices,
    agree,
    score,
    support,
)
from engine.results import Evidence
from engine.zones import SideView

SIZE = 40
ZONE = slice(10, 12)
FIRST, LAST = 110, 111
"""The zone's grid bins; views begin at grid bin 100."""


def voice(name="a map", *, percentile=0.0, hit=False, elsewhere=0.3):
    """A view that sees the zone at a percentile, and everything else at another."""
    ranks = np.full(SIZE, elsewhere)
    ranks[ZONE] = percentile
    hits = np.zeros(SIZE, dtype=bool)
    hits[10] = hit
    flat = np.ones(SIZE)
    return SideView(
        name=name, side="above", first_bin=100, profile=flat, usd=flat, residual=flat, percentile=ranks,
        bright=hits, hit=hits, side_interest_usd=1.0,
    )  # fmt: skip


def voices(*by_input, ages=()):
    """One tuple of percentiles per input, one percentile per age; full marks count as hits."""
    names = ("open interest", "flow", "swings")
    return Voices(
        inputs=tuple(
            (name, tuple(voice(percentile=each, hit=each >= 0.95) for each in percentiles))
            for name, percentiles in zip(names, by_input, strict=False)
        ),
        ages=tuple(voice(f"age {i}", percentile=each, hit=each >= 0.95) for i, each in enumerate(ages)),
    )


def agreement(*by_input, ages=()):
    return agree(voices(*by_input, ages=ages), FIRST, LAST).agreement


# agreement


def test_support_grows_in_a_line_between_its_two_percentiles():
    middle = (SUPPORT_FROM + SUPPORT_FULL) / 2
    assert support(np.array([0, SUPPORT_FROM, middle, SUPPORT_FULL, 1])) == pytest.approx([0, 0, 0.5, 1, 1])


@pytest.mark.parametrize(("shown", "expected"), [(1, 20.0), (2, 40.0), (3, 60.0)])
def test_each_of_three_inputs_adds_a_third_of_their_weight(shown, expected):
    inputs = [(1.0,) if i < shown else (0.1,) for i in range(3)]
    assert agreement(*inputs, ages=(0.1, 0.1, 0.1, 0.1)) == pytest.approx(expected)


@pytest.mark.parametrize(("shown", "expected"), [(1, 10.0), (2, 20.0), (3, 30.0), (4, 40.0)])
def test_each_of_four_disjoint_ages_adds_a_quarter_of_theirs(shown, expected):
    ages = [1.0 if i < shown else 0.1 for i in range(4)]
    assert agreement((0.1,), (0.1,), (0.1,), ages=ages) == pytest.approx(expected)


def test_full_agreement_is_100_and_none_is_0():
    assert agreement((1.0,), (1.0,), (1.0,), ages=(1, 1, 1, 1)) == pytest.approx(100)
    assert agreement((0.1,), (0.1,), (0.1,), ages=(0, 0, 0, 0)) == 0


def test_another_input_counts_more_than_another_window_of_the_same_input():
    one_window = agreement((1.0, 0.1, 0.1, 0.1), (0.1,), (0.1,))
    another_window = agreement((1.0, 1.0, 0.1, 0.1), (0.1,), (0.1,))
    another_input = agreement((1.0, 0.1, 0.1, 0.1), (1.0,), (0.1,))
    assert another_input - one_window > another_window - one_window > 0


def test_one_input_counts_once_however_many_maps_it_has():
    assert agreement((1.0,), (0.1,), (0.1,)) == pytest.approx(agreement((1.0,) * 4, (0.1,), (0.1,)))


def test_another_input_counts_twice_as_much_as_another_age():
    one_more_input = INPUT_WEIGHT / 3
    one_more_age = (1 - INPUT_WEIGHT) / 4
    assert one_more_input == pytest.approx(2 * one_more_age)


def test_without_ages_the_inputs_are_all_there_is():
    assert agreement((1.0,), (0.1,)) == pytest.approx(50)


def test_an_input_agrees_when_any_of_its_maps_is_bright_inside_the_zone():
    asked = voices((0.1, 1.0), (0.1,), ages=(1.0, 0.1))
    for first, last, agrees in ((110, 111, True), (108, 110, True), (111, 112, False), (109, 109, False)):
        found = agree(asked, first, last)
        assert [vote.agrees for vote in found.inputs] == [agrees, False]
        assert [vote.agrees for vote in found.ages] == [agrees, False]
    assert [vote.name for vote in found.inputs] == ["open interest", "flow"]


def test_an_age_tells_its_best_percentile_in_the_zone():
    assert [age.percentile for age in agree(voices((0.1,), ages=(0.8, 0.4)), FIRST, LAST).ages] == [0.8, 0.4]


@given(seed=st.integers(0, 1_000), width=st.integers(1, 50))
@settings(max_examples=40)
def test_agreement_by_chance_is_the_mean_over_all_shifts_of_the_zone(seed, width):
    """A brute-force average: every view slides along the side, each on its own."""
    random = np.random.default_rng(seed)
    inputs = [[random.random(SIZE) for _ in range(maps)] for maps in (2, 1)]
    ages = [random.random(SIZE) for _ in range(3)]
    asked = Voices(
        inputs=tuple((str(i), tuple(_view_of(ranks) for ranks in maps)) for i, maps in enumerate(inputs)),
        ages=tuple(_view_of(ranks) for ranks in ages),
    )

    def mean_support(ranks):
        shifts = range(max(SIZE - width, 0) + 1)
        seen = [max(ranks[shift : shift + width]) for shift in shifts]
        return sum(min(max((each - 0.75) / 0.2, 0), 1) for each in seen) / len(seen)

    by_input = [sum(map(mean_support, maps)) / len(maps) for maps in inputs]
    by_age = [mean_support(ranks) for ranks in ages]
    expected = 100 * (0.6 * sum(by_input) / 2 + 0.4 * sum(by_age) / 3)
    assert agree(asked, 100, 99 + width).by_chance == pytest.approx(expected)


def _view_of(ranks):
    flat = np.ones(SIZE)
    return SideView(
        name="a map", side="below", first_bin=100, profile=flat, usd=flat, residual=flat, percentile=ranks,
        bright=flat > 1, hit=flat > 1, side_interest_usd=1.0,
    )  # fmt: skip


def test_chance_agreement_does_not_depend_on_where_the_zone_is():
    asked = voices((1.0,), (0.8,), ages=(0.9, 0.2))
    assert agree(asked, 110, 111).by_chance == agree(asked, 130, 131).by_chance


# score


def evidence(*values, weights=None):
    weights = weights or [1.0] * len(values)
    return [
        Evidence(name=str(i), value=value, weight=weight, reason="A reason.")
        for i, (value, weight) in enumerate(zip(values, weights, strict=True))
    ]


@pytest.mark.parametrize(
    ("agreement_", "values", "expected"),
    [
        (60, (), 60),
        (60, (0, 0), 60),
        (60, (1, 1), 60 + 0.4 * 40),
        (60, (-1, -1), 60 - 0.4 * 60),
        (60, (1, -1), 60),
        (60, (1, 0), 60 + 0.4 * 0.5 * 40),
        (0, (1,), 40),
        (100, (-1,), 60),
    ],
)
def test_evidence_closes_or_takes_away_a_share_of_the_room(agreement_, values, expected):
    assert score(agreement_, evidence(*values), clear=True) == pytest.approx(expected)


def test_evidence_counts_by_weight():
    mixed = evidence(1.0, -1.0, weights=[3.0, 1.0])
    assert score(50, mixed, clear=True) == pytest.approx(50 + EVIDENCE_REACH * 0.5 * 50)


def test_missing_evidence_is_left_out_of_sum_and_weights():
    """One input of five counts in full when the others are missing, and a fifth when they are neutral."""
    alone = score(50, evidence(1.0), clear=True)
    among_neutral = score(50, evidence(1.0, 0, 0, 0, 0), clear=True)
    assert alone - 50 == pytest.approx(5 * (among_neutral - 50))


def test_a_zone_that_is_not_clear_scores_at_most_twenty():
    assert score(90, evidence(1.0), clear=False) == UNCLEAR_SCORE == 20
    assert score(10, evidence(-1.0), clear=False) == pytest.approx(6)


values = st.lists(st.floats(-1, 1), max_size=5)


@given(agreement_=st.floats(0, 100), spoken=values, clear=st.booleans())
def test_scores_stay_within_0_and_100(agreement_, spoken, clear):
    assert 0 <= score(agreement_, evidence(*spoken), clear=clear) <= 100


@given(agreement_=st.floats(0, 100), spoken=values, more=st.floats(0, 1))
def test_raising_one_piece_of_evidence_never_lowers_a_score(agreement_, spoken, more):
    for i in range(len(spoken)):
        raised = [*spoken]
        raised[i] = min(raised[i] + more, 1)
        assert (
            score(agreement_, evidence(*raised), clear=True) >= score(agreement_, evidence(*spoken), clear=True) - 1e-9
        )


@given(agreement_=st.floats(0, 100), spoken=st.lists(st.floats(-1, 0), max_size=4), extra=st.floats(0, 1))
def test_adding_positive_evidence_to_what_is_not_positive_never_lowers_a_score(agreement_, spoken, extra):
    with_it = score(agreement_, evidence(*spoken, extra), clear=True)
    assert with_it >= score(agreement_, evidence(*spoken), clear=True) - 1e-9


@given(lower=st.floats(0, 100), more=st.floats(0, 100), spoken=values)
def test_more_agreement_never_lowers_a_score(lower, more, spoken):
    higher = min(lower + more, 100)
    assert score(higher, evidence(*spoken), clear=True) >= score(lower, evidence(*spoken), clear=True) - 1e-9


def test_the_order_of_evidence_does_not_matter():
    spoken = evidence(0.5, -0.2, 0.9, weights=[1.0, 2.0, 0.5])
    scores = {round(score(40, order, clear=True), 9) for order in itertools.permutations(spoken)}
    assert len(scores) == 1
