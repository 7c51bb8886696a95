"""What price has been doing: trend, momentum and rejected wicks, all in sigmas."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from engine.grid import FloatArray, IntArray
from engine.market import Candles
from engine.results import Side
from engine.volatility import HOURS_PER_DAY, HourlyBars, Volatility
from engine.windows import HOUR_S

TREND_HALF_LIFE_H = 24
"""Half-life of the moving average whose slope is the trend [h]: the horizon of an answer is 0 to 3 days."""

WICK_MEMORY_H = 72
"""How far back a rejection counts [h]: as far as an answer looks ahead."""

REJECTION_SIGMAS = 0.8
"""Least length of a rejection wick, in sigmas of an hour: the longest tenth of all hourly wicks on recorded BTC (.81),
ETH (.86) and SOL (.80)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wick:
    """A long wick that price has not passed since: above (sold) or below (bought).

    price: its tip; size_sigmas: its length [hourly sigmas]; time_s: open of its hour.
    """

    side: Side
    price: float
    size_sigmas: float
    time_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceAction:
    """Where price has been heading, and where it was turned away.

    trend: change of the moving average of log price (half-life 24 h) over the last day [daily sigmas]; momentum_4h,
    momentum_24h: log change [sigmas of that span]; NaN where the candles needed are missing; wicks: the rejections of
    the last three days that still stand, oldest first.
    """

    trend: float
    momentum_4h: float
    momentum_24h: float
    wicks: tuple[Wick, ...]


def read_price_action(candles: Candles, hourly: HourlyBars, volatility: Volatility, as_of_s: int) -> PriceAction:
    """Return what price has been doing up to `as_of_s`; does not look ahead."""
    return PriceAction(
        trend=_trend(hourly, volatility),
        momentum_4h=_momentum(candles, volatility, as_of_s, 4 * HOUR_S),
        momentum_24h=_momentum(candles, volatility, as_of_s, 24 * HOUR_S),
        wicks=_wicks(candles, hourly, volatility),
    )


def _trend(hourly: HourlyBars, volatility: Volatility) -> float:
    closes = hourly.close[hourly.last(10 * TREND_HALF_LIFE_H)]
    earlier = closes[:-HOURS_PER_DAY]
    return (_average_log(closes) - _average_log(earlier)) / volatility.daily_sigma


def _average_log(closes: FloatArray) -> float:
    """Return the exponentially weighted mean of ln price, unknown hours left out; NaN without a known one."""
    weights = np.exp2(-np.arange(len(closes))[::-1] / TREND_HALF_LIFE_H)
    known = np.isfinite(closes)
    if not known.any():
        return math.nan
    return float(np.dot(weights[known], np.log(closes[known])) / weights[known].sum())


def _momentum(candles: Candles, volatility: Volatility, as_of_s: int, span_s: int) -> float:
    """Return the log change over `span_s` in sigmas of that span; NaN if no bar ended near its start or near now."""
    at = int(np.searchsorted(candles.end_s, as_of_s - span_s, side="right")) - 1
    if at < 0 or as_of_s - span_s - candles.end_s[at] > max(HOUR_S, int(candles.duration_s[at])):
        return math.nan
    return math.log(candles.close[-1] / candles.close[at]) / volatility.sigma_over(span_s)


def _wicks(candles: Candles, hourly: HourlyBars, volatility: Volatility) -> tuple[Wick, ...]:
    recent = hourly.last(WICK_MEMORY_H)
    sigma = np.maximum(volatility.hourly_sigma[recent], np.finfo(float).tiny) / math.sqrt(HOURS_PER_DAY)
    body_high = np.maximum(hourly.open[recent], hourly.close[recent])
    body_low = np.minimum(hourly.open[recent], hourly.close[recent])
    upper = np.log(hourly.high[recent] / body_high) / sigma
    lower = np.log(body_low / hourly.low[recent]) / sigma
    time_s = hourly.time_s[recent]
    wicks = [
        *_rejections("above", hourly.high[recent], upper, time_s),
        *_rejections("below", hourly.low[recent], lower, time_s),
    ]
    standing = (wick for wick in wicks if not _passed(wick, candles))
    return tuple(sorted(standing, key=lambda wick: wick.time_s))


def _rejections(side: Side, tip: FloatArray, size_sigmas: FloatArray, time_s: IntArray) -> list[Wick]:
    return [
        Wick(side=side, price=float(tip[at]), size_sigmas=float(size_sigmas[at]), time_s=int(time_s[at]))
        for at in np.flatnonzero(size_sigmas >= REJECTION_SIGMAS)
    ]


def _passed(wick: Wick, candles: Candles) -> bool:
    later = candles.since(wick.time_s + HOUR_S)
    if wick.side == "above":
        return bool(np.any(candles.high[later] > wick.price))
    return bool(np.any(candles.low[later] < wick.price))
