"""Liquidations that happened, as venues told them in their public streams, and sums of what was told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from engine.arrays import check_lengths, freeze_fields
from engine.errors import DataMalformedError
from engine.grid import FloatArray, IntArray
from engine.windows import DAY_S, HOUR_S

KEPT_S = 7 * DAY_S
"""How far back an answer looks for liquidations (own assumption): older ones say nothing about what stands now."""
DAY_SUM_S = DAY_S
LEVEL_SUM_S = 72 * HOUR_S
"""How far back a level is asked what was liquidated there: as far back as the answer looks ahead."""

REPORTING: Mapping[str, str] = MappingProxyType(
    {
        "binanceusdm": "at most one a second",  # measured: 2.7 times as much and more was liquidated
        "bybit": "all",
        "okx": "not all",
    }
)
"""Which part of its liquidations each venue tells, per contract.

Sources: Binance's page on liquidation order streams (of each symbol the largest within 1,000 ms; until April 2026 it
said the latest), Bybit's on the topic allLiquidation (all of them, every 500 ms), OKX's on the channel
liquidation-orders ("doesn't represent the total number"; in earlier years it added: at most one a contract and second).
"""
UNKNOWN_REPORTING = "what part of them is unknown"

_ADVICE = "Mend or re-record that part; nothing was computed from it."


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Liquidations:
    """Liquidations that a venue told, oldest first; venues tell only a part of them.

    at_ms: (n,) [Unix ms]; side: (n,) +1 where a long was liquidated, -1 a short; price: (n,); size: (n,) [base];
    heard_from_s, heard_to_s: (spans,) [Unix s] when its stream was listened to, in order: no liquidation outside of
    these says nothing.

    Raises:
        DataMalformedError: times unsorted; a side that is none; a price or size that is not positive; spans unsorted.

    """

    at_ms: IntArray
    side: IntArray
    price: FloatArray
    size: FloatArray
    heard_from_s: IntArray
    heard_to_s: IntArray

    def __post_init__(self) -> None:
        freeze_fields(self, ("at_ms", "side", "heard_from_s", "heard_to_s"), np.int64)
        freeze_fields(self, ("price", "size"), np.float64)
        check_lengths(self, ("at_ms", "side", "price", "size"))
        check_lengths(self, ("heard_from_s", "heard_to_s"))
        if np.any(np.diff(self.at_ms) < 0):
            raise DataMalformedError("liquidations", "they are not in order of time", _ADVICE)
        if np.any(np.abs(self.side) != 1):
            raise DataMalformedError("liquidations", "a side is neither long (+1) nor short (-1)", _ADVICE)
        for name in ("price", "size"):
            values = getattr(self, name)
            if not np.all(np.isfinite(values) & (values > 0)):
                raise DataMalformedError("liquidations", f"{name} is not positive everywhere", _ADVICE)
        if np.any(self.heard_to_s <= self.heard_from_s) or np.any(self.heard_from_s[1:] < self.heard_to_s[:-1]):
            raise DataMalformedError("liquidations", "the spans listened to are not in order", _ADVICE)

    def __len__(self) -> int:
        return len(self.at_ms)

    @property
    def known_s(self) -> float:
        """When all of it was known: the last event, or the end of what was listened to [Unix s]; 0 without any."""
        return max(
            self.at_ms[-1] / 1_000 if len(self.at_ms) else 0.0,
            float(self.heard_to_s[-1]) if len(self.heard_to_s) else 0.0,
        )

    @property
    def usd(self) -> FloatArray:
        """What each was worth, shape (n,) [USD]: size × price."""
        return self.size * self.price

    @property
    def is_heard(self) -> NDArray[np.bool_]:
        """Say which lie in a span that was listened to, shape (n,): only these count in sums."""
        span = np.searchsorted(1_000 * self.heard_from_s, self.at_ms, side="right") - 1
        return (span >= 0) & (self.at_ms < np.append(1_000 * self.heard_to_s, 0)[span])

    def between(self, start_s: int, end_s: int) -> Liquidations:
        """Return what happened, and was listened to, from `start_s` to `end_s`, both included."""
        part = slice(
            int(np.searchsorted(self.at_ms, 1_000 * start_s)),
            int(np.searchsorted(self.at_ms, 1_000 * end_s, side="right")),
        )
        heard_from_s, heard_to_s = np.maximum(self.heard_from_s, start_s), np.minimum(self.heard_to_s, end_s)
        inside = heard_from_s < heard_to_s
        return Liquidations(
            **{name: getattr(self, name)[part] for name in ("at_ms", "side", "price", "size")},
            heard_from_s=heard_from_s[inside],
            heard_to_s=heard_to_s[inside],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldSum:
    """What a venue told was liquidated in the `length_s` before an answer, in the minutes that were listened to.

    heard_s: how long that was: of the rest nothing is known; reporting: which part of its liquidations the venue
    tells, in words; long_usd, short_usd: of longs and of shorts [USD]; events: how many it told.
    """

    venue: str
    reporting: str
    length_s: int
    heard_s: int
    long_usd: float
    short_usd: float
    events: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Realised:
    """What a venue told was liquidated since `since_s`, and the sum of the last day."""

    venue: str
    since_s: int
    liquidations: Liquidations
    day: ToldSum

    @property
    def is_known(self) -> bool:
        """Say whether anything was heard of, or listened to."""
        return len(self.liquidations) > 0 or len(self.liquidations.heard_from_s) > 0


def realised_at(venue: str, told: Liquidations, as_of_s: int) -> Realised:
    """Return what a venue told in the days before `as_of_s`; does not look ahead."""
    since_s = as_of_s - KEPT_S
    return Realised(
        venue=venue,
        since_s=since_s,
        liquidations=told.between(since_s, as_of_s),
        day=told_sum(venue, told, as_of_s=as_of_s, length_s=DAY_SUM_S),
    )


def told_sum(
    venue: str,
    told: Liquidations,
    *,
    as_of_s: int,
    length_s: int,
    low: float = 0.0,
    high: float = np.inf,
) -> ToldSum:
    """Return the sums of what was told in the `length_s` before `as_of_s` at prices from `low` to `high`.

    An event outside the spans listened to is left out: it is real, but what happened around it is unknown.
    """
    part = told.between(as_of_s - length_s, as_of_s)
    counted = part.is_heard & (part.price >= low) & (part.price <= high)
    usd, side = part.usd[counted], part.side[counted]
    return ToldSum(
        venue=venue,
        reporting=REPORTING.get(venue, UNKNOWN_REPORTING),
        length_s=length_s,
        heard_s=int(np.sum(part.heard_to_s - part.heard_from_s)),
        long_usd=float(usd[side > 0].sum()),
        short_usd=float(usd[side < 0].sum()),
        events=len(usd),
    )
