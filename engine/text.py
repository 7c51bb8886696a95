"""Numbers as traders write them: the same rounding in every sentence, label and table."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from engine.windows import DAY_S, HOUR_S, MINUTE_S

SIGNIFICANT_DIGITS = 5
"""Digits shown of a price below 1,000: a bin is 0.1 % wide, so a sixth digit would claim what no map knows."""


def price_text(price: float) -> str:
    """Return a price: 70,412 or 2,095.3 or 87.99 or 0.012345, never more digits than a bin can tell."""
    if not math.isfinite(price) or price <= 0:
        return "unknown"
    decimals = max(0, SIGNIFICANT_DIGITS - 1 - math.floor(math.log10(price)))
    return f"{price:,.{decimals}f}"


def percent_text(fraction: float, *, signed: bool = True, decimals: int = 1) -> str:
    """Return a fraction as percent: +2.4 %, or 41 % with signed=False and decimals=0."""
    if not math.isfinite(fraction):
        return "unknown"
    value = round(100 * fraction, decimals) + 0.0  # + 0.0 turns -0.0 into 0.0
    return f"{value:{'+' if signed else ''},.{decimals}f} %"


def usd_text(usd: float) -> str:
    """Return an amount in USD with three digits: $182M, $4.31B, $950k."""
    if not math.isfinite(usd):
        return "unknown"
    for unit, suffix in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if abs(usd) >= 0.9995 * unit:
            value = usd / unit
            return f"${value:,.{max(0, 2 - math.floor(math.log10(abs(value)) + 1e-9))}f}{suffix}"
    return f"${usd:,.0f}"


def duration_text(seconds: float) -> str:
    """Return a length of time in its natural unit: 12 s, 40 min, 5 h, 3.2 d."""
    if not math.isfinite(seconds):
        return "unknown"
    if seconds < MINUTE_S:
        return f"{seconds:.0f} s"
    if seconds < HOUR_S:
        return f"{seconds / MINUTE_S:.0f} min"
    if seconds < 2 * DAY_S:
        return f"{seconds / HOUR_S:.0f} h"
    days = seconds / DAY_S
    return f"{days:.1f} d" if days < 10 else f"{days:.0f} d"


def moment_text(time_s: float) -> str:
    """Return a moment as a trader reads it: 14 Mar 2026 23:55 UTC."""
    return datetime.fromtimestamp(int(time_s), UTC).strftime("%d %b %Y %H:%M UTC").lstrip("0")
