"""A database → one file, taken while others write, and readable by nobody else.

SQLite copies itself, page by page; of PostgreSQL every row is written down as it is in one transaction.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, TextIO

from bot.storage.errors import BackupError, StorageError, said_plainly
from bot.storage.row_lines import first_line, last_line, row_line
from bot.storage.stored import Person, Stored, stored

if TYPE_CHECKING:
    from pathlib import Path

    from bot.storage.address import Address

_PRIVATE = 0o600
"""It holds what the database holds: who runs the program reads it, and nobody else on the machine."""


async def back_up(address: Address, file: Path) -> str:
    """Write a backup to a file that is not there yet, and return the schema that it holds.

    Raises:
        BackupError: something is there already, or what was written is damaged.
        StorageError: there is no database, a newer program wrote it, or it cannot be read; no file is left.
        OSError: the file cannot be written; none is left.

    """
    with new_file(file) as partial:
        async with stored(address) as found:
            if address.file is not None:
                await asyncio.to_thread(_copy, address.file, partial)
            else:
                with partial.open("w", encoding="utf-8", newline="\n") as out:
                    out.write(first_line(found.revision))
                    rows = await _write_rows(found, out)
                    out.write(last_line(rows))
            return found.revision


async def export(address: Address, out: TextIO, person: Person | None = None) -> int:
    """Write every row, or those about a person, as lines of JSON; return how many.

    Raises:
        StorageError: there is no database, a newer program wrote it, or it cannot be read.
        OSError: it cannot be written.

    """
    async with stored(address) as found:
        return await _write_rows(found, out, person)


async def _write_rows(found: Stored, out: TextIO, person: Person | None = None) -> int:
    rows = 0
    async for row in found.rows(person):
        out.write(row_line(row))
        rows += 1
    return rows


@contextmanager
def new_file(file: Path) -> Iterator[Path]:
    """Give a private file to be written, which gets its name at the end; where that fails, nothing is left.

    Raises:
        BackupError: something of that name is there already.

    """
    try:
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _PRIVATE))  # the name is taken from now on
    except FileExistsError:
        raise BackupError(str(file), "is there already", "Name another file: nothing is overwritten.") from None
    partial = file.with_name(f".{file.name}.{os.getpid()}.partial")
    try:
        os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _PRIVATE))
        yield partial
        with partial.open("rb+") as written:
            os.fsync(written.fileno())
        partial.replace(file)
    except BaseException:
        partial.unlink(missing_ok=True)
        file.unlink(missing_ok=True)
        raise


def _copy(database: Path, file: Path) -> None:
    """Copy a database of SQLite while others write to it, and check the copy."""
    there = f"{database.resolve().as_uri()}?mode=ro"
    with (
        said_plainly(str(database)),
        closing(sqlite3.connect(there, uri=True)) as source,
        closing(sqlite3.connect(file)) as copy,
    ):
        try:
            source.backup(copy)  # in one step: what others write meanwhile goes beside, into the write-ahead log
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname != "SQLITE_FULL":
                raise
            raise BackupError(str(file), "has no space left", "Free some, or name another place.") from None
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, without others beside it
        found = copy.execute("PRAGMA quick_check(1)").fetchone()
    if found != ("ok",):
        raise StorageError(str(database), "is damaged", "Nothing was backed up: an older backup may be whole.")
