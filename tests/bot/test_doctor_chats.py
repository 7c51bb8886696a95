"""`fathom doctor` and the chats: whether the platforms take their tokens, and what the machine must be able to do."""

import asyncio
import sys
from pathlib import Path

import pytest

from bot.chat_checks import check_chats
from bot.cli import run
from bot.config import load_settings
from bot.machine_checks import check_compiled_cache, check_drawing, secret_files_check
from bot.storage.database import Database
from bot.storage_check import check_database
from tests.bot_api import BotApi, faults
from tests.fake_discord import FakeDiscord

pytestmark = pytest.mark.usefixtures("plain_home", "no_venue")

REVOKED = "1234567890:" + "revoked" * 5


def looked_at(monkeypatch, prepare=lambda api, fake: None, **tokens):
    async def talk():
        async with BotApi() as api, FakeDiscord() as fake:
            for name, value in (
                ("TELEGRAM__TOKEN", tokens.get("telegram", api.token)),
                ("TELEGRAM__BASE_URL", api.base_url),
                ("DISCORD__TOKEN", tokens.get("discord", fake.token)),
                ("DISCORD__API_BASE", fake.rest_url),
            ):
                monkeypatch.setenv(f"FATHOM_{name}", value)
            prepare(api, fake)
            checks = await check_chats(load_settings())
            assert not [secret for secret in (api.token, fake.token, REVOKED) if secret in str(checks)]
            return {check.name: check for check in checks}, api, fake

    return asyncio.run(talk())


def test_tokens_that_are_taken_are_told_with_the_names_of_the_bots(monkeypatch):
    checks, api, fake = looked_at(monkeypatch)
    assert {check.status for check in checks.values()} == {"ok"}
    assert f"@{api.world.bot.username}" in checks["telegram"].sentence
    assert fake.world.bot.name.lower() in checks["discord"].sentence


def test_a_refused_token_fails_with_where_to_get_another(monkeypatch):
    checks, *_ = looked_at(monkeypatch, telegram=REVOKED, discord="no token of theirs")
    assert {check.status for check in checks.values()} == {"fail"}
    assert "BotFather" in checks["telegram"].advice
    assert "developer portal" in checks["discord"].advice


def test_a_bot_that_reads_more_than_it_needs_is_a_warning(monkeypatch):
    def open_up(api, fake):
        api.world.privacy = False

    checks, *_ = looked_at(monkeypatch, open_up)
    assert checks["telegram"].status == "warn"
    assert "/setprivacy" in checks["telegram"].advice


def test_a_platform_that_is_down_fails_and_says_what_it_met(monkeypatch):
    def break_down(api, fake):
        api.faults.append(faults.Fault("getMe", faults.bad_gateway()))

    monkeypatch.setenv("FATHOM_DISCORD__API_BASE", "http://127.0.0.1:9")
    checks, *_ = looked_at(monkeypatch, break_down)
    assert "502" in checks["telegram"].sentence
    monkeypatch.setenv("FATHOM_DISCORD__API_BASE", "http://127.0.0.1:9/api/v10")
    monkeypatch.setenv("FATHOM_TELEGRAM__BASE_URL", "http://127.0.0.1:9/bot")
    for check in asyncio.run(check_chats(load_settings())):
        assert check.status == "fail"
        assert "cannot be reached" in check.sentence


def test_without_a_token_a_platform_is_off_and_an_empty_file_is_a_fault(monkeypatch):
    Path("token").write_text("\n", encoding="utf-8")
    monkeypatch.setenv("FATHOM_DISCORD__TOKEN_FILE", "token")
    telegram, discord = asyncio.run(check_chats(load_settings()))
    assert (telegram.status, discord.status) == ("off", "fail")
    assert "is empty" in discord.sentence


def test_the_machine_draws_and_keeps_compiled_code():
    assert check_drawing(load_settings()).status == "ok"
    cache = check_compiled_cache(load_settings())
    assert cache.status == "ok"
    assert "Compiled code is kept in" in cache.sentence


def test_a_machine_without_its_typeface_is_told(monkeypatch):
    monkeypatch.setattr("bot.machine_checks.TYPEFACE", "No Such Letters")
    check = check_drawing(load_settings())
    assert check.status == "fail"
    assert "No Such Letters" in check.sentence


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no permissions of this kind")
def test_secrets_that_others_can_read_are_a_warning_with_the_command_that_helps(capsys):
    config = Path("config.toml")
    config.write_text(f"[telegram]\ntoken = '{REVOKED}'\nbase_url = 'http://127.0.0.1:9/bot'", encoding="utf-8")
    config.chmod(0o644)
    check = secret_files_check(load_settings(), None)
    assert (check.status, check.advice) == ("warn", "chmod 600 config.toml")
    config.chmod(0o600)
    assert secret_files_check(load_settings(), None).status == "ok"


def test_the_command_shows_the_chats_beside_the_rest_and_never_a_token(capsys):
    Path("config.toml").write_text(
        f"[telegram]\ntoken = '{REVOKED}'\nbase_url = 'http://127.0.0.1:9/bot'\n[market]\nsource = 'simulated'",
        encoding="utf-8",
    )
    assert run(["doctor"]) == 1
    told = capsys.readouterr().out
    assert "telegram" in told
    assert "drawing" in told
    assert REVOKED not in told


def database_check(url, monkeypatch):
    monkeypatch.setenv("FATHOM_STORAGE__URL", url)
    return asyncio.run(check_database(load_settings()))


def test_a_database_is_looked_at_and_left_as_it_was(monkeypatch):
    check = database_check("sqlite:///here/fathom.db", monkeypatch)
    assert (check.status, "will be made" in check.sentence) == ("ok", True)
    assert not Path("here").exists()

    async def opened():
        await (await Database.open("sqlite:///here/fathom.db")).close()

    asyncio.run(opened())
    check = database_check("sqlite:///here/fathom.db", monkeypatch)
    assert (check.status, "has the schema" in check.sentence) == ("ok", True)


def test_a_database_of_another_schema_or_none_at_all_is_told(monkeypatch):
    Path("empty.db").touch()
    check = database_check("sqlite:///empty.db", monkeypatch)
    assert (check.status, "up to date" in check.sentence) == ("warn", True)
    Path("torn.db").write_bytes(b"no database at all, whatever it is called" * 100)
    check = database_check("sqlite:///torn.db", monkeypatch)
    assert (check.status, "damaged" in check.sentence) == ("fail", True)
