"""The one clock of deliveries: it does not follow the machine's clock when that jumps, but only when it is right.

It runs with the machine's steady counter. Where that and the machine's clock part, a database server's clock decides;
without one, the new time must stand for a minute. So a clock that is set wrong and back again neither sends early nor
twice, and a machine that slept is in time again after a minute.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from engine.recording.steady_clock import PARTED_S, SteadyClock

BELIEVED_AFTER_S = 60.0
"""How long a new time must stand before it is believed: services that set a clock are done by then (own assumption)."""

_log = logging.getLogger(__name__)


class DeliveryClock:
    """Unix seconds; `wall` and `counter` return the machine's clock and its steady counter [s]."""

    def __init__(self, wall: Callable[[], float] = time.time, counter: Callable[[], float] = time.monotonic) -> None:
        self._wall = wall
        self._counter = counter
        self._steady = SteadyClock(wall, counter)
        self._is_checked = False
        self._offered_s = 0.0  # by how much what is not believed yet was ahead when it was seen first
        self._since_s: float | None = None  # of the counter

    def now_s(self) -> int:
        """Return the time now [Unix s]."""
        return int(self._steady())

    def check(self, database_s: float | None = None) -> None:
        """Compare with the machine's clock and with the clock of the database's server, if it has one [Unix s].

        Called every few seconds. The server's word is taken at once at the first call, and later where the machine's
        clock says the same; else after `BELIEVED_AFTER_S`.
        """
        ahead_s = (self._wall() if database_s is None else database_s) - self._steady()
        is_first, self._is_checked = not self._is_checked, True
        if abs(ahead_s) <= PARTED_S:
            self._since_s = None
        elif database_s is not None and (is_first or abs(database_s - self._wall()) <= PARTED_S):
            self._follow(ahead_s)
        elif self._since_s is None or abs(ahead_s - self._offered_s) > PARTED_S:
            self._since_s, self._offered_s = self._counter(), ahead_s
        elif self._counter() - self._since_s >= BELIEVED_AFTER_S:
            self._follow(ahead_s)

    def _follow(self, ahead_s: float) -> None:
        self._steady.set_by((self._steady() + ahead_s,))
        self._since_s = None
        _log.warning("the time of deliveries was moved by %+.0f s", ahead_s)
