"""The composition of a recorder: settings in, something that collects out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.app import NO_LIVE_EXTRA, has_live_extra, live_endpoints, positions_endpoint
from bot.config import ConfigError, Settings

if TYPE_CHECKING:
    from pathlib import Path

    from engine.history.store import HistoryStore
    from engine.recording.position_watch import PositionWatch
    from engine.recording.reports import Report
    from engine.recording.steady_clock import SteadyClock
    from engine.sources.base import Source
    from engine.sources.live.source import LiveSource
    from engine.sources.live.streams import LiquidationStream

NO_HISTORY = "The history is off, and a recording has to go somewhere. Name a folder with --path DIR or [history] path."


@dataclass(frozen=True, slots=True)
class Recording:
    """A recorder that is ready to run: the clock it keeps, and all that it collects with."""

    settings: Settings
    clock: SteadyClock
    store: HistoryStore
    source: LiveSource

    async def run(self, symbols: Sequence[str], stop: asyncio.Event, tell: Callable[[Report], None]) -> None:
        """Collect until `stop` is set; `tell` hears of everything that happens.

        Raises:
            UnknownSymbolError: no venue lists one of the symbols.

        """
        from engine.recording.recorder import Recorder

        watch, note = self._positions()
        if note is not None:
            tell(note)
        recorder = Recorder(
            self.source, self.store, streams=self._streams(), positions=watch, clock=self.clock, tell=tell
        )
        try:
            await recorder.run(symbols, stop)
        finally:
            if watch is not None:
                await watch.close()

    def _streams(self) -> dict[str, LiquidationStream]:
        """Return the streams of the venues that tell their liquidations."""
        from engine.sources.live.streams import LiquidationStream

        return {
            endpoint.venue.name: LiquidationStream(endpoint, clock=self.clock)
            for endpoint in live_endpoints(self.settings)
            if endpoint.venue.liquidations is not None
        }

    def _positions(self) -> tuple[PositionWatch | None, Report | None]:
        """Return what sweeps real positions, None where that is off; and what to say about the stored wallets."""
        endpoint = positions_endpoint(self.settings)
        if endpoint is None:
            return None, None
        from engine.recording.position_watch import PositionWatch
        from engine.recording.reports import Trouble
        from engine.sources.live.positions.sweeper import PositionSweeper
        from engine.sources.live.positions.wallet_file import WalletFile
        from engine.sources.live.positions.wallets import WalletBook
        from engine.sources.live.streams import TradeStream

        file = WalletFile(self.store.path)
        stored = file.read()
        book = WalletBook(stored.wallets, pinned=self.settings.positions.wallets)
        sweeper = PositionSweeper(endpoint, book, clock=self.clock)
        traders = TradeStream(ws_url=endpoint.ws_url, clock=self.clock)
        return PositionWatch(sweeper, traders, book, file, self.clock), (Trouble(stored.note) if stored.note else None)


@contextmanager
def open_recording(settings: Settings) -> Iterator[Recording]:
    """Open what a recorder needs, and let go of it in the end.

    Raises:
        ConfigError: the history is off, or the extra for live markets is not installed.
        EngineError: another process writes the history, or the disk refuses.

    """
    directory = settings.history.directory
    if directory is None:
        raise ConfigError(NO_HISTORY)
    if not has_live_extra():
        raise ConfigError(NO_LIVE_EXTRA)
    clock = _steady_clock()
    with _open_store(directory) as store:
        source = _open_live(settings, store, clock)
        try:
            yield Recording(settings, clock, store, source)
        finally:
            source.close()


def recording_of(settings: Settings, source: Source) -> Recording | None:
    """Return a recorder that reads the markets which `source` answers from, and writes where it keeps them.

    None where there is nothing to record: another source than live markets, or none that is kept.
    """
    from engine.history.keeping import KeepingSource
    from engine.sources.live.source import LiveSource

    if not isinstance(source, KeepingSource) or not isinstance(source.source, LiveSource):
        return None
    return Recording(settings, _steady_clock(), source.store, source.source)


def _steady_clock() -> SteadyClock:
    from engine.recording.steady_clock import SteadyClock

    return SteadyClock(time.time, time.monotonic)


def _open_store(directory: Path) -> HistoryStore:
    """Return the history, with this process as its writer from now on: better refused now than after an hour."""
    from engine.history.store import HistoryStore

    store = HistoryStore(directory)
    store.claim()
    return store


def _open_live(settings: Settings, store: HistoryStore, clock: SteadyClock) -> LiveSource:
    from engine.history.past import StoredPast
    from engine.sources.live.source import LiveSource

    return LiveSource(live_endpoints(settings), clock=clock, past=StoredPast(store))
