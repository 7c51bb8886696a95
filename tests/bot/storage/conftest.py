"""One database for each test: a file, and where a PostgreSQL answers a schema of its own there."""

import asyncio
import os
import secrets
import socket
from contextlib import contextmanager

import asyncpg
import pytest

SERVER = os.environ.get("TEST_POSTGRESQL", "postgresql://postgres@127.0.0.1:5432/test")
"""A server whose user may make schemas; tests that need one are skipped where none answers."""
REQUIRED = os.environ.get("TEST_POSTGRESQL_REQUIRED", "0") not in ("", "0")
"""Whether they fail instead: continuous integration shall not pass without them unnoticed."""


async def on_server(statement):
    connection = await asyncpg.connect(SERVER, timeout=3)
    try:
        return await connection.fetch(statement)
    finally:
        await connection.close()


@pytest.fixture(scope="session")
def server():
    try:
        asyncio.run(on_server("SELECT 1"))
    except (OSError, asyncpg.PostgresError) as error:
        why = f"no PostgreSQL at {SERVER} ({type(error).__name__}); TEST_POSTGRESQL names another"
        if REQUIRED:
            pytest.fail(f"{why}, TEST_POSTGRESQL_REQUIRED=0 goes without", pytrace=False)
        pytest.skip(why)
    return SERVER


@contextmanager
def new_schema():
    name = f"fathom_{secrets.token_hex(6)}"
    asyncio.run(on_server(f"CREATE SCHEMA {name}"))
    yield name
    asyncio.run(on_server(f"DROP SCHEMA {name} CASCADE"))


@pytest.fixture
def schema(server):
    with new_schema() as name:
        yield name


@pytest.fixture
def another_schema(server):
    with new_schema() as name:
        yield name


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    """The address of a database that nobody has made yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'data' / 'fathom.db'}"
    return f"{SERVER}?search_path={request.getfixturevalue('schema')}"


@pytest.fixture(params=["sqlite", "postgresql"])
def another_url(request, tmp_path):
    """The address of a second one, of each kind beside each."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'another' / 'fathom.db'}"
    return f"{SERVER}?search_path={request.getfixturevalue('another_schema')}"


@pytest.fixture
def unused_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]  # bound, and nobody listens
