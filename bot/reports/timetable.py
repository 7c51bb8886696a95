"""When a report is due: a rhythm, and from any moment the next one. Pure: no clock, only the rules of time zones.

    daily    at a local time, on some days of the week
    weekly   the same on one day, with the track record
    hours    every N hours, counted from 00:00 UTC
    funding  a quarter of an hour before venues settle funding

A local time is due exactly once on every local date that exists. Where clocks are set back it is the first of the two
moments. Where they are set forward over it, it is the first moment after the gap; where that is another date already,
the last minute before the gap. A date that a zone left out has none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

Rhythm = Literal["daily", "hours", "funding", "weekly"]

MINUTE_S = 60
HOUR_S = 3_600
DAY_S = 24 * HOUR_S
FUNDING_HOURS = 8
"""Perpetuals of Binance, Bybit and OKX settle at 00:00, 08:00 and 16:00 UTC unless the venue lists a shorter interval,
4, 2 or 1 h, which is counted from 00:00 UTC too; as their pages on funding say."""
FUNDING_LEAD_S = 15 * MINUTE_S
"""How long before: enough to read a report, and late enough that the rate hardly changes (own assumption)."""
EVERY_HOURS = (1, 2, 3, 4, 6, 8, 12)
"""What divides a day, so that a report comes at the same times each day."""
EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)
"""Monday is 1, Sunday 7, as ISO 8601 counts."""
WEEKDAYS, WEEKEND = EVERY_DAY[:5], EVERY_DAY[5:]
DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SHORT = 3
_FARTHEST_DAYS = 15
"""One day of the week comes again within a week, and after two where a zone leaves its date out."""
_FIRST_S, _LAST_S = 0, 253_370_764_800
"""1970 to the end of 9998: dates that a calendar can still be turned on from."""


class TimetableError(ValueError):
    """A timetable that means nothing; the sentence says what would."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timetable:
    """When a report is due.

    local_time: to the minute, of daily and weekly ones; every_hours: of hours, and the interval of funding; days: on
    which it is due at all, by the date in `time_zone`, exactly one for weekly; time_zone: its IANA name.

    Raises:
        TimetableError: it could not be followed, or the zone is not known here.

    """

    rhythm: Rhythm
    local_time: time | None = None
    every_hours: int | None = None
    days: tuple[int, ...] = EVERY_DAY
    time_zone: str = "UTC"

    def __post_init__(self) -> None:
        """Refuse what could not be followed."""
        if self.rhythm in ("daily", "weekly"):
            _refuse_time(self.rhythm, self.local_time, self.every_hours)
        elif self.local_time is not None:
            raise TimetableError("A report that comes every few hours has no time of day: leave it out.")
        elif self.every_hours not in EVERY_HOURS:
            raise TimetableError(f"A report comes every {_listed(EVERY_HOURS)} hours.")
        if not self.days or tuple(sorted(set(self.days) & set(EVERY_DAY))) != self.days:
            raise TimetableError("Days are numbers from 1, Monday, to 7, Sunday, in order and each once.")
        if self.rhythm == "weekly" and len(self.days) != 1:
            raise TimetableError("A weekly report has one day.")
        known_zone(self.time_zone)

    @property
    def period_s(self) -> int:
        """The shortest regular time between two due times [s]."""
        if self.every_hours is not None:
            return self.every_hours * HOUR_S
        return 7 * DAY_S if self.rhythm == "weekly" else DAY_S

    @property
    def text(self) -> str:
        """The rhythm in words: "daily at 08:00 Europe/London, weekdays"."""
        days = days_text(self.days)
        if self.local_time is None:
            where = f", {days} in {self.time_zone}" if days else ""
            return f"{_rhythm_text(self.rhythm, self.every_hours or FUNDING_HOURS)}{where}"
        at = f"at {self.local_time:%H:%M} {self.time_zone}"
        if self.rhythm == "weekly":
            return f"weekly on {DAY_NAMES[self.days[0] - 1]} {at}, with the track record"
        return f"daily {at}{', ' if days else ''}{days}"

    def next_due(self, after_s: int) -> int | None:
        """Return the first due time later than `after_s` [Unix s]; None outside of 1970 to 9998."""
        if not _FIRST_S <= after_s < _LAST_S:
            return None
        zone = known_zone(self.time_zone)
        due = self._by_date(after_s, zone) if self.local_time is not None else self._by_hour(after_s, zone)
        return next((due_s for due_s in due if due_s > after_s), None)

    def _by_date(self, after_s: int, zone: ZoneInfo) -> Iterator[int]:
        """Yield due times in order, from the local date before `after_s`: clocks set back may tell a date twice."""
        first = datetime.fromtimestamp(after_s, zone).date() - timedelta(days=1)
        for count in range(_FARTHEST_DAYS + 2):
            day = first + timedelta(days=count)
            if day.isoweekday() in self.days and self.local_time is not None:
                due_s = moment_of(day, self.local_time, zone)
                if due_s is not None:
                    yield due_s

    def _by_hour(self, after_s: int, zone: ZoneInfo) -> Iterator[int]:
        lead_s = FUNDING_LEAD_S if self.rhythm == "funding" else 0
        begin_s = (after_s + lead_s) // self.period_s * self.period_s - lead_s
        for due_s in range(begin_s, begin_s + _FARTHEST_DAYS * DAY_S, self.period_s):
            if self.days == EVERY_DAY or datetime.fromtimestamp(due_s, zone).isoweekday() in self.days:
                yield due_s


