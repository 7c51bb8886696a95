"""What happens to due times that passed."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.deliveries.lateness import KEPT_S, LATEST_S, planned
from tests.bot.deliveries.post import Times

HOUR_S = 3_600
DAY_S = 24 * HOUR_S
EIGHT = int(datetime(2026, 3, 14, tzinfo=UTC).timestamp())


def test_nothing_is_planned_before_it_is_due():
    assert planned(Times(), EIGHT, EIGHT - 1) is None


def test_what_is_due_now_is_sent_and_the_next_one_noted():
    plan = planned(Times(), EIGHT, EIGHT)
    assert (plan.due_s, plan.skipped, plan.next_due_s) == (EIGHT, (), EIGHT + DAY_S)
    assert plan.until_s == EIGHT + 6 * HOUR_S


@pytest.mark.parametrize(("late_s", "sent"), [(6 * HOUR_S, True), (6 * HOUR_S + 1, False)])
def test_a_daily_report_is_sent_up_to_six_hours_late(late_s, sent):
    plan = planned(Times(), EIGHT, EIGHT + late_s)
    assert plan.due_s == (EIGHT if sent else None)
    assert plan.skipped == (() if sent else (EIGHT,))


@pytest.mark.parametrize(("late_s", "sent"), [(1_800, True), (1_801, False)])
def test_an_hourly_report_is_sent_up_to_half_an_hour_late(late_s, sent):
    assert (planned(Times(HOUR_S), EIGHT, EIGHT + late_s).due_s is not None) is sent


def test_of_three_days_that_passed_the_newest_is_sent():
    plan = planned(Times(), EIGHT, EIGHT + 2 * DAY_S + HOUR_S)
    assert plan.due_s == EIGHT + 2 * DAY_S
    assert plan.skipped == (EIGHT, EIGHT + DAY_S)
    assert plan.next_due_s == EIGHT + 3 * DAY_S


def test_what_is_never_due_again_ends():
    assert planned(Times(last_s=EIGHT), EIGHT, EIGHT + 5).next_due_s is None


@given(st.sampled_from([1, 4, 8, 12, 24, 168]), st.integers(0, 100 * DAY_S))
def test_due_times_are_sent_or_skipped_each_once_and_the_next_is_ahead(hours, late_s):
    times, first = Times(hours * HOUR_S), Times(hours * HOUR_S).next_due(EIGHT)
    now_s = first + late_s
    plan = planned(times, first, now_s)
    every = [each for each in range(first, now_s + 1, hours * HOUR_S) if each > now_s - KEPT_S]
    told = [*plan.skipped, *([plan.due_s] if plan.due_s is not None else [])]
    assert told == every
    assert plan.next_due_s > now_s
    assert plan.due_s is None or now_s - plan.due_s <= min(LATEST_S, hours * HOUR_S // 2)
