"""A backup is taken while others write, is private, and gives back every row, on either kind of database."""

import asyncio
import json
import os
import sqlite3
import stat
from contextlib import closing

import pytest
from sqlalchemy import insert, select, text

from bot.storage.address import address_of
from bot.storage.backup import back_up
from bot.storage.errors import BackupError, NewerSchemaError, StorageError
from bot.storage.restore import restore
from bot.storage.tables import metadata, published
from bot.storage.upgrade import alone, migrate, newest_revision
from tests.bot.storage.made_database import read, with_database, write
from tests.bot.storage.made_preferences import everything
from tests.bot.storage.made_rows import a_row, rows_about

PEOPLE = (7_777_777, 8_888_888)
NEWEST = newest_revision()


@pytest.fixture
def file(tmp_path):
    return tmp_path / "fathom.backup"


def backed_up(url, file):
    return asyncio.run(back_up(address_of(url), file))


def restored(file, url):
    return asyncio.run(restore(file, address_of(url)))


def filled(url):
    """Rows about two people in every table; returns every row."""

    async def work(database):
        await rows_about(database, *PEOPLE)
        return await everything(database)

    return with_database(url, work)


def held(url):
    return with_database(url, everything)


# --- there and back --------------------------------------------------------------------------------------------------


def test_a_database_of_either_kind_comes_back_in_either_kind_row_by_row(url, another_url, file):
    before = filled(url)
    assert backed_up(url, file) == NEWEST
    done = restored(file, another_url)
    assert held(another_url) == before
    assert done.rows == len(PEOPLE) * len(metadata.tables)
    assert (done.before, done.after) == (NEWEST, NEWEST)


def test_values_that_text_cannot_hold_plainly_come_back_as_they_were(url, another_url, file):
    odd = {"findings": 'é"\\\n{}  \u2028 \U0001f30a \x7f', "symbol": "1000PEPE", "asked": "", "source": "ü"}

    async def fill(database):
        async with database.writing() as connection:
            await connection.execute(insert(published).values(as_of_s=2**62, **odd))
            row = a_row(metadata.tables["alert"], 1) | {"threshold": 0.1 + 0.2, "topic_id": None, "silent": False}
            await connection.execute(insert(metadata.tables["alert"]).values(row))
        return await everything(database)

    before = with_database(url, fill)
    backed_up(url, file)
    restored(file, another_url)
    assert held(another_url) == before


def test_what_is_added_after_a_restoring_gets_numbers_of_its_own(url, another_url, file):
    filled(url)
    backed_up(url, file)
    restored(file, another_url)

    async def add(database):
        async with database.writing() as connection:
            row = {name: value for name, value in a_row(published, 9).items() if name != "id"}
            await connection.execute(insert(published).values(row))
        return await read(database, select(published.c.id).order_by(published.c.id))

    assert with_database(another_url, add) == [(7_777_777,), (8_888_888,), (8_888_889,)]


async def with_schema(url, revision):
    """A database as an older program left it, with one row."""
    address = address_of(url)
    address.make_file()
    async with alone(address) as connection:
        await connection.run_sync(migrate, revision)
        await connection.execute(
            text("INSERT INTO person_preference (platform, user_id, theme) VALUES ('telegram', 7, 'light')")
        )


def test_a_backup_of_an_older_schema_is_brought_up_to_date_where_it_is_restored(url, another_url, file):
    asyncio.run(with_schema(url, "0001"))
    assert backed_up(url, file) == "0001"
    done = restored(file, another_url)
    assert (done.rows, done.before, done.after) == (1, "0001", NEWEST)
    after = held(another_url)
    assert [row[:2] for row in after.pop("person_preference")] == [("telegram", 7)]
    assert not any(after.values())


def test_a_database_that_was_made_and_never_used_takes_a_backup(url, another_url, file):
    before = filled(url)
    backed_up(url, file)
    with_database(another_url, lambda database: read(database, text("SELECT 1")))
    restored(file, another_url)
    assert held(another_url) == before


# --- the moment of a backup ------------------------------------------------------------------------------------------


def test_a_backup_holds_one_moment_while_others_write(url, another_url, file):
    """Each transaction adds a pair: no moment knows half of one."""

    async def add_pairs(database):
        for number in range(0, 4_000, 2):
            async with database.writing() as connection:
                for user in (number, number + 1):
                    row = a_row(metadata.tables["person_preference"], user)
                    await connection.execute(insert(metadata.tables["person_preference"]).values(row))
            await asyncio.sleep(0)

    async def work(database):
        adding = asyncio.create_task(add_pairs(database))
        taken = []
        for attempt in range(3):
            await asyncio.sleep(0.2)
            assert not adding.done()
            taken.append(file.with_suffix(f".{attempt}"))
            await back_up(address_of(url), taken[-1])
        adding.cancel()
        await asyncio.gather(adding, return_exceptions=True)
        return taken

    taken = with_database(url, work)
    rows = restored(taken[-1], another_url).rows
    assert rows > 0
    assert rows % 2 == 0
    sizes = [path.stat().st_size for path in taken]
    assert sizes == sorted(sizes)


# --- the file --------------------------------------------------------------------------------------------------------


def test_nobody_else_may_read_a_backup_and_nothing_lies_beside_it(url, file):
    filled(url)
    backed_up(url, file)
    if os.name == "posix":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir() if path.name.startswith((".", file.name))] == [file.name]


