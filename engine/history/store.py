"""The history store: append what was fetched, read it back, say what is there.

Layout: `<path>/<venue>/<MARKET>/<kind>/<month or day>.parquet`, which the recorded source reads as it is. Every append
rewrites the partitions it falls into, in one step each; what `append` returned from is on the disk.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from threading import RLock
from types import TracebackType
from typing import Literal, Self

import numpy as np

from engine.errors import DataMalformedError
from engine.history.checks import check_rows, complete, sift
from engine.history.coverage import Coverage, coverage_of
from engine.history.disk import Disk, make_directories, remove_left_overs, set_aside, write_atomically
from engine.history.errors import HistoryNotWrittenError, NewerHistoryError
from engine.history.files import (
    PARQUET,
    encoded,
    has_series,
    partition_paths,
    partitions_of,
    read_rows,
    read_series,
    read_whole,
    series_paths,
)
from engine.history.kinds import KINDS, Kind, kind_named
from engine.history.lock import WriterLock
from engine.history.rows import Rows

QUOTE = "USDT"

_FOLDER_NAME = re.compile(r"\w[\w.-]*")

Clock = Literal["machine", "venue"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Appended:
    """What became of the rows: stored (new ones and those that were there before), unfinished bars, refused ones.

    added: by how many rows the history grew; notes: why rows were refused, and which damaged file was set aside.
    """

    stored: int
    added: int
    unfinished: int
    refused: int
    notes: tuple[str, ...] = ()


class HistoryStore:
    """A history in one directory. Reading needs no lock and never waits; the first `append` makes this the writer.

    Threads may share one store. Close it, or use it in a `with`, to let the next writer in.
    """

    def __init__(self, path: Path, *, disk: Disk | None = None) -> None:
        self.path = path
        self._disk = disk or Disk()
        self._lock: WriterLock | None = None
        self._one_at_a_time = RLock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let the next writer in; the store can still be read, and appended to again."""
        with self._one_at_a_time:
            if self._lock is not None:
                self._lock.release()
                self._lock = None

    def claim(self) -> None:
        """Become the writer now, which the first `append` would do else.

        Raises:
            HistoryBusyError: another writer has the history open.
            HistoryNotWrittenError: the disk refuses.

        """
        with self._one_at_a_time:
            try:
                self._become_writer()
            except OSError as error:
                raise HistoryNotWrittenError(self.path, error.strerror or type(error).__name__) from error

    def append(
        self, venue: str, market_id: str, kind: str, rows: Rows, *, as_of_s: int, clock: Clock = "machine"
    ) -> Appended:
        """Store rows of one series and return when the disk holds them.

        venue: such as binanceusdm; market_id: such as BTCUSDT, under which the recorded source finds BTC; rows: any
        order, doubled ones allowed (the later wins, and an unknown value never erases a known one); as_of_s: now, so
        that nothing unfinished or from the future gets in; clock: whose now that is. By the machine's own clock a row
        more than a day past the one before is refused, because clocks jump; by the venue's it is a gap.

        Raises:
            UnknownKindError: there is no such kind.
            ValueError: a name is no folder's, or columns do not fit the kind.
            DataMalformedError: a row cannot be true; nothing was stored.
            NewerHistoryError: a file holds what this version could not write again; it is left as it is.
            HistoryBusyError: another writer has the history open.
            HistoryNotWrittenError: the disk is full or refuses; what was stored before is whole.

        """
        series = kind_named(kind)
        folder = self._folder(venue, market_id)
        given = complete(series, rows)
        check_rows(series, given, f"{venue} {market_id} {kind}")
        with self._one_at_a_time:
            try:
                self._become_writer()
                newest_s = self._newest_s(folder, series)
                sifted = sift(series, given, newest_s=newest_s, as_of_s=as_of_s, is_venue_clock=clock == "venue")
                added, notes = self._store(folder, series, sifted.rows)
            except OSError as error:
                raise HistoryNotWrittenError(self.path, error.strerror or type(error).__name__) from error
        return Appended(
            stored=len(sifted.rows),
            added=added,
            unfinished=sifted.unfinished,
            refused=sifted.refused,
            notes=(*((sifted.note,) if sifted.note else ()), *notes),
        )

    def read(
        self,
        venue: str,
        market_id: str,
        kind: str,
        *,
        since_s: int | None = None,
        as_of_s: int | None = None,
    ) -> Rows:
        """Return the rows at or after `since_s` that were known at `as_of_s`, in order of time; none if none is stored.

        Of bars that tell the same time, the finest that leave nothing out.

        Raises:
            UnknownKindError: there is no such kind.
            DataMalformedError: a file is damaged.

        """
        series = kind_named(kind)
        folder = self._folder(venue, market_id)
        rows = read_series(folder, series, series.columns, optional=series.optional, since_s=since_s, until_s=as_of_s)
        known = series.known_at(rows.take(np.argsort(rows.time_s, kind="stable")), as_of_s)
        return known if since_s is None else known.take(known.time_s >= since_s)

    def symbols(self) -> tuple[str, ...]:
        """Return the symbols of which anything is stored, most venues first, then by name."""
        found = Counter(folder.name.removesuffix(QUOTE) for folder in self._folders() if folder.name.endswith(QUOTE))
        return tuple(sorted(found, key=lambda symbol: (-found[symbol], symbol)))

    def coverage(self, symbol: str) -> tuple[Coverage, ...]:
        """Return what is stored of a symbol, one entry per venue and kind, venues by name; empty when nothing is.

        Raises:
            DataMalformedError: a file is damaged.

        """
        return tuple(
            covered
            for folder in self._folders()
            if folder.name == f"{symbol}{QUOTE}"
            for kind in KINDS.values()
            if (covered := _covered(folder, kind)) is not None
        )

    def _folder(self, venue: str, market_id: str) -> Path:
        for name in (venue, market_id):
            if not _FOLDER_NAME.fullmatch(name):
                msg = f"“{name}” cannot be the name of a folder"
                raise ValueError(msg)
        return self.path / venue / market_id

    def _folders(self) -> list[Path]:
        """Return the folder of every market that holds a series, by venue and name."""
        return sorted(folder for folder in self.path.glob("*/*") if any(has_series(folder, kind) for kind in KINDS))

    def _become_writer(self) -> None:
        if self._lock is None:
            make_directories(self._disk, self.path)
            self._lock = WriterLock(self.path)
            remove_left_overs(self._disk, self.path)

    def _newest_s(self, folder: Path, kind: Kind) -> int | None:
        """Return the time of the newest stored row; a damaged file is passed over, its successor will say so."""
        for path in reversed(partition_paths(folder, kind.name)):
            try:
                rows = read_rows(path, ())
            except DataMalformedError:
                continue
            if len(rows):
                return int(rows.time_s.max())
        return None

    def _store(self, folder: Path, kind: Kind, rows: Rows) -> tuple[int, list[str]]:
        """Merge rows into their partitions, oldest first; return by how much they grew, and what to say about it."""
        added, notes = 0, []
        for partition, chosen in partitions_of(kind, rows.time_s):
            path = folder / kind.name / f"{partition}{PARQUET}"
            old, note = self._stored(path, kind, nothing=rows.take(chosen[:0]))
            notes += note
            merged = kind.merged(old, rows.take(chosen))
            if not merged.same_as(old):
                write_atomically(self._disk, path, encoded(merged))
            added += len(merged) - len(old)
        return added, notes

    def _stored(self, path: Path, kind: Kind, *, nothing: Rows) -> tuple[Rows, list[str]]:
        """Return what a partition holds; a damaged one is set aside, and said to be."""
        if not path.exists():
            return nothing, []
        try:
            return read_whole(path, kind), []
        except NewerHistoryError:
            raise
        except DataMalformedError as error:
            return nothing, [self._set_aside(path, error)]

    def _set_aside(self, path: Path, error: DataMalformedError) -> str:
        """Keep a damaged file under another name, and say so."""
        aside = set_aside(self._disk, path)
        return f"{path} was damaged ({error.problem}) and is kept as {aside.name}; collecting goes on without its rows."


def _covered(folder: Path, kind: Kind) -> Coverage | None:
    paths = series_paths(folder, kind.name)
    whole = kind.shape == "point" or any(path.parent == folder for path in paths)
    parts = [read_series(folder, kind, ())] if whole else (read_rows(path, ()) for path in paths)
    return coverage_of(folder.parent.name, folder.name, kind, (kind.known_at(part, None) for part in parts))
