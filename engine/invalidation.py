"""What would prove a reading wrong: conditions with prices, and the one evaluator of answers, alerts and grades."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.context import MarketContext
from engine.grid import FloatArray, IntArray
from engine.market import Market, VenueMarket
from engine.results import Condition, LiquidationMap, MapKey, Setup, Side, Zone
from engine.setup import best_zone, favoured_side, opposite
from engine.text import percent_text, price_text
from engine.windows import DAY_S, HOUR_S, TOUCH_HORIZONS_H

VALID_FOR_S = TOUCH_HORIZONS_H[-1] * HOUR_S
FADE_TO = 0.5
"""A zone that lost half of its mass without being touched was closed by its holders."""
OI_DROP_TYPICAL = 2.0
OI_DROP_LEAST = 0.02
"""Open interest that falls by twice its usual daily change, and at least 2 %, is not everyday noise."""
FUNDING_MATTERS = 0.00002
"""Funding below .002 % per 8 h changes sign by chance; a flip of it proves nothing (own assumption)."""


def conditions(
    zones: Sequence[Zone], setup: Setup, context: MarketContext, map_: LiquidationMap
) -> tuple[Condition, ...]:
    """Return what would prove the reading wrong, most direct first; every one holds all it needs to be evaluated.

    map_: the map in which a fading zone is watched.
    """
    until_s = context.as_of_s + VALID_FOR_S
    side = favoured_side(setup)
    lead = best_zone(zones, side) if side is not None else max(zones, key=lambda zone: zone.score)
    found = [*_closes(zones, side, until_s), _interest_falls(context, until_s), _zone_fades(lead, map_, until_s)]
    found.append(_funding_flips(context, until_s))
    return tuple(condition for condition in found if condition is not None)


def _closes(zones: Sequence[Zone], side: Side | None, until_s: int) -> list[Condition]:
    """Return closes that prove it wrong: into the other side's zone; with no favoured side, beyond either far edge."""
    if side is not None:
        return [_close(opposite(side), best_zone(zones, opposite(side)).band.near, until_s)]
    sides: tuple[Side, Side] = ("above", "below")
    return [_close(each, best_zone(zones, each).band.far, until_s) for each in sides]


def _close(side: Side, price: float, until_s: int) -> Condition:
    word = "above" if side == "above" else "below"
    return Condition(
        kind="close_beyond",
        price=price,
        timeframe="1h",
        operator=">" if side == "above" else "<",
        threshold=price,
        until_s=until_s,
        text=f"an hourly close {word} {price_text(price)}",
    )


def _interest_falls(context: MarketContext, until_s: int) -> Condition | None:
    interest = context.open_interest
    if interest is None:
        return None
    drop = max(OI_DROP_LEAST, OI_DROP_TYPICAL * interest.typical_change(24))
    return Condition(
        kind="oi_change",
        price=None,
        timeframe="5m",
        operator="<",
        threshold=-drop,
        until_s=until_s,
        text=f"open interest falls {percent_text(drop, signed=False)}: the positions have left",
        reference=float(interest.amount[-1]),
    )


def _zone_fades(zone: Zone, map_: LiquidationMap, until_s: int) -> Condition | None:
    size = mass_between(map_, zone.band.side, zone.band.low, zone.band.high)
    if size <= 0:
        return None
    return Condition(
        kind="zone_fades",
        price=zone.band.price,
        timeframe="5m",
        operator="<",
        threshold=FADE_TO,
        until_s=until_s,
        text=f"the zone at {price_text(zone.band.price)} fades by half on {map_.key} without being touched",
        key=map_.key,
        reference=size,
        band=zone.band,
    )


def _funding_flips(context: MarketContext, until_s: int) -> Condition | None:
    if context.funding is None or abs(context.funding.rate) < FUNDING_MATTERS:
        return None
    positive = context.funding.rate > 0
    now, then = ("longs", "shorts") if positive else ("shorts", "longs")
    return Condition(
        kind="funding_flip",
        price=None,
        timeframe="8h",
        operator="<" if positive else ">",
        threshold=0.0,
        until_s=until_s,
        text=f"funding flips: {then} pay in place of {now}",
        reference=context.funding.rate,
    )


