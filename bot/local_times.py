"""Moments within sentences, which the engine tells in UTC, told as their reader wants them.

Pictures and JSON stay in UTC, and say so. A moment in another zone names its distance to UTC: abbreviations such as CST
mean several zones.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.replies import Block, Line, Reply
from engine.text import moment_text

MONTHS = tuple(calendar.month_abbr)[1:]
"""As the engine spells them."""

_MOMENT = re.compile(
    rf"\b(?P<day>\d{{1,2}}) (?P<month>{'|'.join(MONTHS)}) (?P<year>\d{{4}}) (?P<hour>\d\d):(?P<minute>\d\d) UTC"
    r"(?:(?P<sign>[+-])(?P<hours>\d{1,2})(?::(?P<minutes>\d\d))?)?(?![^\W_])"
)


def with_moments(text: str, tell: Callable[[int], str]) -> str:
    """Return a text with each moment in it [Unix s] told by `tell`; what is no moment of the calendar stays."""

    def told(found: re.Match[str]) -> str:
        time_s = _time_s(found)
        return found[0] if time_s is None else tell(time_s)

    return _MOMENT.sub(told, text)


def told_in(reply: Reply, zone_name: str) -> Reply:
    """Return the reply with its moments in a time zone (IANA name); in UTC where the machine does not know the zone."""
    zone = zone_named(zone_name)
    if zone is UTC:
        return reply

    def local(text: str) -> str:
        return with_moments(text, lambda time_s: local_text(time_s, zone))

    def line_in_zone(line: Line) -> Line:
        return replace(line, text=local(line.text), parts=tuple(local(part) for part in line.parts))

    def block_in_zone(block: Block) -> Block:
        return replace(block, lines=tuple(line_in_zone(line) for line in block.lines))

    return replace(reply, blocks=tuple(block_in_zone(block) for block in reply.blocks))


def zone_named(name: str) -> tzinfo:
    """Return a time zone by its IANA name; UTC where the machine does not know it (any more)."""
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def local_text(time_s: int, zone: tzinfo) -> str:
    """Return a moment [Unix s] in a time zone: 5 Feb 2026 19:00 UTC+1."""
    offset = datetime.fromtimestamp(time_s, zone).utcoffset() or timedelta()
    minutes = round(offset.total_seconds() / 60)
    if minutes == 0:
        return moment_text(time_s)
    hours, rest = divmod(abs(minutes), 60)
    distance = f"{'+' if minutes > 0 else '-'}{hours}{f':{rest:02d}' if rest else ''}"
    return f"{moment_text(time_s + 60 * minutes)}{distance}"


def _time_s(found: re.Match[str]) -> int | None:
    away = timedelta(hours=int(found["hours"] or 0), minutes=int(found["minutes"] or 0))
    try:
        zone = timezone(-away if found["sign"] == "-" else away)
        month = MONTHS.index(found["month"]) + 1
        when = (int(found["year"]), month, int(found["day"]), int(found["hour"]), int(found["minute"]))
        return int(datetime(*when, tzinfo=zone).timestamp())
    except ValueError:
        return None
