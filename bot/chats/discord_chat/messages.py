"""What is sent back → discord.py's arguments of a message: with components, or as an embed where that is preferred."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import discord

from bot.brief import brief
from bot.chats.discord_chat.buttons import rows_of, with_more
from bot.chats.discord_chat.markdown import without_small_print
from bot.chats.discord_chat.page import Page, page_of
from bot.handlers import Outgoing
from bot.presses import more_button
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
    """A message ready to be sent, once: files in it are read by sending. words: its markdown, to compare by."""

    words: tuple[str, ...]
    view: discord.ui.LayoutView | discord.ui.View | None
    embeds: tuple[discord.Embed, ...]
    files: tuple[discord.File, ...]

    def new(self) -> dict[str, Any]:
        """Return what sends it as a new message."""
        self._forget()
        shown = {"embeds": list(self.embeds), "view": self.view, "files": list(self.files)}
        return {name: value for name, value in shown.items() if value}

    def edit(self) -> dict[str, Any]:
        """Return what puts it in the place of a message of the same layout: of what was there, nothing stays."""
        self._forget()
        own: dict[str, Any] = {"view": self.view, "attachments": list(self.files)}
        return own | ({"embeds": list(self.embeds)} if self.embeds else {})

    def _forget(self) -> None:
        """Keep the library from holding the view in memory: what is pressed is read from its custom_id."""
        if self.view is not None:
            self.view.stop()

    def is_shown_by(self, message: discord.Message) -> bool:
        """Say whether a message of ours shows the same words and the same picture already."""
        pictures = [file.filename for file in self.files]
        return words_of(message) == self.words and [each.filename for each in message.attachments] == pictures


def made(outgoing: Outgoing, layout: Layout, *, asker: int | None = None) -> Made:
    """Return the message that shows what is sent back; asker: who may delete it, None for whoever it answers.

    What is read first is shown, and a button for the rest; the whole where that was asked for, or no button could be.
    """
    as_of_s = outgoing.findings.as_of_s if outgoing.findings is not None else None
    first = brief(outgoing.reply)
    more = more_button(outgoing.request, is_whole=outgoing.is_whole) if first != outgoing.reply else None
    is_brief = more is not None and bool(outgoing.buttons) and not outgoing.is_whole
    page = page_of(first if is_brief else outgoing.reply, as_of_s=as_of_s)
    rows = rows_of(with_more(outgoing.buttons, more), asker=asker)
    pictures, colour = _pictures(outgoing), colour_of(outgoing)
    if layout == "embed":
        return _embeds(page, pictures, rows, colour)
    return _components(page, pictures, rows, colour)


def _pictures(outgoing: Outgoing) -> tuple[Drawing, ...]:
    """Return what is drawn; several pictures get a number, as their names have to differ within a message."""
    if outgoing.drawing is None or not outgoing.more_drawings:
        return (outgoing.drawing,) if outgoing.drawing is not None else ()
    drawings = (outgoing.drawing, *outgoing.more_drawings)
    return tuple(replace(each, name=f"{place}-{each.name}") for place, each in enumerate(drawings, start=1))


def file_of(drawing: Drawing) -> discord.File:
    """Return a picture as a file to send."""
    return discord.File(io.BytesIO(drawing.png), drawing.name, description=drawing.alt)


def layout_of(message: discord.Message) -> Layout:
    """Return a message's layout, which no edit can change."""
    return "components" if message.flags.components_v2 else "embed"


def words_of(message: discord.Message) -> tuple[str, ...]:
    """Return the markdown that a message of ours shows."""
    if message.embeds:
        return _words(*(embed.description or "" for embed in message.embeds))
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
    page: Page, drawings: Sequence[Drawing], rows: Sequence[discord.ui.ActionRow[Any]], colour: discord.Colour
) -> Made:
    """Return title, pictures and groups in one box, and the buttons below it."""
    files = tuple(file_of(drawing) for drawing in drawings)
    items: list[discord.ui.Item[Any]] = [discord.ui.TextDisplay(page.title)] if page.title else []
    if files:
        shown = zip(files, drawings, strict=True)
        gallery = (discord.MediaGalleryItem(file, description=_short(drawing.alt)) for file, drawing in shown)
        items.append(discord.ui.MediaGallery(*gallery))
    for place, group in enumerate(page.groups):
        items += [discord.ui.Separator()] if place or (page.title and not files) else []
        items.append(discord.ui.TextDisplay(group))
    view = discord.ui.LayoutView(timeout=None)
    view.add_item(discord.ui.Container(*items, accent_colour=colour))
    for row in rows:
        view.add_item(row)
    return Made(words=_words(page.title, *page.groups), view=view, embeds=(), files=files)


def _embeds(
    page: Page, drawings: Sequence[Drawing], rows: Sequence[discord.ui.ActionRow[Any]], colour: discord.Colour
) -> Made:
    """Return the words with the first picture below them, further pictures below that, and the buttons."""
    text = without_small_print("\n\n".join((page.title, *page.groups)).strip())
    files = tuple(file_of(drawing) for drawing in drawings)
    embeds = [discord.Embed(description=text, colour=colour), *(discord.Embed(colour=colour) for _ in files[1:])]
    for embed, file in zip(embeds, files, strict=False):  # without a picture there is one embed all the same
        embed.set_image(url=file.uri)
    view = discord.ui.View(timeout=None) if rows else None
    for place, row in enumerate(rows):
        for button in row.children:
            button.row = place
            if view is not None:
                view.add_item(button)
    return Made(words=_words(text), view=view, embeds=tuple(embeds), files=files)


def _words(*texts: str) -> tuple[str, ...]:
    return tuple(text.strip() for text in texts if text.strip())


def _short(alt: str) -> str:
    return alt if len(alt) <= MOST_ALT_CHARACTERS else alt[: MOST_ALT_CHARACTERS - 1] + "…"
