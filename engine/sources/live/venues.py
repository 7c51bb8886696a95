"""The venues that can be read live."""

from __future__ import annotations

from engine.errors import UnknownVenueError
from engine.sources.live.binance import BINANCE
from engine.sources.live.bybit import BYBIT
from engine.sources.live.okx import OKX
from engine.sources.live.venue import Venue

VENUES = {venue.name: venue for venue in (BINANCE, BYBIT, OKX)}


def venue_named(name: str) -> Venue:
    """Return a venue's table.

    Raises:
        UnknownVenueError: there is none of this name.

    """
    if name not in VENUES:
        raise UnknownVenueError(name, known=tuple(VENUES))
    return VENUES[name]
