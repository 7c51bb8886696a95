"""The facts beside a level's picture: verdict, distance, modelled size on the way and at it, leverage, maps."""

from __future__ import annotations

import math
from collections.abc import Sequence

from charts.sheet import Box, Sheet
from charts.theme import HEADING_PX, LABEL_PX, SMALL_PX
from charts.zones import CHIP_HEIGHT_PX, CROWD, draw_chips
from engine.results import LevelReport, TierAtLevel
from engine.text import percent_text, usd_text

_VERDICTS = {"zone": "Part of a zone", "minor": "Minor level", "nothing": "Nothing stands out"}
_LINE_PX = 42
_SECTION_PX = 26
_BAR_PX = 36
_MOST_TIERS = 4
"""Tiers with a line of their own; what is smaller is summed up as the rest."""
_LEAST_SHARE = 0.005
"""Smaller tiers would read 0 % and are left out."""
_FAINTEST = 0.35
"""Alpha of the smallest tier in the stacked bar; the largest has the full colour."""


def draw_facts(sheet: Sheet, box: Box, report: LevelReport) -> None:
    """Write the facts from the top of `box` down."""
    colour = sheet.theme.side(report.band.side) if report.verdict != "nothing" else sheet.theme.ink
    verdict = _VERDICTS[report.verdict]
    size = sheet.size_fitting(verdict, box.width, HEADING_PX, bold=True)
    sheet.text(box.left, box.top + 18, verdict, size=size, bold=True, colour=colour, name="verdict")
    y = box.top + 30 + _LINE_PX
    for name, value in _rows(report):
        _draw_row(sheet, box, y, name, value)
        y += _LINE_PX
    y = _draw_tiers(sheet, box, y + _SECTION_PX, report)
    words = "Maps that show it"
    sheet.text(box.left, y + _SECTION_PX, words, size=SMALL_PX, colour=sheet.theme.muted, name="fact name")
    top = y + _SECTION_PX + 26
    draw_chips(
        sheet,
        Box(box.left, top, box.right, top + CHIP_HEIGHT_PX),
        report.maps,
        sheet.theme.side(report.band.side),
    )


def _rows(report: LevelReport) -> list[tuple[str, str]]:
    rows = [("distance", percent_text(report.distance, decimals=2 if abs(report.distance) < 0.01 else 1))]
    if math.isfinite(report.percentile):
        rows.append(("brighter than", percent_text(report.percentile, signed=False, decimals=0)))
    if report.analysis.shown_map.is_positions:
        rows += [("on the way", usd_text(report.on_the_way_usd)), ("at the level", usd_text(report.at_level_usd))]
    else:
        rows.append(("index", f"{report.index:.0f}" if math.isfinite(report.index) else "unknown"))
    rows += [(f"touch in {each.hours} h", percent_text(each.chance, signed=False, decimals=0)) for each in report.touch]
    return rows


def _draw_row(sheet: Sheet, box: Box, y: float, name: str, value: str) -> None:
    sheet.text(box.left, y, name, size=SMALL_PX, colour=sheet.theme.muted, name="fact name")
    sheet.text(box.right, y, value, size=LABEL_PX, bold=True, align="right", name="fact value")


def _draw_tiers(sheet: Sheet, box: Box, top: float, report: LevelReport) -> float:
    """Draw a stacked bar of leverage tiers at the level, and a line for each; return where it ends [px]."""
    classes = report.analysis.shown_map.observed is not None
    tiers = _largest(report.tiers, classes=classes)
    total = sum(usd for _, usd in tiers)
    if total <= 0:
        return top - _SECTION_PX
    colour = sheet.theme.side(report.band.side)
    words = f"{CROWD[report.band.side]} at the level, by leverage"
    size = sheet.size_fitting(words, box.width, SMALL_PX)
    sheet.text(box.left, top, words, size=size, colour=sheet.theme.muted, name="fact name")
    left, y = box.left, top + 28
    for number, (name, usd) in enumerate(tiers):
        fade = 1 - (1 - _FAINTEST) * number / max(len(tiers) - 1, 1)
        width = box.width * usd / total
        sheet.bar(Box(left, y, left + width, y + _BAR_PX), fill=colour, alpha=fade, name=f"tier {name}")
        left += width
        line = y + _BAR_PX + (number + 0.6) * _LINE_PX
        sheet.bar(Box(box.left, line - 12, box.left + 24, line + 12), fill=colour, alpha=fade, name="tier key")
        sheet.text(box.left + 38, line, name, size=SMALL_PX, name="tier name")
        share = percent_text(usd / total, signed=False, decimals=0)
        sheet.text(box.right, line, share, size=SMALL_PX, bold=True, align="right", name="tier share")
    return y + _BAR_PX + len(tiers) * _LINE_PX + 8


def _largest(tiers: Sequence[TierAtLevel], *, classes: bool) -> list[tuple[str, float]]:
    """Return name and USD of the largest tiers, and of the rest as one, each above nothing."""
    least = _LEAST_SHARE * sum(tier.usd for tier in tiers)
    held = sorted((tier for tier in tiers if tier.usd > least), key=lambda tier: -tier.usd)
    named = [(_tier_name(tier.leverage, classes=classes), tier.usd) for tier in held]
    if len(named) <= _MOST_TIERS:
        return named
    shown = named[: _MOST_TIERS - 1]
    return [*shown, ("other", sum(usd for _, usd in named[_MOST_TIERS - 1 :]))]


def _tier_name(leverage: float, *, classes: bool) -> str:
    """Return a tier in short; real leverages are told in classes by their upper end, stops have none."""
    return f"{'up to ' if classes else ''}{leverage:g}x" if math.isfinite(leverage) else "stops"
