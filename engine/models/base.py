"""What a model is: named assumptions that turn a venue's history, or what a venue shows, into liquidation mass."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np

from engine.grid import LOG_STEP, FloatArray, LogGrid
from engine.inventory import Bars, ColumnPlan, Ladder, Standing, seed_shares
from engine.margin import MarginTerms, log_distances
from engine.market import VenueMarket
from engine.windows import DAY_S, Window

InputGroup = Literal["open interest", "flow", "swings", "positions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """A model in words: its id and name, the kind of input it rests on, what it assumes, what it remembers.

    is_positions: False where the mass is turnover or pivot weight, so that USD would be a pretence;
    starts_empty: True where a map shows only what was opened inside its window.
    """

    id: str
    name: str
    group: InputGroup
    inputs: str
    assumes: str
    memory: str
    is_positions: bool
    starts_empty: bool


@dataclass(frozen=True, slots=True, eq=False)
class VenueBars:
    """One venue's history on a grid. Walks that several maps share are done once and kept here."""

    market: VenueMarket
    bars: Bars
    _walks: dict[str, Standing] = field(default_factory=dict)

    @classmethod
    def of(cls, market: VenueMarket, grid: LogGrid) -> VenueBars:
        """Return the venue's bars on `grid`."""
        return cls(market, Bars.of(market.candles, grid))

    def kept(self, name: str) -> Standing | None:
        """Return the walk over all history kept under `name`, if it was done."""
        return self._walks.get(name)

    def keep(self, name: str, walk: Standing) -> Standing:
        """Keep a walk over all history for other maps of the same model; return it."""
        self._walks[name] = walk
        return walk

    def first_bar_since(self, start_s: int) -> int:
        """Return the number of the first bar that ends after `start_s`."""
        return int(np.searchsorted(self.bars.end_s, start_s, side="right"))


@dataclass(frozen=True, slots=True)
class Plans:
    """What a walk shall store: the columns that are drawn, and the sparse snapshots that say what is typical."""

    columns: ColumnPlan
    snapshots: ColumnPlan


class WalkedModel(Protocol):
    """A model that walks bars. Every method looks only at bars that are given, and those were finished."""

    @property
    def spec(self) -> ModelSpec:
        """What the model is, in words."""
        ...

    def ladder(self, margin: MarginTerms, window: Window) -> Ladder:
        """Return the model's tiers at one venue, none above what the symbol allows."""
        ...

    def stand(self, venue: VenueBars, window: Window, as_of_s: int, plans: Plans) -> Standing | None:
        """Walk to `as_of_s`; None when the venue lacks an input that the model needs.

        Plans count bars of the whole history. Snapshots of a model that starts empty forget (ColumnPlan.forget), so
        each shows what one window's length had opened.
        """
        ...

    def sweep_history(self, venue: VenueBars) -> Standing | None:
        """Walk over all history, for what was swept in each bar; None when an input is missing."""
        ...


def ladder_of(
    margin: MarginTerms, leverages: FloatArray, standing_share: FloatArray, half_life_days: FloatArray
) -> Ladder:
    """Return tiers of one anchor, clamped to the symbol's maximum leverage, seeded to stand at `standing_share`.

    A tier above the maximum does not exist: those traders use the maximum instead and keep their half-life.
    """
    clamped = margin.clamp(leverages)
    longs, shorts = log_distances(margin, clamped)
    half_life_s = half_life_days * DAY_S
    return Ladder(
        leverages=clamped,
        half_life_s=half_life_s,
        seed_share=seed_shares(standing_share, half_life_s),
        distance=np.stack([longs, shorts]) / LOG_STEP,
        anchor=np.zeros(len(leverages), dtype=np.int64),
        tier=np.arange(len(leverages)),
    )


def typical_price(market: VenueMarket, grid: LogGrid) -> FloatArray:
    """Return (high + low + close) / 3 of each bar as the entry of both sides, shape (bars, 2, 1) [bins].

    Against open and close the measured skill is equal within .015.
    """
    candles = market.candles
    price = (candles.high + candles.low + candles.close) / 3
    position = np.log(price) / LOG_STEP - grid.first
    return np.stack([position, position], axis=1)[:, :, np.newaxis]
