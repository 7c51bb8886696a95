"""How far back a history reaches, and where it is silent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.history.kinds import DURATION, Kind
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


def coverage_of(venue: str, market_id: str, kind: Kind, rows: Rows) -> Coverage | None:
    """Return what the rows cover, None when there are none; rows in order of time, bars telling each time once."""
    if not len(rows):
        return None
    return Coverage(
        venue=venue,
        market_id=market_id,
        kind=kind.name,
        first_s=int(rows.time_s.min()),
        last_s=int(kind.known_from_s(rows).max()),
        rows=len(rows),
        gaps=_gaps(kind, rows),
    )


def _gaps(kind: Kind, rows: Rows) -> tuple[Gap, ...] | None:
    if kind.gap_after_s is None:
        return None
    time_s, first = np.unique(rows.time_s, return_index=True)
    end_s = time_s + rows[DURATION][first].astype(np.int64) if kind.is_bar else time_s
    silent = np.flatnonzero(time_s[1:] - end_s[:-1] > kind.gap_after_s)
    return tuple(Gap(int(end_s[at]), int(time_s[at + 1])) for at in silent)
