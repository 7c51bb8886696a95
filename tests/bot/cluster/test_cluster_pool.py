"""Work handed to workers over a real PostgreSQL: who does it, what comes back, and who does it when nobody answers."""

import asyncio
import secrets
import subprocess
import sys
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from bot.cluster import works
from bot.cluster.cluster_pool import Cluster, ClusterPool
from bot.cluster.sealing import Seal
from bot.cluster.task_queue import task_queue
from bot.cluster.worker import ClusterWorker
from bot.requests import Liq
from bot.service.answer import Order
from bot.service.work import Job, do
from bot.storage.address import address_of
from bot.storage.database import Database
from bot.storage.leases import Leases
from bot.storage.sql_cluster import SqlTasks
from engine.errors import DataUnavailableError

MARKET = b"a market of some bytes" * 1_000


class Own:
    """A pool that answers by itself, and says who it is."""

    workers = 2

    def __init__(self, name, *, delay_s=0.0, error=None):
        self.name, self.delay_s, self.error, self.jobs, self.begun = name, delay_s, error, [], asyncio.Event()

    async def run(self, work, given):
        self.jobs.append(given)
        self.begun.set()
        await asyncio.sleep(self.delay_s)
        if self.error is not None:
            raise self.error
        return f"{self.name} did {given.order.symbol} with {len(given.market)} bytes"

    async def close(self):
        pass


def job(symbol, market=MARKET):
    return Job(order=Order(request=Liq(symbol=symbol)), market_name=f"17 {symbol}", market=market)


@asynccontextmanager
async def cluster_at(url, key="one key"):
    """One process's side of a cluster."""
    database = await Database.open(url)
    queue = task_queue(address_of(url))
    yield Cluster(SqlTasks(database), queue, Seal(key), Leases(database, secrets.token_hex(4)))
    await database.close()


@asynccontextmanager
async def working(url, pool, key="one key"):
    """One worker, until the block ends."""
    async with cluster_at(url, key) as cluster, cluster.opened():
        task = asyncio.create_task(ClusterWorker(cluster, pool, secrets.token_hex(4)).run())
        try:
            yield task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def asking(url, own, *, workers=1, longest_wait_s=30.0):
    """A pool that asks, once it knows of the workers."""
    pool = ClusterPool(own, longest_wait_s=longest_wait_s)
    async with cluster_at(url) as cluster, pool.joined(cluster):
        async with asyncio.timeout(20):
            while pool.workers_there < workers:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        yield pool


def test_a_serving_process_without_a_cluster_loads_nothing_of_it():
    code = "import sys, bot.serving.process as _; print([name for name in sys.modules if name.startswith(%r)])"
    for name in ("bot.cluster", "procrastinate", "psycopg"):
        done = subprocess.run([sys.executable, "-c", code % name], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "[]"


def test_without_a_worker_ones_own_do_it_at_once(shared_url):
    async def run():
        own = Own("home")
        async with asking(shared_url, own, workers=0) as pool:
            assert await pool.run(do, job("BTC")) == f"home did BTC with {len(MARKET)} bytes"

    asyncio.run(run())


def test_workers_get_the_job_with_its_market_which_travels_once(shared_url):
    async def run():
        own, away = Own("home"), Own("away")
        async with working(shared_url, away), asking(shared_url, own) as pool:
            said = await asyncio.gather(*(pool.run(do, job(symbol)) for symbol in ("BTC", "ETH", "SOL")))
            assert said == [f"away did {symbol} with {len(MARKET)} bytes" for symbol in ("BTC", "ETH", "SOL")]
            other = await pool.run(do, job("BTC", b"a newer market"))
            assert other == "away did BTC with 14 bytes"
        assert not own.jobs
        names = [each.market_name for each in away.jobs if each.order.symbol == "BTC"]
        assert len(set(names)) == 2  # the same name at home, and yet another market
        assert all(each.market in (MARKET, b"a newer market") for each in away.jobs)

    asyncio.run(run())


def test_what_a_work_raises_is_raised_where_it_was_asked(shared_url):
    async def run():
        own, away = Own("home"), Own("away", error=DataUnavailableError("okx", "is silent"))
        async with working(shared_url, away), asking(shared_url, own) as pool:
            with pytest.raises(DataUnavailableError):
                await pool.run(do, job("BTC"))
        assert not own.jobs

    asyncio.run(run())


def test_a_work_without_a_name_stays_at_home(shared_url):
    async def run():
        own, away = Own("home"), Own("away")

        def another(given):
            return given

        assert works.name_of(another) is None
        async with working(shared_url, away), asking(shared_url, own) as pool:
            assert "home did" in await pool.run(another, job("BTC"))
        assert not away.jobs

    asyncio.run(run())


def test_a_worker_that_does_not_answer_in_time_is_waited_for_no_longer(shared_url, caplog):
    async def run():
        own, away = Own("home"), Own("away", delay_s=3_600)
        async with working(shared_url, away), asking(shared_url, own, longest_wait_s=1.0) as pool:
            assert "home did" in await pool.run(do, job("BTC"))
            assert away.jobs

    asyncio.run(run())
    assert "no answer came in time" in caplog.text


def test_a_worker_with_another_key_runs_nothing(shared_url, caplog):
    async def run():
        own, away = Own("home"), Own("away")
        async with working(shared_url, away, key="another key"), asking(shared_url, own, longest_wait_s=2.0) as pool:
            assert "home did" in await pool.run(do, job("BTC"))
        assert not away.jobs

    asyncio.run(run())
    assert "[cluster] key" in caplog.text


def test_a_hundred_jobs_are_shared_by_two_workers_and_each_is_answered_once(shared_url):
    async def run():
        own, one, other = Own("home"), Own("one", delay_s=0.01), Own("other", delay_s=0.01)
        async with AsyncExitStack() as stack:
            for pool in (one, other):
                await stack.enter_async_context(working(shared_url, pool))
            asker = await stack.enter_async_context(asking(shared_url, own, workers=2))
            names = [f"C{place}" for place in range(100)]
            said = await asyncio.gather(*(asker.run(do, job(name)) for name in names))
        assert [line.split(" did ")[1].split()[0] for line in said] == names
        assert one.jobs
        assert other.jobs
        assert len(one.jobs) + len(other.jobs) == 100
        assert not own.jobs

    asyncio.run(run())
