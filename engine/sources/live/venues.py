"""The venues that can be read live: three by their own interfaces, the others through the library's unified one."""

from __future__ import annotations

import difflib

from engine.errors import UnknownVenueError
from engine.sources.live.binance import BINANCE
from engine.sources.live.bybit import BYBIT
from engine.sources.live.exchange_library import exchange_files
from engine.sources.live.okx import OKX
from engine.sources.live.unified import unified_venue
from engine.sources.live.venue import Venue

VENUES = {venue.name: venue for venue in (BINANCE, BYBIT, OKX)}


def venue_named(name: str) -> Venue:
    """Return a venue's table.

    Raises:
        UnknownVenueError: there is none of this name.
        VenueError: it cannot be read through the exchange library.

    """
    if name in VENUES:
        return VENUES[name]
    if name not in exchange_files():
        near = difflib.get_close_matches(name, exchange_files(), 3)
        raise UnknownVenueError(name, near, tuple(VENUES))
    return unified_venue(name)
