"""The `live` source: the market of this second, from several venues at once, honest about what is missing.

One background thread runs one event loop; whoever asks waits for its answer. Questions about one symbol at the same
time share one fetch. The clock is an argument, as everywhere in the engine.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from engine.errors import DataUnavailableError, EngineError
from engine.market import Market, MissingInput, VenueMarket
from engine.sources.live.assemble import Assembled, assemble
from engine.sources.live.catalogue import Catalogue, Resolved, resolve, symbols
from engine.sources.live.client import CcxtWire, Wire
from engine.sources.live.desk import Desk
from engine.sources.live.faults import VenueError
from engine.sources.live.parts import Listing
from engine.sources.live.past import Past
from engine.sources.live.unified_client import UnifiedWire
from engine.sources.live.venue import Venue
from engine.text import venue_text

DEADLINE_S = 5.5
"""A venue that is later is left out of this answer. OKX's limits alone take 4.4 s of a first answer (measured), so a
shorter deadline would leave it out of every one."""
LAST_DEADLINE_S = 15.0
"""While no venue has answered at all, the wait goes on until here."""
GRACE_S = 1.0
"""What the others get when the first venue answers after the deadline: whatever held it up held them up too."""
CLOSING_S = 2.0

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A venue to read, and the addresses that replace scheme and host of its requests and streams (None: its own)."""

    venue: Venue
    base_url: str | None = None
    ws_url: str | None = None


class LiveSource:
    """Reads every venue given; `clock` returns Unix seconds, `wire_for` makes what asks a venue.

    past: what is known before the first question, None: nothing.
    """

    name = "live"

    def __init__(
        self,
        endpoints: Sequence[Endpoint],
        *,
        clock: Callable[[], float],
        deadline_s: float = DEADLINE_S,
        wire_for: Callable[[Endpoint, Callable[[], float]], Wire] | None = None,
        past: Past | None = None,
    ) -> None:
        if not endpoints:
            msg = "No venue is enabled. Set enabled = true for one of [venues]."
            raise DataUnavailableError(msg)
        self._clock = clock
        self._deadline_s = deadline_s
        self._loop = asyncio.new_event_loop()
        make = wire_for or ccxt_wire
        self._desks = {
            endpoint.venue.name: Desk(endpoint.venue, make(endpoint, clock), clock, past) for endpoint in endpoints
        }
        self._under_way: dict[str, asyncio.Task[Market]] = {}
        self._thread = threading.Thread(target=self._loop.run_forever, name="live-markets", daemon=True)
        self._thread.start()

    def answers_within(self, wait_s: float) -> bool:
        """Say whether any venue tells its markets within `wait_s`."""
        try:
            self._wait_for(self._catalogues(), max(wait_s, 0.0))
        except (DataUnavailableError, TimeoutError):
            return False
        return True

    def symbols(self) -> tuple[str, ...]:
        """Return the symbols that can be asked for (such as BTC), largest open interest first.

        None while no venue can be reached: help needs no market, and whoever asks for one is told the cause.
        """
        try:
            catalogues, _ = self._wait_for(self._catalogues())
        except DataUnavailableError:
            return ()
        return symbols(catalogues)

    def known_symbols(self) -> tuple[str, ...]:
        """Return the symbols of the catalogues in memory, without a request; renewed whenever a market is asked for."""
        held = {name: desk.held_catalogue for name, desk in self._desks.items()}
        return symbols({name: catalogue for name, catalogue in held.items() if catalogue is not None})

    def resolved(self, symbol: str) -> Resolved:
        """Return which perpetual of each venue a symbol means.

        Raises:
            UnknownSymbolError: no venue lists the symbol; holds the nearest ones.
            DataUnavailableError: no venue tells its markets.

        """
        catalogues, _ = self._wait_for(self._catalogues())
        return resolve(symbol, catalogues)

    def server_times_s(self) -> tuple[float, ...]:
        """Return what time it is by the clock of each venue that answers [Unix s]."""
        return self._wait_for(self._server_times_s())

    def market(self, symbol: str, as_of_s: int | None = None) -> Market:
        """Return what is known about `symbol` now; the price is the close of the last finished bar.

        Raises:
            UnknownSymbolError: no venue lists the symbol; holds the nearest ones.
            DataUnavailableError: no venue gave an answer that can be used, or a past moment was asked for.

        """
        if as_of_s is not None:
            msg = "Live markets answer for this moment only. Leave out --at, or read a recording: --source recorded."
            raise DataUnavailableError(msg)
        return self._wait_for(self._shared(symbol))

    def close(self) -> None:
        """Let go of every connection and end the thread; the source cannot be asked afterwards."""
        if self._loop.is_closed():
            return
        with contextlib.suppress(TimeoutError):  # the process ends anyway
            self._wait_for(self._leave(), CLOSING_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CLOSING_S)
        if not self._thread.is_alive():
            self._loop.close()

    def _wait_for(self, work: Coroutine[Any, Any, _Result], timeout_s: float | None = None) -> _Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout_s)

    async def _leave(self) -> None:
        waiting = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        await asyncio.gather(*(desk.close() for desk in self._desks.values()), return_exceptions=True)

    # --- on the event loop -------------------------------------------------------------------------------------------

    async def _shared(self, symbol: str) -> Market:
        """Answer, or join the answer to the same symbol that is under way."""
        task = self._under_way.get(symbol)
        if task is None:
            task = self._loop.create_task(self._market(symbol))
            self._under_way[symbol] = task
            task.add_done_callback(lambda _: self._under_way.pop(symbol, None))
        return await asyncio.shield(task)

    async def _market(self, symbol: str) -> Market:
        catalogues, silent = await self._catalogues()
        resolved = resolve(symbol, catalogues)
        work = {name: self._assembled(name, listing) for name, listing in resolved.listings.items()}
        found, failed = await self._in_time(work)
        failed = {**silent, **failed}
        if not found:
            raise DataUnavailableError(_all_failed(resolved.symbol, failed))
        as_of_s = max(int(self._clock()), *(int(item.market.candles.end_s[-1]) for item in found.values()))
        return _market_of(resolved, found, failed, as_of_s)

    async def _server_times_s(self) -> tuple[float, ...]:
        asked = (desk.server_time_s() for desk in self._desks.values())
        told = await asyncio.gather(*asked, return_exceptions=True)
        return tuple(moment_s for moment_s in told if isinstance(moment_s, float))

    async def _assembled(self, name: str, listing: Listing) -> Assembled:
        history = await self._desks[name].history(listing)
        return assemble(name, listing, history, int(self._clock()))

    async def _catalogues(self) -> tuple[dict[str, Catalogue], dict[str, EngineError]]:
        """Return each venue's catalogue, and why the others gave none.

        Raises:
            DataUnavailableError: none gave one.

        """
        await asyncio.gather(*(desk.open() for desk in self._desks.values()))  # the venues are not late for our loading
        found, failed = await self._in_time({name: desk.catalogue() for name, desk in self._desks.items()})
        if not found:
            raise DataUnavailableError(_all_failed("any market", failed))
        return found, failed

    async def _in_time(
        self, work: Mapping[str, Coroutine[Any, Any, _Result]]
    ) -> tuple[dict[str, _Result], dict[str, EngineError]]:
        """Run one piece of work a venue, side by side, and return what was ready in time and why the rest was not.

        Late work goes on in the background, so that the next answer has it.
        """
        tasks = {name: self._loop.create_task(piece) for name, piece in work.items()}
        await _wait_for_some(tasks.values(), self._deadline_s)
        found: dict[str, _Result] = {}
        failed: dict[str, EngineError] = {}
        for name, task in tasks.items():
            if not task.done():
                task.add_done_callback(_seen)
                failed[name] = VenueError(name, "did not answer in time")
            elif (error := task.exception()) is None:
                found[name] = task.result()
            elif isinstance(error, EngineError):
                failed[name] = error
            else:
                raise error  # no venue's failure but ours
        return found, failed


