"""What is refused at the door of the history: rows that no reader could ever use, and times that cannot be true."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.errors import DataMalformedError
from engine.grid import FloatArray, IntArray
from engine.history.kinds import DEFAULT_BAR_S, DURATION, LONGEST_BAR_S, Kind
from engine.history.rows import BoolArray, Rows
from engine.windows import DAY_S, MINUTE_S, iso

LONGEST_JUMP_S = DAY_S
"""A row further than this past the one before is a jump of the clock until the venue's clock vouches for it."""
FIRST_TIME_S = 1_230_768_000
"""1 January 2009: nothing was traded before, so an earlier time is one in another unit or of an unset clock."""
LAST_TIME_S = 32_503_680_000
"""1 January 3000: a later time is one in milliseconds."""

_REFUSED = "None of these rows were stored."


def complete(kind: Kind, rows: Rows) -> Rows:
    """Return the rows with every column of their kind: unknown where optional, bars of 5 minutes unless said.

    Raises:
        ValueError: a needed column is missing, or the kind has no such column.

    """
    absent = [name for name in kind.columns if name not in rows.columns]
    strange = [name for name in rows.columns if name not in kind.all_columns]
    if absent or strange:
        msg = f"{kind.name} needs {', '.join(kind.columns)}; missing: {absent}, unknown: {strange}"
        raise ValueError(msg)
    columns = {name: rows.columns.get(name, np.full(len(rows), np.nan)) for name in kind.all_columns}
    if kind.is_bar:
        columns[DURATION] = np.where(np.isnan(columns[DURATION]), DEFAULT_BAR_S, columns[DURATION])
    return Rows(rows.time_s, columns)


def check_rows(kind: Kind, rows: Rows, where: str) -> None:
    """Refuse rows that a reader could not use, so that one bad reply never spoils what is stored.

    Raises:
        DataMalformedError: a time outside 2009-2999; a needed value that is missing or impossible; a bar that does not
            begin at a multiple of its length.

    """
    _refuse((rows.time_s < FIRST_TIME_S) | (rows.time_s >= LAST_TIME_S), rows, rows.time_s, "time", where)
    for name in kind.all_columns:
        unknown = ~np.isfinite(rows[name])
        _refuse(np.isinf(rows[name]) if name in kind.optional else unknown, rows, rows[name], name, where)
        if name in _POSITIVE:
            _refuse(rows[name] <= 0, rows, rows[name], name, where)
        if name in _NOT_NEGATIVE:
            _refuse(rows[name] < 0, rows, rows[name], name, where)
    if kind.is_bar:
        _check_lengths(rows, where)
    _CHECKS.get(kind.name, _nothing_more)(rows, where)


_POSITIVE = ("open", "high", "low", "close", "price", "mark_price", "entry", "leverage", "liquidation_price")
_NOT_NEGATIVE = (
    "volume",
    "open_interest",
    "open_interest_value",
    "taker_buy_volume",
    "long_short_ratio",
    "long_usd",
    "short_usd",
    "events",
    "wallets",
    "positions",
)


def _refuse(bad: BoolArray, rows: Rows, values: FloatArray | IntArray, name: str, where: str) -> None:
    if np.any(bad):
        at = int(np.argmax(bad))
        raise DataMalformedError(where, f"{name} is {values[at]} at {iso(rows.time_s[at])}", _REFUSED)


def _check_lengths(rows: Rows, where: str) -> None:
    length_s = rows[DURATION]
    whole = (length_s == np.floor(length_s)) & (length_s > 0) & (length_s <= LONGEST_BAR_S)
    _refuse(~whole, rows, length_s, DURATION, where)
    _refuse(
        rows.time_s % length_s.astype(np.int64) != 0, rows, rows.time_s, "time (no multiple of the bar's length)", where
    )


def _check_candles(rows: Rows, where: str) -> None:
    _refuse(
        rows["high"] < np.maximum(rows["open"], rows["close"]), rows, rows["high"], "high (below open or close)", where
    )
    _refuse(
        rows["low"] > np.minimum(rows["open"], rows["close"]), rows, rows["low"], "low (above open or close)", where
    )


