"""Rows of one series as frozen arrays, and how newer rows join older ones: pure functions, no file is touched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from engine.grid import FloatArray, IntArray

BoolArray = NDArray[np.bool_]

SAME_WITHIN = 1e-9
"""Values that differ by less than this share are the same: rates and volumes are converted on their way and back."""


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Rows of one series: time_s (n,) [Unix s], and each named column (n,), NaN where a value is unknown.

    Raises:
        ValueError: a time is no whole second, or a column has another length.

    """

    time_s: IntArray
    columns: Mapping[str, FloatArray]

    def __post_init__(self) -> None:
        times = np.asarray(self.time_s)
        if times.ndim != 1 or (len(times) and times.dtype.kind not in "iu"):
            msg = "time_s must hold whole seconds, in one dimension"
            raise ValueError(msg)
        columns = {name: _frozen(values, np.float64) for name, values in self.columns.items()}
        for name, values in columns.items():
            if values.shape != times.shape:
                msg = f"{name} has the shape {values.shape}, time_s has {times.shape}"
                raise ValueError(msg)
        object.__setattr__(self, "time_s", _frozen(times, np.int64))
        object.__setattr__(self, "columns", MappingProxyType(columns))

    def __len__(self) -> int:
        return len(self.time_s)

    def __getitem__(self, name: str) -> FloatArray:
        return self.columns[name]

    def take(self, chosen: IntArray | BoolArray) -> Rows:
        """Return the rows of these indices, or where the mask is True."""
        return Rows(self.time_s[chosen], {name: values[chosen] for name, values in self.columns.items()})

    def same_as(self, other: Rows) -> bool:
        """Say whether both hold the same columns and rows, in the same order; unknown equals unknown."""
        return (
            self.columns.keys() == other.columns.keys()
            and np.array_equal(self.time_s, other.time_s)
            and all(np.array_equal(self[name], other[name], equal_nan=True) for name in self.columns)
        )


def _frozen(values: object, dtype: type[np.float64 | np.int64]) -> np.ndarray:
    array = np.array(values, dtype=dtype)
    array.flags.writeable = False
    return array


def joined(*parts: Rows) -> Rows:
    """Return the rows of all parts, one after the other; a column that a part lacks is unknown there."""
    names = dict.fromkeys(name for part in parts for name in part.columns)
    columns = {name: np.concatenate([_column(part, name) for part in parts]) for name in names}
    return Rows(np.concatenate([part.time_s for part in parts]), columns)


def _column(rows: Rows, name: str) -> FloatArray:
    return rows[name] if name in rows.columns else np.full(len(rows), np.nan)


def merge_points(old: Rows, new: Rows, key: tuple[str, ...]) -> Rows:
    """Return one row per time and `key`, in their order: the newest value wins, an unknown one never erases a known.

    Both may be unsorted and hold a key several times; a later row is the newer one.
    """
    every = joined(old, new)
    order, starts = _groups(every, key)
    every = every.take(order)
    ends = np.append(starts, len(every))[1:] - 1
    return Rows(every.time_s[ends], {name: _last_known(every[name], starts, ends) for name in every.columns})


def _groups(rows: Rows, key: tuple[str, ...]) -> tuple[IntArray, IntArray]:
    """Return the stable order by time and key (n,), and where each group of equal ones begins in that order."""
    levels = [rows.time_s, *(rows[name] for name in key)]
    order = np.lexsort(levels[::-1])
    differs = np.zeros(len(order), dtype=bool)
    differs[:1] = True
    for level in levels:
        differs[1:] |= np.diff(level[order]) != 0
    return order, np.flatnonzero(differs)


def _last_known(values: FloatArray, starts: IntArray, ends: IntArray) -> FloatArray:
    """Return each group's last value that is known, NaN where none is."""
    if not len(values):
        return values
    known = np.maximum.accumulate(np.where(np.isfinite(values), np.arange(len(values)), -1))[ends]
    return np.where(known >= starts, values[known], np.nan)


def news_to(known: Rows, rows: Rows, key: tuple[str, ...]) -> Rows:
    """Return the rows of which `known` has no equal: none of that time and `key`, or one that tells something else.

    What is unknown in a row tells nothing. `known` holds no row twice.
    """
    if not len(known):
        return rows
    every = joined(known, rows)
    order, starts = _groups(every, key)
    group = np.empty(len(every), dtype=np.int64)
    group[order] = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(every))))
    at = np.full(len(starts), -1)
    at[group[: len(known)]] = np.arange(len(known))
    theirs = at[group[len(known) :]]
    says_more = theirs < 0
    for name in rows.columns:
        here, there = rows[name], _column(known, name)[theirs]
        says_more |= np.isfinite(here) & ~np.isclose(here, there, rtol=SAME_WITHIN, atol=0.0)
    return rows.take(says_more)


def merge_snapshots(old: Rows, new: Rows) -> Rows:
    """Return whole snapshots (all rows of one time) in order of time; a newer one of the same time replaces all of it.

    Inside a snapshot the rows keep their order.
    """
    every = joined(old.take(~np.isin(old.time_s, new.time_s)), new)
    return every.take(np.argsort(every.time_s, kind="stable"))


def finest_cover(time_s: IntArray, duration_s: IntArray) -> BoolArray:
    """Say which bars, shape (n,) in any order, tell the same time once: the finest ones that leave nothing out.

    Where short bars fill the whole of a longer one they stand for it; where some of them are missing, the longer bar
    stands for all of them, since it is known and complete. Bars must begin at whole multiples of their length, and each
    length must be a multiple of the shorter ones (own assumption: venues offer 5 min, 1 h, 1 d), so that they nest.
    """
    keep = np.zeros(len(time_s), dtype=bool)
    in_order = np.argsort(time_s, kind="stable")
    for length in np.unique(duration_s):
        shorter = in_order[keep[in_order]]
        filled = np.concatenate([[0], np.cumsum(duration_s[shorter])])
        longer = in_order[duration_s[in_order] == length]
        first = np.searchsorted(time_s[shorter], time_s[longer])
        behind = np.searchsorted(time_s[shorter], time_s[longer] + length)
        needed = filled[behind] - filled[first] < length
        replaced = np.zeros(len(shorter) + 1, dtype=np.int64)
        np.add.at(replaced, first[needed], 1)
        np.add.at(replaced, behind[needed], -1)
        keep[shorter[np.cumsum(replaced[:-1]) > 0]] = False
        keep[longer[needed]] = True
    return keep
