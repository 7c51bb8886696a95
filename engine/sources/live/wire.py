"""Raw replies -> columns of numbers. Parses only; nothing here fetches, and nothing is guessed.

A reply is what the exchange library makes of JSON: lists and dictionaries, numbers as text. A reply without the rows
that the venue documents is refused: a 200 with HTML or an empty body arrives as text or None.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from engine.errors import DataMalformedError
from engine.grid import FloatArray, IntArray

Key = str | int
Path = tuple[Key, ...]
MS = 1000

_ADVICE = "The venue changed its format or was disturbed: ask again, and report it if it stays."


def rows_at(reply: object, path: Path, where: str) -> Sequence[object]:
    """Return the list that stands at `path` in a reply.

    Raises:
        DataMalformedError: there is none.

    """
    rows = reply
    for key in path:
        rows = value_at(rows, key, where)
    if not isinstance(rows, Sequence) or isinstance(rows, str | bytes):
        raise DataMalformedError(where, f"the reply holds no rows but {shortened(rows)}", _ADVICE)
    return rows


def value_at(row: object, key: Key, where: str) -> object:
    """Return a field by name, or a column by number.

    Raises:
        DataMalformedError: the row has none.

    """
    if isinstance(key, str) and isinstance(row, Mapping) and key in row:
        return row[key]
    if isinstance(key, int) and isinstance(row, Sequence) and not isinstance(row, str) and key < len(row):
        return row[key]
    raise DataMalformedError(where, f"{key!r} is missing in {shortened(row)}", _ADVICE)


def number_at(row: object, key: Key, where: str) -> float:
    """Return a field as a finite number.

    Raises:
        DataMalformedError: it is absent or not one.

    """
    raw = value_at(row, key, where)
    try:
        number = float(raw)  # type: ignore[arg-type]  # whatever is no number is refused below
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise DataMalformedError(where, f"{key!r} is not a number in {shortened(row)}", _ADVICE)
    return number


def text_at(row: object, key: Key, where: str) -> str:
    """Return a field as text.

    Raises:
        DataMalformedError: it is absent.

    """
    return str(value_at(row, key, where))


def column(rows: Sequence[object], key: Key, where: str) -> FloatArray:
    """Return one column (n,), rows in the order of the reply.

    Raises:
        DataMalformedError: a row lacks it, or holds no number there.

    """
    return np.array([number_at(row, key, where) for row in rows], dtype=np.float64)


def times(rows: Sequence[object], key: Key, where: str) -> IntArray:
    """Return a column of Unix milliseconds as Unix seconds (n,).

    Raises:
        DataMalformedError: a row lacks it, or holds no number there.

    """
    return (column(rows, key, where) // MS).astype(np.int64)  # below 2^53: exact


def shortened(value: object) -> str:
    """Return the beginning of what came instead, in one line."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{text[:60]}…"
