"""When a report is due: what can be told on one's fingers, and what is refused."""

from datetime import UTC, datetime, time

import pytest

from bot.reports.timetable import EVERY_HOURS, WEEKDAYS, Timetable, TimetableError


def at(text):
    """Unix seconds of a moment in UTC."""
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def dues(table, after, count):
    found, after_s = [], at(after)
    for _ in range(count):
        after_s = table.next_due(after_s)
        found.append(f"{datetime.fromtimestamp(after_s, UTC):%a %Y-%m-%d %H:%M}")
    return found


def daily(at_, zone="UTC", **more):
    return Timetable(rhythm="daily", local_time=time.fromisoformat(at_), time_zone=zone, **more)


def test_a_daily_report_follows_the_clock_of_its_zone():
    table = daily("08:00", "Europe/London")
    assert dues(table, "2026-03-27T12:00", 3) == [
        "Sat 2026-03-28 08:00",
        "Sun 2026-03-29 07:00",
        "Mon 2026-03-30 07:00",
    ]


def test_a_due_time_is_later_than_the_moment_asked_about():
    table = daily("08:00")
    assert table.next_due(at("2026-03-14T08:00")) == at("2026-03-15T08:00")
    assert table.next_due(at("2026-03-14T08:00") - 1) == at("2026-03-14T08:00")


def test_of_two_moments_of_one_local_time_it_is_the_first():
    table = daily("02:30", "Europe/Berlin")  # 2026-10-25: 03:00 CEST becomes 02:00 CET
    assert dues(table, "2026-10-24T12:00", 2) == ["Sun 2026-10-25 00:30", "Mon 2026-10-26 01:30"]
    between = at("2026-10-25T01:00")  # 02:00 for the second time
    assert table.next_due(between) == at("2026-10-26T01:30")


def test_in_a_gap_it_is_the_first_moment_after_it():
    table = daily("02:30", "Europe/Berlin")  # 2026-03-29: 02:00 CET becomes 03:00 CEST
    assert dues(table, "2026-03-28T12:00", 2) == ["Sun 2026-03-29 01:00", "Mon 2026-03-30 00:30"]


def test_a_gap_that_ends_with_the_day_is_met_a_minute_before():
    table = daily("23:30", "America/Nuuk")  # 2024-03-30: 23:00 becomes 00:00 of the next day
    assert dues(table, "2024-03-30T12:00", 2) == ["Sun 2024-03-31 00:59", "Mon 2024-04-01 00:30"]


def test_a_date_that_was_left_out_has_no_report():
    table = daily("08:00", "Pacific/Apia")  # from 29 to 31 December 2011
    assert dues(table, "2011-12-28T20:00", 2) == ["Thu 2011-12-29 18:00", "Fri 2011-12-30 18:00"]
    friday = Timetable(rhythm="weekly", local_time=time(8), days=(5,), time_zone="Pacific/Apia")
    assert dues(friday, "2011-12-24T00:00", 1) == ["Thu 2012-01-05 18:00"]


def test_days_are_those_of_the_zone():
    table = daily("08:00", "Asia/Tokyo", days=WEEKDAYS)
    assert dues(table, "2026-03-12T12:00", 3) == [
        "Thu 2026-03-12 23:00",
        "Sun 2026-03-15 23:00",
        "Mon 2026-03-16 23:00",
    ]


def test_a_weekly_report_comes_on_its_day():
    table = Timetable(rhythm="weekly", local_time=time(8), days=(1,), time_zone="Europe/London")
    assert dues(table, "2026-03-17T00:00", 2) == ["Mon 2026-03-23 08:00", "Mon 2026-03-30 07:00"]


def test_hours_are_counted_from_midnight_utc():
    table = Timetable(rhythm="hours", every_hours=4)
    assert dues(table, "2026-03-14T19:59", 3) == [
        "Sat 2026-03-14 20:00",
        "Sun 2026-03-15 00:00",
        "Sun 2026-03-15 04:00",
    ]


def test_hours_on_some_days_are_those_of_the_zone():
    table = Timetable(rhythm="hours", every_hours=12, days=(1,), time_zone="Asia/Tokyo")
    assert dues(table, "2026-03-14T00:00", 3) == [
        "Mon 2026-03-16 00:00",
        "Mon 2026-03-16 12:00",
        "Mon 2026-03-23 00:00",
    ]


