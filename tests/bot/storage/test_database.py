"""The database: made, brought up to date by many at once, written by many at once, and its errors."""

import asyncio
import logging
import os
import secrets
import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import delete, func, inspect, select, text

from bot.faults import fault_of
from bot.storage.database import put
from bot.storage.errors import NewerSchemaError, StorageError
from bot.storage.tables import metadata, person_preference
from bot.storage.upgrade import migrations
from tests.bot.storage.made_database import SOMEBODY, read, with_database, write


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
    with pytest.raises(NewerSchemaError, match="has schema 9999, and this program knows no later one than 0003") as no:
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


# --- errors of the server --------------------------------------------------------------------------------------------


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
