"""Where price turned, traded and opened before: swings, ranges, VWAP, volume nodes, previous day, round numbers.

A level exists here only once it was confirmed; nothing looks ahead.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.grid import FloatArray, IntArray
from engine.market import Candles
from engine.text import moment_text, price_text
from engine.volatility import HOURS_PER_DAY, HourlyBars
from engine.volume_profile import VolumeProfile, read_volume_profile
from engine.windows import DAY_S, HOUR_S

LevelKind = Literal[
    "swing_high",
    "swing_low",
    "week_high",
    "week_low",
    "day_high",
    "day_low",
    "previous_day_high",
    "previous_day_low",
    "asia_high",
    "asia_low",
    "europe_high",
    "europe_low",
    "us_high",
    "us_low",
    "session_vwap",
    "week_vwap",
    "node_edge",
    "round_number",
]

SWING_HOURS = 6
"""A swing is the extreme of the six hours on either side: half of the shortest window, beyond the noise of one hour."""

SWING_MEMORY_H = 30 * HOURS_PER_DAY
"""How far back swings are kept [h]: as long as the longest window looks."""

WEEK_S = 7 * DAY_S
PROFILE_S = 14 * DAY_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A region's trading hours, in seconds after 00:00 UTC, and what its extremes are called."""

    opens_s: int
    closes_s: int
    high: LevelKind
    low: LevelKind


SESSIONS = (
    Session(opens_s=0, closes_s=8 * HOUR_S, high="asia_high", low="asia_low"),
    Session(opens_s=7 * HOUR_S, closes_s=16 * HOUR_S, high="europe_high", low="europe_low"),
    Session(opens_s=13 * HOUR_S, closes_s=22 * HOUR_S, high="us_high", low="us_low"),
)
"""Hours as most chart platforms draw them. They earn their place: on recorded BTC, ETH and SOL a third of the extremes
of finished sessions that still stand are neither swings nor extremes of a day or week."""

ROUND_STEP_SHARE = 0.025
"""Round numbers are spaced by at most this share of the price: 1,000 on BTC at 70,000, 50 at 2,000, 1 at 88."""

_WORDS: dict[LevelKind, str] = {
    "swing_high": "the swing high",
    "swing_low": "the swing low",
    "week_high": "the 7-day high",
    "week_low": "the 7-day low",
    "day_high": "the 24 h high",
    "day_low": "the 24 h low",
    "previous_day_high": "yesterday's high",
    "previous_day_low": "yesterday's low",
    "asia_high": "the Asia high",
    "asia_low": "the Asia low",
    "europe_high": "the Europe high",
    "europe_low": "the Europe low",
    "us_high": "the US high",
    "us_low": "the US low",
    "session_vwap": "today's VWAP",
    "week_vwap": "the 7-day VWAP",
    "node_edge": "the volume node's edge",
    "round_number": "the round number",
}


