"""The watch: one process looks, every symbol once, and what it saw is told once, also where it dies between."""

import asyncio
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from sqlalchemy import select

from bot.alerts.told import told_in
from bot.alerts.watching import AlertWatch
from bot.storage.errors import StorageError
from bot.storage.leases import Leases
from bot.storage.sql_alert_watch import SqlAlertWatch
from bot.storage.sql_alerts import SqlAlerts
from bot.storage.tables import delivery
from engine.alerts import Look, evaluate
from engine.errors import DataUnavailableError
from tests.bot.alerts.made_alerts import PRIVATE, new
from tests.bot.storage.made_database import read, with_database
from tests.engine.conftest import candles_of, market_of, venue_of
from tests.engine.made_zones import AS_OF_S

BAR_S = 300


class Clock:
    def __init__(self):
        self.s = AS_OF_S

    def now_s(self):
        return self.s


class Looks:
    """Prices of 5 minutes after AS_OF_S, one market for every symbol; `broken`: symbols that cannot be read."""

    def __init__(self, *closes, broken=()):
        self.closes = list(closes)
        self.broken = broken
        self.asked = Counter()

    async def look(self, symbol, venue, watched):
        self.asked[symbol, venue] += 1
        if symbol in self.broken:
            raise DataUnavailableError(f"no {symbol}")
        padded = np.concatenate((np.full(20, 50_000.0), np.asarray(self.closes, dtype=float)))
        end_s = AS_OF_S + BAR_S * len(self.closes)
        market = market_of(venue_of(candles_of(padded, bar_s=BAR_S, end_s=end_s)), as_of_s=end_s)
        seen = Look(market=market, atr_share=float("nan"))
        return tuple(evaluate(alert, state, seen) for alert, state in watched)


def watch_of(database, looks, clock, holder="one", store=None):
    return AlertWatch(store or SqlAlertWatch(database), Leases(database, holder), looks, clock)


async def told(database):
    rows = await read(database, select(delivery.c.content).order_by(delivery.c.id))
    return [[each.alert for each in told_in(row.content)] for row in rows]


def watched(url, alerts, work):
    async def run(database):
        for each in alerts:
            await SqlAlerts(database).add(each)
        return await work(database)

    return with_database(url, run)


def test_every_symbol_is_looked_at_once_and_each_alert_told_once(url):
    looks = Looks(50_500, 51_001)
    alerts = [new(51_000.0), new(51_000.5, goes_to=replace(PRIVATE, owner=8, chat=8)), new(60_000.0)]
    alerts += [replace(new(51_000.0), symbol="ETH"), replace(new(51_000.0), venue="okx")]

    async def work(database):
        watch = watch_of(database, looks, Clock())
        counts = [await watch.look(), await watch.look()]
        return counts, await told(database)

    counts, messages = watched(url, alerts, work)
    assert counts == [4, 0]
    assert messages == [[1, 4, 5], [2]]
    assert set(looks.asked) == {("BTC", None), ("ETH", None), ("BTC", "okx")}
    assert looks.asked["ETH", None] == 1  # nothing of it is watched any more


def test_one_of_two_processes_looks_and_the_other_takes_over(url):
    looks, others = Looks(50_500), Looks(50_500)
    clock = Clock()

    async def work(database):
        one, other = watch_of(database, looks, clock), watch_of(database, others, clock, "other")
        await one.look()
        await other.look()
        clock.s += 60
        await other.look()
        clock.s += 150
        await other.look()

    watched(url, [new()], work)
    assert (sum(looks.asked.values()), sum(others.asked.values())) == (1, 1)


def test_who_leaves_is_followed_at_once(url):
    looks, others = Looks(50_500), Looks(50_500)
    clock = Clock()

    async def work(database):
        one, other = watch_of(database, looks, clock), watch_of(database, others, clock, "other")
        await one.look()
        await other.leave()
        await other.look()
        await one.leave()
        await other.look()

    watched(url, [new()], work)
    assert (sum(looks.asked.values()), sum(others.asked.values())) == (1, 1)


def test_a_process_that_dies_before_it_noted_loses_and_doubles_nothing(url):
    looks, clock = Looks(51_001), Clock()

    class Dying(SqlAlertWatch):
        async def note(self, looked, *, now_s):
            raise asyncio.CancelledError

    async def work(database):
        with pytest.raises(asyncio.CancelledError):
            await watch_of(database, looks, clock, store=Dying(database)).look()
        before = await told(database)
        clock.s += 200
        looks.closes += [50_000] * 3
        await watch_of(database, looks, clock, "other").look()
        return before, await told(database)

    assert watched(url, [new()], work) == ([], [[1]])


def test_looks_of_two_processes_at_once_tell_once(url):
    looks, clock = Looks(51_001), Clock()

    class Always:
        async def take(self, name, *, now_s, until_s):
            return True

    async def work(database):
        both = [AlertWatch(SqlAlertWatch(database), Always(), looks, clock) for _ in range(2)]
        counts = await asyncio.gather(*(each.look() for each in both))
        return sorted(counts), await told(database)

    assert watched(url, [new(repeats=True)], work) == ([0, 1], [[1]])


def test_a_symbol_that_cannot_be_read_keeps_no_other_from_being_watched(url):
    looks = Looks(51_001, broken=("ETH",))

    async def work(database):
        await watch_of(database, looks, Clock()).look()
        first = await told(database)
        looks.broken = ()
        looks.closes += [50_000] * 5
        await watch_of(database, looks, Clock()).look()
        return first, await told(database)

    first, then = watched(url, [new(), replace(new(), symbol="ETH")], work)
    assert (first, then) == ([[1]], [[1], [2]])  # the second crossing was 25 minutes ago, and is told


def test_a_database_that_is_away_is_waited_for():
    class Away:
        async def take(self, name, *, now_s, until_s):
            raise StorageError("db", "is away", "Wait.")

    async def run():
        return await AlertWatch(None, Away(), Looks(1.0), Clock()).look()

    assert asyncio.run(run()) == 0
