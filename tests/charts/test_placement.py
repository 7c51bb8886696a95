from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import isotonic_regression

from charts.placement import Wish, place

PLACES = st.floats(-100, 1_100)
WISHES = st.lists(st.builds(Wish, PLACES, st.floats(5, 60), st.floats(0.5, 20)), min_size=1, max_size=9)


def test_labels_with_room_stay_where_they_wish() -> None:
    assert place([Wish(100, 20), Wish(50, 20)], 0, 200, gap=5) == [100, 50]


def test_two_labels_at_one_place_are_pushed_apart_evenly() -> None:
    assert place([Wish(100, 20), Wish(100, 20)], 0, 200, gap=4) == pytest.approx([88, 112])


def test_a_heavy_label_stays_and_the_light_one_gives_way() -> None:
    light, heavy = place([Wish(100, 20), Wish(100, 20, weight=1e6)], 0, 200, gap=4)
    assert heavy == pytest.approx(100, abs=1e-3)
    assert light == pytest.approx(76, abs=1e-3)


def test_a_label_beyond_the_end_is_brought_inside() -> None:
    assert place([Wish(-40, 20), Wish(260, 30)], 0, 200, gap=4) == [10, 185]


def test_with_too_little_room_labels_keep_their_order_between_the_ends() -> None:
    assert place([Wish(10, 60), Wish(20, 60)], 0, 100, gap=8) == [30, 70]


def test_no_labels_need_no_place() -> None:
    assert place([], 0, 100, gap=8) == []


@given(WISHES)
def test_labels_never_overlap_and_stay_between_the_ends(wishes: list[Wish]) -> None:
    middles = place(wishes, 0, 1_000, gap=7)
    spans = sorted((at - wish.size / 2, at + wish.size / 2) for wish, at in zip(wishes, middles, strict=True))
    assert all(upper[0] - lower[1] >= 7 - 1e-6 for lower, upper in pairwise(spans))
    assert spans[0][0] >= -1e-6
    assert spans[-1][1] <= 1_000 + 1e-6


@given(WISHES)
def test_the_weighted_shifts_are_the_least_possible(wishes: list[Wish]) -> None:
    """Against scipy's isotonic regression, far from both ends."""
    wishes = sorted(wishes, key=lambda wish: wish.at)
    offsets = np.cumsum([wish.size + 7 for wish in wishes]) - [wish.size / 2 + 7 for wish in wishes]
    wanted = np.array([wish.at for wish in wishes]) - offsets
    slack = isotonic_regression(wanted, weights=[wish.weight for wish in wishes]).x
    assert place(wishes, -1e5, 1e5, gap=7) == pytest.approx(slack + offsets)
