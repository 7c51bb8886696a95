"""`fathom worker`: work for `fathom serve` processes on the same database, until it is told to stop."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

from bot.options import ConfigOption

if TYPE_CHECKING:
    from bot.config import Settings

NO_KEY = (
    "[cluster] needs a key, the same for every process of it: set key or key_file, made by openssl rand -hex 32, "
    "or FATHOM_CLUSTER__KEY."
)
NO_CLUSTER_EXTRA = "A cluster needs an extra that is not installed: pip install 'fathom-liq[cluster]'."
NOT_SHARED = (
    "[cluster] needs a PostgreSQL that its processes share: set [storage] url to postgresql://user@host/database, "
    "or leave [cluster] enabled out."
)
NOT_ENABLED = "Nobody asks workers: set enabled = true under [cluster], here and for fathom serve."


def worker(
    config: ConfigOption = None,
) -> None:
    """Compute and draw for fathom serve, on any machine.

    Needs [cluster] enabled, the same PostgreSQL and [cluster] key as theirs, and no token. [serve] workers says
    how many jobs at once. Runs until it is stopped by Ctrl-C or SIGTERM.
    """
    from bot.config import ConfigError, load_settings
    from bot.until_told import run_until_told

    file = None if config is None else Path(config)
    settings = load_settings(config=file)
    if not settings.cluster.enabled:
        raise ConfigError(NOT_ENABLED)
    refuse_lonely_cluster(settings)
    from bot.serving.working import WorkingProcess

    run_until_told(settings, file, WorkingProcess(settings).run)


def refuse_lonely_cluster(settings: Settings) -> None:
    """Refuse a cluster that cannot work.

    Raises:
        ConfigError: its library, its database or its key is missing.

    """
    from bot.config import ConfigError

    if importlib.util.find_spec("procrastinate") is None or importlib.util.find_spec("asyncpg") is None:
        raise ConfigError(NO_CLUSTER_EXTRA)
    if not settings.storage.is_shared:
        raise ConfigError(NOT_SHARED)
    if settings.cluster.secret() is None:
        raise ConfigError(NO_KEY)
