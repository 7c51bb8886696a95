"""The whole of a worker process: made from its settings, run until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets

from bot.cluster.worker import ClusterWorker
from bot.config import Settings
from bot.service.heap import keep_heap_small
from bot.service.pool import WorkerPool
from bot.serving.cluster import cluster_on
from bot.serving.workers import prepare_worker

_log = logging.getLogger(__name__)


class WorkingProcess:
    """One process that works for others; lives on one event loop."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set.

        Raises:
            ConfigError: a setting cannot be used.
            StorageError: the database cannot be used.

        """
        working = asyncio.create_task(self._work())
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                await working
        finally:
            stopping.cancel()
            working.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await working

    async def _work(self) -> None:
        from bot.storage.database import Database

        keep_heap_small()
        settings = self._settings
        database = await Database.open(settings.storage.address)
        pool = WorkerPool(settings.serve.workers, warm_up=prepare_worker)
        try:
            cluster = cluster_on(settings, database)
            async with cluster.opened():
                await pool.start()
                _log.info("ready", extra={"workers": settings.serve.workers})
                await ClusterWorker(cluster, pool, secrets.token_hex(8)).run()
        finally:
            await pool.close()
            await database.close()
