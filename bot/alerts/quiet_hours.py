"""Hours in which nobody wants to be told anything: what comes then waits until they end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from bot.reports.timetable import known_zone, moment_of

_DAYS_AHEAD = 3
"""Quiet hours end within a day, on the third date at the latest where a zone leaves one out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """From one local time up to another, over midnight where that is earlier; time_zone: an IANA name.

    Raises:
        ValueError: the zone is not known here, or both times are the same.

    """

    begins: time
    ends: time
    time_zone: str

    def __post_init__(self) -> None:
        """Refuse what could not be followed."""
        known_zone(self.time_zone)
        if self.begins == self.ends:
            msg = "Quiet hours begin and end at different times."
            raise ValueError(msg)

    @property
    def text(self) -> str:
        """How they are told: "22:00-07:00 Europe/London"."""
        return f"{self.begins:%H:%M}-{self.ends:%H:%M} {self.time_zone}"

    def ends_s(self, at_s: int) -> int | None:
        """Return when the quiet hours that hold a moment end [Unix s]; None where it is in none."""
        zone = known_zone(self.time_zone)
        local = datetime.fromtimestamp(at_s, zone)
        now = local.time()
        is_quiet = self.begins <= now < self.ends if self.begins < self.ends else now >= self.begins or now < self.ends
        if not is_quiet:
            return None
        dates = (local.date() + timedelta(days=count) for count in range(_DAYS_AHEAD))
        moments = (moment_of(date, self.ends, zone) for date in dates)
        return next((moment for moment in moments if moment is not None and moment > at_s), None)
