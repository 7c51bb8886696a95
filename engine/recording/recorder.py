"""Collect several symbols without pause: markets, liquidations and real positions, all on their way to the history.

Each kind of collecting is one task that lives as long as the recorder. What fails is told and tried again, and never
ends another; nothing touches the disk but through the journal.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Protocol

from engine.errors import DataUnavailableError, EngineError
from engine.history.keeping import Series, news_of
from engine.history.observed import rows_of_sweep
from engine.history.rows import Rows
from engine.history.store import QUOTE, HistoryStore
from engine.market import Market
from engine.recording.ear import Ear
from engine.recording.journal import Journal
from engine.recording.reports import Listening, MarketRead, Swept, Tell, Trouble
from engine.recording.steady_clock import SteadyClock
from engine.sources.live.catalogue import Resolved
from engine.sources.live.parts import Listing
from engine.sources.live.positions.sweep import Sweep
from engine.sources.live.told import Alive, Connected, Garbled, Heard, Lost, Refused
from engine.text import duration_text, venue_text

Told = Heard | Connected | Alive | Lost | Refused | Garbled


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often what is done [s].

    poll_every_s: twice a 5-minute bar, once when it has ended, and once between, when there is room for what changes
    slowly; poll_after_s: so long after the full minute, when a venue's last bar is settled; flush_every_s: what a
    crash may cost of a stream; sweep_every_s: positions a bar apart are news; retry_after_s: when to try again what
    could not be started.
    """

    poll_every_s: float = 150.0
    poll_after_s: float = 4.0
    flush_every_s: float = 2.0
    longest_flush_wait_s: float = 60.0
    clock_every_s: float = 10.0
    sweep_every_s: float = 300.0
    retry_after_s: float = 30.0


class Markets(Protocol):
    """What reads markets, as the live source does; every method waits for the network."""

    def market(self, symbol: str) -> Market:
        """Return the market of this moment."""
        ...

    def resolved(self, symbol: str) -> Resolved:
        """Return which perpetual of each venue a symbol means."""
        ...

    def server_times_s(self) -> Sequence[float]:
        """Return what time it is by the clock of each venue that answers [Unix s]."""
        ...


class LiquidationTeller(Protocol):
    """One venue's stream of liquidations."""

    def listen(self, listings: Mapping[str, Listing]) -> AsyncGenerator[Told, None]:
        """Yield what the venue tells of these perpetuals (by symbol) until it is closed."""
        ...

    async def close(self) -> None:
        """Let go of the connection."""
        ...


class Positions(Protocol):
    """What knows real positions, as the position watch does."""

    async def sweep(self, symbols: Sequence[str]) -> Sweep:
        """Return the positions of the wallets that answer."""
        ...

    async def meet(self, symbols: Sequence[str]) -> None:
        """Get to know who trades, for ever."""
        ...

    async def close(self) -> None:
        """Let go of every connection."""
        ...


