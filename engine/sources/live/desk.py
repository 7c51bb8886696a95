"""What is kept of one venue, and the requests that bring it up to date: as few as possible, side by side."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from engine.errors import DataMalformedError, EngineError
from engine.margin import Bracket
from engine.market import MissingInput, OrderBook
from engine.observed import CROWD_KEPT_S, Crowd
from engine.sources.live.catalogue import Catalogue, parse_listings, parse_sizes
from engine.sources.live.client import Wire
from engine.sources.live.faults import VenueError
from engine.sources.live.history import (
    FINE_S,
    History,
    Span,
    bar_spans,
    funding_is_due,
    funding_page,
    is_new_start,
    joined_bars,
    joined_series,
    open_interest_spans,
    pages,
    parse_bars,
    parse_book,
    parse_brackets,
    parse_crowd,
    parse_series,
    parse_snapshot,
    parse_time,
)
from engine.sources.live.parts import Bars, Listing, Series
from engine.sources.live.past import PAST_SPAN_S, Past, unheld_bars, unheld_open_interest
from engine.sources.live.venue import Feed, Page, SnapshotFeed, Venue
from engine.sources.live.wire import text_at, value_at
from engine.text import venue_text
from engine.windows import HOUR_S, MINUTE_S

CATALOGUE_KEPT_S = 6 * HOUR_S
"""New perpetuals are listed a few times a day (own assumption)."""
MOST_CATALOGUE_PAGES = 10
"""Bybit lists some 700 linear markets, a thousand a page: a venue that goes on beyond this is broken."""
CROWD_EVERY_S = 30 * MINUTE_S
"""The crowd changes its mind slowly: its ratio is asked for this far apart at most (own assumption)."""
MOST_HELD = 24
"""Perpetuals of which rows are held, some 3 MB each after 120 days; of the one asked for longest ago they are let go,
and come back from the past."""
BOOK_KEPT_S = 10
"""A book this young answers the next question too: two people often ask for the same symbol at once."""

_Part = TypeVar("_Part")


class Desk:
    """One venue; `clock` gives Unix seconds. Lives on one event loop."""

    def __init__(self, venue: Venue, wire: Wire, clock: Callable[[], float], past: Past | None = None) -> None:
        self.venue = venue
        self._wire = wire
        self._clock = clock
        self._catalogue: Catalogue | None = None
        self._catalogue_s = 0.0
        self._catalogue_lock = asyncio.Lock()
        self._past = past
        self._histories: OrderedDict[str, History] = OrderedDict()
        self._locks: dict[str, asyncio.Lock] = {}

    async def open(self) -> None:
        """Get ready to ask."""
        await self._wire.open()

    async def close(self) -> None:
        """Let go of every connection."""
        await self._wire.close()

    async def server_time_s(self) -> float | None:
        """Return what time it is by the venue's clock [Unix s]; None where it does not say.

        Raises:
            VenueError: it does not answer.

        """
        feed = self.venue.time
        if feed is None:
            return None
        try:
            return parse_time(await self._wire.ask(feed.method, {}), feed, self._where("time"))
        except DataMalformedError as error:
            raise self._unusable(error) from error

    # --- what the venue lists ----------------------------------------------------------------------------------------

    @property
    def held_catalogue(self) -> Catalogue | None:
        """The last catalogue, however old; None before the first."""
        return self._catalogue

    async def catalogue(self) -> Catalogue:
        """Return the venue's perpetuals; one that was fetched in the last hours serves, and an older one in need.

        Raises:
            VenueError: the venue does not tell them.

        """
        async with self._catalogue_lock:
            age_s = self._clock() - self._catalogue_s
            if self._catalogue is not None and 0 <= age_s < CATALOGUE_KEPT_S:
                return self._catalogue
            try:
                self._catalogue = await self._fetch_catalogue()
                self._catalogue_s = self._clock()
            except VenueError:
                if self._catalogue is None:
                    raise
            return self._catalogue

    async def _fetch_catalogue(self) -> Catalogue:
        rows, sizes = await asyncio.gather(self._listings(), self._sizes(), return_exceptions=True)
        if isinstance(rows, BaseException):
            raise rows
        listings = {listing.base: listing for listing in rows}
        ranked: dict[str, float] = {}
        if self.venue.sizes is not None and not isinstance(sizes, BaseException):
            try:
                ranked = parse_sizes(sizes, self.venue.sizes, listings, self._where("sizes"))
            except DataMalformedError:
                ranked = {}  # the order of suggestions is not worth an answer
        return Catalogue(listings=listings, open_interest_usd=ranked)

    async def _listings(self) -> list[Listing]:
        feed, found, cursor = self.venue.catalogue, list[Listing](), ""
        for _ in range(MOST_CATALOGUE_PAGES):
            parameters = {**feed.parameters, "cursor": cursor} if cursor else feed.parameters
            reply = await self._wire.ask(feed.method, parameters)
            try:
                found += parse_listings(reply, feed, self._where("catalogue"))
                cursor = "" if feed.cursor is None else _cursor(reply, feed.cursor, self._where("catalogue"))
            except DataMalformedError as error:
                raise self._unusable(error) from error
            if not cursor:
                break
        return found

    async def _sizes(self) -> object:
        if self.venue.sizes is None:
            return None
        return await self._wire.ask(self.venue.sizes.method, self.venue.sizes.parameters)

    # --- one perpetual -----------------------------------------------------------------------------------------------

    async def history(self, listing: Listing) -> History:
        """Return what is known of a perpetual now, after asking for what is still missing.

        Without bars there is no answer; what else fails is named in `missing`, and asked for again next time.

        Raises:
            VenueError: the venue does not give its bars.

        """
        async with self._locks.setdefault(listing.market_id, asyncio.Lock()):
            now_s = int(self._clock())
            held = self._histories.get(listing.market_id)
            if held is None:
                held = await self._remembered(listing, now_s)
            fetched = await self._updated(held, listing, now_s)
            self._hold(listing.market_id, fetched)
            return fetched

    async def _remembered(self, listing: Listing, now_s: int) -> History:
        """Return what is known of a perpetual before anything was asked."""
        if self._past is None:
            return History()
        return await asyncio.to_thread(self._past.history, self.venue.name, listing.base, now_s)

    def _hold(self, market_id: str, fetched: History) -> None:
        self._histories[market_id] = fetched
        self._histories.move_to_end(market_id)
        if len(self._histories) > MOST_HELD:
            self._histories.popitem(last=False)

    async def _updated(self, held: History, listing: Listing, now_s: int) -> History:
        asks_crowd = self._asks_crowd(held, now_s)
        bars, open_interest, funding, book, brackets, crowd = await asyncio.gather(
            self._bars(held, listing, now_s),
            self._open_interest(held, listing, now_s),
            self._funding(held.funding, listing, now_s),
            self._book(held.order_book, listing, now_s),
            self._brackets_reply(held.brackets, listing),
            self._crowd(held.crowd, listing, now_s, asks_crowd),
            return_exceptions=True,
        )
        if isinstance(bars, BaseException):
            raise bars
        missing: list[MissingInput] = []
        price = float(bars.close[-1]) if len(bars) else 0.0
        return History(
            bars=bars,
            open_interest=self._or_held(open_interest, held.open_interest, "open_interest", missing),
            funding=self._or_held(funding, held.funding, "funding", missing),
            order_book=self._or_held(book, None, "order_book", missing),
            stored_funding=held.stored_funding,
            brackets=self._read_brackets(brackets, held.brackets, listing, price, missing),
            crowd=self._or_held(crowd, held.crowd, "long_short_ratio", missing),
            crowd_asked_s=now_s if asks_crowd else held.crowd_asked_s,
            has_all_bars=True,
            has_all_open_interest=held.has_all_open_interest or not isinstance(open_interest, BaseException),
            missing=tuple(missing),
            unread=held.unread,
        )

    async def _bars(self, held: History, listing: Listing, now_s: int) -> Bars:
        held_s = int(held.bars.time_s[-1]) if len(held.bars) else None
        only_newest = held.has_all_bars and not is_new_start(held_s, now_s)
        spans = bar_spans(held_s, now_s) if only_newest else unheld_bars(held.bars, now_s)
        fetched = await self._all(self.venue.bars, listing, spans, parse_bars)
        return joined_bars((held.bars, *fetched), now_s - PAST_SPAN_S)

    async def _open_interest(self, held: History, listing: Listing, now_s: int) -> Series:
        feed, series = self.venue.open_interest, held.open_interest
        if isinstance(feed, SnapshotFeed):
            return await self._snapshot(feed, series, listing, now_s)
        held_s = int(series.time_s[-1]) if len(series) else None
        only_newest = held.has_all_open_interest and not is_new_start(held_s, now_s)
        spans = (
            open_interest_spans(held_s, now_s, feed.reach_s)
            if only_newest
            else unheld_open_interest(series, now_s, feed.reach_s)
        )
        fetched = await self._all(feed, listing, spans, parse_series)
        return joined_series((series, *fetched), now_s - PAST_SPAN_S)

    async def _snapshot(self, feed: SnapshotFeed, held: Series, listing: Listing, now_s: int) -> Series:
        """Return what is held with the value of this moment, which belongs to the open of the bar under way.

        That bar is known only once it has ended, so nothing is used before it was known; the first value of a bar, the
        nearest to its open, stays.
        """
        open_s = now_s // FINE_S * FINE_S
        if len(held) and int(held.time_s[-1]) >= open_s:
            return held
        reply = await self._wire.ask(feed.method, feed.parameters(listing.market_id))
        found = parse_snapshot(reply, feed, open_s, self._where(listing.market_id))
        return joined_series((held, found), now_s - PAST_SPAN_S)

    async def _funding(self, held: Series, listing: Listing, now_s: int) -> Series:
        if not funding_is_due(held, now_s):
            return held
        page = funding_page(listing.market_id, now_s)
        return held.joined(await self._page(self.venue.funding, page, parse_series))

    async def _book(self, held: OrderBook | None, listing: Listing, now_s: int) -> OrderBook:
        if held is not None and 0 <= now_s - held.time_s < BOOK_KEPT_S:
            return held
        feed, where = self.venue.book, self._where("order book")
        reply = await self._wire.ask(feed.method, feed.parameters(listing.market_id))
        return parse_book(reply, feed, listing.contract_size, where)

    def _asks_crowd(self, held: History, now_s: int) -> bool:
        """Say whether to ask for the crowd's ratio: at first, and then in moments when no bar is due.

        So an answer that fetches a new bar needs no more requests for it, except once in the hours in which a ratio
        grows too old to be shown.
        """
        if self.venue.crowd is None:
            return False
        if held.crowd_asked_s is None or now_s - held.crowd_asked_s >= CROWD_KEPT_S:
            return True
        held_s = int(held.bars.time_s[-1]) if len(held.bars) else None
        return now_s - held.crowd_asked_s >= CROWD_EVERY_S and not bar_spans(held_s, now_s)

    async def _crowd(self, held: Crowd | None, listing: Listing, now_s: int, asks: bool) -> Crowd | None:  # noqa: FBT001
        feed = self.venue.crowd
        if feed is None or not asks:
            return held
        reply = await self._wire.ask(feed.method, feed.parameters(listing.market_id))
        return parse_crowd(reply, feed, now_s, self._where("long/short ratio"))

    async def _brackets_reply(self, held: tuple[Bracket, ...], listing: Listing) -> object:
        feed = self.venue.brackets
        if feed is None or held:
            return None
        return await self._wire.ask(feed.method, feed.parameters(listing))

    def _read_brackets(
        self,
        reply: object,
        held: tuple[Bracket, ...],
        listing: Listing,
        price: float,
        missing: list[MissingInput],
    ) -> tuple[Bracket, ...]:
        feed = self.venue.brackets
        if feed is None or held:
            return held
        try:
            if isinstance(reply, BaseException):
                raise reply
            return parse_brackets(reply, feed, listing, price, self._where("risk limits"))
        except EngineError:
            effect = "not given: those of the shipped table serve"
            missing.append(MissingInput(input="risk_limits", venue=self.venue.name, effect=effect))
            return ()

    async def _all(
        self,
        feed: Feed,
        listing: Listing,
        spans: Iterable[Span],
        parse: Callable[[object, Feed, Page, str], _Part],
    ) -> list[_Part]:
        """Fetch spans side by side; the first error counts, once every request has ended."""
        wanted = pages(spans, listing.market_id, feed.page_rows)
        gate = asyncio.Semaphore(feed.at_once)
        return await _all_of(self._gated(gate, feed, page, parse) for page in wanted)

    async def _gated(
        self,
        gate: asyncio.Semaphore,
        feed: Feed,
        page: Page,
        parse: Callable[[object, Feed, Page, str], _Part],
    ) -> _Part:
        async with gate:
            return await self._page(feed, page, parse)

    async def _page(self, feed: Feed, page: Page, parse: Callable[[object, Feed, Page, str], _Part]) -> _Part:
        reply = await self._wire.ask(feed.method, feed.parameters(page))
        try:
            return parse(reply, feed, page, self._where(page.market_id))
        except DataMalformedError as error:
            raise self._unusable(error) from error

    def _or_held(self, found: _Part | BaseException, held: _Part, name: str, missing: list[MissingInput]) -> _Part:
        """Return what was found; for a failure of the venue what is held, and its cause among the missing."""
        if not isinstance(found, BaseException):
            return found
        if not isinstance(found, EngineError):
            raise found  # no venue's failure but ours
        cause = found.cause if isinstance(found, VenueError) else "answered with rows that cannot be trusted"
        effect = f"not updated: {venue_text(self.venue.name)} {cause}"
        missing.append(MissingInput(input=name, venue=self.venue.name, effect=effect))
        return held

    def _unusable(self, _error: DataMalformedError) -> VenueError:
        return VenueError(self.venue.name, "answered with rows that cannot be trusted")

    def _where(self, what: str) -> str:
        return f"{self.venue.name} {what}"


async def _all_of(requests: Iterable[Awaitable[_Part]]) -> list[_Part]:
    """Return every result in order; one that failed is raised only after all have ended, so that none is left alone."""
    results = await asyncio.gather(*requests, return_exceptions=True)
    failed = next((result for result in results if isinstance(result, BaseException)), None)
    if failed is not None:
        raise failed
    return [result for result in results if not isinstance(result, BaseException)]


def _cursor(reply: object, path: tuple[str | int, ...], where: str) -> str:
    inner = reply
    for key in path[:-1]:
        inner = value_at(inner, key, where)
    return text_at(inner, path[-1], where)
