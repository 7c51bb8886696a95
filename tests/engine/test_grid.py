import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.grid import BIN_RATIO, LogGrid

PRICES = st.floats(min_value=1e-8, max_value=1e8)
ROUNDING = 1e-11
"""Relative; a price a rounding error away from an edge may fall to either side of it."""


@st.composite
def spans(draw: st.DrawFn) -> tuple[float, float]:
    low = draw(PRICES)
    return low, low * draw(st.floats(min_value=1.0, max_value=3.0))


def test_a_bin_is_a_tenth_of_a_percent_wide_and_the_first_starts_at_one() -> None:
    edges = LogGrid(0, 3).edges
    assert edges == pytest.approx([1.0, 1.001, 1.002001, 1.003003001], rel=1e-14)


def test_centers_are_geometric_and_one_fewer_than_edges() -> None:
    grid = LogGrid(-5, 10)
    assert grid.centers.shape == (10,)
    assert grid.edges.shape == (11,)
    assert grid.centers == pytest.approx(np.sqrt(grid.edges[:-1] * grid.edges[1:]), rel=1e-14)


@given(spans())
def test_a_grid_covers_its_span_and_no_bin_more(span: tuple[float, float]) -> None:
    low, high = span
    grid = LogGrid.covering(low, high)
    assert grid.low <= low * (1 + ROUNDING)
    assert grid.high >= high * (1 - ROUNDING)
    assert grid.low * BIN_RATIO >= low * (1 - ROUNDING)
    assert grid.high / BIN_RATIO <= high * (1 + ROUNDING)


@given(spans(), spans())
def test_all_grids_lie_on_one_lattice(one: tuple[float, float], other: tuple[float, float]) -> None:
    first, second = LogGrid.covering(*one), LogGrid.covering(*other)
    whole = LogGrid(min(first.first, second.first), 1)
    for grid in (first, second):
        bins_away = math.log(grid.low / whole.low) / math.log(BIN_RATIO)
        assert bins_away == pytest.approx(round(bins_away), abs=1e-6)


def test_a_longer_history_moves_no_edge() -> None:
    short, long = LogGrid.covering(60_000, 70_000), LogGrid.covering(50_000, 90_000)
    inside = slice(short.first - long.first, short.first - long.first + short.size + 1)
    np.testing.assert_array_equal(long.edges[inside], short.edges)


@given(spans(), st.floats(min_value=0, max_value=1))
def test_a_price_lies_in_the_bin_that_holds_it(span: tuple[float, float], share: float) -> None:
    grid = LogGrid.covering(*span)
    price = span[0] + share * (span[1] - span[0])
    edges = grid.edges
    assert edges[grid.index(price)] <= price * (1 + ROUNDING)
    assert edges[grid.index(price) + 1] >= price * (1 - ROUNDING)


def test_every_center_lies_in_its_own_bin() -> None:
    grid = LogGrid.covering(55_000, 85_000)
    assert [grid.index(price) for price in grid.centers] == list(range(grid.size))


def test_position_counts_bins_from_the_lower_edge() -> None:
    grid = LogGrid(1000, 50)
    assert grid.position(1.001**1000) == pytest.approx(0, abs=1e-9)
    assert grid.position(1.001**1012.5) == pytest.approx(12.5, abs=1e-9)
    assert grid.position(1.001**990) == pytest.approx(-10, abs=1e-9)


def test_a_price_outside_is_counted_in_the_outermost_bin() -> None:
    grid = LogGrid.covering(100, 110)
    assert grid.index(1.0) == 0
    assert grid.index(1e6) == grid.size - 1


def test_a_slice_holds_the_bins_of_both_its_ends() -> None:
    grid = LogGrid(0, 100)
    chosen = grid.slice_between(1.001**10.5, 1.001**20.5)
    assert (chosen.start, chosen.stop) == (10, 21)
    one_bin = grid.slice_between(1.001**10.2, 1.001**10.8)
    assert (one_bin.start, one_bin.stop) == (10, 11)


def test_a_slice_is_cut_at_the_ends_of_the_grid() -> None:
    grid = LogGrid(0, 100)
    chosen = grid.slice_between(0.5, 10.0)
    assert (chosen.start, chosen.stop) == (0, 100)


def test_low_and_high_are_the_outer_edges() -> None:
    grid = LogGrid.covering(60_000, 70_000)
    assert (grid.low, grid.high) == pytest.approx((grid.edges[0], grid.edges[-1]), rel=1e-15)


@pytest.mark.parametrize(
    ("low", "high"), [(0, 1), (-1, 1), (2, 1), (1, math.inf), (math.nan, 1), (1, math.nan), (math.inf, math.inf)]
)
def test_a_grid_over_no_prices_is_refused(low: float, high: float) -> None:
    with pytest.raises(ValueError, match="0 < low <= high"):
        LogGrid.covering(low, high)
