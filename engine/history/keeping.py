"""A live source whose every answer is also stored, so that open interest older than a venue's limit accumulates."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.errors import EngineError
from engine.history.kinds import FUNDING, ORDER_BOOK, PERP, TAKER_FLOW
from engine.history.rows import Rows
from engine.history.store import QUOTE, HistoryStore
from engine.market import Market, VenueMarket
from engine.sources.base import Source
from engine.windows import HOUR_S

FUNDING_UNIT_S = 8 * HOUR_S
"""Funding is stored per 8 h, whatever the venue's interval."""


class KeepingSource:
    """Answers like the source it stands before, and stores what the answer was made of.

    An answer is never lost to the disk: what could not be stored is a note. Only real markets are kept.
    """

    def __init__(self, source: Source, store: HistoryStore) -> None:
        self._source = source
        self._store = store
        self.name = source.name

    def symbols(self) -> tuple[str, ...]:
        """Return the symbols of the source."""
        return self._source.symbols()

    def market(self, symbol: str, as_of_s: int | None = None) -> Market:
        """Return the source's market, stored before it is returned; raises what the source raises."""
        market = self._source.market(symbol, as_of_s)
        if market.source != "live":
            return market
        try:
            keep(market, self._store)
        except EngineError as error:
            return replace(market, notes=(*market.notes, f"Not stored: {error}"))
        return market


def keep(market: Market, store: HistoryStore) -> None:
    """Store the bars, taker side, funding and book of every venue.

    Raises:
        ValueError: the market is not a live one: invented numbers never enter the history.
        EngineError: the history is being written by another process, or the disk refuses.

    """
    if market.source != "live":
        msg = f"only live markets are kept, not {market.source} ones"
        raise ValueError(msg)
    for venue in market.venues:
        for kind, rows in _series(venue):
            if len(rows.time_s):
                store.append(
                    venue.venue, market.symbol + QUOTE, kind, rows, as_of_s=market.as_of_s, clock="venue"
                )  # the times are the venue's own: days in which nobody asked are a gap, not a jump


def _series(venue: VenueMarket) -> list[tuple[str, Rows]]:
    series = [(PERP.name, _bars(venue)), (TAKER_FLOW.name, _taker_flow(venue))]
    if venue.funding is not None:
        per_unit = venue.funding.rate * (FUNDING_UNIT_S / venue.funding.interval_s)
        series.append((FUNDING.name, Rows(venue.funding.time_s, {"funding_rate": per_unit})))
    if venue.order_book is not None:
        book = venue.order_book
        price = np.concatenate([book.bid_price, book.ask_price])
        size = np.concatenate([book.bid_size, -book.ask_size])
        series.append((ORDER_BOOK.name, Rows(np.full(len(price), book.time_s), {"price": price, "size": size})))
    return series


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
