"""Alerts in the database: kept as they were set, limited, never under a number that somebody had before."""

from dataclasses import replace

import pytest
from sqlalchemy import select, update

from bot.alerts.kept_alerts import TooManyAlertsError
from bot.sections import AlertsSettings
from bot.storage.sql_alerts import SqlAlerts
from bot.storage.tables import alert, published
from engine.alert_values import Alert, AlertState, PriceMemory
from tests.bot.alerts.made_alerts import GROUP, NIGHT, PRIVATE, close_above, findings, new
from tests.bot.storage.made_database import read, with_database
from tests.engine.made_zones import AS_OF_S, zone_at


def with_alerts(url, work, limits=None):
    return with_database(url, lambda database: work(SqlAlerts(database, limits), database))


def test_an_alert_is_read_back_as_it_was_set(url):
    basis = findings(zones=(zone_at(51_000.0), zone_at(49_000.0)), conditions=(close_above(52_000.0),))
    sweeping = new(watched=Alert(kind="sweep", basis=basis, repeats=True, cooldown_s=7_200))
    quiet = replace(new(68_500.25, goes_to=replace(GROUP, topic=5, is_silent=True), quiet=NIGHT), venue="okx")

    async def work(alerts, database):
        del database
        return [(await alerts.add(each), each) for each in (sweeping, quiet)], await alerts.of_person("telegram", 7)

    kept, listed = with_alerts(url, work)
    assert tuple(each for each, _set in kept) == listed
    for found, was_set in kept:
        assert {name: getattr(found, name) for name in was_set.__dataclass_fields__} == {
            name: getattr(was_set, name) for name in was_set.__dataclass_fields__
        }


def test_one_reading_that_two_alerts_watch_is_stored_once(url):
    watched = Alert(kind="invalidated", basis=findings(conditions=(close_above(52_000.0),)))

    async def work(alerts, database):
        for _ in range(2):
            await alerts.add(new(watched=watched))
        return await read(database, select(published.c.id))

    assert len(with_alerts(url, work)) == 1


def test_a_person_and_a_chat_find_their_own(url):
    somebody = replace(GROUP, owner=8)

    async def work(alerts, database):
        del database
        for goes_to in (PRIVATE, GROUP, somebody, replace(PRIVATE, platform="discord")):
            await alerts.add(new(goes_to=goes_to))
        mine, chats = await alerts.of_person("telegram", 7), await alerts.of_chat("telegram", -100)
        return [each.id for each in mine], [each.id for each in chats], await alerts.numbered(99)

    assert with_alerts(url, work) == ([1, 2], [2, 3], None)


def test_what_is_paused_says_why_and_goes_on_from_a_new_state(url):
    later = AlertState(seen_s=AS_OF_S + 900, memory=PriceMemory(side="above"), fired_s=AS_OF_S)

    async def work(alerts, database):
        del database
        kept = await alerts.add(new())
        await alerts.pause(kept.id, "paused by who set it")
        paused = await alerts.numbered(kept.id)
        await alerts.resume(kept.id, later)
        return paused, await alerts.numbered(kept.id)

    paused, resumed = with_alerts(url, work)
    assert (paused.paused_why, paused.state.seen_s) == ("paused by who set it", AS_OF_S)
    assert (resumed.paused_why, resumed.state) == (None, later)


def test_a_number_is_never_given_twice(url):
    async def work(alerts, database):
        del database
        first = await alerts.add(new())
        await alerts.remove(first.id)
        return first.id, (await alerts.add(new())).id

    assert with_alerts(url, work) == (1, 2)


def test_one_more_than_a_person_may_have_is_refused_and_others_are_not_touched(url):
    async def work(alerts, database):
        del database
        await alerts.add(new())
        await alerts.add(new(goes_to=GROUP))
        with pytest.raises(TooManyAlertsError, match=r"You have 2 alerts, .* Remove one first"):
            await alerts.add(new())
        await alerts.add(new(goes_to=replace(PRIVATE, owner=8, chat=8)))
        await alerts.add(new(goes_to=replace(PRIVATE, platform="discord")))

    with_alerts(url, work, AlertsSettings(per_person=2))


def test_one_more_than_a_chat_may_have_is_refused_whoever_sets_it(url):
    async def work(alerts, database):
        del database
        await alerts.add(new(goes_to=GROUP))
        with pytest.raises(TooManyAlertsError, match="This chat has 1 alerts"):
            await alerts.add(new(goes_to=replace(GROUP, owner=8)))
        await alerts.add(new(goes_to=replace(PRIVATE, owner=8, chat=8)))

    with_alerts(url, work, AlertsSettings(per_chat=1))


def test_a_row_that_cannot_be_read_is_an_error_that_names_no_user(url):
    async def work(alerts, database):
        kept = await alerts.add(new())
        async with database.writing() as connection:
            await connection.execute(update(alert).values(state="{}"))
        with pytest.raises(ValueError, match="AlertState"):
            await alerts.numbered(kept.id)

    with_alerts(url, work)
