"""Databases as in the tests of the storage."""

from tests.bot.storage.conftest import schema, server, url

__all__ = ["schema", "server", "url"]
