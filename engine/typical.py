"""What a map usually looks like at a distance from the price, so that "bright" does not just mean "near"."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.grid import LOG_STEP, FloatArray, LogGrid

NEAREST, CLASS_RATIO, CLASSES = 0.05, 1.13, 45
DISTANCE_EDGES = np.concatenate([[0.0], NEAREST * CLASS_RATIO ** np.arange(CLASSES)])
"""Classes of distance [daily sigmas], 0.05 to 10.8: 13 % wide each, narrower than any zone is far."""
MIN_SNAPSHOTS = 6
"""Fewer past maps than this say more about their days than about the model; then distance alone is the yardstick."""
FLOOR_SHARE = 1e-5
"""Added to profile and baseline alike, as a share of the side per bin: a bin below it counts as empty."""


@dataclass(frozen=True, slots=True, eq=False)
class TypicalProfile:
    """density: (classes,) mean share of a side's mass per daily sigma of distance, over past maps and both sides."""

    density: FloatArray

    @classmethod
    def of(
        cls, snapshots: NDArray[np.float32], grid: LogGrid, price: FloatArray, daily_sigma: FloatArray
    ) -> TypicalProfile | None:
        """Return the typical profile of past maps; None when they are too few.

        snapshots: (moments, 2, bins) [USD]; price, daily_sigma: (moments,) as known then.
        """
        usable = np.flatnonzero((daily_sigma > 0) & (snapshots.sum(axis=(1, 2)) > 0))
        if len(usable) < MIN_SNAPSHOTS:
            return None
        away = np.abs(np.log(grid.centers) - np.log(price[usable])[:, np.newaxis]) / daily_sigma[usable][:, np.newaxis]
        number = np.ceil(np.log(np.maximum(away, NEAREST) / NEAREST) / np.log(CLASS_RATIO))
        distance_class = np.minimum(number.astype(np.int64), CLASSES)
        total = np.zeros(CLASSES + 1)
        for side in range(2):
            mass = snapshots[usable, side].astype(np.float64)
            share = mass / np.maximum(mass.sum(axis=1, keepdims=True), 1e-300)
            total += np.bincount(distance_class.ravel(), share.ravel(), minlength=CLASSES + 1)
        density = total[:CLASSES] / (2 * len(usable)) / np.diff(DISTANCE_EDGES)
        return cls(_smoothed(density))

    def expected(self, distance_sigmas: FloatArray, daily_sigma: float, side_usd: float) -> FloatArray:
        """Return the usual mass of bins [USD] at a distance (bins,) [daily sigmas], for a side of `side_usd` [USD]."""
        middles = (DISTANCE_EDGES[1:] + DISTANCE_EDGES[:-1]) / 2
        return np.interp(distance_sigmas, middles, self.density) * side_usd * LOG_STEP / daily_sigma


def falling_fit(distance: FloatArray, profile: FloatArray) -> FloatArray:
    """Return the profile's monotone falling fit over distance (bins,) [USD]: the yardstick of a cold start.

    Least squares of ln profile on ln distance among falling functions, empty bins at the floor.
    """
    from scipy.optimize import isotonic_regression  # a tenth of a second, and only young histories need it

    order = np.argsort(distance)
    floor = FLOOR_SHARE * max(float(profile.sum()), 1e-300)
    fit = np.empty(len(profile))
    fit[order] = np.exp(isotonic_regression(np.log(profile[order] + floor), increasing=False).x)
    return np.asarray(fit, dtype=np.float64)


def _smoothed(density: FloatArray) -> FloatArray:
    padded = np.pad(density, 1, mode="edge")
    return np.asarray((padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4, dtype=np.float64)
