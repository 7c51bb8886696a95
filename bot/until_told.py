"""A process that runs until it is told to stop: its log, its signals, and an end that comes in time."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.config import Settings

LONGEST_GOODBYE_S = 4.5
"""Whoever stops a process waits for five seconds."""

_log = logging.getLogger(__name__)


def run_until_told(settings: Settings, file: Path | None, main: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    """Run `main`, which ends when its event is set: by Ctrl-C or SIGTERM. file: the settings' own."""
    from bot.redaction import guarded_output, redacted
    from bot.secret_values import exposed_files, secret_values

    redacted.learn(secret_values(settings))
    with guarded_output():
        _begin_log(settings)
        for path in exposed_files(settings, file):
            _log.warning("others on this machine can read the secrets in %s: chmod 600 %s", path, path)
        asyncio.run(_run(main))
        _log.info("stopped")


def _begin_log(settings: Settings) -> None:
    from bot.log import log_as_json

    log_file = settings.serve.log_file
    log_as_json(settings.serve.log_level, None if log_file is None else log_file.expanduser())


async def _run(main: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def wished(number: int, frame: FrameType | None) -> None:
        del frame
        loop.call_soon_threadsafe(_log.info, "stopping on %s", signal.Signals(number).name)
        loop.call_soon_threadsafe(stop.set)
        _leave_in_time()

    for wish in (signal.SIGINT, signal.SIGTERM):
        signal.signal(wish, wished)
    await main(stop)


def _leave_in_time() -> None:
    """See to it that the process ends, even where a thread waits for a venue that does not answer."""
    timer = threading.Timer(LONGEST_GOODBYE_S, _leave)
    timer.daemon = True
    timer.start()


def _leave() -> None:
    _log.warning("something did not end in time and was left")
    logging.shutdown()
    os._exit(0)
