"""The pipeline on one page: market -> maps -> zones -> score -> setup -> Analysis."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.invalidation import conditions, watched_key
from engine.market import Market, MissingInput
from engine.questions import ask
from engine.reading import DEFAULT_KEYS, read_maps
from engine.realised import Realised, realised_at
from engine.results import Analysis, MapKey, VenueCrowd, VenueShare, Zone
from engine.scoring import score_zones
from engine.setup import judge_setup, name_bait
from engine.survey import BROAD_KEY, Survey, survey_market
from engine.text import percent_text, venue_text

COVERED_ENOUGH = 0.98
"""Below this the volume cap bound so often that sizes on that side are too small by more than is shown."""


def analyse(market: Market, *, keys: tuple[MapKey, ...] | None = None) -> Analysis:
    """Return the whole answer about `market`; does not look ahead.

    keys: the maps to find zones in; None: the four default maps with flow and swings beside them, and real positions
    where they were swept.

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
        observed=survey.observed,
        realised=told_liquidations(market),
        crowd=crowds(market),
    )


def venue_shares(market: Market) -> tuple[VenueShare, ...]:
    """Return each venue's share of the open interest in USD (0-1), largest first."""
    interest = np.array([venue.open_interest_now * float(venue.candles.close[-1]) for venue in market.venues])
    total = float(interest.sum())
    shares = interest / total if total > 0 else np.full(len(interest), 1 / len(interest))
    return tuple(
        VenueShare(name=venue.venue, oi_share=float(share)) for venue, share in zip(market.venues, shares, strict=True)
    )


def crowds(market: Market) -> tuple[VenueCrowd, ...]:
    """Return how each venue's accounts stood, without those of which that is not known."""
    return tuple(
        VenueCrowd(
            venue=venue.venue,
            long_short_ratio=venue.crowd.long_short_ratio,
            age_s=market.as_of_s - venue.crowd.time_s,
        )
        for venue in market.venues
        if venue.crowd is not None
    )


def told_liquidations(market: Market) -> tuple[Realised, ...]:
    """Return what each venue told was liquidated; those of which nothing was heard are left out."""
    told = ((venue.venue, venue.liquidations) for venue in market.venues)
    realised = (realised_at(venue, each, market.as_of_s) for venue, each in told if each is not None)
    return tuple(each for each in realised if each.is_known)


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
    if not survey.maps[survey.sized].is_positions:
        notes.append(f"{survey.sized} holds no positions: its sizes compare zones, and are no amounts of USD.")
    observed = survey.maps[survey.sized].observed
    if observed is not None:
        venue, cross = venue_text(observed.coverage.venue), 1 - observed.coverage.exact_share
        notes.append(
            f"{survey.sized} holds real positions, of known wallets at {venue} alone: its USD are a part of one venue, "
            f"never to be added to another map's."
        )
        if cross > 0:
            share = percent_text(cross, signed=False, decimals=0)
            notes.append(f"{share} of them are on cross margin: their prices move with the rest of the account.")
    if len(survey.asked) == 1:
        notes.append(f"One map only ({survey.asked[0]}): a single data point, not confluence.")
    return notes
