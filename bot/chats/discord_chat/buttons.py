"""Buttons that hold all they mean in their custom_id, so that they work after a restart and in any process.

    fathom:7:1|l|BTC|M2|3d||       the eighth button of its message, and its press (bot.presses)

The number keeps two buttons apart that mean the same, as Refresh and the map that is shown: Discord takes no two equal
ones in a message.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import discord

from bot.presses import Button, OldButtonError, decoded, encoded
from bot.requests import Alert, ForgetMe, Report

TEMPLATE = re.compile(r"fathom:(?P<place>\d+):(?P<press>.*)", re.DOTALL)
Rows = tuple[tuple[Button, ...], ...]
MOST_IN_A_ROW = 5
MOST_ROWS = 5
"""Of a message with an embed; with components it is forty components in all, of which ours take fewer than half.
https://discord.com/developers/docs/components/reference#action-row"""


def press_button(button: Button, place: int) -> discord.ui.Button[Any]:
    """Return the button that stands at a place of its message; what a press of it does is the client's business."""
    custom_id = f"fathom:{place}:{encoded(button.press)}"
    return discord.ui.Button(label=button.label, custom_id=custom_id, style=_style(button))


def _style(button: Button) -> discord.ButtonStyle:
    request = button.press.request
    if isinstance(request, ForgetMe) or (isinstance(request, Report | Alert) and request.action == "remove"):
        return discord.ButtonStyle.danger
    return discord.ButtonStyle.primary if button.is_current else discord.ButtonStyle.secondary


def custom_id_of(data: object) -> str:
    """Return the custom_id of what was pressed or sent off, "" where there is none."""
    return str(data.get("custom_id", "")) if isinstance(data, Mapping) else ""


def press_text(custom_id: str) -> str:
    """Return the press that a button's custom_id holds, "" where it holds none."""
    found = TEMPLATE.fullmatch(custom_id)
    return found["press"] if found else ""


def with_more(rows: Rows, more: Button | None) -> Rows:
    """Return the rows with one more button, at the start of the last one."""
    if more is None or not rows:
        return rows
    *others, last = rows
    return (*others, (more, *last))


def rows_of(rows: Iterable[Sequence[Button]], *, asker: int | None = None) -> list[discord.ui.ActionRow[Any]]:
    """Return rows of buttons; asker: who may delete, where it is not who pressed last. Longer rows are broken."""
    broken = [row[start : start + MOST_IN_A_ROW] for row in rows for start in range(0, len(row), MOST_IN_A_ROW)]
    numbers = iter(range(len(broken) * MOST_IN_A_ROW))
    return [
        discord.ui.ActionRow(*(press_button(_kept(button, asker), next(numbers)) for button in row))
        for row in broken[:MOST_ROWS]
    ]


def _kept(button: Button, asker: int | None) -> Button:
    """Return the button; one that deletes goes on belonging to who asked first."""
    if button.press.verb != "delete" or asker is None:
        return button
    return replace(button, press=replace(button.press, asker=asker))


def asker_of(message: discord.Message | None) -> int | None:
    """Return who may delete a message of ours, as its buttons say; None where none does."""
    for custom_id in _custom_ids(message.components if message is not None else ()):
        try:
            press = decoded(press_text(custom_id))
        except OldButtonError:
            continue
        if press.verb == "delete":
            return press.asker
    return None


def _custom_ids(components: Iterable[Any]) -> Iterator[str]:
    for component in components:
        custom_id = getattr(component, "custom_id", None)
        if custom_id:
            yield custom_id
        yield from _custom_ids(getattr(component, "children", ()))
