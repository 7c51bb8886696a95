"""What one price would mean: what is liquidated on the way there and at it, who sees it, what stands near it."""

from __future__ import annotations

from typing import Literal

import numpy as np

from engine.analysis import analyse_survey
from engine.errors import PriceOutsideMapError
from engine.evidence import order_book
from engine.market import Market
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
from engine.zones import edge_price

MINOR_PERCENTILE = 0.7
"""Outside zones, a level brighter than seven in ten at its distance is minor; below that nothing is there."""
STRONGER_BY = 1.0
"""A zone counts as stronger than the level when it holds more than the level's own mass."""


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
    frame = survey.frame
    at, half = frame.grid.index(price), frame.half_width
    bins = frame.bins(side)
    start, stop = (bins.start, frame.grid.size) if side == "above" else (0, bins.stop)
    first = min(max(at - half, start), stop - 1)
    return first, min(max(at + half, first), stop - 1)


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
    book = order_book.assess(band, context)
    near = levels_near(context.structure, price, frame.merge_bins * 0.001)
    return LevelReport(
        analysis=analysis,
        price=price,
        band=band,
        verdict=verdict,
        verdict_text=_verdict_text(verdict, zone, percentile, price, side),
        distance=price / survey.market.price - 1,
        distance_atr=(price - survey.market.price) / context.volatility.daily_atr,
        on_the_way_usd=_on_the_way(profile, survey, side, first, last),
        at_level_usd=at_level,
        index=_index(analysis, at_level),
        percentile=percentile,
        tiers=_tiers(map_, side, first, last),
        maps=maps,
        zone=zone,
        nearer=_stronger(analysis, band, at_level, nearer=True),
        farther=_stronger(analysis, band, at_level, nearer=False),
        structure="; ".join(level.words() for level in near[:4])
        or "no swing, session level, VWAP or round number there",
        order_book=book.reason if isinstance(book, Evidence) else None,
        touch=touch_chances(context, band.near),
        confirm=_confirm(band),
        reject=_reject(band),
    )


def _on_the_way(profile: np.ndarray, survey: Survey, side: Side, first: int, last: int) -> float:
    bins = survey.frame.bins(side)
    passed = slice(bins.start, first) if side == "above" else slice(last + 1, bins.stop)
    return float(profile[passed].sum())


def _age_s(map_: LiquidationMap, side: Side, first: int, last: int) -> float:
    profile = map_.side_usd(side)[first : last + 1]
    entry_s = (map_.short_entry_s if side == "above" else map_.long_entry_s)[first : last + 1]
    known = np.isfinite(entry_s) & (profile > 0)
    return float(map_.as_of_s - np.average(entry_s[known], weights=profile[known])) if known.any() else float("nan")


def _zone_at(analysis: Analysis, band: ZoneBand) -> Zone | None:
    """Return the best clear zone that the level's band touches."""
    return next(
        (
            zone
            for zone in analysis.zones_on(band.side)
            if zone.clear and zone.band.low < band.high and band.low < zone.band.high
        ),
        None,
    )


def _index(analysis: Analysis, usd: float) -> float:
    """Return the level's mass on the scale on which the answer's largest zone is 100."""
    largest = max(zone.size_usd for zone in analysis.zones)
    return 100 * (usd / largest) if largest > 0 else float("nan")


def _tiers(map_: LiquidationMap, side: Side, first: int, last: int) -> tuple[TierAtLevel, ...]:
    """Return what each leverage tier holds in the band, largest first."""
    by_tier = map_.short_by_tier_usd if side == "above" else map_.long_by_tier_usd
    held = by_tier[:, first : last + 1].sum(axis=1)
    age_s = _age_s(map_, side, first, last)
    order = np.argsort(-held, kind="stable")
    return tuple(
        TierAtLevel(leverage=float(map_.leverages[tier]), usd=float(held[tier]), age_s=age_s)
        for tier in order
        if held[tier] > 0
    )


def _stronger(analysis: Analysis, band: ZoneBand, usd: float, *, nearer: bool) -> Zone | None:
    """Return the nearest clear zone before (or behind) the level that holds more than it."""
    ahead = [
        zone
        for zone in analysis.zones_on(band.side)
        if zone.clear and not zone.size_usd <= STRONGER_BY * usd and _before(zone.band, band) == nearer
    ]
    ahead = [zone for zone in ahead if zone.band.high <= band.low or zone.band.low >= band.high]
    return min(ahead, key=lambda zone: abs(zone.band.price - band.price), default=None)


def _before(zone: ZoneBand, level: ZoneBand) -> bool:
    return zone.price < level.price if level.side == "above" else zone.price > level.price


def _verdict_text(verdict: str, zone: Zone | None, percentile: float, price: float, side: Side) -> str:
    share = percent_text(percentile, signed=False, decimals=0)
    if zone is not None:
        hits = sum(item.hit for item in zone.maps)
        return (
            f"{price_text(price)} is part of the zone {price_text(zone.band.low)}-{price_text(zone.band.high)} {side}, "
            f"score {zone.score:.0f}, shown by {hits} of {len(zone.maps)} maps."
        )
    if verdict == "minor":
        return f"{price_text(price)} is minor: brighter than {share} of levels at its distance, and no zone."
    return f"Nothing stands out at {price_text(price)}: {share} of levels at its distance hold less."


def _confirm(band: ZoneBand) -> str:
    direction = "up" if band.side == "above" else "down"
    return (
        f"price runs {direction} through {price_text(band.near)} on falling open interest: positions there are being "
        f"forced out"
    )


def _reject(band: ZoneBand) -> str:
    back = "under" if band.side == "above" else "above"
    return f"a touch of {price_text(band.near)} and an hourly close back {back} it with open interest unchanged"
