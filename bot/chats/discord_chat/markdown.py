"""Discord's markdown: what is bold, small or a heading, and how text that is none of it is kept as it is."""

from __future__ import annotations

import re

from bot.local_times import with_moments

_NO_BREAK = "\u00a0"
_UNIT = re.compile(r"(?<=\d) (?=(?:%|h|d|s|min)(?![^\W_]))")
"""The gap between a number and its unit: no line ends there."""
_SPECIAL = re.compile(r"([\\*_~`|<>\[\]])")
"""Emphasis, code, spoilers, mentions, timestamps and links: a backslash before any of them shows it as it is."""
_LINK = re.compile(r"(?<=[^\W_]):(?=//)")
"""What makes an address a link, which nobody's words need be."""
_AT_START = re.compile(r"^(#{1,3}(?=\s)|-(?=\s|#)|\+(?=\s)|\d+[.)](?=\s))")
"""What makes a heading, a list or small print at the start of a line."""


def plain(text: str) -> str:
    """Return text that shows exactly as it is: no markup, no mention, no link, no second line.

    Only moments are told by Discord itself, to each reader in the time zone of their own device.
    """
    escaped = _LINK.sub(r"\:", _SPECIAL.sub(r"\\\1", " ".join(text.split())))
    return with_moments(_UNIT.sub(_NO_BREAK, _AT_START.sub(_unlisted, escaped)), moment)


def whole(text: str) -> str:
    """Return text like `plain` that no line breaks."""
    return plain(text).replace(" ", _NO_BREAK)


def _unlisted(found: re.Match[str]) -> str:
    mark = found[0]
    return f"{mark[:-1]}\\{mark[-1]}"


def bold(text: str) -> str:
    """Return text in bold."""
    return f"**{plain(text)}**"


def small(markup: str) -> str:
    """Return a line of markup as small print."""
    return f"-# {markup}"


def heading(text: str, level: int) -> str:
    """Return a line as a heading; 1 is the largest of three."""
    return f"{'#' * level} {plain(text)}"


def without_small_print(markup: str) -> str:
    """Return markup whose small print has the size of the rest: an embed shows the sign in place of what it means."""
    return re.sub(r"^-# ", "", markup, flags=re.MULTILINE)


def listed(markup: str) -> str:
    """Return a line of markup behind a bullet."""
    return f"- {markup}"


def code(text: str) -> str:
    """Return something to type, as it is typed."""
    return f"`{text.replace('`', 'ˋ')}`"


def moment(time_s: int) -> str:
    """Return a moment [Unix s] that each reader sees as date and time of their own time zone."""
    return f"<t:{time_s}:f>"


def age(time_s: int) -> str:
    """Return a moment [Unix s] that each reader sees as an age, which goes on counting."""
    return f"<t:{time_s}:R>"
