"""What a look stores: new states and deliveries together, once, in one digest for each destination."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import select, update

from bot.alerts.told import told_in
from bot.storage.sql_alert_watch import UNREADABLE, SqlAlertWatch
from bot.storage.sql_alerts import SqlAlerts
from bot.storage.tables import alert, delivery
from engine.alert_values import Alert
from tests.bot.alerts.made_alerts import GROUP, NIGHT, PRIVATE, crossed, new, unmoved
from tests.bot.storage.made_database import read, with_database
from tests.engine.made_zones import AS_OF_S

NOW_S = AS_OF_S + 305
NIGHT_S = int(datetime(2026, 2, 3, 22, 0, tzinfo=UTC).timestamp())
MORNING_S = int(datetime(2026, 2, 4, 6, 0, tzinfo=UTC).timestamp())


async def deliveries(database):
    return await read(database, select(delivery).order_by(delivery.c.id))


def with_watch(url, alerts, work):
    async def run(database):
        kept = [await SqlAlerts(database).add(each) for each in alerts]
        return await work(SqlAlertWatch(database), kept, database)

    return with_database(url, run)


def test_what_fired_once_is_over_and_waits_to_be_sent(url):
    async def work(watch, kept, database):
        count = await watch.note([(kept[0], crossed(kept[0]))], now_s=NOW_S)
        return count, await deliveries(database), await watch.watched()

    count, (row,), left = with_watch(url, [new()], work)
    assert (count, left) == (1, ())
    assert (row.kind, row.subject_id, row.due_s, row.next_try_s, row.status) == ("alert", 1, NOW_S, NOW_S, "planned")
    assert row.until_s == NOW_S + 6 * 3_600
    (told,) = told_in(row.content)
    assert (told.alert, told.symbol, told.kind, told.is_over) == (1, "BTC", "price", True)
    assert (told.fired.event.level, told.fired.price) == (51_000.0, 51_010.0)


def test_what_repeats_stays_with_its_new_state(url):
    async def work(watch, kept, database):
        outcome = crossed(kept[0], is_over=False)
        await watch.note([(kept[0], outcome)], now_s=NOW_S)
        fired_s = await read(database, select(alert.c.last_fired_s))
        return outcome, await watch.watched(), fired_s

    outcome, (left,), fired_s = with_watch(url, [new(repeats=True)], work)
    assert left.state == outcome.state
    assert fired_s == [(AS_OF_S + 300,)]


def test_what_fires_in_one_look_is_one_message_for_each_destination(url):
    alerts = [
        new(51_000.0),
        new(51_005.0),
        new(51_000.0, goes_to=GROUP),
        new(51_000.0, goes_to=replace(GROUP, topic=5)),
    ]

    async def work(watch, kept, database):
        await watch.note([(each, crossed(each)) for each in kept], now_s=NOW_S)
        return await deliveries(database)

    rows = with_watch(url, alerts, work)
    assert [[told.alert for told in told_in(row.content)] for row in rows] == [[1, 2], [3], [4]]


def test_what_fires_in_quiet_hours_is_one_message_when_they_end(url):
    alerts = [new(51_000.0, quiet=NIGHT), new(51_005.0, quiet=NIGHT), new(51_005.0)]

    async def work(watch, kept, database):
        await watch.note([(kept[0], crossed(kept[0]))], now_s=NIGHT_S)
        await watch.note([(each, crossed(each)) for each in kept[1:]], now_s=NIGHT_S + 3_600)
        return await deliveries(database)

    held, at_once = with_watch(url, alerts, work)
    assert [told.alert for told in told_in(held.content)] == [1, 2]
    assert (held.next_try_s, held.until_s) == (MORNING_S, MORNING_S + 6 * 3_600)
    assert [told.alert for told in told_in(at_once.content)] == [3]
    assert at_once.next_try_s == NIGHT_S + 3_600


def test_the_same_look_noted_twice_tells_once(url):
    async def work(watch, kept, database):
        outcome = crossed(kept[0], is_over=False)
        counts = await asyncio.gather(*(watch.note([(kept[0], outcome)], now_s=NOW_S + each) for each in range(2)))
        return sorted(counts), await deliveries(database)

    counts, rows = with_watch(url, [new(repeats=True)], work)
    assert (counts, len(rows)) == ([0, 1], 1)


def test_what_was_removed_paused_or_set_anew_meanwhile_tells_nothing(url):
    async def work(watch, kept, database):
        alerts = SqlAlerts(database)
        await alerts.remove(kept[0].id)
        await alerts.pause(kept[1].id, "paused")
        await alerts.resume(kept[2].id, replace(kept[2].state, seen_s=AS_OF_S + 60))
        count = await watch.note([(each, crossed(each)) for each in kept], now_s=NOW_S)
        return count, await deliveries(database), await watch.watched()

    count, rows, left = with_watch(url, [new(), new(), new()], work)
    assert (count, rows) == (0, [])
    assert [(each.id, each.state.seen_s) for each in left] == [(3, AS_OF_S + 60)]


def test_many_alerts_are_noted_in_one_go(url):
    async def work(watch, kept, database):
        await watch.note([(each, unmoved(each)) for each in kept], now_s=NOW_S)
        return await watch.watched(), await deliveries(database)

    alerts = [new(50_001.0 + each, goes_to=replace(PRIVATE, owner=each, chat=each)) for each in range(600)]
    left, rows = with_watch(url, alerts, work)
    assert {each.state.seen_s for each in left} == {AS_OF_S + 300}
    assert (len(left), rows) == (600, [])


def test_an_alert_that_cannot_be_read_is_paused_and_the_others_are_watched(url):
    async def work(watch, kept, database):
        del kept
        async with database.writing() as connection:
            await connection.execute(update(alert).where(alert.c.id == 1).values(state=json.dumps({"seen_s": 1})))
        watched = await watch.watched()
        return watched, await read(database, select(alert.c.id, alert.c.paused_why).order_by(alert.c.id))

    watched, rows = with_watch(url, [new(), new()], work)
    assert [each.id for each in watched] == [2]
    assert rows == [(1, UNREADABLE), (2, None)]


def test_quiet_hours_of_a_zone_that_is_gone_pause_the_alert(url):
    async def work(watch, kept, database):
        del kept
        async with database.writing() as connection:
            await connection.execute(update(alert).values(time_zone="Europe/Atlantis"))
        return await watch.watched(), await read(database, select(alert.c.paused_why))

    assert with_watch(url, [new(quiet=NIGHT, watched=Alert(kind="price", threshold=1.0))], work) == (
        (),
        [(UNREADABLE,)],
    )
