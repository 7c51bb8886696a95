"""What one price would mean: what is liquidated on the way there and at it, who sees it, what stands near it."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from engine.analysis import analyse_survey
from engine.errors import PriceOutsideMapError
from engine.evidence import order_book
from engine.grid import LOG_STEP, FloatArray
from engine.market import Market
from engine.realised import LEVEL_SUM_S, ToldSum, told_sum
from engine.results import (
    Analysis,
    Evidence,
    LevelReport,
    LiquidationMap,
    MapKey,
    Side,
    TierAtLevel,
    Zone,
    ZoneBand,
)
from engine.scoring import zone_in_maps
from engine.structure import levels_near
from engine.survey import Survey, survey_market
from engine.text import percent_text, price_text
from engine.touch import touch_chances
from engine.zones import Frame, edge_price

MINOR_PERCENTILE = 0.7
"""Outside zones, a level brighter than seven in ten at its distance is minor; below that nothing is there."""
STRONGER_BY = 1.0
"""A zone counts as stronger than the level when it holds more than the level's own mass."""

NAMED_LEVELS = 4
"""More names at one price are a list, not a reading."""


def read_level(market: Market, price: float, *, key: MapKey | None = None) -> LevelReport:
    """Return the answer about one price; does not look ahead.

    key: the map whose mass is counted; None: the one that holds all open interest.

    Raises:
        PriceOutsideMapError: the map does not reach that price.
        NotEnoughDataError: less than a day of candles.

    """
    survey = survey_market(market, None if key is None else (key,))
    map_ = survey.maps[survey.sized]
    _check_reach(price, map_)
    side: Side = "above" if price >= market.price else "below"
    first, last = _band_bins(survey, price, side)
    return _report(survey, analyse_survey(survey), price, side, first, last)


def _check_reach(price: float, map_: LiquidationMap) -> None:
    low, high = map_.grid.low, map_.grid.high
    if not low <= price < high:
        text = (
            f"{price_text(price)} is outside the map, which reaches from {price_text(low)} to {price_text(high)}. "
            f"Ask for a price inside it."
        )
        raise PriceOutsideMapError(price, low=low, high=high, text=text)


def _band_bins(survey: Survey, price: float, side: Side) -> tuple[int, int]:
    """Return first and last grid bin counted as "at the level": the merge width around it, on its side of the price."""
    grid, half = survey.frame.grid, survey.frame.half_width
    at, market = grid.index(price), grid.index(survey.market.price)
    lowest, highest = (market, grid.size - 1) if side == "above" else (0, market)
    return max(at - half, lowest), min(at + half, highest)


def _report(survey: Survey, analysis: Analysis, price: float, side: Side, first: int, last: int) -> LevelReport:
    frame, map_, context = survey.frame, survey.maps[survey.sized], survey.context
    profile = map_.side_usd(side)
    band = ZoneBand(
        side=side,
        low=edge_price(frame, first),
        high=edge_price(frame, last + 1),
        price=price,
        age_s=_age_s(map_, side, first, last),
    )
    view = survey.views[side][survey.sized]
    percentile = view.best_percentile(first, last)
    at_level = float(profile[first : last + 1].sum())
    zone = _zone_at(analysis, band)
    maps = zone_in_maps(survey, side, first, last)
    verdict: Literal["nothing", "minor", "zone"] = "zone" if zone is not None else "nothing"
    if zone is None and percentile >= MINOR_PERCENTILE:
        verdict = "minor"
    book, met = order_book.assess(band, context), _first_met(band, survey.market.price)
    near = levels_near(context.structure, price, frame.merge_bins * LOG_STEP)
    return LevelReport(
        analysis=analysis,
        price=price,
        band=band,
        verdict=verdict,
        verdict_text=_verdict_text(verdict, zone, percentile, price, survey.frame),
        distance=price / survey.market.price - 1,
        distance_atr=(price - survey.market.price) / context.volatility.daily_atr,
        on_the_way_usd=_on_the_way(map_, band),
        at_level_usd=at_level,
        index=_index(analysis, map_, at_level),
        percentile=percentile,
        tiers=_tiers(map_, side, first, last),
        maps=maps,
        zone=zone,
        nearer=_stronger(analysis, map_, band, at_level, nearer=True),
        farther=_stronger(analysis, map_, band, at_level, nearer=False),
        structure="; ".join(level.words() for level in near[:NAMED_LEVELS])
        or "no swing, session level, VWAP, volume node or round number there",
        order_book=book.reason if isinstance(book, Evidence) else None,
        touch=touch_chances(context, band.near if met == band.near else context.price),
        confirm=_confirm(side, met),
        reject=_reject(side, met),
        realised=_realised(analysis, band),
    )


def _on_the_way(map_: LiquidationMap, band: ZoneBand) -> float:
    """Return what stands between the market price and the band [USD]; a bin counts at its centre."""
    low, high = (map_.price, band.low) if band.side == "above" else (band.high, map_.price)
    return map_.usd_between(band.side, low, high) if low < high else 0.0


