"""What Discord or its library refuses, in words; what needs none, because nobody is there to read it."""

from __future__ import annotations

import math
from typing import Any

import aiohttp
import discord
from discord import app_commands

from bot.faults import fault_of

UNKNOWN_MESSAGE = 10_008
UNKNOWN_INTERACTION = 10_062
UNKNOWN_WEBHOOK = 10_015
INVALID_WEBHOOK_TOKEN = 50_027
ALREADY_ANSWERED = 40_060
QUIET = frozenset({UNKNOWN_MESSAGE, UNKNOWN_INTERACTION, UNKNOWN_WEBHOOK, INVALID_WEBHOOK_TOKEN, ALREADY_ANSWERED})
"""The message was deleted meanwhile, or the interaction has expired.
https://discord.com/developers/docs/topics/opcodes-and-status-codes#json"""
SERVER_ERRORS_FROM = 500
TOO_LARGE = 413
BROKEN = (aiohttp.ClientError, ConnectionError)
"""What the library raises where the connection to Discord fails."""

TOKEN_REFUSED = "Discord refuses the token. Copy a new one from the developer portal, under Bot."  # noqa: S105 - a sentence

NEEDED = discord.Permissions(view_channel=True, send_messages=True, embed_links=True, attach_files=True)
"""What Fathom asks for when it is invited, and what an answer with a picture takes."""

_Command = app_commands.Command[Any, ..., Any] | app_commands.ContextMenu | app_commands.Group
_EXAMPLES = {"symbol": "BTC", "price": "68500", "question": "is 70k a magnet for btc?"}


def words_of(error: Exception, interaction: discord.Interaction[Any]) -> str | None:
    """Return what to say about an error to who caused it, None where nothing is to be said."""
    error = _cause(error)
    match error:
        case discord.Forbidden():
            return missing_words(interaction.app_permissions)
        case discord.InteractionResponded():
            return None
        case discord.HTTPException() if error.code in QUIET:
            return None
        case discord.HTTPException() | aiohttp.ClientError() | ConnectionError():
            return _lost_words(error)
        case app_commands.CommandOnCooldown():
            return f"That was a lot just now. Ask again in {math.ceil(error.retry_after)} s."
        case app_commands.MissingPermissions():
            return f"That takes permissions that you do not have here: {_named(error.missing_permissions)}."
        case app_commands.BotMissingPermissions():
            return _needed_words(error.missing_permissions)
        case app_commands.TransformerError():
            return f"“{error.value}” cannot be read there. Such as: /liq symbol:BTC."
        case app_commands.CommandSignatureMismatch():
            return _options_words(error.command)
        case app_commands.CommandNotFound():
            return "That command is from another version. Reload Discord (Ctrl+R) and ask again."
        case app_commands.CheckFailure():
            return "That command cannot be used here."
    return fault_of(error).text


def _lost_words(error: Exception) -> str:
    """Return words for an answer that did not reach Discord, or that it did not take."""
    match error:
        case discord.HTTPException(status=status) if status == TOO_LARGE:
            return "The picture is larger than what Discord takes here. Ask for words alone, such as /questions BTC."
        case discord.HTTPException(status=status) if status < SERVER_ERRORS_FROM:
            return fault_of(error).text
    return "Discord did not take the answer. Ask again in a minute."


def missing_words(permissions: discord.Permissions) -> str:
    """Return which permission an answer takes and lacks, and who can give it."""
    missing = [name for name, needed in NEEDED if needed and not getattr(permissions, name)]
    return _needed_words(missing)


def _needed_words(missing: list[str]) -> str:
    if not missing:
        return "Discord does not let Fathom do that here. Ask who runs this server to check its permissions."
    return f"Fathom lacks permissions in this channel: {_named(missing)}. Whoever runs this server can give them."


def _options_words(command: _Command) -> str:
    """Return what a command cannot do without."""
    needed = [each.name for each in getattr(command, "parameters", ()) if each.required]
    such_as = " ".join((f"/{command.name}", *(f"{name}:{_EXAMPLES.get(name, '…')}" for name in needed)))
    ask = f"Ask with {' and '.join(needed)}, such as {such_as}" if needed else f"Ask again, such as {such_as}"
    return (
        f"The options of /{command.name} came otherwise than expected. {ask}. If that fails, reload Discord (Ctrl+R)."
    )


def _named(permissions: list[str]) -> str:
    """Return permissions as Discord's settings call them: Attach Files, Embed Links."""
    return ", ".join(name.replace("_", " ").title() for name in permissions)


def _cause(error: Exception) -> Exception:
    return error.original if isinstance(error, app_commands.CommandInvokeError) else error
