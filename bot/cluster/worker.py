"""A worker process: takes tasks from the queue, works them out in its own pool, and puts the results back."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import logging
import time
from collections.abc import Callable, Coroutine
from typing import Any, cast

import procrastinate

from bot.cluster.cluster_pool import WORKER, Cluster, Outcome
from bot.cluster.sealing import SealError
from bot.cluster.task_queue import QUEUE, TASK
from bot.cluster.works import WORKS
from bot.service.kept import Kept
from bot.service.pool import WorkerPool
from bot.storage.errors import StorageError

BEAT_S = 1.0
HELD_S = 5
"""A worker that says nothing for so long is gone: who asks counts on it no more, and its jobs are taken again."""
POLL_S = 1.0
"""How long a job waits at most whose announcement was lost."""
STOPPING_S = 3.0
"""How long jobs under way may take at the end; the whole process has five seconds."""
AGAIN_AFTER_S = 2.0
KEPT_MARKETS_BYTES = 48 * 2**20

_log = logging.getLogger(__name__)


class ClusterWorker:
    """One process's worker, on one event loop. name: as no other process is named."""

    def __init__(self, cluster: Cluster, pool: WorkerPool, name: str) -> None:
        self._cluster = cluster
        self._pool = pool
        self._lease = WORKER + name
        self._markets: Kept[str, bytes] = Kept(KEPT_MARKETS_BYTES)
        cluster.queue.task(name=TASK, queue=QUEUE)(self.work)

    async def run(self) -> None:
        """Work until this is cancelled; what is under way is finished."""
        beside = [asyncio.create_task(each) for each in (self._keep_saying(), self._take_again())]
        try:
            while True:
                await self._serve()
                await asyncio.sleep(AGAIN_AFTER_S)
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            with contextlib.suppress(StorageError):  # then it ends by itself
                await self._cluster.leases.release(self._lease)

    async def _serve(self) -> None:
        """Take jobs until the queue fails."""
        try:
            await self._cluster.queue.run_worker_async(
                queues=[QUEUE],
                concurrency=self._pool.workers,
                install_signal_handlers=False,
                shutdown_graceful_timeout=STOPPING_S,
                fetch_job_polling_interval=POLL_S,
                update_heartbeat_interval=BEAT_S,
                stalled_worker_timeout=HELD_S,
                delete_jobs="always",
            )
        except Exception as error:  # noqa: BLE001 - whatever fails here, another try may not
            reason = str(error).partition("\n")[0] or type(error).__name__
            _log.warning("no work can be taken, trying again: %s", reason)

    async def work(self, number: str) -> None:
        """Work out one task; one that is over is left."""
        cluster = self._cluster
        sealed = await cluster.tasks.given(number)
        if sealed is None:
            return
        try:
            name, digest, job = cast("tuple[str, str, Any]", cluster.seal.opened("task", number, sealed))
            market = await self._market(digest)
        except SealError as error:
            _log.error("%s", error)
            return
        if market is None:
            return  # who asked does it when nobody answers
        began_s = time.monotonic()
        try:
            outcome = Outcome(value=await self._pool.run(WORKS[name], dataclasses.replace(job, market=market)))
        except Exception as error:  # noqa: BLE001 - it is raised where somebody asked
            outcome = Outcome(error=error)
        await cluster.tasks.finish(number, cluster.seal.sealed("result", number, outcome))
        _log.info("worked out", extra={"work": name, "took_ms": round(1000 * (time.monotonic() - began_s))})

    async def _market(self, digest: str) -> bytes | None:
        market = self._markets.get(digest)
        if market is None:
            sealed = await self._cluster.tasks.market(digest)
            if sealed is None:
                return None
            market = cast("bytes", self._cluster.seal.opened("market", digest, sealed))
            self._markets.put(digest, market, len(market))
        return market

    async def _keep_saying(self) -> None:
        """Say again and again that this worker lives."""

        async def say() -> None:
            now_s = self._cluster.now_s()
            await self._cluster.leases.take(self._lease, now_s=now_s, until_s=now_s + HELD_S)

        await _again_and_again(say)

    async def _take_again(self) -> None:
        """Put jobs back into the queue whose worker is gone."""

        async def look() -> None:
            manager = self._cluster.queue.job_manager
            for job in await manager.get_stalled_jobs(queue=QUEUE, seconds_since_heartbeat=HELD_S):
                await manager.retry_job(job)
                _log.warning("took a job again whose worker is gone")

        await _again_and_again(look)


async def _again_and_again(do: Callable[[], Coroutine[Any, Any, None]]) -> None:
    while True:
        with contextlib.suppress(StorageError, procrastinate.exceptions.ProcrastinateException):
            await do()
        await asyncio.sleep(BEAT_S)
