"""Where one map is brighter than it usually is at that distance, and bands that several maps share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.grid import BIN_RATIO, LOG_STEP, FloatArray, IntArray, LogGrid
from engine.results import Side
from engine.typical import FLOOR_SHARE, TypicalProfile, falling_fit
from engine.windows import DAY_S, TOUCH_HORIZONS_H

MIN_REACH = 0.05
"""Zones are looked for at least this far from the price, as a fraction."""
REACH_SIGMAS = 3.0
"""... and at least three sigmas of the longest horizon: farther levels are hardly ever touched within it."""
MIN_MERGE_WIDTH = 0.0015
MERGE_WIDTH_SIGMAS = 0.08
"""Hits within .15 % or .08 daily sigma of each other are one zone: less than an hour's usual move."""
HIT_PERCENTILE = 0.90
MIN_RESIDUAL = math.log(1.25)
"""A hit is brighter than nine in ten bins on its side, and a quarter brighter than usual at its distance."""
MIN_SIDE_SHARE = 0.002
"""A hit holds at least .2 % of the side's open interest within the merge width; less is dust."""
EXTENT_SHARE = 0.6
"""A zone reaches as far as its neighbours hold six tenths of its brightest bin, a Gaussian's one sigma."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What zones are measured against: the grid, the price, daily sigma, and lengths in bins derived from them."""

    grid: LogGrid
    price: float
    daily_sigma: float

    @property
    def merge_bins(self) -> float:
        """The width within which hits are one zone [bins]."""
        return max(MIN_MERGE_WIDTH, MERGE_WIDTH_SIGMAS * self.daily_sigma) / LOG_STEP

    @property
    def half_width(self) -> int:
        """Bins on each side of a bin that lie within the merge width."""
        return max(1, round(self.merge_bins / 2))

    @property
    def reach(self) -> float:
        """How far zones are looked for [log price]."""
        return max(MIN_REACH, REACH_SIGMAS * self.daily_sigma * math.sqrt(TOUCH_HORIZONS_H[-1] * 3600 / DAY_S))

    def bins(self, side: Side) -> slice:
        """Return the bins of one side within reach, none closer to the price than half the merge width.

        What lies that near is where price is, not where it could go.
        """
        at, gap = self.grid.index(self.price), 1 + self.half_width
        if side == "above":
            return slice(at + gap, self.grid.index(self.price * math.exp(self.reach)) + 1)
        return slice(self.grid.index(self.price * math.exp(-self.reach)), at - gap + 1)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SideView:
    """One side of one map within reach; every array has shape (n,), ascending in price.

    first_bin: grid bin of element 0; profile: mass of each bin [USD]; usd: mass within the merge width [USD]; residual:
    ln of that over what is usual at the distance; percentile: rank of the residual on this side (0-1); bright: shows a
    zone, by percentile, residual and mass; hit: bright, and no brighter one within the merge width, so that it makes a
    zone; side_interest_usd: what the side holds in all [USD].
    """

    name: str
    side: Side
    first_bin: int
    profile: FloatArray
    usd: FloatArray
    residual: FloatArray
    percentile: FloatArray
    bright: np.ndarray
    hit: np.ndarray
    side_interest_usd: float

    def within(self, first: int, last: int) -> slice:
        """Return the elements of the grid bins `first` to `last`, both included, inside the view."""
        return slice(max(first - self.first_bin, 0), max(last - self.first_bin + 1, 0))

    def best_percentile(self, first: int, last: int) -> float:
        """Return the highest percentile among grid bins `first` to `last`; NaN outside the view, where none is."""
        found = self.percentile[self.within(first, last)]
        return float(found.max()) if len(found) else math.nan

    def shows(self, first: int, last: int) -> bool:
        """Return whether the map is bright anywhere in the grid bins `first` to `last`."""
        return bool(self.bright[self.within(first, last)].any())


def view_side(
    name: str,
    side: Side,
    profile_usd: FloatArray,
    typical: TypicalProfile | None,
    frame: Frame,
    *,
    side_interest_usd: float,
    sparse: bool = False,
) -> SideView:
    """Return one side of a profile (bins,) [USD], held against what is usual; does not look ahead.

    side_interest_usd: the side's open interest [USD], of which a hit must hold a share; sparse: single positions stand
    in single bins, so that a hit is the fullest bin within the merge width, not any from which that one is in reach.
    """
    bins = frame.bins(side)
    half = frame.half_width
    kernel = np.ones(2 * half + 1)
    usd = np.convolve(profile_usd, kernel, mode="same")[bins]
    expected = _expected(profile_usd, typical, frame, kernel)[bins]
    floor = FLOOR_SHARE * len(kernel) * max(float(profile_usd.sum()), 1e-300)
    residual = np.log(usd + floor) - np.log(expected + floor)
    percentile = _ranks(residual)
    bright = (
        (percentile >= HIT_PERCENTILE)
        & (residual >= MIN_RESIDUAL)
        & (usd >= MIN_SIDE_SHARE * side_interest_usd)
        & (usd > 0)
    )
    hit = bright & _local_maxima(residual, math.ceil(frame.merge_bins))
    return SideView(
        name=name,
        side=side,
        first_bin=bins.start,
        profile=profile_usd[bins],
        usd=usd,
        residual=residual,
        percentile=percentile,
        bright=bright,
        hit=_on_fullest(hit, profile_usd[bins], half) if sparse else hit,
        side_interest_usd=side_interest_usd,
    )


