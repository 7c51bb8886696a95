"""The form for a new report: what is written into it becomes the one line that other chats write."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import discord

from bot.chats.discord_chat.buttons import custom_id_of
from bot.reports.timetable import EVERY_HOURS
from bot.tokens import MAX_TEXT_LENGTH

RHYTHMS = {
    "daily": "Daily",
    "weekly": "Weekly, with the track record",
    "before funding": "Before funding",
    **{f"every {hours}h": f"Every {hours} hours" if hours > 1 else "Every hour" for hours in EVERY_HOURS},
}
"""How often a report may come, as it is typed, and in words."""
LONGEST = MAX_TEXT_LENGTH // 4
"""Of one part of a report [characters]: all of them together are a message that is read."""
_FORM = "fathom-report:1"
"""The form's custom_id, with its version."""
_BEFORE = {"symbols": "", "rhythm": "", "at": "at ", "tz": "tz ", "more": ""}
"""What is typed before each part, in order."""


def report_form() -> discord.ui.Modal:
    """Return the form that asks for all of a report at once."""
    form = discord.ui.Modal(title="A report that comes by itself", custom_id=_FORM)
    often = discord.ui.Select[Any](
        custom_id="rhythm",
        options=[
            discord.SelectOption(label=label, value=value, default=value == "daily") for value, label in RHYTHMS.items()
        ],
    )
    for label, description, component in (
        ("Symbols", "One or several", _field("symbols", "BTC, ETH", is_required=True)),
        ("How often", "Every few hours counts from 00:00 UTC", often),
        ("Time", "Daily and weekly ones; empty: 08:00", _field("at", "08:00 or 8pm")),
        ("Time zone", "Empty: yours in /settings", _field("tz", "Europe/London")),
        ("Anything else", "Days, window, model, venue, silent", _field("more", "weekdays 3d m2")),
    ):
        form.add_item(discord.ui.Label(text=label, description=description, component=component))
    return form


def report_line(data: object) -> str | None:
    """Return what a filled in form asks for, as it is typed in other chats; None where it is another form."""
    if custom_id_of(data) != _FORM:
        return None
    values = dict(_values(data))
    parts = (before + values[name] for name, before in _BEFORE.items() if values.get(name))
    return " ".join(("/report add", *parts))


def _field(name: str, example: str, *, is_required: bool = False) -> discord.ui.TextInput[Any]:
    return discord.ui.TextInput(custom_id=name, placeholder=example, required=is_required, max_length=LONGEST)


def _values(data: object) -> Iterator[tuple[str, str]]:
    """Yield the name and the value of each part that was filled in."""
    if not isinstance(data, Mapping):
        return
    name, chosen = data.get("custom_id"), data.get("values")
    value = " ".join(map(str, chosen)) if isinstance(chosen, list) else str(data.get("value") or "")
    if name in _BEFORE and value.strip():
        yield str(name), value.strip()[:LONGEST]
    for inner in (*data.get("components", ()), data.get("component")):
        yield from _values(inner)
