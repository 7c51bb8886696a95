"""What became of a published answer, once its horizon has ended: the one grader of the backtest and the track record.

    findings, bars after them ─► zones: touched within each horizon, when, what price did then
                              ─► setup: which side's best zone came first
                              ─► bait: triggered, and followed by the other half
    hours of the watched map ──► invalidation: which conditions came true

Only bars count that ended after the answer and by the end of its horizon. What the bars cannot tell is None.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.findings import Findings
from engine.invalidation import VALID_FOR_S, is_met
from engine.market import Candles, Market
from engine.results import LiquidationMap, Side, Verdict, Zone
from engine.setup import SIDES, best_zone, favoured_side
from engine.windows import HOUR_S, TOUCH_HORIZONS_H

HORIZON_S = VALID_FOR_S
"""An answer is graded when its longest chance of touch and its conditions have run out: after three days."""
MIN_COVER = 0.95
"""With less of a horizon recorded, a zone that was not touched may have been touched all the same."""
MOVED_ATRS = 0.5
"""After a touch price has gone on, or turned, when it is half a daily ATR away: the way of an ordinary day is one."""

AfterTouch = Literal["continuation", "reversal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelGrade:
    """What became of one level, the near edge of a zone.

    touched: within each horizon of TOUCH_HORIZONS_H, None where too few bars tell; touch_after_s: from the answer to
    the end of the bar that touched it [s], None untouched; after_touch: which of two prices was met first, half a daily
    ATR beyond the level or back from it; None: neither by the end, or both in one bar.
    """

    touched: tuple[bool | None, ...]
    touch_after_s: int | None = None
    after_touch: AfterTouch | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupGrade:
    """Which side's best zone was touched first, and whether that is what the verdict said.

    first: None where neither was, or both in one bar; both: whether both were by the end; right: of a favoured side
    whether it was touched first, of a trap whether both were; None where the verdict says neither or nobody can tell.
    by_chance: how often a walk without drift meets the favoured side's zone first, by their distances, None for others.
    """

    first: Side | None
    both: bool | None
    right: bool | None
    by_chance: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BaitGrade:
    """Whether the first side was swept and an hour closed back, and whether then the other side's zone was touched."""

    triggered: bool | None
    followed: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """What became of an answer: its zones in their order, setup, bait, and its conditions in their order.

    met: whether each condition came true, None where that cannot be told.
    """

    zones: tuple[LevelGrade, ...]
    setup: SetupGrade
    bait: BaitGrade
    met: tuple[bool | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GradedAnswer:
    """One answer and what became of it."""

    findings: Findings
    grade: Grade


@dataclass(frozen=True, slots=True, kw_only=True)
class GradedZone:
    """One zone as it was published first, by which answer, and what became of it."""

    findings: Findings
    zone: Zone
    grade: LevelGrade


def is_due(findings: Findings, now_s: int) -> bool:
    """Return whether the horizon of an answer has ended."""
    return now_s >= findings.as_of_s + HORIZON_S


def grade(findings: Findings, market: Market, *, watched: Sequence[LiquidationMap] = ()) -> Grade:
    """Return what became of an answer, from a market that is known to the end of its horizon or beyond.

    watched: maps in which conditions say that a zone fades, as they stood at moments within the horizon. Nothing after
    the horizon is looked at.

    Raises:
        ValueError: the horizon has not ended, or the market is of another symbol.

    """
    if market.symbol != findings.symbol or not is_due(findings, market.as_of_s):
        msg = f"a grade of {findings.symbol} at {findings.as_of_s} from {market.symbol} at {market.as_of_s}"
        raise ValueError(msg)
    path = Path.after(market.lead.candles, findings.as_of_s)
    return Grade(
        zones=grade_zones(findings, path),
        setup=_grade_setup(findings, path),
        bait=_grade_bait(findings, path),
        met=tuple(_met(number, findings, market, watched) for number in range(len(findings.invalidation))),
    )


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Path:
    """The bars of one horizon after `from_s` [Unix s], each array (bars,): end_s [Unix s], high, low, close [price].

    known_s: how much of each horizon the bars cover [s], in the order of TOUCH_HORIZONS_H.
    """

    from_s: int
    end_s: np.ndarray
    high: np.ndarray
    low: np.ndarray
    close: np.ndarray
    known_s: tuple[int, ...]

    @classmethod
    def after(cls, candles: Candles, from_s: int) -> Path:
        """Return the bars that end after `from_s` and by the end of the horizon."""
        end_s = candles.end_s
        first, last = (int(np.searchsorted(end_s, moment, side="right")) for moment in (from_s, from_s + HORIZON_S))
        inside = slice(first, last)
        covered = np.concatenate([[0], np.cumsum(candles.duration_s[inside])])
        bars = (np.searchsorted(end_s[inside], from_s + hours * HOUR_S, side="right") for hours in TOUCH_HORIZONS_H)
        return cls(
            from_s=from_s,
            end_s=end_s[inside],
            high=candles.high[inside],
            low=candles.low[inside],
            close=candles.close[inside],
            known_s=tuple(int(covered[number]) for number in bars),
        )

    def first_touch(self, side: Side, level: float, *, first: int = 0) -> int | None:
        """Return the first bar from number `first` on whose range reaches a level above or below, None without one."""
        reached = self.high[first:] >= level if side == "above" else self.low[first:] <= level
        number = int(reached.argmax()) if len(reached) else 0
        return first + number if len(reached) and reached[number] else None

    def covers(self, horizon: int) -> bool:
        """Return whether enough of the horizon of this number is known to say that something did not happen."""
        return self.known_s[horizon] >= MIN_COVER * TOUCH_HORIZONS_H[horizon] * HOUR_S


def grade_zones(findings: Findings, path: Path) -> tuple[LevelGrade, ...]:
    """Return what became of the zones of an answer, in their order."""
    return tuple(grade_level(path, zone.band.side, zone.band.near, daily_atr_of(zone)) for zone in findings.zones)


def daily_atr_of(zone: Zone) -> float:
    """Return the daily ATR [price] by which a zone's distance was told."""
    price = zone.band.near / (1 + zone.distance)
    return (zone.band.near - price) / zone.distance_atr


def grade_level(path: Path, side: Side, level: float, daily_atr: float) -> LevelGrade:
    """Return what became of a level on one side of the price; daily_atr [price] measures what came after a touch."""
    bar = path.first_touch(side, level)
    after_s = None if bar is None else int(path.end_s[bar]) - path.from_s
    touched = []
    for horizon, hours in enumerate(TOUCH_HORIZONS_H):
        within = after_s is not None and after_s <= hours * HOUR_S
        touched.append(True if within else (False if path.covers(horizon) else None))
    return LevelGrade(
        touched=tuple(touched),
        touch_after_s=after_s,
        after_touch=None if bar is None else _after_touch(path, bar, side, level, MOVED_ATRS * daily_atr),
    )


def _after_touch(path: Path, bar: int, side: Side, level: float, way: float) -> AfterTouch | None:
    """Return what came first from the bar of the touch on, which may itself go on; of going back it does not tell."""
    back: Side = "below" if side == "above" else "above"
    direction = 1 if side == "above" else -1
    on = path.first_touch(side, level + direction * way, first=bar)
    returned = path.first_touch(back, level - direction * way, first=bar + 1)
    if on == returned:  # neither, or both in one bar
        return None
    if returned is None or (on is not None and on < returned):
        return "continuation"
    return "reversal"


def _grade_setup(findings: Findings, path: Path) -> SetupGrade:
    levels = {side: best_zone(findings.zones, side).band.near for side in SIDES}
    bars = {side: path.first_touch(side, level) for side, level in levels.items()}
    above, below = bars["above"], bars["below"]
    first: Side | None = None
    if above != below:
        first = "above" if below is None or (above is not None and above < below) else "below"
    tells = path.covers(len(TOUCH_HORIZONS_H) - 1)
    both = True if above is not None and below is not None else (False if tells else None)
    side = favoured_side(findings.setup)
    if side is None:
        trap = findings.setup.verdict == "trap_both_sides"
        return SetupGrade(first=first, both=both, right=both if trap else None, by_chance=None)
    away = {each: abs(math.log(level / findings.price)) for each, level in levels.items()}
    return SetupGrade(
        first=first,
        both=both,
        right=None if first is None else first == side,
        by_chance=1 - away[side] / sum(away.values()),
    )


def _grade_bait(findings: Findings, path: Path) -> BaitGrade:
    bait, last = findings.bait, len(TOUCH_HORIZONS_H) - 1
    missing = False if path.covers(last) else None
    swept = path.first_touch(bait.first_side, bait.trigger)
    if swept is None:
        return BaitGrade(triggered=missing, followed=None)
    closes = path.close[swept:]
    back = closes < bait.trigger if bait.first_side == "above" else closes > bait.trigger
    turned = np.flatnonzero(back & (path.end_s[swept:] % HOUR_S == 0))
    if not len(turned):
        return BaitGrade(triggered=missing, followed=None)
    other = best_zone(findings.zones, bait.then_side).band.near
    followed = path.first_touch(bait.then_side, other, first=swept + int(turned[0]) + 1)
    return BaitGrade(triggered=True, followed=missing if followed is None else True)


def _met(number: int, findings: Findings, market: Market, watched: Sequence[LiquidationMap]) -> bool | None:
    condition, published_s = findings.invalidation[number], findings.as_of_s
    if condition.kind != "zone_fades":
        return is_met(condition, published_s=published_s, market=market)
    seen = [is_met(condition, published_s=published_s, market=market, map_=map_) for map_ in watched]
    told = [each for each in seen if each is not None]
    return any(told) if told else None


def zones_once(answers: Iterable[tuple[Findings, Sequence[LevelGrade]]]) -> list[GradedZone]:
    """Return every clear zone of answers about one symbol once, in the order in which they were published.

    A zone counts from the answer in which it is first published until it is touched or its horizon ends; a zone that
    overlaps one of its side that still counts is that zone, not another one. answers: oldest first, each with the
    grades of its zones.
    """
    found: list[GradedZone] = []
    counting: list[tuple[int, GradedZone]] = []
    for findings, levels in answers:
        moment_s = findings.as_of_s
        counting = [pair for pair in counting if pair[0] > moment_s]
        for zone, level in zip(findings.zones, levels, strict=True):
            if not zone.clear or any(_overlap(zone, each.zone) for _, each in counting):
                continue
            first = GradedZone(findings=findings, zone=zone, grade=level)
            counting.append((moment_s + (level.touch_after_s or HORIZON_S), first))
            found.append(first)
    return found


def _overlap(zone: Zone, other: Zone) -> bool:
    one, two = zone.band, other.band
    return one.side == two.side and one.low < two.high and two.low < one.high  # neighbours share an edge


def verdicts_once(answers: Sequence[GradedAnswer]) -> list[GradedAnswer]:
    """Return the answers about one symbol in which a verdict began: it counts once until its horizon ends.

    answers: oldest first.
    """
    until: dict[Verdict, int] = {}
    found = []
    for answer in answers:
        verdict, moment_s = answer.findings.setup.verdict, answer.findings.as_of_s
        if moment_s >= until.get(verdict, moment_s):
            until[verdict] = moment_s + HORIZON_S
            found.append(answer)
    return found
