"""Four processes that are killed at random while they deliver: nothing is lost, nothing comes twice."""

import asyncio
import json
import multiprocessing
import random
import time
from collections import Counter

import pytest

from bot.deliveries.notices import troubles_in
from bot.storage.database import Database
from tests.bot.deliveries.post import put, report, rows_of
from tests.bot.deliveries.worker import work

TOOK_S = 0.03
"""How long the platform takes: what is under way at a kill is uncertain, so its share grows with this."""
OWNER = 7
PATIENCE_S = 240


class Counting:
    """The platforms' end: Discord's knows a message that is sent again by its nonce, Telegram's does not."""

    def __init__(self):
        self.shown = Counter()
        self.known_again = 0
        self._nonces = {}

    async def __call__(self, reader, writer):
        told = json.loads(await reader.readline())
        key = (told["platform"], told["text"])
        is_known = told["platform"] == "discord" and told["nonce"] in self._nonces
        self.known_again += is_known
        if not is_known:
            self.shown[key] += 1
            self._nonces[told["nonce"]] = len(self._nonces) + 1
        await asyncio.sleep(TOOK_S)
        writer.write(b"%d\n" % self._nonces[told["nonce"]])
        await writer.drain()
        writer.close()


async def killed_while_delivering(url, *, deliveries, processes, kills):
    """Return the platforms' end, and the rows of the database when all have ended."""
    counting, chance = Counting(), random.Random(5)  # noqa: S311 - when to kill is no secret
    server = await asyncio.start_server(counting, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    database = await Database.open(url)
    due_s = int(time.time())
    platforms = ("telegram", "discord")
    await put(database, *(report(number, platform=platforms[number % 2], due_s=due_s) for number in range(deliveries)))
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.bot.deliveries.worker"])

    def start():
        process = context.Process(target=work, args=(url, port), daemon=True)
        process.start()
        return process

    workers = [await asyncio.to_thread(start) for _ in range(processes)]
    try:
        await asyncio.sleep(2.0)
        for _ in range(kills):
            await asyncio.sleep(chance.uniform(0.4, 1.2))
            victim = chance.randrange(processes)
            workers[victim].kill()
            await asyncio.to_thread(workers[victim].join)
            workers[victim] = await asyncio.to_thread(start)
        until_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < until_s:
            await asyncio.sleep(1)
            rows = await rows_of(database)
            if {row["status"] for row in rows} <= {"sent", "uncertain"}:
                break
        return counting, rows
    finally:
        for process in workers:
            process.kill()
            process.join()
        server.close()
        await database.close()


def check(counting, rows, *, uncertain_share):
    shown = counting.shown
    reports = [row for row in rows if row["kind"] == "report"]
    uncertain = [row for row in reports if row["status"] == "uncertain"]
    arrived = {text for _platform, text in shown}
    lost = [row for row in reports if row["status"] == "sent" and f"{row['subject_id']} {row['due_s']}" not in arrived]
    doubled = {key: count for key, count in shown.items() if count > 1}
    told = {trouble.subject for row in rows if row["kind"] == "notice" for trouble in troubles_in(row["content"])}
    print(  # noqa: T201 - what a long run found
        f"{len(reports)} deliveries, {len(uncertain)} uncertain, {len(lost)} lost, {len(doubled)} doubled,"
        f" {counting.known_again} sent again and known by their nonce"
    )
    assert {row["status"] for row in reports} <= {"sent", "uncertain"}
    assert not lost
    assert not doubled
    assert {row["platform"] for row in uncertain} <= {"telegram"}
    assert {row["subject_id"] for row in uncertain} <= told
    telegram = sum(row["platform"] == "telegram" for row in reports)
    assert len(uncertain) <= max(1, uncertain_share * telegram)


def test_a_few_kills_lose_and_double_nothing(url):
    check(*asyncio.run(killed_while_delivering(url, deliveries=60, processes=2, kills=3)), uncertain_share=0.1)


@pytest.mark.soak
@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_fifty_kills_during_a_thousand_deliveries_lose_and_double_nothing(url):
    check(*asyncio.run(killed_while_delivering(url, deliveries=1_000, processes=4, kills=50)), uncertain_share=0.02)


@pytest.mark.soak
@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_kills_of_processes_that_share_a_file_lose_and_double_nothing(url):
    check(*asyncio.run(killed_while_delivering(url, deliveries=300, processes=2, kills=15)), uncertain_share=0.04)
