"""Every position that ever stood on a simulated market, and the true liquidation map that follows from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.grid import LOG_STEP, FloatArray, IntArray, LogGrid
from engine.simulation.profiles import TRADER_KINDS
from engine.simulation.state import LIQUIDATED, PLANNED, STANDING, STOPPED, Records
from engine.simulation.steps import STEP_S
from engine.windows import HOUR_S

ENDINGS = {STANDING: "standing", PLANNED: "planned", STOPPED: "stopped", LIQUIDATED: "liquidated"}


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class TrueMap:
    """What would really be liquidated where: long_usd, short_usd (bins,) [USD: quantity x bin centre price]."""

    grid: LogGrid
    long_usd: FloatArray
    short_usd: FloatArray


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Liquidations:
    """Forced closings, oldest first, each array (n,).

    time_s [s]; price: the market's, at or beyond the liquidation price; side: +1 a long was liquidated, -1 a short;
    quantity [base]; position: its row in the ledger.
    """

    time_s: IntArray
    price: FloatArray
    side: IntArray
    quantity: FloatArray
    position: IntArray

    def usd_per_hour(self, side: int, *, start_s: int, end_s: int) -> FloatArray:
        """Return what was liquidated on one side in each hour from `start_s` to `end_s`, shape (hours,) [USD]."""
        hour = (self.time_s - start_s) // HOUR_S
        inside = (self.side == side) & (self.time_s >= start_s) & (self.time_s < end_s)
        usd = (self.price * self.quantity)[inside]
        hours = (end_s - start_s) // HOUR_S
        return np.bincount(hour[inside], weights=usd, minlength=hours).astype(np.float64)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class TopUps:
    """Margin added by traders, oldest first, each array (n,).

    time_s [s]; position: row in the ledger; leverage [x] and liquidation_price from then on.
    """

    time_s: IntArray
    position: IntArray
    leverage: FloatArray
    liquidation_price: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class PositionLedger:
    """Positions of traders in order of entry; a position's id is its row. Makers' inventories are not in it.

    rows: records of state.POSITION; start_s: time of step 0 [s]; lot [base]; top_ups: later changes of margin. Arrays
    that are asked for are computed then, each (n,).
    """

    rows: Records
    start_s: int
    lot: float
    top_ups: TopUps

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def entry_s(self) -> IntArray:
        """Time of entry [s]."""
        return self.start_s + self.rows["entry_step"].astype(np.int64) * STEP_S

    @property
    def close_s(self) -> FloatArray:
        """Time of closing [s], NaN while the position stands."""
        closed = self.start_s + self.rows["close_step"].astype(np.float64) * STEP_S
        return np.where(self.rows["ending"] == STANDING, np.nan, closed)

    @property
    def entry_price(self) -> FloatArray:
        """Price at entry."""
        return np.asarray(self.rows["entry_price"])

    @property
    def close_price(self) -> FloatArray:
        """Price at closing, NaN while the position stands."""
        return np.asarray(self.rows["close_price"])

    @property
    def side(self) -> NDArray[np.int8]:
        """+1 long, -1 short."""
        return np.asarray(self.rows["side"])

    @property
    def leverage(self) -> FloatArray:
        """Leverage at entry [x]."""
        return np.asarray(self.rows["leverage"])

    @property
    def quantity(self) -> FloatArray:
        """Size [base]."""
        return self.rows["lots"] * self.lot

    @property
    def liquidation_price(self) -> FloatArray:
        """Liquidation price at entry; `liquidation_price_at` knows margin added later."""
        return np.asarray(self.rows["liquidation_price"])

    @property
    def ending(self) -> NDArray[np.int8]:
        """How it ended: a key of ENDINGS."""
        return np.asarray(self.rows["ending"])

    @property
    def kind(self) -> NDArray[np.int8]:
        """Which of TRADER_KINDS holds it."""
        return np.asarray(self.rows["kind"])

    def kind_name(self, position: int) -> str:
        """Return the name of the kind of trader who holds a position."""
        return TRADER_KINDS[int(self.kind[position])].name

    def standing_at(self, as_of_s: int) -> IntArray:
        """Return the ids of the positions that stood just before `as_of_s` [s], in order of entry."""
        entered = int(np.searchsorted(self.rows["entry_step"], self._step(as_of_s)))
        closed_step, ending = self.rows["close_step"][:entered], self.rows["ending"][:entered]
        return np.flatnonzero((ending == STANDING) | (closed_step >= self._step(as_of_s)))

    def liquidation_price_at(self, as_of_s: int) -> FloatArray:
        """Return the liquidation prices (n,) with the margin added before `as_of_s` [s]."""
        prices = self.liquidation_price.copy()
        known = slice(0, int(np.searchsorted(self.top_ups.time_s, as_of_s)))
        prices[self.top_ups.position[known]] = self.top_ups.liquidation_price[known]
        return prices

    def true_map(self, grid: LogGrid, as_of_s: int) -> TrueMap:
        """Return what stood just before `as_of_s` [s] by its true liquidation price; beyond the grid it is left out."""
        standing = self.standing_at(as_of_s)
        bins = np.floor(np.log(self.liquidation_price_at(as_of_s)[standing]) / LOG_STEP).astype(np.int64) - grid.first
        quantity = self.rows["lots"][standing] * self.lot
        inside = (bins >= 0) & (bins < grid.size)
        sides = []
        for side in (1, -1):
            ours = inside & (self.side[standing] == side)
            sides.append(np.bincount(bins[ours], weights=quantity[ours], minlength=grid.size) * grid.centers)
        return TrueMap(grid=grid, long_usd=sides[0], short_usd=sides[1])

    def liquidations(self, *, since_s: int, until_s: int) -> Liquidations:
        """Return the forced closings at since_s <= time < until_s [s]."""
        when = self.rows["close_step"]
        chosen = self.ending == LIQUIDATED
        chosen &= (when >= self._step(since_s)) & (when < self._step(until_s))
        ids = np.flatnonzero(chosen)
        ids = ids[np.argsort(when[ids], kind="stable")]
        return Liquidations(
            time_s=self.start_s + when[ids].astype(np.int64) * STEP_S,
            price=self.close_price[ids],
            side=self.side[ids].astype(np.int64),
            quantity=self.quantity[ids],
            position=ids,
        )

    def _step(self, as_of_s: int) -> int:
        """Return the first step that starts at or after a time."""
        return -((self.start_s - as_of_s) // STEP_S)
