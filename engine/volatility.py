"""How much the price moves: hourly bars, daily sigma, daily ATR, and how today compares with the symbol's past.

Every value uses finished bars only; nothing looks ahead.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from engine.errors import NotEnoughDataError
from engine.grid import FloatArray, IntArray
from engine.market import Candles
from engine.text import duration_text
from engine.windows import DAY_S, HOUR_S

HOURS_PER_DAY = 24

HALF_LIFE_H = 36
"""Half-life of the weights of realised variance [h]. Of 6 to 168 h, 36 h forecasts the variance of the next 24 and 72 h
best, or within .001 of the best, on recorded BTC, ETH and SOL (QLIKE of the next 24 h .247, .242, .234; with a
half-life of 12 h .298, .279, .276, of a week .314, .322, .312)."""

KERNEL_H = 10 * HALF_LIFE_H
"""Where the weights are cut off [h]: what is older weighs less than a thousandth."""

WARM_UP_H = HALF_LIFE_H
"""Hours at the start of a history whose sigma stands on too little to be compared with."""

MIN_HISTORY_S = DAY_S
"""A daily sigma from less than a day would only repeat the time of day."""

MIN_COMPARED_H = 14 * HOURS_PER_DAY
"""Fewer past sigmas than two weeks of hours hold no calm and no storm to be compared with."""

ATR_DAYS = 14
MIN_DAY_COVER = 0.9
"""A day with more of it missing than a tenth may have lost its high or its low."""

EXPECTED_RANGE_SIGMAS = math.sqrt(8 / math.pi)
"""Expected high minus low of a driftless random walk over one day, in daily sigmas (Feller 1951)."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class HourlyBars:
    """Finished hours (UTC) without holes, oldest first; every array has shape (n,).

    time_s: when an hour opens; open, high, low, close [price] and volume [base], NaN where no bar ended in that hour;
    squared_return: sum of squared log returns of the bars that ended in it; elapsed_s: the time those returns took.
    A bar longer than an hour counts in the hour in which it ended, because only then was it known.
    """

    time_s: IntArray
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray
    squared_return: FloatArray
    elapsed_s: FloatArray
    covered_s: FloatArray

    def __post_init__(self) -> None:
        for name in self.__slots__:
            getattr(self, name).flags.writeable = False

    def __len__(self) -> int:
        return len(self.time_s)

    @property
    def end_s(self) -> IntArray:
        """When each hour is finished and known, shape (n,)."""
        return self.time_s + HOUR_S

    def last(self, hours: int) -> slice:
        """Return the last `hours` hours, fewer where the history is shorter."""
        return slice(max(len(self) - hours, 0), len(self))


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Volatility:
    """How much the price moves at the moment asked about.

    daily_sigma: standard deviation of the log return over 24 h; daily_atr: mean true range of the last 14 finished UTC
    days [price]; daily_atr_share: the same as a fraction of the price; atr_days: how many days it stands on (0: none
    was finished, and the range expected from sigma is used); percentile: share of the symbol's own past hours (0-1)
    with a smaller sigma, NaN with less than two weeks to compare; hourly_sigma: daily sigma as known at the end of
    each hour, shape (n,) like the hourly bars.
    """

    daily_sigma: float
    daily_atr: float
    daily_atr_share: float
    atr_days: int
    percentile: float
    hourly_sigma: FloatArray

    def sigma_over(self, span_s: float) -> float:
        """Return the standard deviation of the log return over `span_s` seconds."""
        return self.daily_sigma * math.sqrt(span_s / DAY_S)


def log_returns(candles: Candles) -> tuple[FloatArray, FloatArray]:
    """Return each bar's log return from the close before it, and the time that took [s], both (n,).

    The first bar counts from its own open. A return over a gap carries the length of the gap.
    """
    before = np.concatenate((candles.open[:1], candles.close[:-1]))
    known_before = np.concatenate((candles.time_s[:1], candles.end_s[:-1]))
    return np.log(candles.close / before), (candles.end_s - known_before).astype(np.float64)


