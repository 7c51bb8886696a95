"""What no trader decides: calm and stormy regimes, the hours of the day, and news. Own assumptions throughout.

Volatility is the exponential of three mean-reverting terms (weeks, half a day, under an hour) times the usual shape of
a trading day; news arrives at random, moves the price at once, and leaves the market nervous for a while.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from engine.grid import FloatArray, IntArray
from engine.windows import DAY_S, HOUR_S

YEAR_S = 365 * DAY_S

_TERMS = ((6 * DAY_S, 0.22), (12 * HOUR_S, 0.28), (40 * 60, 0.24))
"""Memory [s] and standard deviation of each term of ln volatility."""
_BUSY_HOUR, _BUSY_WIDTH_H, _BUSY_GAIN = 14.8, 2.2, 0.75
"""When Europe and America trade together: hour (UTC), width [h], and how much more moves then."""
_WEEKEND_VOLATILITY = 0.65
_NEWS_PER_DAY = 1.1
_NEWS_SMALLEST, _NEWS_SCALE, _NEWS_TAIL, _NEWS_LARGEST = 0.12, 0.16, 2.6, 1.5
"""A piece of news moves the price by smallest + scale x Pareto(tail) daily standard deviations, at most the largest."""
_NEWS_SHAKES = 0.9
"""How much a piece of news of one daily standard deviation raises the fastest term."""
_VOLATILITY_CAP = 8.0
"""No bar is more volatile than this many times the usual: venues halt or widen before."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Weather:
    """Per bar: volatility (n,) relative to the usual one, news (n,) [ln price]."""

    volatility: FloatArray
    news: FloatArray


def draw_weather(rng: np.random.Generator, *, time_s: IntArray, bar_s: int, annual_volatility: float) -> Weather:
    """Draw the weather of bars opening at `time_s` (n,) [s]; a bar's weather depends on earlier draws only."""
    daily = annual_volatility / np.sqrt(YEAR_S / DAY_S)
    news = _news(rng, len(time_s), chance=_NEWS_PER_DAY * bar_s / DAY_S, daily_volatility=daily)
    shocks = [np.zeros(len(time_s)), np.zeros(len(time_s)), _NEWS_SHAKES * np.sqrt(np.abs(news) / daily)]
    logs = sum(
        _mean_reverting(rng, extra, memory_bars=memory_s / bar_s, spread=spread)
        for (memory_s, spread), extra in zip(_TERMS, shocks, strict=True)
    )
    centred = logs - sum(spread**2 for _, spread in _TERMS)  # E[exp(2 x)] = 1: the regimes add no variance on average
    volatility = np.minimum(np.exp(centred) * _time_of_week(time_s), _VOLATILITY_CAP)
    return Weather(volatility=volatility, news=news)


def _news(rng: np.random.Generator, bars: int, *, chance: float, daily_volatility: float) -> FloatArray:
    happens = rng.random(bars) < chance
    size = np.minimum(_NEWS_SMALLEST + _NEWS_SCALE * rng.pareto(_NEWS_TAIL, bars), _NEWS_LARGEST)
    direction = np.where(rng.random(bars) < 0.5, -1.0, 1.0)
    return np.asarray(happens * direction * size * daily_volatility)


def _mean_reverting(rng: np.random.Generator, extra: FloatArray, *, memory_bars: float, spread: float) -> FloatArray:
    """Return an AR(1) path (n,) with standard deviation `spread` that also takes `extra` in and forgets it."""
    keep = float(np.exp(-1 / memory_bars))
    noise = rng.standard_normal(len(extra)) * spread * np.sqrt(1 - keep**2) + extra
    noise[0] += spread * rng.standard_normal()
    shocks: list[float] = noise.tolist()
    path: Iterable[float] = accumulate(shocks, lambda state, shock: keep * state + shock)
    return np.fromiter(path, np.float64, len(extra))


def _time_of_week(time_s: IntArray) -> FloatArray:
    """Return the usual volatility of each moment of the week; its mean square over a week is one."""
    hour = (time_s % DAY_S) / HOUR_S
    away = np.minimum(np.abs(hour - _BUSY_HOUR), 24 - np.abs(hour - _BUSY_HOUR))
    shape = 1 + _BUSY_GAIN * np.exp(-((away / _BUSY_WIDTH_H) ** 2) / 2)
    weekday = (time_s // DAY_S + 3) % 7  # the epoch was a Thursday; Monday is 0
    quiet = np.where(weekday >= 5, _WEEKEND_VOLATILITY, 1.0)
    usual = np.mean(shape**2) * (5 + 2 * _WEEKEND_VOLATILITY**2) / 7
    return np.asarray(quiet * shape / np.sqrt(usual))
