"""The slash command for reports: its options as the one line that other chats write, read by the same grammar."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Choice, Range

from bot.chats.discord_chat.report_form import LONGEST, RHYTHMS, report_form
from bot.handlers import Handlers
from bot.time_zones import zones_like
from bot.tokens import MAX_SYMBOL_LENGTH

MOST_CHOICES = 25
"""https://discord.com/developers/docs/interactions/application-commands#autocomplete"""
_ACTIONS = {
    "add": "Add a report",
    "list": "Show what there is",
    "guide": "Fill in a form",
    "pause": "Pause one",
    "resume": "Let a paused one go on",
    "test": "Send one now",
    "remove": "Remove one",
}
_PLACES = {"here": "Here", "channel": "The channel, not this thread", "topic": "This thread"}

_Interaction = discord.Interaction[Any]
_Words = Range[str, 1, LONGEST]


def add_report_command(
    tree: app_commands.CommandTree[Any], handlers: Handlers, say: Callable[[_Interaction, str], Awaitable[None]]
) -> None:
    """Add `/report` to a tree; say: answers an interaction as the text that it stands for."""

    async def zones(interaction: _Interaction, current: str) -> list[Choice[str]]:
        del interaction
        return [Choice(name=zone, value=zone) for zone in zones_like(current[:LONGEST], MOST_CHOICES)]

    async def symbols_so_far(interaction: _Interaction, current: str) -> list[Choice[str]]:
        """Offer the symbol that is being typed, behind those that stand before it."""
        del interaction
        before, comma, last = current[:LONGEST].rpartition(",")
        found = handlers.suggestions(last.strip()[: 2 * MAX_SYMBOL_LENGTH])[:MOST_CHOICES]
        offered = [f"{before}{comma}{' ' if comma else ''}{symbol}" for symbol in found]
        return [Choice(name=each, value=each) for each in offered if len(each) <= LONGEST]

    @tree.command(description="Reports that come by themselves: at a time, every few hours, before funding")
    @app_commands.describe(
        action="What to do; with a symbol or a time alone: add one",
        symbols="One or several, such as BTC, ETH",
        rhythm="How often: daily unless you say otherwise",
        at="At which time, such as 08:00 or 8pm",
        tz="In which time zone: yours in /settings unless you say otherwise",
        days="On which days, such as weekdays or mon, fri",
        more="Anything else in words, such as: 3d m2 okx",
        where="Where to send it",
        silent="Whether it comes without a sound",
        number="Which report, for what is not adding",
    )
    @app_commands.choices(action=_choices(_ACTIONS), rhythm=_choices(RHYTHMS), where=_choices(_PLACES))
    @app_commands.autocomplete(symbols=symbols_so_far, tz=zones)
    async def report(  # every option of Discord is an argument
        interaction: _Interaction,
        action: str | None = None,
        symbols: _Words | None = None,
        rhythm: str | None = None,
        at: _Words | None = None,
        tz: _Words | None = None,
        days: _Words | None = None,
        more: _Words | None = None,
        where: str | None = None,
        silent: bool = False,  # noqa: FBT001, FBT002 - Discord names it
        number: Range[int, 1, 2**53] | None = None,
    ) -> None:
        parts = (symbols, rhythm, at and f"at {at}", tz and f"tz {tz}", days, more, where, "silent" if silent else None)
        new = [part for part in parts if part]
        told = action or ("add" if new else "list")
        if told == "guide":
            form = report_form()
            await interaction.response.send_modal(form)
            form.stop()  # else it would be kept in memory: what is sent off is read from its custom_id
            return
        words = new if told == "add" else [] if number is None else [str(number)]
        await say(interaction, " ".join(("/report", told, *words)))


def _choices(named: dict[str, str]) -> list[Choice[str]]:
    return [Choice(name=name, value=value) for value, name in named.items()]
