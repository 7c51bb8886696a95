"""At which prices the volume traded: heavy nodes, where price tends to stall, and gaps, where little holds it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from engine.grid import LOG_STEP, FloatArray, LogGrid
from engine.market import Candles

SMOOTHING_SIGMAS = 0.1
"""Width of the smoothing in daily sigmas: about 2.5 bins on BTC. Without any, every 5-minute bar is a node."""

NODE_OVER_MEAN = 1.5
GAP_OVER_MEAN = 0.5
"""A node holds 1.5 times, a gap half the mean volume of the traded range. On recorded BTC, ETH and SOL that marks about
two nodes with half of two weeks' volume in a quarter of the range, and three gaps in a third of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeNode:
    """A heavy price band: low to high, its busiest price, and its share of all volume (0-1)."""

    low: float
    high: float
    peak: float
    volume_share: float


@dataclass(frozen=True, slots=True)
class VolumeGap:
    """A price band inside the traded range where little was traded."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class VolumeProfile:
    """The nodes and gaps of a span of candles, each sorted by price."""

    nodes: tuple[VolumeNode, ...]
    gaps: tuple[VolumeGap, ...]


def read_volume_profile(candles: Candles, bars: slice, daily_sigma: float) -> VolumeProfile:
    """Return the nodes and gaps of the bars in `bars`; none where nothing was traded.

    Each bar's volume [base] is spread evenly over the log-price bins between its low and high, because the order of
    trades within a bar is not known (own assumption, common among volume profiles).
    """
    grid = LogGrid.covering(float(candles.low[bars].min()), float(candles.high[bars].max()))
    volume = _volume_per_bin(candles, bars, grid)
    if volume.sum() <= 0:
        return VolumeProfile((), ())
    smooth = _smoothed(volume, SMOOTHING_SIGMAS * daily_sigma / LOG_STEP)
    edges = grid.edges
    nodes = tuple(
        VolumeNode(
            low=float(edges[start]),
            high=float(edges[stop]),
            peak=float(grid.centers[start + int(np.argmax(smooth[start:stop]))]),
            volume_share=float(volume[start:stop].sum() / volume.sum()),
        )
        for start, stop in _runs(smooth >= NODE_OVER_MEAN * volume.mean())
    )
    gaps = _runs(smooth <= GAP_OVER_MEAN * volume.mean())
    return VolumeProfile(nodes, tuple(VolumeGap(float(edges[start]), float(edges[stop])) for start, stop in gaps))


def _volume_per_bin(candles: Candles, bars: slice, grid: LogGrid) -> FloatArray:
    """Return the volume [base] per bin, shape (bins,): the running sum of what starts and what ends in each."""
    low = np.floor(np.log(candles.low[bars]) / LOG_STEP).astype(np.int64) - grid.first
    high = np.floor(np.log(candles.high[bars]) / LOG_STEP).astype(np.int64) - grid.first
    each = candles.volume[bars] / (high - low + 1)
    begins = np.bincount(low, each, minlength=grid.size + 1)
    ends = np.bincount(high + 1, each, minlength=grid.size + 1)
    return np.maximum(np.cumsum(begins - ends)[: grid.size], 0.0)


def _smoothed(volume: FloatArray, width_bins: float) -> FloatArray:
    """Return the volume under a Gaussian of `width_bins`, renormalised where it hangs over the ends."""
    reach = max(1, math.ceil(3 * width_bins))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / max(width_bins, 1e-9)) ** 2)
    weight = np.convolve(np.ones(len(volume)), kernel)[reach : reach + len(volume)]
    return np.asarray(np.convolve(volume, kernel)[reach : reach + len(volume)] / weight, dtype=np.float64)


def _runs(chosen: np.ndarray) -> list[tuple[int, int]]:
    """Return the start and stop of each run of True."""
    turns = np.flatnonzero(np.diff(chosen.astype(np.int8), prepend=0, append=0))
    return [(int(start), int(stop)) for start, stop in turns.reshape(-1, 2)]
