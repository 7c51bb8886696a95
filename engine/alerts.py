"""Whether something that is watched has come about: one pure function of an alert, its memory, and a look.

    (alert, state, look) ─► outcome: the new state, what fired or None, whether there is nothing left to watch

A look sees finished bars only, and every bar once, however long nobody looked. What is watched was known before the bar
that meets it: zones come from the look before. Of the bar in which an alert was set only the close counts, for nobody
knows whether its extremes came before or after.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from engine.alert_values import (
    Alert,
    AlertState,
    Crossed,
    Entered,
    Event,
    Fired,
    FlipMemory,
    Flipped,
    Memory,
    Met,
    Outcome,
    PriceMemory,
    RanOut,
    ScoredBand,
    Swept,
    ToldMemory,
    ZoneMemory,
)
from engine.changes import reached_s
from engine.errors import NotEnoughDataError
from engine.findings import Findings
from engine.invalidation import is_met
from engine.market import Candles, Market
from engine.results import LiquidationMap, Side, Zone
from engine.setup import favoured_side
from engine.volatility import hourly_bars, read_volatility
from engine.windows import HOUR_S

REARM_SHARE = 0.003
REARM_ATRS = 0.1
"""How far price has to close from a level or zone before that can be met again: .3 % or a tenth of a day's true range,
whichever is more (own assumption: more than the way to and fro within an hour, less than a move worth telling)."""
HELD_S = HOUR_S
"""A side is favoured anew when every look of an hour says so; single looks change to and fro (own assumption)."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Look:
    """What is known of one symbol at `market.as_of_s`; findings and maps where an alert needs them.

    atr_share: daily ATR as a fraction of price, NaN where the history is too short.
    """

    market: Market
    atr_share: float
    findings: Findings | None = None
    maps: tuple[LiquidationMap, ...] = ()

    @property
    def rearm_share(self) -> float:
        """How far price has to go from what it met, as a fraction of it."""
        return REARM_SHARE if math.isnan(self.atr_share) else max(REARM_SHARE, REARM_ATRS * self.atr_share)


def look_at(market: Market, findings: Findings | None = None, maps: tuple[LiquidationMap, ...] = ()) -> Look:
    """Return a look at a market; does not look ahead."""
    candles, as_of_s = market.lead.candles, market.as_of_s
    try:
        atr_share = read_volatility(candles, hourly_bars(candles, as_of_s), as_of_s).daily_atr_share
    except NotEnoughDataError:
        atr_share = math.nan
    return Look(market=market, atr_share=atr_share, findings=findings, maps=maps)


class _Found(NamedTuple):
    """Events in order of time, each with the end of its bar, what is remembered, and whether all has been told."""

    events: list[tuple[int, Event]]
    memory: Memory
    is_over: bool = False


class _Bar(NamedTuple):
    end_s: int
    high: float
    low: float
    close: float


def begin(alert: Alert, *, at_s: int, price: float, findings: Findings | None = None) -> AlertState:
    """Return the state of an alert that is set at `at_s`: nothing fires for what is so already.

    price: at that moment; findings: the newest reading, needed by kinds zone and flip.

    Raises:
        ValueError: findings are needed and missing.

    """
    if alert.kind in ("zone", "flip") and findings is None:
        msg = f"an alert of kind {alert.kind} begins with a reading"
        raise ValueError(msg)
    memory: Memory = ToldMemory(told=())
    if alert.kind == "price":
        memory = PriceMemory(side=_side_of(price, _threshold(alert)))
    elif alert.kind == "zone" and findings is not None:
        memory = ZoneMemory(bands=bands_of(findings, _threshold(alert)), entered=None)
    elif findings is not None and alert.kind == "flip":
        memory = FlipMemory(favoured=favoured_side(findings.setup), turning=None, since_s=None)
    return AlertState(seen_s=at_s, memory=memory)