@dataclass(frozen=True, slots=True)
class StructureLevel:
    """A price that the chart gives meaning to; time_s: open of the bar that made it, None if there is none."""

    kind: LevelKind
    price: float
    time_s: int | None = None

    def words(self) -> str:
        """Return what a trader calls it, with its price, and its moment if it is a swing."""
        moment = f" of {moment_text(self.time_s)}" if self.kind.startswith("swing") and self.time_s is not None else ""
        return f"{_WORDS[self.kind]} {price_text(self.price)}{moment}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """The chart's levels at one moment.

    levels: sorted by price, without round numbers, which are everywhere; profile: volume nodes and gaps of 14 days;
    round_step: spacing of the round numbers [price], None to leave them out.
    """

    levels: tuple[StructureLevel, ...]
    profile: VolumeProfile
    round_step: float | None


def read_structure(candles: Candles, hourly: HourlyBars, *, as_of_s: int, daily_sigma: float) -> Structure:
    """Return the levels known at `as_of_s`; days and their VWAP begin at 00:00 UTC; does not look ahead."""
    profile = read_volume_profile(candles, candles.since(as_of_s - PROFILE_S), daily_sigma)
    today_s = as_of_s - as_of_s % DAY_S
    levels = (
        *_swings(candles, hourly),
        *_range(candles, candles.since(as_of_s - WEEK_S), "week_high", "week_low"),
        *_range(candles, candles.since(as_of_s - DAY_S), "day_high", "day_low"),
        *_range(candles, _between(candles, today_s - DAY_S, today_s), "previous_day_high", "previous_day_low"),
        *(level for session in SESSIONS for level in _session(candles, session, as_of_s)),
        *_vwap(candles, candles.since(today_s), "session_vwap"),
        *_vwap(candles, candles.since(as_of_s - WEEK_S), "week_vwap"),
        *(StructureLevel("node_edge", edge) for node in profile.nodes for edge in (node.low, node.high)),
    )
    return Structure(
        levels=tuple(sorted(levels, key=lambda level: level.price)),
        profile=profile,
        round_step=round_step(float(candles.close[-1])),
    )


def levels_near(structure: Structure, price: float, tolerance: float) -> tuple[StructureLevel, ...]:
    """Return the levels whose log distance from `price` is at most `tolerance`, nearest first, round numbers too."""
    return levels_between(structure, price * math.exp(-tolerance), price * math.exp(tolerance), nearest_to=price)


def levels_between(
    structure: Structure, low: float, high: float, *, nearest_to: float | None = None
) -> tuple[StructureLevel, ...]:
    """Return the levels from `low` to `high`, both included, by price or nearest to a price first."""
    found = [level for level in structure.levels if low <= level.price <= high]
    if structure.round_step is not None:
        steps = range(math.ceil(low / structure.round_step), math.floor(high / structure.round_step) + 1)
        found += [StructureLevel("round_number", step * structure.round_step) for step in steps]
    anchor = low if nearest_to is None else nearest_to
    return tuple(sorted(found, key=lambda level: abs(math.log(level.price / anchor))))


def round_step(price: float) -> float:
    """Return the spacing of round numbers [price]: the largest 1 or 5 times a power of ten within 2.5 % of `price`."""
    widest = ROUND_STEP_SHARE * price
    decade = 10.0 ** math.floor(math.log10(widest))
    return 5 * decade if 5 * decade <= widest else decade


def confirmed_swings(high: FloatArray, low: FloatArray, n: int) -> tuple[IntArray, IntArray]:
    """Return the positions of confirmed swing highs and of swing lows, oldest first.

    high, low: (bars,) [price], NaN where unknown. A swing high exceeds the n highs before it and is not exceeded by
    the n after it; it is confirmed, and returned, only when those n bars are there. An unknown neighbour forbids it.
    """
    return _pivots(high, n), _pivots(-low, n)


def _pivots(values: FloatArray, n: int) -> IntArray:
    if len(values) < 2 * n + 1:
        return np.empty(0, dtype=np.int64)
    center = values[n:-n]
    found = np.ones(len(center), dtype=np.bool_)
    for step in range(1, n + 1):  # n comparisons of whole arrays: 20 times faster than a sliding window's maximum
        found &= center > values[n - step : -n - step]
        found &= center >= values[n + step : len(values) - n + step]
    return np.flatnonzero(found) + n


def _swings(candles: Candles, hourly: HourlyBars) -> tuple[StructureLevel, ...]:
    """Return confirmed swings that price has not passed since: the stops beyond a swing are gone once it was passed."""
    recent = hourly.last(SWING_MEMORY_H)
    high, low, time_s, end_s = hourly.high[recent], hourly.low[recent], hourly.time_s[recent], hourly.end_s[recent]
    highs, lows = confirmed_swings(high, low, SWING_HOURS)
    open_hour = candles.since(int(end_s[-1])) if len(end_s) else slice(0, 0)
    above = _later_extreme(np.append(high, candles.high[open_hour].max(initial=-math.inf)))
    below = _later_extreme(-np.append(low, candles.low[open_hour].min(initial=math.inf)))
    return (
        *(StructureLevel("swing_high", float(high[at]), int(time_s[at])) for at in highs if high[at] >= above[at]),
        *(StructureLevel("swing_low", float(low[at]), int(time_s[at])) for at in lows if -low[at] >= below[at]),
    )


def _later_extreme(values: FloatArray) -> FloatArray:
    """Return the maximum of everything after each value but the last, shape (n - 1,), unknown ones aside."""
    known = np.where(np.isnan(values), -math.inf, values)
    return np.asarray(np.maximum.accumulate(known[:0:-1])[::-1], dtype=np.float64)


def _between(candles: Candles, start_s: int, stop_s: int) -> slice:
    return slice(candles.since(start_s).start, candles.since(stop_s).start)


def _range(candles: Candles, bars: slice, high_kind: LevelKind, low_kind: LevelKind) -> tuple[StructureLevel, ...]:
    if bars.start >= bars.stop:
        return ()
    top = bars.start + int(np.argmax(candles.high[bars]))
    bottom = bars.start + int(np.argmin(candles.low[bars]))
    return (
        StructureLevel(high_kind, float(candles.high[top]), int(candles.time_s[top])),
        StructureLevel(low_kind, float(candles.low[bottom]), int(candles.time_s[bottom])),
    )


def _session(candles: Candles, session: Session, as_of_s: int) -> tuple[StructureLevel, ...]:
    """Return the extremes of the last finished session of its kind, those that price has not passed since."""
    day_s = as_of_s - as_of_s % DAY_S
    if day_s + session.closes_s > as_of_s:
        day_s -= DAY_S
    bars = _between(candles, day_s + session.opens_s, day_s + session.closes_s)
    later = slice(bars.stop, len(candles))
    top, bottom = candles.high[later].max(initial=-math.inf), candles.low[later].min(initial=math.inf)
    extremes = _range(candles, bars, session.high, session.low)
    return tuple(
        level for level in extremes if (level.price >= top if level.kind == session.high else level.price <= bottom)
    )


def _vwap(candles: Candles, bars: slice, kind: LevelKind) -> tuple[StructureLevel, ...]:
    """Return the volume-weighted mean of (high + low + close) / 3, nothing where nothing was traded."""
    volume = candles.volume[bars]
    if volume.sum() <= 0:
        return ()
    typical = (candles.high[bars] + candles.low[bars] + candles.close[bars]) / 3
    return (StructureLevel(kind, float(np.dot(volume, typical) / volume.sum())),)