def test_nothing_is_overwritten(url, file):
    filled(url)
    file.write_text("mine")
    with pytest.raises(BackupError, match=r"is there already\. Name another file"):
        backed_up(url, file)
    assert file.read_text() == "mine"


def test_where_there_is_no_database_none_is_made_and_no_file_is_left(url, file):
    with pytest.raises(StorageError, match=r"(is not there|holds nothing of Fathom yet)\. fathom db upgrade"):
        backed_up(url, file)
    assert [path.name for path in file.parent.iterdir()] == []


def test_a_database_of_a_newer_program_is_refused_and_no_file_is_left(url, file):
    filled(url)
    with_database(url, grow_old)
    with pytest.raises(NewerSchemaError, match="has schema 9999"):
        backed_up(url, file)
    assert not file.exists()


async def grow_old(database):
    async with database.writing() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))


def test_a_damaged_database_leaves_no_backup_that_cannot_be_restored(tmp_path, file):
    database = tmp_path / "fathom.db"
    filled(f"sqlite:///{database}")
    with closing(sqlite3.connect(database)) as connection:
        root = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'published'").fetchone()[0]
        size = connection.execute("PRAGMA page_size").fetchone()[0]
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(database.read_bytes())
    content[(root - 1) * size : root * size] = b"\xff" * size
    database.write_bytes(content)
    with pytest.raises(StorageError, match="is damaged"):
        backed_up(f"sqlite:///{database}", file)
    assert not file.exists()


# --- what cannot be restored -----------------------------------------------------------------------------------------


def test_a_database_that_holds_something_takes_no_backup_and_stays_as_it_is(url, another_url, file):
    filled(url)
    backed_up(url, file)
    with_database(another_url, lambda database: write(database, theme="dark"))
    before = held(another_url)
    with pytest.raises(StorageError, match=r"holds something already\. Restore into one that is new"):
        restored(file, another_url)
    assert held(another_url) == before


HEAD = f'{{"fathom": "backup", "format": 1, "schema": "{NEWEST}"}}\n'
LEASE = '{"table": "lease", "row": {"name": "x", "holder": "y", "until_s": 1}}\n'


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "a part of it is missing"),
        (HEAD, "a part of it is missing"),
        (HEAD + LEASE, "a part of it is missing"),
        (HEAD + LEASE + '{"table": "lea', "a part of it is missing"),
        (HEAD + LEASE + '{"end": 2}\n', "it holds 1 rows where its last line counts 2"),
        (HEAD + LEASE + '{"end": 1}\n' + LEASE, "it goes on behind its last line, 3"),
        (HEAD + "[]\n", "its line 2 is no JSON object"),
        (HEAD + "{}\n", "its line 2 is no row"),
        (LEASE, "its first line is not that of a backup"),
        ("hello\n", "its line 1 is no JSON object"),
        (HEAD.replace(": 1", ": 2"), "it is of format 2, and this program knows format 1"),
        (HEAD.replace(NEWEST, "9999"), f"has schema 9999, and this program knows no later one than {NEWEST}. Install"),
        (HEAD + LEASE.replace('"lease"', '"secret_table"'), "has a row that fits no table (secret_table)"),
        (HEAD + LEASE.replace('"until_s"', '"until"'), "has a row that fits no table (lease)"),
        (HEAD + LEASE + LEASE + '{"end": 2}\n', "refused"),
        ("\udcff\udcfe", "neither text nor of SQLite"),
    ],
)
def test_what_is_no_whole_backup_is_said_and_leaves_the_database_empty(another_url, file, content, sentence):
    file.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(StorageError) as refused:
        restored(file, another_url)
    assert sentence in str(refused.value)
    assert str(refused.value).startswith("The backup" if sentence != "refused" else "The database")
    assert not any(held(another_url).values())


def test_a_damaged_backup_of_sqlite_is_said_to_be_one(tmp_path, another_url, file):
    file.write_bytes(b"SQLite format 3\x00" + b"\xff" * 5_000)
    with pytest.raises(BackupError, match=r"The backup .*fathom\.backup is damaged.*Name a file"):
        restored(file, another_url)


def test_a_database_of_sqlite_that_is_none_of_ours_is_no_backup(another_url, file):
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE other (name TEXT)")
    with pytest.raises(BackupError, match="holds nothing of Fathom yet"):
        restored(file, another_url)


def test_tables_of_others_in_the_same_database_are_neither_taken_nor_touched(url, another_url, file):
    async def add_others(database):
        async with database.writing() as connection:
            await connection.execute(text("CREATE TABLE other (name TEXT)"))
            await connection.execute(text("INSERT INTO other VALUES ('kept')"))

    with_database(url, add_others)
    with_database(another_url, add_others)
    backed_up(url, file)
    assert restored(file, another_url).rows == 0
    assert with_database(another_url, lambda each: read(each, text("SELECT name FROM other"))) == [("kept",)]


def test_a_backup_of_a_server_is_lines_of_json(server, schema, file):
    filled(f"{server}?search_path={schema}")
    backed_up(f"{server}?search_path={schema}", file)
    first, *rows, last = map(json.loads, file.read_text(encoding="utf-8").splitlines())
    assert first == {"fathom": "backup", "format": 1, "schema": NEWEST}
    assert last == {"end": len(rows)}
    assert {row["table"] for row in rows} == set(metadata.tables)
