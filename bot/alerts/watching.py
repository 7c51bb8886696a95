"""The watch of alerts: once a minute every watched symbol is looked at once, by one process of all.

    lease ─► alerts ─► by symbol: a worker looks ─► new states and deliveries, in one transaction

A process that dies between loses nothing and doubles nothing: what it saw is seen again by the next look.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import defaultdict
from collections.abc import Sequence
from typing import Protocol

from bot.alerts.kept_alerts import AlertWatchStore, KeptAlert
from bot.deliveries.clock import DeliveryClock
from bot.faults import fault_of
from bot.storage.errors import StorageError
from engine.alert_values import Alert, AlertState, Outcome

LOOK_EVERY_S = 60
LEASE = "alert-watch"
LEASE_S = 150
"""Two looks and a half: a process that ended is replaced soon, and one that is slow for a moment is not."""
AT_ONCE = 2
"""Symbols looked at side by side: answers to people come first."""

_log = logging.getLogger(__name__)


class Looks(Protocol):
    """Who looks at markets."""

    async def look(
        self, symbol: str, venue: str | None, watched: tuple[tuple[Alert, AlertState], ...]
    ) -> tuple[Outcome, ...]:
        """Return what a look makes of each alert of a symbol, in their order; raises where there is no market now."""
        ...


class Turns(Protocol):
    """Who alone does something for a while."""

    async def take(self, name: str, *, now_s: int, until_s: int) -> bool:
        """Take a lease that nobody holds, or hold one's own for longer; say whether it is held now."""
        ...

    async def release(self, name: str) -> None:
        """Let others take it at once, if it is one's own."""
        ...


class AlertWatch:
    """One process's watch; any number may run, and one of them looks."""

    def __init__(self, store: AlertWatchStore, turns: Turns, looks: Looks, clock: DeliveryClock) -> None:
        self._store = store
        self._turns = turns
        self._looks = looks
        self._clock = clock
        self._is_away = False

    async def look(self) -> int:
        """Look once, if it is this process's turn, and return how many alerts fired; never raises for the database."""
        try:
            fired = await self._look()
        except StorageError as error:
            if not self._is_away:
                _log.error("no alert is watched: %s", error)
            self._is_away = True
            return 0
        self._is_away = False
        return fired

    async def leave(self) -> None:
        """Let another process look at once; never raises for the database, where a lease ends by itself."""
        with contextlib.suppress(StorageError):
            await self._turns.release(LEASE)

    async def _look(self) -> int:
        now_s = self._clock.now_s()
        if not await self._turns.take(LEASE, now_s=now_s, until_s=now_s + LEASE_S):
            return 0
        alerts = await self._store.watched()
        together: defaultdict[tuple[str, str | None], list[KeptAlert]] = defaultdict(list)
        for each in alerts:
            together[each.symbol, each.venue].append(each)
        room = asyncio.Semaphore(AT_ONCE)
        looked = await asyncio.gather(*(self._at(*market, kept, room) for market, kept in together.items()))
        moved = [(kept, outcome) for found in looked for kept, outcome in found if _is_news(kept, outcome)]
        moved.sort(key=lambda pair: pair[0].id)
        return await self._store.note(moved, now_s=self._clock.now_s())

    async def _at(
        self, symbol: str, venue: str | None, alerts: Sequence[KeptAlert], room: asyncio.Semaphore
    ) -> list[tuple[KeptAlert, Outcome]]:
        """Return what came about of one symbol; nothing where it cannot be seen now, for the next look sees it all."""
        watched = tuple((each.watched, each.state) for each in alerts)
        async with room:
            try:
                outcomes = await self._looks.look(symbol, venue, watched)
            except Exception as error:  # noqa: BLE001 - one symbol that cannot be read keeps no other from being watched
                _log.warning("alerts of %s are not watched now: %s", symbol, fault_of(error).text)
                return []
        return list(zip(alerts, outcomes, strict=True))


def _is_news(kept: KeptAlert, outcome: Outcome) -> bool:
    return outcome.is_over or outcome.fired is not None or outcome.state != kept.state