def evaluate(alert: Alert, state: AlertState, look: Look) -> Outcome:
    """Return what a look makes of an alert; the same for the same arguments, and without looking ahead.

    At most one firing comes of a look: of several events the first where the alert fires once, else the last, which
    tells how many others there were. What comes within the cooldown is counted; a zone that was swept, a condition that
    was met and a side that turned are told when it ends.
    """
    end_s = int(look.market.lead.candles.end_s[-1])
    if end_s <= state.seen_s:
        return Outcome(state=state)
    rests = state.fired_s is not None and look.market.as_of_s < state.fired_s + alert.cooldown_s
    found = _found(alert, state, look, rests=rests)
    state = replace(state, seen_s=end_s, memory=found.memory)
    free_s = -math.inf if state.fired_s is None else state.fired_s + alert.cooldown_s
    told = [(at_s, event) for at_s, event in found.events if at_s >= free_s]
    if not told:
        return Outcome(state=replace(state, held_back=state.held_back + len(found.events)))
    at_s, event = told[-1] if alert.repeats else told[0]
    others = state.held_back + len(found.events) - 1 if alert.repeats else 0
    fired = Fired(event=event, at_s=at_s, price=look.market.price, held_back=others)
    state = replace(state, fired_s=look.market.as_of_s, held_back=0)
    return Outcome(state=state, fired=fired, is_over=found.is_over or not alert.repeats)


def _found(alert: Alert, state: AlertState, look: Look, *, rests: bool) -> _Found:
    match state.memory:
        case PriceMemory():
            return _crossings(alert, state.memory, look, state.seen_s)
        case ZoneMemory():
            return _entries(alert, state.memory, look, state.seen_s)
        case FlipMemory():
            return _flips(state.memory, look, rests=rests)
    if rests:
        return _Found([], state.memory)  # the bars since publication are there at the next look, too
    return _sweeps(alert, state.memory, look) if alert.kind == "sweep" else _met(alert, state.memory, look)


def _bars_after(candles: Candles, seen_s: int) -> Iterator[_Bar]:
    """Yield the bars that ended later than `seen_s`; of one that was under way then only the close."""
    ends = candles.end_s
    for i in range(int(ends.searchsorted(seen_s, side="right")), len(candles)):
        high, low, close = float(candles.high[i]), float(candles.low[i]), float(candles.close[i])
        is_whole = int(candles.time_s[i]) >= seen_s
        yield _Bar(int(ends[i]), high if is_whole else close, low if is_whole else close, close)


def _crossings(alert: Alert, memory: PriceMemory, look: Look, seen_s: int) -> _Found:
    level, room, side = _threshold(alert), look.rearm_share, memory.side
    events: list[tuple[int, Event]] = []
    for bar in _bars_after(look.market.lead.candles, seen_s):
        if (side == "below" and bar.high >= level) or (side == "above" and bar.low <= level):
            to: Side = "above" if side == "below" else "below"
            if alert.direction in (None, to):
                events.append((bar.end_s, Crossed(side=to, level=level)))
            side = None
        if side is None and abs(bar.close / level - 1) >= room:
            side = _side_of(bar.close, level)
    return _Found(events, PriceMemory(side=side))


def _entries(alert: Alert, memory: ZoneMemory, look: Look, seen_s: int) -> _Found:
    bands, entered, room = memory.bands, memory.entered, look.rearm_share
    events: list[tuple[int, Event]] = []
    for bar in _bars_after(look.market.lead.candles, seen_s):
        met = [band for band in bands if _reaches(bar, band.side, band.near)]
        bands = tuple(band for band in bands if band not in met)
        new = [band for band in met if entered is None or not _is_beside(band, entered, room)]
        if new:
            entered = new[0]
            events.append((bar.end_s, Entered(zone=entered)))
        if entered is not None and not entered.low * (1 - room) < bar.close < entered.high * (1 + room):
            entered = None
    if look.findings is not None:
        bands = bands_of(look.findings, _threshold(alert))
    return _Found(events, ZoneMemory(bands=bands, entered=entered))