class Recorder:
    """Records until it is stopped. streams: by venue; positions: None where none are swept."""

    def __init__(
        self,
        markets: Markets,
        store: HistoryStore,
        *,
        streams: Mapping[str, LiquidationTeller],
        positions: Positions | None,
        clock: SteadyClock,
        tell: Tell,
        pace: Pace | None = None,
    ) -> None:
        self._markets = markets
        self._store = store
        self._streams = streams
        self._positions = positions
        self._clock = clock
        self._tell = tell
        self._pace = pace or Pace()
        self._journal = Journal(store, clock, tell)

    async def run(self, symbols: Sequence[str], stop: asyncio.Event) -> None:
        """Collect until `stop` is set, then write what waits.

        Raises:
            UnknownSymbolError: no venue lists one of the symbols; nothing was collected.

        """
        listed = await self._listed(symbols, stop)
        names = tuple(dict.fromkeys(resolved.symbol for resolved in listed))
        work: list[Coroutine[None, None, None]] = [
            self._write(),
            self._watch_clock(),
            *(self._poll(name) for name in names),
            *(self._listen(venue, stream, names) for venue, stream in self._streams.items()),
            *([self._sweep(self._positions, names), self._positions.meet(names)] if self._positions else []),
        ]
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(each) for each in work]
                await stop.wait()
                for task in tasks:
                    task.cancel()
        finally:
            await self._journal.flush()  # also when this was cancelled: what arrived is not thrown away

    async def _listed(self, symbols: Sequence[str], stop: asyncio.Event) -> tuple[Resolved, ...]:
        """Return what the symbols mean, as soon as a venue tells its markets."""
        while not stop.is_set():
            try:
                return tuple([await asyncio.to_thread(self._markets.resolved, symbol) for symbol in symbols])
            except DataUnavailableError as error:
                self._tell(Trouble(str(error)))
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), self._pace.retry_after_s)
        return ()

    # --- the disk and the clock --------------------------------------------------------------------------------------

    async def _write(self) -> None:
        """Flush again and again; a disk that refuses is asked ever less often."""
        wait_s = self._pace.flush_every_s
        while True:
            await asyncio.sleep(wait_s)
            is_written = await self._journal.flush()
            wait_s = self._pace.flush_every_s if is_written else min(2 * wait_s, self._pace.longest_flush_wait_s)

    async def _watch_clock(self) -> None:
        """Ask the venues what time it is whenever the machine's clock and its counter have parted."""
        asked_at_s: float | None = None
        while True:
            await asyncio.sleep(self._pace.clock_every_s)
            if not self._clock.has_parted:
                asked_at_s = None
            elif asked_at_s is None or abs(self._clock.parted_s - asked_at_s) > 1.0:
                times_s = await asyncio.to_thread(self._markets.server_times_s)
                if times_s:
                    self._clock_was_set(self._clock.parted_s, self._clock.set_by(times_s))
                    asked_at_s = self._clock.parted_s

    def _clock_was_set(self, parted_s: float, moved_s: float) -> None:
        by = duration_text(abs(parted_s))
        if moved_s:
            sentence = f"The machine slept, or its clock was set, by {by}: the venues' clocks say so too."
        else:
            sentence = f"The machine's clock is {by} off the venues' clocks: theirs are recorded. Set it right."
        self._tell(Trouble(sentence))

    # --- markets -----------------------------------------------------------------------------------------------------

    async def _poll(self, symbol: str) -> None:
        """Read a market at once, and then at each full span of the pace."""
        known: dict[Series, Rows] = {}
        while True:
            try:
                await self._read(symbol, known)
            except EngineError as error:
                self._tell(Trouble(f"{symbol}: {error}"))
            await asyncio.sleep(_until_next(self._clock(), self._pace.poll_every_s, self._pace.poll_after_s))

    async def _read(self, symbol: str, known: dict[Series, Rows]) -> None:
        market = await asyncio.to_thread(self._markets.market, symbol)
        news = await asyncio.to_thread(lambda: tuple(news_of(market, self._store, known)))
        for piece in news:
            self._journal.add(piece.venue, piece.market_id, piece.kind, piece.rows)
            known[piece.venue, piece.kind] = piece.whole
        caveats = (*(f"{gap.input} {gap.venue or ''}: {gap.effect}" for gap in market.missing), *market.notes)
        self._tell(MarketRead(symbol, tuple(venue.venue for venue in market.venues), caveats))

    # --- liquidations ------------------------------------------------------------------------------------------------

    async def _listen(self, venue: str, stream: LiquidationTeller, symbols: Sequence[str]) -> None:
        listings = await self._listed_at(venue, symbols)
        ear = Ear(venue, tuple(listings), self._journal)
        try:
            async with aclosing(stream.listen(listings)) as told:
                async for item in told:
                    self._take(ear, item)
        finally:
            ear.lost()
            with suppress(Exception):  # whatever a broken connection says when it is closed
                await stream.close()

    async def _listed_at(self, venue: str, symbols: Sequence[str]) -> dict[str, Listing]:
        """Return the venue's perpetual of each symbol, as soon as it tells that it lists one."""
        is_told = False
        while True:
            with suppress(EngineError):
                found = [await asyncio.to_thread(self._markets.resolved, symbol) for symbol in symbols]
                listings = {each.symbol: each.listings[venue] for each in found if venue in each.listings}
                if listings:
                    return listings
            if not is_told:
                self._tell(
                    Trouble(f"{venue_text(venue)} tells no market of {', '.join(symbols)} yet: it is not heard.")
                )
                is_told = True
            await asyncio.sleep(self._pace.retry_after_s)

    def _take(self, ear: Ear, item: Told) -> None:
        match item:
            case Heard():
                ear.heard(item)
            case Alive():
                ear.alive(item.at_s)
            case Connected():
                ear.connected(item.at_s)
                self._tell(Listening(item.venue))
            case Lost():
                ear.lost(item.heard_to_s)
                self._tell(Listening(item.venue, item.cause))
            case Refused():
                ear.refused(item.symbol)
                self._tell(Trouble(f"{venue_text(item.venue)} tells no liquidations of {item.symbol}: {item.cause}."))
            case Garbled():
                self._tell(Trouble(f"A liquidation of {item.venue} could not be read and was left out: {item.detail}"))

    # --- real positions ----------------------------------------------------------------------------------------------

    async def _sweep(self, watch: Positions, symbols: Sequence[str]) -> None:
        """Sweep without end, one sweep a bar where the venue's limit lets it be that fast."""
        while True:
            began_s = self._clock()
            try:
                sweep = await watch.sweep(symbols)
            except EngineError as error:
                self._tell(Trouble(f"Positions: {error}"))
                await asyncio.sleep(self._pace.retry_after_s)
                continue
            for note in sweep.notes:
                self._tell(Trouble(f"Positions: {note}"))
            for symbol, positions in sweep.positions.items():
                for kind, rows in rows_of_sweep(positions).items():
                    self._journal.add(positions.venue, symbol + QUOTE, kind, rows)
            self._tell(Swept(answered=sweep.answered, failed=sweep.failed, waiting=sweep.waiting))
            await asyncio.sleep(max(began_s + self._pace.sweep_every_s - self._clock(), 0.0))


def _until_next(now_s: float, every_s: float, after_s: float) -> float:
    """Return how long it is until the next full multiple of `every_s`, and `after_s` more [s]."""
    return every_s - (now_s - after_s) % every_s