def hourly_bars(candles: Candles, as_of_s: int) -> HourlyBars:
    """Gather bars of any length into the hours finished at `as_of_s`; does not look ahead."""
    slots = (candles.end_s - 1) // HOUR_S
    first = int(slots[0])
    size = max(as_of_s // HOUR_S - first, 0)
    kept = int(np.searchsorted(slots, first + size))
    slots = slots[:kept] - first
    starts = np.flatnonzero(np.diff(slots, prepend=-1))
    ends = np.append(starts[1:], kept)[: len(starts)] - 1
    filled = slots[starts]

    def placed(values: FloatArray) -> FloatArray:
        hours = np.full(size, np.nan)
        hours[filled] = values
        return hours

    def summed(values: FloatArray) -> FloatArray:
        return np.bincount(slots, values[:kept], minlength=size).astype(np.float64)

    returns, elapsed_s = log_returns(candles)
    return HourlyBars(
        time_s=HOUR_S * np.arange(first, first + size, dtype=np.int64),
        open=placed(candles.open[starts]),
        high=placed(_per_hour(np.maximum, candles.high[:kept], starts)),
        low=placed(_per_hour(np.minimum, candles.low[:kept], starts)),
        close=placed(candles.close[ends]),
        volume=placed(_per_hour(np.add, candles.volume[:kept], starts)),
        squared_return=summed(returns**2),
        elapsed_s=summed(elapsed_s),
        covered_s=summed(candles.duration_s.astype(np.float64)),
    )


def _per_hour(combine: np.ufunc, values: FloatArray, starts: IntArray) -> FloatArray:
    if not len(starts):
        return np.empty(0)
    return np.asarray(combine.reduceat(values, starts), dtype=np.float64)


def read_volatility(candles: Candles, hourly: HourlyBars, as_of_s: int) -> Volatility:
    """Return how much the price moves at `as_of_s`; does not look ahead.

    Raises:
        NotEnoughDataError: less than a day of candles, or a price that never moved.

    """
    sigma = _sigma_now(candles, as_of_s)
    history = _sigma_history(hourly)
    atr, days = _daily_atr(candles, as_of_s)
    price = float(candles.close[-1])
    if not days:
        atr = EXPECTED_RANGE_SIGMAS * sigma * price
    return Volatility(
        daily_sigma=sigma,
        daily_atr=atr,
        daily_atr_share=atr / price,
        atr_days=days,
        percentile=_percentile(sigma, history[WARM_UP_H:-1]),
        hourly_sigma=history,
    )


def _sigma_now(candles: Candles, as_of_s: int) -> float:
    """Return daily sigma: the root of weighted squared returns over weighted time, right for bars of any length."""
    recent = candles.since(as_of_s - KERNEL_H * HOUR_S)
    covered_s = int(candles.duration_s.sum())
    if covered_s < MIN_HISTORY_S or not len(candles.time_s[recent]):
        raise NotEnoughDataError(
            "volatility", need="a day of recent candles", have=f"{duration_text(covered_s)} of history"
        )
    returns, elapsed_s = log_returns(candles)
    age_h = (as_of_s - candles.end_s[recent]) / HOUR_S
    weights = np.exp2(-age_h / HALF_LIFE_H)
    variance = np.dot(weights, returns[recent] ** 2) / np.dot(weights, elapsed_s[recent])
    if variance <= 0:
        raise NotEnoughDataError("volatility", need="candles in which the price moves", have="one price only")
    return math.sqrt(variance * DAY_S)


def _sigma_history(hourly: HourlyBars) -> FloatArray:
    """Return the same sigma at the end of every hour, shape (n,); 0 as long as the price has not moved."""
    kernel = np.exp2(-np.arange(KERNEL_H) / HALF_LIFE_H)
    squared = np.convolve(hourly.squared_return, kernel)[: len(hourly)]
    elapsed_s = np.convolve(hourly.elapsed_s, kernel)[: len(hourly)]
    sigma = np.sqrt(DAY_S * np.maximum(squared, 0) / np.maximum(elapsed_s, 1.0))
    sigma.flags.writeable = False
    return np.asarray(sigma, dtype=np.float64)


def _percentile(sigma: float, past: FloatArray) -> float:
    if len(past) < MIN_COMPARED_H:
        return math.nan
    return float(np.mean(past < sigma))


def _daily_atr(candles: Candles, as_of_s: int) -> tuple[float, int]:
    """Return the mean true range [price] of the last 14 finished UTC days, and how many of them were there."""
    today = as_of_s // DAY_S
    days = (candles.end_s - 1) // DAY_S
    window = slice(*np.searchsorted(days, (today - ATR_DAYS, today)))
    if window.start == window.stop:
        return math.nan, 0
    starts = window.start + np.flatnonzero(np.diff(days[window], prepend=-1))
    cuts = starts - window.start
    high = np.maximum.reduceat(candles.high[window], cuts)
    low = np.minimum.reduceat(candles.low[window], cuts)
    covered = np.add.reduceat(candles.duration_s[window], cuts) >= MIN_DAY_COVER * DAY_S
    before = np.where(starts > 0, candles.close[starts - 1], candles.open[starts])
    true_range = np.maximum(high, before) - np.minimum(low, before)
    if not covered.any():
        return math.nan, 0
    return float(true_range[covered].mean()), int(covered.sum())
