"""Times of day and days of the week as people write them: 8.30pm, noon; mon, fridays, weekdays, mon-fri."""

from __future__ import annotations

import re
from datetime import time

from bot.reports.timetable import EVERY_DAY, WEEKDAYS, WEEKEND

_DAY_WORDS = (
    "mon monday mondays",
    "tue tues tuesday tuesdays",
    "wed weds wednesday wednesdays",
    "thu thur thurs thursday thursdays",
    "fri friday fridays",
    "sat saturday saturdays",
    "sun sunday sundays",
)
DAYS: dict[str, tuple[int, ...]] = {
    **{word: (number,) for number, words in enumerate(_DAY_WORDS, start=1) for word in words.split()},
    **dict.fromkeys(("weekday", "weekdays", "workday", "workdays"), WEEKDAYS),
    **dict.fromkeys(("weekend", "weekends"), WEEKEND),
    **dict.fromkeys(("everyday", "all-days"), EVERY_DAY),
}
_NAMED_TIMES = {"noon": time(12), "midday": time(12), "midnight": time(0)}
_CLOCK = re.compile(r"(?P<hour>\d{1,2})(?:[:.h]?(?P<minute>\d\d))?\s*(?P<half>am|pm|a\.m|p\.m)?h?", re.IGNORECASE)
_CLEAR = re.compile(r"\d{1,2}(?::\d\d(?:am|pm)?|(?:[.:]\d\d)?(?:am|pm))", re.IGNORECASE)
_NOON = 12


def time_of(word: str) -> time | None:
    """Return the time of day that a word tells: 8, 8am, 08:00, 8.30pm, 0800, noon; None where it tells none."""
    if word.lower() in _NAMED_TIMES:
        return _NAMED_TIMES[word.lower()]
    match = _CLOCK.fullmatch(word)
    if match is None:
        return None
    hour, minute, half = int(match["hour"]), int(match["minute"] or 0), (match["half"] or "").lower()[:1]
    if half:
        if not 1 <= hour <= _NOON:
            return None
        hour = hour % _NOON + (_NOON if half == "p" else 0)
    return time(hour, minute) if hour < 24 and minute < 60 else None


def is_clearly_a_time(word: str) -> bool:
    """Say whether a word can be nothing but a time of day: 08:00, 8pm, noon; not 8."""
    return word.lower() in _NAMED_TIMES or _CLEAR.fullmatch(word) is not None


def days_between(word: str) -> tuple[int, ...] | None:
    """Return the days of a span such as mon-fri or sat-mon, Monday 1, in order; None where it is none."""
    first, dash, last = word.partition("-")
    if not dash or any(len(DAYS.get(each, ())) != 1 for each in (first, last)):
        return None
    begin, end = DAYS[first][0], DAYS[last][0]
    return EVERY_DAY[begin - 1 : end] if begin <= end else EVERY_DAY[:end] + EVERY_DAY[begin - 1 :]
