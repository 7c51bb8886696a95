"""What became of what was published, in the database: written once, never changed."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, select, true

from bot.reports.publications import Published
from bot.storage.database import Database, put_if_new
from bot.storage.findings_text import findings_of
from bot.storage.grade_text import text_of_grade
from bot.storage.tables import grade, published
from bot.track.grades import MOST_TOLD, KeptAnswer, KeptRecord
from engine.grading import Grade

_log = logging.getLogger(__name__)


class SqlGrades:
    """Grades of everything that was published, by all processes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def due(self, published_until_s: int, *, most: int, after: int = 0) -> tuple[Published, ...]:
        """Return what was published until a moment and has no grade, by number from the one after `after` on.

        What cannot be read is left out.

        Raises:
            StorageError: the database fails.

        """
        wanted = (
            select(published)
            .join_from(published, grade, isouter=True)
            .where(grade.c.published_id.is_(None), published.c.as_of_s <= published_until_s, published.c.id > after)
            .order_by(published.c.id)
            .limit(most)
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(wanted)).all()
        found = []
        for row in rows:
            try:
                findings = findings_of(row.findings)
            except ValueError:  # a program of another time wrote it
                _log.warning("what was published under %s cannot be read and is not graded", row.id)
                continue
            found.append(Published(number=row.id, asked=row.asked, findings=findings))
        return tuple(found)

    async def keep(self, graded: Sequence[tuple[int, Grade]], *, now_s: int) -> None:
        """Keep grades by the number of what was published; one that is there stays as it is.

        Raises:
            StorageError: the database fails; nothing was kept.

        """
        async with self._database.writing() as connection:
            for number, each in graded:
                row = {"published_id": number, "graded_s": now_s, "grade": text_of_grade(each)}
                await connection.execute(put_if_new(grade, connection.dialect).values(row))

    async def counts(self, symbol: str | None) -> tuple[int, int]:
        """Return how many answers about a symbol (None: all) are graded, and how many wait.

        Raises:
            StorageError: the database fails.

        """
        wanted = (
            select(func.count(grade.c.published_id), func.count())
            .select_from(published.join(grade, isouter=True))
            .where(_about(symbol))
        )
        async with self._database.reading() as connection:
            graded, every = (await connection.execute(wanted)).one()
        return int(graded), int(every) - int(graded)

    async def record(self, symbol: str | None) -> KeptRecord:
        """Return the newest graded answers about a symbol (None: all), and how many there are.

        Raises:
            StorageError: the database fails.

        """
        graded, waiting = await self.counts(symbol)
        wanted = (
            select(published.c.findings, grade.c.grade)
            .join_from(published, grade)
            .where(_about(symbol))
            .order_by(published.c.as_of_s.desc(), published.c.id.desc())
            .limit(MOST_TOLD)
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(wanted)).all()
        answers = tuple(KeptAnswer(row.findings, row.grade) for row in reversed(rows))
        return KeptRecord(answers=answers, graded=graded, waiting=waiting)


def _about(symbol: str | None) -> ColumnElement[bool]:
    return true() if symbol is None else published.c.symbol == symbol
