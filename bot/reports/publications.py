"""What answers published, and the port of where it is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

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
