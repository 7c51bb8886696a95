"""The database really away while couriers deliver: a file that is locked, a server that breaks its connections."""

import asyncio
import sqlite3
import time

import asyncpg
import pytest
from sqlalchemy import event

from bot.deliveries.clock import DeliveryClock
from bot.deliveries.courier import Courier
from bot.deliveries.pace import Manners
from bot.storage.address import address_of
from bot.storage.database import Database
from bot.storage.sql_outbox import SqlOutbox
from tests.bot.deliveries.post import Box, Letters, put, report, rows_of
from tests.bot.storage.conftest import SERVER

COUNT = 60
AWAY_S = 3.0
BREAKS_EVERY_S = 0.03
LEASE_S = 9
PATIENCE_S = 60
MANNERS = {"telegram": Manners(at_once=8, per_s=40.0)}


async def delivered_while_away(url, away):
    """What arrived, before and in all, and the rows, where `away(databases)` is awaited meanwhile."""
    databases = [await Database.open(url) for _ in range(2)]
    due_s = int(time.time())
    await put(databases[0], *(report(number, due_s=due_s) for number in range(COUNT)))
    box = Box(took_s=0.2)
    couriers = [
        Courier(SqlOutbox(each), Letters(), {"telegram": box}, DeliveryClock(), manners=MANNERS, lease_s=LEASE_S)
        for each in databases
    ]
    running = [asyncio.create_task(each.run()) for each in couriers]
    async with asyncio.timeout(PATIENCE_S):
        while len(box.arrived) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        before = len(box.arrived)
        await away(databases)
        while {row["status"] for row in await rows_of(databases[0])} != {"sent"}:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    for each in running:
        each.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    for each in databases:
        await each.close()
    return before, due_s, box


def check(before, due_s, box):
    assert before < COUNT
    assert box.counts == {f"{number} {due_s}": 1 for number in range(COUNT)}


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_file_that_another_connection_locks_loses_and_doubles_nothing(url, monkeypatch, caplog):
    monkeypatch.setattr("bot.storage.database.BUSY_WAIT_S", 0.3)

    async def locked(databases):
        def lock():
            other = sqlite3.connect(address_of(url).url.database, timeout=10, isolation_level=None)
            other.execute("BEGIN EXCLUSIVE")
            time.sleep(AWAY_S)
            other.execute("ROLLBACK")
            other.close()

        await asyncio.to_thread(lock)

    check(*asyncio.run(delivered_while_away(url, locked)))
    assert "the database is back" in caplog.text


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_a_server_that_ends_every_connection_again_and_again_loses_and_doubles_nothing(url):
    ended = []

    async def broken(databases):
        alive = set()
        for each in databases:
            engine = each._engine.sync_engine
            event.listen(engine, "connect", lambda made, _entry: alive.add(made.driver_connection.get_server_pid()))
            event.listen(engine, "checkout", lambda got, *_: alive.add(got.driver_connection.get_server_pid()))
        server, until_s = await asyncpg.connect(SERVER), time.monotonic() + AWAY_S
        while time.monotonic() < until_s:
            for pid in list(alive):
                if await server.fetchval("SELECT pg_terminate_backend($1)", pid):
                    ended.append(pid)
                alive.discard(pid)
            await asyncio.sleep(BREAKS_EVERY_S)
        await server.close()

    check(*asyncio.run(delivered_while_away(url, broken)))
    assert len(ended) > 10
