"""A few worker processes that stay warm. One that dies or hangs is replaced, and nobody waits in an endless queue."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import signal
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.synchronize import Semaphore
from typing import Protocol, TypeVar

LONGEST_JOB_S = 20.0
"""A job takes a third of a second; one that takes this long hangs (own assumption)."""
LONGEST_WARM_UP_S = 120.0
"""Compiling everything on a slow machine, once after installation."""
CLOSING_S = 2.0
BEHIND_THE_LOOP = 5
"""By how much workers are nicer than the event loop: drawing fills every processor, and the loop must not wait."""

_Input = TypeVar("_Input")
_Output = TypeVar("_Output")


class WorkTookTooLongError(Exception):
    """A job did not end in time; its worker was replaced."""


class Pool(Protocol):
    """Whoever does work in other processes."""

    @property
    def workers(self) -> int:
        """How many jobs are done at once."""
        ...

    async def run(self, work: Callable[[_Input], _Output], given: _Input) -> _Output:
        """Return what `work` makes of `given`."""
        ...

    async def close(self) -> None:
        """End what is under way."""
        ...


class WorkerPool:
    """`workers` processes, each prepared by `warm_up`. Spawned, not forked: threads and locks of ours stay here."""

    def __init__(self, workers: int, *, warm_up: Callable[[], None], longest_job_s: float = LONGEST_JOB_S) -> None:
        self.workers = workers
        self._warm_up = warm_up
        self._longest_job_s = longest_job_s
        self._context = multiprocessing.get_context("spawn")
        self._warm = self._context.Semaphore(0)
        self._executor = self._made()
        self._places = asyncio.Semaphore(workers)

    def _made(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            self.workers,
            mp_context=self._context,
            initializer=_begin,
            initargs=(self._warm_up, self._warm),
        )

    async def start(self) -> None:
        """Return when every worker is warm.

        Raises:
            BrokenProcessPool: one died of it.

        """
        await asyncio.gather(*(asyncio.wrap_future(self._executor.submit(_ready)) for _ in range(self.workers)))
        for _ in range(self.workers):
            await asyncio.to_thread(self._warm.acquire, timeout=LONGEST_WARM_UP_S)

    async def run(self, work: Callable[[_Input], _Output], given: _Input) -> _Output:
        """Return what `work` makes of `given`, in a worker; a worker that dies is replaced and asked once more.

        Raises:
            WorkTookTooLongError: the job hangs.
            BrokenProcessPool: it killed a second worker, too.

        """
        async with self._places:  # the clock of a job starts when a worker has time for it
            try:
                return await self._run_once(work, given)
            except BrokenProcessPool:
                return await self._run_once(work, given)

    async def _run_once(self, work: Callable[[_Input], _Output], given: _Input) -> _Output:
        executor = self._executor
        try:
            future = asyncio.wrap_future(executor.submit(work, given))
            return await asyncio.wait_for(future, self._longest_job_s)
        except BrokenProcessPool:
            self._replace(executor)
            raise
        except TimeoutError:
            self._replace(executor)
            raise WorkTookTooLongError from None

    def _replace(self, broken: ProcessPoolExecutor) -> None:
        """Put a new pool in the place of a broken one, unless another job did; the old one's processes end now."""
        if self._executor is broken:
            self._executor = self._made()
            _end(broken)

    async def close(self) -> None:
        """End the workers, whatever they are doing; who waits for them to be warm waits no more."""
        _end(self._executor)
        for _ in range(self.workers):
            self._warm.release()


def _begin(warm_up: Callable[[], None], warm: Semaphore) -> None:
    with contextlib.suppress(ValueError):  # only a main thread may; the service's own process decides when to end
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "nice"):  # not on Windows
        os.nice(BEHIND_THE_LOOP)
    warm_up()
    warm.release()


def _ready() -> None:
    """Answer: the worker is there."""


def _end(executor: ProcessPoolExecutor) -> None:
    processes = list((executor._processes or {}).values())  # noqa: SLF001 - 3.14 has terminate_workers() for this
    executor.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.terminate()
    for process in processes:
        process.join(CLOSING_S)
