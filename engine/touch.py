"""How often a level at some distance was touched within 12, 24 and 72 h: a frequency of the past, not a forecast."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import ndtr

from engine.context import MarketContext
from engine.grid import FloatArray
from engine.results import TouchChance
from engine.windows import HOUR_S, TOUCH_HORIZONS_H

PRIOR_WINDOWS = 3.0
"""How many windows that do not overlap the random walk is worth. 1, 3 and 10 do equally well on the recordings, where
there are weeks of history; with three a new listing's own 72 h weigh as much as the random walk after ten days."""


def touch_chances(context: MarketContext, near_edge_price: float) -> tuple[TouchChance, ...]:
    """Return the chance that price touches `near_edge_price` within each horizon, shortest first (0-1).

    The share of the symbol's own past excursions that went as far, in sigmas of their moment, blended with the
    driftless reflection principle by how many independent windows there are. The same for levels above and below.
    It falls with distance and rises with the horizon. Does not look ahead.
    """
    distance = abs(math.log(near_edge_price / context.price))
    table = context.excursions
    own = table.share_beyond(distance / context.volatility.daily_sigma)
    trust = table.independent / (table.independent + PRIOR_WINDOWS)
    blended = trust * own + (1 - trust) * _reflection(context, distance)
    chances = np.maximum.accumulate(np.clip(blended, 0.0, 1.0))
    return tuple(
        TouchChance(hours=hours, chance=float(chance)) for hours, chance in zip(TOUCH_HORIZONS_H, chances, strict=True)
    )


def _reflection(context: MarketContext, distance: float) -> FloatArray:
    """Return 2 (1 - Phi(distance / (sigma sqrt(T)))), the touch of a driftless random walk, per horizon."""
    sigmas = np.array([context.volatility.sigma_over(hours * HOUR_S) for hours in TOUCH_HORIZONS_H])
    return np.asarray(2 * ndtr(-distance / sigmas), dtype=np.float64)
