"""The schema brought up to date when a process starts, by one process at a time, as a whole or not at all."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import func, select
from sqlalchemy.pool import NullPool

from bot.storage.database import BUSY_WAIT_S, engine_for, writing
from bot.storage.errors import NewerSchemaError, said_plainly

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.engine import Connection

    from bot.storage.address import Address

_LOCK = 0x66_61_74_68_6F_6D
"""The advisory lock of PostgreSQL that one process holds while it upgrades: "fathom" in letters."""
_RETRY_S = 0.05


async def upgrade(address: Address) -> None:
    """Bring the schema up to date, in a thread of its own: the event loop goes on meanwhile.

    Raises:
        NewerSchemaError: a newer program wrote this database.
        StorageError: it cannot be reached, read or written; it is as it was.

    """
    await asyncio.to_thread(_upgrade, address)


def _upgrade(address: Address) -> None:
    with said_plainly(address.place, reaching=True):
        if address.file is not None:
            _write_ahead(address.file)
        asyncio.run(_upgraded(address))


async def _upgraded(address: Address) -> None:
    engine = engine_for(address, poolclass=NullPool)
    try:
        async with engine.connect() as connection, writing(connection):  # on SQLite one process at a time is here
            if not address.is_sqlite:
                await connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
            await connection.run_sync(_migrate, address.place)
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


def _migrate(connection: Connection, place: str) -> None:
    config = migrations()
    config.attributes["connection"] = connection
    script = ScriptDirectory.from_config(config)
    known = {revision.revision for revision in script.walk_revisions()}
    found = MigrationContext.configure(connection).get_current_heads()
    if strange := tuple(sorted(set(found) - known)):
        raise NewerSchemaError(place, strange, max(known))
    if set(found) != set(script.get_heads()):
        command.upgrade(config, "head")


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
