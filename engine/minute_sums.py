"""Minutes of a stream of liquidations that were listened to from end to end, and what was told in each."""

from __future__ import annotations

from dataclasses import dataclass

from engine.windows import MINUTE_S

SETTLE_S = 10
"""How long after its end a minute may still be told of (own assumption: venues push within a second, and clocks of
venue and machine differ by a few). Only then it is closed, and only if the stream was alive until then."""

_Event = tuple[int, int, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class MinuteSum:
    """A minute that was listened to from end to end: what of longs and shorts was told in it [USD], in how many events.

    time_s: when the minute begins [Unix s].
    """

    time_s: int
    long_usd: float
    short_usd: float
    events: int


class MinuteSums:
    """Adds up one contract's liquidations minute by minute; it has no clock, every moment is told [Unix ms].

    A minute counts when the stream was connected before it began and alive until `settle_s` after its end. Events that
    are alike in time, side, price and size are one, as in the store. One that comes after its minute was closed is
    counted in `late` and in no minute: the event itself is stored, and sums are made of events.
    """

    def __init__(self, *, settle_s: int = SETTLE_S) -> None:
        self.late = 0
        self._settle_s = settle_s
        self._is_connected = False
        self._next_s = 0
        self._closed_s = 0
        self._told: dict[int, set[_Event]] = {}
        self._done: list[MinuteSum] = []

    def connected(self, at_ms: int) -> None:
        """Begin to listen: the first minute that counts is the one that begins next."""
        if not self._is_connected:
            self._is_connected = True
            self._next_s = max(self._closed_s, -(-at_ms // (1_000 * MINUTE_S)) * MINUTE_S)

    def lost(self, alive_ms: int | None) -> None:
        """Stop listening; alive_ms: the last moment at which the stream was proven alive, None where it never was."""
        if alive_ms is not None:
            self._close(alive_ms)
        self._is_connected = False
        self._told.clear()

    def heard(self, at_ms: int, *, side: int, price: float, size: float) -> None:
        """Add an event; at_ms: the venue's own time; side: +1 a long was liquidated, -1 a short; size: [base]."""
        minute_s = at_ms // (1_000 * MINUTE_S) * MINUTE_S
        if minute_s < self._closed_s:
            self.late += 1
        elif self._is_connected and minute_s >= self._next_s:
            self._told.setdefault(minute_s, set()).add((at_ms, side, price, size))

    def closed(self, alive_ms: int) -> tuple[MinuteSum, ...]:
        """Return the minutes that were closed since this was asked last, oldest first, quiet ones included.

        alive_ms: the last moment at which the stream was proven alive, and never the clock's now: a connection that
        died and was not missed yet would read as quiet.
        """
        self._close(alive_ms)
        done, self._done = tuple(self._done), []
        return done

    def _close(self, alive_ms: int) -> None:
        while self._is_connected and 1_000 * (self._next_s + MINUTE_S + self._settle_s) <= alive_ms:
            self._done.append(_summed(self._next_s, self._told.pop(self._next_s, set())))
            self._next_s += MINUTE_S
            self._closed_s = self._next_s


def _summed(time_s: int, told: set[_Event]) -> MinuteSum:
    usd = [(side, price * size) for _, side, price, size in sorted(told)]
    return MinuteSum(
        time_s=time_s,
        long_usd=sum((worth for side, worth in usd if side > 0), 0.0),
        short_usd=sum((worth for side, worth in usd if side < 0), 0.0),
        events=len(usd),
    )
