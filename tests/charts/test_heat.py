import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

from charts.heat import HeatImage, draw_heat, full_scale, heat_image, shade
from charts.scales import PriceRange
from charts.theme import DARK, heat_table, rgb
from engine.grid import LOG_STEP
from engine.results import MapColumns

STEP_S = 300
FIRST_BIN = 9_000


def columns_of(long_usd: list[list[float]], short_usd: list[list[float]] | None = None) -> MapColumns:
    longs = np.array(long_usd, dtype=np.float32)
    shorts = np.zeros_like(longs) if short_usd is None else np.array(short_usd, dtype=np.float32)
    return MapColumns(
        time_s=STEP_S * np.arange(1, len(longs) + 1), first_bin=FIRST_BIN, long_usd=longs, short_usd=shorts
    )


def everything(columns: MapColumns) -> PriceRange:
    return PriceRange(columns.grid.low * 1.00001, columns.grid.high / 1.00001)


def image_of(columns: MapColumns, shown: PriceRange | None = None, *, rows: int = 100, across: int = 100) -> HeatImage:
    span_s = (0.0, float(columns.time_s[-1]))
    image = heat_image(columns, shown or everything(columns), span_s, most_rows=rows, most_columns=across)
    assert image is not None
    return image


def test_each_cell_is_one_bin_at_one_moment_and_sums_both_sides() -> None:
    image = image_of(columns_of([[1, 2, 0], [4, 5, 0]], [[0, 0, 3], [0, 0, 6]]))
    assert image.cells.tolist() == [[1, 4], [2, 5], [3, 6]]


def test_a_column_stands_over_the_time_up_to_the_moment_it_was_known() -> None:
    image = image_of(columns_of([[1], [2], [3]]))
    assert (image.left_s, image.right_s) == (0, 3 * STEP_S)


def test_rows_stand_at_the_edges_of_their_bins() -> None:
    columns = columns_of([[1, 2, 3]])
    image = image_of(columns, PriceRange(columns.grid.edges[1] * 1.0001, columns.grid.edges[2] * 0.9999))
    assert image.cells.tolist() == [[2]]
    assert (image.low, image.high) == pytest.approx(((FIRST_BIN + 1) * LOG_STEP, (FIRST_BIN + 2) * LOG_STEP))


def test_a_gap_repeats_what_was_known_before_it() -> None:
    late = replace(columns_of([[1], [2], [3], [9]]), time_s=np.array([300, 600, 900, 1_800]))
    assert image_of(late).cells.tolist() == [[1, 2, 3, 3, 3, 9]]


def test_what_is_not_a_positive_number_is_nothing() -> None:
    assert image_of(columns_of([[math.nan, -1, 2, math.inf]])).cells[:, 0].tolist() == [0, 0, 2, 0]


@pytest.mark.parametrize("part", [(0.5, 0.6), (2.0, 3.0)])
def test_a_range_beyond_the_columns_holds_no_image(part: tuple[float, float]) -> None:
    columns = columns_of([[1, 2]])
    shown = PriceRange(*(columns.grid.low * factor for factor in part))
    assert heat_image(columns, shown, (0, 600), most_rows=9, most_columns=9) is None


def test_columns_without_a_moment_hold_no_image() -> None:
    columns = columns_of([[1, 2]])
    assert heat_image(columns, everything(columns), (5_000, 6_000), most_rows=9, most_columns=9) is None


@given(st.integers(1, 40), st.integers(1, 60))
def test_summing_bins_into_rows_neither_loses_nor_adds_mass(rows: int, bins: int) -> None:
    mass = [list(range(1, bins + 1))]
    image = image_of(columns_of(mass), rows=rows)
    assert image.cells.sum() == pytest.approx(sum(mass[0]))
    assert len(image.cells) <= rows + 1
    assert image.low <= FIRST_BIN * LOG_STEP + 1e-9
    assert image.high >= (FIRST_BIN + bins) * LOG_STEP - 1e-9


def test_one_bright_bin_does_not_darken_the_rest() -> None:
    cells = np.ones((40, 40), dtype=np.float32)
    cells[3, 7] = 1e9
    assert full_scale(cells) == 1
    assert shade(cells / full_scale(cells)).min() == 255


def test_shades_rise_with_mass_and_stop_at_full_scale() -> None:
    shades = shade(np.array([0, 0.01, 0.1, 0.5, 1, 7]))
    assert shades[0] == 0
    assert np.all(np.diff(shades[:5].astype(int)) > 0)
    assert shades[4] == shades[5] == 255


def test_an_empty_map_is_drawn_as_nothing_and_not_as_full() -> None:
    axes = Figure().add_subplot()
    draw_heat(axes, image_of(columns_of([[0, 0], [0, 0]])), DARK)
    (drawn,) = axes.images
    assert {tuple(row) for row in drawn.get_array().reshape(-1, 4).tolist()} == {(*rgb(DARK.heat[0]), 255)}


def test_the_drawn_image_stands_where_its_cells_do() -> None:
    axes = Figure().add_subplot()
    image = image_of(columns_of([[1, 0], [1, 8]]))
    draw_heat(axes, image, DARK)
    (drawn,) = axes.images
    assert drawn.get_extent() == [image.left_s, image.right_s, image.low, image.high]
    assert drawn.origin == "lower"
    assert drawn.get_array()[1, 1].tolist() == heat_table(DARK)[255].tolist()


NAN = math.nan


def test_a_moment_of_which_nothing_is_known_is_no_empty_one() -> None:
    image = image_of(columns_of([[1, 2], [NAN, NAN], [0, 0], [NAN, 3]], [[0, 0], [NAN, NAN], [0, 0], [NAN, NAN]]))
    assert image.known.tolist() == [True, False, True, True]
    axes = Figure().add_subplot()
    draw_heat(axes, image, DARK)
    (drawn,) = axes.images
    alpha = drawn.get_array()[:, :, 3]
    assert (alpha[:, 1] == 0).all()
    assert (alpha[:, [0, 2, 3]] == 255).all()
    assert drawn.get_array()[0, 2].tolist() == [*rgb(DARK.heat[0]), 255]


@pytest.mark.parametrize(
    ("known", "gap"),
    [
        ([1, 1, 1], None),
        ([NAN, 1, 1], (0, 300)),
        ([1, NAN, NAN], (300, 900)),
        ([NAN, 1, NAN, NAN, 1, NAN], (600, 1_200)),
        ([NAN, NAN], (0, 600)),
    ],
)
def test_the_widest_gap_is_found_wherever_it_lies(known: list[float], gap: tuple[float, float] | None) -> None:
    mass = [[value] for value in known]
    assert image_of(columns_of(mass, mass)).widest_gap_s() == gap
