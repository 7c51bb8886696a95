"""One report on each local date that exists: against a slow list of every minute, and over every zone there is."""

import itertools
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.reports.timetable import Timetable

EPOCH = date(1970, 1, 1)
DAY_MIN = 1_440
QUARTER_S = 900
"""Clocks of the zones below change at quarters of an hour, so one look at each serves its fifteen minutes."""
TIMES = ("00:00", "01:30", "02:15", "02:30", "03:30", "23:59")
PLACES = (
    ("Europe/Berlin", 2024, 2026),
    ("America/New_York", 2024, 2026),
    ("Australia/Lord_Howe", 2024, 2026),
    ("Pacific/Apia", 2010, 2011),
    ("America/Sao_Paulo", 2017, 2018),
    ("America/Nuuk", 2023, 2025),
)


@cache
def minutes_of_dates(zone_name, first_year, last_year):
    """Local date → its minutes as [minute of day, UTC minute], in the order in which they passed."""
    zone = ZoneInfo(zone_name)
    begin = datetime(first_year, 1, 1, tzinfo=UTC).timestamp() - 2 * 86_400
    end = datetime(last_year + 1, 1, 1, tzinfo=UTC).timestamp() + 2 * 86_400
    quarters = np.arange(int(begin), int(end), QUARTER_S)
    offsets = [datetime.fromtimestamp(int(quarter), zone).utcoffset().total_seconds() // 60 for quarter in quarters]
    utc = np.arange(int(begin) // 60, int(end) // 60)
    local = utc + np.repeat(np.array(offsets, dtype=np.int64), 15)
    days = local // DAY_MIN
    order = np.argsort(days, kind="stable")
    firsts = np.unique(days[order], return_index=True)
    stretches = np.split(np.column_stack((local % DAY_MIN, utc))[order], firsts[1][1:])
    return dict(zip((EPOCH + timedelta(days=int(day)) for day in firsts[0]), stretches, strict=True))


def wanted_minute(minutes, wanted):
    """The UTC minute that the rules ask for on a date: the first of it, else the first after the gap, else the last."""
    for these in (minutes[minutes[:, 0] == wanted], minutes[minutes[:, 0] > wanted]):
        if len(these):
            return int(these[0, 1])
    return int(minutes[-1, 1])


@pytest.mark.parametrize("local", TIMES)
@pytest.mark.parametrize("place", PLACES, ids=lambda place: place[0])
def test_each_local_date_has_one_report_at_the_minute_that_a_list_of_all_minutes_gives(place, local):
    zone_name, first_year, last_year = place
    dates = minutes_of_dates(*place)
    at = time.fromisoformat(local)
    expected = [
        wanted_minute(dates[day], at.hour * 60 + at.minute) * 60
        for day in sorted(dates)
        if first_year <= day.year <= last_year
    ]
    table = Timetable(rhythm="daily", local_time=at, time_zone=zone_name)
    found, after_s = [], expected[0] - 1
    while len(found) < len(expected):
        after_s = table.next_due(after_s)
        found.append(after_s)
    assert found == expected


def test_the_list_of_minutes_knows_the_dates_that_are_hard():
    apia = minutes_of_dates("Pacific/Apia", 2010, 2011)
    assert date(2011, 12, 30) not in apia
    assert len([day for day in apia if day.year == 2011]) == 364
    sao_paulo = minutes_of_dates("America/Sao_Paulo", 2017, 2018)
    assert sao_paulo[date(2018, 11, 4)][0, 0] == 60
    lord_howe = minutes_of_dates("Australia/Lord_Howe", 2024, 2026)
    assert sorted({len(minutes) for day, minutes in lord_howe.items() if day.year == 2025}) == [1_410, 1_440, 1_470]


zones = st.sampled_from(sorted(available_timezones()))
moments = st.integers(
    round(datetime(1973, 1, 1, tzinfo=UTC).timestamp()), round(datetime(2060, 1, 1, tzinfo=UTC).timestamp())
)
times = st.builds(time, st.integers(0, 23), st.integers(0, 59))


def exists(day, zone):
    """Whether any quarter of an hour anywhere near belongs to the date."""
    noon_s = round(datetime.combine(day, time(12), UTC).timestamp())
    near = range(noon_s - 48 * 3_600, noon_s + 48 * 3_600, QUARTER_S)
    return any(datetime.fromtimestamp(moment_s, zone).date() == day for moment_s in near)


@given(zone_name=zones, after_s=moments, at=times)
def test_in_every_zone_a_daily_report_misses_no_date_and_doubles_none(zone_name, after_s, at):
    zone = ZoneInfo(zone_name)
    table = Timetable(rhythm="daily", local_time=at, time_zone=zone_name)
    due = [after_s]
    for _ in range(370):
        due.append(table.next_due(due[-1]))
    assert due == sorted(set(due))
    dates = [datetime.fromtimestamp(each, zone).date() for each in due[1:]]
    for earlier, later in itertools.pairwise(dates):
        assert later > earlier
        between = (earlier + timedelta(days=days) for days in range(1, (later - earlier).days))
        assert not any(exists(day, zone) for day in between)


@given(zone_name=zones, after_s=moments, at=times, days=st.sets(st.integers(1, 7), min_size=1))
def test_a_report_on_some_days_is_a_daily_one_without_the_others(zone_name, after_s, at, days):
    zone = ZoneInfo(zone_name)
    each_day = Timetable(rhythm="daily", local_time=at, time_zone=zone_name)
    some_days = Timetable(rhythm="daily", local_time=at, time_zone=zone_name, days=tuple(sorted(days)))
    due_s = each_day.next_due(after_s)
    while datetime.fromtimestamp(due_s, zone).isoweekday() not in days:
        due_s = each_day.next_due(due_s)
    assert some_days.next_due(after_s) == due_s


@given(
    zone_name=zones,
    after_s=moments,
    hours=st.sampled_from((1, 2, 3, 4, 6, 8, 12)),
    days=st.sets(st.integers(1, 7), min_size=1),
    rhythm=st.sampled_from(("hours", "funding")),
)
def test_a_report_every_few_hours_comes_at_the_first_step_of_a_day_asked_for(zone_name, after_s, hours, days, rhythm):
    zone = ZoneInfo(zone_name)
    table = Timetable(rhythm=rhythm, every_hours=hours, time_zone=zone_name, days=tuple(sorted(days)))
    due_s = table.next_due(after_s)
    lead_s = 900 if rhythm == "funding" else 0

    def fits(moment_s):
        on_a_day = datetime.fromtimestamp(moment_s, zone).isoweekday() in days
        return on_a_day and (moment_s + lead_s) % (hours * 3_600) == 0

    assert due_s > after_s
    assert fits(due_s)
    quarters = range(after_s // QUARTER_S * QUARTER_S + QUARTER_S, due_s, QUARTER_S)
    assume(len(quarters) < 1_000)
    assert not any(fits(quarter) for quarter in quarters)
