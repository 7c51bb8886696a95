"""All that a database holds, seen at one moment and row by row: what exports and backups are made from.

Only our tables are read, as the schema that the database has names them; nothing is changed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import MetaData, Table, select
from sqlalchemy.pool import NullPool

from bot.personal_data import KEPT
from bot.storage.database import engine_for
from bot.storage.errors import StorageError, said_plainly
from bot.storage.forgetting import about
from bot.storage.upgrade import names_at, revision_in

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection
    from sqlalchemy.ext.asyncio import AsyncConnection

    from bot.storage.address import Address

_NOTHING = "holds nothing of Fathom yet"
_MAKE = "fathom db upgrade or fathom serve makes it; or check [storage] url."


@dataclass(frozen=True, slots=True)
class Row:
    """One row: of which table, and its values by column."""

    table: str
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody, as a platform numbers people."""

    platform: str
    user: int


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """A database within a transaction that only reads; tables: ours, those that others refer to first."""

    revision: str
    tables: tuple[Table, ...]
    connection: AsyncConnection

    async def rows(self, person: Person | None = None) -> AsyncIterator[Row]:
        """Yield every row, table after table and in order of the keys; of a person what /forget_me would delete."""
        personal = {kept.table for kept in KEPT if kept.is_personal}
        for table in self.tables:
            wanted = select(table).order_by(*table.primary_key)
            if person is not None:
                if table.name not in personal:
                    continue
                wanted = wanted.where(about(table, person.platform, person.user))
            async with self.connection.stream(wanted) as found:
                async for row in found.mappings():
                    yield Row(table.name, dict(row))


@asynccontextmanager
async def stored(address: Address) -> AsyncIterator[Stored]:
    """Open a database to be read as it is at this moment, whatever others write meanwhile.

    Raises:
        NewerSchemaError: a newer program wrote it.
        StorageError: there is none, or it cannot be reached or read.

    """
    place = address.place
    if address.file is not None and not address.file.exists():
        raise StorageError(place, "is not there", _MAKE)
    engine = engine_for(address, poolclass=NullPool)
    try:
        with said_plainly(place, reaching=True):
            connection = await engine.connect()
        try:
            with said_plainly(place):
                if not address.is_sqlite:
                    await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
                async with connection.begin():
                    yield await _read(connection, place)
        finally:
            await connection.close()
    finally:
        await engine.dispose()


async def _read(connection: AsyncConnection, place: str) -> Stored:
    revision = await connection.run_sync(revision_in, place)
    if revision is None:
        raise StorageError(place, _NOTHING, _MAKE)
    return Stored(revision, await connection.run_sync(tables_in, names_at(revision)), connection)


def tables_in(connection: Connection, names: tuple[str, ...]) -> tuple[Table, ...]:
    """Return these tables as the database has them, those that others refer to first."""
    found = MetaData()
    found.reflect(connection, only=names)
    return tuple(found.sorted_tables)
