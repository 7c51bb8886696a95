"""What one venue's replies are parsed into, before they become a market. Times in Unix seconds, sizes in base units."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

import numpy as np
from numpy.typing import NDArray

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
        """Return both in order of time; of two bars of one time and length the newer reply's counts."""
        both = {
            part.name: np.concatenate([getattr(self, part.name), getattr(newer, part.name)]) for part in fields(Bars)
        }
        order = _order(both["time_s"], both["duration_s"])
        return Bars(**{name: values[order] for name, values in both.items()})

    def take(self, chosen: IntArray | NDArray[np.bool_]) -> Bars:
        """Return the bars of these indices, or where the mask is True."""
        return Bars(**{part.name: getattr(self, part.name)[chosen] for part in fields(Bars)})


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Series:
    """Moments and their values, oldest first, each (n,): open interest [base] or settled funding [fraction]."""

    time_s: IntArray = field(default_factory=_no_times)
    value: FloatArray = field(default_factory=_no_values)

    def __len__(self) -> int:
        return len(self.time_s)

    def joined(self, newer: Series) -> Series:
        """Return both in order of time; of two values of one time the newer reply's counts."""
        time_s = np.concatenate([self.time_s, newer.time_s])
        order = _order(time_s, np.zeros_like(time_s))
        return Series(time_s=time_s[order], value=np.concatenate([self.value, newer.value])[order])

    def at(self, time_s: IntArray) -> FloatArray:
        """Return the value at each time (n,), NaN where none is known at exactly that time."""
        found = np.full(len(time_s), np.nan)
        _, ours, theirs = np.intersect1d(time_s, self.time_s, return_indices=True)
        found[ours] = self.value[theirs]
        return found


def _order(time_s: IntArray, duration_s: IntArray) -> IntArray:
    """Return the rows in order of time and length, doubled ones once: the last one given."""
    order = np.lexsort((duration_s, time_s))  # stable: of equal ones the last one given comes last
    changes = (np.diff(time_s[order]) != 0) | (np.diff(duration_s[order]) != 0)
    return np.asarray(order[np.append(changes, np.ones(min(len(order), 1), dtype=bool))], dtype=np.int64)


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