def _realised(analysis: Analysis, band: ZoneBand) -> tuple[ToldSum, ...]:
    """Return what each venue that was listened to told was liquidated inside the band."""
    sums = (
        told_sum(
            each.venue,
            each.liquidations,
            as_of_s=analysis.as_of_s,
            length_s=LEVEL_SUM_S,
            low=band.low,
            high=band.high,
        )
        for each in analysis.realised
    )
    return tuple(each for each in sums if each.heard_s)


def _first_met(band: ZoneBand, market_price: float) -> float:
    """Return the edge of the band that price would meet first: the far one when the price is inside the band."""
    inside = band.low <= market_price <= band.high
    return band.far if inside else band.near


def _age_s(map_: LiquidationMap, side: Side, first: int, last: int) -> float:
    profile = map_.side_usd(side)[first : last + 1]
    entry_s = (map_.short_entry_s if side == "above" else map_.long_entry_s)[first : last + 1]
    return _mean_age_s(map_.as_of_s, entry_s, profile)


def _mean_age_s(as_of_s: int, entry_s: FloatArray, mass: FloatArray) -> float:
    """Return the mass-weighted mean time since the entries [s], NaN where there is nothing."""
    known = np.isfinite(entry_s) & (mass > 0)
    return float(as_of_s - np.average(entry_s[known], weights=mass[known])) if known.any() else math.nan


def _zone_at(analysis: Analysis, band: ZoneBand) -> Zone | None:
    """Return the clear zone that holds the level, else the best one that its band touches."""
    touched = [
        zone
        for zone in analysis.zones_on(band.side)
        if zone.clear and zone.band.low < band.high and band.low < zone.band.high
    ]
    holding = (zone for zone in touched if zone.band.low <= band.price <= zone.band.high)
    return next(holding, touched[0] if touched else None)


def _zone_usd(map_: LiquidationMap, zone: Zone) -> float:
    return map_.usd_between(zone.band.side, zone.band.low, zone.band.high)


def _index(analysis: Analysis, map_: LiquidationMap, usd: float) -> float:
    """Return the level's mass on the scale on which the answer's largest zone is 100."""
    largest = max(_zone_usd(map_, zone) for zone in analysis.zones)
    return 100 * (usd / largest) if largest > 0 else math.nan


def _tiers(map_: LiquidationMap, side: Side, first: int, last: int) -> tuple[TierAtLevel, ...]:
    """Return what each leverage tier holds in the band, largest first."""
    by_tier = map_.short_by_tier_usd if side == "above" else map_.long_by_tier_usd
    entry_s = map_.short_entry_by_tier_s if side == "above" else map_.long_entry_by_tier_s
    mass = by_tier[:, first : last + 1]
    entered = np.full(mass.shape, np.nan) if entry_s is None else entry_s[:, first : last + 1]
    held = mass.sum(axis=1)
    return tuple(
        TierAtLevel(
            leverage=float(map_.leverages[tier]),
            usd=float(held[tier]),
            age_s=_mean_age_s(map_.as_of_s, entered[tier], mass[tier]),
        )
        for tier in np.argsort(-held, kind="stable")
        if held[tier] > 0
    )


def _stronger(analysis: Analysis, map_: LiquidationMap, band: ZoneBand, usd: float, *, nearer: bool) -> Zone | None:
    """Return the nearest clear zone before (or behind) the level that holds more than it."""
    ahead = [
        zone
        for zone in analysis.zones_on(band.side)
        if zone.clear and _zone_usd(map_, zone) > STRONGER_BY * usd and _before(zone.band, band) == nearer
    ]
    ahead = [zone for zone in ahead if zone.band.high <= band.low or zone.band.low >= band.high]
    return min(ahead, key=lambda zone: abs(zone.band.price - band.price), default=None)


def _before(zone: ZoneBand, level: ZoneBand) -> bool:
    return zone.price < level.price if level.side == "above" else zone.price > level.price


def _verdict_text(verdict: str, zone: Zone | None, percentile: float, price: float, frame: Frame) -> str:
    level, rank = price_text(price), f"brighter than {math.floor(100 * np.nan_to_num(percentile))} %"
    if zone is not None:
        held = zone.band.low <= price <= zone.band.high
        hits = sum(item.hit for item in zone.maps)
        return (
            f"{level} {'is part of' if held else 'lies at the edge of'} the zone {price_text(zone.band.low)}-"
            f"{price_text(zone.band.high)} {zone.band.side}, score {zone.score:.0f}, "
            f"shown by {hits} of {len(zone.maps)} maps."
        )
    if verdict == "minor":
        return f"{level} is minor: {rank} of that side for its distance, and in no zone."
    if math.isfinite(percentile):
        return f"Nothing stands out at {level}: {rank} of that side for its distance."
    if abs(math.log(price / frame.price)) < frame.reach:
        return f"{level} is where the price is: what lies that near cannot be told from noise."
    reach = abs(math.expm1(math.copysign(frame.reach, price - frame.price)))
    return f"{level} is too far to rank: zones are looked for within {percent_text(reach, signed=False)} of the price."


def _confirm(side: Side, met: float) -> str:
    way = "up" if side == "above" else "down"
    return f"price runs {way} through {price_text(met)} on falling open interest: positions there are being forced out"


def _reject(side: Side, met: float) -> str:
    back = "under" if side == "above" else "above"
    return f"a touch of {price_text(met)} and an hourly close back {back} it with open interest unchanged"
