"""Numbers as traders write them: the same rounding in every sentence, label and table."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime

from engine.windows import DAY_S, HOUR_S, MINUTE_S

SIGNIFICANT_DIGITS = 5
"""Digits shown of a price: a bin is 0.1 % wide, so a sixth digit would claim what no map knows."""
_CENTS_FROM = 10.0
"""Prices from here on are quoted to the cent at most; four digits still tell one bin from the next."""

FINEST_AGE_S = 5 * MINUTE_S
"""The usual length of a bar: of what happened within one nobody knows when."""
_USD_DIGITS = 3
"""Digits shown of an amount in USD: models differ by far more than a part in a thousand."""
_USD_UNITS = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))


def price_text(price: float) -> str:
    """Return a price: 70,412 or 2,095.3 or 87.99 or 0.012345, never more digits than a bin can tell."""
    if not math.isfinite(price) or price <= 0:
        return "unknown"
    decimals = _decimals(price, SIGNIFICANT_DIGITS)
    return f"{price:,.{min(decimals, 2) if price >= _CENTS_FROM else decimals}f}"


def percent_text(fraction: float, *, signed: bool = True, decimals: int = 1) -> str:
    """Return a fraction as percent: +2.4 %, or 41 % with signed=False and decimals=0."""
    if not math.isfinite(fraction):
        return "unknown"
    value = round(100 * fraction, decimals) + 0.0  # + 0.0 turns -0.0 into 0.0
    return f"{value:{'+' if signed else ''},.{decimals}f} %"


def usd_text(usd: float) -> str:
    """Return an amount in USD with three digits: $182M, $4.31B, $950k, -$1.20k, $12."""
    if not math.isfinite(usd):
        return "unknown"
    rounded = _round_digits(abs(usd), _USD_DIGITS)
    sign = "-" if usd < 0 and round(rounded) else ""
    for unit, suffix in _USD_UNITS:
        if rounded >= unit:
            value = rounded / unit
            return f"{sign}${value:,.{_decimals(value, _USD_DIGITS)}f}{suffix}"
    return f"{sign}${rounded:.0f}"


def duration_text(seconds: float) -> str:
    """Return a length of time in its natural unit: 12 s, 40 min, 5 h, 3.2 d.

    The unit is chosen after rounding, so that 59.7 s is 1 min, never 60 s.
    """
    if not math.isfinite(seconds):
        return "unknown"
    length = abs(seconds)
    sign = "-" if seconds < 0 and round(length) else ""
    if round(length) < MINUTE_S:
        return f"{sign}{length:.0f} s"
    if round(length / MINUTE_S) < HOUR_S // MINUTE_S:
        return f"{sign}{length / MINUTE_S:.0f} min"
    if round(length / HOUR_S) < 2 * DAY_S // HOUR_S:
        return f"{sign}{length / HOUR_S:.0f} h"
    days = length / DAY_S
    return f"{sign}{days:.1f} d" if round(days, 1) < 10 else f"{sign}{days:.0f} d"


def ago_text(seconds: float) -> str:
    """Return how long ago something was [s before]: 5 h ago, less than 5 min ago."""
    if 0 <= seconds < FINEST_AGE_S:
        return f"less than {duration_text(FINEST_AGE_S)} ago"
    return f"{duration_text(seconds)} ago"


def moment_text(time_s: float) -> str:
    """Return a moment as a trader reads it: 14 Mar 2026 23:55 UTC."""
    if not math.isfinite(time_s):
        return "unknown"
    return datetime.fromtimestamp(math.floor(time_s), UTC).strftime("%d %b %Y %H:%M UTC").lstrip("0")


def _round_digits(value: float, digits: int) -> float:
    """Round a value to so many significant digits, by way of its decimal text: exact where a power of ten is not."""
    return float(f"{value:.{digits - 1}e}")


def _decimals(value: float, digits: int) -> int:
    """Return the decimals that show `digits` significant digits of a positive value, once it is rounded to them."""
    exponent = int(f"{value:.{digits - 1}e}".partition("e")[2])
    return max(0, digits - 1 - exponent)


_VENUES = {
    "binanceusdm": "Binance",
    "bybit": "Bybit",
    "okx": "OKX",
    "gate": "Gate",
    "hyperliquid": "Hyperliquid",
}
_SAID = {
    **dict.fromkeys(("okex", "okx"), "okx"),
    **dict.fromkeys(("gateio", "gate.io"), "gate"),
    **dict.fromkeys(("huobi", "htx"), "htx"),
    **{name: name for name in ("bitget", "mexc", "bingx", "bitmex", "deribit", "phemex", "dydx")},
    "kucoin": "kucoinfutures",
    "kraken": "krakenfutures",
    "hl": "hyperliquid",
}
"""What traders call a venue, where that is not the name above."""
_VENUES_NAMED = {**_SAID, **{name.lower(): venue for venue, name in _VENUES.items()}}
_ALSO_WORDS = {"gate", "hl", "dydx"}
"""Names that mean something else too, such as a listed coin."""


@dataclass(frozen=True, slots=True)
class VenueName:
    """A venue that was named, and whether the name is also another word."""

    name: str
    is_word: bool


def exchange_named(text: str) -> VenueName | None:
    """Return the venue that traders call `text` (Binance, okx, binanceusdm), None where it is no name of one."""
    word = text.lower()
    venue = _VENUES_NAMED.get(word, word if word in _VENUES else None)
    return None if venue is None else VenueName(venue, word in _ALSO_WORDS)


def venue_text(name: str) -> str:
    """Return a venue as traders call it."""
    return _VENUES.get(name, name)


def band_text(low: float, high: float) -> str:
    """Return a price range: 71,950-72,300, or one price where both read the same."""
    first, last = price_text(low), price_text(high)
    return first if first == last else f"{first}-{last}"
