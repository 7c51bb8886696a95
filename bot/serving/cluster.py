"""The cluster of the settings: what a process needs to ask workers, or to be one."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from bot.cluster.cluster_pool import Cluster
from bot.cluster.sealing import Seal
from bot.cluster.task_queue import task_queue
from bot.config import Settings
from bot.sections import ConfigError
from bot.worker_command import NO_KEY

if TYPE_CHECKING:
    from bot.storage.database import Database


def cluster_on(settings: Settings, database: Database) -> Cluster:
    """Return the cluster on a database; nothing is connected yet.

    Raises:
        ConfigError: its key cannot be read, or is not set.

    """
    from bot.storage.address import address_of
    from bot.storage.leases import Leases
    from bot.storage.sql_cluster import SqlTasks

    key = settings.cluster.secret()
    if key is None:
        raise ConfigError(NO_KEY)
    queue = task_queue(address_of(settings.storage.address))
    return Cluster(SqlTasks(database), queue, Seal(key), Leases(database, secrets.token_hex(8)))
