"""Which prices and moments a picture shows, and which are written at its edges. Prices are drawn by their log."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from charts.bars import Bars
from engine.results import MapColumns, Zone
from engine.windows import DAY_S, HOUR_S, MINUTE_S

NEAR_SIGMAS = 3.0
"""Three daily sigmas to either side are shown: where price usually stays for days."""
LEAST_NEAR_SIGMAS = 2.0
"""... but on a calm day no more than lets the candles keep their share of the height, down to two sigmas."""
WIDEST_NEAR = 0.25
NARROWEST_NEAR = 0.01
"""Bounds of the above [log price], for a sigma that is unknown or absurd."""
CANDLES_SHARE = 0.09
"""Candles fill at least this share of the height: below it they would be a line. Farther zones become arrows."""
_ROOM = 0.04
"""Air beyond the outermost price shown, as a share of the range."""
_NICE = (1.0, 2.0, 2.5, 5.0)
_TIME_STEPS_S = (
    *(minutes * MINUTE_S for minutes in (15, 30)),
    *(hours * HOUR_S for hours in (1, 2, 3, 4, 6, 8, 12)),
    *(days * DAY_S for days in (1, 2, 3, 5, 7, 10, 15, 30)),
)


@dataclass(frozen=True, slots=True)
class PriceRange:
    """The prices from `low` to `high`, drawn evenly in ln price."""

    low: float
    high: float

    @property
    def logs(self) -> tuple[float, float]:
        """Lower and upper end [ln price], the limits of an axis."""
        return math.log(self.low), math.log(self.high)

    def share(self, price: float) -> float:
        """Return where a price lies: 0 at the low end, 1 at the high one, beyond them outside."""
        low, high = self.logs
        return (math.log(price) - low) / (high - low)

    def holds(self, price: float) -> bool:
        """Return whether a price is inside."""
        return self.low <= price <= self.high


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark at an edge: where (price, or Unix s) and what is written there; strong: a day begins."""

    at: float
    words: str
    strong: bool = False


def range_for(
    bars: Bars, price: float, daily_sigma: float, zones: Iterable[Zone], columns: MapColumns | None = None
) -> PriceRange:
    """Return the prices to show: candles, three sigmas, and zones as long as the candles do not become a line.

    The air around them ends where the columns end: beyond, nothing is known, which would look like nothing there.
    """
    tall = _height(bars) / CANDLES_SHARE
    near = _near(daily_sigma, tall)
    middle = math.log(price)
    low = min(middle - near, *(math.log(each) for each in bars.low.tolist()), middle)
    high = max(middle + near, *(math.log(each) for each in bars.high.tolist()), middle)
    for zone in sorted(zones, key=lambda zone: abs(zone.distance)):
        wider = min(low, math.log(zone.band.low)), max(high, math.log(zone.band.high))
        if wider[1] - wider[0] <= tall:
            low, high = wider
    return within_columns(low, high, _ROOM * (high - low), columns)


def within_columns(low: float, high: float, room: float, columns: MapColumns | None) -> PriceRange:
    """Return the prices from `low` to `high` [ln price] with `room` beyond them, as far as columns reach."""
    least, most = (math.log(columns.grid.low), math.log(columns.grid.high)) if columns else (-math.inf, math.inf)
    return PriceRange(math.exp(min(low, max(low - room, least))), math.exp(max(high, min(high + room, most))))


def _near(daily_sigma: float, tall: float) -> float:
    """Return how far to either side of the price is shown whatever stands there [log price]."""
    if not math.isfinite(daily_sigma):
        return NARROWEST_NEAR
    near = min(NEAR_SIGMAS * daily_sigma, max(LEAST_NEAR_SIGMAS * daily_sigma, tall / 2))
    return min(max(near, NARROWEST_NEAR), WIDEST_NEAR)


def _height(bars: Bars) -> float:
    return math.log(float(bars.high.max()) / float(bars.low.min())) if len(bars) else 0.0


def price_ticks(shown: PriceRange, wanted: int) -> tuple[Tick, ...]:
    """Return round prices inside the range, about `wanted` of them, with just the decimals that tell them apart."""
    step = _nice_step((shown.high - shown.low) / wanted)
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    if not math.isclose(step * 10**decimals, round(step * 10**decimals), rel_tol=1e-6):
        decimals += 1  # steps of 2.5 need one more
    numbers = range(math.ceil(shown.low / step), math.floor(shown.high / step) + 1)
    return tuple(Tick(number * step, f"{number * step:,.{decimals}f}") for number in numbers)


def _nice_step(least: float) -> float:
    power = 10.0 ** math.floor(math.log10(least))
    return next((nice * power for nice in _NICE if nice * power >= least * (1 - 1e-9)), 10 * power)


def time_ticks(start_s: float, end_s: float, most: int) -> tuple[Tick, ...]:
    """Return round moments (UTC) between two others, at most `most`; midnights read as dates, the rest as hours."""
    span = end_s - start_s
    step = next((each for each in _TIME_STEPS_S if span / each <= most), _TIME_STEPS_S[-1])
    first = math.ceil(start_s / step)
    moments = (number * step for number in range(first, math.floor(end_s / step) + 1))
    return tuple(Tick(moment, *_moment_words(moment)) for moment in moments)


def _moment_words(moment_s: float) -> tuple[str, bool]:
    moment = datetime.fromtimestamp(moment_s, UTC)
    if moment_s % DAY_S:
        return moment.strftime("%H:%M"), False
    return f"{moment.day} {moment.strftime('%b')}", True


def timeframe_text(timeframe_s: int) -> str:
    """Return a candle's length as traders write it: 5m, 1h, 1d."""
    for unit_s, letter in ((DAY_S, "d"), (HOUR_S, "h")):
        if timeframe_s % unit_s == 0:
            return f"{timeframe_s // unit_s}{letter}"
    return f"{timeframe_s // MINUTE_S}m"
