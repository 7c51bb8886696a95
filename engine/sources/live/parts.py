"""What one venue's replies are parsed into, before they become a market. Times in Unix seconds, sizes in base units."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

import numpy as np

from engine.grid import FloatArray, IntArray


def _no_times() -> IntArray:
    return np.empty(0, dtype=np.int64)


def _no_values() -> FloatArray:
    return np.empty(0)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Bars:
    """Finished bars, oldest first, each array (n,); taker_buy_volume [base] is NaN where the venue does not tell it."""

    time_s: IntArray = field(default_factory=_no_times)
    duration_s: IntArray = field(default_factory=_no_times)
    open: FloatArray = field(default_factory=_no_values)
    high: FloatArray = field(default_factory=_no_values)
    low: FloatArray = field(default_factory=_no_values)
    close: FloatArray = field(default_factory=_no_values)
    volume: FloatArray = field(default_factory=_no_values)
    taker_buy_volume: FloatArray = field(default_factory=_no_values)

    def __len__(self) -> int:
        return len(self.time_s)

    def joined(self, newer: Bars) -> Bars:
        """Return both in order of time; of two bars of one time the newer reply's counts."""
        order = _order(self.time_s, newer.time_s)
        both = {
            part.name: np.concatenate([getattr(self, part.name), getattr(newer, part.name)])[order]
            for part in fields(Bars)
        }
        return Bars(**both)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Series:
    """Moments and their values, oldest first, each (n,): open interest [base] or settled funding [fraction]."""

    time_s: IntArray = field(default_factory=_no_times)
    value: FloatArray = field(default_factory=_no_values)

    def __len__(self) -> int:
        return len(self.time_s)

    def joined(self, newer: Series) -> Series:
        """Return both in order of time; of two values of one time the newer reply's counts."""
        order = _order(self.time_s, newer.time_s)
        return Series(
            time_s=np.concatenate([self.time_s, newer.time_s])[order],
            value=np.concatenate([self.value, newer.value])[order],
        )

    def at(self, time_s: IntArray) -> FloatArray:
        """Return the value at each time (n,), NaN where none is known at exactly that time."""
        found = np.full(len(time_s), np.nan)
        _, ours, theirs = np.intersect1d(time_s, self.time_s, return_indices=True)
        found[ours] = self.value[theirs]
        return found


def _order(older_s: IntArray, newer_s: IntArray) -> IntArray:
    """Return the rows of both in order of time, doubled times once: the last one given."""
    times = np.concatenate([older_s, newer_s])
    backwards, first_seen = np.unique(times[::-1], return_index=True)
    return np.asarray(len(times) - 1 - first_seen, dtype=np.int64) if len(backwards) else _no_times()


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A perpetual of a venue: `base` as the venue names it (1000PEPE), contract_size [base] of one contract.

    max_leverage: where the listing tells it; margin_rule: of which venue it is taken, None for its own; notes: what an
    answer made of it has to say.
    """

    base: str
    market_id: str
    contract_size: float = 1.0
    max_leverage: float | None = None
    margin_rule: str | None = None
    notes: tuple[str, ...] = ()