async def _wait_for_some(tasks: Collection[asyncio.Task[Any]], deadline_s: float) -> None:
    """Wait until all have ended or the deadline has come; while none has succeeded, until the last deadline."""
    loop = asyncio.get_running_loop()
    last_s = loop.time() + LAST_DEADLINE_S
    _, waiting = await asyncio.wait(tasks, timeout=deadline_s)
    if not waiting or any(_succeeded(task) for task in tasks):
        return
    while waiting and not any(_succeeded(task) for task in tasks) and loop.time() < last_s:
        _, waiting = await asyncio.wait(waiting, timeout=last_s - loop.time(), return_when=asyncio.FIRST_COMPLETED)
    if waiting:
        await asyncio.wait(waiting, timeout=GRACE_S)


def _succeeded(task: asyncio.Task[Any]) -> bool:
    return task.done() and not task.cancelled() and task.exception() is None


def _seen(task: asyncio.Task[Any]) -> None:
    """Look at a late task's error, so that nobody complains that it was never looked at."""
    if not task.cancelled():
        task.exception()


def ccxt_wire(endpoint: Endpoint, clock: Callable[[], float]) -> Wire:
    """Return what asks a venue through the exchange library."""
    kind = UnifiedWire if endpoint.venue.unified else CcxtWire
    return kind(endpoint.venue, base_url=endpoint.base_url, clock=clock)


def _market_of(
    resolved: Resolved, found: Mapping[str, Assembled], failed: Mapping[str, EngineError], as_of_s: int
) -> Market:
    ranked = sorted(found.values(), key=lambda item: _open_interest_usd(item.market), reverse=True)
    return Market(
        symbol=resolved.symbol,
        as_of_s=as_of_s,
        source=LiveSource.name,
        venues=tuple(item.market for item in ranked),
        missing=(
            *(MissingInput(input="venue", venue=name, effect=_absence(name, error)) for name, error in failed.items()),
            *resolved.missing,
            *(missing for item in ranked for missing in item.missing),
        ),
        notes=(*resolved.notes, *(note for item in ranked for note in item.notes)),
    )


def _absence(name: str, error: EngineError) -> str:
    return f"{_cause(error)}: what is held at {venue_text(name)} is in no map and no size"


def _cause(error: EngineError) -> str:
    return error.cause if isinstance(error, VenueError) else "answered with rows that cannot be trusted"


def _all_failed(subject: str, failed: Mapping[str, EngineError]) -> str:
    causes = "; ".join(f"{venue_text(name)} {_cause(error)}" for name, error in failed.items())
    return f"No venue answers for {subject}: {causes}. Ask again in a minute, or use --source recorded."


def _open_interest_usd(venue: VenueMarket) -> float:
    return venue.open_interest_now * float(venue.candles.close[-1])
