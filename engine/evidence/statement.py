"""How the parts of an input's evidence become one value and one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.results import Evidence

EQUAL_WEIGHT = 1.0
"""Every input weighs the same until the track record has graded them: nothing measured yet ranks one above another."""

NEUTRAL_BELOW = 0.1
"""A value smaller than this is called neutral in words: less than a tenth of the scale (own assumption)."""

WORTH_SAYING = 0.5
"""The strongest part that disagrees is named if it has at least this share of the main one."""


@dataclass(frozen=True, slots=True)
class Part:
    """One thing an input sees: how much it speaks for the zone (+) or against it (-), and a sentence of its own."""

    value: float
    sentence: str


def weigh(name: str, parts: Sequence[Part]) -> Evidence:
    """Add the parts up to one value within -1..+1, and give as reason the part that drives it (at least one part)."""
    value = min(max(sum(part.value for part in parts), -1.0), 1.0) + 0.0
    return Evidence(name=name, value=value, weight=EQUAL_WEIGHT, reason=_reason(value, parts))


def _reason(value: float, parts: Sequence[Part]) -> str:
    sign = -1.0 if value < 0 else 1.0
    driver = max(parts, key=lambda part: sign * part.value)
    opposite = min(parts, key=lambda part: sign * part.value)
    contested = sign * opposite.value <= -max(WORTH_SAYING * abs(driver.value), NEUTRAL_BELOW)
    if abs(value) < NEUTRAL_BELOW and contested:
        return f"Neutral, two sides cancel. {driver.sentence} But: {_lowered(opposite.sentence)}"
    if abs(value) < NEUTRAL_BELOW:
        strongest = max(parts, key=lambda part: abs(part.value))
        return f"Neutral: {_lowered(strongest.sentence)}"
    if contested:
        return f"{driver.sentence} But: {_lowered(opposite.sentence)}"
    return driver.sentence


def _lowered(sentence: str) -> str:
    """Return the sentence as it reads after a colon; abbreviations such as OI keep their capitals."""
    return sentence if sentence[1:2].isupper() else sentence[:1].lower() + sentence[1:]


def capitalised(sentence: str) -> str:
    """Return the sentence with a capital first letter and the rest untouched."""
    return sentence[:1].upper() + sentence[1:]
