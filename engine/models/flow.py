"""M4, Flow: where takers bought and sold lately, without open interest."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from engine.grid import FloatArray
from engine.inventory import ColumnPlan, Entries, Ladder, Standing, positions, replay
from engine.margin import MarginTerms
from engine.market import Candles
from engine.models.base import ModelSpec, Plans, VenueBars, ladder_of
from engine.windows import DAY_S, Window

_ANCHOR_SHARE = (0.45, 0.275, 0.275)
"""Share of entries at the close, the high and the low of a bar (own assumption: most trade happens inside)."""
_MAX_STRETCH = 4.0
"""Half-lives grow with the square root of the window, at most this much: turnover older than a week is no stock."""
_REACH_HALF_LIVES = 8
"""The walk starts this many of the slowest half-lives back: of what is older less than .4 % still counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowModel:
    """Taker buying seeds longs, taker selling seeds shorts; leverage tiers [x] and half-lives [days] for 24 h."""

    spec: ModelSpec
    leverages: tuple[float, ...]
    standing_share: tuple[float, ...]
    half_life_days: tuple[float, ...]

    def ladder(self, margin: MarginTerms, window: Window) -> Ladder:
        """Return the tiers with half-lives scaled to the window, and a rung for each tier and anchor."""
        one = ladder_of(
            margin,
            np.array(self.leverages),
            np.array(self.standing_share),
            np.array(self.half_life_days) * _stretch(window),
        )
        return Ladder(
            leverages=one.leverages,
            half_life_s=one.half_life_s,
            seed_share=np.concatenate([share * one.seed_share for share in _ANCHOR_SHARE]),
            distance=np.tile(one.distance, (1, len(_ANCHOR_SHARE))),
            anchor=np.repeat(np.arange(len(_ANCHOR_SHARE)), len(self.leverages)),
            tier=np.tile(one.tier, len(_ANCHOR_SHARE)),
        )

    def stand(self, venue: VenueBars, window: Window, as_of_s: int, plans: Plans) -> Standing | None:
        """Replay the flow of as many bars as the window's memory and the plans reach."""
        reach_s = _REACH_HALF_LIVES * max(self.half_life_days) * _stretch(window) * DAY_S
        planned = [int(plan.bars[0]) for plan in (plans.columns, plans.snapshots) if len(plan.bars)]
        oldest_s = min([as_of_s, *(int(venue.bars.end_s[bar]) for bar in planned)])
        return self._flow(venue, window, venue.first_bar_since(int(oldest_s - reach_s)), plans)

    def sweep_history(self, venue: VenueBars) -> Standing | None:
        """Replay all history with the half-lives of 24 h."""
        return self._flow(venue, Window("24h", DAY_S), 0, Plans(ColumnPlan.none(), ColumnPlan.none()))

    def _flow(self, venue: VenueBars, window: Window, first: int, plans: Plans) -> Standing:
        candles = venue.market.candles
        anchors = np.stack([candles.close, candles.high, candles.low], axis=1)
        bought = taker_buy_share(candles) * candles.volume
        amount = np.stack([bought, candles.volume - bought], axis=1)
        entries = Entries(
            position=np.repeat(positions(anchors, venue.bars.grid)[:, np.newaxis], 2, axis=1),
            amount=np.repeat(amount[:, :, np.newaxis], len(_ANCHOR_SHARE), axis=2),
            kept=np.ones((2, len(candles))),
        )
        return replay(
            venue.bars.from_bar(first),
            self.ladder(venue.market.margin, window),
            entries.from_bar(first),
            columns=plans.columns.from_bar(first),
            snapshots=plans.snapshots.from_bar(first),
        )


def _stretch(window: Window) -> float:
    return min(math.sqrt(window.length_s / DAY_S), _MAX_STRETCH)


def taker_buy_share(candles: Candles) -> FloatArray:
    """Return the share of each bar's volume that takers bought (bars,), 0-1; where unknown, from the candle.

    The guess is where the bar closed in its range, a half for a bar without one.
    """
    span = candles.high - candles.low
    guess = np.full(len(candles), 0.5)
    np.divide(candles.close - candles.low, span, out=guess, where=span > 0)
    return np.where(np.isfinite(candles.taker_buy_share), candles.taker_buy_share, guess)


FLOW = FlowModel(
    spec=ModelSpec(
        id="M4",
        name="Flow",
        group="flow",
        inputs="candles, volume, taker side (else where a bar closed in its range)",
        assumes="taker buying opens longs and taker selling shorts, at 10x to 100x; turnover, not open positions",
        memory="fades with half-lives of 6 h to 2 d, longer for longer windows",
        is_positions=False,
        starts_empty=False,
    ),
    # Own assumption: turnover is mostly short-lived and highly leveraged.
    leverages=(10.0, 20.0, 50.0, 100.0),
    standing_share=(0.35, 0.30, 0.20, 0.15),
    half_life_days=(2.0, 1.0, 0.5, 0.25),
)
