"""What would have been published: the whole answer at every hour of a recording, each from what was known then."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from functools import partial

from engine.analysis import analyse_survey
from engine.errors import NotEnoughDataError
from engine.findings import Findings, findings_in
from engine.market import Market, market_at
from engine.skill.hours import SETTLING_S
from engine.survey import survey_market
from engine.windows import DAY_S, HOUR_S

CHUNK_S = 7 * DAY_S
"""One piece of work: long enough that handing over the market does not count, short enough to share out evenly."""


def moments_of(market: Market, *, step_s: int = HOUR_S) -> range:
    """Return the full hours at which answers are published, from ten days after the candles begin to their end."""
    candles = market.lead.candles
    first_s = -(-(int(candles.time_s[0]) + SETTLING_S) // step_s) * step_s
    return range(first_s, int(candles.end_s[-1]) + 1, step_s)


def publish(market: Market, moments: Sequence[int], *, executor: Executor | None = None) -> list[Findings]:
    """Return what `/liq` would have published at each moment, oldest first; no answer looks ahead.

    executor: where weeks are answered side by side, None: here. Moments with too little history are left out. Candles,
    open interest and funding are what a recording holds of the past; books and crowds are not.
    """
    chunks: dict[int, list[int]] = {}
    for moment in moments:
        chunks.setdefault(moment // CHUNK_S, []).append(moment)
    work = partial(_publish_some, market)
    run: Callable[..., Iterable[list[Findings]]] = map if executor is None else executor.map
    return [findings for some in run(work, list(chunks.values())) for findings in some]


def _publish_some(market: Market, moments: Sequence[int]) -> list[Findings]:
    found = []
    for moment in moments:
        try:
            found.append(findings_at(market, moment))
        except NotEnoughDataError:
            continue
    return found


def findings_at(market: Market, moment_s: int) -> Findings:
    """Return what `/liq` would have published at one moment.

    Raises:
        NotEnoughDataError: too little was known by then.

    """
    return findings_in(analyse_survey(survey_market(market_at(market, moment_s), drawn=False)))
