"""The compiled inner loop of the inventory walk. `engine.inventory` says what it means; here is how it is fast.

Decay is lazy: a tier's true mass is its stored mass times `factor[side, tier]`, so decaying or closing a whole tier is
one multiplication. `held[side, tier]` is a tier's true sum, kept up to date so that nothing is summed over bins.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from engine.grid import FloatArray, IntArray

_BLUR_REACH = 4
"""A seed is spread with a Gaussian of sigma one bin, this far [bins]; beyond lies less than 1e-4 of it.
No spread costs .06 of R2 against realised liquidations, a sigma of three bins .03 (measured)."""
_INVERSE_E = math.exp(-1.0)
_REFOLD_BELOW = 1e-120
"""When a tier's factor falls below this it is multiplied into the stored masses, before a division could overflow."""


class BarArrays(NamedTuple):
    """Per bar: range and close [bins], time since the last bar's end and end since the first bar's [s]."""

    low: FloatArray
    high: FloatArray
    close: FloatArray
    elapsed_s: FloatArray
    end_s: FloatArray


class TierArrays(NamedTuple):
    """Per tier: half-life [s], share of what is opened, distance (2, tiers) [bins], row of the entries."""

    half_life_s: FloatArray
    seed_share: FloatArray
    distance: FloatArray
    anchor: IntArray


class FlowArrays(NamedTuple):
    """Where positions open (anchors, 2, bars) [bins], and how much.

    With open_interest (bars,) [base] the amounts follow from it and volume; where it is empty, amount
    (anchors, 2, bars) [base] and kept (2, bars) are obeyed.
    """

    position: FloatArray
    amount: FloatArray
    kept: FloatArray
    volume: FloatArray
    open_interest: FloatArray


class StateArrays(NamedTuple):
    """Mass and mass x entry time (2, tiers, bins), filled in place; the price of each bin."""

    mass: FloatArray
    moment: FloatArray
    prices: FloatArray


class StoreArrays(NamedTuple):
    """After which bars to store, from which bin on, whether to forget everything then, and where (n, 2, bins)."""

    bars: IntArray
    first: int
    forget: bool
    store: NDArray[np.float32]


