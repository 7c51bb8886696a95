"""What Discord and its library refuse, in words."""

from types import SimpleNamespace

import aiohttp
import discord
import pytest
from discord import app_commands

from bot.chats.discord_chat.faults import NEEDED, words_of
from engine.errors import UnknownSymbolError


def http_error(kind, status, code):
    response = SimpleNamespace(status=status, reason="no")
    return kind(response, {"code": code, "message": "refused"})


def said(error, **permissions):
    allowed = discord.Permissions(**(dict(NEEDED) | permissions))
    return words_of(error, SimpleNamespace(app_permissions=allowed))


def test_a_missing_permission_is_named_as_in_discords_settings():
    words = said(http_error(discord.Forbidden, 403, 50013), attach_files=False, embed_links=False)
    assert "Embed Links, Attach Files" in words


def test_a_refusal_without_a_missing_permission_points_to_who_runs_the_server():
    assert "who runs this server" in said(http_error(discord.Forbidden, 403, 50001))


@pytest.mark.parametrize("code", [10008, 10062, 10015, 50027])
def test_what_is_gone_needs_no_words(code):
    assert said(http_error(discord.NotFound, 404, code)) is None


def test_an_outage_is_named_as_discords():
    assert said(http_error(discord.DiscordServerError, 503, 0)).startswith("Discord did not take the answer")


@pytest.mark.parametrize("error", [ConnectionResetError(104, "reset"), aiohttp.ServerDisconnectedError()])
def test_a_broken_connection_is_no_fault_of_fathom(error):
    assert said(error).startswith("Discord did not take the answer")


def test_a_picture_that_is_too_large_is_named():
    assert "larger than what Discord takes" in said(http_error(discord.HTTPException, 413, 40005))


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (app_commands.CommandOnCooldown(app_commands.Cooldown(1, 10), 3.2), "Ask again in 4 s."),
        (app_commands.MissingPermissions(["manage_guild"]), "Manage Guild"),
        (app_commands.BotMissingPermissions(["attach_files"]), "Attach Files"),
        (app_commands.CommandNotFound("gone", []), "another version"),
        (app_commands.NoPrivateMessage(), "cannot be used here"),
        (UnknownSymbolError("BTZ", ("BTC",), ("BTC",)), "Did you mean BTC?"),
    ],
)
def test_what_was_expected_has_its_sentence(error, words):
    assert words in said(error)


def test_the_cause_is_told_and_not_that_a_command_failed():
    command = app_commands.Command(name="liq", description="a", callback=_command)
    assert "Did you mean BTC?" in said(
        app_commands.CommandInvokeError(command, UnknownSymbolError("BTZ", ("BTC",), ("BTC",)))
    )


def test_options_that_are_missing_are_named_with_a_command_that_works():
    command = app_commands.Command(name="level", description="a", callback=_level)
    words = said(app_commands.CommandSignatureMismatch(command))
    assert "Ask with symbol and price, such as /level symbol:BTC price:68500." in words
    assert "Ask again, such as /liq." in said(
        app_commands.CommandSignatureMismatch(app_commands.Command(name="liq", description="a", callback=_command))
    )


async def _level(interaction: discord.Interaction, symbol: str, price: str, venue: str | None = None):
    """Do nothing."""


async def _command(interaction: discord.Interaction):
    """Do nothing."""


def test_the_unexpected_gets_an_id_and_keeps_its_words_for_the_log(caplog):
    words = said(RuntimeError("boom"))
    assert "error" in words
    assert "boom" not in words
    assert "boom" in caplog.text