def mass_between(map_: LiquidationMap, side: Side, low: float, high: float) -> float:
    """Return what stands of one side from the bin of `low` to the bin of `high` [USD]; edges belong to their bin."""
    centers = map_.grid.centers
    return float(map_.side_usd(side)[(centers >= low) & (centers <= high)].sum())


def is_met(
    condition: Condition, *, published_s: int, market: Market, map_: LiquidationMap | None = None
) -> bool | None:
    """Return whether the condition has come true between `published_s` and `market.as_of_s`; None: cannot be told.

    Looks only at what happened after the reading was published and before the condition ran out. map_: the
    condition's map as it stands at `market.as_of_s`, needed for `zone_fades`.
    """
    end_s = min(market.as_of_s, condition.until_s)
    if condition.kind == "close_beyond":
        return _any(_hourly_closes(market.lead, published_s, end_s), condition)
    if condition.kind == "oi_change":
        return _any(_interest_changes(market, published_s, end_s, condition), condition)
    if condition.kind == "funding_flip":
        return _any(_funding_rates(market.lead, published_s, end_s), condition)
    return _has_faded(condition, published_s, end_s, market, map_)


def _any(values: FloatArray, condition: Condition) -> bool | None:
    if not len(values):
        return None
    beyond = values < condition.threshold if condition.operator == "<" else values > condition.threshold
    return bool(np.any(beyond))


def _hourly_closes(venue: VenueMarket, after_s: int, end_s: int) -> FloatArray:
    """Return the closes of full UTC hours that ended after `after_s` and by `end_s`."""
    ends = venue.candles.end_s
    return np.asarray(venue.candles.close[(ends > after_s) & (ends <= end_s) & (ends % HOUR_S == 0)])


def _between(time_s: IntArray, after_s: int, end_s: int) -> np.ndarray:
    return np.asarray((time_s > after_s) & (time_s <= end_s))


def _interest_changes(market: Market, after_s: int, end_s: int, condition: Condition) -> FloatArray:
    """Return the open interest of all venues against its reference, as fractions; only common moments count."""
    if not condition.reference or any(venue.open_interest is None for venue in market.venues):
        return np.empty(0)
    moments = market.lead.candles.time_s[_between(market.lead.candles.time_s, after_s, end_s)]
    total = np.zeros(len(moments))
    for venue in market.venues:
        if venue.open_interest is not None:
            row = np.searchsorted(venue.candles.time_s, moments, side="right") - 1
            total += np.where(row >= 0, venue.open_interest[np.maximum(row, 0)], np.nan)
    return total[np.isfinite(total)] / condition.reference - 1


def _funding_rates(venue: VenueMarket, after_s: int, end_s: int) -> FloatArray:
    if venue.funding is None:
        return np.empty(0)
    return np.asarray(venue.funding.rate[_between(venue.funding.time_s, after_s, end_s)])


def _has_faded(
    condition: Condition, published_s: int, end_s: int, market: Market, map_: LiquidationMap | None
) -> bool | None:
    if map_ is None or condition.band is None or not condition.reference or map_.key != condition.key:
        return None
    candles = market.lead.candles
    since = (candles.end_s > published_s) & (candles.end_s <= end_s)
    if condition.band.side == "above":
        touched = np.any(candles.high[since] >= condition.band.near)
    else:
        touched = np.any(candles.low[since] <= condition.band.near)
    if touched:
        return False  # swept, not faded: that is what the reading expected
    now = mass_between(map_, condition.band.side, condition.band.low, condition.band.high)
    return now < condition.threshold * condition.reference


def watched_key(keys: Sequence[MapKey]) -> MapKey:
    """Return the map in which a fading zone is watched: the short-term anchor, M1 24h, if it is there."""
    return next((key for key in keys if key.model == "M1" and key.window.length_s == DAY_S), keys[0])
