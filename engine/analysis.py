"""The pipeline on one page: market -> maps -> zones -> score -> setup -> Analysis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.atlas import Atlas
from engine.confluence import Voices
from engine.context import MarketContext, read_context
from engine.invalidation import conditions, watched_key
from engine.market import Market, MissingInput
from engine.questions import ask
from engine.reading import DEFAULT_KEYS, SIDES, read_maps
from engine.results import Analysis, LiquidationMap, MapKey, Side, VenueShare, Zone
from engine.scoring import score_zones
from engine.setup import judge_setup, name_bait
from engine.text import percent_text
from engine.windows import window_named
from engine.zones import Frame, SideView, view_side

FLOW_KEY = MapKey("M4", window_named("24h"))
SWINGS_KEY = MapKey("M5", window_named("3d"))
BROAD_KEY = MapKey("M2", window_named("3d"))
"""The map that holds all open interest: its USD add up, so sizes are read from it and it is the one drawn."""
COVERED_ENOUGH = 0.98
"""Below this the volume cap bound so often that sizes on that side are too small by more than is shown."""


@dataclass(frozen=True, slots=True, eq=False)
class Survey:
    """Everything that zones are found in: the maps by key, which of them are asked for, views and voices per side."""

    market: Market
    context: MarketContext
    frame: Frame
    maps: Mapping[MapKey, LiquidationMap]
    asked: tuple[MapKey, ...]
    sized: MapKey
    views: Mapping[Side, Mapping[MapKey, SideView]]
    voices: Mapping[Side, Voices]
    missing: tuple[MissingInput, ...]


def analyse(market: Market, *, keys: tuple[MapKey, ...] | None = None) -> Analysis:
    """Return the whole answer about `market`; does not look ahead.

    keys: the maps to find zones in; None: the four default maps with flow and swings beside them.

    Raises:
        NotEnoughDataError: less than a day of candles.
        DataUnavailableError: a model asked for lacks its inputs.

    """
    return analyse_survey(survey_market(market, keys))


def analyse_survey(survey: Survey) -> Analysis:
    """Return the whole answer about a market that was surveyed."""
    market, zones = survey.market, score_zones(survey)
    setup = judge_setup(zones)
    bait = name_bait(zones, setup)
    watched = survey.maps[watched_key(tuple(survey.maps))]
    invalidation = conditions(zones, setup, survey.context, watched)
    return Analysis(
        symbol=market.symbol,
        as_of_s=market.as_of_s,
        price=market.price,
        source=market.source,
        venues=venue_shares(market),
        maps=tuple(survey.maps[key] for key in _listed(survey)),
        shown=survey.sized,
        candles=market.lead.candles,
        daily_sigma=survey.context.volatility.daily_sigma,
        daily_atr=survey.context.volatility.daily_atr,
        reading=read_maps(zones, survey.maps, survey.voices),
        zones=zones,
        setup=setup,
        bait=bait,
        invalidation=invalidation,
        questions=ask(zones, setup, bait, invalidation),
        missing=_all_missing(survey, zones),
        notes=(*market.notes, *_notes(survey)),
    )


def survey_market(market: Market, keys: tuple[MapKey, ...] | None = None) -> Survey:
    """Build the maps and look at each side of each; the default maps are always there, for agreement."""
    context = read_context(market)
    atlas = Atlas(market, context.volatility, context.hourly.end_s)
    asked = keys if keys is not None else (*DEFAULT_KEYS, FLOW_KEY, SWINGS_KEY)
    drawn = {*DEFAULT_KEYS, *asked} if keys is None else set(asked)
    atlas.prepare((*DEFAULT_KEYS, FLOW_KEY, SWINGS_KEY, *asked), drawn, required=keys or ())
    maps = atlas.maps()
    frame = Frame(atlas.grid, market.price, context.volatility.daily_sigma)
    views = {side: {key: _view(atlas, key, side, frame) for key in maps} for side in SIDES}
    return Survey(
        market=market,
        context=context,
        frame=frame,
        maps=maps,
        asked=tuple(key for key in asked if key in maps),
        sized=_sized(asked if keys is not None else (), maps),
        views=views,
        voices={side: _voices(atlas, views[side], side, frame) for side in SIDES},
        missing=atlas.missing(),
    )


def venue_shares(market: Market) -> tuple[VenueShare, ...]:
    """Return each venue's share of the open interest in USD (0-1), largest first."""
    interest = np.array([venue.open_interest_now * float(venue.candles.close[-1]) for venue in market.venues])
    total = float(interest.sum())
    shares = interest / total if total > 0 else np.full(len(interest), 1 / len(interest))
    return tuple(
        VenueShare(name=venue.venue, oi_share=float(share)) for venue, share in zip(market.venues, shares, strict=True)
    )


def _sized(asked: Sequence[MapKey], maps: Mapping[MapKey, LiquidationMap]) -> MapKey:
    """Return the map whose USD are the sizes: the one asked for, else the one that holds all open interest."""
    if asked:
        return asked[0]
    return BROAD_KEY if BROAD_KEY in maps else next(iter(maps))


def _view(atlas: Atlas, key: MapKey, side: Side, frame: Frame) -> SideView:
    map_ = atlas.map(key)
    profile = map_.side_usd(side)
    interest = atlas.open_interest_usd if map_.is_positions else float(profile.sum())
    return view_side(str(key), side, profile, atlas.typical(key), frame, side_interest_usd=interest)


def _voices(atlas: Atlas, views: Mapping[MapKey, SideView], side: Side, frame: Frame) -> Voices:
    """Return what agreement asks: maps by kind of input, and open positions by disjoint ages."""
    by_input = {
        "open interest": tuple(views[key] for key in DEFAULT_KEYS if key in views),
        "flow": tuple(views[key] for key in (FLOW_KEY,) if key in views),
        "swings": tuple(views[key] for key in (SWINGS_KEY,) if key in views),
    }
    ages = tuple(
        view_side(
            part.name,
            side,
            part.side_usd(side),
            part.typical,
            frame,
            side_interest_usd=atlas.open_interest_usd,
        )
        for part in atlas.ages()
    )
    return Voices(inputs=tuple((name, found) for name, found in by_input.items() if found), ages=ages)


def _listed(survey: Survey) -> tuple[MapKey, ...]:
    """Return the maps that the answer shows: asked for and the default ones, the drawn one first."""
    return tuple(dict.fromkeys((survey.sized, *survey.asked, *(key for key in DEFAULT_KEYS if key in survey.maps))))


def _all_missing(survey: Survey, zones: Sequence[Zone]) -> tuple[MissingInput, ...]:
    found = (*survey.market.missing, *survey.missing, *(item for zone in zones for item in zone.missing_evidence))
    return tuple({(item.input, item.venue): item for item in reversed(found)}.values())[::-1]


def _notes(survey: Survey) -> list[str]:
    notes = []
    for side, share in zip(("long", "short"), survey.maps[survey.sized].covered_share, strict=True):
        if survey.sized == BROAD_KEY and share < COVERED_ENOUGH:
            held = percent_text(float(share), signed=False, decimals=0)
            notes.append(
                f"{survey.sized} holds {held} of the open interest on the {side} side: volume explains no more."
            )
    if len(survey.asked) == 1:
        notes.append(f"One map only ({survey.asked[0]}): a single data point, not confluence.")
    return notes
