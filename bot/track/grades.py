"""Grades as they are kept beside what was published, and the port of where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.reports.publications import Published
from engine.grading import Grade

MOST_TOLD = 2_000
"""Newest graded answers that a record is made from: half a second's reading, and half a year of one every two hours."""


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """One answer and what became of it, as they are stored."""

    findings: str
    grade: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRecord:
    """The newest graded answers about a symbol, oldest first; graded: how many there are; waiting: without a grade."""

    answers: tuple[KeptAnswer, ...]
    graded: int
    waiting: int


class Grades(Protocol):
    """Where grades are kept; every method raises StorageError where the database fails."""

    async def due(self, published_until_s: int, *, most: int, after: int = 0) -> tuple[Published, ...]:
        """Return what was published until a moment and has no grade, by number from the one after `after` on."""
        ...

    async def keep(self, graded: Sequence[tuple[int, Grade]], *, now_s: int) -> None:
        """Keep grades by the number of what was published; one that is there stays as it is."""
        ...

    async def counts(self, symbol: str | None) -> tuple[int, int]:
        """Return how many answers about a symbol (None: all) are graded, and how many wait."""
        ...

    async def record(self, symbol: str | None) -> KeptRecord:
        """Return what is kept about a symbol (None: all)."""
        ...
