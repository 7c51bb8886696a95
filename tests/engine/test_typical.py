"""What is usual at a distance: the mean of past maps, and the falling fit that stands in for it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.grid import BIN_RATIO, LOG_STEP, LogGrid
from engine.typical import CLASSES, DISTANCE_EDGES, FLOOR_SHARE, MIN_SNAPSHOTS, TypicalProfile, falling_fit

GRID = LogGrid.covering(35_000.0, 70_000.0)


def past_maps(seed, moments=8):
    """Past maps of lognormal mass, with the price and daily sigma of each moment."""
    random = np.random.default_rng(seed)
    maps = random.lognormal(0, 2, (moments, 2, GRID.size)).astype(np.float32)
    return maps, random.uniform(45_000, 55_000, moments), random.uniform(0.01, 0.06, moments)


def slow_density(maps, price, sigma):
    """One map, one side, one bin at a time: shares of each side's mass by class of distance, averaged, smoothed."""
    density = np.zeros(CLASSES)
    centers = GRID.centers
    for snapshot, at, daily in zip(maps.astype(float), price, sigma, strict=True):
        for side in snapshot:
            for center, mass in zip(centers, side, strict=True):
                distance = abs(np.log(center / at)) / daily
                place = int(np.searchsorted(DISTANCE_EDGES, distance, side="left")) - 1
                if 0 <= place < CLASSES:
                    density[place] += mass / side.sum()
    density /= 2 * len(maps) * np.diff(DISTANCE_EDGES)
    padded = np.concatenate((density[:1], density, density[-1:]))
    return (padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4


@given(seed=st.integers(0, 50))
@settings(max_examples=4)
def test_the_typical_profile_is_the_mean_share_at_each_distance(seed):
    maps, price, sigma = past_maps(seed, moments=6)
    np.testing.assert_allclose(TypicalProfile.of(maps, GRID, price, sigma).density, slow_density(maps, price, sigma))


def test_all_of_a_side_lies_somewhere():
    """Integrated over distance, the shares of a side sum to one as long as no mass is farther than the last class."""
    maps, price, _ = past_maps(1)
    density = TypicalProfile.of(maps, GRID, price, np.full(len(maps), 0.05)).density
    assert np.sum(density * np.diff(DISTANCE_EDGES)) == pytest.approx(1, abs=0.05)  # smoothing moves a little


def test_a_large_map_counts_no_more_than_a_small_one():
    maps, price, sigma = past_maps(2)
    louder = maps.copy()
    louder[3] *= 1_000
    one, other = (TypicalProfile.of(each, GRID, price, sigma).density for each in (maps, louder))
    np.testing.assert_allclose(one, other, rtol=1e-5)


def test_too_few_past_maps_give_no_typical_profile():
    maps, price, sigma = past_maps(3, moments=MIN_SNAPSHOTS)
    assert TypicalProfile.of(maps, GRID, price, sigma) is not None
    assert TypicalProfile.of(maps[1:], GRID, price[1:], sigma[1:]) is None


@pytest.mark.parametrize("unusable", ["empty", "without sigma"])
def test_maps_that_say_nothing_do_not_count(unusable):
    maps, price, sigma = past_maps(4, moments=MIN_SNAPSHOTS)
    if unusable == "empty":
        maps[0] = 0
    else:
        sigma[0] = 0
    assert TypicalProfile.of(maps, GRID, price, sigma) is None


def test_what_is_expected_scales_with_the_side_and_is_spread_over_its_sigmas():
    """A density of one per sigma: a bin of .1 % is a twentieth of a sigma of 2 %, and holds a twentieth of the side."""
    flat = TypicalProfile(np.ones(CLASSES))
    np.testing.assert_allclose(flat.expected(np.array([0.1, 1.0, 5.0]), 0.02, 300.0), 300.0 * LOG_STEP / 0.02)
    np.testing.assert_allclose(flat.expected(np.array([1.0]), 0.04, 300.0), 300.0 * LOG_STEP / 0.04)


def test_prices_in_another_unit_give_the_same_typical_profile():
    maps, price, sigma = past_maps(5)
    shifted = LogGrid(GRID.first - 2_000, GRID.size)
    one = TypicalProfile.of(maps, GRID, price, sigma).density
    other = TypicalProfile.of(maps, shifted, price * BIN_RATIO**-2_000, sigma).density
    np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


# the falling fit


def slow_falling_fit(values):
    """Pool neighbours as long as a later block is higher than the one before it."""
    blocks = []
    for value in values:
        blocks.append([value, 1])
        while len(blocks) > 1 and blocks[-1][0] > blocks[-2][0]:
            mean, weight = blocks.pop()
            before, before_weight = blocks.pop()
            total = weight + before_weight
            blocks.append([(mean * weight + before * before_weight) / total, total])
    return np.concatenate([np.full(weight, mean) for mean, weight in blocks])


@given(seed=st.integers(0, 100), size=st.integers(1, 60))
@settings(max_examples=30)
def test_the_falling_fit_pools_what_rises_with_distance(seed, size):
    random = np.random.default_rng(seed)
    distance, profile = random.permutation(np.arange(1.0, size + 1)), random.lognormal(0, 2, size)
    order = np.argsort(distance)
    expected = np.exp(slow_falling_fit(np.log(profile[order] + 1e-5 * profile.sum())))
    fit = falling_fit(distance, profile)
    np.testing.assert_allclose(fit[order], expected, rtol=1e-9)
    assert np.all(np.diff(fit[order]) <= 1e-12 * fit[order][:-1])


def test_a_falling_profile_is_its_own_fit():
    distance = np.arange(1.0, 50)
    floor = FLOOR_SHARE * np.sum(1 / distance)
    np.testing.assert_allclose(falling_fit(distance, 1 / distance), 1 / distance + floor)


def test_an_empty_profile_has_a_fit():
    assert np.all(np.isfinite(falling_fit(np.arange(5.0), np.zeros(5))))
