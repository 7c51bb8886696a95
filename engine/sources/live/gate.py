"""How much one venue may be asked: weight within a sliding window, counted so that the venue never counts more.

The exchange library's own throttler was not enough: it reads the wall clock, which jumps, it counts a request when it
leaves, while the venue counts it when it arrives, it goes on after a 429, and it takes most questions to Hyperliquid
for half of what they weigh. A leaky bucket (aiolimiter) lets twice the limit through in some windows.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from engine.sources.live.faults import VenueError
from engine.sources.live.venue import Parameters

UNSAID_SHARE = 1 / 6
"""Share of the window for which nothing is asked after a 429 that names no time: ten seconds of a minute (own
assumption; whoever else asks from this address is counted too, so waiting less tends to meet the next 429)."""


class WeightWindow:
    """Weight under way and weight that has ended within `window_s`; times are any clock's that never jumps [s].

    A request counts from when it leaves until `window_s` after its answer. It arrived in between, so whatever window
    the venue looks at, all that arrived in it was counted here when the last of it left.
    """

    def __init__(self, limit: int, window_s: float) -> None:
        self._limit = limit
        self._window_s = window_s
        self._under_way = 0
        self._ended: deque[tuple[float, int]] = deque()
        self._ended_weight = 0
        self._held_until_s = -float("inf")

    def wait_s(self, weight: int, now_s: float) -> float:
        """Return how long a request of this weight must wait at least, 0 when it may leave now.

        Raises:
            ValueError: the weight is above the limit, so that it could never leave.

        """
        if weight > self._limit:
            msg = f"a request of weight {weight} never fits into {self._limit}"
            raise ValueError(msg)
        while self._ended and self._ended[0][0] + self._window_s <= now_s:
            self._ended_weight -= self._ended.popleft()[1]
        return max(self._fits_in_s(weight, now_s), self._held_until_s - now_s, 0.0)

    def _fits_in_s(self, weight: int, now_s: float) -> float:
        excess = self._under_way + self._ended_weight + weight - self._limit
        if excess <= 0:
            return 0.0
        for ended_s, freed in self._ended:
            excess -= freed
            if excess <= 0:
                return ended_s + self._window_s - now_s
        return self._window_s  # what is under way ends now at the earliest

    def begin(self, weight: int) -> None:
        """Count a request that leaves."""
        self._under_way += weight

    def end(self, weight: int, now_s: float) -> None:
        """Count a request as over, answered or not."""
        self._under_way -= weight
        self._ended_weight += weight
        self._ended.append((now_s, weight))

    def hold(self, until_s: float) -> None:
        """Let nothing leave before that time."""
        self._held_until_s = max(self._held_until_s, until_s)


class Gate:
    """Lets requests to one venue pass, first come, first served; one event loop's, for all of it that ask this venue.

    weigh: the weight of a request by its parameters.
    """

    def __init__(self, limit: int, window_s: float, weigh: Callable[[Parameters], int]) -> None:
        self._window = WeightWindow(limit, window_s)
        self._unsaid_s = UNSAID_SHARE * window_s
        self._weigh = weigh
        self._line = asyncio.Lock()

    @asynccontextmanager
    async def passing(self, parameters: Parameters) -> AsyncIterator[None]:
        """Wait until the request may leave; nothing leaves for a while once the venue said that it was too much."""
        loop = asyncio.get_running_loop()
        weight = self._weigh(parameters)
        async with self._line:
            await self._until_it_fits(weight)
            self._window.begin(weight)
        try:
            yield
        except VenueError as error:
            if error.limits:
                self._window.hold(loop.time() + (error.wait_s or self._unsaid_s))
            raise
        finally:
            self._window.end(weight, loop.time())

    async def _until_it_fits(self, weight: int) -> None:
        loop = asyncio.get_running_loop()
        while True:  # a hold may begin, and what is under way may end, while this waits
            wait_s = self._window.wait_s(weight, loop.time())
            if wait_s <= 0:
                return
            await asyncio.sleep(wait_s)
