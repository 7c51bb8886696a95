"""The history store as the past of live markets: what earlier answers and recorders kept of one perpetual."""

from __future__ import annotations

import numpy as np

from engine.errors import EngineError
from engine.grid import FloatArray
from engine.history.checks import check_rows
from engine.history.kinds import DURATION, FUNDING, LONG_SHORT_RATIO, PERP, TAKER_FLOW, Kind
from engine.history.rows import Rows
from engine.history.store import QUOTE, HistoryStore
from engine.market import MissingInput
from engine.observed import CROWD_KEPT_S, Crowd
from engine.sources.live.history import COARSE_S, FINE_S, History, joined_bars
from engine.sources.live.parts import Bars, Series
from engine.sources.live.past import PAST_SPAN_S

_INPUTS = {PERP: "stored_bars", TAKER_FLOW: "stored_taker_flow", FUNDING: "stored_funding"}


class StoredPast:
    """Reads a store; another process may be writing it."""

    def __init__(self, store: HistoryStore) -> None:
        self._store = store

    def history(self, venue: str, base: str, now_s: int) -> History:
        """Return what is stored of a venue's perpetual in the last 120 days, known at `now_s`.

        base: as the venues quote it (1000PEPE is not PEPE: another price). A series that is damaged is left out.
        """
        unread: list[MissingInput] = []
        perp = self._read(venue, base, PERP, now_s, unread)
        bars = _bars(perp, self._read(venue, base, TAKER_FLOW, now_s, unread))
        funding = self._read(venue, base, FUNDING, now_s, unread)
        crowd = _crowd(self._read(venue, base, LONG_SHORT_RATIO, now_s, unread))
        known = np.isfinite(perp["open_interest"]) & (perp["open_interest"] > 0)
        return History(
            bars=bars,
            open_interest=Series(time_s=perp.time_s[known], value=perp["open_interest"][known]),
            stored_funding=Series(time_s=funding.time_s, value=funding["funding_rate"]),
            crowd=crowd,
            crowd_asked_s=None if crowd is None else crowd.time_s,
            unread=tuple(unread),
        )

    def _read(self, venue: str, base: str, kind: Kind, now_s: int, unread: list[MissingInput]) -> Rows:
        """Return the rows of a series, none where they cannot be read or could not be true."""
        since_s = now_s - (CROWD_KEPT_S if kind is LONG_SHORT_RATIO else PAST_SPAN_S)
        try:
            rows = self._store.read(venue, base + QUOTE, kind.name, since_s=since_s, as_of_s=now_s)
            check_rows(kind, rows, f"{venue} {base}{QUOTE} {kind.name}")
        except (EngineError, OSError, ValueError):
            if kind in _INPUTS:
                effect = "damaged, so only what the venue itself still tells is used"
                unread.append(MissingInput(input=_INPUTS[kind], venue=venue, effect=effect))
            return Rows(np.empty(0, dtype=np.int64), {name: np.empty(0) for name in kind.all_columns})
        return rows


def _bars(perp: Rows, flow: Rows) -> Bars:
    """Return the bars of the two lengths that are asked for live, each once.

    A recording that was copied into the store may hold others, which need not nest in them, and rows twice.
    """
    duration_s = perp[DURATION].astype(np.int64)
    usable = (duration_s == FINE_S) | (duration_s == COARSE_S)
    told = Bars(
        time_s=perp.time_s[usable],
        duration_s=duration_s[usable],
        taker_buy_volume=_taker_buy_volume(perp, flow)[usable],
        **{name: perp[name][usable] for name in PERP.columns},
    )
    return joined_bars((told,))


def _taker_buy_volume(perp: Rows, flow: Rows) -> FloatArray:
    """Return what takers bought in each bar (n,) [base], NaN where no bar of that time and length tells it."""
    found = np.full(len(perp), np.nan)
    for length in (FINE_S, COARSE_S):
        mine, other = np.flatnonzero(perp[DURATION] == length), np.flatnonzero(flow[DURATION] == length)
        _, ours, theirs = np.intersect1d(perp.time_s[mine], flow.time_s[other], return_indices=True)
        found[mine[ours]] = flow["taker_buy_volume"][other[theirs]]
    return found


def _crowd(rows: Rows) -> Crowd | None:
    positive = np.flatnonzero(rows["long_short_ratio"] > 0)
    if not len(positive):
        return None
    return Crowd(time_s=int(rows.time_s[positive[-1]]), long_short_ratio=float(rows["long_short_ratio"][positive[-1]]))
