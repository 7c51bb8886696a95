"""What is sent back → discord.py's arguments of a message: with components, or as an embed where that is preferred."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import discord

from bot.chats.discord_chat.buttons import rows_of
from bot.chats.discord_chat.markdown import without_small_print
from bot.chats.discord_chat.page import Page, page_of
from bot.handlers import Outgoing
from bot.requests import Level
from bot.service.answer import Drawing
from charts.theme import DARK
from engine.results import Side

Layout = Literal["components", "embed"]
"""components: picture inside the text, large; embed: text first and the picture below it, for older apps."""

MOST_ALT_CHARACTERS = 256
"""A gallery's description. https://discord.com/developers/docs/components/reference#media-gallery"""

_SIDES: dict[str, Side] = {"upside_sweep": "above", "downside_sweep": "below"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A message ready to be sent, once: the file in it is read by sending. words: its markdown, to compare by."""

    words: tuple[str, ...]
    view: discord.ui.LayoutView | discord.ui.View | None
    embed: discord.Embed | None
    file: discord.File | None

    def new(self) -> dict[str, Any]:
        """Return what sends it as a new message."""
        shown = {"embed": self.embed, "view": self.view, "file": self.file}
        return {name: value for name, value in shown.items() if value is not None}

    def edit(self) -> dict[str, Any]:
        """Return what puts it in the place of a message of the same layout: of what was there, nothing stays."""
        own: dict[str, Any] = {"view": self.view, "attachments": [self.file] if self.file is not None else []}
        return own | ({"embed": self.embed} if self.embed is not None else {})

    def is_shown_by(self, message: discord.Message) -> bool:
        """Say whether a message of ours shows the same words and the same picture already."""
        picture = [self.file.filename] if self.file is not None else []
        return words_of(message) == self.words and [each.filename for each in message.attachments] == picture


def made(outgoing: Outgoing, layout: Layout, *, asker: int | None = None) -> Made:
    """Return the message that shows what is sent back; asker: who may delete it, None for whoever it answers."""
    as_of_s = outgoing.findings.as_of_s if outgoing.findings is not None else None
    page = page_of(outgoing.reply, as_of_s=as_of_s)
    rows = rows_of(outgoing.buttons, asker=asker)
    drawing, colour = outgoing.drawing, colour_of(outgoing)
    if layout == "embed":
        return _embed(page, drawing, rows, colour)
    return _components(page, drawing, rows, colour)


def file_of(drawing: Drawing) -> discord.File:
    """Return a picture as a file to send."""
    return discord.File(io.BytesIO(drawing.png), drawing.name, description=drawing.alt)


def layout_of(message: discord.Message) -> Layout:
    """Return a message's layout, which no edit can change."""
    return "components" if message.flags.components_v2 else "embed"


def words_of(message: discord.Message) -> tuple[str, ...]:
    """Return the markdown that a message of ours shows."""
    if message.embeds:
        return tuple((embed.description or "").strip() for embed in message.embeds)
    return tuple(
        item.content.strip()
        for item in discord.ui.LayoutView.from_message(message, timeout=None).walk_children()
        if isinstance(item, discord.ui.TextDisplay)
    )


def colour_of(outgoing: Outgoing) -> discord.Colour:
    """Return the colour at the edge: of the side a level is on, else of the side that the setup favours."""
    if outgoing.reply.fault is not None:
        return _colour(DARK.warning)
    findings, request = outgoing.findings, outgoing.request
    if findings is None:
        return _colour(DARK.muted)
    if isinstance(request, Level):
        return _colour(DARK.side("above" if request.price > findings.price else "below"))
    if findings.setup.verdict == "trap_both_sides":
        return _colour(DARK.warning)
    side = _SIDES.get(findings.setup.verdict)
    return _colour(DARK.side(side) if side is not None else DARK.muted)


def _colour(theme_colour: str) -> discord.Colour:
    return discord.Colour.from_str(theme_colour)


def _components(
    page: Page, drawing: Drawing | None, rows: Sequence[discord.ui.ActionRow[Any]], colour: discord.Colour
) -> Made:
    """Return title, picture and groups in one box, and the buttons below it."""
    file = file_of(drawing) if drawing is not None else None
    items: list[discord.ui.Item[Any]] = [discord.ui.TextDisplay(page.title)] if page.title else []
    if drawing is not None and file is not None:
        shown = discord.MediaGalleryItem(file, description=_short(drawing.alt))
        items.append(discord.ui.MediaGallery(shown))
    for place, group in enumerate(page.groups):
        items += [discord.ui.Separator()] if place or (page.title and drawing is None) else []
        items.append(discord.ui.TextDisplay(group))
    view = discord.ui.LayoutView(timeout=None)
    view.add_item(discord.ui.Container(*items, accent_colour=colour))
    for row in rows:
        view.add_item(row)
    return Made(words=_words(page.title, *page.groups), view=view, embed=None, file=file)


def _embed(
    page: Page, drawing: Drawing | None, rows: Sequence[discord.ui.ActionRow[Any]], colour: discord.Colour
) -> Made:
    text = without_small_print("\n\n".join((page.title, *page.groups)).strip())
    embed = discord.Embed(description=text, colour=colour)
    file = file_of(drawing) if drawing is not None else None
    if file is not None:
        embed.set_image(url=file.uri)
    view = discord.ui.View(timeout=None) if rows else None
    for place, row in enumerate(rows):
        for button in row.children:
            button.row = place
            if view is not None:
                view.add_item(button)
    return Made(words=_words(text), view=view, embed=embed, file=file)


def _words(*texts: str) -> tuple[str, ...]:
    return tuple(text.strip() for text in texts if text.strip())


def _short(alt: str) -> str:
    return alt if len(alt) <= MOST_ALT_CHARACTERS else alt[: MOST_ALT_CHARACTERS - 1] + "…"
