from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure

from charts.profile import draw_profile, side_profile
from charts.scales import PriceRange
from charts.theme import DARK
from engine.results import Analysis, LiquidationMap


@pytest.fixture
def map_(make_analysis: Callable[..., Analysis]) -> LiquidationMap:
    """Shorts of $1M at +2 % and $3M at +5 %, longs of $2M at -4 %."""
    made = make_analysis(100.0).shown_map
    longs, shorts = np.zeros(made.grid.size), np.zeros(made.grid.size)
    shorts[made.grid.index(102)], shorts[made.grid.index(105)], longs[made.grid.index(96)] = 1e6, 3e6, 2e6
    return replace(made, long_usd=longs, short_usd=shorts)


def cumulative_at(map_: LiquidationMap, side: str, price: float) -> float:
    profile = side_profile(map_, side, PriceRange(90, 110))
    return float(profile.cumulative_usd[np.searchsorted(profile.edges, price, side="right") - 1])


def test_the_cumulative_curve_grows_from_the_price_outward(map_: LiquidationMap) -> None:
    assert [cumulative_at(map_, "above", price) for price in (101, 102, 104, 105, 109)] == [0, 1e6, 1e6, 4e6, 4e6]
    assert [cumulative_at(map_, "below", price) for price in (99, 96, 91)] == [0, 2e6, 2e6]


def test_what_lies_outside_the_range_is_not_counted(map_: LiquidationMap) -> None:
    assert side_profile(map_, "above", PriceRange(90, 103)).total_usd == 1e6


def test_a_range_on_one_side_of_the_price_leaves_the_other_empty(map_: LiquidationMap) -> None:
    assert side_profile(map_, "below", PriceRange(101, 110)).total_usd == 0


def test_unknown_mass_counts_as_nothing(map_: LiquidationMap) -> None:
    broken = replace(map_, short_usd=np.where(map_.short_usd == 1e6, np.nan, map_.short_usd))
    assert side_profile(broken, "above", PriceRange(90, 110)).total_usd == 3e6


def test_both_sides_share_one_scale_so_that_they_compare_by_eye(map_: LiquidationMap) -> None:
    axes = Figure().add_subplot()
    shown = PriceRange(90, 110)
    draw_profile(axes, tuple(side_profile(map_, side, shown) for side in ("above", "below")), DARK)
    ends = {line.get_label(): line.get_xdata() for line in axes.lines}
    assert max(ends["below cumulative"]) / max(ends["above cumulative"]) == pytest.approx(0.5)
    bars = {patch.get_label(): patch.get_data().values for patch in axes.patches}
    assert max(bars["below profile"]) / max(bars["above profile"]) == pytest.approx(2 / 3)


def test_curves_start_at_the_price_with_nothing(map_: LiquidationMap) -> None:
    axes = Figure().add_subplot()
    shown = PriceRange(90, 110)
    draw_profile(axes, tuple(side_profile(map_, side, shown) for side in ("above", "below")), DARK)
    for line in axes.lines:
        assert line.get_xdata()[0] == 0
        assert np.exp(line.get_ydata()[0]) == pytest.approx(100, rel=1.1e-3)  # the edge of the price's bin


def test_an_empty_profile_draws_nothing(map_: LiquidationMap) -> None:
    axes = Figure().add_subplot()
    nothing = replace(map_, long_usd=np.full(map_.grid.size, np.nan), short_usd=np.zeros(map_.grid.size))
    draw_profile(axes, tuple(side_profile(nothing, side, PriceRange(90, 110)) for side in ("above", "below")), DARK)
    assert not axes.lines
    assert not axes.patches
