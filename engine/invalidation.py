"""What would prove a reading wrong: conditions with prices, and the one evaluator of answers, alerts and grades."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from engine.context import MarketContext
from engine.evidence.market_structure import STANDING
from engine.grid import FloatArray, IntArray
from engine.market import Market, VenueMarket
from engine.results import Condition, LiquidationMap, MapKey, Setup, Side, Zone
from engine.setup import SIDES, best_zone, favoured_side, opposite, reachable
from engine.text import percent_text, price_text
from engine.windows import DAY_S, HOUR_S, TOUCH_HORIZONS_H

VALID_FOR_S = TOUCH_HORIZONS_H[-1] * HOUR_S
FADE_TO = 0.5
"""A zone that lost half of its mass without being touched was closed by its holders."""
OI_DROP_TYPICAL = 2.0
OI_DROP_LEAST = 0.02
"""Open interest that falls by twice its usual daily change, and at least 2 %, is not everyday noise."""
NOISE_HOURLY_SIGMAS = 1.0
"""A close nearer than one sigma of an hour comes about in every third hour (own assumption)."""
FUNDING_MATTERS = 0.00002
"""Funding below .002 % per 8 h changes sign by chance; a flip of it proves nothing (own assumption)."""


def conditions(
    zones: Sequence[Zone], setup: Setup, context: MarketContext, map_: LiquidationMap
) -> tuple[Condition, ...]:
    """Return what would prove the reading wrong, most direct first; every one holds all it needs to be evaluated.

    zones: best first; map_: the map in which a fading zone is watched.
    """
    until_s = context.as_of_s + VALID_FOR_S
    side = favoured_side(setup)
    lead = best_zone(zones, side) if side is not None else zones[0]
    found = [*_closes(zones, side, context), _interest_falls(context, until_s), _zone_fades(lead, map_, until_s)]
    found.append(_funding_flips(context, until_s))
    return tuple(condition for condition in found if condition is not None)


def _closes(zones: Sequence[Zone], side: Side | None, context: MarketContext) -> list[Condition]:
    """Return closes that prove it wrong: into the other side's zone; with no favoured side, beyond either far edge."""
    if side is None:
        return [_close(each, _edges(zones, each, near=False), context) for each in SIDES]
    return [_close(opposite(side), _edges(zones, opposite(side), near=True), context)]


def _edges(zones: Sequence[Zone], side: Side, *, near: bool) -> list[float]:
    """Return the edges that a close could pass: the best zone's, then those of the side's others within reach."""
    best = best_zone(zones, side).band
    others = [zone.band for zone in zones if zone.band.side == side and reachable(zone)]
    return [
        *((best.near, best.far) if near else (best.far,)),
        *(edge for band in others for edge in (band.near, band.far)),
    ]


def _close(side: Side, edges: Sequence[float], context: MarketContext) -> Condition:
    """Return the close beyond the first edge that lies outside an hour's noise; else beyond a swing or extreme there.

    A close that an ordinary hour brings about proves nothing. Without either the farthest edge has to serve.
    """
    room = NOISE_HOURLY_SIGMAS * context.volatility.sigma_over(HOUR_S)
    direction = 1 if side == "above" else -1
    extremes = [level for level in context.structure.levels if level.kind in STANDING]
    extremes.sort(key=lambda level: abs(math.log(level.price / context.price)))
    candidates = [(edge, price_text(edge)) for edge in edges] + [(level.price, level.words()) for level in extremes]
    outside = (pair for pair in candidates if direction * math.log(pair[0] / context.price) >= room)
    price, words = next(outside, max(candidates[: len(edges)], key=lambda pair: direction * pair[0]))
    return _close_beyond(side, price, words, context.as_of_s + VALID_FOR_S)


def _close_beyond(side: Side, price: float, words: str, until_s: int) -> Condition:
    return Condition(
        kind="close_beyond",
        price=price,
        timeframe="1h",
        operator=">" if side == "above" else "<",
        threshold=price,
        until_s=until_s,
        text=f"an hourly close {side} {words}",
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
        text=f"open interest falls {percent_text(drop, signed=False)} (positions have left)",
        reference=float(interest.amount[-1]),
    )


def _zone_fades(zone: Zone, map_: LiquidationMap, until_s: int) -> Condition | None:
    size = map_.usd_between(zone.band.side, zone.band.low, zone.band.high)
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


def is_met(
    condition: Condition, *, published_s: int, market: Market, map_: LiquidationMap | None = None
) -> bool | None:
    """Return whether the condition has come true between `published_s` and `market.as_of_s`; None: cannot be told.

    Looks only at what happened after the reading was published and before the condition ran out. map_: the
    condition's map, needed for `zone_fades`, as it stood at a moment of its own not after `market.as_of_s`.
    """
    end_s = min(market.as_of_s, condition.until_s)
    if condition.kind == "close_beyond":
        return _any(_hourly_closes(market.lead, published_s, end_s), condition)
    if condition.kind == "oi_change":
        return _any(_interest_changes(market, published_s, end_s), condition)
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


def _interest_changes(market: Market, after_s: int, end_s: int) -> FloatArray:
    """Return open interest after publication against what the same venues had at publication, as fractions.

    A venue that was not known then, or has fallen silent since, is left out on both sides: it would look like a change.
    """
    then = [_interest_at(venue, np.array([after_s])) for venue in market.venues]
    known = [(venue, amount) for venue, amount in zip(market.venues, then, strict=True) if np.isfinite(amount[0])]
    moments = market.lead.candles.time_s[_between(market.lead.candles.time_s, after_s, end_s)]
    if not known:
        return np.empty(0)
    now = np.sum([_interest_at(venue, moments) for venue, _ in known], axis=0)
    changes = now / np.sum([amount for _, amount in known]) - 1
    return np.asarray(changes[np.isfinite(changes)])


def _interest_at(venue: VenueMarket, moments: IntArray) -> FloatArray:
    """Return the last open interest known at each moment [base], NaN where there is none or it was 0."""
    if venue.open_interest is None:
        return np.full(len(moments), np.nan)
    row = np.searchsorted(venue.candles.time_s, moments, side="right") - 1
    amount = np.where(row >= 0, venue.open_interest[np.maximum(row, 0)], np.nan)
    return np.where(amount > 0, amount, np.nan)


def _funding_rates(venue: VenueMarket, after_s: int, end_s: int) -> FloatArray:
    if venue.funding is None:
        return np.empty(0)
    return np.asarray(venue.funding.rate[_between(venue.funding.time_s, after_s, end_s)])


def _has_faded(
    condition: Condition, published_s: int, end_s: int, market: Market, map_: LiquidationMap | None
) -> bool | None:
    if map_ is None or condition.band is None or not condition.reference or map_.key != condition.key:
        return None
    if not published_s < map_.as_of_s <= condition.until_s:
        return None  # a map of another time says nothing about the time in between
    candles, known_s = market.lead.candles, min(end_s, map_.as_of_s)
    since = (candles.end_s > published_s) & (candles.end_s <= known_s)
    if condition.band.side == "above":
        touched = np.any(candles.high[since] >= condition.band.near)
    else:
        touched = np.any(candles.low[since] <= condition.band.near)
    if touched:
        return False  # swept, not faded: that is what the reading expected
    now = map_.usd_between(condition.band.side, condition.band.low, condition.band.high)
    return now < condition.threshold * condition.reference


def watched_key(keys: Sequence[MapKey]) -> MapKey:
    """Return the map in which a fading zone is watched: the short-term anchor, M1 24h, if it is there."""
    return next((key for key in keys if key.model == "M1" and key.window.length_s == DAY_S), keys[0])
