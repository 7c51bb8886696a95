"""The layout of a history and of a recording: which file holds what, read and made, never written here.

A series is `<folder>/perp_5m.parquet` (one file, as recordings are shared), `<folder>/perp_5m/2026-02.parquet` (one
file a month or day, as the store writes it, so that a new row rewrites little), or both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from engine.errors import DataMalformedError
from engine.grid import IntArray
from engine.history.errors import NewerHistoryError
from engine.history.kinds import DEFAULT_BAR_S, DURATION, WHOLE_NUMBERS, Kind
from engine.history.rows import Rows, joined

PARQUET = ".parquet"
COPY_AGAIN = "Copy or record the file again."

_PARTITION = re.compile(r"\d{4}-\d{2}(-\d{2})?")
_MILLISECONDS = pa.timestamp("ms", tz="UTC")


def has_series(folder: Path, name: str) -> bool:
    """Say whether anything of the series is there."""
    return bool(series_paths(folder, name))


def series_paths(
    folder: Path, name: str, *, since_s: int | None = None, until_s: int | None = None
) -> tuple[Path, ...]:
    """Return the files of a series, the single file first, then its partitions in order of time.

    Partitions that lie wholly before `since_s` or after `until_s` are left out.
    """
    single = folder / f"{name}{PARQUET}"
    return (*((single,) if single.is_file() else ()), *partition_paths(folder, name, since_s=since_s, until_s=until_s))


def partition_paths(
    folder: Path, name: str, *, since_s: int | None = None, until_s: int | None = None
) -> tuple[Path, ...]:
    """Return the partitions of a series in order of time, without those wholly outside the span."""
    found = sorted((folder / name).glob(f"*{PARQUET}")) if (folder / name).is_dir() else []
    return tuple(path for path in found if _PARTITION.fullmatch(path.stem) and _in_span(path.stem, since_s, until_s))


def _in_span(partition: str, since_s: int | None, until_s: int | None) -> bool:
    start = np.datetime64(partition)
    length = np.timedelta64(1, "M") if len(partition) == len("2026-02") else np.timedelta64(1, "D")
    start_s, end_s = (int(moment.astype("datetime64[s]").astype(np.int64)) for moment in (start, start + length))
    return (since_s is None or end_s > since_s) and (until_s is None or start_s <= until_s)


def partitions_of(kind: Kind, time_s: IntArray) -> Iterator[tuple[str, IntArray]]:
    """Yield the name of each partition that these times fall into, oldest first, and which of them do."""
    moments = time_s.astype("datetime64[s]").astype("datetime64[M]" if kind.partition == "month" else "datetime64[D]")
    for partition in np.unique(moments):
        yield str(partition), np.flatnonzero(moments == partition)


def read_series(
    folder: Path,
    kind: Kind,
    names: Sequence[str],
    *,
    optional: Sequence[str] = (),
    since_s: int | None = None,
    until_s: int | None = None,
) -> Rows:
    """Read the named columns of a series; where the single file and a partition hold the same row, the latter wins.

    `optional` columns are unknown where a file lacks them; bars get their `duration_s`. No file means no rows.

    Raises:
        DataMalformedError: a file cannot be read, lacks a column, or has a row without a time.

    """
    own = (*optional, *((DURATION,) if kind.is_bar else ()))
    wanted = (*names, *own)
    parts = {
        path: with_durations(kind, read_rows(path, wanted, optional=own))
        for path in series_paths(folder, kind.name, since_s=since_s, until_s=until_s)
    }
    nothing = Rows(np.empty(0, dtype=np.int64), {name: np.empty(0) for name in wanted})
    single = joined(nothing, *(rows for path, rows in parts.items() if path.parent == folder))
    partitions = joined(nothing, *(rows for path, rows in parts.items() if path.parent != folder))
    if not len(partitions):
        return single
    return kind.merged(single, partitions) if len(single) else partitions


def with_durations(kind: Kind, rows: Rows) -> Rows:
    """Return bars with their lengths, five minutes where none is given; other rows as they are."""
    if not kind.is_bar:
        return rows
    given = rows.columns.get(DURATION, np.full(len(rows), np.nan))
    return Rows(rows.time_s, {**rows.columns, DURATION: np.where(np.isnan(given), DEFAULT_BAR_S, given)})


def read_rows(path: Path, names: Sequence[str], *, optional: Sequence[str] = ()) -> Rows:
    """Read time and the named columns of one file, all rows in the order they have; `optional` ones may be absent.

    Raises:
        DataMalformedError: the file cannot be read, lacks a column, or has a row without a time.

    """
    return _parsed(path, path, names, optional)


def _parsed(source: Path | pa.BufferReader, path: Path, names: Sequence[str], optional: Sequence[str]) -> Rows:
    try:
        with pq.ParquetFile(source) as file:
            held = file.schema_arrow.names
            absent = [name for name in ("time", *names) if name not in held and name not in optional]
            if absent:
                raise DataMalformedError(str(path), f"the column {', '.join(absent)} is missing", COPY_AGAIN)
            wanted = ["time", *(name for name in names if name in held)]
            table = file.read(columns=wanted, use_threads=False)  # threads save no time here and hold memory
        if table["time"].null_count:
            raise DataMalformedError(str(path), "a row has no time", COPY_AGAIN)
        time_s = table["time"].cast(_MILLISECONDS).cast(pa.int64()).to_numpy() // 1000
        columns = {name: table[name].cast(pa.float64()).to_numpy() for name in names if name in held}
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(path, error) from None
    return Rows(time_s, {name: columns.get(name, np.full(len(time_s), np.nan)) for name in names})


def _unreadable(path: Path, error: Exception) -> DataMalformedError:
    problem = f"not a readable Parquet file ({str(error).splitlines()[0][:120]})"
    return DataMalformedError(str(path), problem, COPY_AGAIN)


def read_whole(path: Path, kind: Kind) -> Rows:
    """Read a partition with everything in it: columns of its kind (unknown where absent), and any other number.

    Raises:
        OSError: the disk does not give the file; it may be sound.
        NewerHistoryError: it holds what this version could not write again.
        DataMalformedError: its content is damaged.

    """
    content = pa.py_buffer(path.read_bytes())
    try:
        schema = pq.read_schema(pa.BufferReader(content))
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(path, error) from None
    strange = tuple(field.name for field in schema if field.name != "time" and not _is_number(field.type))
    if strange:
        raise NewerHistoryError(path, strange)
    others = [name for name in schema.names if name != "time" and name not in kind.all_columns]
    names = (*kind.all_columns, *others)
    return with_durations(kind, _parsed(pa.BufferReader(content), path, names, (*kind.optional, DURATION)))


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_null(kind))


def encoded(rows: Rows) -> bytes:
    """Return rows as a Parquet file: time as UTC timestamps, the columns as doubles, whole numbers as integers."""
    time = pa.array(1000 * rows.time_s).cast(_MILLISECONDS)
    columns = {
        name: pa.array(values.astype(np.int64) if name in WHOLE_NUMBERS else values)
        for name, values in rows.columns.items()
    }
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"time": time, **columns}), sink, compression="zstd")
    return bytes(sink.getvalue())