@numba.njit(cache=True)
def walk(
    bars: BarArrays,
    tiers: TierArrays,
    flow: FlowArrays,
    state: StateArrays,
    columns: StoreArrays,
    snapshots: StoreArrays,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Fill state and stores in place; return swept_usd, opened [base] and kept share, each (2, bars)."""
    count, rungs = len(bars.low), len(tiers.half_life_s)
    factor, held = np.ones((2, rungs)), np.zeros((2, rungs))
    swept_usd, opened, kept = np.zeros((2, count)), np.zeros((2, count)), np.ones((2, count))
    decay, decay_for_s = np.ones(rungs), -1.0
    next_column, next_snapshot = 0, 0
    for bar in range(count):
        if bars.elapsed_s[bar] != decay_for_s:
            decay_for_s = bars.elapsed_s[bar]
            decay = 2.0 ** (-decay_for_s / tiers.half_life_s)
        for side in range(2):
            for tier in range(rungs):
                factor[side, tier] *= decay[tier]
                held[side, tier] *= decay[tier]
            swept_usd[side, bar] = _sweep(state, factor, held, side, bars.low[bar], bars.high[bar])
            kept[side, bar], gross = _closing_and_opening(flow, held[side].sum(), side, bar)
            if kept[side, bar] != 1.0:
                for tier in range(rungs):
                    factor[side, tier] *= kept[side, bar]
                    held[side, tier] *= kept[side, bar]
            _refold(state, factor, side)
            opened[side, bar] = _seed(bars, tiers, flow, state, factor, held, side, bar, gross)
        next_column = _store(state, factor, held, columns, next_column, bar)
        next_snapshot = _store(state, factor, held, snapshots, next_snapshot, bar)
    for side in range(2):
        for tier in range(rungs):
            state.mass[side, tier] *= factor[side, tier]
            state.moment[side, tier] *= factor[side, tier]
    return swept_usd, opened, kept


@numba.njit(cache=True)
def _sweep(state: StateArrays, factor: FloatArray, held: FloatArray, side: int, low: float, high: float) -> float:
    """Empty every bin that [low, high] touches, in all tiers of one side; return what stood there [USD]."""
    first = max(math.floor(low), 0)
    last = min(math.floor(high), len(state.prices) - 1)
    usd = 0.0
    for tier in range(factor.shape[1]):
        gone = 0.0
        for bin_ in range(first, last + 1):
            stored = state.mass[side, tier, bin_]
            if stored != 0.0:
                gone += stored * factor[side, tier]
                usd += stored * factor[side, tier] * state.prices[bin_]
                state.mass[side, tier, bin_] = 0.0
                state.moment[side, tier, bin_] = 0.0
        held[side, tier] = max(held[side, tier] - gone, 0.0)
    return usd


@numba.njit(cache=True)
def _closing_and_opening(flow: FlowArrays, standing: float, side: int, bar: int) -> tuple[float, float]:
    """Return the share of `standing` that is kept, and what is opened [base; -1 where the entries say it]."""
    if len(flow.open_interest) == 0:
        return flow.kept[side, bar], -1.0
    interest = flow.open_interest[bar]
    if interest < standing:
        return interest / standing, 0.0
    if interest > standing:
        return 1.0, min(interest - standing, flow.volume[bar])
    return 1.0, 0.0  # equal, or NaN: nothing is opened or closed on an unknown


@numba.njit(cache=True)
def _seed(
    bars: BarArrays,
    tiers: TierArrays,
    flow: FlowArrays,
    state: StateArrays,
    factor: FloatArray,
    held: FloatArray,
    side: int,
    bar: int,
    gross: float,
) -> float:
    """Deposit what one bar opens on one side, in every tier; return it [base]."""
    opened = 0.0
    for tier in range(factor.shape[1]):
        row = tiers.anchor[tier]
        size = (gross if gross >= 0.0 else flow.amount[row, side, bar]) * tiers.seed_share[tier]
        if size > 0.0:
            opened += size
            held[side, tier] += size
            at = flow.position[row, side, bar] + tiers.distance[side, tier]
            _deposit(state, side, tier, size / factor[side, tier], at, bars.close[bar], bars.end_s[bar])
    return opened


@numba.njit(cache=True)
def _deposit(state: StateArrays, side: int, tier: int, stored: float, at: float, close: float, end_s: float) -> None:
    """Spread `stored` around position `at`, on the side's own side of the close only.

    What the Gaussian would put across the close is shared out over the bins that are left; if none is left, all of it
    goes into the bin next to the close.
    """
    close_bin, centre = math.floor(close), math.floor(at)
    first, last = centre - _BLUR_REACH, centre + _BLUR_REACH
    if side == 0:
        last = max(min(last, close_bin - 1), 0)
        first = max(min(first, last), 0)
    else:
        first = min(max(first, close_bin + 1), state.mass.shape[2] - 1)
        last = min(max(last, first), state.mass.shape[2] - 1)
    off = first + 0.5 - at
    start = 1.0 if first == last else math.exp(-0.5 * off * off)
    ratio = math.exp(-off - 0.5)  # of the next bin's weight to this one's; it falls by 1/e a bin
    weight, part = start, start
    for _ in range(first, last):
        part *= ratio
        ratio *= _INVERSE_E
        weight += part
    part, ratio = stored * start / weight, math.exp(-off - 0.5)
    for bin_ in range(first, last + 1):
        state.mass[side, tier, bin_] += part
        state.moment[side, tier, bin_] += part * end_s
        part *= ratio
        ratio *= _INVERSE_E


@numba.njit(cache=True)
def _refold(state: StateArrays, factor: FloatArray, side: int) -> None:
    for tier in range(factor.shape[1]):
        if factor[side, tier] < _REFOLD_BELOW:
            state.mass[side, tier] *= factor[side, tier]
            state.moment[side, tier] *= factor[side, tier]
            factor[side, tier] = 1.0


@numba.njit(cache=True)
def _store(state: StateArrays, factor: FloatArray, held: FloatArray, plan: StoreArrays, row: int, bar: int) -> int:
    """Store the sums over tiers [USD] if this bar is planned; return the next row to fill."""
    if row == len(plan.bars) or plan.bars[row] != bar:
        return row
    for side in range(2):
        for tier in range(factor.shape[1]):
            for bin_ in range(plan.store.shape[2]):
                usd = state.mass[side, tier, plan.first + bin_] * factor[side, tier] * state.prices[plan.first + bin_]
                plan.store[row, side, bin_] += np.float32(usd)
    if plan.forget:
        state.mass[:] = 0.0
        state.moment[:] = 0.0
        held[:] = 0.0
    return row + 1
