"""Updates for the bot: queued until an offset acknowledges them, fetched by one poller at a time."""

import asyncio
import itertools
from collections import deque

from tests.bot_api.wire import Parameters, RefusedError

MOST_AT_ONCE = 100
LONGEST_POLL_S = 50
NOT_BY_DEFAULT = {"chat_member", "message_reaction", "message_reaction_count"}
"""Source: core.telegram.org/bots/api#getupdates."""
CONFLICT = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"


class Updates:
    """The queue behind getUpdates."""

    def __init__(self) -> None:
        self.waiting: deque[dict[str, object]] = deque()
        self.allowed: set[str] | None = None
        self._ids = itertools.count(100_001)
        self._news = asyncio.Event()
        self._poller: asyncio.Event | None = None

    def put(self, kind: str, content: object) -> None:
        """Queue one update, unless the bot did not ask for its kind."""
        wanted = kind not in NOT_BY_DEFAULT if self.allowed is None else kind in self.allowed
        if wanted:
            self.waiting.append({"update_id": next(self._ids), kind: content})
            self._news.set()

    def forget(self) -> None:
        self.waiting.clear()

    async def poll(self, parameters: Parameters) -> list[dict[str, object]]:
        """Answer one getUpdates; an older one that still waits is ended with a conflict."""
        self._take_allowed(parameters)
        if self._poller is not None:
            self._poller.set()
        self._acknowledge(parameters.integer("offset"))
        displaced = self._poller = asyncio.Event()
        try:
            await self._some(min(parameters.integer("timeout"), LONGEST_POLL_S), displaced)
        finally:
            if self._poller is displaced:
                self._poller = None
        if displaced.is_set():
            raise RefusedError(CONFLICT, code=409)
        limit = parameters.integer("limit", MOST_AT_ONCE)
        most = limit if 1 <= limit <= MOST_AT_ONCE else MOST_AT_ONCE
        return list(itertools.islice(self.waiting, most))

    def _take_allowed(self, parameters: Parameters) -> None:
        """An empty list stands for the default; no list keeps what was asked for before."""
        if "allowed_updates" in parameters:
            names = parameters.structure("allowed_updates")
            self.allowed = set(names) if isinstance(names, list) and names else None

    def _acknowledge(self, offset: int) -> None:
        """Forget what comes before the offset; a negative one keeps that many of the newest."""
        if offset < 0:
            while len(self.waiting) > -offset:
                self.waiting.popleft()
        while offset > 0 and self.waiting and int(self.waiting[0]["update_id"]) < offset:
            self.waiting.popleft()

    async def _some(self, timeout_s: float, displaced: asyncio.Event) -> None:
        """Wait until there is an update, until time is up, or until another poller comes."""
        self._news.clear()
        if self.waiting or timeout_s <= 0:
            await asyncio.sleep(0)
            return
        waits = [asyncio.ensure_future(event.wait()) for event in (self._news, displaced)]
        try:
            await asyncio.wait(waits, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
