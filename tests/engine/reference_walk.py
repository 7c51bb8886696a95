"""The inventory walk written the slow, obvious way: the oracle of engine.kernels. No lazy factors, no running sums."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np


@dataclass
class Reference:
    mass: np.ndarray  # (2, tiers, bins) base
    moment: np.ndarray  # (2, tiers, bins) base x entry time
    swept_usd: np.ndarray  # (2, bars)
    opened: np.ndarray
    kept: np.ndarray
    states: list[np.ndarray]  # after every bar: (2, bins) USD


def reference_walk(bars, ladder, *, position, volume=None, open_interest=None, amount=None, kept=None, forget_after=()):
    """Walk as the specification reads: decay, sweep, close or open, spread, remember."""
    prices = bars.grid.centers
    tiers, bins, count = len(ladder.half_life_s), bars.grid.size, len(bars)
    mass, moment = np.zeros((2, tiers, bins)), np.zeros((2, tiers, bins))
    result = Reference(mass, moment, np.zeros((2, count)), np.zeros((2, count)), np.ones((2, count)), [])
    for bar in range(count):
        decay = 2.0 ** (-bars.elapsed_s[bar] / ladder.half_life_s)
        mass *= decay[None, :, None]
        moment *= decay[None, :, None]
        swept = np.array([math.floor(bars.low[bar]) <= b <= math.floor(bars.high[bar]) for b in range(bins)], float)
        if ladder.cuts_bins:
            swept = np.array([max(min(bars.high[bar], b + 1) - max(bars.low[bar], b), 0.0) for b in range(bins)])
        for side in range(2):
            result.swept_usd[side, bar] = sum(mass[side, :, b].sum() * prices[b] * swept[b] for b in range(bins))
            mass[side] *= 1 - swept
            moment[side] *= 1 - swept
            if open_interest is not None:
                standing = mass[side].sum()
                gross = 0.0
                if standing > open_interest[bar]:
                    result.kept[side, bar] = open_interest[bar] / standing
                elif open_interest[bar] > standing:
                    gross = min(max(open_interest[bar] - standing, 0.0), volume[bar])
                sizes = gross * ladder.seed_share
            else:
                result.kept[side, bar] = kept[side, bar]
                sizes = amount[bar, side, ladder.anchor] * ladder.seed_share
            mass[side] *= result.kept[side, bar]
            moment[side] *= result.kept[side, bar]
            for rung, size in enumerate(sizes):
                at = position[bar, side, ladder.anchor[rung]] + ladder.distance[side, rung]
                for b, share in spread(at, bars.close[bar], side, bins):
                    mass[side, ladder.tier[rung], b] += size * share
                    moment[side, ladder.tier[rung], b] += size * share * float(bars.end_s[bar])
            result.opened[side, bar] = sizes.sum()
        result.states.append(mass.sum(axis=1) * prices)
        if bar in forget_after:
            mass[:] = 0.0
            moment[:] = 0.0
    return result


def spread(at, close, side, bins):
    """Share out one seed: a Gaussian of one bin, cut four bins out and at the close, summing to one.

    Its centre is rounded down to a 256th of a bin.
    """
    at = math.floor(at * 256) / 256
    close_bin = math.floor(close)
    own_side = [b for b in range(bins) if (b < close_bin if side == 0 else b > close_bin)]
    near = [b for b in own_side if abs(b - math.floor(at)) <= 4]
    if not near:
        return [(min(own_side, key=lambda b: abs(b + 0.5 - at)), 1.0)]
    weights = [math.exp(-0.5 * (b + 0.5 - at) ** 2) for b in near]
    if len(near) == 1:
        return [(near[0], 1.0)]
    return [(b, weight / sum(weights)) for b, weight in zip(near, weights, strict=True)]
