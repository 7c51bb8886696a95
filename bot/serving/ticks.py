"""What is done again and again beside the chats, at a steady pace, whatever the machine's clock does.

APScheduler ticks by the machine's clock. Set back by a day, that would leave it silent for a day, so a steady counter
watches it, and work that is late by the counter is due at once. What is missed is done once, not once for each miss.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apscheduler.schedulers.asyncio import AsyncIOScheduler

LATE_TICKS = 3
"""Ticks that may be missed, by the steady counter, before the machine's clock is not waited for any more."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """Work that is done every `every_s` seconds, one at a time; name: unique, for the log."""

    name: str
    every_s: float
    work: Callable[[], Awaitable[object]]


@asynccontextmanager
async def ticking(*ticks: Tick) -> AsyncIterator[None]:
    """Do the work of each tick while the block runs: once at its start, then every so often.

    Work that raises is logged and done again at its next tick.
    """
    from apscheduler.schedulers.asyncio import AsyncIOScheduler
    from apscheduler.triggers.base import BaseTrigger

    class Every(BaseTrigger):  # type: ignore[misc]  # the library has no types
        """Due so long after it was looked at: its own interval would count up every tick that a jump skipped."""

        def __init__(self, every_s: float) -> None:
            self._every = timedelta(seconds=every_s)

        def get_next_fire_time(self, _previous: datetime | None, now: datetime) -> datetime:
            return now + self._every

    for name in ("apscheduler.scheduler", "apscheduler.executors.default"):
        logging.getLogger(name).setLevel(
            logging.CRITICAL
        )  # what fails is logged here; ticks that are skipped say nothing
    scheduler = AsyncIOScheduler(timezone=UTC)
    loop = asyncio.get_running_loop()
    seen_s = {tick.name: loop.time() for tick in ticks}
    for tick in ticks:
        scheduler.add_job(
            _noted,
            Every(tick.every_s),
            (tick, seen_s),
            id=tick.name,
            next_run_time=datetime.now(UTC),
            coalesce=True,
            misfire_grace_time=None,
        )
    scheduler.start()
    watching = asyncio.create_task(_watch(scheduler, ticks, seen_s))
    try:
        yield
    finally:
        watching.cancel()
        scheduler.shutdown(wait=False)
        await asyncio.gather(watching, return_exceptions=True)


async def _noted(tick: Tick, seen_s: dict[str, float]) -> None:
    seen_s[tick.name] = asyncio.get_running_loop().time()
    try:
        await tick.work()
    except Exception:  # noqa: BLE001 - the next tick is another try
        _log.exception("%s failed, and is tried again in %g s", tick.name, tick.every_s)
    seen_s[tick.name] = asyncio.get_running_loop().time()


async def _watch(scheduler: AsyncIOScheduler, ticks: tuple[Tick, ...], seen_s: dict[str, float]) -> None:
    """Make due at once what the machine's clock keeps from being done."""
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(min(tick.every_s for tick in ticks))
        for tick in ticks:
            if loop.time() - seen_s[tick.name] > LATE_TICKS * tick.every_s:
                seen_s[tick.name] = loop.time()
                scheduler.modify_job(tick.name, next_run_time=datetime.now(UTC))
