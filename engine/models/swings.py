"""M5, Swings and stops: latecomers at swing highs and lows, and the stops just beyond them and round numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.grid import LOG_STEP, FloatArray, IntArray
from engine.inventory import ColumnPlan, Entries, Ladder, Standing, positions, replay
from engine.margin import MarginTerms, log_distances
from engine.market import Candles
from engine.models.base import ModelSpec, Plans, VenueBars
from engine.structure import confirmed_swings, round_step
from engine.windows import DAY_S, Window

PIVOT_ORDERS = (3, 8, 21)
"""Bars on each side that a swing must exceed; it is used only when all of those after it are finished."""
_HALF_LIFE_DAYS = (0.5, 2.0, 7.0)
"""A larger swing is remembered longer (own assumption)."""
_LEVERAGES = (25.0, 50.0, 100.0)
_LADDER_SHARE, _STOP_SHARE, _ROUND_SHARE = 0.50, 0.35, 0.15
"""What a swing's volume leaves behind: liquidations of latecomers, stops beyond it, stops beyond the next round
number (own assumption)."""
_BEYOND_BINS = 1.0
"""Stops lie one bin (0.1 %) beyond what they protect."""
_ROUND_WITHIN = 0.01
"""A round number further than 1 % from the swing is another level's business."""
_REACH_HALF_LIVES = 4
"""The walk starts this many of the slowest half-lives back: of older swings less than 7 % still count."""


@dataclass(frozen=True, slots=True, eq=False)
class _Swings:
    """Confirmed swings of one order: pivot bar, price, weight [base], and the worst price until confirmation."""

    confirmed_bar: IntArray
    price: FloatArray
    weight: FloatArray
    worst: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class SwingModel:
    """Longs bought at swing highs, shorts sold at swing lows, stops just beyond; weight is the swing's volume."""

    spec: ModelSpec

    def ladder(self, margin: MarginTerms, window: Window) -> Ladder:
        """Return a tier per swing size; its rungs are 25x, 50x, 100x, the symbol's maximum and two kinds of stops."""
        del window
        leverages = margin.clamp(np.array([*_LEVERAGES, margin.max_leverage]))
        share = np.concatenate([np.full(len(leverages), _LADDER_SHARE / len(leverages)), (_STOP_SHARE, _ROUND_SHARE)])
        longs, shorts = log_distances(margin, leverages)
        stops = np.array([_BEYOND_BINS, _BEYOND_BINS])
        distance = np.stack([np.append(longs / LOG_STEP, -stops), np.append(shorts / LOG_STEP, stops)])
        orders = len(PIVOT_ORDERS)
        return Ladder(
            leverages=np.full(orders, np.nan),
            half_life_s=np.array(_HALF_LIFE_DAYS) * DAY_S,
            seed_share=np.tile(share, orders) / orders,
            distance=np.tile(distance, (1, orders)),
            anchor=np.arange(orders * len(share)),
            tier=np.repeat(np.arange(orders), len(share)),
        )

    def stand(self, venue: VenueBars, window: Window, as_of_s: int, plans: Plans) -> Standing | None:
        """Replay the swings of as many bars as the memory and the plans reach."""
        planned = [int(plan.bars[0]) for plan in (plans.columns, plans.snapshots) if len(plan.bars)]
        oldest_s = min([as_of_s, *(int(venue.bars.end_s[bar]) for bar in planned)])
        reach_s = int(_REACH_HALF_LIVES * max(_HALF_LIFE_DAYS) * DAY_S)
        return self._replay(venue, window, venue.first_bar_since(oldest_s - reach_s), plans)

    def sweep_history(self, venue: VenueBars) -> Standing | None:
        """Replay all history."""
        return self._replay(venue, Window("3d", 3 * DAY_S), 0, Plans(ColumnPlan.none(), ColumnPlan.none()))

    def _replay(self, venue: VenueBars, window: Window, first: int, plans: Plans) -> Standing:
        ladder = self.ladder(venue.market.margin, window)
        return replay(
            venue.bars.from_bar(first),
            ladder,
            _entries(venue, ladder, first),
            columns=plans.columns.from_bar(first),
            snapshots=plans.snapshots.from_bar(first),
        )


def _entries(venue: VenueBars, ladder: Ladder, first: int) -> Entries:
    """Return what the swings from bar `first` on open, one anchor per tier.

    A liquidation price that was passed before its swing was confirmed is left out: nothing waits there any more.
    """
    candles, grid = venue.market.candles, venue.bars.grid
    bars = len(candles) - first
    shape = (bars, 2, len(ladder.seed_share))
    position, amount = np.zeros(shape), np.zeros(shape)
    rungs = len(ladder.seed_share) // len(PIVOT_ORDERS)
    for order_number, order in enumerate(PIVOT_ORDERS):
        highs, lows = _swings(candles, first, order)
        for number in range(rungs):
            rung, late, at_round = order_number * rungs + number, number < rungs - 2, number == rungs - 1
            # latecomers: longs bought the high, shorts sold the low; stops: of shorts above it, of longs below
            for side, swings in ((0, highs), (1, lows)) if late else ((1, highs), (0, lows)):
                price = _beyond(swings.price, up=side == 1) if at_round else swings.price
                entry = positions(price, grid)
                level, worst = entry + ladder.distance[side, rung], positions(swings.worst, grid)
                passed = ((level >= worst) if side == 0 else (level <= worst)) & late
                alive = np.isfinite(level) & ~passed
                position[swings.confirmed_bar[alive], side, rung] = entry[alive]
                amount[swings.confirmed_bar[alive], side, rung] = swings.weight[alive]
    return Entries(position=position, amount=amount, kept=np.ones((2, bars)))


def _swings(candles: Candles, first: int, order: int) -> tuple[_Swings, _Swings]:
    """Return confirmed swing highs (worst: the lowest low since) and swing lows (worst: the highest high since)."""
    high, low, volume = candles.high[first:], candles.low[first:], candles.volume[first:]
    highs, lows = confirmed_swings(high, low, order)
    traded = np.concatenate([[0.0], np.cumsum(volume)])

    def collect(pivots: IntArray, prices: FloatArray, against: FloatArray, worst: np.ufunc) -> _Swings:
        since = np.lib.stride_tricks.sliding_window_view(against, order) if len(against) >= order else against[:0]
        return _Swings(
            confirmed_bar=pivots + order,
            price=prices[pivots],
            weight=traded[pivots + order + 1] - traded[pivots - order],
            worst=np.asarray(worst.reduce(since[pivots + 1], axis=1) if len(pivots) else prices[pivots]),
        )

    return collect(highs, high, low, np.minimum), collect(lows, low, high, np.maximum)


def _beyond(prices: FloatArray, *, up: bool) -> FloatArray:
    """Return the next round number beyond each price, NaN where it is further than 1 % away."""
    if not len(prices):
        return prices
    step = round_step(float(np.median(prices)))
    rounded = np.ceil(prices / step) * step if up else np.floor(prices / step) * step
    near = np.abs(rounded / prices - 1) <= _ROUND_WITHIN
    return np.where(near & (rounded > 0), rounded, np.nan)


SWINGS = SwingModel(
    spec=ModelSpec(
        id="M5",
        name="Swings and stops",
        group="swings",
        inputs="candles, volume",
        assumes="latecomers buy swing highs and sell swing lows at 25x and more, stops wait just beyond",
        memory="fades with half-lives of 12 h, 2 d and 7 d, by the size of the swing",
        is_positions=False,
        starts_empty=False,
    )
)
