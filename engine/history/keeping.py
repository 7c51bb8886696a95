"""A live source whose every answer is also stored, so that open interest older than a venue's limit accumulates."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass, replace
from threading import RLock

import numpy as np

from engine.errors import EngineError
from engine.history.errors import HistoryBusyError
from engine.history.kinds import FUNDING, FUNDING_UNIT_S, LONG_SHORT_RATIO, ORDER_BOOK, PERP, TAKER_FLOW, kind_named
from engine.history.observed import sweeps_before
from engine.history.realised import liquidations_before
from engine.history.rows import Rows
from engine.history.store import QUOTE, HistoryStore
from engine.market import Market, OrderBook, VenueMarket
from engine.sources.base import Closable, Source
from engine.windows import MINUTE_S

BOOK_EVERY_S = 5 * MINUTE_S
"""Books are stored this far apart: each rewrites its day, and a reader takes any of the last 15 minutes."""
MOST_REMEMBERED = 24
"""Symbols of which is remembered what is stored, some 7 MB each after 120 days; of others it is read again."""

Series = tuple[str, str]
"""A venue and a kind of series."""


class KeepingSource:
    """Answers like the `source` it stands before, and puts what the answer was made of into the `store`.

    An answer is never lost to the disk: what could not be stored is a note. Only real markets are kept. While another
    process writes the history nothing is said: it keeps this very market or is soon gone, every single answer of a
    machine that records would bear the note, and what was not stored is fetched again by whoever needs it.
    """

    def __init__(self, source: Source, store: HistoryStore) -> None:
        self.source = source
        self.store = store
        self._kept: OrderedDict[str, dict[Series, Rows]] = OrderedDict()
        self._one_at_a_time = RLock()
        self.name = source.name

    def symbols(self) -> tuple[str, ...]:
        """Return the symbols of the source."""
        return self.source.symbols()

    def known_symbols(self) -> tuple[str, ...]:
        """Return what the source has in memory."""
        return self.source.known_symbols()

    def market(self, symbol: str, as_of_s: int | None = None) -> Market:
        """Return the source's market, stored before it is returned; raises what the source raises."""
        market = self.source.market(symbol, as_of_s)
        if market.source != "live":
            return market
        return completed(self._stored(market), self.store)

    def close(self) -> None:
        """Let go of the source's connections, where it holds any; the store is its owner's to close."""
        if isinstance(self.source, Closable):
            self.source.close()

    def _stored(self, market: Market) -> Market:
        """Store what of the market is not stored yet, and return it with what there is to say about that."""
        try:
            with self._one_at_a_time:
                notes = keep(market, self.store, self._remembered(market.symbol))
        except HistoryBusyError:
            return market
        except EngineError as error:
            notes = (f"Not stored: {error}",)
        return replace(market, notes=(*market.notes, *notes)) if notes else market

    def _remembered(self, symbol: str) -> dict[Series, Rows]:
        """Return what is known to be stored of a symbol, and forget the symbol that was asked for longest ago."""
        kept = self._kept.setdefault(symbol, {})
        self._kept.move_to_end(symbol)
        if len(self._kept) > MOST_REMEMBERED:
            self._kept.popitem(last=False)
        return kept


def completed(market: Market, store: HistoryStore) -> Market:
    """Return the market with what no request can fetch and the store holds: liquidations heard, positions swept.

    What cannot be read is a note, never a failed answer.
    """
    return _with_sweeps(_with_liquidations(market, store), store)


def _with_liquidations(market: Market, store: HistoryStore) -> Market:
    try:
        told = [
            liquidations_before(store.path / venue.venue / (market.symbol + QUOTE), market.as_of_s)
            for venue in market.venues
        ]
    except EngineError as error:
        return replace(market, notes=(*market.notes, f"Stored liquidations were left out: {error}"))
    if all(each is None for each in told):
        return market
    venues = (replace(venue, liquidations=each) for venue, each in zip(market.venues, told, strict=True))
    return replace(market, venues=tuple(venues))


def _with_sweeps(market: Market, store: HistoryStore) -> Market:
    try:
        found = sweeps_before(store.path, market.symbol, market.as_of_s)
    except EngineError as error:
        return replace(market, notes=(*market.notes, f"Stored positions were left out: {error}"))
    return replace(market, observed=found) if found else market


