"""The database of a process: opened once, brought up to date, and used in short transactions.

Everything is said in SQLAlchemy Core that SQLite and PostgreSQL both understand; what differs between them (how a
transaction begins, who waits for whom) is said here.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from sqlalchemy import Insert, Table, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.storage.address import Address, address_of
from bot.storage.errors import StorageError, said_plainly

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.engine import Connection, Dialect
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry, Pool

BUSY_WAIT_S = 10.0
"""How long one waits for another process that writes: a transaction here takes milliseconds (own assumption)."""
POOL_SIZE = 5
_WRITES = "fathom_writes"
_NO_DRIVER = "Install it: pip install 'fathom-liq[postgresql]'."


class Database:
    """A database that is open; lives on one event loop, together with any number of other processes."""

    def __init__(self, engine: AsyncEngine, address: Address) -> None:
        self._engine = engine
        self._address = address
        self._turn = asyncio.Lock() if address.is_sqlite else nullcontext()

    @classmethod
    async def open(cls, url: str) -> Database:
        """Return the database at an address, made where there is none, with the schema of this program.

        Raises:
            StorageError: it cannot be reached, read or written, or a newer program wrote it.

        """
        address = address_of(url)
        await asyncio.to_thread(address.make_file)
        from bot.storage.upgrade import upgrade  # alembic is for the start of a process alone

        await upgrade(address)
        return cls(engine_for(address), address)

    @property
    def place(self) -> str:
        """Where it is, without its password."""
        return self._address.place

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that only reads, and sees the database at one moment.

        Raises:
            StorageError: the database fails; what is raised inside and is none of its errors passes.

        """
        async with self._connected() as connection:
            with said_plainly(self.place):
                async with connection.begin():
                    yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that writes: stored as a whole where the block ends, not at all where it raises.

        SQLite has one writer at a time: people of this process queue here, in order, and wait for no more than
        `BUSY_WAIT_S` for other processes.

        Raises:
            StorageError: the database fails, and nothing was stored.

        """
        async with self._turn, self._connected() as connection:
            with said_plainly(self.place):
                async with writing(connection):
                    yield connection

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[AsyncConnection]:
        with said_plainly(self.place, reaching=True):
            connection = await self._engine.connect()
        async with aclosing(connection):
            yield connection


@asynccontextmanager
async def writing(connection: AsyncConnection) -> AsyncIterator[None]:
    """Begin as a writer: SQLite then never fails halfway because another process wrote first."""
    await connection.execution_options(**{_WRITES: True})
    async with connection.begin():
        yield


def engine_for(address: Address, *, poolclass: type[Pool] | None = None) -> AsyncEngine:
    """Return the library's engine for an address; nothing is connected yet.

    Raises:
        StorageError: the driver is not installed.

    """
    options: dict[str, Any] = {"poolclass": poolclass} if poolclass is not None else {"pool_size": POOL_SIZE}
    if address.is_sqlite:
        options["connect_args"] = {"timeout": BUSY_WAIT_S}
    else:
        schema = {} if address.search_path is None else {"search_path": address.search_path}
        options |= {"connect_args": {"timeout": BUSY_WAIT_S, "server_settings": schema}, "pool_pre_ping": True}
    try:
        engine = create_async_engine(address.url, hide_parameters=True, **options)  # no log shows people's settings
    except ModuleNotFoundError:
        raise StorageError(address.place, "needs a driver that is not installed", _NO_DRIVER) from None
    if address.is_sqlite:
        logging.getLogger("aiosqlite").setLevel(logging.INFO)  # below that it logs what is written
        event.listen(engine.sync_engine, "connect", _sqlite_connected)
        event.listen(engine.sync_engine, "begin", _sqlite_began)
    return engine


def _sqlite_connected(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    """Leave transactions to `_sqlite_began`: Python's driver would begin them late, and as readers."""
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA secure_delete = ON")  # what is forgotten is not left in unused parts of the file
    cursor.close()


def _sqlite_began(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def put(table: Table, key: Mapping[str, object], values: Mapping[str, object], dialect: Dialect) -> Insert:
    """Return the statement that sets `values` in the row of `key`, which is made where there is none."""
    if dialect.name == "sqlite":
        into_file = sqlite.insert(table).values({**key, **values})
        return into_file.on_conflict_do_update(index_elements=list(key), set_=dict(values))
    into_server = postgresql.insert(table).values({**key, **values})
    return into_server.on_conflict_do_update(index_elements=list(key), set_=dict(values))


def put_if_new(table: Table, dialect: Dialect) -> Insert:
    """Return the statement that adds rows, and leaves out what would be a second one of the same key."""
    if dialect.name == "sqlite":
        return sqlite.insert(table).on_conflict_do_nothing()
    return postgresql.insert(table).on_conflict_do_nothing()
