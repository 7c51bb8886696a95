"""What is due becomes deliveries: asked every few seconds, in any number of processes."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Protocol

from bot.deliveries.clock import DeliveryClock
from bot.deliveries.lateness import KEPT_S
from bot.deliveries.outbox import Outbox
from bot.storage.errors import StorageError

AT_ONCE = 500
"""Subscriptions planned in one transaction: a few tens of milliseconds, in which nobody else writes to a file."""
CLEANED_EVERY_S = 3_600

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What was planned: how many subscriptions were due, how many deliveries that gave, how many due times passed."""

    subscriptions: int
    deliveries: int
    skipped: int


class Planning(Protocol):
    """Subscriptions that are due → deliveries."""

    async def plan(self, *, now_s: int, most: int) -> Planned:
        """Plan what is due now, at most so many subscriptions.

        Raises:
            StorageError: the database fails; nothing was planned.

        """
        ...


class Planner:
    """Plans what is due and deletes what ended long ago; several may run at once."""

    def __init__(self, planning: Planning, outbox: Outbox, clock: DeliveryClock) -> None:
        self._planning = planning
        self._outbox = outbox
        self._clock = clock
        self._is_away = False
        self._cleaned_s = 0

    async def tick(self) -> int:
        """Plan all that is due, and return how many deliveries that gave; never raises for the database."""
        count = 0
        try:
            while True:
                done = await self._planning.plan(now_s=self._clock.now_s(), most=AT_ONCE)
                count += done.deliveries
                if done.skipped:
                    _log.warning("%s due times had passed, and their reports are skipped", done.skipped)
                if done.subscriptions < AT_ONCE:
                    break
            await self._clean()
        except StorageError as error:
            if not self._is_away:
                _log.error("nothing is planned: %s", error)
            self._is_away = True
        else:
            self._is_away = False
        return count

    async def _clean(self) -> None:
        now_s = self._clock.now_s()
        if abs(now_s - self._cleaned_s) >= CLEANED_EVERY_S:
            await self._outbox.clean(before_s=now_s - KEPT_S)
            self._cleaned_s = now_s
