"""What a public stream tells: liquidations, and from when to when it was listened to. Moments by our clock [Unix s]."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One liquidation as the venue told it, not necessarily in order of time, and possibly more than once.

    symbol: as it was asked for; at_ms: the venue's own moment [Unix ms]; side: +1 where a long was liquidated, -1 a
    short; size [base].
    """

    venue: str
    symbol: str
    at_ms: int
    side: int
    price: float
    size: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """From `at_s` on everything that the venue tells is heard: it has confirmed the whole subscription."""

    venue: str
    at_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Alive:
    """The connection was proven alive at `at_s`, and everything that came before has been handed on."""

    venue: str
    at_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """The connection broke, or could not be made; it is tried again.

    at_s: when that was noticed; heard_to_s: the last moment until which everything was heard, None where nothing was
    since the last Lost; cause: completes a sentence that begins with the venue's name; refused: the venue answers but
    wants nothing of this subscription.
    """

    venue: str
    at_s: float
    heard_to_s: float | None
    cause: str
    refused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The venue does not tell of this one market, as when it is listed no longer; the others are heard."""

    venue: str
    symbol: str
    at_s: float
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Garbled:
    """A message, or one liquidation of it, that could not be read: left out, and listening goes on."""

    venue: str
    at_s: float
    detail: str
