"""What the simulated market remembers: the layout of the records that the compiled loop fills.

Each layout is declared once, as a class: for readers and the type checker it is the record, and its dtype follows from
the annotations. Quantities are whole lots; price, value, lean, ... of the desk are ln price, other prices are prices.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from engine.grid import FloatArray, IntArray
from engine.simulation.rules import RULES_RECORD, MarketRules

Records = np.ndarray[Any, Any]
Int32 = int
Int8 = int
Int32Array = np.ndarray[Any, np.dtype[np.int32]]

STANDING, PLANNED, STOPPED, LIQUIDATED = 0, 1, 2, 3
"""How a position ended (`ending`), STANDING while it has not."""
NOBODY = -1
"""The end of a list, and the closing step of a position that stands."""
MAKERS, PRESETS, BRACKETS, KINDS = 10, 16, 24, 6
"""Sizes of the tables inside the desk; the last margin bracket is repeated to fill its table."""
TRIGGER_STEP = 0.0002
"""Width of a trigger bin in ln price: a few positions each, near the market."""
TRIGGER_BINS = 24_000
"""Bins of triggers, centred on the start price; ones beyond wait in the outermost bin."""

_DTYPES = {"float": np.float64, "int": np.int64, "Int32": np.int32, "Int8": np.int8}


def _dtype_of(layout: type, **tables: np.dtype[Any]) -> np.dtype[Any]:
    """Return the dtype of a layout; fields that are no single number are given as `tables`."""
    fields = [(name, tables.get(name) or _DTYPES[kind]) for name, kind in layout.__annotations__.items()]
    return np.dtype(fields, align=True)


class Position:
    """A trader's position; its number is its row.

    next, previous: its neighbours in the list of trigger bin `bin`; next_due: the next one whose planned time ends at
    the same step; trigger: what it does at trigger_price.
    """

    entry_price: float
    leverage: float
    liquidation_price: float
    close_price: float
    trigger_price: float
    entry_step: Int32
    close_step: Int32
    lots: Int32
    next: Int32
    previous: Int32
    next_due: Int32
    bin: Int32
    kind: Int8
    side: Int8
    ending: Int8
    trigger: Int8


class TopUp:
    """Margin added to a position: leverage and liquidation price from that step on."""

    position: int
    step: int
    leverage: float
    liquidation_price: float


class Bar:
    """What one bar leaves behind.

    crowd: traders' longs minus shorts over open interest, at the open; premium: mean lean of the price [ln]; thinness:
    1 over depth, 1 in usual depth; open_interest: at the open; opened, closed: contracts that trades added and removed;
    unmatched: the largest difference of all longs and all shorts after any trade, which must be 0.
    """

    open: float
    high: float
    low: float
    close: float
    crowd: float
    premium: float
    thinness: float
    open_interest: int
    buy_lots: int
    sell_lots: int
    opened: int
    closed: int
    unmatched: int


class Desk:
    """The market's one mutable record.

    value, lean, jitter: the parts of price; minute, hour, day: averages of it; flow: taker orders not yet felt [lots,
    buys positive]; fright, news_left, news_heard: mood; volatility: of this bar; bin: the price's trigger bin; full: 1
    when the ledger has no room; count, topped: rows used; settled_lots: open interest after the last trade;
    makers, targets, centres: what makers hold, want now and want usually; weights: arrivals a step; mean_lots: of each
    kind; presets: leverages that sliders offer; brackets: rows cap [USD], rate, maximum leverage, amount [USD].
    """

    price: float
    value: float
    lean: float
    jitter: float
    low: float
    high: float
    minute: float
    hour: float
    day: float
    last_price: float
    flow: float
    fright: float
    news_left: float
    news_heard: float
    volatility: float
    premium: float
    lot: float
    step_sigma: float
    usual_lots: float
    churn_lots: float
    start_log: float
    step: int
    bin: int
    full: int
    count: int
    topped: int
    long_lots: int
    short_lots: int
    settled_lots: int
    crowd_lots: int
    buy_lots: int
    sell_lots: int
    opened: int
    closed: int
    unmatched: int
    rules: MarketRules
    makers: IntArray
    targets: FloatArray
    centres: FloatArray
    weights: FloatArray
    mean_lots: FloatArray
    presets: FloatArray
    brackets: FloatArray


POSITION, TOP_UP, BAR = _dtype_of(Position), _dtype_of(TopUp), _dtype_of(Bar)
DESK = _dtype_of(
    Desk,
    rules=RULES_RECORD,
    makers=np.dtype((np.int64, MAKERS)),
    targets=np.dtype((np.float64, MAKERS)),
    centres=np.dtype((np.float64, MAKERS)),
    weights=np.dtype((np.float64, KINDS)),
    mean_lots=np.dtype((np.float64, KINDS)),
    presets=np.dtype((np.float64, PRESETS)),
    brackets=np.dtype((np.float64, (4, BRACKETS))),
)


class Ledger(NamedTuple):
    """Positions and top-ups (room for all that will come), and the lists through them.

    heads: (2, TRIGGER_BINS) first long and first short that wait in each bin; due: (steps,) first position whose
    planned time ends then; kinds: (KINDS,) the traders' tastes.
    """

    positions: Records
    top_ups: Records
    heads: Int32Array
    due: Int32Array
    kinds: Records


class World(NamedTuple):
    """Everything the loop reads and writes, in place.

    desk (1,); bars (n,) and inventories (n, MAKERS) [lots] of makers at each open; volatility, news (n,): the weather.
    """

    desk: Records
    ledger: Ledger
    bars: Records
    inventories: IntArray
    volatility: FloatArray
    news: FloatArray


class Signals(NamedTuple):
    """What traders look at, each about 1 when strong: distance from averages, news, the crowd's lean."""

    minute: float
    hour: float
    day: float
    news: float
    crowd: float
