"""A database in a file: made for nobody else to read, and every fault of file, folder and disk said plainly."""

import asyncio
import os
import sqlite3
import stat
import tempfile
import time
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select, text

from bot.faults import fault_of
from bot.storage import database as database_module
from bot.storage.database import put
from bot.storage.errors import StorageBusyError, StorageError
from bot.storage.tables import person_preference
from tests.bot.storage.made_database import SOMEBODY, read, with_database, write

NOBODY = 65_534
"""A user that owns nothing, by the number it has on every Unix."""


@pytest.fixture
def file(tmp_path):
    return tmp_path / "deep" / "down" / "fathom.db"


def opened(file):
    return with_database(f"sqlite:///{file}", lambda database: read(database, select(person_preference)))


def pragma(file, name):
    async def ask(database):
        return await read(database, text(f"PRAGMA {name}"))

    return with_database(f"sqlite:///{file}", ask)[0][0]


def test_the_file_is_made_with_its_folders_for_nobody_else_to_read(file):
    opened(file)
    if os.name == "posix":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_every_connection_checks_references_and_lets_readers_go_on(file):
    assert (pragma(file, "foreign_keys"), pragma(file, "journal_mode")) == (1, "wal")


@contextmanager
def permissions_count(*paths):
    """Permissions mean nothing to the superuser, who therefore becomes the owner of the paths, and nobody else."""
    if os.name != "posix":
        pytest.skip("Windows knows no permissions of this kind")
    if os.geteuid() != 0:
        yield
        return
    for path in paths:
        os.chown(path, NOBODY, -1)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_folder():
    """A folder in which everybody may look; those above tmp_path let nobody else in."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.parametrize("garbage", [b"this is no database at all" * 200, b"SQLite format 3\x00" + b"\xff" * 5_000])
def test_a_damaged_file_is_said_plainly_and_left_as_it_is(tmp_path, garbage):
    file = tmp_path / "fathom.db"
    file.write_bytes(garbage)
    with pytest.raises(StorageError, match=r"fathom\.db is damaged.*Nothing in it was changed") as refused:
        opened(file)
    assert file.read_bytes() == garbage
    assert fault_of(refused.value).error_id is None


def test_damage_that_is_met_later_is_said_plainly(file):
    with_database(f"sqlite:///{file}", lambda database: write(database, theme="light"))
    damaged = bytearray(file.read_bytes())
    damaged[4_096:] = b"\xff" * (len(damaged) - 4_096)
    file.write_bytes(damaged)
    with pytest.raises(StorageError, match="is damaged"):
        with_database(f"sqlite:///{file}", lambda database: read(database, select(person_preference)))


def test_a_folder_in_place_of_the_file_is_said_plainly(tmp_path):
    with pytest.raises(StorageError, match="cannot be opened"):
        opened(tmp_path)


def test_a_file_in_place_of_the_folder_is_said_plainly(tmp_path):
    (tmp_path / "data").write_text("a file")
    with pytest.raises(StorageError, match=r"cannot be made.*Check \[storage\] url"):
        opened(tmp_path / "data" / "fathom.db")


def test_a_file_that_may_not_be_written_can_be_read_and_a_change_says_why(open_folder):
    file = open_folder / "fathom.db"
    with_database(f"sqlite:///{file}", lambda database: write(database, theme="light"))
    file.chmod(0o400)

    async def work(database):
        with pytest.raises(StorageError, match=r"cannot be written\. Check the permissions"):
            await write(database, theme="dark")
        return await read(database, select(person_preference.c.theme))

    with permissions_count(open_folder, file):
        assert with_database(f"sqlite:///{file}", work) == [("light",)]


def test_a_folder_that_may_not_be_written_is_said_plainly(open_folder):
    open_folder.chmod(0o500)
    with permissions_count(open_folder), pytest.raises(StorageError, match="cannot be made"):
        opened(open_folder / "fathom.db")
    open_folder.chmod(0o700)


def test_a_disk_that_became_read_only_is_said_plainly_and_can_still_be_read(file):
    async def work(database):
        await write(database, theme="light")
        async with database._engine.connect() as connection:  # the one that is used again
            await connection.exec_driver_sql("PRAGMA query_only = ON")
        with pytest.raises(StorageError, match=r"cannot be written\. Check the permissions"):
            await write(database, theme="dark")
        return await read(database, select(person_preference.c.theme))

    assert with_database(f"sqlite:///{file}", work) == [("light",)]


def test_a_database_that_another_process_holds_is_said_plainly(file, monkeypatch):
    opened(file)
    monkeypatch.setattr(database_module, "BUSY_WAIT_S", 0.2)
    with closing(sqlite3.connect(file)) as other:
        other.execute("BEGIN IMMEDIATE")
        began_s = time.monotonic()
        with pytest.raises(StorageBusyError, match=r"is being written by another process\. Try again in a minute"):
            opened(file)
        assert time.monotonic() - began_s < 5
    assert opened(file) == []


def test_who_holds_it_shortly_is_waited_for(file):
    async def work(database):
        with closing(sqlite3.connect(file, check_same_thread=False)) as other:
            other.execute("BEGIN IMMEDIATE")
            asyncio.get_running_loop().call_later(0.3, other.rollback)
            await write(database, theme="light")
        return await read(database, select(person_preference.c.theme))

    assert with_database(f"sqlite:///{file}", work) == [("light",)]


async def write_many(database):
    async with database.writing() as connection:
        for number in range(5_000):
            key = {**SOMEBODY, "user_id": number}
            await connection.execute(put(person_preference, key, {"theme": "dark"}, connection.dialect))


def test_a_full_disk_is_said_plainly_and_nothing_is_lost(file):
    async def work(database):
        await write(database, theme="light")
        async with database._engine.connect() as connection:
            pages = (await connection.exec_driver_sql("PRAGMA page_count")).scalar()
            await connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StorageError, match="has no space left"):
            await write_many(database)
        return await read(database, select(person_preference.c.theme))

    assert with_database(f"sqlite:///{file}", work) == [("light",)]