def _expected(profile_usd: FloatArray, typical: TypicalProfile | None, frame: Frame, kernel: FloatArray) -> FloatArray:
    distance = np.abs(np.log(frame.grid.centers / frame.price))
    if typical is None:
        return np.convolve(falling_fit(distance, profile_usd), kernel, mode="same")
    usual = typical.expected(distance / frame.daily_sigma, frame.daily_sigma, float(profile_usd.sum()))
    return np.convolve(usual, kernel, mode="same")


def _ranks(values: FloatArray) -> FloatArray:
    """Return the percentile rank of each value (0 lowest, 1 highest), ties at their mean."""
    if len(values) < 2:
        return np.zeros(len(values))
    ordered = np.sort(values)
    below = np.searchsorted(ordered, values, side="left")
    upto = np.searchsorted(ordered, values, side="right")
    return np.asarray((below + upto - 1) / 2 / (len(values) - 1), dtype=np.float64)


def _local_maxima(values: FloatArray, half: int) -> np.ndarray:
    """Return which values no neighbour within `half` exceeds (of equal ones, the first)."""
    padded = np.pad(values, half, constant_values=-np.inf)
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1)
    return np.asarray((values > around[:, :half].max(axis=1)) & (values >= around[:, half + 1 :].max(axis=1)))


def _on_fullest(hit: np.ndarray, profile: FloatArray, half: int) -> np.ndarray:
    """Return the hits (n,) moved to the fullest bin within `half` bins, of equal ones the nearest."""
    moved = np.zeros(len(hit), dtype=bool)
    for at in np.flatnonzero(hit).tolist():
        near = range(max(at - half, 0), min(at + half + 1, len(hit)))
        moved[max(near, key=lambda bin_: (profile[bin_], -abs(bin_ - at)))] = True
    return moved


@dataclass(frozen=True, slots=True)
class HitGroup:
    """Hits of one or more maps that lie within the merge width of each other: their grid bins, ascending."""

    bins: tuple[int, ...]

    @property
    def first(self) -> int:
        """The lowest bin."""
        return self.bins[0]

    @property
    def last(self) -> int:
        """The highest bin."""
        return self.bins[-1]


def group_hits(views: Sequence[SideView], frame: Frame) -> tuple[HitGroup, ...]:
    """Return the hits of all views in groups: the bin with most hits around it first, then among those left.

    Of two equally crowded bins the one nearer to the price wins. The order of the views does not matter.
    """
    bins = np.concatenate([view.first_bin + np.flatnonzero(view.hit) for view in views]) if views else np.empty(0)
    left = np.sort(bins).astype(np.int64)
    at = frame.grid.index(frame.price)
    groups: list[HitGroup] = []
    while len(left):
        crowd = (np.abs(left[:, np.newaxis] - left) <= frame.merge_bins).sum(axis=1)
        centre = min(left[crowd == crowd.max()], key=lambda bin_: (abs(int(bin_) - at), int(bin_)))
        near = np.abs(left - centre) <= frame.merge_bins
        groups.append(HitGroup(tuple(int(bin_) for bin_ in left[near])))
        left = left[~near]
    return tuple(groups)


def strongest_bin(views: Sequence[SideView]) -> int:
    """Return the grid bin with the highest residual of any view that holds something there."""
    found = [(float(view.residual[i]), view.first_bin + i) for view in views for i in _candidates(view)]
    best = max(found, key=lambda pair: (pair[0], -pair[1]))
    return int(best[1])


def _candidates(view: SideView) -> IntArray:
    held = np.flatnonzero(view.usd > 0)
    return held if len(held) else np.arange(len(view.usd))


def extent(first: int, last: int, profile_usd: FloatArray, frame: Frame, side: Side) -> tuple[int, int]:
    """Return first and last grid bin of a zone: its hits, and neighbours that hold half of its brightest bin.

    It grows by at most half the merge width in each direction and never across the bin that holds the price.
    """
    peak = float(profile_usd[first : last + 1].max())
    bins = frame.bins(side)
    room = frame.half_width
    low, high = first, last
    while peak > 0 and low > max(first - room, bins.start) and profile_usd[low - 1] >= EXTENT_SHARE * peak:
        low -= 1
    while peak > 0 and high < min(last + room, bins.stop - 1) and profile_usd[high + 1] >= EXTENT_SHARE * peak:
        high += 1
    return low, high


def sparse_extent(first: int, last: int, profile_usd: FloatArray, frame: Frame, side: Side) -> tuple[int, int]:
    """Return first and last grid bin of a zone of single positions, which may have empty bins between them.

    It ends at the outermost bins within half the merge width of its hits that hold six tenths of the fullest there.
    """
    bins, room = frame.bins(side), frame.half_width
    start = max(first - room, bins.start)
    around = profile_usd[start : min(last + room, bins.stop - 1) + 1]
    full = np.flatnonzero((around > 0) & (around >= EXTENT_SHARE * around.max(initial=0.0)))
    return (start + int(full[0]), start + int(full[-1])) if len(full) else (first, last)


def edge_price(frame: Frame, bin_: int) -> float:
    """Return the lower edge of a grid bin [price]."""
    return float(BIN_RATIO ** (frame.grid.first + bin_))
