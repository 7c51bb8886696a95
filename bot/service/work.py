"""What a worker does: one market and one question in, a finished answer out. Runs in a process of its own."""

from __future__ import annotations

import pickle
import traceback
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from bot.assistant import Assistant
from bot.faults import fault_of
from bot.pictures import file_name, picture_png
from bot.replies import Reply, fault_reply
from bot.service.answer import HD_WIDTH_PX, PICTURE_WIDTH_PX, Answer, Drawing, Findings, Order
from engine.analysis import analyse
from engine.market import Market
from engine.results import Analysis, LevelReport, MapKey

KEPT_MARKETS = 4
KEPT_ANALYSES = 6
"""An analysis with its columns holds 14 MB: a conversation's last windows, and no more."""

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """An order, and the market to answer it from: `market_name` is equal where the market is the same."""

    order: Order
    market_name: str
    market: bytes


class _Recent(Generic[_Key, _Value]):
    """The values made last; the one not used for longest goes first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[_Key, _Value] = OrderedDict()

    def get(self, key: _Key, make: Callable[[], _Value]) -> _Value:
        if key not in self._values:
            self._values[key] = make()
        self._values.move_to_end(key)
        while len(self._values) > self._most:
            self._values.popitem(last=False)
        return self._values[key]


_markets: _Recent[str, Market] = _Recent(KEPT_MARKETS)
_analyses: _Recent[tuple[str, tuple[MapKey, ...] | None], Analysis] = _Recent(KEPT_ANALYSES)


class _OneMarket:
    """The one market that a job brought, as a source."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self.name = market.source

    def symbols(self) -> tuple[str, ...]:
        return (self._market.symbol,)

    def known_symbols(self) -> tuple[str, ...]:
        return (self._market.symbol,)

    def market(self, symbol: str, as_of_s: int | None = None) -> Market:
        del symbol, as_of_s
        return self._market


def do(job: Job) -> Answer:
    """Return the answer to a job; never raises, what went wrong is a reply that says so."""
    try:
        return _answered(job)
    except Exception as error:  # noqa: BLE001 - every error becomes words; the service logs the unexpected ones
        fault = fault_of(error)
        trouble = "".join(traceback.format_exception(error)) if fault.error_id is not None else None
        return Answer(order=job.order, reply=fault_reply(fault, job.order.symbol), trouble=trouble)


def _answered(job: Job) -> Answer:
    market = _markets.get(job.market_name, lambda: pickle.loads(job.market))  # noqa: S301 - our own process wrote it

    def kept(market: Market, *, keys: tuple[MapKey, ...] | None = None) -> Analysis:
        return _analyses.get((f"{job.market_name} {_venues(market)}", keys), lambda: analyse(market, keys=keys))

    reply = Assistant(_OneMarket(market), analyse=kept).respond(job.order.request)
    return Answer(
        order=job.order,
        reply=replace(reply, result=None, picture=None),
        drawing=_drawing(reply, job.order),
        findings=_findings(reply),
    )


def _venues(market: Market) -> str:
    return "+".join(venue.venue for venue in market.venues)


def _drawing(reply: Reply, order: Order) -> Drawing | None:
    if reply.picture is None or not order.draw:
        return None
    width_px = HD_WIDTH_PX if order.is_hd else PICTURE_WIDTH_PX
    png = picture_png(reply.picture, theme=order.theme, width_px=width_px)
    return Drawing(png=png, name=file_name(reply.picture, order.theme), alt=reply.picture.alt)


def _findings(reply: Reply) -> Findings | None:
    analysis = reply.result.analysis if isinstance(reply.result, LevelReport) else reply.result
    if analysis is None:
        return None
    return Findings(
        symbol=analysis.symbol,
        source=analysis.source,
        as_of_s=analysis.as_of_s,
        price=analysis.price,
        zones=analysis.zones,
        setup=analysis.setup,
        bait=analysis.bait,
        invalidation=analysis.invalidation,
    )


def warm_up() -> None:
    """Load what answers need, and answer one question about an invented market: compiled walks and fonts are ready."""
    from bot.requests import Liq
    from engine.sources.simulated import SimulatedSource

    market = SimulatedSource(seed=0).market("BTC")
    do(Job(order=Order(request=Liq(symbol="BTC")), market_name="warm-up", market=pickle.dumps(market)))
