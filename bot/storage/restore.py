"""A backup, of SQLite or PostgreSQL → an empty database of either kind; as a whole or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Table, func, insert, select
from sqlalchemy.engine import URL

from bot.storage.address import Address
from bot.storage.errors import BackupError, NewerSchemaError, StorageError, said_plainly
from bot.storage.row_lines import RowLinesError, revision_of, rows_of
from bot.storage.stored import Row, stored, tables_in
from bot.storage.upgrade import alone, empty, knows, migrate, names_at, newest_revision, revision_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy.engine import Connection
    from sqlalchemy.ext.asyncio import AsyncConnection

_SQLITE = b"SQLite format 3\x00"
"""How a file of SQLite begins, https://sqlite.org/fileformat.html."""
_BATCH = 500
"""Rows that are stored at once (own assumption)."""
_NEWER = "Install the newer Fathom that wrote it; nothing was restored."
_OTHER = "Name a file that fathom db backup wrote; nothing was restored."


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What was restored: rows, the schema they were backed up with, and the one that they have now."""

    rows: int
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that is open: its schema, and its rows, those that others refer to first."""

    revision: str
    rows: AsyncIterator[Row]


async def restore(file: Path, address: Address) -> Restored:
    """Put what a backup holds into a database that holds nothing yet, and bring it up to date.

    Raises:
        BackupError: the file is no backup, is damaged or not whole, or a newer program wrote it.
        StorageError: the database holds something, or cannot be reached or written; it is as it was.

    """
    async with _opened(file) as backup:
        await asyncio.to_thread(address.make_file)
        names = names_at(backup.revision)
        async with alone(address) as connection:
            await connection.run_sync(_make_room, address.place)
            await connection.run_sync(migrate, backup.revision)
            tables = {table.name: table for table in await connection.run_sync(tables_in, names)}
            rows = await _fill(connection, tables, backup.rows, file)
            await connection.run_sync(_count_on, tuple(tables.values()))
            after = await connection.run_sync(migrate)
    return Restored(rows=rows, before=backup.revision, after=after)


def _make_room(connection: Connection, place: str) -> None:
    """Leave nothing of ours in a database: its schema may be another one than the backup's.

    Raises:
        StorageError: it holds something.

    """
    revision = revision_in(connection, place)
    if revision is None:
        return
    for table in tables_in(connection, names_at(revision)):
        if connection.execute(select(table).limit(1)).first() is not None:
            raise StorageError(place, "holds something already", "Restore into one that is new; nothing was changed.")
    empty(connection)


async def _fill(connection: AsyncConnection, tables: dict[str, Table], rows: AsyncIterator[Row], file: Path) -> int:
    """Store the rows, many of one table at once; return how many there were."""
    count = 0
    waiting: list[Row] = []
    async for row in rows:
        table = tables.get(row.table)
        if table is None or set(row.values) != set(table.columns.keys()):
            raise BackupError(str(file), f"has a row that fits no table ({row.table})", _OTHER)
        if waiting and (row.table != waiting[0].table or len(waiting) == _BATCH):
            await _store(connection, tables, waiting)
            waiting = []
        waiting.append(row)
        count += 1
    if waiting:
        await _store(connection, tables, waiting)
    return count


async def _store(connection: AsyncConnection, tables: dict[str, Table], rows: list[Row]) -> None:
    await connection.execute(insert(tables[rows[0].table]), [row.values for row in rows])


def _count_on(connection: Connection, tables: tuple[Table, ...]) -> None:
    """Let PostgreSQL give numbers behind those that were restored; SQLite does so by itself."""
    if connection.dialect.name != "postgresql":
        return
    for table in tables:
        if "id" in table.columns:
            last = connection.scalar(select(func.max(table.c.id)))
            if last is not None:
                connection.execute(select(func.setval(func.pg_get_serial_sequence(table.name, "id"), last)))


@asynccontextmanager
async def _opened(file: Path) -> AsyncIterator[Backup]:
    """Open a backup of either kind.

    Raises:
        BackupError: it is none, is damaged, or a newer program wrote it.

    """
    with _said_of(file), file.open("rb") as content:
        is_sqlite = content.read(len(_SQLITE)) == _SQLITE
    if is_sqlite:
        url = URL.create("sqlite+aiosqlite", database=str(file))
        with _said_of(file):
            async with stored(Address(url=url, place=str(file), file=file)) as found:
                yield Backup(found.revision, _each(found.rows(), file))
        return
    with _said_of(file), file.open(encoding="utf-8") as lines:
        revision = revision_of(next(lines, ""))
        if not knows(revision):
            raise NewerSchemaError(str(file), (revision,), newest_revision())
        yield Backup(revision, _each(_later(rows_of(lines)), file))


async def _later(rows: Iterator[Row]) -> AsyncIterator[Row]:
    for row in rows:
        yield row


async def _each(rows: AsyncIterator[Row], file: Path) -> AsyncIterator[Row]:
    """Yield the rows of a backup; what goes wrong with it is not said of the database that they go to."""
    with _said_of(file), said_plainly(str(file)):
        async for row in rows:
            yield row


@contextmanager
def _said_of(file: Path) -> Iterator[None]:
    """Turn what is wrong with a backup into a sentence about it; what is said of another place passes."""
    try:
        yield
    except RowLinesError as error:
        raise BackupError(str(file), f"cannot be restored: {error}", _OTHER) from None
    except UnicodeDecodeError:
        raise BackupError(str(file), "cannot be restored: it is neither text nor of SQLite", _OTHER) from None
    except NewerSchemaError as error:
        if error.place != str(file):
            raise
        raise BackupError(str(file), error.problem, _NEWER) from None
    except StorageError as error:
        if error.place != str(file):
            raise
        raise BackupError(str(file), error.problem, _OTHER) from None
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise BackupError(str(file), f"cannot be read: {reason}", _OTHER) from None
