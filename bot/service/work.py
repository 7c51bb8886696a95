"""What a worker does: one market and one question in, a finished answer out. Runs in a process of its own."""

from __future__ import annotations

import gc
import pickle
import traceback
from dataclasses import dataclass, replace

from bot.assistant import Assistant, only_venue
from bot.faults import fault_of
from bot.pictures import file_name, picture_png
from bot.replies import Reply, fault_reply
from bot.requests import MarketRequest
from bot.service.answer import HD_WIDTH_PX, PICTURE_WIDTH_PX, Answer, Drawing, Order
from bot.service.heap import give_back_memory, keep_heap_small
from bot.service.kept import Kept
from engine.analysis import analyse
from engine.changes import Changes, changes_in
from engine.findings import Findings, findings_in
from engine.market import Market
from engine.results import Analysis, LevelReport, MapKey

KEPT_MARKETS_BYTES = 24 * 2**20
"""A market of three venues and 120 days holds some 6 MiB."""
KEPT_ANALYSES_BYTES = 64 * 2**20
"""An analysis with its columns holds some 12 MiB: a conversation's last windows, and no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """An order, and the market to answer it from: `market_name` is equal where the market is the same."""

    order: Order
    market_name: str
    market: bytes


_markets: Kept[str, Market] = Kept(KEPT_MARKETS_BYTES)
_analyses: Kept[tuple[str, tuple[MapKey, ...] | None], Analysis] = Kept(KEPT_ANALYSES_BYTES)


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
    finally:
        tidy_up()


def tidy_up() -> None:
    """Let go of what an answer took on its way: a drawing is a circle of references, and goes only when looked for."""
    gc.collect()  # 7 ms, for what was there after the warm-up is not looked at (measured)
    give_back_memory()


def _answered(job: Job) -> Answer:
    def kept(market: Market, *, keys: tuple[MapKey, ...] | None = None) -> Analysis:
        return analysis_of(job.market_name, market, keys)

    reply = Assistant(_OneMarket(market_of(job.market_name, job.market)), analyse=kept).respond(job.order.request)
    return Answer(
        order=job.order,
        reply=replace(reply, result=None, picture=None),
        drawing=_drawing(reply, job.order),
        findings=_findings(reply),
        changes=_changes(reply, job),
    )


def market_of(name: str, packed: bytes) -> Market:
    """Return a market by its name, unpacked once."""
    market = _markets.get(name)
    if market is None:
        market = pickle.loads(packed)  # noqa: S301 - our own process wrote it
        _markets.put(name, market, len(packed))
    return market


def analysis_of(market_name: str, market: Market, keys: tuple[MapKey, ...] | None = None) -> Analysis:
    """Return the analysis of a market, or of some of its venues, made once while it is kept."""
    name = f"{market_name} {_venues(market)}", keys
    analysis = _analyses.get(name)
    if analysis is None:
        analysis = analyse(market, keys=keys)
        _analyses.put(name, analysis, _columns_bytes(analysis))
    return analysis


def _columns_bytes(analysis: Analysis) -> int:
    """Return what the columns of its maps hold, beside which the rest of an analysis is small."""
    columns = [each.columns for each in analysis.maps if each.columns is not None]
    return sum(each.long_usd.nbytes + each.short_usd.nbytes for each in columns)


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
    return None if analysis is None else findings_in(analysis)


def _changes(reply: Reply, job: Job) -> Changes | None:
    """Return what changed since the reading that the order names; None where the two cannot be compared."""
    before, now, request = job.order.since, _findings(reply), job.order.request
    if (
        before is None
        or now is None
        or not isinstance(reply.result, Analysis)
        or not isinstance(request, MarketRequest)
    ):
        return None
    if (before.symbol, before.source) != (now.symbol, now.source) or before.as_of_s > now.as_of_s:
        return None
    market = market_of(job.market_name, job.market)
    market = market if request.venue is None else only_venue(market, request.venue)
    return changes_in(before, now, market=market, maps=reply.result.maps, daily_atr=reply.result.daily_atr)


def warm_up() -> None:
    """Load what answers need, and answer one question about an invented market: compiled walks and fonts are ready."""
    from bot.requests import Liq
    from engine.sources.simulated import SimulatedSource

    keep_heap_small()
    market = pickle.dumps(SimulatedSource(seed=0).market("BTC"))
    do(Job(order=Order(request=Liq(symbol="BTC")), market_name="warm-up", market=market))
    _markets.clear()
    _analyses.clear()
    tidy_up()
    gc.freeze()  # what is there now is there for good
