"""A clock that does not jump: it runs with the machine's steady counter, and the venues say what time it is.

A machine's clock jumps when it is set, when a battery is empty, when a virtual machine is moved; its steady counter
never jumps, but stands still while the machine sleeps. So neither is right alone. Where both agree nothing is asked;
where they part, the venues' own clocks decide.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median

PARTED_S = 5.0
"""The clocks have parted when they differ by more than this: corrections of a clock that is kept are far smaller."""


class SteadyClock:
    """Unix seconds; `wall` and `counter` return the machine's clock and its steady counter [s]."""

    def __init__(self, wall: Callable[[], float], counter: Callable[[], float]) -> None:
        self._wall = wall
        self._counter = counter
        self._offset = wall() - counter()

    def __call__(self) -> float:
        """Return the time now [Unix s]."""
        return self._counter() + self._offset

    @property
    def parted_s(self) -> float:
        """By how much the machine's clock is ahead of this one [s]."""
        return self._wall() - self()

    @property
    def has_parted(self) -> bool:
        """Say whether the machine's clock was set, or the machine slept, since the last time that both agreed."""
        return abs(self.parted_s) > PARTED_S

    def set_by(self, venue_s: Sequence[float]) -> float:
        """Take over the middle of what venues say the time is [Unix s]; return by how much this clock was moved [s].

        A difference that is no parting is left alone: a request takes time, and venues differ by fractions of a second.

        Raises:
            ValueError: no venue said anything.

        """
        if not venue_s:
            msg = "a clock is set by the time of at least one venue"
            raise ValueError(msg)
        moved_s = median(venue_s) - self()
        if abs(moved_s) <= PARTED_S:
            return 0.0
        self._offset += moved_s
        return moved_s