def _flips(memory: FlipMemory, look: Look, *, rests: bool) -> _Found:
    if look.findings is None:
        return _Found([], memory)
    side, at_s = favoured_side(look.findings.setup), look.findings.as_of_s
    if side is None or side == memory.favoured:
        return _Found([], replace(memory, turning=None, since_s=None))
    since_s = memory.since_s if side == memory.turning and memory.since_s is not None else at_s
    if at_s - since_s < HELD_S or rests:
        return _Found([], replace(memory, turning=side, since_s=since_s))
    event = Flipped(side=side, before=memory.favoured, since_s=since_s)
    return _Found([(at_s, event)], FlipMemory(favoured=side, turning=None, since_s=None))


def _sweeps(alert: Alert, memory: ToldMemory, look: Look) -> _Found:
    basis = _basis(alert)
    zones = {i: _scored(zone) for i, zone in enumerate(basis.zones) if zone.clear}
    candles = look.market.lead.candles
    reached = {
        i: reached_s(candles, zone.side, zone.price, basis.as_of_s) for i, zone in zones.items() if i not in memory.told
    }
    moments = {i: at_s for i, at_s in reached.items() if at_s is not None}
    told = tuple(sorted({*memory.told, *moments}))
    if not moments:
        return _Found([], memory)
    swept = sorted(moments, key=lambda i: (moments[i], i))
    event = Swept(zones=tuple(zones[i] for i in swept), published_s=basis.as_of_s)
    return _Found([(look.market.as_of_s, event)], ToldMemory(told=told), is_over=len(told) == len(zones))


def _met(alert: Alert, memory: ToldMemory, look: Look) -> _Found:
    basis = _basis(alert)
    maps = {map_.key: map_ for map_ in look.maps}
    met = tuple(
        i
        for i, condition in enumerate(basis.invalidation)
        if i not in memory.told
        and is_met(
            condition,
            published_s=basis.as_of_s,
            market=look.market,
            map_=maps.get(condition.key) if condition.key is not None else None,
        )
    )
    told = tuple(sorted({*memory.told, *met}))
    if met:
        words = tuple(basis.invalidation[i].text for i in met)
        event = Met(conditions=words, published_s=basis.as_of_s)
        is_over = len(told) == len(basis.invalidation)
        return _Found([(look.market.as_of_s, event)], ToldMemory(told=told), is_over=is_over)
    if all(condition.until_s <= look.market.as_of_s for condition in basis.invalidation):
        return _Found([(look.market.as_of_s, RanOut(published_s=basis.as_of_s))], memory, is_over=True)
    return _Found([], memory)


def bands_of(findings: Findings, least_score: float) -> tuple[ScoredBand, ...]:
    """Return the clear zones whose score, as it is shown, is at least this, best first."""
    return tuple(_scored(zone) for zone in findings.zones if zone.clear and round(zone.score) >= least_score)


def _scored(zone: Zone) -> ScoredBand:
    band = zone.band
    return ScoredBand(side=band.side, low=band.low, high=band.high, price=band.price, score=zone.score)


def _reaches(bar: _Bar, side: Side, price: float) -> bool:
    return bar.high >= price if side == "above" else bar.low <= price


def _is_beside(band: ScoredBand, entered: ScoredBand, room: float) -> bool:
    """Say whether a zone overlaps the one that was entered, or lies too near to be told apart from it."""
    return band.low < entered.high * (1 + room) and band.high > entered.low * (1 - room)


def _side_of(price: float, level: float) -> Side | None:
    if price == level:
        return None
    return "above" if price > level else "below"


def _threshold(alert: Alert) -> float:
    if alert.threshold is None:
        msg = f"an alert of kind {alert.kind} has no threshold"
        raise ValueError(msg)
    return alert.threshold


def _basis(alert: Alert) -> Findings:
    if alert.basis is None:
        msg = f"an alert of kind {alert.kind} has no basis"
        raise ValueError(msg)
    return alert.basis
