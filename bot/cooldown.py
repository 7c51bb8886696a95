"""How fast one person and one community may ask for what costs work; answers that are there already cost nothing."""

from __future__ import annotations

import math
import time

from limits import RateLimitItem, RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from bot.preferences import Place

PERSON = RateLimitItemPerSecond(20, 20)
"""New answers in twenty seconds: five in ten come to fifteen at most wherever the window is cut, so whoever goes on at
that pace never meets it; and one person fills no third of the queue."""
COMMUNITY = RateLimitItemPerSecond(100, 20)
"""New answers of all people of one server or group together: three quarters of what two workers answer meanwhile, and
more than the queue holds, so that a burst meets "busy" first, which is about the machine and not about the people."""
FLOOD = RateLimitItemPerSecond(60, 20)
"""Messages and presses of one person, whatever they ask: three a second are no longer typed (own assumption)."""


class TooFastError(Exception):
    """Somebody asks faster than is fair to the others; wait_s: when to ask again [s]."""

    def __init__(self, wait_s: float, *, who: str) -> None:
        self.wait_s = wait_s
        super().__init__(f"{who} asked a lot just now. Ask again in {math.ceil(wait_s)} s.")


class Cooldown:
    """Counts new answers by person and by community, and messages by person, over a moving window."""

    def __init__(
        self, person: RateLimitItem = PERSON, community: RateLimitItem = COMMUNITY, flood: RateLimitItem = FLOOD
    ) -> None:
        self._person = person
        self._community = community
        self._flood = flood
        self._window = MovingWindowRateLimiter(MemoryStorage())

    def heard(self, place: Place) -> None:
        """Count a message or a press, whether or not its answer costs work.

        Raises:
            TooFastError: no person is that fast.

        """
        sender = (place.platform, f"messages of {place.user}")
        if not self._window.hit(self._flood, *sender):
            raise TooFastError(self._wait_s(self._flood, sender), who="You")

    def count(self, place: Place) -> None:
        """Count one answer that costs work.

        Raises:
            TooFastError: the person or the community has to wait; nothing was counted.

        """
        person = (place.platform, f"user {place.user}")
        if not self._window.test(self._person, *person):
            raise TooFastError(self._wait_s(self._person, person), who="You")
        if place.community is not None:
            community = (place.platform, f"community {place.community}")
            if not self._window.hit(self._community, *community):
                raise TooFastError(self._wait_s(self._community, community), who="This community")
        self._window.hit(self._person, *person)

    def _wait_s(self, limit: RateLimitItem, name: tuple[str, str]) -> float:
        return max(self._window.get_window_stats(limit, *name).reset_time - time.time(), 1.0)
