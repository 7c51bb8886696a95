"""The track record grows by itself: every few minutes what has become due is graded, by one process of all.

lease ─► published, ungraded, three days old ─► by market: a worker grades ─► kept once
"""

from __future__ import annotations

import contextlib
import logging
from collections import defaultdict
from collections.abc import Sequence
from typing import Protocol

from bot.alerts.watching import Turns
from bot.deliveries.clock import DeliveryClock
from bot.faults import fault_of
from bot.reports.publications import Published
from bot.service.service import AnswerService
from bot.storage.errors import StorageError
from bot.track.grades import Grades
from bot.track.grading_work import GradeJob, grade_answers
from engine.findings import Findings
from engine.grading import HORIZON_S, Grade

GRADE_EVERY_S = 300
LEASE = "track-grading"
LEASE_S = 900
MOST_AT_ONCE = 200
"""Answers looked at in one round; the next round goes on."""
MOST_A_JOB = 10
"""Answers of one job: two to three seconds of a worker, and people's questions in between."""

_log = logging.getLogger(__name__)


class Graders(Protocol):
    """Who grades."""

    async def grade(self, symbol: str, venue: str | None, findings: tuple[Findings, ...]) -> tuple[Grade | None, ...]:
        """Return what became of answers about a symbol, None where that cannot be told yet."""
        ...


class WorkerGraders:
    """Grading in worker processes, by the markets that answers are made from."""

    def __init__(self, service: AnswerService) -> None:
        self._service = service

    async def grade(self, symbol: str, venue: str | None, findings: tuple[Findings, ...]) -> tuple[Grade | None, ...]:
        """Return what became of answers about a symbol, None where that cannot be told yet.

        Raises:
            EngineError: the market cannot be read now.
            WorkTookTooLongError: the work was given up.

        """
        name, market = await self._service.packed_market(symbol)
        job = GradeJob(market_name=name, market=market, venue=venue, findings=findings)
        return await self._service.in_worker(grade_answers, job)


class GradingWatch:
    """One process's watch over what is due; any number may run, and one of them grades."""

    def __init__(self, grades: Grades, turns: Turns, graders: Graders, clock: DeliveryClock) -> None:
        self._grades = grades
        self._turns = turns
        self._graders = graders
        self._clock = clock
        self._looked_at = 0  # the last number of the last round: what cannot be graded keeps nothing behind it waiting
        self._is_away = False

    async def look(self) -> int:
        """Grade what is due, if it is this process's turn; return how many; never raises for the database."""
        try:
            graded = await self._look()
        except StorageError as error:
            if not self._is_away:
                _log.error("nothing is graded: %s", error)
            self._is_away = True
            return 0
        self._is_away = False
        return graded

    async def leave(self) -> None:
        """Let another process grade at once; never raises for the database, where a lease ends by itself."""
        with contextlib.suppress(StorageError):
            await self._turns.release(LEASE)

    async def _look(self) -> int:
        now_s = self._clock.now_s()
        if not await self._turns.take(LEASE, now_s=now_s, until_s=now_s + LEASE_S):
            return 0
        due = await self._grades.due(now_s - HORIZON_S, most=MOST_AT_ONCE, after=self._looked_at)
        self._looked_at = due[-1].number if due else 0
        together: defaultdict[tuple[str, str | None], list[Published]] = defaultdict(list)
        for each in due:
            together[each.findings.symbol, venue_of(each.asked)].append(each)
        graded = 0
        for (symbol, venue), some in together.items():
            for first in range(0, len(some), MOST_A_JOB):
                graded += await self._graded(symbol, venue, some[first : first + MOST_A_JOB])
        return graded

    async def _graded(self, symbol: str, venue: str | None, some: Sequence[Published]) -> int:
        try:
            found = await self._graders.grade(symbol, venue, tuple(each.findings for each in some))
        except Exception as error:  # noqa: BLE001 - one market that cannot be read keeps no other from being graded
            _log.warning("answers about %s are not graded now: %s", symbol, fault_of(error).text)
            return 0
        told = [(each.number, came) for each, came in zip(some, found, strict=True) if came is not None]
        await self._grades.keep(told, now_s=self._clock.now_s())
        return len(told)


def venue_of(asked: str) -> str | None:
    """Return the one venue that was asked for, None where it was all of them: the last word of what was asked."""
    last = asked.split()[-1:] or ["all"]
    return None if last[0] == "all" else last[0]
