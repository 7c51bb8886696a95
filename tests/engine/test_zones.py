"""Where a map is brighter than usual: hits, groups of hits, and bands, each worked by hand."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import rankdata

from engine.grid import BIN_RATIO, LOG_STEP, LogGrid
from engine.typical import DISTANCE_EDGES, TypicalProfile
from engine.zones import Frame, SideView, edge_price, extent, group_hits, sparse_extent, strongest_bin, view_side

GRID = LogGrid.covering(35_000.0, 70_000.0)
PRICE = float(GRID.centers[GRID.index(50_000.0)])
AT = GRID.index(PRICE)
FRAME = Frame(GRID, PRICE, 0.02)
FLAT = TypicalProfile(np.full(len(DISTANCE_EDGES) - 1, FRAME.daily_sigma / (LOG_STEP * GRID.size)))
"""A model whose maps usually are the same everywhere: what is brighter than the map's mean is unusual."""


def profile(background=1.0, **held):
    """A profile of `background` USD a bin, with more at bins counted from the price: up_10 is ten bins above it."""
    values = np.full(GRID.size, background)
    for name, usd in held.items():
        direction, bins = name.split("_")
        values[AT + (1 if direction == "up" else -1) * int(bins)] += usd
    return values


def view(values, side="above", *, typical=FLAT, interest=None):
    held = float(values.sum()) if interest is None else interest
    return view_side("a map", side, values, typical, FRAME, side_interest_usd=held)


def hits(seen):
    """The hits of a view, in bins from the price."""
    return (seen.first_bin + np.flatnonzero(seen.hit) - AT).tolist()


# the frame


def test_the_merge_width_is_point_15_percent_or_8_percent_of_a_daily_sigma():
    assert Frame(GRID, PRICE, 0.01).merge_bins == pytest.approx(0.0015 / math.log(1.001))
    assert Frame(GRID, PRICE, 0.05).merge_bins == pytest.approx(0.004 / math.log(1.001))


def test_zones_are_looked_for_within_five_percent_or_three_sigmas_of_72_hours():
    assert Frame(GRID, PRICE, 0.005).reach == 0.05
    assert Frame(GRID, PRICE, 0.02).reach == pytest.approx(3 * 0.02 * math.sqrt(3))


def test_the_sides_lie_on_either_side_of_the_price_and_leave_out_half_the_merge_width():
    above, below = FRAME.bins("above"), FRAME.bins("below")
    assert above.start - AT == AT - (below.stop - 1) == 1 + FRAME.half_width == 2
    assert GRID.centers[above.stop - 1] == pytest.approx(PRICE * math.exp(FRAME.reach), rel=BIN_RATIO - 1)
    assert GRID.centers[below.start] == pytest.approx(PRICE * math.exp(-FRAME.reach), rel=BIN_RATIO - 1)


def test_edges_are_those_of_the_grid():
    assert [edge_price(FRAME, bin_) for bin_ in (0, AT, GRID.size)] == pytest.approx(GRID.edges[[0, AT, GRID.size]])


# hits


def test_a_lone_peak_is_the_one_hit_of_its_side():
    values = profile(up_20=50.0)
    assert hits(view(values)) == [20 - FRAME.half_width]  # the first of the bins within the merge width of the peak
    assert hits(view(values, "below")) == []


def test_usd_of_a_bin_is_what_lies_within_the_merge_width():
    seen = view(profile(background=0.0, up_20=50.0, up_21=7.0))
    around = {int(seen.first_bin + i - AT): usd for i, usd in enumerate(seen.usd) if usd > 0}
    assert around == pytest.approx({19: 50.0, 20: 57.0, 21: 57.0, 22: 7.0})


def test_the_residual_is_the_log_of_brightness_over_what_is_usual():
    """Where one of three bins holds two instead of one, there is 4/3 of what a flat map would hold."""
    values = profile(up_20=1.0)
    seen = view(values)
    at = AT + 20 - seen.first_bin
    assert seen.residual[at] == pytest.approx(
        math.log(4 / (3 * values.mean())), abs=0.003
    )  # the floor under both is .02 USD
    assert seen.residual[at] - seen.residual[at + 20] == pytest.approx(math.log(4 / 3), abs=0.003)


def with_residual(residual):
    """A map whose peak 20 bins above the price is exp(residual) times what the typical profile expects there."""
    values = profile(up_20=30.0)
    brightest = float(np.exp(view(values).residual.max()))
    density = FLAT.density * brightest / math.exp(residual)
    return view(values, typical=TypicalProfile(density))


def test_a_hit_is_a_quarter_brighter_than_usual():
    assert hits(with_residual(math.log(1.26))) == [19]
    assert hits(with_residual(math.log(1.24))) == []


def test_a_hit_holds_at_least_two_in_a_thousand_of_the_open_interest():
    values = profile(up_20=30.0)
    held = 33.0  # the peak and its two neighbours
    assert hits(view(values, interest=held / 0.00201)) == [19]
    assert hits(view(values, interest=held / 0.00199)) == []