def test_a_report_before_funding_comes_a_quarter_of_an_hour_before_it():
    table = Timetable(rhythm="funding", every_hours=8)
    assert dues(table, "2026-03-14T23:44", 3) == [
        "Sat 2026-03-14 23:45",
        "Sun 2026-03-15 07:45",
        "Sun 2026-03-15 15:45",
    ]
    hourly = Timetable(rhythm="funding", every_hours=1)
    assert dues(hourly, "2026-03-14T23:45", 2) == ["Sun 2026-03-15 00:45", "Sun 2026-03-15 01:45"]


def test_there_is_no_due_time_where_calendars_end():
    assert daily("08:00").next_due(-1) is None
    assert daily("08:00").next_due(10**12) is None


@pytest.mark.parametrize(
    ("table", "text"),
    [
        (daily("08:00", "Europe/London", days=WEEKDAYS), "daily at 08:00 Europe/London, weekdays"),
        (daily("08:05"), "daily at 08:05 UTC"),
        (daily("08:00", days=(1, 3, 7)), "daily at 08:00 UTC, Mon Wed Sun"),
        (Timetable(rhythm="hours", every_hours=4), "every 4 hours"),
        (
            Timetable(rhythm="hours", every_hours=1, days=(6, 7), time_zone="Asia/Tokyo"),
            "every hour, weekends in Asia/Tokyo",
        ),
        (Timetable(rhythm="funding", every_hours=8), "15 min before funding"),
        (Timetable(rhythm="funding", every_hours=4), "15 min before funding, every 4 hours"),
        (
            Timetable(rhythm="weekly", local_time=time(8), days=(1,)),
            "weekly on Monday at 08:00 UTC, with the track record",
        ),
    ],
)
def test_a_timetable_says_itself_in_words(table, text):
    assert table.text == text


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"rhythm": "daily"}, "A daily report has a time of day, such as 08:00."),
        ({"rhythm": "daily", "local_time": time(8, 0, 1)}, "told to the minute"),
        ({"rhythm": "daily", "local_time": time(8, tzinfo=UTC)}, "its zone apart"),
        ({"rhythm": "daily", "local_time": time(8), "every_hours": 4}, "once a day"),
        ({"rhythm": "weekly", "local_time": time(8)}, "one day"),
        ({"rhythm": "weekly", "local_time": time(8), "days": (1,), "every_hours": 4}, "once a week"),
        ({"rhythm": "hours"}, "every 1, 2, 3, 4, 6, 8 or 12 hours"),
        ({"rhythm": "hours", "every_hours": 5}, "every 1, 2, 3, 4, 6, 8 or 12 hours"),
        ({"rhythm": "hours", "every_hours": 4, "local_time": time(8)}, "no time of day"),
        ({"rhythm": "daily", "local_time": time(8), "days": ()}, "Days are numbers from 1"),
        ({"rhythm": "daily", "local_time": time(8), "days": (2, 1)}, "in order"),
        ({"rhythm": "daily", "local_time": time(8), "days": (0, 1)}, "from 1, Monday"),
        ({"rhythm": "daily", "local_time": time(8), "time_zone": "Europe/Lodnon"}, "no time zone 'Europe/Lodnon' here"),
        ({"rhythm": "daily", "local_time": time(8), "time_zone": "../etc/passwd"}, "no time zone"),
        ({"rhythm": "daily", "local_time": time(8), "time_zone": ""}, "no time zone"),
    ],
)
def test_what_could_not_be_followed_is_refused(fields, sentence):
    with pytest.raises(TimetableError) as refused:
        Timetable(**fields)
    assert sentence in str(refused.value)


@pytest.mark.parametrize("hours", EVERY_HOURS)
def test_a_period_is_the_distance_of_two_due_times(hours):
    for rhythm in ("hours", "funding"):
        table = Timetable(rhythm=rhythm, every_hours=hours)
        first = table.next_due(at("2026-03-14T10:00"))
        assert table.next_due(first) - first == table.period_s == hours * 3600
