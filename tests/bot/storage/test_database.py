"""The database: made, brought up to date by many at once, and said plainly when it cannot."""

import asyncio
import logging
import os
import secrets
import sqlite3
import stat
import subprocess
import sys
import time
from contextlib import closing

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import delete, func, inspect, select, text

from bot.faults import fault_of
from bot.personal_data import KEPT
from bot.storage import database as database_module
from bot.storage.address import address_of
from bot.storage.database import Database, put
from bot.storage.errors import NewerSchemaError, StorageBusyError, StorageError
from bot.storage.tables import metadata, person_preference
from bot.storage.upgrade import migrations

SOMEBODY = {"platform": "telegram", "user_id": 7}


def with_database(url, work):
    async def run():
        database = await Database.open(url)
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(run())


async def read(database, statement):
    async with database.reading() as connection:
        return (await connection.execute(statement)).all()


async def write(database, user=7, **values):
    async with database.writing() as connection:
        key = {**SOMEBODY, "user_id": user}
        await connection.execute(put(person_preference, key, values, connection.dialect))


def looked_at(url, look):
    """What `look` sees of the connection, as the library's inspection does."""

    async def work(database):
        async with database.reading() as connection:
            return await connection.run_sync(look)

    return with_database(url, work)


# --- the schema ------------------------------------------------------------------------------------------------------


def test_a_new_database_has_every_table(url):
    names = looked_at(url, lambda connection: set(inspect(connection).get_table_names()))
    assert names == {*metadata.tables, "alembic_version"}


def test_migrations_lead_to_the_tables_of_the_program(url):
    def differences(connection):
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return compare_metadata(context, metadata)

    assert looked_at(url, differences) == []


def test_a_table_that_no_migration_makes_is_seen(url):
    from sqlalchemy import Column, Integer, MetaData, Table

    more = MetaData()
    for table in metadata.tables.values():
        table.to_metadata(more)
    Table("added", more, Column("number", Integer, primary_key=True))
    found = looked_at(url, lambda connection: compare_metadata(MigrationContext.configure(connection), more))
    assert [(what, table.name) for what, table in found] == [("add_table", "added")]


def test_opening_again_changes_nothing_and_keeps_what_is_there(url):
    with_database(url, lambda database: write(database, theme="light"))
    for _ in range(2):
        rows = with_database(url, lambda database: read(database, select(person_preference.c.theme)))
        assert rows == [("light",)]


def test_revisions_form_one_line():
    assert len(ScriptDirectory.from_config(migrations()).get_heads()) == 1


def test_a_database_of_a_newer_program_is_refused_and_left_as_it_is(url):
    async def age(database):
        async with database.writing() as connection:
            await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with_database(url, age)
    with pytest.raises(NewerSchemaError, match="has schema 9999, and this program knows no later one than 0001") as no:
        with_database(url, age)
    assert fault_of(no.value).error_id is None


START = """
import asyncio, sys
from bot.storage.database import Database
async def main():
    database = await Database.open(sys.argv[1])
    await database.close()
print("ready", flush=True)
sys.stdin.readline()
asyncio.run(main())
"""


