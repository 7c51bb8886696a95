"""How far back a history reaches, and where it is silent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from engine.grid import IntArray
from engine.history.kinds import Kind
from engine.history.rows import Rows


@dataclass(frozen=True, slots=True)
class Gap:
    """A silence: from when the row before ended to when the next one begins [Unix s]."""

    start_s: int
    end_s: int

    @property
    def length_s(self) -> int:
        """How long nothing was stored."""
        return self.end_s - self.start_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What is stored of one series: first_s to last_s (when the last row ends) [Unix s], rows, and gaps, oldest first.

    gaps: None where a silence says nothing, such as between liquidations.
    """

    venue: str
    market_id: str
    kind: str
    first_s: int
    last_s: int
    rows: int
    gaps: tuple[Gap, ...] | None


def coverage_of(venue: str, market_id: str, kind: Kind, parts: Iterable[Rows]) -> Coverage | None:
    """Return what rows cover, None when there are none.

    parts: the rows of the series, bars telling each time once. Snapshots and events may come file by file, in order:
    of a year of order books only the times of the snapshots are held at once.
    """
    counts, spans = [0], [np.empty((2, 0), dtype=np.int64)]
    for rows in parts:
        counts.append(len(rows))
        times, first = np.unique(rows.time_s, return_index=True)
        spans.append(np.stack([times, kind.known_from_s(rows)[first]]))
    start_s, end_s = np.concatenate(spans, axis=1)
    if not len(start_s):
        return None
    return Coverage(
        venue=venue,
        market_id=market_id,
        kind=kind.name,
        first_s=int(start_s.min()),
        last_s=int(end_s.max()),
        rows=sum(counts),
        gaps=None if kind.gap_after_s is None else _gaps(start_s, end_s, kind.gap_after_s),
    )


def _gaps(start_s: IntArray, end_s: IntArray, quiet_s: int) -> tuple[Gap, ...]:
    silent = np.flatnonzero(start_s[1:] - end_s[:-1] > quiet_s)
    return tuple(Gap(int(end_s[at]), int(start_s[at + 1])) for at in silent)
