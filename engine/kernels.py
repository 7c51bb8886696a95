"""The compiled inner loop of the inventory walk. `engine.inventory` says what it means; here is how it is fast.

Decay is lazy: a tier's true mass is its stored mass times `factor[side, tier]`, so decaying or closing a whole tier is
one multiplication. `held[side, tier]` is a tier's true sum, kept up to date so that nothing is summed over bins.
"""

from __future__ import annotations

import math

import numba
import numpy as np

from engine.grid import FloatArray
from engine.walk_arrays import BarArrays, FlowArrays, LadderArrays, StateArrays, StoreArrays

_BLUR_REACH = 4
"""A seed is spread with a Gaussian of sigma one bin, this far [bins]; beyond lies less than 1e-4 of it.
No spread costs .06 of R2 against realised liquidations, a sigma of three bins .03 (measured)."""
_FRACTIONS = 256
"""Places inside a bin that a seed's centre is rounded down to: .0004 % of the price."""


def _spread_table() -> FloatArray:
    """Return the share of each of the nine bins around a seed, per place inside its bin, each row summing to 1."""
    place = np.arange(_FRACTIONS)[:, np.newaxis] / _FRACTIONS
    bins = np.arange(-_BLUR_REACH, _BLUR_REACH + 1) + 0.5
    weights = np.exp(-0.5 * (bins - place) ** 2)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), dtype=np.float64)


_SPREAD = _spread_table()

_compiled = numba.njit(cache=True, nogil=True)
_inlined = numba.njit(cache=True, nogil=True, inline="always")
"""Inlined where it runs in every bar: a call counts references of its arrays, half as much again per walk."""
_REFOLD_BELOW = 1e-120
"""When a tier's factor falls below this it is multiplied into the stored masses, before a division could overflow."""