def keep(market: Market, store: HistoryStore, kept: dict[Series, Rows] | None = None) -> tuple[str, ...]:
    """Store the bars, taker side, funding, crowd and book of every venue, and return what there is to say about it.

    kept: what is known to be stored, brought up to date here; of a series that is not in it the store is read first.
    Only rows that are new or tell something else are appended, so that an answer does not rewrite months.

    Raises:
        ValueError: the market is not a live one: invented numbers never enter the history.
        EngineError: the history is being written by another process, or the disk refuses.

    """
    known = {} if kept is None else kept
    notes: list[str] = []
    for news in news_of(market, store, known):
        told = store.append(news.venue, news.market_id, news.kind, news.rows, as_of_s=market.as_of_s, clock="venue")
        # by the venue's clock, because the times are its own: days in which nobody asked are a gap, not a jump
        known[news.venue, news.kind] = news.whole
        notes += told.notes
    return tuple(notes)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class News:
    """Rows of one series that are not stored yet; whole: all that the market holds of it."""

    venue: str
    market_id: str
    kind: str
    rows: Rows
    whole: Rows


def news_of(market: Market, store: HistoryStore, known: MutableMapping[Series, Rows]) -> Iterator[News]:
    """Yield what of a live market is not stored yet: rows that are new or tell something else than those known.

    known: what is known to be stored; of a series that is not in it the store is read, and that is remembered here.

    Raises:
        ValueError: the market is not a live one: invented numbers never enter the history.

    """
    if market.source != "live":
        msg = f"only live markets are kept, not {market.source} ones"
        raise ValueError(msg)
    market_id = market.symbol + QUOTE
    for venue in market.venues:
        for kind, rows in _series(venue).items():
            if not len(rows):
                continue
            name = venue.venue, kind
            if name not in known:
                known[name] = _read(store, venue.venue, market_id, kind, rows)
            new = _new_rows(kind, rows, known[name])
            if len(new):
                yield News(venue=venue.venue, market_id=market_id, kind=kind, rows=new, whole=rows)


def _read(store: HistoryStore, venue: str, market_id: str, kind: str, rows: Rows) -> Rows:
    """Return what is stored since the first of the rows.

    Of a damaged series nothing, so that all is appended and the damage set aside and told.
    """
    try:
        return store.read(venue, market_id, kind, since_s=int(rows.time_s.min()))
    except EngineError:
        return Rows(np.empty(0, dtype=np.int64), {})


def _new_rows(kind: str, rows: Rows, known: Rows) -> Rows:
    """Return the rows worth storing; of books, one every few minutes."""
    if kind != ORDER_BOOK.name:
        return kind_named(kind).news(rows, known)
    is_young = len(known) > 0 and 0 <= rows.time_s[0] - known.time_s[-1] < BOOK_EVERY_S
    return rows.take(np.full(len(rows), not is_young))


def _series(venue: VenueMarket) -> Mapping[str, Rows]:
    """Return what there is of a venue by its kind of series."""
    series = {PERP.name: _bars(venue), TAKER_FLOW.name: _taker_flow(venue)}
    if venue.funding is not None:
        per_unit = venue.funding.rate * (FUNDING_UNIT_S / venue.funding.interval_s)
        series[FUNDING.name] = Rows(venue.funding.time_s, {"funding_rate": per_unit})
    if venue.crowd is not None:
        ratio = np.array([venue.crowd.long_short_ratio])
        series[LONG_SHORT_RATIO.name] = Rows(np.array([venue.crowd.time_s]), {LONG_SHORT_RATIO.name: ratio})
    if venue.order_book is not None:
        series[ORDER_BOOK.name] = _book(venue.order_book)
    return series


def _book(book: OrderBook) -> Rows:
    price = np.concatenate([book.bid_price, book.ask_price])
    size = np.concatenate([book.bid_size, -book.ask_size])
    return Rows(np.full(len(price), book.time_s), {"price": price, "size": size})


def _bars(venue: VenueMarket) -> Rows:
    candles = venue.candles
    columns = {name: getattr(candles, name) for name in PERP.columns}
    columns["duration_s"] = candles.duration_s.astype(np.float64)
    if venue.open_interest is not None:
        columns["open_interest"] = venue.open_interest
    return Rows(candles.time_s, columns)


def _taker_flow(venue: VenueMarket) -> Rows:
    """Return the bars whose taker side the venue told."""
    candles = venue.candles
    told = np.isfinite(candles.taker_buy_share)
    columns = {
        "taker_buy_volume": (candles.taker_buy_share * candles.volume)[told],
        "volume": candles.volume[told],
        "duration_s": candles.duration_s[told].astype(np.float64),
    }
    return Rows(candles.time_s[told], columns)
