"""A PostgreSQL as in the tests of the storage."""

import pytest

from tests.bot.storage.conftest import SERVER, schema, server

__all__ = ["schema", "server", "shared_url"]


@pytest.fixture
def shared_url(schema):
    """The address of a database that several processes share, and that nobody has made yet."""
    return f"{SERVER}?search_path={schema}"
