"""A server's clock that tests skip and freeze, and waiting for what becomes true there."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

LOOKS_AGAIN_S = 0.02


class Happenings:
    """The time of an emulated server, and its news. `calls`: what the bot asked for, oldest first, each as one line."""

    calls: list[object]

    def __init__(self) -> None:
        self._skipped_s = 0.0
        self._frozen_s: float | None = None
        self._changed = asyncio.Event()

    def clock(self) -> float:
        """Seconds of the event loop, and what was skipped; while frozen, what was skipped alone moves it."""
        loop_s = asyncio.get_running_loop().time() if self._frozen_s is None else self._frozen_s
        return loop_s + self._skipped_s

    def now_s(self) -> float:
        return time.time() + self._skipped_s

    def skip(self, seconds: float) -> None:
        """Move the clock on, so that things expire."""
        self._skipped_s += seconds

    def freeze(self) -> None:
        """Stop the clock, so that no limit depends on how busy the machine is; `skip` still moves it."""
        self._frozen_s = asyncio.get_running_loop().time()

    def notify(self) -> None:
        """Wake everybody who waits for something to become true."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def until(self, found: Callable[[], T | None], what: str, timeout_s: float = 5.0) -> T:
        """Wait until `found` returns something true; what the bot did last is told when it does not.

        Looks again at every change here, and now and then for what changes elsewhere.
        """
        deadline = asyncio.get_running_loop().time() + timeout_s
        while True:
            value, changed = found(), self._changed
            if value:
                return value
            if asyncio.get_running_loop().time() >= deadline:
                last = [str(call) for call in self.calls[-8:]]
                raise AssertionError(f"no {what} within {timeout_s} s; the bot's last calls: {last}")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), LOOKS_AGAIN_S)
