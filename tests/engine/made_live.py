"""The live source on replayed venues: a server on loopback in a thread of its own, and the real client before it."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from engine.market import Market
from engine.sources.live.past import Past
from engine.sources.live.source import LAST_DEADLINE_S, Endpoint, LiveSource
from engine.sources.live.unified import unified_venue
from engine.sources.live.venues import venue_named
from tests.engine.markets import FINISHED_S, random_closes, venue_from
from tests.replay_exchange import Fault, ReplayExchange, ReplayMarket

T = TypeVar("T")

VENUES = ("binanceusdm", "bybit", "okx")

PATIENT_WINDOW_S = 60.0
"""Counting over a minute lets a whole cold answer of OKX through at once, so that tests do not wait for its limits."""
NO_LIMITS = {("okx", "/api/v5/rubik/stat/contracts/open-interest-history"): 1_000}


@dataclass
class Stage:
    """A live source, the exchange behind it, and what it takes to run something on the exchange's event loop."""

    source: LiveSource
    exchange: ReplayExchange
    run: Callable[[Coroutine[Any, Any, T]], T]


@contextmanager
def staged(
    markets: Mapping[str, ReplayMarket] | Mapping[str, Mapping[str, ReplayMarket]],
    *,
    now_s: int,
    venues: Sequence[str] = ("binanceusdm",),
    deadline_s: float = LAST_DEADLINE_S,
    in_a_hurry: bool = True,
    unified: bool = False,
    past: Past | None = None,
    **options: object,
) -> Iterator[Stage]:
    """The markets by coin, the same at every venue; in_a_hurry lifts the venues' limits: tests have little time.

    unified: asked through the library's unified methods, whether or not there is a table of its own.
    """
    limits = NO_LIMITS if in_a_hurry else {}
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def run(work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, loop).result(30)

    exchange = ReplayExchange(dict.fromkeys(venues, markets), now_s=now_s, limits=limits, **options)
    run(exchange.__aenter__())
    tables = {
        name: replace(table, rate_window_s=PATIENT_WINDOW_S) if in_a_hurry else table
        for name in venues
        for table in [unified_venue(name) if unified else venue_named(name)]
    }
    endpoints = [Endpoint(venue=table, base_url=exchange.base_url(name)) for name, table in tables.items()]
    source = LiveSource(endpoints, clock=lambda: float(exchange.now_s), deadline_s=deadline_s, past=past)
    try:
        yield Stage(source, exchange, run)
    finally:
        source.close()
        run(exchange.__aexit__(None, None, None))
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def strike(
    stage: Stage, change: object, *, venue: str = "binanceusdm", path: str = "*", times: int | None = None
) -> None:
    """Let the next `times` requests (None: all) of the venue whose path matches go wrong."""
    stage.exchange.faults.append(Fault(venue, path, change, times))


def five_days() -> dict[str, ReplayMarket]:
    """A market of five days without recordings, and an hour beyond NOW_S: for what is not about numbers."""
    count = 5 * 288
    taker = np.linspace(0.3, 0.7, count + 12)
    venue = venue_from(random_closes(3, count + 12), seed=3, taker=taker, start_s=FINISHED_S - 300 * count)
    return {"BTC": ReplayMarket.of(venue)}


def missing_of(market: Market, venue: str) -> dict[str, str]:
    """What is missing of a venue, and what that does to the answer."""
    return {item.input: item.effect for item in market.missing if item.venue == venue}
