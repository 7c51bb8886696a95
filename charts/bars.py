"""The candles that a picture shows: five-minute bars gathered into a timeframe that suits the window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection

from charts.theme import Theme
from engine.grid import FloatArray, IntArray
from engine.market import Candles
from engine.windows import DAY_S, HOUR_S, MINUTE_S

MAX_CANDLES = 170
"""More would be thinner than five pixels each."""
TIMEFRAMES_S = tuple(
    [minutes * MINUTE_S for minutes in (5, 10, 15, 20, 30)]
    + [hours * HOUR_S for hours in (1, 2, 3, 4, 6, 8, 12)]
    + [days * DAY_S for days in (1, 3, 7)]
)
_BODY_SHARE = 0.68
"""Of a candle's slot; the rest is the gap to the next one."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Bars:
    """Candles of one timeframe, oldest first; every array has shape (n,): start_s [Unix s], prices [price].

    The last one may be unfinished: it holds what was known at the moment of the answer.
    """

    timeframe_s: int
    start_s: IntArray
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray

    def __len__(self) -> int:
        return len(self.start_s)


def timeframe_for(length_s: float) -> int:
    """Return the shortest timeframe [s] that needs no more candles than can be told apart."""
    return next((step for step in TIMEFRAMES_S if length_s / step <= MAX_CANDLES), TIMEFRAMES_S[-1])


def gather(candles: Candles, start_s: int, end_s: int) -> Bars:
    """Return the candles between two moments in a timeframe that suits the span; slots without a bar stay empty.

    Slots are aligned to midnight UTC, as exchanges do. A bar counts when it opens in the span and is finished at its
    end.
    """
    first = int(np.searchsorted(candles.time_s, start_s))
    last = int(np.searchsorted(candles.end_s, end_s, side="right"))
    part = slice(first, max(first, last))
    step = timeframe_for(end_s - start_s)
    slots = candles.time_s[part] // step
    at = np.flatnonzero(np.diff(slots, prepend=slots[:1] - 1))
    if not len(at):
        none = np.empty(0)
        return Bars(timeframe_s=step, start_s=none.astype(np.int64), open=none, high=none, low=none, close=none)
    return Bars(
        timeframe_s=step,
        start_s=slots[at] * step,
        open=candles.open[part][at],
        high=np.maximum.reduceat(candles.high[part], at),
        low=np.minimum.reduceat(candles.low[part], at),
        close=candles.close[part][np.append(at[1:], len(slots)) - 1],
    )


def draw_bars(axes: Axes, bars: Bars, theme: Theme) -> None:
    """Draw candles on axes of Unix seconds by ln price: wicks from low to high, bodies from open to close.

    A dark rim under the bodies keeps them apart from heat of a like colour.
    """
    middle = bars.start_s + bars.timeframe_s / 2
    half = bars.timeframe_s * _BODY_SHARE / 2
    for name, colour, chosen in (
        ("rising", theme.rising, bars.close >= bars.open),
        ("falling", theme.falling, bars.close < bars.open),
    ):
        x, low, high = middle[chosen], np.log(bars.low[chosen]), np.log(bars.high[chosen])
        first, last = np.log(bars.open[chosen]), np.log(bars.close[chosen])
        wicks = np.stack([np.column_stack([x, low]), np.column_stack([x, high])], axis=1)
        corners = [(x - half, first), (x - half, last), (x + half, last), (x + half, first)]
        bodies = list(np.stack([np.column_stack(corner) for corner in corners], axis=1))
        for artist in (
            PolyCollection(bodies, facecolors=theme.halo, edgecolors=theme.halo, linewidths=3.5, zorder=4),
            LineCollection(list(wicks), colors=colour, linewidths=1.4, label=f"{name} wicks", zorder=5),
            PolyCollection(
                bodies, facecolors=colour, edgecolors=colour, linewidths=1, label=f"{name} bodies", zorder=6
            ),
        ):
            axes.add_collection(artist, autolim=False)
