"""Does a map know more than distance does? Asked where the truth is known: on the simulated market, over seeds.

Every bin within 25 % of the price is one pair (map, truth). The reach decides: `Seed.within` keeps the nearer bins, and
within 15 % the map adds next to nothing; the report prints every reach. Distance alone is given its best chance: the
mean true profile over distance of the *other* seeds. The map is read as the product reads it: its brightness over what
the model usually shows at that distance, on top of the same curve, with one weight learned from the other seeds too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.atlas import Atlas
from engine.context import read_context
from engine.results import MapKey
from engine.sources.simulated import SimulatedSource
from engine.windows import window_named

REACH = 0.25
CLASSES = 30
FLOOR = 0.05  # of a mean bin, so that an empty one has a logarithm


@dataclass(frozen=True)
class Seed:
    distance: np.ndarray  # (pairs,) |log price - log market price|
    true: np.ndarray  # (pairs,) true mass, sums to 1
    shown: np.ndarray  # (pairs,) the map's mass, sums to 1
    usual: np.ndarray  # (pairs,) what the model usually shows there, in its own past
    reach: float = REACH  # how far the pairs go

    def within(self, reach: float) -> Seed:
        near = self.distance < reach
        true, shown, usual = (part[near] / part[near].sum() for part in (self.true, self.shown, self.usual))
        return Seed(self.distance[near], true, shown, usual, reach)


@dataclass(frozen=True)
class Skill:
    distance_alone: float  # rank correlation with the truth
    with_map: float
    map_alone: float
    nearer_is_brighter: float

    @property
    def gain(self) -> float:
        return self.with_map - self.distance_alone


def read_seed(number: int, key: MapKey = MapKey("M2", window_named("3d"))) -> Seed:  # noqa: B008 - a frozen value
    source = SimulatedSource(seed=number)
    market = source.market("BTC")
    context = read_context(market)
    atlas = Atlas(market, context)
    map_, typical = atlas.map(key), atlas.typical(key)
    truth = source.simulated_market("BTC").true_map(map_.grid, market.as_of_s)
    away = np.log(map_.grid.centers / market.price)
    sigma = context.volatility.daily_sigma
    parts = []
    for side, true in ((1, truth.short_usd), (-1, truth.long_usd)):
        bins = (side * away > 0.001) & (side * away < REACH)
        shown = map_.short_usd if side > 0 else map_.long_usd
        usual = typical.expected(np.abs(away) / sigma, sigma, float(shown.sum()))
        parts.append((side * away[bins], true[bins], shown[bins], usual[bins]))
    distance, true, shown, usual = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Seed(distance, true / true.sum(), shown / shown.sum(), usual / usual.sum())


def skills(seeds: list[Seed]) -> list[Skill]:
    curves = np.array([_curve(seed) for seed in seeds])
    found = []
    for i, seed in enumerate(seeds):
        curve = np.delete(curves, i, axis=0).mean(axis=0)
        others = [other for j, other in enumerate(seeds) if j != i]
        found.append(_skill(seed, curve, _weight(others, curve)))
    return found


def _curve(seed: Seed) -> np.ndarray:
    row = np.minimum((seed.distance / seed.reach * CLASSES).astype(int), CLASSES - 1)
    return np.bincount(row, seed.true, CLASSES) / np.maximum(np.bincount(row, minlength=CLASSES), 1)


def _expected(seed: Seed, curve: np.ndarray) -> np.ndarray:
    middles = (np.arange(CLASSES) + 0.5) * seed.reach / CLASSES
    return np.interp(seed.distance, middles, curve)


def _logs(values: np.ndarray) -> np.ndarray:
    return np.log(values + FLOOR / len(values))


def _weight(seeds: list[Seed], curve: np.ndarray) -> float:
    """Least squares of what the truth has beyond the distance curve on the map's brightness."""
    brightness = np.concatenate([_logs(seed.shown) - _logs(seed.usual) for seed in seeds])
    beyond = np.concatenate([_logs(seed.true) - _logs(_expected(seed, curve)) for seed in seeds])
    return float(np.cov(brightness, beyond)[0, 1] / np.var(brightness, ddof=1))


def _skill(seed: Seed, curve: np.ndarray, weight: float) -> Skill:
    expected = _expected(seed, curve)
    brightness = _logs(seed.shown) - _logs(seed.usual)
    return Skill(
        distance_alone=rank_correlation(expected, seed.true),
        with_map=rank_correlation(_logs(expected) + weight * brightness, seed.true),
        map_alone=rank_correlation(seed.shown, seed.true),
        nearer_is_brighter=rank_correlation(-seed.distance, seed.true),
    )


def rank_correlation(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.corrcoef(_ranks(first), _ranks(second))[0, 1])


def _ranks(values: np.ndarray) -> np.ndarray:
    ordered = np.sort(values)
    return (np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")) / 2.0
