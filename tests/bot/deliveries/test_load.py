"""How fast two thousand deliveries go out that are due at once, in real time on a real database."""

import asyncio
import time

import pytest

from bot.deliveries.clock import DeliveryClock
from bot.deliveries.courier import Courier
from bot.storage.database import Database
from bot.storage.sql_outbox import SqlOutbox
from tests.bot.deliveries.post import Box, Letters, put, report

COUNT = 2_000
TELEGRAMS_PACE = 25.0


async def seconds_for_all(url):
    database = await Database.open(url)
    due_s = int(time.time())
    await put(database, *(report(number, due_s=due_s) for number in range(COUNT)))
    box = Box(took_s=0.03)
    courier = Courier(SqlOutbox(database), Letters(), {"telegram": box}, DeliveryClock())
    running = asyncio.create_task(courier.run())
    began_s = time.monotonic()
    while len(box.arrived) < COUNT and time.monotonic() < began_s + 2 * COUNT / TELEGRAMS_PACE:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    took_s = time.monotonic() - began_s
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await database.close()
    assert set(box.counts.values()) == {1}
    return took_s


@pytest.mark.soak
def test_two_thousand_due_at_once_go_out_at_nine_tenths_of_telegrams_pace(url):
    rate = COUNT / asyncio.run(seconds_for_all(url))
    print(f"{rate:.1f} deliveries a second")  # noqa: T201 - what a long run found
    assert 0.9 * TELEGRAMS_PACE <= rate <= 1.02 * TELEGRAMS_PACE
