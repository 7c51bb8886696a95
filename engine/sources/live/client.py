"""One venue over HTTP: the exchange library's raw methods, with our retries, limits and errors around them.

The library is loaded when the first request is made, in a thread: that takes 4 to 6 s and 120 MB.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any, Protocol

from engine.sources.live.breaker import Breaker
from engine.sources.live.faults import VenueError, limited, mapped
from engine.sources.live.gate import Gate
from engine.sources.live.venue import Parameters

REQUEST_TIMEOUT_S = 4.0
"""A venue answers within a second or not at all (own assumption); what takes longer is asked again."""
ATTEMPTS = 3
FIRST_WAIT_S = 0.2
LONGEST_WAIT_S = 2.0
JITTER_S = 0.2
"""Back-off of stamina, kept short because somebody waits for the answer."""
PATIENCE_S = 5.0
"""A venue that asks for a longer wait than this is not asked again for this answer."""
ARRIVAL_MARGIN = 1.1
"""Venues count requests as they arrive: a burst's first one may come late and the next burst's early, and without
this some of OKX's pages came back as 429."""
LATE_S = 12.0
"""All attempts of one request together take at most about this long."""


class Wire(Protocol):
    """What can ask one venue."""

    async def open(self) -> None:
        """Get ready to ask, whatever time that takes."""
        ...

    async def ask(self, method: str, parameters: Parameters) -> object:
        """Return the reply of a public method, as parsed JSON.

        Raises:
            VenueError: there is none that can be used.

        """
        ...

    async def close(self) -> None:
        """Let go of every connection."""
        ...


class Asked(Protocol):
    """What a wire must know of a venue: its name in the exchange library, and over which span it counts requests."""

    @property
    def name(self) -> str:
        """The venue's name."""
        ...

    @property
    def rate_window_s(self) -> float:
        """How long a request counts."""
        ...


class CcxtWire:
    """Asks one venue through ccxt; `base_url` replaces scheme and host of every request, `clock` gives Unix seconds.

    gate: what every attempt must pass instead of the library's own limits.
    """

    def __init__(
        self, venue: Asked, *, base_url: str | None, clock: Callable[[], float], gate: Gate | None = None
    ) -> None:
        self._venue = venue
        self._base_url = base_url
        self._gate = gate
        self._breaker = Breaker(venue.name, clock)
        self._exchange: Any = None  # the library ships no types
        self._opening = asyncio.Lock()

    async def open(self) -> None:
        """Load the exchange library if nobody did."""
        await self._opened()

    async def ask(self, method: str, parameters: Parameters) -> object:
        """Return the reply of a public method, as parsed JSON; asks again where that helps.

        Raises:
            VenueError: the venue cannot be reached, refuses, or answers with something that is no JSON.

        """
        import stamina  # comes with the extra for live markets

        exchange = await self._opened()
        attempts = stamina.retry_context(
            on=_backoff,
            attempts=ATTEMPTS,
            timeout=LATE_S,
            wait_initial=FIRST_WAIT_S,
            wait_max=LONGEST_WAIT_S,
            wait_jitter=JITTER_S,
        )
        async for attempt in attempts:
            with attempt:
                return await self._ask_once(self._method(exchange, method), parameters)
        raise AssertionError("a retry ends with a reply or an error")

    async def close(self) -> None:
        """Let go of every connection."""
        if self._exchange is not None:
            await self._exchange.close()

    def _method(self, exchange: Any, name: str) -> Any:  # noqa: ANN401 - the library has no types
        """Return what is called with a request's parameters."""
        return getattr(exchange, name)

    async def _ask_once(self, method: Any, parameters: Parameters) -> object:  # noqa: ANN401 - the library has no types
        self._breaker.check()
        try:
            async with self._passing(parameters):
                reply = self._data(await method(parameters))
        except VenueError as error:
            self._breaker.failed(error)
            raise
        except Exception as error:
            ours = mapped(self._venue.name, error)
            if ours is None:
                raise
            self._breaker.failed(ours)
            raise ours from error
        self._breaker.succeeded()
        return reply

    def _passing(self, parameters: Parameters) -> AbstractAsyncContextManager[None]:
        return nullcontext() if self._gate is None else self._gate.passing(parameters)

    def _data(self, reply: object) -> object:
        """Return a reply that is data: of a 200 with HTML, broken JSON or nothing the library makes text or None."""
        if not isinstance(reply, dict | list):
            raise VenueError(self._venue.name, "answered with something that is no data", retry_helps=True)
        return reply

    async def _opened(self) -> Any:  # noqa: ANN401 - the library has no types
        async with self._opening:
            if self._exchange is None:
                library = await asyncio.to_thread(_load_library)
                self._exchange = self._made(getattr(library, self._venue.name))
        return self._exchange

    def _made(self, kind: Callable[[dict[str, object]], Any]) -> Any:  # noqa: ANN401 - the library has no types
        exchange = kind(
            {
                "enableRateLimit": self._gate is None,
                "rateLimiterAlgorithm": "rollingWindow",
                "rollingWindowSize": 1000 * self._venue.rate_window_s,
                "timeout": 1000 * REQUEST_TIMEOUT_S,
            }
        )
        exchange.throttler.config["windowSize"] *= ARRIVAL_MARGIN
        if self._base_url is not None:
            exchange.urls["api"] = redirected(exchange.urls["api"], self._base_url)
        exchange.timeout_on_exit = 0  # waiting a quarter of a second for TLS to end delays every command's end
        exchange.on_rest_response = self._looked_at
        return exchange

    def _looked_at(
        self, status: int, _reason: str, _url: str, _method: str, headers: Mapping[str, str], body: str, *_: object
    ) -> str:
        """Look at every response before the library does, which drops Retry-After and the difference of 429 and 418."""
        retry_after = next((value for name, value in headers.items() if name.lower() == "retry-after"), None)
        error = limited(self._venue.name, status, retry_after)
        if error is not None:
            raise error
        return body.strip()


def redirected(urls: object, base_url: str) -> object:
    """Return the library's addresses (text, or nested dictionaries of it) with another scheme and host, paths kept."""
    if isinstance(urls, Mapping):
        return {name: redirected(url, base_url) for name, url in urls.items()}
    return re.sub(r"^(?:https?|wss?)://[^/]+", base_url.rstrip("/"), str(urls))


def _load_library() -> Any:  # noqa: ANN401 - the library has no types
    import ccxt.async_support as library

    return library


def _backoff(error: Exception) -> bool | float:
    """Say whether to ask again, or after how long [s] where the venue said so."""
    if not isinstance(error, VenueError) or not error.retry_helps:
        return False
    if error.wait_s is None:
        return True
    return error.wait_s if error.wait_s <= PATIENCE_S else False
