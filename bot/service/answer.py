"""What is asked of the service, and what comes back: small frozen values that travel between processes."""

from __future__ import annotations

from dataclasses import dataclass

from bot.replies import Reply
from bot.requests import MarketRequest, Request
from engine.changes import Changes
from engine.findings import Findings

PICTURE_WIDTH_PX = 1_600
HD_WIDTH_PX = 3_200
"""Twice as wide: sharp on any screen, and still below what the platforms take as a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One question and how its picture shall look. Equal orders have equal answers until the next bar.

    since: an earlier reading of the same question, to say what changed.
    """

    request: Request
    theme: str = "dark"
    is_hd: bool = False
    draw: bool = True
    since: Findings | None = None

    @property
    def symbol(self) -> str | None:
        """The symbol that the question is about, None for one about no market."""
        return self.request.symbol if isinstance(self.request, MarketRequest) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A finished picture: the file, its name, and what it shows for those who cannot see it."""

    png: bytes
    name: str
    alt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer to an order.

    reply: the words, without result and picture, which stay where they were computed; changes: since the reading that
    the order names, None where there is none or it is not of the same source; trouble: the traceback of what nobody
    expected, for the log.
    """

    order: Order
    reply: Reply
    drawing: Drawing | None = None
    findings: Findings | None = None
    changes: Changes | None = None
    trouble: str | None = None

    @property
    def is_lasting(self) -> bool:
        """Say whether the same question would get the same answer until the next bar: faults pass."""
        return self.reply.fault is None

    @property
    def size(self) -> int:
        """How many bytes it holds, about."""
        return (len(self.drawing.png) if self.drawing is not None else 0) + 20_000
