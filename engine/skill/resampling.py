"""Confidence intervals of statistics of a time series: whole blocks of time are drawn again, with a seed.

Hours of one day depend on each other, so single hours drawn again would make every interval too narrow (Künsch 1989,
"The jackknife and the bootstrap for general stationary observations"). Blocks are fixed spans of the UTC calendar.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.grid import FloatArray, IntArray
from engine.windows import DAY_S

RESAMPLES = 1_000
"""Draws per interval: its ends then err by less than a twentieth of its width."""
LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate and the interval that holds `level` of the resampled ones; NaN where nothing can be told."""

    estimate: float
    low: float
    high: float
    level: float = LEVEL

    @classmethod
    def of(cls, estimate: float, resampled: FloatArray, level: float = LEVEL) -> Interval:
        """Return the interval between the outer percentiles of `resampled` (draws,), undefined draws aside."""
        known = resampled[np.isfinite(resampled)]
        if not len(known):
            return cls(estimate, np.nan, np.nan, level)
        low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
        return cls(estimate, float(low), float(high), level)

    def holds(self, value: float) -> bool:
        """Return whether `value` lies inside; an unknown interval holds everything."""
        return not (value < self.low or value > self.high)


@dataclass(frozen=True, slots=True, eq=False)
class BlockResamples:
    """Which blocks of time each draw holds, and how often.

    block: (rows,) number of the block that a row lies in; counts: (draws, blocks) how often a draw holds it.
    """

    block: IntArray
    counts: FloatArray

    @classmethod
    def of(cls, time_s: IntArray, *, block_s: int = DAY_S, draws: int = RESAMPLES, seed: int = 0) -> BlockResamples:
        """Return the draws for rows at `time_s` (rows,) [Unix s]; the same seed gives the same draws."""
        distinct, block = np.unique(time_s // block_s, return_inverse=True)
        blocks = len(distinct)
        drawn = np.random.default_rng(seed).multinomial(blocks, np.full(blocks, 1 / max(blocks, 1)), size=draws)
        return cls(block.astype(np.int64), drawn.astype(np.float64))

    def sums(self, values: FloatArray) -> FloatArray:
        """Return the sum of `values` (rows,) or (rows, k) over each draw, (draws,) or (draws, k)."""
        table = values.reshape(len(values), -1)
        per_block = np.zeros((self.counts.shape[1], table.shape[1]))
        np.add.at(per_block, self.block, table)
        total = self.counts @ per_block
        return total[:, 0] if values.ndim == 1 else total

    def rows(self, draw: int) -> IntArray:
        """Return the rows of one draw, a row as often as its block was drawn: for statistics that are no sums."""
        times = self.counts[draw].astype(np.int64)[self.block]
        return np.repeat(np.arange(len(self.block)), times)
