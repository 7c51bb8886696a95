"""From views of maps to zones with everything found for and against them."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.confluence import Agreement, agree, score
from engine.evidence import AssessedZone, assess_all
from engine.grid import FloatArray
from engine.reading import DEFAULT_KEYS
from engine.results import Side, Zone, ZoneBand, ZoneInMap
from engine.setup import SIDES, reachable
from engine.survey import Survey
from engine.touch import touch_chances
from engine.zones import (
    MIN_SIDE_SHARE,
    HitGroup,
    SideView,
    edge_price,
    extent,
    group_hits,
    sparse_extent,
    strongest_bin,
)

MAX_ZONES_PER_SIDE = 6
"""More zones than this on one side are a list, not a reading."""
NOTABLE_INDEX = 10.0
"""A zone below a tenth of the largest one does not lead an answer, however well it scores (own assumption)."""
ZONE_LENGTHS = 4.0
"""Zones that touch become one up to this many merge widths; a longer one would say nothing about where."""


@dataclass(frozen=True, slots=True)
class _Outline:
    """A zone before it is judged: grid bins `first` to `last`, and whether a map has a hit in it."""

    side: Side
    first: int
    last: int
    clear: bool


def score_zones(survey: Survey) -> tuple[Zone, ...]:
    """Return the zones of both sides, at least one each: those that matter first, then by score."""
    judged = [_judge(survey, outline) for side in SIDES for outline in _outlines(survey, side)]
    indexed = _indexed(survey, judged)
    best = [
        zone for side in SIDES for zone in [zone for zone in indexed if zone.band.side == side][:MAX_ZONES_PER_SIDE]
    ]
    return tuple(_indexed(survey, best))


def _indexed(survey: Survey, zones: Sequence[Zone]) -> list[Zone]:
    """Return the zones in order, each with its size on the scale on which the largest of them is 100."""
    mass = [_mass(survey, zone) for zone in zones]
    largest = max(mass, default=0.0)
    return sorted((_with_index(zone, held, largest) for zone, held in zip(zones, mass, strict=True)), key=_rank)


def _rank(zone: Zone) -> tuple[bool, float, float]:
    """Order zones: clear ones of some size that price reaches often enough come before better scores elsewhere."""
    matters = zone.clear and reachable(zone) and zone.index >= NOTABLE_INDEX
    return (not matters, -zone.score, abs(zone.distance))


def _outlines(survey: Survey, side: Side) -> list[_Outline]:
    views = [survey.views[side][key] for key in survey.asked]
    longest = round(ZONE_LENGTHS * survey.frame.merge_bins)
    found = _apart([_outline(survey, side, group) for group in group_hits(views, survey.frame)], longest)
    held = [outline for outline in found if _holds_enough(survey, outline)]
    if held:
        return held
    bin_ = strongest_bin(views)
    return [_Outline(side, bin_, bin_, clear=False)]


def _holds_enough(survey: Survey, outline: _Outline) -> bool:
    """Return whether the map that gives the sizes has more than dust there, whoever else shows the zone."""
    profile = _sized_profile(survey, outline.side)
    view = survey.views[outline.side][survey.sized]
    return float(profile[outline.first : outline.last + 1].sum()) >= MIN_SIDE_SHARE * view.side_interest_usd


def _outline(survey: Survey, side: Side, group: HitGroup) -> _Outline:
    profile = _sized_profile(survey, side)
    reach = extent if survey.maps[survey.sized].observed is None else sparse_extent
    first, last = reach(group.first, group.last, profile, survey.frame, side)
    return _Outline(side, first, last, clear=True)


def _apart(outlines: Sequence[_Outline], longest: int) -> list[_Outline]:
    """Return the outlines by price so that every bin belongs to one zone.

    Two that touch are one zone if it is at most `longest` bins long; else the upper one is cut.
    """
    apart: list[_Outline] = []
    for outline in sorted(outlines, key=lambda outline: (outline.first, outline.last)):
        below = apart[-1] if apart else None
        if below is None or outline.first > below.last + 1:
            apart.append(outline)
        elif outline.last - below.first < longest:
            apart[-1] = dataclasses.replace(below, last=max(below.last, outline.last))
        elif outline.last > below.last:
            apart.append(dataclasses.replace(outline, first=max(outline.first, below.last + 1)))
    return apart


def _judge(survey: Survey, outline: _Outline) -> Zone:
    band = _band(survey, outline)
    agreement = agree(survey.voices[outline.side], outline.first, outline.last)
    assessed = assess_all(band, survey.context)
    return _zone(survey, outline, band, agreement, assessed)


def _zone(survey: Survey, outline: _Outline, band: ZoneBand, agreement: Agreement, assessed: AssessedZone) -> Zone:
    price, atr = survey.market.price, survey.context.volatility.daily_atr
    sized = survey.maps[survey.sized]
    size = float(_sized_profile(survey, outline.side)[outline.first : outline.last + 1].sum())
    return Zone(
        band=band,
        score=score(agreement.agreement, assessed.evidence, clear=outline.clear),
        agreement=agreement.agreement,
        chance_agreement=agreement.by_chance,
        index=0.0,
        size_usd=size if sized.is_positions else math.nan,
        distance=band.near / price - 1,
        distance_atr=(band.near - price) / atr,
        touch=touch_chances(survey.context, band.near),
        maps=zone_in_maps(survey, outline.side, outline.first, outline.last),
        inputs=agreement.inputs,
        ages=agreement.ages,
        evidence=assessed.evidence,
        missing_evidence=assessed.missing,
        clear=outline.clear,
        size_basis="modelled" if sized.observed is None else "observed",
    )


def zone_in_maps(survey: Survey, side: Side, first: int, last: int) -> tuple[ZoneInMap, ...]:
    """Return how the default maps see the grid bins `first` to `last`."""
    views: dict[object, SideView] = {key: survey.views[side][key] for key in DEFAULT_KEYS if key in survey.maps}
    return tuple(
        ZoneInMap(
            key=key,
            percentile=views[key].best_percentile(first, last),
            hit=views[key].shows(first, last),
        )
        for key in DEFAULT_KEYS
        if key in views
    )


def _band(survey: Survey, outline: _Outline) -> ZoneBand:
    frame, sized = survey.frame, survey.maps[survey.sized]
    bins = slice(outline.first, outline.last + 1)
    profile = _sized_profile(survey, outline.side)[bins]
    low, high = edge_price(frame, outline.first), edge_price(frame, outline.last + 1)
    price = math.sqrt(low * high)
    if profile.sum() > 0:
        price = float(np.average(frame.grid.centers[bins], weights=profile))
    entry_s = (sized.short_entry_s if outline.side == "above" else sized.long_entry_s)[bins]
    return ZoneBand(side=outline.side, low=low, high=high, price=price, age_s=_age_s(survey, entry_s, profile))


def _age_s(survey: Survey, entry_s: FloatArray, profile: FloatArray) -> float:
    known = np.isfinite(entry_s) & (profile > 0)
    if not known.any():
        return math.nan
    return float(survey.market.as_of_s - np.average(entry_s[known], weights=profile[known]))


def _sized_profile(survey: Survey, side: Side) -> FloatArray:
    return survey.maps[survey.sized].side_usd(side)


def _mass(survey: Survey, zone: Zone) -> float:
    grid = survey.frame.grid
    inside = (grid.centers >= zone.band.low) & (grid.centers <= zone.band.high)
    return float(_sized_profile(survey, zone.band.side)[inside].sum())


def _with_index(zone: Zone, mass: float, largest: float) -> Zone:
    return dataclasses.replace(zone, index=100 * (mass / largest) if largest > 0 else 0.0)