@_compiled
def walk(
    bars: BarArrays,
    ladder: LadderArrays,
    flow: FlowArrays,
    state: StateArrays,
    columns: StoreArrays,
    snapshots: StoreArrays,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Fill state and stores in place; return swept_usd, opened [base] and kept share, each (2, bars)."""
    low, high, close, end_s = bars.low, bars.high, bars.close, bars.end_s
    mass, moment, prices = state.mass, state.moment, state.prices
    seed_share, distance, anchor, tier_of = ladder.seed_share, ladder.distance, ladder.anchor, ladder.tier
    position, amount = flow.position, flow.amount
    follows_interest = len(flow.open_interest) > 0
    count, tiers, rungs = len(low), len(ladder.half_life_s), len(seed_share)
    factor, held = np.ones((2, tiers)), np.zeros((2, tiers))
    swept_usd, opened, kept = np.zeros((2, count)), np.zeros((2, count)), np.ones((2, count))
    decay, decay_for_s = np.ones(tiers), -1.0
    next_column, next_snapshot = 0, 0
    column_bar, snapshot_bar = _next_bar(columns, 0), _next_bar(snapshots, 0)
    for bar in range(count):
        if bars.elapsed_s[bar] != decay_for_s:
            decay_for_s = bars.elapsed_s[bar]
            decay = 2.0 ** (-decay_for_s / ladder.half_life_s)
        for side in range(2):
            _decay(factor[side], held[side], decay)
            swept_usd[side, bar] = _sweep(
                mass[side], moment[side], prices, factor[side], held[side], low[bar], high[bar], ladder.cuts_bins
            )
            share, gross = 1.0, 0.0
            if follows_interest:
                share, gross = _closing_and_opening(flow.open_interest[bar], flow.volume[bar], held[side])
            else:
                share = flow.kept[side, bar]
            kept[side, bar] = share
            _close(factor[side], held[side], share)
            _refold(mass[side], moment[side], factor[side])
            for rung in range(rungs):
                gross = gross if follows_interest else amount[bar, side, anchor[rung]]
                if gross > 0.0:
                    size, tier = gross * seed_share[rung], tier_of[rung]
                    opened[side, bar] += size
                    held[side, tier] += size
                    at = position[bar, side, anchor[rung]] + distance[side, rung]
                    stored = size / factor[side, tier]
                    _deposit(mass[side, tier], moment[side, tier], side, stored, at, close[bar], end_s[bar])
        if bar == column_bar:
            next_column, column_bar = _store(state, factor, held, columns, next_column)
        if bar == snapshot_bar:
            next_snapshot, snapshot_bar = _store(state, factor, held, snapshots, next_snapshot)
    for side in range(2):
        for tier in range(tiers):
            mass[side, tier] *= factor[side, tier]
            moment[side, tier] *= factor[side, tier]
    return swept_usd, opened, kept


@_inlined
def _decay(factor: FloatArray, held: FloatArray, decay: FloatArray) -> None:
    """Let every tier of one side fade."""
    for tier in range(len(factor)):
        factor[tier] *= decay[tier]
        held[tier] *= decay[tier]


@_inlined
def _close(factor: FloatArray, held: FloatArray, share: float) -> None:
    """Keep one share of every tier of one side."""
    if share != 1.0:
        for tier in range(len(factor)):
            factor[tier] *= share
            held[tier] *= share


@_inlined
def _sweep(
    mass: FloatArray,
    moment: FloatArray,
    prices: FloatArray,
    factor: FloatArray,
    held: FloatArray,
    low: float,
    high: float,
    cuts_bins: bool,  # noqa: FBT001 - the compiled loop takes it by place
) -> float:
    """Empty every bin that [low, high] touches, in all tiers of one side; return what stood there [USD].

    cuts_bins: of the bins that the range ends in only the part inside is gone, as if they were evenly filled each time.
    """
    first = max(math.floor(low), 0)
    last = min(math.floor(high), len(prices) - 1)
    usd = 0.0
    for tier in range(len(factor)):
        gone = 0.0
        for bin_ in range(first, last + 1):
            stored = mass[tier, bin_]
            if stored != 0.0:
                inside = min(high, bin_ + 1.0) - max(low, float(bin_)) if cuts_bins else 1.0
                gone += stored * factor[tier] * inside
                usd += stored * factor[tier] * inside * prices[bin_]
                mass[tier, bin_] = stored * (1.0 - inside)
                moment[tier, bin_] *= 1.0 - inside
        held[tier] = max(held[tier] - gone, 0.0)
    return usd


@_inlined
def _closing_and_opening(open_interest: float, volume: float, held: FloatArray) -> tuple[float, float]:
    """Return the share of what is held that is kept, and what is opened beside it [base]."""
    standing = 0.0
    for tier in range(len(held)):
        standing += held[tier]
    if open_interest < standing:
        return open_interest / standing, 0.0
    if open_interest > standing:
        return 1.0, min(open_interest - standing, volume)
    return 1.0, 0.0  # equal, or NaN: nothing is opened or closed on an unknown


@_inlined
def _deposit(
    mass: FloatArray, moment: FloatArray, side: int, stored: float, at: float, close: float, end_s: float
) -> None:
    """Spread `stored` around position `at`, on the side's own side of the close only.

    What the Gaussian would put across the close is shared out over the bins that are left; if none is left, all of it
    goes into the bin next to the close.
    """
    close_bin, centre = math.floor(close), math.floor(at)
    weights = _SPREAD[int((at - centre) * _FRACTIONS)]
    first, last = centre - _BLUR_REACH, centre + _BLUR_REACH
    if side == 0:
        last = max(min(last, close_bin - 1), 0)
        first = max(min(first, last), 0)
    else:
        first = min(max(first, close_bin + 1), len(mass) - 1)
        last = min(max(last, first), len(mass) - 1)
    skipped = first - centre + _BLUR_REACH
    if first == last:
        mass[first] += stored
        moment[first] += stored * end_s
        return
    if last - first < 2 * _BLUR_REACH:
        weight = 0.0
        for number in range(last - first + 1):
            weight += weights[skipped + number]
        stored /= weight
    for number in range(last - first + 1):
        part = stored * weights[skipped + number]
        mass[first + number] += part
        moment[first + number] += part * end_s


@_inlined
def _refold(mass: FloatArray, moment: FloatArray, factor: FloatArray) -> None:
    for tier in range(len(factor)):
        if factor[tier] < _REFOLD_BELOW:
            mass[tier] *= factor[tier]
            moment[tier] *= factor[tier]
            factor[tier] = 1.0


@_compiled
def _next_bar(plan: StoreArrays, row: int) -> int:
    return plan.bars[row] if row < len(plan.bars) else -1


@_compiled
def _store(state: StateArrays, factor: FloatArray, held: FloatArray, plan: StoreArrays, row: int) -> tuple[int, int]:
    """Store the sums over tiers [USD] in `row`; return the next row and the bar after which it is due."""
    size = plan.store.shape[2]
    total = np.empty(size)
    for side in range(2):
        total[:] = 0.0
        for tier in range(factor.shape[1]):
            _add_scaled(total, state.mass[side, tier], plan.first, factor[side, tier])
        for bin_ in range(size):
            plan.store[row, side, bin_] = total[bin_] * state.prices[plan.first + bin_]
    if plan.forget:
        state.mass[:] = 0.0
        state.moment[:] = 0.0
        held[:] = 0.0
    return row + 1, _next_bar(plan, row + 1)


@_compiled
def _add_scaled(total: FloatArray, mass: FloatArray, first: int, scale: float) -> None:
    """Add one tier's bins from `first` on, scaled, to `total`; a loop of its own, so that it runs on vectors."""
    for bin_ in range(len(total)):
        total[bin_] += mass[first + bin_] * scale
