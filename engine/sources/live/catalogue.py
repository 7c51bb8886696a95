"""Which perpetual of each venue a symbol means.

BTC is BTCUSDT here and BTC-USDT-SWAP there; some coins are quoted by the thousand (1000PEPE) at one venue and singly at
the next.
"""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.errors import UnknownSymbolError
from engine.market import MissingInput
from engine.sources.live.parts import Listing
from engine.sources.live.venue import CatalogueFeed, SizeFeed
from engine.sources.live.wire import number_at, rows_at, text_at
from engine.symbols import coin_of
from engine.text import venue_text

SUGGESTIONS = 3


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Catalogue:
    """One venue's USDT perpetuals by their base, and the open interest of each [USD] where the venue lists it."""

    listings: Mapping[str, Listing]
    open_interest_usd: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Resolved:
    """What a symbol means: its name as it is quoted, the perpetual at each venue that has it, what to say about it."""

    symbol: str
    listings: Mapping[str, Listing]
    missing: tuple[MissingInput, ...] = ()
    notes: tuple[str, ...] = ()


def parse_listings(reply: object, feed: CatalogueFeed, where: str) -> tuple[Listing, ...]:
    """Return the USDT perpetuals in trading.

    Raises:
        DataMalformedError: the reply is not what the venue documents.

    """
    found = (feed.listing(row, where) for row in rows_at(reply, feed.path, where))
    return tuple(listing for listing in found if listing is not None)


def parse_sizes(reply: object, feed: SizeFeed, listings: Mapping[str, Listing], where: str) -> dict[str, float]:
    """Return the open interest of each base [USD].

    Raises:
        DataMalformedError: the reply is not what the venue documents.

    """
    base_of = {listing.market_id: base for base, listing in listings.items()}
    rows = {text_at(row, feed.market_id, where): row for row in rows_at(reply, feed.path, where)}
    return {base_of[name]: feed.unit * number_at(row, feed.usd, where) for name, row in rows.items() if name in base_of}


def symbols(catalogues: Mapping[str, Catalogue]) -> tuple[str, ...]:
    """Return every symbol that can be asked for, largest open interest over all venues first, then by name."""
    size: dict[str, float] = defaultdict(float)
    for catalogue in catalogues.values():
        for base in catalogue.listings:
            size[base] += catalogue.open_interest_usd.get(base, 0.0)
    coins = {coin_of(base) for base in size} - set(size)
    return tuple(sorted(size, key=lambda base: (-size[base], base))) + tuple(sorted(coins))


def resolve(symbol: str, catalogues: Mapping[str, Catalogue]) -> Resolved:
    """Return what a symbol means at each venue (by name).

    A coin quoted singly here and by the thousand there has two prices; one answer has one price axis, so the name that
    most venues quote is taken, and venues with another one are left out and named.

    Raises:
        UnknownSymbolError: no venue has it; holds the nearest ones.

    """
    names = {base for catalogue in catalogues.values() for base in catalogue.listings}
    same_coin = sorted(base for base in names if coin_of(base) == coin_of(symbol))
    if not same_coin:
        known = symbols(catalogues)
        raise UnknownSymbolError(symbol, difflib.get_close_matches(symbol, known, SUGGESTIONS), known[:20])
    quoted = _most_quoted(symbol, same_coin, catalogues)
    listings = {name: found.listings[quoted] for name, found in catalogues.items() if quoted in found.listings}
    absent = {name: _other_name(found, same_coin) for name, found in catalogues.items() if name not in listings}
    return Resolved(
        symbol=quoted,
        listings=listings,
        missing=tuple(_left_out(name, other, quoted) for name, other in absent.items() if other is not None),
        notes=(
            *_quotation(symbol, quoted),
            *(f"{venue_text(name)} does not list {quoted}." for name, other in absent.items() if other is None),
        ),
    )


def _most_quoted(symbol: str, same_coin: list[str], catalogues: Mapping[str, Catalogue]) -> str:
    """Return the name that most venues use; the one asked for where as many do, or where it names its multiplier."""
    if symbol in same_coin and symbol != coin_of(symbol):
        return symbol

    def venues_with(base: str) -> int:
        return sum(base in catalogue.listings for catalogue in catalogues.values())

    return max(same_coin, key=lambda base: (venues_with(base), base == symbol))


def _other_name(catalogue: Catalogue, same_coin: list[str]) -> str | None:
    return next((base for base in same_coin if base in catalogue.listings), None)


def _left_out(venue: str, other: str, quoted: str) -> MissingInput:
    effect = f"quotes {other}, not {quoted}: left out, its prices are on another scale"
    return MissingInput(input="venue", venue=venue, effect=effect)


def _quotation(symbol: str, quoted: str) -> tuple[str, ...]:
    if quoted == symbol:
        return ()
    return (f"Asked for {symbol}; prices and sizes are those of {quoted}, as the venues quote it.",)
