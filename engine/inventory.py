"""The shared bar walk: what stands open at which liquidation price, after every bar of history.

Per bar, in this order: decay every tier, sweep what lies inside [low, high], seed what was opened, store the column.
State is kept in base units per side, tier and bin. Nothing looks ahead: a bar's deposits come after its sweep, so no
position dies in the bar that opened it, and a bar's volume, open interest and close never touch its own swept mass.
The slow, obvious version that this one is tested against stands in tests/engine/reference_walk.py.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.grid import LOG_STEP, FloatArray, IntArray, LogGrid
from engine.market import Candles
from engine.walk_arrays import BarArrays, FlowArrays, LadderArrays, StateArrays, StoreArrays


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Bars:
    """Candles in the units of the walk, each array (bars,): positions in bins of `grid`, times in seconds.

    A bar after a gap also sweeps the way from the last known close, which price must have crossed.
    """

    grid: LogGrid
    end_s: IntArray
    elapsed_s: FloatArray
    low: FloatArray
    high: FloatArray
    close: FloatArray

    @classmethod
    def of(cls, candles: Candles, grid: LogGrid) -> Bars:
        """Return the bars of `candles` on `grid`."""
        end_s = candles.end_s
        elapsed_s = np.diff(end_s, prepend=end_s[0] - candles.duration_s[0]).astype(np.float64)
        low, high = candles.low.copy(), candles.high.copy()
        after_gap = 1 + np.flatnonzero(candles.time_s[1:] > end_s[:-1])
        low[after_gap] = np.minimum(low[after_gap], candles.close[after_gap - 1])
        high[after_gap] = np.maximum(high[after_gap], candles.close[after_gap - 1])
        return cls(
            grid=grid,
            end_s=end_s,
            elapsed_s=elapsed_s,
            low=positions(low, grid),
            high=positions(high, grid),
            close=positions(candles.close, grid),
        )

    def __len__(self) -> int:
        return len(self.end_s)

    def arrays(self) -> BarArrays:
        """Return the bars as the kernel takes them."""
        since_first_s = (self.end_s - self.end_s[0]).astype(np.float64)
        return BarArrays(self.low, self.high, self.close, self.elapsed_s, since_first_s)

    def from_bar(self, first: int) -> Bars:
        """Return the bars from number `first` on."""
        return Bars(
            grid=self.grid,
            end_s=self.end_s[first:],
            elapsed_s=self.elapsed_s[first:],
            low=self.low[first:],
            high=self.high[first:],
            close=self.close[first:],
        )


def positions(prices: FloatArray, grid: LogGrid) -> FloatArray:
    """Return where `prices` (any shape) lie, in bins from the grid's lower edge."""
    return np.asarray(np.log(prices) / LOG_STEP - grid.first, dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Ladder:
    """How a model opens and keeps positions at one venue.

    Tiers keep: leverages (tiers,) [x], NaN where a tier mixes several or holds stops; half_life_s (tiers,) [s].
    Rungs open: seed_share (rungs,) of what is opened; distance (2, rungs) from entry to liquidation [bins], of longs
    (negative) and of shorts; anchor (rungs,) column of the entries; tier (rungs,) the tier that keeps it.
    cuts_bins: a sweep takes of the bins that it ends in only the part inside, not the whole bin.
    """

    leverages: FloatArray
    half_life_s: FloatArray
    seed_share: FloatArray
    distance: FloatArray
    anchor: IntArray
    tier: IntArray
    cuts_bins: bool = False


def seed_shares(standing_share: FloatArray, half_life_s: FloatArray) -> FloatArray:
    """Return what share of new positions each tier gets so that the tiers stand at `standing_share` in the long run.

    A tier that forgets fast needs more seed to stand at the same share: seed = standing / half-life, renormalised.
    Without this slow tiers swallow the map (.35/.30/.20/.15 would stand at .75/.19/.04/.02 for 10/3/1/.5 d).
    """
    seed = np.asarray(standing_share, dtype=np.float64) / half_life_s
    return np.asarray(seed / seed.sum(), dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Entries:
    """What is opened in each bar, where, and what share of the older positions is kept.

    position: (bars, 2, anchors) [bins]; amount: (bars, 2, anchors) [base]; kept: (2, bars), 1 where nobody closed.
    """

    position: FloatArray
    amount: FloatArray
    kept: FloatArray

    def from_bar(self, first: int) -> Entries:
        """Return the entries from bar number `first` on."""
        return Entries(position=self.position[first:], amount=self.amount[first:], kept=self.kept[:, first:])


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ColumnPlan:
    """Which moments of a walk are stored: bar numbers ascending (columns,), and the bins `first` to `first + size`.

    forget: start again from nothing after each stored column (for many short windows in one pass).
    """

    bars: IntArray
    first: int
    size: int
    forget: bool = False

    @classmethod
    def none(cls) -> ColumnPlan:
        """Return the plan that stores nothing."""
        return cls(bars=np.empty(0, dtype=np.int64), first=0, size=0)

    def from_bar(self, first: int) -> ColumnPlan:
        """Return the plan with bars counted from bar number `first`; none may lie before it."""
        return ColumnPlan(bars=self.bars - first, first=self.first, size=self.size, forget=self.forget)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Standing:
    """What a walk leaves. Axis of sides: longs, shorts.

    mass: (2, tiers, bins) [base]; entry_s: (2, bins) mass-weighted entry time [Unix s], NaN where empty;
    entry_by_tier_s: (2, tiers, bins) the same of each tier; swept_usd: (2, bars) [USD] mass that stood before each bar
    inside its range, at bin prices; opened: (2, bars) [base]; kept: (2, bars) [share]; columns: (columns, 2, planned
    bins) float32 [USD]; snapshots: (snapshots, 2, bins) float32 [USD].
    """

    mass: FloatArray
    entry_s: FloatArray
    entry_by_tier_s: FloatArray
    swept_usd: FloatArray
    opened: FloatArray
    kept: FloatArray
    columns: NDArray[np.float32]
    snapshots: NDArray[np.float32]

    def with_snapshots(self, snapshots: NDArray[np.float32]) -> Standing:
        """Return the same with other snapshots."""
        return dataclasses.replace(self, snapshots=snapshots)


def walk_inventory(
    bars: Bars,
    ladder: Ladder,
    *,
    entry_position: FloatArray,
    volume: FloatArray,
    open_interest: FloatArray,
    columns: ColumnPlan,
    snapshots: ColumnPlan,
) -> Standing:
    """Walk the bars so that each side's mass follows open interest; the heart of the inventory models.

    Per bar and side, with S the side's mass after decay and sweep: opened = clip(OI - S, 0, volume); if S > OI the
    side is scaled down to OI. entry_position: (bars, 2, anchors) [bins]; volume, open_interest: (bars,) [base], an
    open interest of NaN opens and closes nothing. Does not look ahead.
    """
    flow = FlowArrays(
        position=np.ascontiguousarray(entry_position),
        amount=np.empty((0, 2, 0)),
        kept=np.empty((2, 0)),
        volume=volume,
        open_interest=open_interest,
    )
    return _run(bars, ladder, flow, columns, snapshots)


def replay(bars: Bars, ladder: Ladder, entries: Entries, *, columns: ColumnPlan, snapshots: ColumnPlan) -> Standing:
    """Walk the bars with given entries and closing shares, from an empty start. Does not look ahead."""
    flow = FlowArrays(
        position=np.ascontiguousarray(entries.position),
        amount=np.ascontiguousarray(entries.amount),
        kept=np.ascontiguousarray(entries.kept),
        volume=np.empty(0),
        open_interest=np.empty(0),
    )
    return _run(bars, ladder, flow, columns, snapshots)


def _run(bars: Bars, ladder: Ladder, flow: FlowArrays, columns: ColumnPlan, snapshots: ColumnPlan) -> Standing:
    from engine.kernels import walk  # the compiler holds 40 MiB, which whoever never walks does without

    shape = (2, len(ladder.leverages), bars.grid.size)
    state = StateArrays(mass=np.zeros(shape), moment=np.zeros(shape), prices=bars.grid.centers)
    column_store, snapshot_store = _store_for(columns), _store_for(snapshots)
    swept_usd, opened, kept = walk(
        bars.arrays(),
        LadderArrays(
            ladder.half_life_s, ladder.seed_share, ladder.distance, ladder.anchor, ladder.tier, ladder.cuts_bins
        ),
        flow,
        state,
        column_store,
        snapshot_store,
    )
    first_s = float(bars.end_s[0])
    return Standing(
        mass=state.mass,
        entry_s=first_s + _mean_of(state.moment.sum(axis=1), state.mass.sum(axis=1)),
        entry_by_tier_s=first_s + _mean_of(state.moment, state.mass),
        swept_usd=swept_usd,
        opened=opened,
        kept=kept,
        columns=column_store.store,
        snapshots=snapshot_store.store,
    )


def _mean_of(moment: FloatArray, mass: FloatArray) -> FloatArray:
    """Return moment / mass, NaN where there is no mass."""
    mean = np.full(mass.shape, np.nan)
    np.divide(moment, mass, out=mean, where=mass > 0)
    return mean


def _store_for(plan: ColumnPlan) -> StoreArrays:
    store = np.zeros((len(plan.bars), 2, plan.size), dtype=np.float32)
    return StoreArrays(np.ascontiguousarray(plan.bars), plan.first, plan.forget, store)
