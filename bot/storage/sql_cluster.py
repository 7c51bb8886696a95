"""Tasks and markets on their way to workers, and results on their way back; nothing here is worth a backup.

The tables belong to no migration: who uses a cluster makes them where they are missing, on PostgreSQL alone. Times are
Unix s.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import BigInteger, Column, LargeBinary, MetaData, Select, String, Table, delete, func, select, update
from sqlalchemy.dialects import postgresql

from bot.storage.database import Database

_PREPARING = 0x66_61_74_68_6F_6F
"""The advisory lock of PostgreSQL under which one process makes the tables."""
_metadata = MetaData()

_task = Table(
    "cluster_task",
    _metadata,
    Column("number", String(32), primary_key=True),
    Column("given", LargeBinary, nullable=False),
    Column("result", LargeBinary),
    Column("until_s", BigInteger, nullable=False),
)
_market = Table(
    "cluster_market",
    _metadata,
    Column("digest", String(64), primary_key=True),
    Column("packed", LargeBinary, nullable=False),
    Column("until_s", BigInteger, nullable=False),
)


class SqlTasks:
    """Tasks in the database. Every method raises StorageError where the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def prepare(self, queue_schema: str) -> None:
        """Make what is missing: these tables, and those of the queue by its own statements."""
        async with self._database.writing() as connection:
            await connection.execute(select(func.pg_advisory_xact_lock(_PREPARING)))
            await connection.run_sync(_metadata.create_all)
            if await connection.scalar(select(func.to_regclass("procrastinate_jobs"))) is None:
                raw = await connection.get_raw_connection()
                await raw.driver_connection.execute(queue_schema)  # type: ignore[union-attr]  # many at once

    async def put_market(self, digest: str, packed: bytes, *, until_s: int) -> None:
        """Keep a market, or the one that is there for longer."""
        held = update(_market).where(_market.c.digest == digest).values(until_s=until_s)
        async with self._database.writing() as connection:
            if (await connection.execute(held)).rowcount == 0:
                row = {"digest": digest, "packed": packed, "until_s": until_s}
                await connection.execute(postgresql.insert(_market).values(row).on_conflict_do_nothing())

    async def market(self, digest: str) -> bytes | None:
        """Return a market, None where it is gone."""
        return await self._one(select(_market.c.packed).where(_market.c.digest == digest))

    async def put(self, number: str, given: bytes, *, until_s: int) -> None:
        """Keep a task."""
        async with self._database.writing() as connection:
            await connection.execute(_task.insert().values(number=number, given=given, until_s=until_s))

    async def given(self, number: str) -> bytes | None:
        """Return what a task gives, None where nobody waits for it any more, or it is done."""
        return await self._one(select(_task.c.given).where(_task.c.number == number, _task.c.result.is_(None)))

    async def finish(self, number: str, result: bytes) -> None:
        """Keep the result of a task."""
        async with self._database.writing() as connection:
            await connection.execute(update(_task).where(_task.c.number == number).values(result=result))

    async def results(self, numbers: Collection[str]) -> dict[str, bytes]:
        """Return the results that are there."""
        done = select(_task.c.number, _task.c.result).where(_task.c.number.in_(numbers), _task.c.result.is_not(None))
        async with self._database.reading() as connection:
            return {row.number: row.result for row in await connection.execute(done)}

    async def drop(self, number: str) -> None:
        """Forget a task: its result was read, or nobody waits for it any more."""
        async with self._database.writing() as connection:
            await connection.execute(delete(_task).where(_task.c.number == number))

    async def tidy(self, now_s: int) -> None:
        """Forget what is over."""
        async with self._database.writing() as connection:
            for table in (_task, _market):
                await connection.execute(delete(table).where(table.c.until_s < now_s))

    async def _one(self, statement: Select[tuple[bytes]]) -> bytes | None:
        async with self._database.reading() as connection:
            found: bytes | None = await connection.scalar(statement)
            return found
