"""Open interest: who opened and who closed while price moved. Four quadrants of price change and OI change.

| price | OI | what happened | zones below (longs) | zones above (shorts) |
|---|---|---|---|---|
| up | up | fresh longs | for | neutral |
| down | up | fresh shorts | neutral | for |
| up | down | shorts covering | neutral | against |
| down | down | longs closing | against | neutral |

Neutral, not against, on the other side: every new contract has both a long and a short.
"""

from __future__ import annotations

import math

from engine.context import MarketContext
from engine.evidence.statement import Part, weigh
from engine.market import MissingInput
from engine.positioning import OpenInterest
from engine.results import Evidence, ZoneBand
from engine.text import percent_text
from engine.windows import HOUR_S

NAME = "open_interest"

DAY_H = 24
LONGEST_H = 72
"""An entry older than the horizon of an answer says nothing about who opened lately."""

DISTINCT_RATIO = 1.5
"""The change since the zone's entries is asked apart only if it spans 1.5 times more or less than the 24 h do."""


SHOWN = 0.0005
"""A change that rounds to 0.0 % is told as none."""


def assess(band: ZoneBand, context: MarketContext) -> Evidence | MissingInput:
    """Say whether positions of the zone's side were opened or closed in 24 h, and since the zone's own entries."""
    if context.open_interest is None:
        return _missing("no venue gives it now")
    parts = [part for hours in _spans_h(band) if (part := _quadrant(band, context, context.open_interest, hours))]
    if not parts:
        return _missing("it is not known a day back")
    return weigh(NAME, [Part(part.value / len(parts), part.sentence) for part in parts])


def _missing(why: str) -> MissingInput:
    effect = f"Whether positions at a zone are fresh or being closed is not weighed: {why}."
    return MissingInput(input=NAME, venue=None, effect=effect)


def _spans_h(band: ZoneBand) -> tuple[int, ...]:
    """Return the spans to look at [h]: 24, and the time since the zone's mean entry where it is known and differs."""
    if not math.isfinite(band.age_s):
        return (DAY_H,)
    age_h = min(max(round(band.age_s / HOUR_S), 1), LONGEST_H)
    if DAY_H / DISTINCT_RATIO <= age_h <= DAY_H * DISTINCT_RATIO:
        return (DAY_H,)
    return (DAY_H, age_h)


def _quadrant(band: ZoneBand, context: MarketContext, series: OpenInterest, hours: int) -> Part | None:
    """Return what one span says, None if an end of it is unknown.

    tanh keeps the largest moves from ruling: a median OI change counts .76, a move of half a sigma .46.
    """
    oi_change, price_change = series.change(hours), series.price_change(hours)
    if not (math.isfinite(oi_change) and math.isfinite(price_change)):
        return None
    opened = math.tanh(oi_change / series.typical_change(hours))
    moved = math.tanh(price_change / context.volatility.sigma_over(hours * HOUR_S))
    longs_acted = (moved > 0) == (opened > 0)
    zone_holds_longs = band.side == "below"
    value = opened * abs(moved) if longs_acted == zone_holds_longs else 0.0
    return Part(value, _sentence(oi_change, price_change, hours))


def _sentence(oi_change: float, price_change: float, hours: int) -> str:
    oi = f"OI {_moved(oi_change)} in {hours} h"
    price_fraction = math.expm1(price_change)
    price = f"price {_moved(price_fraction)}"
    if abs(oi_change) < SHOWN:
        return f"{oi} while {price}: nothing new was opened or closed on balance."
    if abs(price_fraction) < SHOWN:
        return f"{oi} while {price}: it does not tell who {'opened' if oi_change > 0 else 'closed'}."
    if oi_change > 0:
        who = "fresh longs, liquidated below" if price_change > 0 else "fresh shorts, liquidated above"
    else:
        who = "shorts covering, fewer left above" if price_change > 0 else "longs closing, fewer left below"
    return f"{oi} while {price}: {who}."


def _moved(fraction: float) -> str:
    if abs(fraction) < SHOWN:
        return "stood still"
    return f"{'rose' if fraction > 0 else 'fell'} {percent_text(abs(fraction), signed=False)}"
