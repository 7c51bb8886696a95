"""Due subscriptions become deliveries, each due time once."""

import asyncio
import json

import pytest
from sqlalchemy import update

from bot.deliveries.clock import DeliveryClock
from bot.deliveries.planner import Planner
from bot.storage.sql_outbox import SqlOutbox
from bot.storage.sql_planning import SqlPlanning
from bot.storage.sql_subscriptions import SqlSubscriptions
from bot.storage.tables import delivery, subscription
from tests.bot.deliveries.post import Times, put, report, rows_of, subscribed
from tests.bot.deliveries.virtual_time import BEGIN_S, Wall, run

DAY_S = 86_400
EIGHT = BEGIN_S  # Times() is due at midnight UTC; what is due first is the row's own


def planner(database, loop, times=lambda row: Times()):
    clock = DeliveryClock(Wall(loop), loop.time)
    return Planner(SqlPlanning(database, times), SqlOutbox(database), clock)


def test_what_is_due_is_planned_once_by_any_number_of_planners_at_once(url):
    async def story(database, loop):
        await put(database, *(subscribed(number) for number in range(1, 31)), table=subscription)
        await put(database, subscribed(31, next_due_s=BEGIN_S + 60), table=subscription)
        await put(database, subscribed(32, paused_why="by its owner"), table=subscription)
        counts = await asyncio.gather(*(planner(database, loop).tick() for _ in range(4)))
        assert sum(counts) == 30
        rows = await rows_of(database)
        assert sorted(row["subject_id"] for row in rows) == list(range(1, 31))
        assert {(row["status"], row["due_s"], row["until_s"]) for row in rows} == {
            ("planned", BEGIN_S, BEGIN_S + 21_600)
        }
        moved = await rows_of(database, subscription, id=1)
        assert (moved[0]["next_due_s"], moved[0]["last_due_s"]) == (BEGIN_S + DAY_S - 8 * 3_600, BEGIN_S)

    run(story, url)


def test_after_days_without_service_the_newest_is_planned_and_says_how_many_were_missed(url):
    async def story(database, loop):
        await put(database, subscribed(1, next_due_s=BEGIN_S - 8 * 3_600 - 3 * DAY_S), table=subscription)
        await put(database, report(1, due_s=BEGIN_S - 5 * DAY_S, status="skipped"))
        await put(database, report(1, due_s=BEGIN_S - 6 * DAY_S, status="sent"))
        await put(database, report(1, due_s=BEGIN_S - 7 * DAY_S, status="skipped"))
        assert await planner(database, loop).tick() == 0  # eight hours late: too late
        await asyncio.sleep(16 * 3_600)
        assert await planner(database, loop).tick() == 1
        [new] = await rows_of(database, status="planned")
        assert json.loads(new["content"]) == {"missed": 5}

    run(story, url)


def test_a_subscription_whose_times_cannot_be_read_keeps_nobody_elses_back(url):
    def times(row):
        if row["id"] == 1:
            raise ValueError(row["local_time"])
        return Times()

    async def story(database, loop):
        await put(database, subscribed(1), subscribed(2), table=subscription)
        assert await planner(database, loop, times).tick() == 1
        assert (await rows_of(database, subscription, id=1))[0]["paused_why"].startswith("Its times cannot be read")

    run(story, url)


def test_a_database_that_is_away_is_asked_again(url):
    async def story(database, loop):
        await put(database, subscribed(1), table=subscription)
        asked = planner(database, loop)
        database.is_away = True
        assert await asked.tick() == 0
        database.is_away = False
        assert await asked.tick() == 1

    run(story, url)


@pytest.mark.parametrize(("age_s", "stays"), [(29 * DAY_S, True), (31 * DAY_S, False)])
def test_what_ended_is_deleted_after_thirty_days(url, age_s, stays):
    async def story(database, loop):
        await put(database, report(1, status="sent", ended_s=BEGIN_S - age_s))
        await put(database, report(2))
        await planner(database, loop).tick()
        assert len(await rows_of(database)) == 1 + stays

    run(story, url)


@pytest.mark.parametrize("ended", ["sent", "uncertain", "failed", "skipped"])
def test_a_report_that_was_tested_changes_neither_what_was_missed_nor_the_last_run(url, ended):
    async def story(database, loop):
        subscriptions, hour_s = SqlSubscriptions(database), 3_600
        await put(database, subscribed(1, shown="4", last_due_s=BEGIN_S - DAY_S), table=subscription)
        await put(database, report(1, due_s=BEGIN_S - 3 * DAY_S, status="sent"))
        await put(database, *(report(1, due_s=BEGIN_S - days * DAY_S, status="failed") for days in (2, 1)))
        assert await subscriptions.send_now(1, now_s=BEGIN_S - hour_s)
        [before] = await rows_of(database, subscription)
        [test] = await rows_of(database, due_s=BEGIN_S - hour_s)
        if ended == "sent":
            done = (await SqlOutbox(database).claim("one", "telegram", most=1, now_s=BEGIN_S, until_s=BEGIN_S + 30))[0]
            await SqlOutbox(database).sent(done, message=3, shown=None, now_s=BEGIN_S)
        else:
            async with database.writing() as connection:
                await connection.execute(update(delivery).where(delivery.c.id == test["id"]).values(status=ended))
        assert await rows_of(database, subscription) == [before]
        assert await planner(database, loop).tick() == 1
        [due] = await rows_of(database, due_s=BEGIN_S)
        assert json.loads(due["content"]) == {"missed": 2}

    run(story, url)
