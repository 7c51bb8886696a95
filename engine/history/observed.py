"""Sweeps of real positions, stored and read back: a snapshot of positions, and a row that says how it came about."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from engine.grid import FloatArray
from engine.history.files import has_series, read_series
from engine.history.kinds import POSITION_SWEEPS, POSITIONS
from engine.history.rows import Rows
from engine.history.store import QUOTE, Clock, HistoryStore
from engine.observed import ObservedPositions
from engine.windows import DAY_S

_TYPES: dict[str, type[np.generic]] = {"side": np.int64, "is_isolated": np.bool_}
KEPT_S = 3 * DAY_S
"""How far back sweeps are read: the longest window that shows them (own assumption); older positions are history."""


def rows_of_sweep(observed: ObservedPositions) -> dict[str, Rows]:
    """Return a symbol's part of a sweep as rows by kind, in the order in which they are to be stored.

    The snapshot comes before the row that counts it, so a crash in between leaves a sweep that is not read. A sweep
    that no wallet answered has no rows: it would stand for a market in which nobody holds anything.
    """
    if not observed.wallets:
        return {}
    snapshot = Rows(
        np.full(len(observed.side), observed.time_s),
        {name: getattr(observed, name) for name in POSITIONS.all_columns},
    )
    told = {
        "started_s": observed.started_s,
        "wallets": observed.wallets,
        "open_interest": observed.open_interest,
        "positions": len(snapshot),
    }
    row = Rows(np.array([observed.time_s]), {name: np.array([value]) for name, value in told.items()})
    return {**({POSITIONS.name: snapshot} if len(snapshot) else {}), POSITION_SWEEPS.name: row}


def keep_sweep(
    store: HistoryStore, symbol: str, observed: ObservedPositions, *, clock: Clock = "machine"
) -> tuple[str, ...]:
    """Store a symbol's part of a sweep, and return what there is to say about it; see `rows_of_sweep`.

    clock: `venue` where the venue's own clock told the same time, see `HistoryStore.append`.

    Raises:
        DataMalformedError, NewerHistoryError, HistoryBusyError, HistoryNotWrittenError: as from `HistoryStore.append`.

    """
    notes: list[str] = []
    for kind, rows in rows_of_sweep(observed).items():
        stored = store.append(observed.venue, symbol + QUOTE, kind, rows, as_of_s=observed.time_s, clock=clock)
        notes += stored.notes
    return tuple(dict.fromkeys(notes))


def sweeps_before(history: Path, symbol: str, as_of_s: int) -> tuple[ObservedPositions, ...]:
    """Return the sweeps of the last days that were over at `as_of_s`; see `observed_sweeps`."""
    return observed_sweeps(history, symbol, since_s=as_of_s - KEPT_S, until_s=as_of_s)


def observed_sweeps(history: Path, symbol: str, *, since_s: int, until_s: int) -> tuple[ObservedPositions, ...]:
    """Return the sweeps of a symbol that ended from `since_s` to `until_s`, both included, oldest first.

    Every venue's in the folder of a history or a recording. Does not look ahead: a sweep is known once it is over. One
    whose positions are not all there is left out, so that what was lost never reads as nobody holding anything.

    Raises:
        DataMalformedError: a file is damaged, or a row cannot be true.

    """
    folders = [venue / f"{symbol}{QUOTE}" for venue in history.iterdir()] if history.is_dir() else []
    found = [
        sweep
        for folder in folders
        if has_series(folder, POSITION_SWEEPS.name)
        for sweep in _sweeps_of(folder, since_s, until_s)
    ]
    return tuple(sorted(found, key=lambda sweep: (sweep.time_s, sweep.venue)))


def _sweeps_of(folder: Path, since_s: int, until_s: int) -> Iterator[ObservedPositions]:
    sweeps, positions = (
        _in_order(read_series(folder, kind, kind.columns, optional=kind.optional, since_s=since_s, until_s=until_s))
        for kind in (POSITION_SWEEPS, POSITIONS)
    )
    columns = {name: _frozen_column(name, positions[name]) for name in POSITIONS.all_columns}
    first, behind = (np.searchsorted(positions.time_s, sweeps.time_s, side) for side in ("left", "right"))
    ended = (sweeps.time_s >= since_s) & (sweeps.time_s <= until_s)
    for row in np.flatnonzero(ended & (behind - first == sweeps["positions"])).tolist():
        held = slice(int(first[row]), int(behind[row]))
        yield ObservedPositions(
            venue=folder.parent.name,
            started_s=int(sweeps["started_s"][row]),
            time_s=int(sweeps.time_s[row]),
            wallets=int(sweeps["wallets"][row]),
            open_interest=float(sweeps["open_interest"][row]),
            **{name: values[held] for name, values in columns.items()},
        )


def _in_order(rows: Rows) -> Rows:
    """Return the rows in order of time; as they are where they are, for three days of positions are a million rows."""
    if np.all(np.diff(rows.time_s) >= 0):
        return rows
    return rows.take(np.argsort(rows.time_s, kind="stable"))


def _frozen_column(name: str, values: FloatArray) -> np.ndarray:
    """Return a column in its own type, read-only, so that every sweep can be a view of it."""
    column = values.astype(_TYPES.get(name, np.float64), copy=False)
    column.flags.writeable = False
    return column
