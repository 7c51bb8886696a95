"""The queue between who asks and who works: procrastinate on the same PostgreSQL, told of new tasks at once."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import procrastinate
from procrastinate.schema import SchemaManager
from psycopg.conninfo import make_conninfo
from psycopg_pool import AsyncConnectionPool

if TYPE_CHECKING:
    from bot.storage.address import Address

QUEUE, TASK = "fathom", "fathom.work"
MOST_CONNECTIONS = 4


def task_queue(address: Address) -> procrastinate.App:
    """Return the queue on the database at an address; nothing is connected yet."""
    url = address.url
    schema = {} if address.search_path is None else {"options": f"-c search_path={address.search_path}"}
    ssl = {} if "ssl" not in url.query else {"sslmode": str(url.query["ssl"])}
    place = make_conninfo(
        host=url.host, port=url.port, user=url.username, password=url.password, dbname=url.database, **schema, **ssl
    )
    for name in ("procrastinate", "psycopg.pool"):  # they log every job, and tracebacks while a server is away
        logging.getLogger(name).setLevel(logging.CRITICAL)
    connector = procrastinate.PsycopgConnector(
        pool_factory=AsyncConnectionPool, conninfo=place, min_size=1, max_size=MOST_CONNECTIONS
    )
    return procrastinate.App(connector=connector)


def schema_of(queue: procrastinate.App) -> str:
    """Return the statements that make the queue's own tables."""
    return SchemaManager(connector=queue.connector).get_schema()


async def put(queue: procrastinate.App, number: str) -> None:
    """Let a worker take a task.

    Raises:
        procrastinate.exceptions.ConnectorException: the server cannot be asked.

    """
    await queue.configure_task(TASK, queue=QUEUE).defer_async(number=number)
