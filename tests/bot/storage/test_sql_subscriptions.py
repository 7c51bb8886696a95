"""Subscriptions in SQLite and in PostgreSQL: kept as they were asked for, counted, paused, sent now, removed."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, time

import pytest
from sqlalchemy import insert, select, update

from bot.deliveries.delivery import Destination
from bot.reports.subscriptions import Limits, Terms, TooManyError
from bot.reports.timetable import TimetableError
from bot.storage.sql_planning import SqlPlanning
from bot.storage.sql_subscriptions import NOW_LIFE_S, SqlSubscriptions, timetable_of
from bot.storage.tables import delivery, subscription
from tests.bot.storage.made_database import with_database

MONDAY_NOON_S = int(datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp())
HOME = Destination(platform="telegram", chat=7, owner=7)
GROUP = Destination(platform="telegram", chat=-5, owner=7, topic=3, community=-5, is_silent=True)
DAILY = Terms(destination=HOME, symbols=("BTC",), rhythm="daily", local_time=time(8), time_zone="Europe/London")
EVERYTHING = Terms(
    destination=GROUP,
    symbols=("ETH", "1000PEPE"),
    rhythm="weekly",
    local_time=time(21, 30),
    days=(5,),
    time_zone="Asia/Tokyo",
    window="3d",
    model="M2",
    venue="okx",
    theme="light",
)
EVERY_FOUR_HOURS = Terms(destination=HOME, symbols=("BTC",), rhythm="hours", every_hours=4, days=(1, 2, 3, 4, 5))
MANY = Limits()


def moment(text):
    return int(datetime.fromisoformat(text).timestamp())


def with_store(url, work):
    return with_database(url, lambda database: work(SqlSubscriptions(database), database))


async def deliveries(database):
    async with database.reading() as connection:
        return (await connection.execute(select(delivery).order_by(delivery.c.id))).mappings().all()


@pytest.mark.parametrize("terms", [DAILY, EVERYTHING, EVERY_FOUR_HOURS], ids=["daily", "everything", "hours"])
def test_what_was_asked_for_is_kept_as_it_was_asked_for(url, terms):
    async def work(store, database):
        made = await store.add(terms, MANY, now_s=MONDAY_NOON_S)
        return made, await store.find(made.number)

    made, found = with_store(url, work)
    assert made == found
    assert (found.terms, found.created_s, found.paused_why) == (terms, MONDAY_NOON_S, None)


def test_it_is_due_next_by_its_own_clock(url):
    async def work(store, database):
        return [(await store.add(terms, MANY, now_s=MONDAY_NOON_S)).next_due_s for terms in (DAILY, EVERYTHING)]

    assert with_store(url, work) == [moment("2026-11-24T08:00+00:00"), moment("2026-11-27T21:30+09:00")]


def test_a_person_sees_their_own_and_a_chat_what_is_sent_to_it(url):
    somebody_elses = replace(DAILY, destination=replace(GROUP, owner=8))
    on_discord = replace(DAILY, destination=replace(HOME, platform="discord"))

    async def work(store, database):
        for terms in (DAILY, EVERYTHING, somebody_elses, on_discord):
            await store.add(terms, MANY, now_s=MONDAY_NOON_S)
        mine, of_group = await store.of_person("telegram", 7), await store.of_chat("telegram", -5)
        return [each.terms for each in mine], [each.terms for each in of_group]

    assert with_store(url, work) == ([DAILY, EVERYTHING], [EVERYTHING, somebody_elses])


def test_the_same_report_asked_for_twice_at_once_is_one(url):
    async def work(store, database):
        adding = (store.add(DAILY, Limits(per_person=1), now_s=MONDAY_NOON_S) for _ in range(4))
        return await asyncio.gather(*adding)

    assert len({each.number for each in with_store(url, work)}) == 1


@pytest.mark.parametrize(
    ("limits", "words"), [(Limits(per_person=2), "You have 2 reports"), (Limits(per_chat=2), "This chat has 2 reports")]
)
def test_more_than_there_may_be_is_refused_and_nothing_is_kept(url, limits, words):
    async def work(store, database):
        hours = [replace(EVERY_FOUR_HOURS, every_hours=hours) for hours in (1, 2, 3, 4, 6)]
        done = await asyncio.gather(
            *(store.add(terms, limits, now_s=MONDAY_NOON_S) for terms in hours), return_exceptions=True
        )
        refused = [each for each in done if isinstance(each, TooManyError)]
        return [str(each) for each in refused], len(await store.of_person("telegram", 7))

    refused, kept = with_store(url, work)
    assert (len(refused), kept) == (3, 2)
    assert all(text.startswith(words) for text in refused)


def test_what_is_paused_is_not_sent_and_goes_on_from_now(url):
    async def work(store, database):
        number = (await store.add(DAILY, MANY, now_s=MONDAY_NOON_S)).number
        await store.send_now(number, now_s=MONDAY_NOON_S)
        await store.pause(number, "paused by hand", now_s=MONDAY_NOON_S + 1)
        paused = await store.find(number)
        planned = await SqlPlanning(database, timetable_of).plan(now_s=MONDAY_NOON_S + 3 * 86_400, most=10)
        await store.resume(number, now_s=MONDAY_NOON_S + 3 * 86_400)
        return paused, planned.subscriptions, await store.find(number), await deliveries(database)

    paused, planned, resumed, rows = with_store(url, work)
    assert (paused.paused_why, planned) == ("paused by hand", 0)
    assert (resumed.paused_why, resumed.next_due_s) == (None, moment("2026-11-27T08:00+00:00"))
    assert [(row["status"], row["note"]) for row in rows] == [("skipped", "paused by hand")]


def test_going_on_with_what_was_not_paused_moves_nothing(url):
    async def work(store, database):
        made = await store.add(DAILY, MANY, now_s=MONDAY_NOON_S)
        await store.resume(made.number, now_s=MONDAY_NOON_S + 3 * 86_400)
        return made, await store.find(made.number)

    made, found = with_store(url, work)
    assert made == found


def test_what_is_removed_is_gone_with_what_was_planned_of_it(url):
    async def work(store, database):
        number = (await store.add(DAILY, MANY, now_s=MONDAY_NOON_S)).number
        await store.send_now(number, now_s=MONDAY_NOON_S)
        await store.remove(number, now_s=MONDAY_NOON_S)
        await store.pause(number, "too late", now_s=MONDAY_NOON_S)
        return await store.find(number), await store.send_now(number, now_s=MONDAY_NOON_S), await deliveries(database)

    found, is_sent, rows = with_store(url, work)
    assert (found, is_sent) == (None, False)
    assert [row["status"] for row in rows] == ["skipped"]


def test_a_report_of_now_is_planned_once_and_moves_no_due_time(url):
    async def work(store, database):
        made = await store.add(EVERYTHING, MANY, now_s=MONDAY_NOON_S)
        done = await asyncio.gather(*(store.send_now(made.number, now_s=MONDAY_NOON_S + at) for at in range(3)))
        return made, done, await store.find(made.number), await deliveries(database)

    made, done, found, [row] = with_store(url, work)
    assert sorted(done) == [False, False, True]
    assert made == found
    assert row["until_s"] == row["due_s"] + NOW_LIFE_S
    assert json.loads(row["content"]) == {"missed": 0, "now": True}
    assert (row["chat_id"], row["topic_id"], row["silent"]) == (-5, 3, True)


def test_a_zone_that_the_machine_lost_pauses_its_report_with_the_reason_and_no_other(url):
    async def work(store, database):
        lost, other = [
            (await store.add(replace(DAILY, symbols=(symbol,)), MANY, now_s=MONDAY_NOON_S)).number
            for symbol in ("BTC", "ETH")
        ]
        async with database.writing() as connection:
            changing = update(subscription).where(subscription.c.id == lost).values(time_zone="Mars/Base")
            await connection.execute(changing)
        planned = await SqlPlanning(database, timetable_of).plan(now_s=MONDAY_NOON_S + 86_400, most=10)
        with pytest.raises(TimetableError, match="Mars/Base"):
            await store.resume(lost, now_s=MONDAY_NOON_S)
        return planned.deliveries, await store.find(lost), await store.find(other)

    planned, lost, other = with_store(url, work)
    assert planned == 1
    assert lost.paused_why.startswith("There is no time zone 'Mars/Base' here")
    assert other.paused_why is None


def test_a_zone_that_is_not_known_is_never_kept(url):
    async def work(store, database):
        with pytest.raises(TimetableError):
            await store.add(replace(DAILY, time_zone="Mars/Base"), MANY, now_s=MONDAY_NOON_S)
        return await store.of_person("telegram", 7)

    assert with_store(url, work) == ()


def test_rows_without_days_mean_every_day(url):
    async def work(store, database):
        row = {"platform": "telegram", "user_id": 7, "chat_id": 7, "silent": False, "symbols": "BTC", "rhythm": "hours"}
        async with database.writing() as connection:
            new = insert(subscription).values(**row, every_hours=4, time_zone="UTC", created_s=0)
            await connection.execute(new)
        return await store.of_person("telegram", 7)

    [found] = with_store(url, work)
    assert found.terms.days == (1, 2, 3, 4, 5, 6, 7)
