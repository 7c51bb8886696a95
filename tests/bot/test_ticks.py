"""Work that is done again and again goes on, whatever it raises and whatever the machine's clock does."""

import asyncio
import datetime as dt
import logging

import pytest
from apscheduler.schedulers import base

from bot.serving import ticks
from bot.serving.ticks import Tick, ticking

EVERY_S = 0.02


def done_within(seconds, *made, meanwhile=None):
    async def run():
        async with ticking(*made):
            if meanwhile is not None:
                await meanwhile()
            await asyncio.sleep(seconds)

    asyncio.run(run())


class Counted:
    def __init__(self, takes_s=0.0):
        self.count = self.at_once = self.most_at_once = 0
        self.takes_s = takes_s

    async def work(self):
        self.count += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(self.takes_s)
        self.at_once -= 1


def test_work_is_done_at_the_start_and_then_every_so_often():
    often, seldom = Counted(), Counted()
    done_within(
        0.5, Tick(name="often", every_s=EVERY_S, work=often.work), Tick(name="seldom", every_s=60, work=seldom.work)
    )
    assert often.count >= 5
    assert seldom.count == 1


def test_work_that_takes_longer_than_its_tick_is_never_done_twice_at_once():
    slow = Counted(takes_s=5 * EVERY_S)
    done_within(0.5, Tick(name="slow", every_s=EVERY_S, work=slow.work))
    assert slow.count >= 2
    assert slow.most_at_once == 1


def test_work_that_fails_is_tried_again_and_takes_no_other_down(caplog):
    fine, tries = Counted(), []

    async def fail():
        tries.append(1)
        raise OSError("no")

    with caplog.at_level(logging.ERROR):
        done_within(
            0.4, Tick(name="bad", every_s=EVERY_S, work=fail), Tick(name="fine", every_s=EVERY_S, work=fine.work)
        )
    assert len(tries) >= 3
    assert fine.count >= 3
    assert "bad failed" in caplog.text


def test_nothing_is_done_after_the_end():
    counted = Counted()
    done_within(0.1, Tick(name="one", every_s=EVERY_S, work=counted.work))
    before = counted.count
    asyncio.run(asyncio.sleep(3 * EVERY_S))
    assert counted.count == before


class Moved(dt.datetime):
    """The machine's clock as somebody sets it."""

    by = dt.timedelta()

    @classmethod
    def now(cls, tz=None):
        return dt.datetime.now(tz) + cls.by


@pytest.mark.parametrize("hours", [-24, 24])
def test_a_clock_that_jumps_stops_nothing_and_floods_nobody(monkeypatch, hours):
    counted = Counted()
    for module in (base, ticks):
        monkeypatch.setattr(module, "datetime", Moved)
    monkeypatch.setattr(Moved, "by", dt.timedelta())
    before = []

    async def jump():
        await asyncio.sleep(0.1)
        before.append(counted.count)
        monkeypatch.setattr(Moved, "by", dt.timedelta(hours=hours))

    done_within(0.6, Tick(name="one", every_s=EVERY_S, work=counted.work), meanwhile=jump)
    after = counted.count - before[0]
    assert 3 <= after <= 0.6 / EVERY_S + 2