def moment_of(day: date, at: time, zone: ZoneInfo) -> int | None:
    """Return the one moment [Unix s] of a local time on a local date, None where the date does not exist there."""
    wanted = datetime.combine(day, at, zone)  # of two moments the first; in a gap, read by the clock before it
    due_s = round(wanted.timestamp())
    if datetime.fromtimestamp(due_s, zone).replace(tzinfo=None) == wanted.replace(tzinfo=None):
        return due_s
    after_s = _set_forward_s(round(wanted.replace(fold=1).timestamp()), due_s, zone)
    if datetime.fromtimestamp(after_s, zone).date() == day:
        return after_s
    before = datetime.fromtimestamp(after_s - 1, zone)
    return after_s - 1 - before.second if before.date() == day else None


def _set_forward_s(before_s: int, after_s: int, zone: ZoneInfo) -> int:
    """Return the first moment after a gap that lies in (before_s, after_s], where clocks are set forward once."""
    old = datetime.fromtimestamp(before_s, zone).utcoffset()
    while after_s - before_s > 1:
        middle_s = (before_s + after_s) // 2
        if datetime.fromtimestamp(middle_s, zone).utcoffset() == old:
            before_s = middle_s
        else:
            after_s = middle_s
    return after_s


def known_zone(name: str) -> ZoneInfo:
    """Return a time zone by its IANA name.

    Raises:
        TimetableError: it is not in this machine's list.

    """
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise TimetableError(f"There is no time zone {name[:40]!r} here: write one such as Europe/London.") from None


def days_text(days: tuple[int, ...]) -> str:
    """Return days in words, "" for every day."""
    if days in (EVERY_DAY, WEEKDAYS, WEEKEND):
        return {EVERY_DAY: "", WEEKDAYS: "weekdays", WEEKEND: "weekends"}[days]
    return " ".join(DAY_NAMES[day - 1][:_SHORT] for day in days)


def _rhythm_text(rhythm: Rhythm, hours: int) -> str:
    if rhythm == "funding":
        often = "" if hours == FUNDING_HOURS else f", every {_hours_text(hours)}"
        return f"{FUNDING_LEAD_S // MINUTE_S} min before funding{often}"
    return f"every {_hours_text(hours)}"


def _hours_text(hours: int) -> str:
    return "hour" if hours == 1 else f"{hours} hours"


def _refuse_time(rhythm: Rhythm, at: time | None, every_hours: int | None) -> None:
    if at is None:
        raise TimetableError(f"A {rhythm} report has a time of day, such as 08:00.")
    if at.second or at.microsecond or at.tzinfo is not None or at.fold:
        raise TimetableError("The time of day is told to the minute, and its zone apart from it.")
    if every_hours is not None:
        raise TimetableError(f"A {rhythm} report comes once a {'week' if rhythm == 'weekly' else 'day'}.")


def _listed(numbers: tuple[int, ...]) -> str:
    return f"{', '.join(map(str, numbers[:-1]))} or {numbers[-1]}"
