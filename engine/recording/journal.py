"""What was collected and is not on the disk yet: nothing is forgotten while it refuses, and nothing said too soon.

Rows are added from an event loop at any time and written in batches, one writer's thread at a time. A row counts as
stored when the history's `append` has returned, and only then is it reported.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass

from engine.errors import DataMalformedError
from engine.history.errors import HistoryBusyError, HistoryNotWrittenError, NewerHistoryError
from engine.history.rows import Rows, joined
from engine.history.store import HistoryStore

MOST_WAITING_ROWS = 500_000
"""What is held in memory while the disk refuses: some hours of three venues' order books, 50 MB (own assumption)."""

AHEAD_S = 10
"""Venues stamp by clocks of their own, which may be seconds ahead of ours (own assumption); more is no clock."""

SeriesName = tuple[str, str, str]
"""Venue, market and kind, such as binanceusdm, BTCUSDT, perp_5m."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """Rows of one series that the disk holds now: rows (old ones given again included), added (new), notes about them.

    last_s: time of the newest one [Unix s].
    """

    venue: str
    market_id: str
    kind: str
    rows: int
    added: int
    last_s: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Waiting:
    """The disk refuses: why, and how many rows wait in memory for it."""

    reason: str
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenUp:
    """Rows that could not be kept, and why."""

    venue: str
    market_id: str
    kind: str
    rows: int
    reason: str


Report = Callable[[Stored | Waiting | GivenUp], None]


class Journal:
    """Rows on their way to a history. `clock` gives Unix seconds that do not jump; lives on one event loop."""

    def __init__(self, store: HistoryStore, clock: Callable[[], float], report: Report) -> None:
        self._store = store
        self._clock = clock
        self._report = report
        self._waiting: dict[SeriesName, deque[Rows]] = defaultdict(deque)
        self._waiting_rows = 0
        self._one_at_a_time = asyncio.Lock()

    @property
    def waiting_rows(self) -> int:
        """How many rows are not on the disk yet."""
        return self._waiting_rows

    def add(self, venue: str, market_id: str, kind: str, rows: Rows) -> None:
        """Take rows over; they are written by the next flush.

        When too many wait, the oldest batch of the longest series is given up, and reported.
        """
        if not len(rows):
            return
        self._waiting[venue, market_id, kind].append(rows)
        self._waiting_rows += len(rows)
        while self._waiting_rows > MOST_WAITING_ROWS:
            self._make_room()

    def _make_room(self) -> None:
        name = max(self._waiting, key=lambda series: sum(len(rows) for rows in self._waiting[series]))
        given_up = self._taken(name)
        self._report(_given_up(name, len(given_up), "the disk has refused for too long, and memory is bounded"))

    async def flush(self) -> bool:
        """Write what waits; return False when the disk refused, and everything not written waits on."""
        async with self._one_at_a_time:
            for name in [series for series, batches in self._waiting.items() if batches]:
                batches = tuple(self._waiting[name])
                try:
                    await self._write(name, batches)
                except (HistoryNotWrittenError, HistoryBusyError) as error:
                    self._report(Waiting(str(error), self.waiting_rows))
                    return False
                self._forget(name, batches)
        return True

    def _forget(self, name: SeriesName, written: tuple[Rows, ...]) -> None:
        """Drop the batches that were written; what came meanwhile waits behind them."""
        for batch in written:
            if self._waiting[name] and self._waiting[name][0] is batch:  # else it was given up meanwhile
                self._taken(name)

    def _taken(self, name: SeriesName) -> Rows:
        """Take the oldest batch of a series out of what waits."""
        batch = self._waiting[name].popleft()
        self._waiting_rows -= len(batch)
        return batch

    async def _write(self, name: SeriesName, batches: tuple[Rows, ...]) -> None:
        """Write batches of one series at once; one that cannot be true shall not take the others with it."""
        try:
            await self._append(name, joined(*batches))
        except NewerHistoryError as error:
            self._report(_given_up(name, sum(len(batch) for batch in batches), str(error)))
        except DataMalformedError as error:
            if len(batches) == 1:
                self._report(_given_up(name, len(batches[0]), str(error)))
                return
            for batch in batches:
                await self._write(name, (batch,))

    async def _append(self, name: SeriesName, rows: Rows) -> None:
        venue, market_id, kind = name
        appended = await asyncio.to_thread(
            self._store.append, venue, market_id, kind, rows, as_of_s=int(self._clock()) + AHEAD_S, clock="venue"
        )
        if appended.refused:
            self._report(_given_up(name, appended.refused, " ".join(appended.notes)))
        if appended.stored:
            self._report(
                Stored(
                    venue=venue,
                    market_id=market_id,
                    kind=kind,
                    rows=appended.stored,
                    added=appended.added,
                    last_s=int(rows.time_s.max()),
                    notes=() if appended.refused else appended.notes,
                )
            )


def _given_up(name: SeriesName, rows: int, reason: str) -> GivenUp:
    venue, market_id, kind = name
    return GivenUp(venue=venue, market_id=market_id, kind=kind, rows=rows, reason=reason)
