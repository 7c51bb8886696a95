"""The windows a map can have, and the moments an answer looks at: one time vocabulary, parsed once.

Times are Unix seconds (UTC) everywhere in the engine, in fields whose names end in `_s`.
"""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass
from datetime import UTC, datetime

from engine.errors import EngineError, UnknownWindowError

MINUTE_S = 60
HOUR_S = 3_600
DAY_S = 86_400

TOUCH_HORIZONS_H = (12, 24, 72)
"""Horizons of the chance of touch [h]; the longest is how far ahead any answer looks."""


@dataclass(frozen=True, slots=True)
class Window:
    """How far back a map looks: its name as typed, and its length [s]."""

    name: str
    length_s: int


WINDOWS = tuple(
    Window(name, hours * HOUR_S)
    for name, hours in (
        ("12h", 12),
        ("24h", 24),
        ("48h", 48),
        ("3d", 72),
        ("1w", 168),
        ("2w", 336),
        ("1m", 720),
    )
)
_BY_NAME = {window.name: window for window in WINDOWS}
_ALIASES = {"1d": "24h", "2d": "48h", "72h": "3d", "7d": "1w", "14d": "2w", "30d": "1m", "1month": "1m"}


def window_named(name: str) -> Window:
    """Return the window called `name` (also 1d, 2d, 72h, 7d, 14d, 30d).

    Raises:
        UnknownWindowError: no window has this name.

    """
    key = name.strip().lower()
    key = _ALIASES.get(key, key)
    if key not in _BY_NAME:
        raise UnknownWindowError(name, difflib.get_close_matches(key, _BY_NAME, 2), tuple(_BY_NAME))
    return _BY_NAME[key]


def parse_instant(text: str) -> int:
    """Return the Unix time [s] of an ISO 8601 moment; one without an offset is UTC.

    Raises:
        EngineError: the text is not such a moment.

    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        msg = f"“{text}” is not a time. Write it as 2026-02-05T12:00:00Z."
        raise EngineError(msg) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return math.floor(moment.timestamp())


def iso(time_s: float) -> str:
    """Return a Unix time as ISO 8601 with Z, to the second; a time no calendar holds is named by its number.

    The latter is how a feed in milliseconds shows itself in an error, instead of hiding it behind another one.
    """
    try:
        moment = datetime.fromtimestamp(math.floor(time_s), UTC)
    except (OverflowError, ValueError, OSError):
        return f"Unix time {time_s}"
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
