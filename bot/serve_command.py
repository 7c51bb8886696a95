"""`fathom serve`: answer in every chat that has a token, until it is told to stop.

What it needs is imported inside, so that `fathom --help` does not wait for it.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

from bot.options import ConfigOption
from bot.worker_command import refuse_lonely_cluster

NO_SERVE_EXTRA = "Serving needs an extra that is not installed: pip install 'fathom-liq[serve]'."
_EXTRA = ("aiohttp", "prometheus_client", "pythonjsonlogger")


def serve(
    config: ConfigOption = None,
) -> None:
    """Answer in Telegram and Discord, wherever a token is set.

    Runs until it is stopped by Ctrl-C or SIGTERM. One JSON object a line is logged to standard error; /healthz and
    /metrics tell how it is, to this machine only.
    """
    from bot.config import ConfigError, load_settings
    from bot.until_told import run_until_told

    file = None if config is None else Path(config)
    settings = load_settings(config=file)
    if any(importlib.util.find_spec(name) is None for name in _EXTRA):
        raise ConfigError(NO_SERVE_EXTRA)
    if settings.cluster.enabled:
        refuse_lonely_cluster(settings)
    from bot.serving.process import ServingProcess

    run_until_told(settings, file, ServingProcess(settings).run)
