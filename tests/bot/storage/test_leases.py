"""Leases: one holder at a time, also among processes, and none that outlives its holder."""

import subprocess
import sys

from bot.storage.leases import Leases
from tests.bot.storage.made_database import with_database

WATCH = "alert-watch"


def test_a_lease_has_one_holder_until_it_ends(url):
    async def work(database):
        one, other = Leases(database, "one"), Leases(database, "other")
        return [
            await one.take(WATCH, now_s=100, until_s=160),
            await other.take(WATCH, now_s=159, until_s=219),
            await other.take("another", now_s=159, until_s=219),
            await other.take(WATCH, now_s=160, until_s=220),
            await one.take(WATCH, now_s=161, until_s=221),
        ]

    assert with_database(url, work) == [True, False, True, True, False]


def test_who_holds_it_holds_it_for_longer_but_not_once_it_ended(url):
    async def work(database):
        one, other = Leases(database, "one"), Leases(database, "other")
        await one.take(WATCH, now_s=100, until_s=160)
        return [
            await one.renew(WATCH, now_s=150, until_s=210),
            await other.renew(WATCH, now_s=150, until_s=210),
            await other.take(WATCH, now_s=170, until_s=230),
            await one.renew(WATCH, now_s=210, until_s=270),
            await one.renew("never taken", now_s=100, until_s=160),
        ]

    assert with_database(url, work) == [True, False, False, False, False]


def test_what_is_released_is_free_at_once_and_only_ones_own(url):
    async def work(database):
        one, other = Leases(database, "one"), Leases(database, "other")
        await one.take(WATCH, now_s=100, until_s=160)
        await other.release(WATCH)
        kept = await other.take(WATCH, now_s=101, until_s=161)
        await one.release(WATCH)
        return [kept, await other.take(WATCH, now_s=101, until_s=161)]

    assert with_database(url, work) == [False, True]


def test_those_that_are_held_are_counted_by_how_their_names_begin(url):
    async def work(database):
        one, other = Leases(database, "one"), Leases(database, "other")
        await one.take("serving one", now_s=100, until_s=112)
        await other.take("serving other", now_s=105, until_s=117)
        await one.take("servingX", now_s=100, until_s=200)
        await one.take("telegram", now_s=100, until_s=200)
        return [await one.count("serving ", now_s=now_s) for now_s in (106, 111, 112, 117)]

    assert with_database(url, work) == [2, 2, 1, 0]


TAKES = """
import asyncio, sys
from bot.storage.database import Database
from bot.storage.leases import Leases
async def main():
    database = await Database.open(sys.argv[1])
    leases = Leases(database, sys.argv[2])
    print("ready", flush=True)
    sys.stdin.readline()
    taken = [await leases.take(f"job {number}", now_s=100, until_s=160) for number in range(100)]
    print("".join("x" if each else "." for each in taken), flush=True)
    await database.close()
asyncio.run(main())
"""


def test_of_two_processes_one_gets_each_lease(url):
    started = [
        subprocess.Popen(
            [sys.executable, "-c", TAKES, url, holder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for holder in ("one", "other")
    ]
    for process in started:
        assert process.stdout.readline().strip() == "ready"
    for process in started:
        process.stdin.write("\n")
        process.stdin.flush()
    taken = [process.communicate(timeout=90)[0].strip() for process in started]
    assert [len(each) for each in taken] == [100, 100]
    assert all({one, other} == {"x", "."} for one, other in zip(*taken, strict=True))
