"""Commands are sent to Discord when they changed, and only then: it allows few changes a day, and each shows late."""

from __future__ import annotations

import hashlib
import json
import logging
from pathlib import Path
from typing import Any, Protocol

import discord
from discord import app_commands

_log = logging.getLogger(__name__)


class SyncMemory(Protocol):
    """Where it is kept which commands Discord knows."""

    def read(self) -> str | None:
        """Return the fingerprint of what was sent last, None where nothing was."""
        ...

    def write(self, fingerprint: str) -> None:
        """Keep the fingerprint of what was just sent."""
        ...


class SyncFile:
    """A small file; one that cannot be written costs a change more at the next start, and nothing else."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> str | None:
        """Return what the file holds."""
        try:
            return self._path.read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            return None

    def write(self, fingerprint: str) -> None:
        """Write the file, in its folder made where there is none."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_text(fingerprint + "\n", encoding="ascii")
        except OSError as error:
            _log.warning("cannot remember which commands Discord knows: %s", error)


def fingerprint_of(tree: app_commands.CommandTree[Any], application_id: int | None) -> str:
    """Return a fingerprint of all commands of an application: equal for equal ones, whatever their order."""
    payload = [command.to_dict(tree) for command in tree.get_commands()]
    ordered = sorted(json.dumps(each, sort_keys=True, default=str) for each in payload)
    return hashlib.sha256(json.dumps([application_id, *ordered]).encode()).hexdigest()


async def sync_if_changed(tree: app_commands.CommandTree[Any], memory: SyncMemory) -> bool:
    """Send the commands if they are not those that were sent last; say whether they were sent.

    Discord refusing them is logged, and the ones it knows go on working.
    """
    fingerprint = fingerprint_of(tree, tree.client.application_id)
    if memory.read() == fingerprint:
        return False
    try:
        await tree.sync()
    except discord.DiscordException:
        _log.exception("Discord did not take the commands; those that it knows go on working")
        return False
    memory.write(fingerprint)
    return True
