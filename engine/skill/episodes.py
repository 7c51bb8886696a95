"""Zones that were published hour after hour, each graded once, beside what chance would have done in their place.

What counts as one zone is the same as in the track record (`engine.grading.zones_once`). Three nulls stand beside each:

    same distance   the same side and distance in sigmas, at other moments: does the map know when?
    mirror          the other side at the same distance and moment: does it know which side?
    another day     an episode of another day's map, put at this moment: does it know where?
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.errors import DataUnavailableError
from engine.findings import Findings
from engine.grading import HORIZON_S, LevelGrade, Path, daily_atr_of, grade_level, grade_zones, zones_once
from engine.grid import FloatArray
from engine.market import Market
from engine.results import Side, Zone
from engine.setup import opposite
from engine.skill.hours import RealisedHours, rows_of
from engine.volatility import hourly_bars, read_volatility
from engine.windows import HOUR_S

NullName = Literal["same distance", "mirror", "another day"]
NULLS: tuple[NullName, ...] = ("same distance", "mirror", "another day")
OUTCOMES = ("touched in 12 h", "touched in 24 h", "touched in 72 h", "hours to touch", "went on", "liquidated")
"""What is compared: three shares, hours, the share that went on rather than turned, and ln USD liquidated on the
zone's side in the hour of the touch; NaN where an outcome is unknown or, of the last three, nothing was touched."""
NULL_DRAWS = 8
"""Other moments drawn for each episode: with eight the draw adds a sixteenth to the variance of the comparison."""
APART_S = HORIZON_S
"""Another moment lies at least a horizon away, so that it shares no bar with the episode."""
LIQUIDATED_FLOOR_USD = 1e4
"""Added before the logarithm: an hour without liquidations is a quiet one, not an infinitely quiet one."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Episodes:
    """Episodes of one symbol or several, oldest first within a symbol.

    symbol (n,), published_s (n,) [Unix s], zones (n,); outcomes (n, outcomes) as in OUTCOMES; nulls: the same of each
    null, means over its draws.
    """

    symbol: np.ndarray
    published_s: np.ndarray
    zones: tuple[Zone, ...]
    outcomes: FloatArray
    nulls: Mapping[NullName, FloatArray]

    def __len__(self) -> int:
        return len(self.zones)

    def part(self, chosen: np.ndarray) -> Episodes:
        """Return the episodes where `chosen` (n,) is true."""
        return Episodes(
            symbol=self.symbol[chosen],
            published_s=self.published_s[chosen],
            zones=tuple(zone for zone, kept in zip(self.zones, chosen, strict=True) if kept),
            outcomes=self.outcomes[chosen],
            nulls={name: values[chosen] for name, values in self.nulls.items()},
        )


class Ground:
    """What came of any level at any published moment of one recording: bars, sigma per hour, realised liquidations."""

    def __init__(self, market: Market, published: Sequence[Findings], realised: RealisedHours | None) -> None:
        """Only moments whose horizon is recorded to its end can be asked about."""
        candles = market.lead.candles
        hourly = hourly_bars(candles, market.as_of_s)
        sigma = read_volatility(candles, hourly, market.as_of_s).hourly_sigma  # of each hour as known at its end
        known = {int(end_s): float(value) for end_s, value in zip(hourly.end_s, sigma, strict=True) if value > 0}
        last_s = int(candles.end_s[-1]) - HORIZON_S
        self.symbol = market.symbol
        self.published = tuple(each for each in published if each.as_of_s in known and each.as_of_s <= last_s)
        self.moments = np.array([each.as_of_s for each in self.published], dtype=np.int64)
        self.sigma = {each.as_of_s: known[each.as_of_s] for each in self.published}
        self.price = {each.as_of_s: each.price for each in self.published}
        self._paths = {each.as_of_s: Path.after(candles, each.as_of_s) for each in self.published}
        self._realised = realised

    def grade(self, moment_s: int, side: Side, sigmas: float, atr_sigmas: float) -> LevelGrade:
        """Return what became of the level at a distance [daily sigmas, log] from the price of a moment."""
        direction, sigma, price = (1 if side == "above" else -1), self.sigma[moment_s], self.price[moment_s]
        level = price * math.exp(direction * sigmas * sigma)
        return grade_level(self._paths[moment_s], side, level, atr_sigmas * sigma * price)

    def graded(self, answer: Findings) -> tuple[Findings, tuple[LevelGrade, ...]]:
        """Return one of the published answers with the grades of its zones."""
        return answer, grade_zones(answer, self._paths[answer.as_of_s])

    def outcomes(self, moment_s: int, side: Side, sigmas: float, atr_sigmas: float) -> FloatArray:
        """Return the outcomes (outcomes,) of such a level."""
        return self.came_of(moment_s, side, self.grade(moment_s, side, sigmas, atr_sigmas))

    def came_of(self, moment_s: int, side: Side, found: LevelGrade) -> FloatArray:
        """Return the outcomes (outcomes,) that a grade tells."""
        touched = [math.nan if each is None else float(each) for each in found.touched]
        after_s = found.touch_after_s
        hours = math.nan if after_s is None else after_s / HOUR_S
        went_on = math.nan if found.after_touch is None else float(found.after_touch == "continuation")
        liquidated = math.nan if after_s is None else self._liquidated(moment_s + after_s, side)
        return np.array([*touched, hours, went_on, liquidated])

    def others(self, moment_s: int, random: np.random.Generator) -> np.ndarray:
        """Return published moments at least a horizon away, drawn with replacement."""
        return random.choice(self.moments[np.abs(self.moments - moment_s) >= APART_S], NULL_DRAWS)

    def _liquidated(self, touched_s: int, side: Side) -> float:
        """Return ln USD of the side liquidated in the hour of a bar that ended at `touched_s`, NaN where unknown."""
        if self._realised is None:
            return math.nan
        hour_s = np.array([(touched_s - 1) // HOUR_S * HOUR_S])
        row, known = rows_of(hour_s, self._realised.time_s)
        if not known[0]:
            return math.nan
        usd = self._realised.usd[0 if side == "below" else 1, row[0]]
        return math.log(float(usd) + LIQUIDATED_FLOOR_USD)


def episodes_of(
    market: Market,
    published: Sequence[Findings],
    realised: RealisedHours | None = None,
    *,
    seed: int = 0,
    maps: Literal["own", "shuffled"] = "own",
) -> Episodes:
    """Return every clear zone that was published as one episode, graded, with its nulls.

    published: oldest first; realised: of the same symbol, None where nobody recorded any; maps: "shuffled" puts the
    zone of another day's episode in place of each episode's own, so that nothing is left to find.

    Raises:
        DataUnavailableError: no answer has a horizon that is recorded to its end.

    """
    ground, random = Ground(market, published, realised), np.random.default_rng(seed)
    if not ground.published or int(np.ptp(ground.moments)) < 2 * APART_S:  # then no moment is far from all others
        msg = f"The recording of {market.symbol} is too short to grade its zones. Record three weeks or more."
        raise DataUnavailableError(msg)
    begun = _begun(ground)
    if maps == "shuffled":
        begun = _dealt_out(ground, begun, random)
    nulls = _nulls(ground, begun, random)
    return Episodes(
        symbol=np.full(len(begun), market.symbol),
        published_s=np.array([each.moment_s for each in begun], dtype=np.int64),
        zones=tuple(each.zone for each in begun),
        outcomes=np.array([each.outcomes for each in begun]).reshape(len(begun), len(OUTCOMES)),
        nulls={name: np.array(values).reshape(len(begun), len(OUTCOMES)) for name, values in nulls.items()},
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Begun:
    """One episode as it begins, and what became of it."""

    moment_s: int
    zone: Zone
    place: _Place
    outcomes: FloatArray


def _begun(ground: Ground) -> list[_Begun]:
    """Return the episodes in the order in which they begin."""
    begun = []
    for each in zones_once(map(ground.graded, ground.published)):
        moment_s, place = each.findings.as_of_s, _Place.of(each.zone, each.findings, ground)
        begun.append(_Begun(moment_s, each.zone, place, ground.came_of(moment_s, place.side, each.grade)))
    return begun


def _dealt_out(ground: Ground, begun: Sequence[_Begun], random: np.random.Generator) -> list[_Begun]:
    """Return the same moments, each with the zone of an episode at least a horizon away."""
    begun_s = np.array([each.moment_s for each in begun])
    dealt = []
    for each in begun:
        drawn = begun[int(random.choice(np.flatnonzero(np.abs(begun_s - each.moment_s) >= APART_S)))]
        place = drawn.place
        outcomes = ground.outcomes(each.moment_s, place.side, place.near, place.atr)
        dealt.append(_Begun(each.moment_s, drawn.zone, place, outcomes))
    return dealt


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a zone lies, in daily sigmas of its answer's moment: its edges from the price, and the daily ATR."""

    side: Side
    near: float
    far: float
    atr: float

    @classmethod
    def of(cls, zone: Zone, answer: Findings, ground: Ground) -> _Place:
        sigma = ground.sigma[answer.as_of_s]
        near, far = (abs(math.log(edge / answer.price)) / sigma for edge in (zone.band.near, zone.band.far))
        return cls(zone.band.side, near, far, daily_atr_of(zone) / answer.price / sigma)


