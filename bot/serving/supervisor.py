"""Platforms kept running side by side: one that fails is started again, and takes no other one down."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from bot.faults import fault_of
from bot.redaction import redacted
from bot.serving.seats import Seat

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0
"""Nobody notices a chat that is back a minute late; hammering a platform that is down gets one banned."""
STEADY_S = 120.0
"""Who ran for so long has recovered: the next failure begins with the first pause again."""
STOPPING_S = 2.0
"""A platform that needs longer to say goodbye is left [s]; the whole process has five seconds."""

State = Literal["starting", "standby", "connected", "reconnecting", "down", "refused", "stopped"]

_log = logging.getLogger(__name__)


class Chat(Protocol):
    """One platform's chat."""

    async def start(self) -> None:
        """Return when it is connected; raises what keeps it from that."""
        ...

    async def run(self) -> None:
        """Return never, but raise what ended it after it had started."""
        ...

    async def stop(self) -> None:
        """Leave the platform, also after a start that failed."""
        ...

    @property
    def is_connected(self) -> bool:
        """Say whether messages arrive now."""
        ...


class RefusedError(Exception):
    """The platform will not have this bot whatever is tried again, such as for its token; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Platform:
    """A platform that is enabled: its name, and what makes a new chat of it.

    seat: without it the chat must not run, for another process serves it; None where there is no other process.
    """

    name: str
    make: Callable[[], Chat]
    seat: Seat | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformStatus:
    """How a platform is; reason: what last kept it from being connected, None where nothing did.

    On standby it is served by another process, and taken over when that one is gone.
    """

    name: str
    state: State
    reason: str | None = None


class Watch:
    """One platform that is kept running."""

    def __init__(self, platform: Platform, *, first_pause_s: float = FIRST_PAUSE_S) -> None:
        self._platform = platform
        self._first_pause_s = first_pause_s
        self._state: State = "starting"
        self._reason: str | None = None
        self._chat: Chat | None = None

    @property
    def status(self) -> PlatformStatus:
        """How the platform is now."""
        state = self._state
        if state == "connected" and (self._chat is None or not self._chat.is_connected):
            state = "reconnecting"
        seat = self._platform.seat
        if state == "starting" and seat is not None and seat.is_elsewhere:
            state = "standby"
        return PlatformStatus(name=self._platform.name, state=state, reason=self._reason)

    async def keep(self) -> None:
        """Run the platform until it refuses the bot or this is cancelled; what passes is tried again, ever later."""
        loop, pause_s = asyncio.get_running_loop(), self._first_pause_s
        try:
            while True:
                began_s = loop.time()
                try:
                    await self._run_once()
                except RefusedError as error:
                    self._note("refused", error)
                    return
                except Exception as error:  # noqa: BLE001 - whatever fails here must not end the other platforms
                    self._note("down", error)
                pause_s = self._first_pause_s if loop.time() - began_s > STEADY_S else pause_s
                await asyncio.sleep(pause_s * random.uniform(0.8, 1.2))  # noqa: S311 - many processes, not in step
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
        finally:
            if self._state != "refused":
                self._state = "stopped"

    async def _run_once(self) -> None:
        seat = self._platform.seat
        if seat is None:
            await self._serve()
            return
        try:
            self._state = "starting"
            await seat.given()
            await _first_of(self._serve(), seat.taken_away())
        finally:
            seat.leave()

    async def _serve(self) -> None:
        try:
            self._chat = self._platform.make()
            await self._chat.start()
            self._state, self._reason = "connected", None
            _log.info("%s is connected", self._platform.name, extra={"platform": self._platform.name})
            await self._chat.run()
        finally:
            chat, self._chat = self._chat, None
            if chat is not None:
                await self._stop(chat)

    async def _stop(self, chat: Chat) -> None:
        try:
            async with asyncio.timeout(STOPPING_S):  # 3.11's wait_for may swallow that this is cancelled
                await chat.stop()
        except Exception:  # noqa: BLE001 - it is left in any case
            _log.warning("%s did not stop in order", self._platform.name, exc_info=True)

    def _note(self, state: State, error: Exception) -> None:
        sentence = redacted(str(error)) if isinstance(error, RefusedError) else fault_of(error).text
        self._state, self._reason = state, sentence
        told = "%s refuses: %s" if state == "refused" else "%s is down: %s"
        _log.error(told, self._platform.name, sentence, extra={"platform": self._platform.name})


async def _first_of(*works: Coroutine[Any, Any, None]) -> None:
    """Return when one of them does, or raise what it raises; the others have ended by then."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


class Supervisor:
    """Keeps every enabled platform running."""

    def __init__(self, platforms: Sequence[Platform], *, first_pause_s: float = FIRST_PAUSE_S) -> None:
        self._watches = [Watch(platform, first_pause_s=first_pause_s) for platform in platforms]

    @property
    def statuses(self) -> tuple[PlatformStatus, ...]:
        """How each platform is now."""
        return tuple(watch.status for watch in self._watches)

    async def run(self) -> tuple[PlatformStatus, ...]:
        """Return when every platform has refused the bot, with how they are; cancelled, it leaves them all first."""
        async with asyncio.TaskGroup() as group:
            for watch in self._watches:
                group.create_task(watch.keep())
        return self.statuses
