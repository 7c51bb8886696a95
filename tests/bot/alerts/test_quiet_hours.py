"""Quiet hours: in which moments, and when they end, where clocks are set back and forward."""

from datetime import UTC, datetime, time

import pytest

from bot.alerts.quiet_hours import QuietHours
from tests.bot.alerts.made_alerts import NIGHT


def at(*moment):
    return int(datetime(*moment, tzinfo=UTC).timestamp())


def test_the_night_ends_in_the_morning_of_the_next_day_or_of_the_same():
    assert NIGHT.ends_s(at(2026, 1, 10, 21, 0)) == at(2026, 1, 11, 6, 0)  # 22:00 in Berlin, until 07:00
    assert NIGHT.ends_s(at(2026, 1, 10, 23, 30)) == at(2026, 1, 11, 6, 0)
    assert NIGHT.ends_s(at(2026, 1, 11, 5, 59)) == at(2026, 1, 11, 6, 0)


@pytest.mark.parametrize("moment", [(2026, 1, 10, 6, 0), (2026, 1, 10, 12, 0), (2026, 1, 10, 20, 59, 59)])
def test_the_day_is_not_quiet_and_neither_is_the_minute_in_which_they_end(moment):
    assert NIGHT.ends_s(at(*moment)) is None


def test_hours_within_one_day_are_quiet_between_them_alone():
    siesta = QuietHours(begins=time(13), ends=time(15, 30), time_zone="UTC")
    assert siesta.ends_s(at(2026, 1, 10, 13, 0)) == at(2026, 1, 10, 15, 30)
    assert siesta.ends_s(at(2026, 1, 10, 12, 59)) is None
    assert siesta.ends_s(at(2026, 1, 10, 23, 0)) is None


def test_the_end_follows_the_clock_on_the_wall():
    assert NIGHT.ends_s(at(2026, 3, 28, 23, 0)) == at(2026, 3, 29, 5, 0)  # summer time begins at 01:00 UTC
    assert NIGHT.ends_s(at(2026, 10, 24, 22, 0)) == at(2026, 10, 25, 6, 0)


def test_what_could_not_be_followed_is_refused():
    with pytest.raises(ValueError, match="different times"):
        QuietHours(begins=time(7), ends=time(7), time_zone="UTC")
    with pytest.raises(ValueError, match="no time zone"):
        QuietHours(begins=time(22), ends=time(7), time_zone="Europe/Atlantis")
