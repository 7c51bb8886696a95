"""Arrays that nobody can change any more: what every frozen value of the market holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np


def _freeze(values: object, name: str, dtype: type[np.float64 | np.int64]) -> np.ndarray:
    """Return the values as a read-only array that nobody else can write to; the caller's own array stays as it was."""
    source = np.asarray(values)
    if dtype is np.int64 and not _whole(source):
        msg = f"{name} must hold whole seconds"
        raise ValueError(msg)
    array = np.ascontiguousarray(source, dtype=dtype)
    if array.ndim != 1:
        msg = f"{name} must have one dimension, got {array.ndim}"
        raise ValueError(msg)
    if not _is_frozen(array):
        array = array.copy()
        array.flags.writeable = False
    return array


def _whole(array: np.ndarray) -> bool:
    """Say whether integers hold the values exactly; times of numpy's own type do not count, their unit is unknown."""
    if array.dtype.kind == "f":
        return bool(np.all(np.isfinite(array)) and np.all(array == np.floor(array)))
    return array.dtype.kind in "iu"


def _is_frozen(array: np.ndarray) -> bool:
    """Say whether neither the array nor any array it is a view of can be written to."""
    owner: object = array
    while isinstance(owner, np.ndarray):
        if owner.flags.writeable:
            return False
        owner = owner.base
    return True


def freeze_fields(holder: object, names: Iterable[str], dtype: type[np.float64 | np.int64]) -> None:
    """Replace the named fields of a frozen value by read-only arrays of one dimension.

    Raises:
        ValueError: more dimensions, or times that are no whole seconds: the caller's mistake, not the data's.

    """
    for name in names:
        object.__setattr__(holder, name, _freeze(getattr(holder, name), name, dtype))


def check_lengths(holder: object, names: Sequence[str]) -> None:
    """Refuse arrays of different lengths: the caller's mistake, not the data's."""
    rows = {name: len(getattr(holder, name)) for name in names}
    for name in names[1:]:
        if rows[name] != rows[names[0]]:
            msg = f"{name} has {rows[name]} rows, {names[0]} has {rows[names[0]]}"
            raise ValueError(msg)
