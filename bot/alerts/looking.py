"""What a worker does for alerts: one market and what is watched of it in, what came about out."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass

from bot.assistant import only_venue
from bot.service.service import AnswerService
from bot.service.work import analysis_of, market_of, tidy_up
from engine.alert_values import Alert, AlertState, Outcome
from engine.alerts import Look, evaluate, look_at
from engine.errors import EngineError
from engine.findings import findings_in
from engine.market import Market
from engine.results import LiquidationMap, MapKey

SIMULATED = "simulated"
Watched = tuple[Alert, AlertState]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class LookJob:
    """What is watched of one market, or of one venue alone; `market_name` is equal where the market is the same."""

    market_name: str
    market: bytes
    watched: tuple[Watched, ...]
    venue: str | None = None


class WorkerLooks:
    """Looks in worker processes, at the markets that answers are made from."""

    def __init__(self, service: AnswerService) -> None:
        self._service = service

    async def look(self, symbol: str, venue: str | None, watched: tuple[Watched, ...]) -> tuple[Outcome, ...]:
        """Return what a look makes of each alert of a symbol, in their order.

        Raises:
            EngineError: the market cannot be read now.
            WorkTookTooLongError: the look was given up.

        """
        name, market = await self._service.packed_market(symbol)
        job = LookJob(market_name=name, market=market, venue=venue, watched=watched)
        return await self._service.in_worker(look, job)


def look(job: LookJob) -> tuple[Outcome, ...]:
    """Return what a look makes of each alert; simulated prices change nothing.

    What cannot be seen now (a market without enough history for zones, say) is looked at next time, with all bars
    between.

    Raises:
        EngineError: the venue is not in this market.

    """
    try:
        market = market_of(job.market_name, job.market)
        if job.venue is not None:
            market = only_venue(market, job.venue)
        if market.source == SIMULATED:
            return tuple(Outcome(state=state) for _alert, state in job.watched)
        return _outcomes(job, market)
    finally:
        tidy_up()


def _outcomes(job: LookJob, market: Market) -> tuple[Outcome, ...]:
    end_s = int(market.lead.candles.end_s[-1])
    new = [(alert, state) for alert, state in job.watched if state.seen_s < end_s]  # others saw this bar already
    plain = look_at(market)
    whole = _whole_look(job, market, [alert for alert, _state in new if alert.needs_findings])
    outcomes = []
    for alert, state in job.watched:
        seen = whole if alert.needs_findings else plain
        outcomes.append(Outcome(state=state) if seen is None or state.seen_s >= end_s else evaluate(alert, state, seen))
    return tuple(outcomes)


def _whole_look(job: LookJob, market: Market, alerts: list[Alert]) -> Look | None:
    """Return a look with zones, setup and maps; None where nobody needs it, or it cannot be had now."""
    if not alerts:
        return None
    try:
        analysis = analysis_of(job.market_name, market)
    except EngineError as error:
        _log.warning("no zones of %s are watched now: %s", market.symbol, error)
        return None
    maps = {each.key: each for each in analysis.maps}
    for key in _keys_of(alerts) - maps.keys():
        if (found := _map(job, market, key)) is not None:
            maps[key] = found
    return look_at(market, findings_in(analysis), tuple(maps.values()))


def _keys_of(alerts: Iterable[Alert]) -> set[MapKey]:
    """Return the maps in which conditions watch a zone fade."""
    conditions = (each for alert in alerts if alert.basis is not None for each in alert.basis.invalidation)
    return {condition.key for condition in conditions if condition.key is not None}


def _map(job: LookJob, market: Market, key: MapKey) -> LiquidationMap | None:
    try:
        analysis = analysis_of(job.market_name, market, (key,))
    except EngineError as error:
        _log.warning("the map %s of %s is not watched now: %s", key, market.symbol, error)
        return None
    return next((each for each in analysis.maps if each.key == key), None)
