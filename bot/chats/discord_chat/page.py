"""A reply as Discord shows it: what stands above the picture, and groups of markdown below it, within the limits.

    reply ─► sections (full, shorter, shortest) ─► fitted to the limit ─► title and groups

Pure: knows no library, and nothing here is sent. A phone's line is some 45 letters, and letters have no columns: facts
stand one below the other, the important ones large, the others in small print.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from bot.chats.discord_chat.markdown import small
from bot.chats.discord_chat.sections import Section, sections_of
from bot.replies import Reply

MOST_CHARACTERS = 4_000
"""Over all texts of one message with components; an embed's description takes 4,096.
https://discord.com/developers/docs/components/reference#text-display"""
_GAP = "\n\n"
_ROOM = 160
"""Characters kept free for gaps and for the line that says what was left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Markdown of one message: the title above the picture, the groups below it, each set apart from the next."""

    title: str
    groups: tuple[str, ...] = ()

    @property
    def length(self) -> int:
        """How many characters it has."""
        return len(self.title) + sum(len(group) for group in self.groups)


def page_of(reply: Reply, *, as_of_s: int | None = None) -> Page:
    """Return a reply as markdown of at most MOST_CHARACTERS; as_of_s: its moment, shown as an age that counts on."""
    sections = fitted(sections_of(reply, as_of_s=as_of_s), MOST_CHARACTERS - _ROOM)
    title = _joined(section for section in sections if section.group == "title")
    below = [section for section in sections if section.group != "title"]
    groups = tuple(_joined(members) for _, members in groupby(below, key=lambda section: section.group))
    return Page(title=title, groups=tuple(group for group in groups if group))


def fitted(sections: Iterable[Section], most: int) -> tuple[Section, ...]:
    """Return the sections, the least important ones shortened until all together have at most `most` characters.

    A line says how many parts are shorter than they could be; where nothing can be shortened, the end is cut.
    """
    kept = list(sections)
    while _length(kept) > most:
        place = _next_to_shorten(kept)
        if place is None:
            return tuple(_cut(kept, most))
        kept[place] = kept[place].shortened()
    return _with_count(kept)


def _next_to_shorten(sections: Sequence[Section]) -> int | None:
    """Return which section loses something next: of those that lost least, the least important, the last of equals."""
    able = [place for place, section in enumerate(sections) if section.shorter]
    return max(able, key=lambda place: (-sections[place].lost, sections[place].rank, place), default=None)


def _with_count(sections: Sequence[Section]) -> tuple[Section, ...]:
    shortened = [section for section in sections if section.lost]
    kept = [section for section in sections if section.text]
    if not shortened:
        return tuple(kept)
    gone = sum(not section.text for section in shortened)
    words = f"{len(shortened)} part{'s are' if len(shortened) > 1 else ' is'} shortened here, for length"
    note = small(f"{words}; {gone} of them left out." if gone else f"{words}.")
    end = next((place for place, section in enumerate(kept) if section.group == "tail"), len(kept))
    return (*kept[:end], Section(group="tail", text=note, is_close=True), *kept[end:])


def _cut(sections: Sequence[Section], most: int) -> Iterable[Section]:
    left = most
    for section in sections:
        text = section.text if len(section.text) <= left else section.text[: max(left - 1, 0)] + "…" * (left > 0)
        left -= len(text) + len(_GAP)
        if text:
            yield Section(group=section.group, text=text)


def _length(sections: Sequence[Section]) -> int:
    return sum(len(section.text) + len(_GAP) for section in sections if section.text)


def _joined(sections: Iterable[Section]) -> str:
    """Return the sections one below the other: small print close to what it belongs to, others after an empty line."""
    text = ""
    for section in sections:
        close = section.is_close or not text
        text += ("" if not text else "\n" if close else _GAP) + section.text
    return text
