"""When there may be something new to say: the number of the last bar that the live source takes to be final."""

from __future__ import annotations

from collections.abc import Callable

from bot.config import Settings


def bar_numbers(settings: Settings, clock: Callable[[], float]) -> Callable[[], int]:
    """Return what gives the number of the newest final 5-minute bar; it never changes where one past moment is asked.

    clock: Unix seconds.
    """
    from engine.sources.live.history import FINE_S, SETTLED_AFTER_S  # when the live source takes a bar to be final

    if settings.market.at is not None:
        return lambda: 0
    return lambda: int(clock() - SETTLED_AFTER_S) // FINE_S
