"""How well swept mass tells realised liquidations: the protocol of the skill figures, written out once.

Sum the swept mass of every bar per hour; fit log(realised + 1e4) on log(swept + 1e5) before 2026-02-01, from ten days
after the recording's start; score R2 and rank correlation on 2026-02-01 to 2026-03-14, each side.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from engine.atlas import grid_for
from engine.grid import LOG_STEP
from engine.inventory import ColumnPlan, Ladder, walk_inventory
from engine.market import Market
from engine.models.base import VenueBars, typical_price
from engine.models.broad_structure import BROAD_STRUCTURE
from engine.windows import DAY_S, HOUR_S, Window, parse_instant

TRAIN_UNTIL_S = parse_instant("2026-02-01T00:00:00Z")
WARM_UP_S = 10 * DAY_S
REALISED_FLOOR_USD, SWEPT_FLOOR_USD = 1e4, 1e5


@dataclass(frozen=True)
class Score:
    """R2 out of sample and rank correlation, each of longs and of shorts."""

    r2: tuple[float, float]
    rank: tuple[float, float]

    def row(self, name: str) -> str:
        return (
            f"{name:<42} R2 {np.mean(self.r2):.3f} (long {self.r2[0]:.3f}, short {self.r2[1]:.3f})   "
            f"rank {np.mean(self.rank):.3f} (long {self.rank[0]:.3f}, short {self.rank[1]:.3f})"
        )


def realised(directory: Path) -> tuple[np.ndarray, np.ndarray]:
    """Hours (Unix s) and realised liquidations (2, hours) [USD], longs then shorts."""
    table = pq.read_table(directory / "coinglass/BTC/liquidations_1h.parquet")
    hours = table["time"].to_numpy().astype("datetime64[s]").astype(np.int64)
    return hours, np.stack([table["long_usd"].to_numpy(), table["short_usd"].to_numpy()])


def per_hour(time_s: np.ndarray, usd: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    hours, row = np.unique(time_s // HOUR_S * HOUR_S, return_inverse=True)
    return hours, np.stack([np.bincount(row, side) for side in usd])


def score(hours: np.ndarray, regressor: np.ndarray, directory: Path) -> Score:
    """regressor: (2, hours) already in logs."""
    real_hours, real_usd = realised(directory)
    _, ours, theirs = np.intersect1d(hours, real_hours, return_indices=True)
    at = hours[ours]
    train = (at >= hours[0] + WARM_UP_S) & (at < TRAIN_UNTIL_S)
    test = at >= TRAIN_UNTIL_S
    r2, rank = [], []
    for side in range(2):
        x, y = regressor[side, ours], np.log(real_usd[side, theirs] + REALISED_FLOOR_USD)
        slope, level = np.polyfit(x[train], y[train], 1)
        left = y[test] - (level + slope * x[test])
        r2.append(1 - float((left**2).sum() / ((y[test] - y[test].mean()) ** 2).sum()))
        rank.append(float(np.corrcoef(ranks(x[test]), ranks(y[test]))[0, 1]))
    return Score((r2[0], r2[1]), (rank[0], rank[1]))


def ranks(values: np.ndarray) -> np.ndarray:
    ordered = np.sort(values)
    return (np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")) / 2.0


def swept_score(time_s: np.ndarray, usd: np.ndarray, directory: Path) -> Score:
    hours, total = per_hour(time_s, usd)
    return score(hours, np.log(total + SWEPT_FLOOR_USD), directory)


def move_score(market: Market, directory: Path) -> Score:
    """The size of the move alone: how far price fell (longs) or rose (shorts) from the hour's open, no map."""
    candles = market.lead.candles
    hours, first = np.unique(candles.time_s // HOUR_S * HOUR_S, return_index=True)
    low, high = np.minimum.reduceat(candles.low, first), np.maximum.reduceat(candles.high, first)
    fell, rose = candles.open[first] / low - 1, high / candles.open[first] - 1
    return score(hours, np.log(np.stack([fell, rose]) + 1e-4), directory)


def naive_distance_score(market: Market, directory: Path) -> Score:
    """M2 with 1/L for the distance to liquidation in place of the venue's margin rule."""
    venue = VenueBars.of(market.lead, grid_for(market))
    exact = BROAD_STRUCTURE.ladder(market.lead.margin, Window("all", 0))
    naive = Ladder(
        leverages=exact.leverages,
        half_life_s=exact.half_life_s,
        seed_share=exact.seed_share,
        distance=np.stack([np.log(1 - 1 / exact.leverages), np.log(1 + 1 / exact.leverages)]) / LOG_STEP,
        anchor=exact.anchor,
        tier=exact.tier,
    )
    standing = walk_inventory(
        venue.bars,
        naive,
        entry_position=typical_price(market.lead, venue.bars.grid),
        volume=market.lead.candles.volume,
        open_interest=market.lead.open_interest,
        columns=ColumnPlan.none(),
        snapshots=ColumnPlan.none(),
    )
    return swept_score(market.lead.candles.time_s, standing.swept_usd, directory)
