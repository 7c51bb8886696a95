"""A circuit breaker: a venue in trouble is left alone for a while instead of being asked again and again."""

from __future__ import annotations

from collections.abc import Callable

from engine.sources.live.faults import VenueError

FAILURES_TO_OPEN = 5
"""Failures in a row before a venue is left alone (own assumption: one request with its retries makes three)."""
OPEN_S = 30.0
"""How long it is left alone: restarts of a venue's gateway take seconds to minutes (own assumption)."""


class Breaker:
    """Counts one venue's failures in a row; `clock` gives Unix seconds."""

    def __init__(self, venue: str, clock: Callable[[], float]) -> None:
        self._venue = venue
        self._clock = clock
        self._failures = 0
        self._opened_s = 0.0
        self._closed_from_s = 0.0
        self._cause = ""

    def check(self) -> None:
        """Let a request pass, or raise VenueError while the venue is left alone.

        A clock that jumped back does not prolong the pause.
        """
        now_s = self._clock()
        if self._opened_s <= now_s < self._closed_from_s:
            wait_s = self._closed_from_s - now_s
            raise VenueError(self._venue, f"{self._cause}; it is asked again in {wait_s:.0f} s", wait_s=wait_s)

    def succeeded(self) -> None:
        """Forget the failures so far."""
        self._failures = 0

    def failed(self, error: VenueError) -> None:
        """Count a failure; a ban opens the circuit at once, for as long as the venue said."""
        self._failures += error.faulty
        if error.banned or self._failures >= FAILURES_TO_OPEN:
            self._failures = 0
            self._cause = error.cause
            self._opened_s = self._clock()
            self._closed_from_s = self._opened_s + (error.wait_s or OPEN_S)
