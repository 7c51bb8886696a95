"""The schema brought up to date when a process starts, by one process at a time, as a whole or not at all."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, func, inspect, select
from sqlalchemy.pool import NullPool

from bot.storage.database import BUSY_WAIT_S, engine_for, writing
from bot.storage.errors import NewerSchemaError, said_plainly

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.engine import Connection
    from sqlalchemy.ext.asyncio import AsyncConnection

    from bot.storage.address import Address

_LOCK = 0x66_61_74_68_6F_6D
"""The advisory lock of PostgreSQL that one process holds while it upgrades: "fathom" in letters."""
_RETRY_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgraded:
    """What became of a schema: the revision before, None where there was none, and the one it has now."""

    before: str | None
    after: str


async def upgrade(address: Address) -> Upgraded:
    """Bring the schema up to date, in a thread of its own: the event loop goes on meanwhile.

    Raises:
        NewerSchemaError: a newer program wrote this database.
        StorageError: it cannot be reached, read or written; it is as it was.

    """
    return await asyncio.to_thread(lambda: asyncio.run(_upgraded(address)))


async def _upgraded(address: Address) -> Upgraded:
    async with alone(address) as connection:
        before = await connection.run_sync(revision_in, address.place)
        return Upgraded(before=before, after=await connection.run_sync(migrate))


@asynccontextmanager
async def alone(address: Address) -> AsyncIterator[AsyncConnection]:
    """Open the transaction in which one process at a time changes a schema: as a whole or not at all.

    It blocks the event loop where it waits for a file; what the network refuses inside counts as the database's.

    Raises:
        StorageError: the database cannot be reached, read or written; it is as it was.

    """
    with said_plainly(address.place, reaching=True):
        if address.file is not None:
            _write_ahead(address.file)
        engine = engine_for(address, poolclass=NullPool)
        try:
            async with engine.connect() as connection, writing(connection):  # on SQLite one process at a time is here
                if not address.is_sqlite:
                    await connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
                yield connection
        finally:
            await engine.dispose()


def _write_ahead(file: Path) -> None:
    """Let readers and a writer work side by side, from now on; stays as it is where the file system cannot.

    SQLite does not wait by itself for others that are about to do the same, so this asks again.
    """
    until_s = time.monotonic() + BUSY_WAIT_S
    with closing(sqlite3.connect(file, timeout=BUSY_WAIT_S)) as connection:
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL").fetchall()
            except sqlite3.OperationalError as error:
                if not error.sqlite_errorname.startswith("SQLITE_BUSY") or time.monotonic() > until_s:
                    raise
                time.sleep(_RETRY_S)
            else:
                return


def migrations() -> Config:
    """Return alembic's settings: the revisions that came with this program."""
    config = Config()
    config.set_main_option("script_location", "bot.storage:migrations")
    return config


def newest_revision() -> str:
    """Return the schema of this program."""
    newest = ScriptDirectory.from_config(migrations()).get_current_head()
    assert newest is not None  # noqa: S101 - revisions form one line, which a test holds
    return newest


def knows(revision: str) -> bool:
    """Say whether this program has the schema of that name, or had it once."""
    return revision in _known()


def _known() -> set[str]:
    return {each.revision for each in ScriptDirectory.from_config(migrations()).walk_revisions()}


def revision_in(connection: Connection, place: str) -> str | None:
    """Return the schema that a database has, None where it has none of ours.

    Raises:
        NewerSchemaError: a newer program wrote it.

    """
    found = MigrationContext.configure(connection).get_current_heads()
    known = _known()
    if strange := tuple(sorted(set(found) - known)):
        raise NewerSchemaError(place, strange, max(known))
    return max(found, default=None)


def migrate(connection: Connection, revision: str | None = None) -> str:
    """Bring a database, within its transaction, to a schema, by default the newest; return which one it then has."""
    target = newest_revision() if revision is None else revision
    if revision_in(connection, "") != target:
        command.upgrade(_on(connection), target)
    return target


def empty(connection: Connection) -> None:
    """Drop every table of ours and what is in them, within the transaction of the connection."""
    command.downgrade(_on(connection), "base")


def _on(connection: Connection) -> Config:
    config = migrations()
    config.attributes["connection"] = connection
    return config


def names_at(revision: str) -> tuple[str, ...]:
    """Return the tables of a schema, found by making it: other tables of the same database are none of ours."""
    engine = create_engine("sqlite://", poolclass=NullPool)
    with engine.begin() as connection:
        migrate(connection, revision)
        return tuple(name for name in inspect(connection).get_table_names() if name != "alembic_version")


async def is_up_to_date(address: Address) -> bool:
    """Say whether a database that is there has the schema of this program; nothing is changed.

    Raises:
        StorageError: it cannot be reached or read.

    """
    return await asyncio.to_thread(lambda: asyncio.run(_is_up_to_date(address)))


async def _is_up_to_date(address: Address) -> bool:
    engine = engine_for(address, poolclass=NullPool)
    try:
        with said_plainly(address.place, reaching=True):
            async with engine.connect() as connection:
                found = await connection.run_sync(lambda each: MigrationContext.configure(each).get_current_heads())
    finally:
        await engine.dispose()
    return set(found) == set(ScriptDirectory.from_config(migrations()).get_heads())
