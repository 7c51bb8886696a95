"""What a worker does for the track record: a market and what was published of it in, grades out."""

from __future__ import annotations

from dataclasses import dataclass

from bot.assistant import only_venue
from bot.service.work import market_of, tidy_up
from engine.atlas import build_map
from engine.errors import EngineError
from engine.findings import Findings
from engine.grading import HORIZON_S, Grade, grade, is_due
from engine.market import Market, market_at
from engine.results import LiquidationMap
from engine.windows import HOUR_S

WATCHED_EVERY_S = 6 * HOUR_S
"""How often a zone that may fade is looked at within its horizon: twelve maps an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeJob:
    """Answers about one market, or about one venue of it alone; `market_name` is equal where the market is the same."""

    market_name: str
    market: bytes
    findings: tuple[Findings, ...]
    venue: str | None = None


def grade_answers(job: GradeJob) -> tuple[Grade | None, ...]:
    """Return what became of each answer, in their order; None where this market cannot tell yet.

    Raises:
        EngineError: the venue is not in this market.

    """
    try:
        market = market_of(job.market_name, job.market)
        if job.venue is not None:
            market = only_venue(market, job.venue)
        return tuple(_graded(findings, market) for findings in job.findings)
    finally:
        tidy_up()


def _graded(findings: Findings, market: Market) -> Grade | None:
    if findings.source != market.source or not is_due(findings, market.as_of_s):
        return None
    if int(market.lead.candles.end_s[0]) > findings.as_of_s:  # what happened then is not known here
        return None
    return grade(findings, market, watched=_watched(findings, market))


def _watched(findings: Findings, market: Market) -> tuple[LiquidationMap, ...]:
    """Return the map in which a zone could fade, as it stood every few hours; what cannot be built is left out."""
    keys = {condition.key for condition in findings.invalidation if condition.key is not None}
    moments = range(findings.as_of_s + WATCHED_EVERY_S, findings.as_of_s + HORIZON_S + 1, WATCHED_EVERY_S)
    found = []
    for key in keys:
        for moment_s in moments:
            try:
                found.append(build_map(market_at(market, moment_s), key))
            except EngineError:
                continue
    return tuple(found)