def _check_flow(rows: Rows, where: str) -> None:
    _refuse(
        rows["taker_buy_volume"] > rows["volume"],
        rows,
        rows["taker_buy_volume"],
        "taker_buy_volume (above volume)",
        where,
    )


def _check_book(rows: Rows, where: str) -> None:
    _refuse(rows["size"] == 0, rows, rows["size"], "size", where)


def _check_held(rows: Rows, where: str) -> None:
    _refuse(rows["size"] <= 0, rows, rows["size"], "size", where)
    _refuse(np.abs(rows["side"]) != 1, rows, rows["side"], "side", where)


def _check_liquidations(rows: Rows, where: str) -> None:
    _check_held(rows, where)
    _refuse(rows["at_ms"] // 1000 != rows.time_s, rows, rows["at_ms"], "at_ms (not in the second of its time)", where)


def _check_minutes(rows: Rows, where: str) -> None:
    _refuse(rows[DURATION] != MINUTE_S, rows, rows[DURATION], DURATION, where)


def _check_positions(rows: Rows, where: str) -> None:
    _check_held(rows, where)
    _refuse((rows["is_isolated"] != 0) & (rows["is_isolated"] != 1), rows, rows["is_isolated"], "is_isolated", where)


def _check_sweeps(rows: Rows, where: str) -> None:
    _refuse(rows["started_s"] > rows.time_s, rows, rows["started_s"], "started_s (after its end)", where)


def _nothing_more(rows: Rows, where: str) -> None:
    """Accept: the kind has no rule of its own."""


_CHECKS = {
    "perp_5m": _check_candles,
    "taker_flow_5m": _check_flow,
    "order_book": _check_book,
    "liquidations": _check_liquidations,
    "liquidations_1m": _check_minutes,
    "positions": _check_positions,
    "position_sweeps": _check_sweeps,
}


@dataclass(frozen=True, slots=True)
class Sifted:
    """Which rows may be stored, and how many were not: bars not finished, rows whose time cannot be true."""

    rows: Rows
    unfinished: int
    refused: int
    note: str | None = None


def sift(kind: Kind, rows: Rows, *, newest_s: int | None, as_of_s: int, is_venue_clock: bool) -> Sifted:
    """Part what was known at `as_of_s` from what was not, and from what only a clock that jumped could have stamped.

    newest_s: time of the newest stored row of the series, None without one. A row more than a day past the one before
    it is refused with all after it, unless as_of_s was read from the venue's own clock.
    """
    future = rows.time_s > as_of_s
    unfinished = ~future & (kind.known_from_s(rows) > as_of_s)
    usable = rows.take(~future & ~unfinished)
    notes = [_future_sentence(rows, future, as_of_s)] if np.any(future) else []
    jumped = np.zeros(len(usable), dtype=bool)
    if not is_venue_clock and (jump_s := _first_jump_s(usable.time_s, newest_s)) is not None:
        jumped = usable.time_s >= jump_s
        notes.append(
            f"{np.sum(jumped)} rows from {iso(jump_s)} on were refused: they lie more than a day after the row before, "
            "which is a clock that jumped unless the venue's own clock says so too."
        )
    return Sifted(
        usable.take(~jumped), int(np.sum(unfinished)), int(np.sum(future) + np.sum(jumped)), " ".join(notes) or None
    )


def _future_sentence(rows: Rows, future: BoolArray, as_of_s: int) -> str:
    last = iso(int(rows.time_s[future].max()))
    return f"{np.sum(future)} rows up to {last} were refused: they lie in the future of {iso(as_of_s)}."


def _first_jump_s(time_s: IntArray, newest_s: int | None) -> int | None:
    """Return the first time that lies more than a day after the one before, the newest stored one included."""
    if newest_s is not None:
        time_s = np.append(time_s[time_s > newest_s], newest_s)
    times = np.unique(time_s)
    jumps = np.flatnonzero(np.diff(times) > LONGEST_JUMP_S)
    return int(times[jumps[0] + 1]) if len(jumps) else None
