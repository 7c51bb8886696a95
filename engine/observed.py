"""What venues show of real accounts: positions of known wallets and what they cover, and how many are long or short."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.arrays import check_lengths, freeze_fields
from engine.errors import DataMalformedError
from engine.grid import FloatArray, IntArray, LogGrid
from engine.windows import HOUR_S

_ADVICE = "Mend or re-record that part; nothing was computed from it."


CROWD_KEPT_S = 6 * HOUR_S
"""Accounts change sides within hours: an older ratio says nothing about the moment (own assumption)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """How many accounts are long for each that is short, at `time_s`: context, and never a split of positions.

    Raises:
        DataMalformedError: a ratio that is not a positive number.

    """

    time_s: int
    long_short_ratio: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.long_short_ratio) and self.long_short_ratio > 0):
            raise DataMalformedError("long/short ratio", f"it is {self.long_short_ratio}", _ADVICE)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ObservedPositions:
    """Real positions of known wallets at a venue that shows them, swept one after the other until `time_s`.

    started_s: when the sweep began [Unix s]; wallets: how many answered; open_interest: the venue's own, one side
    [base]; side: (n,) +1 long, -1 short; size: (n,) [base]; entry, leverage: (n,) [price], [x]; liquidation_price:
    (n,), NaN for a position that no price would liquidate alone; is_isolated: (n,) True where its margin is its own,
    so that its liquidation price is exact, False for cross margin, where it moves with the rest of the account.

    Raises:
        DataMalformedError: a side that is none; a size, entry, leverage or liquidation price that is not positive.

    """

    venue: str
    started_s: int
    time_s: int
    wallets: int
    open_interest: float
    side: IntArray
    size: FloatArray
    entry: FloatArray
    leverage: FloatArray
    liquidation_price: FloatArray
    is_isolated: np.ndarray

    def __post_init__(self) -> None:
        freeze_fields(self, ("side",), np.int64)
        freeze_fields(self, ("size", "entry", "leverage", "liquidation_price"), np.float64)
        isolated = np.array(self.is_isolated, dtype=bool)
        isolated.flags.writeable = False
        object.__setattr__(self, "is_isolated", isolated)
        check_lengths(self, ("side", "size", "entry", "leverage", "liquidation_price", "is_isolated"))
        if np.any(np.abs(self.side) != 1):
            raise DataMalformedError("positions", "a side is neither long (+1) nor short (-1)", _ADVICE)
        for name in ("size", "entry", "leverage"):
            values = getattr(self, name)
            if not np.all(np.isfinite(values) & (values > 0)):
                raise DataMalformedError("positions", f"{name} is not positive everywhere", _ADVICE)
        if np.any((self.liquidation_price <= 0) | np.isinf(self.liquidation_price)):
            raise DataMalformedError("positions", "a liquidation price is not positive", _ADVICE)
        if not (self.open_interest >= 0 and self.started_s <= self.time_s):
            raise DataMalformedError(
                "positions", "the sweep ends before it began, or open interest is negative", _ADVICE
            )

    def held(self, side: int) -> float:
        """Return what the wallets hold on one side (+1 longs, -1 shorts) [base]."""
        return float(self.size[self.side == side].sum())

    def coverage(self, side: int) -> float:
        """Return the share of the venue's open interest that the wallets hold on one side; NaN without any."""
        return self.held(side) / self.open_interest if self.open_interest > 0 else math.nan


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How much of one venue a sweep of real positions saw, at the moment of an answer.

    started_s, swept_s: when the sweep began and ended [Unix s]; age_s: from its end to the answer [s]; wallets: how
    many answered; long_share, short_share: of the venue's open interest; long_usd, short_usd: what the wallets hold, at
    the market price [USD]; exact_share: of the mapped USD, on isolated margin (0-1), NaN where nothing is mapped.
    positions and the following are numbers of them: without_price, that no price alone would liquidate; passed, whose
    price was met since the sweep began; outside, beyond the map.
    """

    venue: str
    started_s: int
    swept_s: int
    age_s: int
    wallets: int
    long_share: float
    short_share: float
    long_usd: float
    short_usd: float
    exact_share: float
    positions: int
    without_price: int
    passed: int
    outside: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ObservedLayers:
    """What a map of real positions rests on, and its sharp part.

    exact_long_usd, exact_short_usd: (bins,) [USD] isolated positions, whose liquidation price is their own; what else
    the map holds is on cross margin, spread because its price moves with the rest of the account.
    """

    coverage: Coverage
    exact_long_usd: FloatArray
    exact_short_usd: FloatArray

    def exact_between(self, side: Literal["above", "below"], grid: LogGrid, low: float, high: float) -> float:
        """Return what isolated positions of one side hold from `low` to `high` [USD]; a bin counts at its centre."""
        centers = grid.centers
        exact = self.exact_short_usd if side == "above" else self.exact_long_usd
        return float(exact[(centers >= low) & (centers <= high)].sum())
