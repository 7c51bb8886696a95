"""Stored liquidations → what an answer is made of: the events, and when their stream was listened to."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.grid import IntArray
from engine.history.files import read_series
from engine.history.kinds import LIQUIDATION_MINUTES, LIQUIDATIONS
from engine.history.rows import BoolArray, Rows
from engine.realised import KEPT_S, Liquidations
from engine.windows import MINUTE_S


def liquidations_before(folder: Path, as_of_s: int) -> Liquidations | None:
    """Return what a market's folder holds of the last days before `as_of_s`; see `liquidations_of`."""
    return liquidations_of(folder, since_s=as_of_s - KEPT_S, until_s=as_of_s)


def liquidations_of(folder: Path, *, since_s: int, until_s: int) -> Liquidations | None:
    """Return the liquidations stored in a market's folder that happened from `since_s` to `until_s`, both included.

    None where nobody listened and nothing was heard. Does not look ahead: an event is known at its own millisecond, a
    minute once it is over. A minute counts as listened to when it is stored as such and every event it counted is
    there too: a day whose events were lost must not read as a quiet one. Events of other minutes are kept, for they
    happened, but lie in no span.

    Raises:
        DataMalformedError: a file is damaged, or a row cannot be true.

    """
    events = read_series(folder, LIQUIDATIONS, LIQUIDATIONS.columns, since_s=since_s, until_s=until_s)
    at_ms = events["at_ms"]
    events = events.take((at_ms >= 1_000 * since_s) & (at_ms <= 1_000 * until_s))
    events = events.take(np.argsort(events["at_ms"], kind="stable"))
    minutes = read_series(
        folder, LIQUIDATION_MINUTES, LIQUIDATION_MINUTES.columns, since_s=since_s - MINUTE_S, until_s=until_s
    )
    minutes = minutes.take((minutes.time_s >= since_s) & (minutes.time_s + MINUTE_S <= until_s))
    starts = np.sort(minutes.time_s[_are_whole(minutes, events)])
    if not len(events) and not len(starts):
        return None
    heard_from_s, heard_to_s = _spans(starts)
    return Liquidations(
        at_ms=events["at_ms"].astype(np.int64),
        side=events["side"].astype(np.int64),
        price=events["price"],
        size=events["size"],
        heard_from_s=heard_from_s,
        heard_to_s=heard_to_s,
    )


def _are_whole(minutes: Rows, events: Rows) -> BoolArray:
    """Say of which minutes, shape (n,), every event that they counted is there; events are in order of time."""
    edges_ms = 1_000 * np.stack([minutes.time_s, minutes.time_s + MINUTE_S])
    first, behind = np.searchsorted(events["at_ms"], edges_ms)
    return np.asarray(behind - first >= minutes["events"], dtype=bool)


def _spans(starts: IntArray) -> tuple[IntArray, IntArray]:
    """Return where spans of adjacent minutes begin and end [Unix s], from the minutes' starts in order."""
    is_first = np.diff(starts, prepend=-MINUTE_S) != MINUTE_S
    is_last = np.append(is_first, True)[1:]
    return starts[is_first], starts[is_last] + MINUTE_S
