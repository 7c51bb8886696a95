"""What a recorder says, as lines: for people in words and only what is new, for programs as JSON and everything."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict

from engine.recording.journal import GivenUp, Stored, Waiting
from engine.recording.reports import Listening, MarketRead, Report, Swept, Trouble
from engine.text import venue_text
from engine.windows import iso

_EVENTS = {
    Stored: "stored",
    Waiting: "waiting",
    GivenUp: "given_up",
    MarketRead: "market_read",
    Listening: "listening",
    Swept: "swept",
    Trouble: "trouble",
}
_KINDS = {
    "perp_5m": "bars",
    "taker_flow_5m": "taker flow",
    "funding_8h": "funding",
    "order_book": "book levels",
    "long_short_ratio": "crowd",
    "liquidations": "liquidations",
    "positions": "positions",
}
"""Kinds that are worth a word; minutes listened to and counts of sweeps go with what they belong to."""


class Scribe:
    """Makes lines of reports. `clock` gives Unix seconds. What stays as it was is said once."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._new: Counter[str] = Counter()
        self._caveats: dict[str, tuple[str, ...]] = {}
        self._is_waiting = False
        self.stored_rows = 0

    def line(self, report: Report) -> str | None:
        """Return the line for people, None where there is nothing new to say."""
        text = self.sentence(report)
        return None if text is None else f"{iso(self._clock())[11:19]}  {text}"

    def json_line(self, report: Report) -> str:
        """Return the report as JSON on one line."""
        self.sentence(report)
        return json.dumps({"event": _EVENTS[type(report)], "at": iso(self._clock()), **asdict(report)})

    def sentence(self, report: Report) -> str | None:
        """Return what there is to say, without the time; None where there is nothing new."""
        match report:
            case Stored():
                return self._stored(report)
            case MarketRead():
                return self._read(report)
            case Waiting():
                return self._waiting(report)
            case GivenUp():
                series = f"{venue_text(report.venue)} {report.market_id} {report.kind}"
                return f"LOST {report.rows} rows of {series}: {report.reason}"
            case Listening(venue, None):
                return f"listening to {venue_text(venue)}'s liquidations"
            case Listening(venue, cause):
                return f"{venue_text(venue)} {cause}: its liquidations are not heard until it is connected again"
            case Swept():
                return self._swept(report)
            case Trouble(sentence):
                return sentence

    def _stored(self, report: Stored) -> str | None:
        self._new[report.kind] += report.added
        self.stored_rows += report.added
        was_waiting, self._is_waiting = self._is_waiting, False
        notes = " ".join(report.notes)
        if was_waiting:
            return f"the disk takes rows again; nothing that waited was lost. {notes}".strip()
        return notes or None

    def _read(self, report: MarketRead) -> str | None:
        """Return what was read and what was stored since, and each caveat when it is new."""
        known = self._caveats.get(report.symbol, ())
        self._caveats[report.symbol] = report.caveats
        news = [caveat for caveat in report.caveats if caveat not in known]
        stored = ", ".join(
            f"{count:,} {_KINDS[kind]}" for kind, count in sorted(self._new.items()) if count and kind in _KINDS
        )
        self._new.clear()
        venues = ", ".join(venue_text(venue) for venue in report.venues)
        lines = [f"{report.symbol} at {venues}{f'; stored since the last line: {stored}' if stored else ''}"]
        return "\n".join([*lines, *(f"          {caveat}" for caveat in news)])

    def _waiting(self, report: Waiting) -> str | None:
        if self._is_waiting:
            return None
        self._is_waiting = True
        return f"{report.reason} {report.rows:,} rows wait in memory."

    def _swept(self, report: Swept) -> str:
        rest = [
            f"{count:,} {what}"
            for count, what in ((report.failed, "did not answer"), (report.waiting, "not reached in time"))
            if count
        ]
        return f"positions of {report.answered:,} wallets" + (f" ({', '.join(rest)})" if rest else "")
