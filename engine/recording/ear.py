"""One venue's stream of liquidations on its way to the journal: the events, and the minutes that were heard whole."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from engine.history.kinds import LIQUIDATION_MINUTES, LIQUIDATIONS
from engine.history.rows import Rows
from engine.history.store import QUOTE
from engine.minute_sums import MinuteSum, MinuteSums
from engine.recording.journal import Journal
from engine.sources.live.told import Heard
from engine.windows import MINUTE_S


class Ear:
    """Hears one venue's liquidations of some symbols; moments by our clock [Unix s], events by the venue's own."""

    def __init__(self, venue: str, symbols: Collection[str], journal: Journal) -> None:
        self._venue = venue
        self._journal = journal
        self._sums = {symbol: MinuteSums() for symbol in symbols}
        self._alive_s: float | None = None

    def connected(self, at_s: float) -> None:
        """Begin to listen: minutes that begin from now on can be heard whole."""
        self._alive_s = at_s
        for sums in self._sums.values():
            sums.connected(_ms(at_s))

    def heard(self, told: Heard) -> None:
        """Keep a liquidation."""
        columns = {"at_ms": told.at_ms, "side": told.side, "price": told.price, "size": told.size}
        rows = Rows(np.array([told.at_ms // 1_000]), {name: np.array([value]) for name, value in columns.items()})
        self._journal.add(self._venue, told.symbol + QUOTE, LIQUIDATIONS.name, rows)
        if told.symbol in self._sums:
            self._sums[told.symbol].heard(told.at_ms, side=told.side, price=told.price, size=told.size)

    def refused(self, symbol: str) -> None:
        """Count no minute of a market that the venue does not tell of: silence there is not quiet."""
        self._sums.pop(symbol, None)

    def alive(self, at_s: float) -> None:
        """Keep the minutes that are over: everything told until `at_s` has been heard."""
        self._alive_s = at_s
        for symbol, sums in self._sums.items():
            self._keep(symbol, sums.closed(_ms(at_s)))

    def lost(self, heard_to_s: float | None = None) -> None:
        """Stop listening; heard_to_s: until when everything was heard, None: until the stream was last alive."""
        at_s = heard_to_s if heard_to_s is not None else self._alive_s
        if at_s is None:
            return
        self._alive_s = None
        for symbol, sums in self._sums.items():
            sums.lost(_ms(at_s))
            self._keep(symbol, sums.closed(_ms(at_s)))

    def _keep(self, symbol: str, minutes: Collection[MinuteSum]) -> None:
        if not minutes:
            return
        told = {name: [getattr(minute, name) for minute in minutes] for name in LIQUIDATION_MINUTES.columns}
        columns = {name: np.array(values, dtype=np.float64) for name, values in told.items()}
        columns["duration_s"] = np.full(len(minutes), float(MINUTE_S))
        rows = Rows(np.array([minute.time_s for minute in minutes]), columns)
        self._journal.add(self._venue, symbol + QUOTE, LIQUIDATION_MINUTES.name, rows)


def _ms(time_s: float) -> int:
    return int(1_000 * time_s)
