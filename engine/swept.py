"""What each bar of history would have liquidated: the mass that stood in a model's map before it, inside its range."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from engine.atlas import grid_for
from engine.errors import ModelUnavailableError, NoSweptHistoryError
from engine.grid import FloatArray, IntArray
from engine.inventory import Standing
from engine.market import Market
from engine.models import WALKED, model_named
from engine.models.base import VenueBars


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Swept:
    """Swept mass of each bar: time_s (bars,) open of the bar; long_usd, short_usd (bars,) [USD = base x bin price]."""

    time_s: IntArray
    long_usd: FloatArray
    short_usd: FloatArray


def swept(market: Market, model_id: str) -> Swept:
    """Return what every bar swept from a model's map over all history, summed over venues; does not look ahead.

    Nothing of a bar enters but its low and high: the map is the one that stood before it, decayed to its end.

    Raises:
        UnknownModelError: no model has this id.
        NoSweptHistoryError: the model shows one moment and walks no bars.
        ModelUnavailableError: no venue has its inputs.

    """
    spec = model_named(model_id)
    model = WALKED.get(spec.id)
    if model is None:
        raise NoSweptHistoryError(spec.id, tuple(WALKED))
    found = swept_by(market, model.sweep_history)
    if found is None:
        raise ModelUnavailableError(spec.id, spec.inputs, market.symbol)
    return found


def swept_by(market: Market, walk: Callable[[VenueBars], Standing | None]) -> Swept | None:
    """Return what every bar swept of a walk over each venue's history, summed; None where no venue has its inputs."""
    grid = grid_for(market)
    found = []
    for venue in market.venues:
        standing = walk(VenueBars.of(venue, grid))
        if standing is not None:
            found.append((venue.candles.time_s, standing.swept_usd))
    if not found:
        return None
    time_s = np.unique(np.concatenate([times for times, _ in found]))
    total = np.zeros((2, len(time_s)))
    for times, usd in found:
        total[:, np.searchsorted(time_s, times)] += usd
    return Swept(time_s=time_s, long_usd=total[0], short_usd=total[1])
