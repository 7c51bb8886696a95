"""`fathom serve`: answer in every chat that has a token, until it is told to stop.

What it needs is imported inside, so that `fathom --help` does not wait for it.
"""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import os
import signal
import threading
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from bot.options import ConfigOption

if TYPE_CHECKING:
    from bot.config import Settings

LONGEST_GOODBYE_S = 4.5
"""Whoever stops a process waits for five seconds."""
NO_SERVE_EXTRA = "Serving needs an extra that is not installed: pip install 'fathom-liq[serve]'."
_EXTRA = ("aiohttp", "prometheus_client", "pythonjsonlogger")

_log = logging.getLogger(__name__)


def serve(
    config: ConfigOption = None,
) -> None:
    """Answer in Telegram and Discord, wherever a token is set.

    Runs until it is stopped by Ctrl-C or SIGTERM. One JSON object a line is logged to standard error; /healthz and
    /metrics tell how it is, to this machine only.
    """
    from bot.config import ConfigError, load_settings
    from bot.redaction import guarded_output, redacted
    from bot.secret_values import exposed_files, secret_values

    file = None if config is None else Path(config)
    settings = load_settings(config=file)
    if any(importlib.util.find_spec(name) is None for name in _EXTRA):
        raise ConfigError(NO_SERVE_EXTRA)
    redacted.learn(secret_values(settings))
    with guarded_output():
        _begin_log(settings)
        for path in exposed_files(settings, file):
            _log.warning("others on this machine can read the secrets in %s: chmod 600 %s", path, path)
        asyncio.run(_run(settings))
        _log.info("stopped")


def _begin_log(settings: Settings) -> None:
    from bot.log import log_as_json

    log_file = settings.serve.log_file
    log_as_json(settings.serve.log_level, None if log_file is None else log_file.expanduser())


async def _run(settings: Settings) -> None:
    from bot.serving.process import ServingProcess

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def wished(number: int, frame: FrameType | None) -> None:
        del frame
        loop.call_soon_threadsafe(_log.info, "stopping on %s", signal.Signals(number).name)
        loop.call_soon_threadsafe(stop.set)
        _leave_in_time()

    for wish in (signal.SIGINT, signal.SIGTERM):
        signal.signal(wish, wished)
    await ServingProcess(settings).run(stop)


def _leave_in_time() -> None:
    """See to it that the process ends, even where a thread waits for a venue that does not answer."""
    timer = threading.Timer(LONGEST_GOODBYE_S, _leave)
    timer.daemon = True
    timer.start()


def _leave() -> None:
    _log.warning("something did not end in time and was left")
    logging.shutdown()
    os._exit(0)
