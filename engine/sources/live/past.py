"""What is already known of a perpetual when it is first asked for, and which rows that leaves out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np

from engine.grid import IntArray
from engine.history.rows import BoolArray
from engine.sources.live.history import History, Span, bar_spans, open_interest_spans
from engine.sources.live.parts import Bars, Series
from engine.windows import DAY_S

PAST_SPAN_S = 120 * DAY_S
"""What is older is neither read nor held: of M2's slowest tier (half-life 30 days) a sixteenth is left by then, and
each of the others holds less (own assumption)."""


class Past(Protocol):
    """Where rows of earlier days come from, such as a history store."""

    def history(self, venue: str, base: str, now_s: int) -> History:
        """Return what is held of a venue's perpetual, nothing of it later than `now_s`; may block.

        What cannot be read is named in `unread`, and never raised: the venue still has its answer.
        """
        ...


def unheld_bars(held: Bars, now_s: int) -> tuple[Span, ...]:
    """Return the finished bars of the last 33 days that the held ones do not tell; without any, all of them.

    The newest held bar is asked for again with the others: it may not have been final.
    """
    return tuple(
        silence
        for span in bar_spans(None, now_s)
        for silence in _runs(span, ~_told(span, held.time_s[:-1], held.duration_s[:-1]))
    )


def unheld_open_interest(held: Series, now_s: int, reach_s: int | None) -> tuple[Span, ...]:
    """Return the snapshots at the opens of the last 33 days' bars that are not held, as far back as the venue goes."""
    return tuple(
        silence
        for span in open_interest_spans(None, now_s, reach_s)
        for silence in _runs(span, ~np.isin(_rows(span), held.time_s[:-1]))
    )


def _rows(span: Span) -> IntArray:
    return np.arange(span.first_s, span.last_s + 1, span.step_s, dtype=np.int64)


def _told(span: Span, time_s: IntArray, duration_s: IntArray) -> BoolArray:
    """Say of which rows of a span bars of that length or shorter tell the whole; bars do not overlap."""
    row = (time_s - span.first_s) // span.step_s
    count = len(_rows(span))
    usable = (duration_s <= span.step_s) & (row >= 0) & (row < count)
    told_s = np.bincount(row[usable], weights=duration_s[usable], minlength=count)
    return np.asarray(told_s >= span.step_s)


def _runs(span: Span, wanted: BoolArray) -> Iterator[Span]:
    """Yield each run of wanted rows."""
    edges = np.flatnonzero(np.diff(wanted.astype(np.int8), prepend=0, append=0))
    for first, behind in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        first_s = span.first_s + first * span.step_s
        yield Span(step_s=span.step_s, first_s=first_s, last_s=span.first_s + (behind - 1) * span.step_s)
