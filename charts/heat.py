"""The heat map: columns of a map over time as an image, in colours relative to the brightest cells shown."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from charts.scales import PriceRange
from charts.theme import Theme, heat_table
from engine.grid import LOG_STEP, IntArray, LogGrid
from engine.results import MapColumns

BRIGHTEST_SHARE = 0.005
"""The brightest half percent of the cells shown share the last colour: one bright bin must not darken the rest."""
GAMMA = 0.75
"""Exponent of the colour scale: mass differs by orders of magnitude, and below 1 the faint structure is seen too."""

Cells = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class HeatImage:
    """Mass in cells of equal time and equal ln price, shape (rows, columns) [USD], row 0 the lowest, 0 where nothing.

    known: (columns,) False where nothing is known of a moment; left_s, right_s [Unix s], low, high [ln price]: the
    outer edges.
    """

    cells: Cells
    known: NDArray[np.bool_]
    left_s: float
    right_s: float
    low: float
    high: float

    def widest_gap_s(self) -> tuple[float, float] | None:
        """Return the longest time of which nothing is known, from and to [Unix s]; None where there is none."""
        edges = np.linspace(self.left_s, self.right_s, len(self.known) + 1)
        turns = np.flatnonzero(np.diff(np.concatenate([[True], self.known, [True]])))
        gaps = turns.reshape(-1, 2)
        if not len(gaps):
            return None
        first, stop = gaps[int(np.argmax(gaps[:, 1] - gaps[:, 0]))].tolist()
        return float(edges[first]), float(edges[stop])


def heat_image(
    columns: MapColumns, shown: PriceRange, span_s: tuple[float, float], *, most_rows: int, most_columns: int
) -> HeatImage | None:
    """Return the part of a map's history inside the range and span; None when it holds nothing there.

    A column stands over the time up to the moment it was known, as the candle does that it follows. Bins are summed,
    and moments skipped, where there are more of them than `most_rows` and `most_columns`; nothing is interpolated.
    """
    grid = columns.grid
    if not len(columns.time_s) or shown.high <= grid.low or shown.low >= grid.high:
        return None
    bins = grid.slice_between(max(shown.low, grid.low), min(shown.high, grid.high))
    moments, left_s, right_s = _moments(columns.time_s, span_s, most_columns)
    if not len(moments):
        return None
    longs, shorts = columns.long_usd[moments, bins], columns.short_usd[moments, bins]
    mass = _positive(longs) + _positive(shorts)
    cells, first, last = _summed(mass.T, grid, bins, most_rows)
    return HeatImage(
        cells=cells,
        known=np.asarray(~(np.isnan(longs) & np.isnan(shorts)).all(axis=1)),
        left_s=left_s,
        right_s=right_s,
        low=(grid.first + first) * LOG_STEP,
        high=(grid.first + last) * LOG_STEP,
    )


def _positive(mass: Cells) -> Cells:
    """Return the mass with what is not a positive number as zero: nothing is drawn there."""
    return np.where(np.isfinite(mass) & (mass > 0), mass, np.float32(0))


def _moments(time_s: IntArray, span_s: tuple[float, float], most: int) -> tuple[IntArray, float, float]:
    """Return which columns to draw in slots of equal length, and the outer edges of the slots [Unix s].

    Each slot shows the last column known at its end, so that a gap repeats what was known before it.
    """
    inside = time_s[(time_s > span_s[0]) & (time_s <= span_s[1])]
    if not len(inside):
        return np.empty(0, dtype=np.int64), *span_s
    step_s = float(np.median(np.diff(inside))) if len(inside) > 1 else span_s[1] - span_s[0]
    left_s, right_s = max(span_s[0], float(inside[0]) - step_s), float(inside[-1])
    slots = max(1, min(most, round((right_s - left_s) / step_s)))
    ends = np.linspace(left_s, right_s, slots + 1)[1:]
    return np.searchsorted(time_s, ends + 0.5, side="right") - 1, left_s, right_s


def _summed(mass: Cells, grid: LogGrid, bins: slice, most_rows: int) -> tuple[Cells, int, int]:
    """Return cells of as many bins as needed to have at most `most_rows`, and the bins' outer edges within the grid.

    Groups start at fixed places of the lattice, so that the same bins stay together whatever the range.
    """
    every = math.ceil((bins.stop - bins.start) / most_rows)
    if every == 1:
        return mass, bins.start, bins.stop
    before = (grid.first + bins.start) % every
    after = -(before + bins.stop - bins.start) % every
    padded = np.pad(mass, ((before, after), (0, 0)))
    return padded.reshape(-1, every, mass.shape[1]).sum(axis=1), bins.start - before, bins.stop + after


def full_scale(cells: Cells) -> float:
    """Return the mass [USD] that is drawn in the brightest colour; 0 when nothing is there."""
    held = cells[cells > 0]
    return float(np.quantile(held, 1 - BRIGHTEST_SHARE)) if held.size else 0.0


def shade(share: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Return the shade (0-255) of a share of full scale; beyond 1 the brightest."""
    shades: NDArray[np.uint8] = np.rint(255 * np.clip(share, 0, 1) ** GAMMA).astype(np.uint8)
    return shades


def draw_heat(axes: Axes, image: HeatImage, theme: Theme) -> None:
    """Draw a heat image on axes of Unix seconds by ln price; what is behind shows through where nothing is known."""
    full = full_scale(image.cells)
    shades = shade(image.cells / full) if full > 0 else np.zeros(image.cells.shape, dtype=np.uint8)
    colours = heat_table(theme)[shades]
    colours[:, ~image.known, 3] = 0
    axes.imshow(
        colours,
        extent=(image.left_s, image.right_s, image.low, image.high),
        origin="lower",
        aspect="auto",
        interpolation="nearest",
        zorder=1,
        label="heat",
    )
