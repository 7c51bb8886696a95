"""Parts -> one venue's market and the names of what is missing of it. Pure, and cut at the moment asked about."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from engine.grid import FloatArray
from engine.history.kinds import FUNDING_UNIT_S
from engine.margin import MarginTerms, terms_for
from engine.market import Candles, Funding, MissingInput, VenueMarket
from engine.observed import CROWD_KEPT_S, Crowd
from engine.sources.live.faults import VenueError
from engine.sources.live.history import FINE_S, History, funding_interval_s
from engine.sources.live.parts import Bars, Listing, Series
from engine.text import duration_text, moment_text, venue_text
from engine.windows import DAY_S, HOUR_S

STALE_AFTER_S = 2 * HOUR_S
"""A price older than this cannot answer a question about the moment (own assumption, as for recordings)."""
USUAL_REACH_S = 29 * DAY_S
"""Binance keeps 30 days of open interest: bars older than that have none on any day, which is no news."""
QUOTE = "USDT"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Assembled:
    """A venue's market, what is missing of it, and what to say about it."""

    market: VenueMarket
    missing: tuple[MissingInput, ...]
    notes: tuple[str, ...] = ()


def assemble(venue: str, listing: Listing, history: History, as_of_s: int) -> Assembled:
    """Return a venue's market at `as_of_s`.

    Raises:
        VenueError: no bar is recent enough.
        DataMalformedError: prices or sizes that cannot be.

    """
    candles = _candles(f"{venue} {listing.market_id} candles", history.bars)
    if not len(candles) or int(candles.end_s[-1]) <= as_of_s - STALE_AFTER_S:
        raise VenueError(venue, _silence(candles))
    open_interest, unknown = _open_interest(venue, history, candles)
    market = VenueMarket(
        venue=venue,
        candles=candles,
        open_interest=open_interest,
        margin=_margin(venue, listing, history),
        funding=_funding(history),
        order_book=history.order_book,
        crowd=_crowd(history, as_of_s),
    )
    missing = (*history.missing, *history.unread, *unknown, *_taker_flow(venue, candles), *_gaps(venue, candles))
    return Assembled(market=market, missing=missing, notes=(*listing.notes, *_staleness(venue, candles, as_of_s)))


def _candles(where: str, bars: Bars) -> Candles:
    traded = np.where(bars.volume > 0, bars.volume, np.nan)
    return Candles(
        where=where,
        time_s=bars.time_s,
        duration_s=bars.duration_s,
        open=bars.open,
        high=bars.high,
        low=bars.low,
        close=bars.close,
        volume=bars.volume,
        taker_buy_share=np.clip(bars.taker_buy_volume / traded, 0.0, 1.0),
    )


def _open_interest(
    venue: str, history: History, candles: Candles
) -> tuple[FloatArray | None, tuple[MissingInput, ...]]:
    """Return open interest at each bar's open, NaN where unknown (or 0, which no live market has), and say so."""
    found = history.open_interest.at(candles.time_s)
    known = np.where(found > 0, found, np.nan)
    unknown = int(np.sum(np.isnan(known)))
    if unknown == len(known):
        told = any(item.input == "open_interest" for item in history.missing)
        effect = _unknown_so_far(history.open_interest)
        return None, () if told else (MissingInput(input="open_interest", venue=venue, effect=effect),)
    first = int(np.argmax(np.isfinite(known)))
    if unknown - first > 1:  # the newest snapshot may come minutes after its bar: that alone is no gap
        effect = f"unknown in {unknown - first} of {len(known) - first} bars: nothing is opened or closed there"
        return known, (MissingInput(input="open_interest", venue=venue, effect=effect),)
    if first and int(candles.end_s[-1] - candles.time_s[first]) < USUAL_REACH_S:
        effect = f"known since {moment_text(candles.time_s[first])} only: what was opened before is in no map of it"
        return known, (MissingInput(input="open_interest", venue=venue, effect=effect),)
    return known, ()


def _unknown_so_far(told: Series) -> str:
    """Return what it means that no finished bar has open interest: nothing is told, or not for long enough."""
    if not len(told):
        return "not given: what is held there is in no map of open interest"
    return f"known since {moment_text(told.time_s[0])} only, no past is given: no map of it holds it yet"


def _margin(venue: str, listing: Listing, history: History) -> MarginTerms:
    terms = terms_for(venue, listing.base + QUOTE, rule=listing.margin_rule)
    if not history.brackets:
        return terms if listing.max_leverage is None else terms.capped(listing.max_leverage)
    return replace(terms, brackets=history.brackets, origin=f"{venue_text(venue)} risk limits, live")


def _funding(history: History) -> Funding | None:
    """Return settled funding, older rates than were fetched from the past, all told per the venue's interval of now.

    A venue may have settled at another interval then; per 8 h, which is what they are compared by, they stay exact.
    """
    fetched, stored = history.funding, history.stored_funding
    if not len(fetched) and not len(stored):
        return None
    interval_s = funding_interval_s(fetched if len(fetched) else stored)
    older = stored.time_s < fetched.time_s[0] if len(fetched) else np.full(len(stored), fill_value=True)
    return Funding(
        time_s=np.concatenate([stored.time_s[older], fetched.time_s]),
        rate=np.concatenate([stored.value[older] * (interval_s / FUNDING_UNIT_S), fetched.value]),
        interval_s=interval_s,
    )


def _crowd(history: History, as_of_s: int) -> Crowd | None:
    crowd = history.crowd
    return crowd if crowd is not None and 0 <= as_of_s - crowd.time_s <= CROWD_KEPT_S else None


def _taker_flow(venue: str, candles: Candles) -> tuple[MissingInput, ...]:
    if np.any(np.isfinite(candles.taker_buy_share)):
        return ()
    effect = "not given: M4 guesses who bought from where each bar closed in its range"
    return (MissingInput(input="taker_flow", venue=venue, effect=effect),)


def _gaps(venue: str, candles: Candles) -> tuple[MissingInput, ...]:
    lengths = candles.time_s[1:] - candles.end_s[:-1]
    count = int(np.sum(lengths > 0))
    if not count:
        return ()
    longest = int(np.argmax(lengths))
    effect = (
        f"{count} gap{'s' if count > 1 else ''}, the longest {duration_text(float(lengths[longest]))} from "
        f"{moment_text(candles.end_s[longest])}: what was opened or swept there is unknown"
    )
    return (MissingInput(input="candles", venue=venue, effect=effect),)


def _staleness(venue: str, candles: Candles, as_of_s: int) -> tuple[str, ...]:
    age_s = as_of_s - int(candles.end_s[-1])
    if age_s < 2 * FINE_S:  # the bar under way has ended, and the venue needs a moment to publish it
        return ()
    return (f"The last finished bar of {venue_text(venue)} is {duration_text(age_s)} old.",)


def _silence(candles: Candles) -> str:
    if not len(candles):
        return "has no bars of this market yet"
    return f"has been silent since {moment_text(candles.end_s[-1])}"
