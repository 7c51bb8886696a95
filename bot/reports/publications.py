"""What answers published, and the port of where it is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from bot.assistant import map_key
from bot.requests import MarketRequest
from engine.findings import Findings


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """Findings as they are kept; asked: the maps and venue that were asked for, in words."""

    number: int
    asked: str
    findings: Findings


class Publications(Protocol):
    """Where findings that were published are kept; both methods raise StorageError where the database fails."""

    async def keep(self, findings: Findings, *, asked: str) -> int:
        """Keep findings once, and return their number."""
        ...

    async def find(self, number: int) -> Published | None:
        """Return findings by their number."""
        ...


def asked_text(request: MarketRequest) -> str:
    """Return which maps and which venue a request asks for: readings of the same can be compared."""
    key = map_key(request)
    return f"{key or 'default'} {request.venue or 'all'}"