def test_processes_that_start_at_once_make_one_schema(url):
    started = [
        subprocess.Popen(
            [sys.executable, "-c", START, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(4)
    ]
    for process in started:
        assert process.stdout.readline() == b"ready" + os.linesep.encode()
    for process in started:  # all of them wait at the start line until now
        process.stdin.write(b"\n")
        process.stdin.flush()
    ended = [(process.communicate(timeout=60)[1], process.returncode) for process in started]
    assert ended == [(b"", 0)] * 4
    rows = with_database(url, lambda database: read(database, text("SELECT count(*) FROM alembic_version")))
    assert rows == [(1,)]


def test_what_fails_halfway_leaves_no_half_schema(url, monkeypatch):
    from alembic import op

    made = op.create_table

    def fail_at_the_second(name, *columns):
        if name == "chat_preference":
            msg = "the power went"
            raise RuntimeError(msg)
        return made(name, *columns)

    with monkeypatch.context() as patched:
        patched.setattr(op, "create_table", fail_at_the_second)
        with pytest.raises(RuntimeError, match="the power went"):
            with_database(url, lambda database: None)
    names = looked_at(url, lambda connection: set(inspect(connection).get_table_names()))
    assert names == {*metadata.tables, "alembic_version"}


# --- transactions ----------------------------------------------------------------------------------------------------


async def write_and_fail(database, error):
    async with database.writing() as connection:
        await connection.execute(put(person_preference, SOMEBODY, {"theme": "light"}, connection.dialect))
        raise error


@pytest.mark.parametrize("error", [ZeroDivisionError("sums"), FileNotFoundError(2, "no such file", "/somewhere")])
def test_what_raises_inside_stores_nothing_and_passes(url, error):
    async def work(database):
        with pytest.raises(type(error)) as raised:
            await write_and_fail(database, error)
        assert raised.value is error
        return await read(database, select(person_preference))

    assert with_database(url, work) == []


def test_a_thousand_writers_at_once_lose_nothing(url):
    async def work(database):
        await asyncio.gather(*(write(database, user=number % 50, symbol=f"S{number}") for number in range(1_000)))
        return await read(database, select(func.count()).select_from(person_preference))

    assert with_database(url, work) == [(50,)]


def test_readers_do_not_wait_for_a_writer(url):
    async def work(database):
        await write(database, theme="light")
        async with database.writing() as connection:
            await connection.execute(delete(person_preference))
            return await asyncio.wait_for(read(database, select(person_preference.c.theme)), 5)

    assert with_database(url, work) == [("light",)]


def test_who_gives_up_waiting_takes_nobody_elses_turn(url):
    async def work(database):
        async with database.writing() as connection:
            await connection.execute(put(person_preference, SOMEBODY, {"theme": "dark"}, connection.dialect))
            waiting = [asyncio.create_task(write(database, theme="light")) for _ in range(3)]
            await asyncio.sleep(0.05)
            for task in waiting[:2]:
                task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        await write(database, symbol="ETH")
        columns = (person_preference.c.theme, person_preference.c.symbol)
        return await read(database, select(*columns))

    assert with_database(url, work) == [("light", "ETH")]


WRITE = """
import asyncio, sys
from bot.storage.database import Database, put
from bot.storage.tables import person_preference
async def main():
    database = await Database.open(sys.argv[1])
    first = int(sys.argv[2])
    async def one(number):
        async with database.writing() as connection:
            key = {"platform": "telegram", "user_id": number}
            await connection.execute(put(person_preference, key, {"theme": "dark"}, connection.dialect))
    await asyncio.gather(*(one(number) for number in range(first, first + 200)))
    await database.close()
asyncio.run(main())
"""


def test_two_processes_write_side_by_side(url):
    started = [
        subprocess.Popen([sys.executable, "-c", WRITE, url, str(first)], stderr=subprocess.PIPE) for first in (0, 1_000)
    ]
    assert [(process.communicate(timeout=90)[1], process.returncode) for process in started] == [(b"", 0)] * 2
    count = with_database(url, lambda database: read(database, select(func.count()).select_from(person_preference)))
    assert count == [(400,)]


KILLED = WRITE.replace("    await database.close()", "    print('stored', flush=True)\n    import time; time.sleep(60)")


def test_what_was_stored_survives_a_kill(url):
    process = subprocess.Popen([sys.executable, "-c", KILLED, url, "0"], stdout=subprocess.PIPE)
    assert process.stdout.readline().strip() == b"stored"
    process.kill()
    process.communicate(timeout=30)
    count = with_database(url, lambda database: read(database, select(func.count()).select_from(person_preference)))
    assert count == [(200,)]


# --- a file ----------------------------------------------------------------------------------------------------------


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


def as_nobody():
    return pytest.mark.skipif(
        os.name != "posix" or os.geteuid() == 0, reason="permissions mean nothing to who may do everything"
    )


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


@as_nobody()
def test_a_file_that_may_not_be_written_is_said_plainly(file):
    opened(file)
    file.chmod(0o400)
    with pytest.raises(StorageError, match="cannot be written"):
        opened(file)


@as_nobody()
def test_a_folder_that_may_not_be_written_is_said_plainly(tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(StorageError, match="cannot be made"):
            opened(tmp_path / "fathom.db")
    finally:
        tmp_path.chmod(0o700)


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


# --- addresses -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("sqlite://", "would be gone with the process"),
        ("sqlite:///:memory:", "would be gone with the process"),
        ("mysql://root@localhost/fathom", "mysql://… is of a kind that cannot be used"),
        ("not an address", "cannot be used"),
        ("postgresql://a:secret@127.0.0.1:notaport/x", "cannot be used"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_with_one_that_can(setting, sentence):
    with pytest.raises(StorageError) as refused:
        address_of(setting)
    assert sentence in str(refused.value)
    assert "sqlite:///folder/fathom.db" in str(refused.value)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("kind", ["postgres", "postgresql", "postgresql+asyncpg"])
def test_no_sentence_holds_the_password(kind):
    address = address_of(f"{kind}://fathom:sesame@db.example:5433/fathom?search_path=bots")
    assert address.place == "postgresql://fathom:***@db.example:5433/fathom"
    assert address.url.drivername == "postgresql+asyncpg"
    assert (address.search_path, dict(address.url.query)) == ("bots", {})


def test_a_server_that_is_not_there_is_said_plainly(unused_port):
    url = f"postgresql://fathom:sesame@127.0.0.1:{unused_port}/fathom"
    with pytest.raises(StorageBusyError, match=r"cannot be reached\. Check that its server runs") as refused:
        with_database(url, lambda database: None)
    assert "sesame" not in str(refused.value)


@pytest.fixture
def unused_port():
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]  # bound, and nobody listens


def test_a_database_that_the_server_does_not_have_is_said_plainly(server):
    url = server.rpartition("/")[0] + "/fathom_no_such_database"
    with pytest.raises(StorageError, match="does not exist on its server"):
        with_database(url, lambda database: None)


def test_an_error_that_no_table_knows_is_said_and_logged(url, caplog):
    async def work(database):
        await read(database, text("SELECT nonsense FROM nowhere"))

    with caplog.at_level(logging.ERROR), pytest.raises(StorageError, match=r"refused.*The log says more"):
        with_database(url, work)
    assert "nowhere" in caplog.text


def test_no_log_and_no_error_repeats_what_people_set(url, caplog):
    wish = secrets.token_hex()  # a traceback shows lines of this file

    async def work(database):
        async with database.writing() as connection:
            await connection.execute(text("INSERT INTO nowhere VALUES (:value)"), {"value": wish})

    with caplog.at_level(logging.DEBUG), pytest.raises(StorageError) as refused:
        with_database(url, work)
    assert wish not in caplog.text + str(refused.value) + str(refused.value.__cause__)


# --- what is said about it -------------------------------------------------------------------------------------------


def test_every_table_is_told_as_stored_and_no_other():
    assert {kept.table for kept in KEPT} == set(metadata.tables)


@pytest.mark.parametrize("kept", KEPT, ids=lambda kept: kept.table)
def test_a_table_that_names_a_person_is_told_as_personal(kept):
    columns = set(metadata.tables[kept.table].columns.keys())
    assert kept.is_personal == ("user_id" in columns)
    if kept.is_personal:
        assert "platform" in columns


@pytest.mark.parametrize("kept", KEPT, ids=lambda kept: kept.table)
def test_every_column_of_a_table_is_told(kept):
    own = {"platform", "user_id", "chat_id"}
    for column in set(metadata.tables[kept.table].columns.keys()) - own:
        told = kept.what if kept.is_personal else KEPT[0].what
        assert column.replace("_", " ") in told
