"""What answers published, in the database: written once, never changed, and named by its number."""

from __future__ import annotations

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.reports.publications import Published
from bot.storage.database import Database, put_if_new
from bot.storage.findings_text import findings_of, text_of
from bot.storage.tables import published
from engine.findings import Findings


async def publish(connection: AsyncConnection, findings: Findings, *, asked: str) -> int:
    """Return the number of these findings, kept now unless they were; asked: model, window and venue asked for."""
    key = {"symbol": findings.symbol, "asked": asked, "source": findings.source, "as_of_s": findings.as_of_s}
    row = {**key, "findings": text_of(findings)}
    await connection.execute(put_if_new(published, connection.dialect).values(row))
    same = and_(*(published.c[name] == value for name, value in key.items()))
    number: int = (await connection.execute(select(published.c.id).where(same))).scalar_one()
    return number


class SqlPublished:
    """Everything that was published, by all processes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, findings: Findings, *, asked: str) -> int:
        """Keep findings, and return their number: the same each time.

        Raises:
            StorageError: the database fails; nothing was kept.

        """
        async with self._database.writing() as connection:
            return await publish(connection, findings, asked=asked)

    async def find(self, number: int) -> Published | None:
        """Return what was published under a number, None where there is nothing, or nothing that can be read any more.

        Raises:
            StorageError: the database fails.

        """
        wanted = select(published.c.asked, published.c.findings).where(published.c.id == number)
        async with self._database.reading() as connection:
            row = (await connection.execute(wanted)).one_or_none()
        if row is None:
            return None
        try:
            return Published(number=number, asked=row.asked, findings=findings_of(row.findings))
        except ValueError:  # a program of another time wrote it
            return None
