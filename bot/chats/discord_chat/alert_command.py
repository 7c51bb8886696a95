"""The slash command for alerts: its options as the one line that other chats write, read by the same grammar."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Choice, Range

from bot.chats.discord_chat.report_command import MOST_CHOICES
from bot.handlers import Handlers
from bot.tokens import MAX_SYMBOL_LENGTH, MAX_TEXT_LENGTH

_ACTIONS = {
    "add": "Set an alert",
    "list": "Show what there is",
    "pause": "Pause one",
    "resume": "Let a paused one go on",
    "remove": "Remove one",
}
_LONGEST = MAX_TEXT_LENGTH // 4

_Interaction = discord.Interaction[Any]
_Words = Range[str, 1, _LONGEST]


def add_alert_command(
    tree: app_commands.CommandTree[Any], handlers: Handlers, say: Callable[[_Interaction, str], Awaitable[None]]
) -> None:
    """Add `/alert` to a tree; say: answers an interaction as the text that it stands for."""

    async def symbols(interaction: _Interaction, current: str) -> list[Choice[str]]:
        del interaction
        found = handlers.suggestions(current[: 2 * MAX_SYMBOL_LENGTH])
        return [Choice(name=symbol, value=symbol) for symbol in found[:MOST_CHOICES]]

    @tree.command(description="Be told when price, a zone or the reading does what you name")
    @app_commands.describe(
        symbol="Such as BTC",
        what="68500, above 70k, zone 75, sweep, flip, invalidated or condition",
        options="once or repeat, cooldown 2h, quiet 22-7, silent, private, on okx",
        action="What to do; with a symbol alone: set one",
        number="Which alert, for what is not setting one",
    )
    @app_commands.choices(action=[Choice(name=name, value=value) for value, name in _ACTIONS.items()])
    @app_commands.autocomplete(symbol=symbols)
    async def alert(  # every option of Discord is an argument
        interaction: _Interaction,
        symbol: _Words | None = None,
        what: _Words | None = None,
        options: _Words | None = None,
        action: str | None = None,
        number: Range[int, 1, 2**53] | None = None,
    ) -> None:
        new = [part for part in (symbol, what, options) if part]
        told = action or ("add" if new else "list")
        words = new if told == "add" else [] if number is None else [str(number)]
        await say(interaction, " ".join(("/alert", told, *words)))
