"""Whether a message may have reached Discord: the library repeats requests by itself, so its errors do not tell."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import SimpleNamespace

import aiohttp

_REFUSALS = range(400, 500)
_LATE = 408


class Journey:
    """What became of the requests that sending one message took."""

    def __init__(self) -> None:
        self._unanswered = 0

    @property
    def may_have_arrived(self) -> bool:
        """Say whether a request went out that was not refused in so many words."""
        return self._unanswered > 0

    def goes_out(self) -> None:
        """Note that a request is on its way."""
        self._unanswered += 1

    def is_refused(self) -> None:
        """Note that a request was refused: nothing came of it."""
        self._unanswered -= 1

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """Let requests that are made within count as this journey's."""
        token = _current.set(self)
        try:
            yield
        finally:
            _current.reset(token)


_current: ContextVar[Journey | None] = ContextVar("journey", default=None)


def watched() -> aiohttp.TraceConfig:
    """Return what the library's client takes as its trace."""
    trace = aiohttp.TraceConfig()
    trace.on_request_headers_sent.append(_went_out)
    trace.on_request_end.append(_answered)
    return trace


async def _went_out(
    _session: aiohttp.ClientSession, _context: SimpleNamespace, _told: aiohttp.TraceRequestHeadersSentParams
) -> None:
    if (journey := _current.get()) is not None:
        journey.goes_out()


async def _answered(
    _session: aiohttp.ClientSession, _context: SimpleNamespace, told: aiohttp.TraceRequestEndParams
) -> None:
    status = told.response.status
    if (journey := _current.get()) is not None and status in _REFUSALS and status != _LATE:
        journey.is_refused()