def test_a_hit_is_among_the_brightest_tenth():
    """Twelve equal peaks of three bins each, far apart: more bins than a tenth of the side are as bright."""
    reach = FRAME.bins("above").stop - AT
    many = {f"up_{place}": 50.0 for place in range(6, reach, 8)}
    assert len(many) >= 12
    assert hits(view(profile(**many))) == []
    few = {f"up_{place}": 50.0 for place in (20, 60)}
    assert hits(view(profile(**few))) == [19, 59]


def test_of_two_peaks_within_the_merge_width_the_brighter_is_the_hit():
    seen = view(profile(up_20=50.0, up_22=80.0))
    assert hits(seen) == [21]


def test_an_empty_map_has_no_hit():
    assert hits(view(np.zeros(GRID.size), interest=1.0)) == []


def test_a_cold_start_is_held_against_its_own_falling_fit():
    """Without past maps, a map that falls with distance has no hit; a bump on it has."""
    distance = np.abs(np.log(GRID.centers / PRICE))
    falling = 1 / (distance + 0.01)
    assert hits(view(falling, typical=None)) == []
    bump = falling.copy()
    bump[AT + 40] += 40 * falling[AT + 40]
    assert [abs(bin_ - 40) <= 1 for bin_ in hits(view(bump, typical=None))] == [True]


def test_brightness_near_the_price_alone_is_no_hit():
    """What is usual at its distance is not unusual, however bright it is."""
    middles = (DISTANCE_EDGES[1:] + DISTANCE_EDGES[:-1]) / 2
    typical = TypicalProfile(np.exp(-middles))
    away = np.abs(np.log(GRID.centers / PRICE)) / FRAME.daily_sigma
    usual = np.interp(away, middles, typical.density)
    assert np.ptp(usual[FRAME.bins("above")]) > 0.5
    assert hits(view(usual / usual.sum() * FRAME.daily_sigma / LOG_STEP, typical=typical)) == []


@given(values=st.lists(st.integers(0, 5), min_size=2, max_size=60))
@settings(max_examples=40)
def test_percentiles_are_mean_ranks_from_zero_to_one(values):
    from engine.zones import _ranks

    expected = (rankdata(values) - 1) / (len(values) - 1)
    np.testing.assert_allclose(_ranks(np.array(values, dtype=float)), expected)


def test_outside_the_view_there_is_no_percentile():
    seen = view(profile(up_20=50.0, up_21=1.0, up_19=2.0))
    assert math.isnan(seen.best_percentile(0, seen.first_bin - 1))
    assert math.isnan(seen.best_percentile(seen.first_bin + len(seen.usd), GRID.size))
    assert seen.best_percentile(0, GRID.size) == 1.0
    assert seen.best_percentile(AT + 20, AT + 20) == 1.0
    assert not seen.shows(0, seen.first_bin - 1)
    assert seen.shows(AT + 20, AT + 20)


# groups


def view_with_hits(*bins, side="above"):
    """A view of which only the hits matter, at bins counted from the price."""
    there = FRAME.bins(side)
    size = there.stop - there.start
    hit = np.zeros(size, dtype=bool)
    hit[[AT + bin_ - there.start for bin_ in bins]] = True
    flat = np.ones(size)
    return SideView(
        name="a map", side=side, first_bin=there.start, profile=flat, usd=flat, residual=flat, percentile=flat,
        bright=hit, hit=hit, side_interest_usd=1.0,
    )  # fmt: skip


def groups(*views, sigma=0.05):
    """Groups of hits, in bins from the price; with a sigma of 5 % hits within four bins are one zone."""
    found = group_hits(views, Frame(GRID, PRICE, sigma))
    return sorted(tuple(bin_ - AT for bin_ in group.bins) for group in found)


def test_hits_of_several_maps_within_the_merge_width_are_one_group():
    assert math.floor(Frame(GRID, PRICE, 0.05).merge_bins) == 4
    assert groups(view_with_hits(20), view_with_hits(24)) == [(20, 24)]
    assert groups(view_with_hits(20), view_with_hits(25)) == [(20,), (25,)]


def test_a_group_forms_around_the_bin_with_most_hits_near_it():
    """24 has 20, 24 and 28 within four bins; 20 and 28 see only one other each."""
    assert groups(view_with_hits(20), view_with_hits(24), view_with_hits(28)) == [(20, 24, 28)]


def test_of_equally_crowded_bins_the_one_nearer_to_the_price_leads():
    """A chain 20, 23, 26, 29: 23 and 26 see two others each; 23 is nearer and takes 20 and 26, which leaves 29."""
    chain = [view_with_hits(bin_) for bin_ in (20, 23, 26, 29)]
    assert groups(*chain) == [(20, 23, 26), (29,)]
    below = [view_with_hits(-bin_, side="below") for bin_ in (20, 23, 26, 29)]
    assert groups(*below) == [(-29,), (-26, -23, -20)]


