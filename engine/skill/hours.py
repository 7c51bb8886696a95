"""Liquidations that were realised per hour, and what a map swept in the same hours, side by side."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.arrays import freeze_fields
from engine.errors import DataMalformedError, DataUnavailableError
from engine.grid import FloatArray, IntArray
from engine.market import Candles
from engine.windows import DAY_S, HOUR_S, iso

SETTLING_S = 10 * DAY_S
"""A walk begins with an empty map; after this long its fast tiers are as full as they ever get."""
_COLUMNS = ("long_usd", "short_usd")
_LAYOUT = "Write the columns time, long_usd, short_usd: an hour starts at time, in UTC."


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RealisedHours:
    """What was liquidated per hour: time_s (n,) when the hour starts; usd (2, n) of longs and of shorts [USD].

    Raises:
        DataMalformedError: hours unsorted or doubled or not full hours; an amount that is negative or not a number.

    """

    where: str
    time_s: IntArray
    usd: FloatArray

    def __post_init__(self) -> None:
        freeze_fields(self, ("time_s",), np.int64)
        self.usd.flags.writeable = False
        if self.usd.shape != (2, len(self.time_s)):
            raise DataMalformedError(self.where, "it has not one amount per side and hour", _LAYOUT)
        if np.any(np.diff(self.time_s) <= 0):
            raise DataMalformedError(self.where, "hours are not in order, or doubled", "Sort the rows by time.")
        if np.any(self.time_s % HOUR_S):
            at = iso(int(self.time_s[self.time_s % HOUR_S != 0][0]))
            raise DataMalformedError(self.where, f"{at} is no full hour", _LAYOUT)
        if not np.all(np.isfinite(self.usd) & (self.usd >= 0)):
            at = iso(int(self.time_s[~np.all(np.isfinite(self.usd) & (self.usd >= 0), axis=0)][0]))
            raise DataMalformedError(self.where, f"an amount is negative or missing at {at}", _LAYOUT)


def read_realised_hours(path: Path) -> RealisedHours:
    """Return the hours of a Parquet or CSV file with the columns time, long_usd, short_usd.

    Raises:
        DataUnavailableError: there is no such file.
        DataMalformedError: it cannot be read, lacks a column, or holds what cannot be.

    """
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.parquet

    if not path.is_file():
        msg = f"There is no file {path}. Name the liquidations per hour: --liquidations FILE."
        raise DataUnavailableError(msg)
    try:
        table = pa.csv.read_csv(path) if path.suffix == ".csv" else pa.parquet.read_table(path)
        time_s = table["time"].cast(pa.timestamp("s", tz="UTC")).cast(pa.int64()).to_numpy()
        usd = np.stack([table[name].cast(pa.float64()).to_numpy(zero_copy_only=False) for name in _COLUMNS])
    except (KeyError, OSError, pa.ArrowException) as error:
        reason = f"it has no column {error}" if isinstance(error, KeyError) else f"it cannot be read ({error})"
        raise DataMalformedError(path.name, reason, _LAYOUT) from None
    return RealisedHours(where=path.name, time_s=time_s, usd=usd)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Hours:
    """Common hours: time_s (n,) [Unix s]; realised (2, n) of longs and of shorts [USD]."""

    time_s: IntArray
    realised: FloatArray

    def __len__(self) -> int:
        return len(self.time_s)

    def gather(self, bar_s: IntArray, values: FloatArray) -> FloatArray:
        """Return the sums of `values` (k, bars) over each hour, (k, n); bars (bars,) of other hours aside."""
        row, known = rows_of(bar_s - bar_s % HOUR_S, self.time_s)
        sums = np.zeros((len(values), len(self)))
        for number, each in enumerate(values):
            sums[number] = np.bincount(row[known], each[known], minlength=len(self))
        return sums

    def part(self, chosen: np.ndarray) -> Hours:
        """Return the hours where `chosen` (n,) is true."""
        return Hours(time_s=self.time_s[chosen], realised=self.realised[:, chosen])


def rows_of(wanted: IntArray, time_s: IntArray) -> tuple[IntArray, np.ndarray]:
    """Return where each of `wanted` stands in the ascending `time_s`, and whether it does."""
    row = np.minimum(np.searchsorted(time_s, wanted), max(len(time_s) - 1, 0))
    return row.astype(np.int64), np.asarray(time_s[row] == wanted)


def common_hours(candles: Candles, realised: RealisedHours) -> Hours:
    """Return the hours that both know in full, from ten days after the candles begin.

    Raises:
        DataUnavailableError: there is no such hour.

    """
    hour_s = candles.time_s - candles.time_s % HOUR_S
    distinct, row = np.unique(hour_s, return_inverse=True)
    covered_s = np.bincount(row, candles.duration_s)
    full = distinct[(covered_s >= HOUR_S) & (distinct >= candles.time_s[0] + SETTLING_S)]
    at, known = rows_of(full, realised.time_s)
    if not known.any():
        msg = (
            f"{realised.where} shares no full hour with the candles, which settle on "
            f"{iso(int(candles.time_s[0]) + SETTLING_S)} and end on {iso(int(candles.end_s[-1]))}. "
            "Name liquidations of the same months."
        )
        raise DataUnavailableError(msg)
    return Hours(time_s=full[known], realised=realised.usd[:, at[known]])
