"""How far price went from every past hour on, in sigmas of that hour: what the chance of touch stands on."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from engine.grid import FloatArray, IntArray
from engine.seasonality import pace_after, weekly_profile
from engine.volatility import WARM_UP_H, HourlyBars, Volatility
from engine.windows import HOUR_S, TOUCH_HORIZONS_H

REGIME_BANDWIDTH = 0.5
"""Width of the Gaussian weight on the difference of log sigma. Of .15, .25, .35, .5 and no weights, .5 and none predict
recorded touches best (Brier .132 at 12 h, .149 at 24 h; .133 and .151 with .15); .5 still follows the regime."""

MIN_COVER = 0.95
"""A horizon of which more is missing may have lost its extreme, and is not counted."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ExcursionTable:
    """Past excursions per horizon, both directions pooled: which way price went is not carried forward.

    reach: (horizons, 2 * starts) ascending [daily sigmas at the start, at the pace of the hours that followed]; beyond:
    (horizons, 2 * starts + 1) the weighted share of excursions that reach at least the same position of `reach`, the
    last being 0; independent: how many windows that do not overlap the weights amount to, per horizon; pace:
    (horizons,) by how much the hours to come are livelier than the week's average, as a standard deviation. Every
    horizon has the same starts, so the share cannot fall with the horizon at the same pace.
    """

    reach: FloatArray
    beyond: FloatArray
    independent: FloatArray
    pace: FloatArray

    def share_beyond(self, distance_sigmas: float) -> FloatArray:
        """Return the share of excursions that went at least so far, (horizons,); zeros from an empty table."""
        rows = zip(self.reach, self.beyond, self.pace, strict=True)
        return np.array([beyond[np.searchsorted(reach, distance_sigmas / pace)] for reach, beyond, pace in rows])


def read_excursions(hourly: HourlyBars, volatility: Volatility) -> ExcursionTable:
    """Return every excursion whose longest horizon has passed, weighted towards starts as volatile as now.

    Does not look ahead: nothing after the last finished hour is there to be seen, and what is predicted begins there.
    """
    starts = _starts(hourly, volatility)
    sigma = volatility.hourly_sigma[starts]
    weights = np.exp(-0.5 * (np.log(sigma / volatility.daily_sigma) / REGIME_BANDWIDTH) ** 2)
    total = float(weights.sum())
    close = hourly.close[starts]
    pooled = np.tile(weights, 2) / (2 * total) if total else np.empty(0)
    profile = weekly_profile(hourly, volatility.hourly_sigma)
    reach, beyond, pace = [], [], []
    for hours in TOUCH_HORIZONS_H:
        usual = sigma * pace_after(profile, hourly.end_s[starts], hours)
        up = np.log(_extreme_after(hourly.high, hours)[starts] / close) / usual
        down = -np.log(-_extreme_after(-hourly.low, hours)[starts] / close) / usual
        pace.append(float(pace_after(profile, hourly.end_s[-1:], hours)[0]))
        distances = np.maximum(np.concatenate((up, down)), 0.0)
        order = np.argsort(distances)
        reach.append(distances[order])
        beyond.append(np.append(np.cumsum(pooled[order][::-1])[::-1], 0.0))
    effective = total**2 / float((weights**2).sum()) if total else 0.0
    return ExcursionTable(
        reach=np.array(reach),
        beyond=np.minimum(np.array(beyond), 1.0),
        independent=effective / np.array(TOUCH_HORIZONS_H, dtype=np.float64),
        pace=np.array(pace),
    )


def _starts(hourly: HourlyBars, volatility: Volatility) -> IntArray:
    """Return the hours whose close and sigma are known, and whose longest horizon has passed without a real gap."""
    longest = max(TOUCH_HORIZONS_H)
    size = len(hourly) - longest
    if size <= WARM_UP_H:
        return np.empty(0, dtype=np.int64)
    covered_s = np.concatenate(([0.0], np.cumsum(hourly.covered_s)))
    after_s = covered_s[longest + 1 :] - covered_s[1 : size + 1]
    usable = (
        np.isfinite(hourly.close[:size])
        & (volatility.hourly_sigma[:size] > 0)
        & (after_s >= MIN_COVER * longest * HOUR_S)
    )
    usable[:WARM_UP_H] = False
    return np.flatnonzero(usable)


def _extreme_after(values: FloatArray, hours: int) -> FloatArray:
    """Return the maximum of the `hours` hours after each hour, (n - hours,), unknown hours aside."""
    if len(values) <= hours:
        return np.empty(0)
    known = np.where(np.isnan(values), -math.inf, values)
    return np.asarray(np.lib.stride_tricks.sliding_window_view(known[1:], hours).max(axis=1), dtype=np.float64)
