"""Order book: walls on the way absorb the move, a wall behind the zone is where it would end, thin books let it pass.

Scales are own assumptions: the recordings hold no books to measure them on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from engine.context import MarketContext
from engine.evidence.approach import Approach, approach_to
from engine.evidence.statement import Part, weigh
from engine.grid import LOG_STEP, FloatArray
from engine.market import MissingInput, OrderBook
from engine.results import Evidence, ZoneBand
from engine.text import percent_text, price_text

NAME = "order_book"

SEEN_NEEDED = 0.5
"""A book that shows less than half of the way cannot say whether it is free."""

WALL_TIMES_MEDIAN = 5.0
FULL_WALL_TIMES_MEDIAN = 25.0
"""A 0.1 % step is a wall from five times the median step on, and counts in full at 25 times."""

WALL = 0.6
IMBALANCE = 0.5
WALL_BEHIND = 0.25
"""A wall on the way costs more than one behind the zone adds: both can be pulled, but the one on the way must first be
eaten, and the one behind only makes the zone the likelier end of the move: forced orders find their fills there."""


@dataclass(frozen=True, slots=True, eq=False)
class _Depth:
    """One side of the book by 0.1 % steps of log distance from the price: size (steps,) [base]; reach: log distance."""

    size: FloatArray
    reach: float

    def within(self, distance: float) -> float:
        """Return the size resting up to `distance`, its last step in part."""
        return float(np.interp(distance / LOG_STEP, np.arange(len(self.size) + 1), np.append(0, np.cumsum(self.size))))

    def steps(self, start: float, stop: float) -> slice:
        """Return the steps that begin from `start` to before `stop`."""
        return slice(math.ceil(start / LOG_STEP - 1e-9), max(math.ceil(stop / LOG_STEP - 1e-9), 0))


def assess(band: ZoneBand, context: MarketContext) -> Evidence | MissingInput:
    """Say whether resting orders block the way to the zone or leave it open."""
    book = context.order_book
    if book is None:
        effect = "Walls on the way to a zone and how thin the book is are not weighed."
        return MissingInput(input=NAME, venue=None, effect=effect)
    approach = approach_to(band, context)
    ahead, behind_price = _depths(book, approach)
    if min(ahead.reach, behind_price.reach) < SEEN_NEEDED * approach.start:
        reach = math.expm1(min(ahead.reach, behind_price.reach))
        seen, judged = percent_text(reach, signed=False), percent_text(reach / SEEN_NEEDED, signed=False)
        effect = f"The book reaches {seen} from the price: walls before zones farther than {judged} are not weighed."
        return MissingInput(input=NAME, venue=None, effect=effect)
    usual = _usual_step(ahead, behind_price)
    return weigh(
        NAME,
        (
            _imbalance(approach, ahead, behind_price),
            _wall_between(approach, ahead, usual),
            _wall_behind(approach, ahead, usual),
        ),
    )


def _depths(book: OrderBook, approach: Approach) -> tuple[_Depth, _Depth]:
    asks = _depth(book.ask_price, book.ask_size, approach.price, 1)
    bids = _depth(book.bid_price, book.bid_size, approach.price, -1)
    return (asks, bids) if approach.direction > 0 else (bids, asks)


def _depth(prices: FloatArray, sizes: FloatArray, price: float, direction: int) -> _Depth:
    distance = np.maximum(direction * np.log(prices / price), 0.0)
    return _Depth(np.bincount((distance / LOG_STEP).astype(np.int64), sizes).astype(np.float64), float(distance.max()))


def _usual_step(*sides: _Depth) -> float:
    """Return the median size of a step that holds anything, over both sides [base]."""
    sizes = np.concatenate([side.size for side in sides])
    return float(np.median(sizes[sizes > 0])) if np.any(sizes > 0) else math.nan


def _imbalance(approach: Approach, ahead: _Depth, behind_price: _Depth) -> Part:
    compared = min(max(approach.start, LOG_STEP), ahead.reach, behind_price.reach)
    way, other = ahead.within(compared), behind_price.within(compared)
    if way + other <= 0:
        return Part(0.0, "Nothing rests near the price on either side.")
    value = IMBALANCE * (other - way) / (other + way)
    share = percent_text(way / (way + other), signed=False, decimals=0)
    within = percent_text(math.expm1(compared), signed=False)
    thin = "thin" if value > 0 else "heavy" if value < 0 else "even"
    return Part(
        value, f"The book towards the zone is {thin}: {share} of what rests within {within} of price is on its side."
    )


def _wall_between(approach: Approach, ahead: _Depth, usual: float) -> Part:
    times, at = _largest(ahead, ahead.steps(0.0, approach.start), usual)
    if times < WALL_TIMES_MEDIAN:
        return Part(0.0, "No wall rests between price and the zone.")
    text = f"A wall at {price_text(approach.price_at(at))}, {times:.0f} times the usual size, rests before the zone."
    return Part(-WALL * _wall_strength(times), text)


def _wall_behind(approach: Approach, ahead: _Depth, usual: float) -> Part:
    times, at = _largest(ahead, ahead.steps(approach.end, approach.end + approach.pad), usual)
    if times < WALL_TIMES_MEDIAN:
        return Part(0.0, "No wall rests just behind the zone.")
    where = (
        f"A wall at {price_text(approach.price_at(at))}, {times:.0f} times the usual size, rests just behind the zone"
    )
    return Part(WALL_BEHIND * _wall_strength(times), f"{where}: a sweep would find its fills there.")


def _largest(side: _Depth, steps: slice, usual: float) -> tuple[float, float]:
    """Return the largest step in times the usual one, and its distance (middle of the step); 0 where nothing rests."""
    sizes = side.size[steps]
    if not len(sizes) or not math.isfinite(usual):
        return 0.0, 0.0
    at = int(np.argmax(sizes))
    return float(sizes[at]) / usual, (steps.start + at + 0.5) * LOG_STEP


def _wall_strength(times: float) -> float:
    """Return 0 at five times the median, 1 at 25 times and above, in a line of log size."""
    span = math.log(FULL_WALL_TIMES_MEDIAN / WALL_TIMES_MEDIAN)
    return min(max(math.log(times / WALL_TIMES_MEDIAN) / span, 0.0), 1.0)
