"""Where the database is: the setting's text, read once and checked."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from bot.storage.errors import StorageError, file_error

_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
}
_ADVICE = "Write [storage] url as sqlite:///folder/fathom.db or postgresql://user@host/database."
_PRIVATE = 0o600
"""Who runs the program reads the settings of people, and nobody else on the machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A database. place: it in words, without its password; search_path: the schema, where PostgreSQL has several."""

    url: URL
    place: str
    file: Path | None = None
    search_path: str | None = None

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a file on this machine."""
        return self.file is not None

    def make_file(self) -> None:
        """Make the file and its folder where they are missing, readable by nobody else.

        Raises:
            StorageError: they cannot be made.

        """
        if self.file is None:
            return
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            if not self.file.exists():
                os.close(os.open(self.file, os.O_CREAT | os.O_RDWR, _PRIVATE))
        except OSError as error:
            raise file_error(error, self.place) from error


def address_of(text: str) -> Address:
    """Return where a setting says that the database is.

    Raises:
        StorageError: it is no address of a database that can be used.

    """
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):  # the latter of a port that is no number
        raise StorageError("of that address", "cannot be used", _ADVICE) from None
    driver = _DRIVERS.get(url.drivername)
    if driver is None:
        raise StorageError(f"{url.drivername}://…", "is of a kind that cannot be used", _ADVICE)
    url = url.set(drivername=driver)
    if driver == _DRIVERS["sqlite"]:
        if url.database in (None, "", ":memory:") or url.query:
            raise StorageError("in memory", "would be gone with the process", _ADVICE)
        file = Path(url.database or "").expanduser()
        return Address(url=url.set(database=str(file)), place=str(file), file=file)
    search_path = url.query.get("search_path")
    plain = url.difference_update_query(["search_path"])
    place = plain.set(drivername="postgresql", query={}).render_as_string(hide_password=True)
    return Address(url=plain, place=place, search_path=search_path if isinstance(search_path, str) else None)