def _nulls(ground: Ground, begun: Sequence[_Begun], random: np.random.Generator) -> dict[NullName, list[FloatArray]]:
    found: dict[NullName, list[FloatArray]] = {name: [] for name in NULLS}
    begun_s = np.array([each.moment_s for each in begun])
    sides = np.array([each.place.side for each in begun])
    for each in begun:
        at_s, place = each.moment_s, each.place
        elsewhen = [int(other) for other in ground.others(at_s, random)]
        foreign = np.flatnonzero((sides == place.side) & (np.abs(begun_s - at_s) >= APART_S))
        drawn = random.choice(foreign, NULL_DRAWS) if len(foreign) else foreign
        asked: dict[NullName, list[tuple[int, _Place]]] = {
            "same distance": [(other, place) for other in elsewhen],
            "mirror": [(at_s, dataclasses.replace(place, side=opposite(place.side)))],
            "another day": [(at_s, begun[int(number)].place) for number in drawn],
        }
        for name, levels in asked.items():
            found[name].append(
                _mean([ground.outcomes(moment, level.side, level.near, place.atr) for moment, level in levels])
            )
    return found


def _mean(found: Sequence[FloatArray]) -> FloatArray:
    """Return the mean of each outcome over draws (outcomes,), unknown ones aside, NaN where all are."""
    if not found:
        return np.full(len(OUTCOMES), math.nan)
    table = np.array(found)
    known = np.isfinite(table)
    total, count = np.where(known, table, 0.0).sum(axis=0), known.sum(axis=0)
    mean = np.full(len(OUTCOMES), math.nan)
    np.divide(total, count, out=mean, where=count > 0)
    return mean


def joined(parts: Sequence[Episodes]) -> Episodes:
    """Return the episodes of several symbols as one table."""
    return Episodes(
        symbol=np.concatenate([part.symbol for part in parts]),
        published_s=np.concatenate([part.published_s for part in parts]),
        zones=tuple(zone for part in parts for zone in part.zones),
        outcomes=np.concatenate([part.outcomes for part in parts]),
        nulls={name: np.concatenate([part.nulls[name] for part in parts]) for name in NULLS},
    )
