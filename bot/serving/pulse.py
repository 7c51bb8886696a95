"""Signs of life: whether workers answer, and how late the event loop is."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable

from bot.service.pool import WorkerPool

BEAT_S = 10.0
MOST_SILENCE_S = 60.0
"""Workers that have answered nobody for a minute hang: the longest queue takes ten seconds, a cold start thirty."""
LAG_EVERY_S = 0.1
REMEMBERED_LAGS = 600
"""The last minute, for who asks now; the metrics hold all of it."""
WORTH_A_WARNING_S = 1.0
"""A loop that stands for a second misses heartbeats of the platforms before long."""

_log = logging.getLogger(__name__)


def _nothing(given: None) -> None:
    """Answer: the worker is there."""


class WorkerPulse:
    """Asks the workers for a sign of life again and again; a broken pool is replaced by being asked."""

    def __init__(self, pool: WorkerPool, *, beat_s: float = BEAT_S) -> None:
        self._pool = pool
        self._beat_s = beat_s
        self._last_s: float | None = None

    @property
    def is_alive(self) -> bool:
        """Say whether a worker has answered lately."""
        return self._last_s is not None and asyncio.get_running_loop().time() - self._last_s < MOST_SILENCE_S

    async def run(self) -> None:
        """Ask until this is cancelled."""
        while True:
            try:
                await self._pool.run(_nothing, None)
                self._last_s = asyncio.get_running_loop().time()
            except Exception:  # noqa: BLE001 - the silence is what is told
                _log.exception("the workers did not answer")
            await asyncio.sleep(self._beat_s)


class LoopLag:
    """Measures how much later than asked for the event loop wakes somebody up."""

    def __init__(self, observe: Callable[[float], None], *, every_s: float = LAG_EVERY_S) -> None:
        self._observe = observe
        self._every_s = every_s
        self._lags_s: deque[float] = deque(maxlen=REMEMBERED_LAGS)

    @property
    def worst_s(self) -> float | None:
        """The worst of the last minute [s], None before anything was measured."""
        return max(self._lags_s, default=None)

    async def run(self) -> None:
        """Measure until this is cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due_s = loop.time() + self._every_s
            await asyncio.sleep(self._every_s)
            lag_s = max(loop.time() - due_s, 0.0)
            self._lags_s.append(lag_s)
            self._observe(lag_s)
            if lag_s > WORTH_A_WARNING_S:
                _log.warning("the event loop stood still", extra={"lag_s": round(lag_s, 3)})
