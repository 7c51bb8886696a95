"""Maps as files for other programs: what was swept, a map's last column, a whole heat map. CSV, or Parquet by ending.

Columns carry their unit in the name; numbers are written so that reading them back gives the same float.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import numpy as np

from bot.config import ConfigError
from engine.errors import NotEnoughDataError
from engine.grid import FloatArray, IntArray
from engine.results import LiquidationMap, MapColumns
from engine.windows import DAY_S, HOUR_S, iso

if TYPE_CHECKING:
    from engine.swept import Swept

STANDARD_OUTPUT = "-"
PARQUET_ENDING = ".parquet"
CSV_ENDING = ".csv"

SWEPT_COLUMNS = ("time", "long_swept_usd", "short_swept_usd")
PROFILE_COLUMNS = ("price", "long_usd", "short_usd")
HEAT_MAP_COLUMNS = ("time", "price", "long_usd", "short_usd")

_UNITS_S = {"h": HOUR_S, "d": DAY_S}


@dataclass(frozen=True, slots=True, eq=False)
class SweptTable:
    """Swept mass per interval: time_s (n,) its start, long_usd and short_usd (n,) [USD], without gaps."""

    time_s: IntArray
    long_usd: FloatArray
    short_usd: FloatArray

    def rows(self) -> Iterator[tuple[str, str, str]]:
        """Yield the rows of the CSV."""
        for time_s, long_usd, short_usd in zip(self.time_s, self.long_usd, self.short_usd, strict=True):
            yield iso(int(time_s)), _exact(long_usd), _exact(short_usd)


def interval_s(text: str) -> int:
    """Return the length [s] of an interval such as 1h, 4h or 1d.

    Raises:
        ConfigError: it is not a whole number of hours or days.

    """
    count, unit = text[:-1], text[-1:].lower()
    if not (count.isascii() and count.isdigit() and unit in _UNITS_S and 0 < int(count) * _UNITS_S[unit] <= 31 * DAY_S):
        raise ConfigError(f"--every cannot be “{text}”. Give hours or days, such as 1h, 4h or 1d.")
    return int(count) * _UNITS_S[unit]


def swept_per_interval(swept: Swept, length_s: int) -> SweptTable:
    """Return the swept mass of all bars that open in each interval; one without a sweep, or without bars, holds zero.

    Intervals start at whole multiples of their length since 1970 (UTC), from the first bar's to the last bar's.

    Raises:
        NotEnoughDataError: there is no bar.

    """
    if not len(swept.time_s):
        raise NotEnoughDataError("a table of what was swept", need="at least one bar", have="none")
    number = swept.time_s // length_s
    first = int(number[0])
    size = int(number[-1]) - first + 1
    longs, shorts = (
        np.bincount(number - first, weights=usd, minlength=size).astype(np.float64)
        for usd in (swept.long_usd, swept.short_usd)
    )
    return SweptTable(length_s * np.arange(first, first + size), longs, shorts)


def profile_rows(map_: LiquidationMap) -> Iterator[tuple[str, str, str]]:
    """Yield the map's last column: each bin's price (its geometric centre) and what stands there per side [USD]."""
    for price, long_usd, short_usd in zip(map_.grid.centers, map_.long_usd, map_.short_usd, strict=True):
        yield _exact(price), _exact(long_usd), _exact(short_usd)


def heat_map_rows(columns: MapColumns) -> Iterator[tuple[str, str, str, str]]:
    """Yield the heat map in long format, one row per moment and bin: empty cells as zero, unknown ones as nan."""
    prices = [_exact(price) for price in columns.grid.centers]
    for time_s, longs, shorts in zip(columns.time_s, columns.long_usd, columns.short_usd, strict=True):
        moment = iso(int(time_s))
        for price, long_usd, short_usd in zip(prices, longs.tolist(), shorts.tolist(), strict=True):
            yield moment, price, repr(long_usd), repr(short_usd)


def write_csv(target: str, header: Sequence[str], rows: Iterable[Sequence[str]], standard_output: TextIO) -> None:
    """Write rows to the file `target`, or to `standard_output` when it is "-".

    Raises:
        OSError: the file cannot be written.

    """
    with _opened(target, standard_output) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def write_heat_map(target: str, map_: LiquidationMap, standard_output: TextIO) -> None:
    """Write a map's columns in the format that the ending of `target` names ("-" is CSV on `standard_output`).

    Parquet holds time as a UTC timestamp and the sizes as the float32 they are stored as; CSV prints the same numbers.

    Raises:
        ConfigError: the ending names no format.
        OSError: the file cannot be written.

    """
    columns = map_.columns
    if columns is None:
        msg = "the map was built without columns"
        raise ValueError(msg)
    ending = Path(target).suffix.lower()
    if target != STANDARD_OUTPUT and ending not in {CSV_ENDING, PARQUET_ENDING}:
        raise ConfigError(f"--out {target} does not say the format. End it with {CSV_ENDING} or {PARQUET_ENDING}.")
    if ending == PARQUET_ENDING:
        _write_parquet(Path(target), columns)
    else:
        write_csv(target, HEAT_MAP_COLUMNS, heat_map_rows(columns), standard_output)


def _write_parquet(target: Path, columns: MapColumns) -> None:
    import pyarrow as pa  # a tenth of a second that only this format needs
    import pyarrow.parquet as pq

    moments, bins = columns.long_usd.shape
    table = pa.table(
        {
            "time": pa.array(np.repeat(columns.time_s, bins)).cast(pa.timestamp("s", tz="UTC")),
            "price": pa.array(np.tile(columns.grid.centers, moments)),
            "long_usd": pa.array(columns.long_usd.reshape(-1)),
            "short_usd": pa.array(columns.short_usd.reshape(-1)),
        }
    )
    pq.write_table(table, target)


@contextmanager
def _opened(target: str, standard_output: TextIO) -> Iterator[TextIO]:
    if target == STANDARD_OUTPUT:
        yield standard_output
        return
    with Path(target).open("w", encoding="utf-8", newline="") as file:
        yield file


def _exact(value: float) -> str:
    """Return the shortest text that reads back as the same float."""
    return repr(float(value))
