"""`fathom db`: what each command says and leaves behind, and one sentence for each thing that cannot be done."""

import asyncio
import json
import os
import stat
import sys

import pytest

from bot.personal_data import KEPT
from bot.storage.tables import metadata
from bot.storage.upgrade import newest_revision
from tests.bot.storage.conftest import another_schema, schema, server, url
from tests.bot.storage.made_database import with_database
from tests.bot.storage.made_preferences import everything
from tests.bot.storage.made_rows import a_row, rows_about
from tests.bot.storage.test_backup import with_schema

__all__ = ["another_schema", "schema", "server", "url"]

PEOPLE = (42, 43)
NEWEST = newest_revision()


@pytest.fixture
def database(url, plain_home, monkeypatch):
    """The address of the settings, whose database nobody has made yet."""
    monkeypatch.setenv("FATHOM_STORAGE__URL", url)
    return url


@pytest.fixture
def filled(database):
    """The same with rows about two people in every table."""
    with_database(database, lambda opened: rows_about(opened, *PEOPLE))
    return database


# --- what they do ----------------------------------------------------------------------------------------------------


def test_upgrade_makes_a_database_and_says_so_and_then_that_it_is_the_newest(database, fathom):
    assert fathom("db", "upgrade").out.endswith(f" was made, with schema {NEWEST}.\n")
    assert fathom("db", "upgrade").out.endswith(f" has schema {NEWEST} already, the newest; nothing was changed.\n")


def test_upgrade_says_from_which_schema_to_which(database, fathom):
    asyncio.run(with_schema(database, "0001"))
    assert fathom("db", "upgrade").out.endswith(f" was brought from schema 0001 to {NEWEST}.\n")


def test_a_backup_is_restored_into_another_database_that_is_named_by_its_address(filled, fathom, plain_home):
    done = fathom("db", "backup", "kept.backup")
    assert done.out.endswith(f" was backed up to kept.backup, with schema {NEWEST}.\n")
    done = fathom("db", "restore", "kept.backup", "--url", "sqlite:///moved/fathom.db")
    rows = len(PEOPLE) * len(metadata.tables)
    assert done.out == f"The database moved/fathom.db got {rows} rows of kept.backup.\n"
    moved = f"sqlite:///{plain_home / 'moved' / 'fathom.db'}"
    assert with_database(moved, everything) == with_database(filled, everything)


def test_restoring_what_an_older_program_wrote_says_what_became_of_it(database, fathom):
    asyncio.run(with_schema(database, "0001"))
    fathom("db", "backup", "old.backup")
    done = fathom("db", "restore", "old.backup", "--url", "sqlite:///new.db")
    assert done.out == f"The database new.db got 1 row of old.backup, brought from schema 0001 to {NEWEST}.\n"


def test_an_export_is_every_row_as_json(filled, fathom):
    rows = [json.loads(line) for line in fathom("db", "export").out.splitlines()]
    expected = [(name, a_row(table, user)) for name, table in metadata.tables.items() for user in PEOPLE]
    assert sorted((row["table"], sorted(row["row"].items(), key=str)) for row in rows) == sorted(
        (name, sorted(values.items(), key=str)) for name, values in expected
    )


def test_an_export_about_a_person_is_what_forgetting_deletes(filled, fathom):
    rows = [json.loads(line) for line in fathom("db", "export", "--user", "telegram:42").out.splitlines()]
    assert {row["table"] for row in rows} == {kept.table for kept in KEPT if kept.is_personal}
    assert {(row["row"]["platform"], row["row"]["user_id"]) for row in rows} == {("telegram", 42)}
    assert fathom("db", "export", "--user", "discord:42").out == ""


def test_an_export_into_a_file_is_private_and_overwrites_nothing(filled, fathom, plain_home):
    done = fathom("db", "export", "--user", "telegram:43", "--out", "person.jsonl")
    assert done.out.endswith(" to person.jsonl.\n")
    assert done.out.startswith(f"Wrote {sum(kept.is_personal for kept in KEPT)} rows of the database ")
    written = plain_home / "person.jsonl"
    assert {json.loads(line)["row"]["user_id"] for line in written.read_text().splitlines()} == {43}
    if os.name == "posix":
        assert stat.S_IMODE(written.stat().st_mode) == 0o600
    assert "is there already" in fathom("db", "export", "--out", "person.jsonl").complains()


# --- what cannot be done ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [("backup", "x.backup"), ("export",), ("export", "--user", "telegram:42")])
def test_where_there_is_no_database_that_is_said_and_none_is_made(database, fathom, plain_home, arguments):
    assert "fathom db upgrade or fathom serve makes it" in fathom("db", *arguments).complains()
    assert not (plain_home / "x.backup").exists()
    assert not list(plain_home.rglob("*.db"))


@pytest.mark.parametrize(
    "who", ["42", "telegram:", "telegram:me", "irc:42", "telegram:-1", "telegram:²", "discord:1e9"]
)
def test_who_is_no_person_is_refused_with_how_to_write_one(filled, fathom, who):
    refused = fathom("db", "export", "--user", who).complains()
    assert refused == f"--user {who} names nobody. Write it as telegram:NUMBER or discord:NUMBER."


@pytest.mark.parametrize("arguments", [("upgrade",), ("backup", "x"), ("export",)])
def test_a_server_that_is_not_there_is_said_without_its_password(fathom, plain_home, arguments):
    refused = fathom("db", *arguments, "--url", "postgresql://fathom:sesame@127.0.0.1:1/fathom").complains()
    assert "cannot be reached. Check that its server runs" in refused
    assert "sesame" not in refused
    assert not (plain_home / "x").exists()


def test_a_driver_that_is_not_installed_is_said_with_what_to_install(fathom, plain_home, monkeypatch):
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    refused = fathom("db", "upgrade", "--url", "postgresql://fathom@127.0.0.1:1/fathom").complains()
    assert "needs a driver that is not installed. Install it: pip install 'fathom-liq[postgresql]'." in refused


def test_an_address_that_is_none_is_refused_by_its_name(fathom, plain_home):
    assert "postgresql://user@host/database" in fathom("db", "upgrade", "--url", "mysql://root@localhost/x").complains()


def test_a_folder_that_is_not_there_is_named(filled, fathom):
    assert "nowhere/x.backup" in fathom("db", "backup", "nowhere/x.backup").complains()


def test_without_a_command_it_says_which_there_are(fathom, plain_home):
    said = fathom("db", "--help").out
    assert [name for name in ("upgrade", "backup", "restore", "export") if name not in said] == []
