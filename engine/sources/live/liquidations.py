"""Raw messages of a stream -> liquidations. Parses only; one row that cannot be read does not cost the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from engine.errors import DataMalformedError
from engine.sources.live.parts import Listing
from engine.sources.live.told import Heard
from engine.sources.live.venue import LiquidationFeed
from engine.sources.live.wire import Key, number_at, rows_at, shortened, text_at, value_at

_ADVICE = "It was left out. Report it if it stays."
LONG, SHORT = 1, -1
EARLIEST_MS, LATEST_MS = 10**12, 10**13
"""Thirteen digits: from 2001 to 2286. What has fewer or more is no moment in milliseconds."""


def parse_liquidations(
    message: object, feed: LiquidationFeed, listings: Mapping[str, Listing], where: str
) -> Iterator[Heard | DataMalformedError]:
    """Yield the liquidations of our markets in the order of the message, and an error for each that cannot be read.

    listings: by our symbol; other markets are passed over. where: the venue, which is also named in errors.
    """
    markets = {listing.market_id: (symbol, listing) for symbol, listing in listings.items()}
    try:
        rows = _rows(message, feed, where)
    except DataMalformedError as error:
        yield error
        return
    for row in rows:
        try:
            market = markets.get(text_at(row, feed.market_id, where))
            if market is None:
                continue
            details = _details(row, feed, where)
        except DataMalformedError as error:
            yield error
            continue
        for detail in details:
            yield _parsed(detail, feed, *market, where)


def _rows(message: object, feed: LiquidationFeed, where: str) -> Sequence[object]:
    """Return the rows at the feed's path; one alone is a list of one."""
    found = message
    for key in feed.path:
        found = value_at(found, key, where)
    return [found] if isinstance(found, Mapping) else rows_at(found, (), where)


def _details(row: object, feed: LiquidationFeed, where: str) -> Sequence[object]:
    return [row] if feed.details is None else rows_at(row, (feed.details,), where)


def _parsed(
    row: object, feed: LiquidationFeed, symbol: str, listing: Listing, where: str
) -> Heard | DataMalformedError:
    try:
        return Heard(
            venue=where,
            symbol=symbol,
            at_ms=_moment_ms(row, feed, where),
            side=_side(row, feed, where),
            price=_positive(row, feed.prices, where),
            size=_positive(row, feed.sizes, where) * (listing.contract_size if feed.in_contracts else 1.0),
        )
    except DataMalformedError as error:
        return error


def _moment_ms(row: object, feed: LiquidationFeed, where: str) -> int:
    moment_ms = number_at(row, feed.time, where)
    if not EARLIEST_MS <= moment_ms < LATEST_MS:
        raise DataMalformedError(where, f"{feed.time!r} is no moment in milliseconds in {shortened(row)}", _ADVICE)
    return int(moment_ms)


def _side(row: object, feed: LiquidationFeed, where: str) -> int:
    word = text_at(row, feed.side, where)
    if word not in (feed.long_word, feed.short_word):
        raise DataMalformedError(where, f"the side is {word!r} in {shortened(row)}", _ADVICE)
    return LONG if word == feed.long_word else SHORT


def _positive(row: object, keys: Sequence[Key], where: str) -> float:
    """Return the first of these fields that is positive."""
    for key in keys:
        number = number_at(row, key, where)
        if number > 0:
            return number
    raise DataMalformedError(where, f"{keys[0]!r} is not positive in {shortened(row)}", _ADVICE)
