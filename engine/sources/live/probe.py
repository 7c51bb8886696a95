"""How a venue is, for whoever looks for faults: how fast it answers, how far its clock is from ours, what it lists."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field

from engine.sources.live.catalogue import symbols
from engine.sources.live.client import Wire
from engine.sources.live.desk import Desk
from engine.sources.live.history import parse_time
from engine.sources.live.parts import Listing
from engine.sources.live.streams import LiquidationStream
from engine.sources.live.told import Connected, Lost, Refused
from engine.sources.live.venue import Feed, TimeFeed, Venue
from engine.text import duration_text

SAMPLES = 3
"""Small requests that are timed: the first one also opens the connection, and the middle one counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """How a venue answered: latency_s of a small request, skew_s of its clock (+ it is ahead of ours).

    Both are None where the venue tells no time of its own. largest: by symbol, the perpetual with the largest open
    interest, none where none is listed.
    """

    latency_s: float | None
    skew_s: float | None
    perpetuals: int
    largest: Mapping[str, Listing] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One input that a venue has or has not, as it is read here; detail: such as how far back."""

    name: str
    given: bool
    detail: str = ""


async def take_pulse(venue: Venue, wire: Wire, clock: Callable[[], float]) -> Pulse:
    """Ask a venue for its time and its catalogue; `clock` gives our Unix seconds.

    Raises:
        VenueError: it does not answer, or not in a way that can be used.
        DataMalformedError: its time is none.

    """
    timed = [await _timed(venue.time, wire, clock) for _ in range(SAMPLES)] if venue.time is not None else []
    catalogue = await Desk(venue, wire, clock).catalogue()
    return Pulse(
        latency_s=statistics.median(sample.took_s for sample in timed) if timed else None,
        skew_s=min(timed, key=lambda sample: sample.took_s).skew_s if timed else None,
        perpetuals=len(catalogue.listings),
        largest={symbol: catalogue.listings[symbol] for symbol in symbols({venue.name: catalogue})[:1]},
    )


async def hear(stream: LiquidationStream, listings: Mapping[str, Listing]) -> str | None:
    """Return why a venue's stream cannot be listened to, None once it has confirmed that it can.

    The cause completes a sentence that begins with the venue's name.
    """
    async with aclosing(stream.listen(listings)) as told:
        async for item in told:
            if isinstance(item, Connected):
                return None
            if isinstance(item, Lost | Refused):
                return item.cause
    return "ended its stream"


@dataclass(frozen=True, slots=True)
class _Sample:
    took_s: float
    skew_s: float


async def _timed(feed: TimeFeed, wire: Wire, clock: Callable[[], float]) -> _Sample:
    """Ask once: the venue read its clock half of the way there and back ago."""
    loop = asyncio.get_running_loop()
    began, sent_s = loop.time(), clock()
    found = await wire.ask(feed.method, {})
    took_s, received_s = loop.time() - began, clock()
    return _Sample(took_s, parse_time(found, feed, "time") - (sent_s + received_s) / 2)


def offers_of(venue: Venue) -> tuple[Offer, ...]:
    """Return what is read of a venue, and what it does not give."""
    interest = venue.open_interest
    past = isinstance(interest, Feed)
    reach_s = interest.reach_s if isinstance(interest, Feed) else None
    how_far = "of this moment only" if not past else "all that is asked for" if reach_s is None else _back(reach_s)
    return (
        Offer(name="candles", given=True),
        Offer(name="open_interest", given=True),
        Offer(name="open_interest_history", given=past, detail=how_far),
        Offer(name="taker_flow", given="taker_buy_volume" in venue.bars.columns),
        Offer(name="funding", given=True),
        Offer(name="order_book", given=True),
        Offer(name="risk_limits", given=venue.brackets is not None),
        Offer(name="liquidations", given=venue.liquidations is not None),
        Offer(name="long_short_ratio", given=venue.crowd is not None),
    )


def _back(reach_s: float) -> str:
    return f"{duration_text(reach_s)} back"
