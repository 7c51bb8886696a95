"""One database for each test: a file, and where a PostgreSQL answers a schema of its own there."""

import asyncio
import os
import secrets

import pytest

SERVER = os.environ.get("FATHOM_TEST_POSTGRESQL", "postgresql://postgres@127.0.0.1:5432/test")
"""A server whose user may make schemas; tests that need one are skipped where none answers."""


async def on_server(statement):
    import asyncpg

    connection = await asyncpg.connect(SERVER, timeout=3)
    try:
        return await connection.fetch(statement)
    finally:
        await connection.close()


@pytest.fixture(scope="session")
def server():
    asyncpg = pytest.importorskip("asyncpg", reason="the driver of PostgreSQL is not installed")
    try:
        asyncio.run(on_server("SELECT 1"))
    except (OSError, asyncpg.PostgresError) as error:
        pytest.skip(f"no PostgreSQL at {SERVER}: {type(error).__name__} {error}")
    return SERVER


@pytest.fixture
def schema(server):
    name = f"fathom_{secrets.token_hex(6)}"
    asyncio.run(on_server(f"CREATE SCHEMA {name}"))
    yield name
    asyncio.run(on_server(f"DROP SCHEMA {name} CASCADE"))


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    """The address of a database that nobody has made yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'data' / 'fathom.db'}"
    return f"{SERVER}?search_path={request.getfixturevalue('schema')}"
