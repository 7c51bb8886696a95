"""Everything that an answer publishes is kept as it was seen, beside the answer: nobody waits for it."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict

from bot.reports.publications import Publications, asked_text
from bot.requests import MarketRequest
from bot.storage.errors import StorageError
from engine.findings import Findings

SIMULATED = "simulated"
REMEMBERED = 2_000
"""Answers known to be kept, so that the same question does not ask the database again."""

_log = logging.getLogger(__name__)
_Key = tuple[str, str, str, int]


class AnswerKeeper:
    """Keeps what answers publish; lives on one event loop."""

    def __init__(self, publications: Publications) -> None:
        self._publications = publications
        self._kept: OrderedDict[_Key, None] = OrderedDict()
        self._under_way: set[asyncio.Task[None]] = set()
        self._is_away = False

    def keep(self, request: MarketRequest, findings: Findings) -> None:
        """Keep what an answer published, soon; simulated markets are never kept."""
        key = (findings.symbol, asked_text(request), findings.source, findings.as_of_s)
        if findings.source == SIMULATED or key in self._kept:
            return
        self._kept[key] = None
        if len(self._kept) > REMEMBERED:
            self._kept.popitem(last=False)
        task = asyncio.get_running_loop().create_task(self._keep(key, findings))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def close(self) -> None:
        """Wait until what is under way is kept."""
        await asyncio.gather(*self._under_way)

    async def _keep(self, key: _Key, findings: Findings) -> None:
        try:
            await self._publications.keep(findings, asked=key[1])
        except StorageError as error:  # who asked has the answer; the next one who asks the same has it kept
            self._kept.pop(key, None)
            if not self._is_away:
                _log.error("what is published is not kept for the track record: %s", error)
            self._is_away = True
        else:
            self._is_away = False