@given(
    places=st.lists(st.lists(st.integers(2, 90), max_size=6, unique=True), min_size=1, max_size=4),
    shuffle=st.randoms(use_true_random=False),
)
@settings(max_examples=40)
def test_every_hit_is_in_one_group_whatever_the_order_of_maps(places, shuffle):
    views = [view_with_hits(*bins) for bins in places]
    found = group_hits(views, FRAME)
    everything = sorted(bin_ + AT for bins in places for bin_ in bins)
    assert sorted(bin_ for group in found for bin_ in group.bins) == everything
    shuffle.shuffle(views)
    assert group_hits(views, FRAME) == found
    for group in found:
        assert group.last - group.first <= 2 * FRAME.merge_bins


def test_no_hits_make_no_group():
    assert group_hits([view_with_hits()], FRAME) == ()
    assert group_hits([], FRAME) == ()


# the strongest bin of a side without a hit


def test_the_strongest_bin_has_the_highest_residual_of_any_map_that_holds_something_there():
    dim, bright = profile(up_30=0.2), profile(up_50=0.3)
    assert hits(view(dim, interest=1e9)) == []
    assert strongest_bin([view(dim, interest=1e9), view(bright, interest=1e9)]) - AT == 49
    assert strongest_bin([view(bright, interest=1e9), view(dim, interest=1e9)]) - AT == 49


def test_an_empty_side_has_a_strongest_bin_too():
    bin_ = strongest_bin([view(np.zeros(GRID.size), interest=1.0)])
    assert FRAME.bins("above").start <= bin_ < FRAME.bins("above").stop


# how far a zone reaches


def test_a_zone_grows_over_neighbours_with_six_tenths_of_its_brightest_bin():
    wide = Frame(GRID, PRICE, 0.05)  # may grow two bins to each side
    values = profile(background=0.0, up_20=100.0, up_21=61.0, up_22=60.0, up_23=99.0, up_19=59.0, up_18=90.0)
    assert extent(AT + 20, AT + 20, values, wide, "above") == (AT + 20, AT + 22)


def test_a_zone_grows_at_most_half_the_merge_width():
    values = profile(background=100.0)
    assert extent(AT + 20, AT + 20, values, FRAME, "above") == (AT + 19, AT + 21)


def test_a_zone_never_grows_into_the_gap_around_the_price():
    wide = Frame(GRID, PRICE, 0.05)
    values = profile(background=100.0)
    nearest = wide.bins("above").start
    assert extent(nearest, nearest, values, wide, "above")[0] == nearest
    nearest = wide.bins("below").stop - 1
    assert extent(nearest, nearest, values, wide, "below")[1] == nearest


def test_an_empty_zone_does_not_grow():
    assert extent(AT + 20, AT + 21, np.zeros(GRID.size), FRAME, "above") == (AT + 20, AT + 21)


# scale


@given(seed=st.integers(0, 20), shift=st.integers(-400, 400))
@settings(max_examples=20)
def test_prices_in_another_unit_give_the_same_view(seed, shift):
    """Multiplying every price by a power of the bin ratio moves the bins and leaves what is seen in them."""
    values = np.random.default_rng(seed).lognormal(0, 1, GRID.size)
    there = Frame(LogGrid(GRID.first + shift, GRID.size), PRICE * BIN_RATIO**shift, FRAME.daily_sigma)
    one = view_side("a map", "below", values, FLAT, FRAME, side_interest_usd=1.0)
    other = view_side("a map", "below", values, FLAT, there, side_interest_usd=1.0)
    assert one.first_bin == other.first_bin
    np.testing.assert_allclose(one.residual, other.residual, atol=1e-9)
    np.testing.assert_array_equal(one.hit, other.hit)


def test_a_hit_on_single_positions_is_moved_to_the_fullest_bin_and_no_further():
    grid = LogGrid.covering(80.0, 125.0)
    frame = Frame(grid, 100.0, 0.08)  # merge width 6.4 bins: three to each side
    profile, at = np.zeros(grid.size), grid.index(104.0)
    profile[at], profile[at + 2] = 50.0, 40.0
    views = [
        view_side("M6", "above", profile, None, frame, side_interest_usd=90.0, sparse=sparse)
        for sparse in (True, False)
    ]
    moved, plain = ([view.first_bin + int(bin_) for bin_ in np.flatnonzero(view.hit)] for view in views)
    assert moved == [at]
    assert plain != [at]
    np.testing.assert_array_equal(views[0].bright, views[1].bright)
    assert sparse_extent(at, at, profile, frame, "above") == (at, at + 2)  # 40 of 50 is full enough
    profile[at + 2] = 29.0
    assert sparse_extent(at, at, profile, frame, "above") == (at, at)
    assert sparse_extent(at + 20, at + 20, profile, frame, "above") == (at + 20, at + 20)  # nothing there
