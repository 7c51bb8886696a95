"""What kinds of series there are: their columns and units, what makes a row the same row, and what counts as a gap."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.errors import UnknownNameError
from engine.grid import IntArray
from engine.history.rows import Rows, finest_cover, merge_points, merge_snapshots, news_to
from engine.windows import DAY_S, HOUR_S, MINUTE_S

DURATION = "duration_s"
DEFAULT_BAR_S = 5 * MINUTE_S
"""Length of a bar whose file holds none: all recordings before the column existed hold 5-minute bars."""
LONGEST_BAR_S = DAY_S
"""Longer bars would reach over the end of a file."""

FUNDING_UNIT_S = 8 * HOUR_S
"""Funding is stored per 8 h, whatever the venue's interval."""

WHOLE_NUMBERS = (DURATION, "at_ms", "side", "events", "is_isolated", "started_s", "wallets", "positions")
"""Columns that are stored as integers."""


class UnknownKindError(UnknownNameError):
    """No series of this kind can be stored."""

    kind = "kind of history"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of series.

    columns: what every row must hold; optional: what may be unknown (NaN); is_bar: a row lasts `duration_s` and is
    known when that has passed, else at its time; shape: point (one row per time, for bars per time and length),
    snapshot (all rows of one time belong together), event (any number of rows at one time, two alike are one);
    partition: a file holds a month or a UTC day; gap_after_s: longest quiet time that is no gap, None where quiet
    says nothing.
    """

    name: str
    columns: tuple[str, ...]
    optional: tuple[str, ...] = ()
    is_bar: bool = False
    shape: Literal["point", "snapshot", "event"] = "point"
    partition: Literal["month", "day"] = "month"
    gap_after_s: int | None = None

    @property
    def all_columns(self) -> tuple[str, ...]:
        """Every column beside the time, in the order in which they are stored."""
        return (*self.columns, *self.optional, *((DURATION,) if self.is_bar else ()))

    @property
    def _key(self) -> tuple[str, ...]:
        """What tells rows of one time apart: nothing, a bar's length, or everything that an event is."""
        if self.shape == "event":
            return self.columns
        return (DURATION,) if self.is_bar else ()

    def merged(self, old: Rows, new: Rows) -> Rows:
        """Return the rows of both in order of time, each once; `new` was fetched later and wins."""
        if self.shape == "snapshot":
            return merge_snapshots(old, new)
        return merge_points(old, new, self._key)

    def news(self, rows: Rows, known: Rows) -> Rows:
        """Return the rows that `known` does not hold, or not so; a snapshot is never compared row by row.

        Raises:
            ValueError: the kind is one of snapshots.

        """
        if self.shape == "snapshot":
            msg = f"rows of {self.name} belong together"
            raise ValueError(msg)
        return news_to(known, rows, self._key)

    def known_from_s(self, rows: Rows) -> IntArray:
        """Return when each row became known, shape (n,) [Unix s]."""
        return rows.time_s + rows[DURATION].astype(np.int64) if self.is_bar else rows.time_s

    def known_at(self, rows: Rows, as_of_s: int | None) -> Rows:
        """Return what was known at `as_of_s` (None: everything); of bars, the finest that leave nothing out."""
        known = rows if as_of_s is None else rows.take(self.known_from_s(rows) <= as_of_s)
        if not self.is_bar or not len(known) or np.all(known[DURATION] == known[DURATION][0]):
            return known
        return known.take(finest_cover(known.time_s, known[DURATION].astype(np.int64)))


PERP = Kind(
    name="perp_5m",
    columns=("open", "high", "low", "close", "volume"),
    optional=("open_interest", "open_interest_value"),
    is_bar=True,
    gap_after_s=0,
)
FUNDING = Kind(
    name="funding_8h",
    columns=("funding_rate",),
    optional=("mark_price",),
    gap_after_s=8 * HOUR_S + MINUTE_S,  # settlements are stamped up to seconds late
)
TAKER_FLOW = Kind(name="taker_flow_5m", columns=("taker_buy_volume", "volume"), is_bar=True, gap_after_s=0)
LONG_SHORT_RATIO = Kind(
    name="long_short_ratio",
    columns=("long_short_ratio",),
    gap_after_s=HOUR_S + MINUTE_S,  # venues give it per 5 minutes to an hour
)
ORDER_BOOK = Kind(
    name="order_book",
    columns=("price", "size"),
    shape="snapshot",
    partition="day",  # 200 levels a minute are 8.6 million rows a month
    gap_after_s=15 * MINUTE_S,  # an older book is not used any more
)
LIQUIDATIONS = Kind(
    name="liquidations",
    columns=("at_ms", "side", "price", "size"),
    shape="event",
    partition="day",
)
LIQUIDATION_MINUTES = Kind(  # one row for every minute that was listened to from end to end, zeros included
    name="liquidations_1m",
    columns=("long_usd", "short_usd", "events"),
    is_bar=True,
    partition="day",
    gap_after_s=0,
)
POSITIONS = Kind(
    name="positions",
    columns=("side", "size", "entry", "leverage", "is_isolated"),
    optional=("liquidation_price",),
    shape="snapshot",
    partition="day",
    gap_after_s=HOUR_S,
)
POSITION_SWEEPS = Kind(
    name="position_sweeps",
    columns=("started_s", "wallets", "open_interest", "positions"),  # positions: rows of the snapshot of its time
    gap_after_s=HOUR_S,
)
KINDS = {
    kind.name: kind
    for kind in (
        PERP,
        FUNDING,
        TAKER_FLOW,
        LONG_SHORT_RATIO,
        ORDER_BOOK,
        LIQUIDATIONS,
        LIQUIDATION_MINUTES,
        POSITIONS,
        POSITION_SWEEPS,
    )
}


def kind_named(name: str) -> Kind:
    """Return the kind called `name`.

    Raises:
        UnknownKindError: there is none.

    """
    if name not in KINDS:
        raise UnknownKindError(name, difflib.get_close_matches(name, KINDS, 2), tuple(KINDS))
    return KINDS[name]
