"""Work handed to workers on any machine, by one's own where none of them is there, or answers in time.

    job ─► sealed, its market apart ─► database ─► queue ─► a worker ─► result in the database ─► who asked

Nobody waits for a cluster that is away: the own workers do then what they would do without one.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import hashlib
import logging
import secrets
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

import procrastinate

from bot.cluster.sealing import Seal, SealError
from bot.cluster.task_queue import put, schema_of
from bot.cluster.works import name_of
from bot.service.pool import WorkerPool
from bot.storage.errors import StorageError

if TYPE_CHECKING:
    from bot.storage.leases import Leases
    from bot.storage.sql_cluster import SqlTasks

WORKER = "worker "
"""How the leases begin by which workers say that they live."""
LONGEST_WAIT_S = 12.0
"""A worker answers in a third of a second; one that was killed is known after five, and its job taken again."""
LOOK_EVERY_S = 0.03
BEAT_S = 1.0
TIDY_EVERY_S = 60.0
MARKET_KEPT_S, MARKET_AGAIN_S = 1_800, 600
"""How long a market stays in the database, and after how long who uses it still says so again: a bar is 300 s."""
TASK_KEPT_S = 120
MOST_MARKETS = 64

_Input = TypeVar("_Input")
_Output = TypeVar("_Output")
_log = logging.getLogger(__name__)


class _MarketJob(Protocol):
    market_name: str
    market: bytes


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a task: its value, or what the work raised."""

    value: object = None
    error: Exception | None = None


class Cluster:
    """What a process needs to ask workers; `now_s` is the time [Unix s]."""

    def __init__(
        self,
        tasks: SqlTasks,
        queue: procrastinate.App,
        seal: Seal,
        leases: Leases,
        now_s: Callable[[], int] = lambda: int(time.time()),
    ) -> None:
        self.tasks = tasks
        self.queue = queue
        self.seal = seal
        self.leases = leases
        self.now_s = now_s

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Connect the queue, with tables where they are missing."""
        await self.tasks.prepare(schema_of(self.queue))
        async with self.queue.open_async():
            yield


class ClusterPool:
    """A pool like its own one, which it holds: it joins a cluster later, and works without one until then."""

    def __init__(self, own: WorkerPool, *, longest_wait_s: float = LONGEST_WAIT_S) -> None:
        self._own = own
        self._longest_wait_s = longest_wait_s
        self._cluster: Cluster | None = None
        self._workers_there = 0
        self._waiting: dict[str, asyncio.Future[bytes]] = {}
        self._stored: OrderedDict[str, int] = OrderedDict()
        self._woken = asyncio.Event()

    @property
    def workers(self) -> int:
        """How many workers are one's own."""
        return self._own.workers

    @property
    def workers_there(self) -> int:
        """How many processes with workers of the cluster live, as far as is known."""
        return self._workers_there

    async def run(self, work: Callable[[_Input], _Output], given: _Input) -> _Output:
        """Return what `work` makes of `given`, in a worker of the cluster where there is one.

        Raises:
            WorkTookTooLongError: the job hangs.
            Exception: whatever the work raises.

        """
        cluster, name = self._cluster, name_of(work)
        if cluster is None or name is None or not self._workers_there:
            return await self._own.run(work, given)
        number = secrets.token_hex(16)
        try:
            async with asyncio.timeout(self._longest_wait_s):
                outcome = await self._asked(cluster, number, name, cast("_MarketJob", given))
        except (StorageError, SealError, TimeoutError, procrastinate.exceptions.ProcrastinateException) as error:
            _log.warning("the cluster did not answer, own workers do: %s", str(error) or "no answer came in time")
            return await self._own.run(work, given)
        finally:
            self._waiting.pop(number, None)
        if outcome.error is not None:
            raise outcome.error
        return cast("_Output", outcome.value)

    async def close(self) -> None:
        """End one's own workers."""
        await self._own.close()

    @asynccontextmanager
    async def joined(self, cluster: Cluster) -> AsyncIterator[None]:
        """Hand work to the cluster while the block runs."""
        async with cluster.opened():
            self._cluster = cluster
            tasks = [asyncio.create_task(each) for each in (self._keep_count(cluster), self._collect(cluster))]
            try:
                yield
            finally:
                self._cluster = None
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _asked(self, cluster: Cluster, number: str, name: str, given: _MarketJob) -> Outcome:
        digest = hashlib.sha256(given.market).hexdigest()
        await self._store_market(cluster, digest, given.market)
        job: Any = given
        job = dataclasses.replace(job, market=b"", market_name=f"{given.market_name} {digest}")
        until_s = cluster.now_s() + TASK_KEPT_S
        await cluster.tasks.put(number, cluster.seal.sealed("task", number, (name, digest, job)), until_s=until_s)
        done = self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            await put(cluster.queue, number)
            self._woken.set()
            outcome = cluster.seal.opened("result", number, await done)
        finally:
            with contextlib.suppress(StorageError):  # then it is forgotten later
                await asyncio.shield(cluster.tasks.drop(number))
        return cast("Outcome", outcome)

    async def _store_market(self, cluster: Cluster, digest: str, market: bytes) -> None:
        now_s = cluster.now_s()
        if now_s - self._stored.get(digest, 0) < MARKET_AGAIN_S:
            return
        sealed = cluster.seal.sealed("market", digest, market)
        await cluster.tasks.put_market(digest, sealed, until_s=now_s + MARKET_KEPT_S)
        self._stored[digest] = now_s
        while len(self._stored) > MOST_MARKETS:
            self._stored.popitem(last=False)

    async def _collect(self, cluster: Cluster) -> None:
        """Hand results to who waits for them."""
        while True:
            await self._woken.wait()
            while self._waiting:
                with contextlib.suppress(StorageError):  # who waits gives up by itself
                    for number, result in (await cluster.tasks.results(tuple(self._waiting))).items():
                        done = self._waiting.pop(number, None)
                        if done is not None and not done.done():
                            done.set_result(result)
                await asyncio.sleep(LOOK_EVERY_S)
            self._woken.clear()

    async def _keep_count(self, cluster: Cluster) -> None:
        """Know how many workers live, and forget what is over."""
        tidied_s = 0.0
        while True:
            try:
                there = await cluster.leases.count(WORKER, now_s=cluster.now_s())
                if time.monotonic() - tidied_s > TIDY_EVERY_S:
                    tidied_s = time.monotonic()
                    await cluster.tasks.tidy(cluster.now_s())
            except StorageError:
                there = 0
            if bool(there) != bool(self._workers_there):
                _log.info("workers of the cluster are there" if there else "no worker of the cluster is there")
            self._workers_there = there
            await asyncio.sleep(BEAT_S)
