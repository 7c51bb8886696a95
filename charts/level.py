"""One price level: a crop of the map around it, what stands on the way there, and what would be liquidated at it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from charts.bars import gather
from charts.captions import (
    PriceTag,
    axis_room,
    coverage_words,
    draw_colour_bar,
    draw_disclaimer,
    draw_header,
    draw_price_labels,
    draw_time_labels,
    draw_watermark,
    map_words,
    most_time_labels,
    source_words,
)
from charts.level_facts import draw_facts
from charts.map_panel import View, draw_map
from charts.profile import draw_profile, side_profile
from charts.scales import PriceRange, price_ticks, time_ticks, timeframe_text, within_columns
from charts.sheet import Box, Sheet
from charts.theme import DARK, Theme
from charts.zones import SIDES, carded, outline_zone
from engine.results import LevelReport
from engine.text import price_text
from engine.windows import DAY_S

HEIGHT_PX = 1_120
BEYOND = 1.0
"""The crop reaches as far beyond price and level as they are apart: three distances in all."""
LEAST_BEYOND_SIGMAS = 0.4
"""... and at least a few hours' usual move, however near the level is."""
MOST_SPAN_S = DAY_S
"""Candles of the last day: older ones mostly lie outside so narrow a crop."""
_MARGIN_PX = 32
_TOP_PX = 200
_BOTTOM_PX = 930
_FACTS_PX = 400
_FACTS_GAP_PX = 44
_PROFILE_PX = 200
_PANEL_GAP_PX = 6
_PRICE_LABELS = 7
_WAY_ALPHA = 0.14
_BAND_ALPHA = 0.30


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where the panels stand [px], and what they show."""

    map_box: Box
    profile_box: Box
    facts_box: Box
    view: View


def draw_level(report: LevelReport, theme: Theme = DARK) -> Figure:
    """Return the picture of a level, 1,600 pixels wide; does not change the report."""
    sheet, analysis = Sheet(theme, height=HEIGHT_PX), report.analysis
    map_ = analysis.shown_map
    length_s = min(map_.key.window.length_s, MOST_SPAN_S)
    bars = gather(analysis.candles, analysis.as_of_s - length_s, analysis.as_of_s)
    view = View.of(crop(report), analysis.as_of_s, length_s)
    frame = _frame(sheet, report, view)
    detail = coverage_words(map_) or f"{timeframe_text(bars.timeframe_s)} candles"
    line = f"{map_words(map_)}, last {length_s // 3600} h · {detail}"
    subject = f"{analysis.symbol} level {price_text(report.price)}"
    draw_header(sheet, analysis, subject=subject, second_line=line, source=source_words(analysis))
    draw_map(sheet, frame.map_box, map_, bars, view)
    axes = sheet.panel(frame.profile_box, "profile", x=(0, 1), y=view.prices.logs, ground=theme.heat[0])
    draw_profile(axes, tuple(side_profile(map_, side, view.prices) for side in SIDES), theme)
    _draw_marks(sheet, frame, report)
    _draw_edges(sheet, frame, report)
    draw_facts(sheet, frame.facts_box, report)
    return sheet.figure


def crop(report: LevelReport) -> PriceRange:
    """Return the prices around market and level: the way between them, and as much again to either side."""
    analysis = report.analysis
    low = math.log(min(analysis.price, report.price, report.band.low))
    high = math.log(max(analysis.price, report.price, report.band.high))
    sigma = analysis.daily_sigma if math.isfinite(analysis.daily_sigma) else 0.0
    beyond = max(BEYOND * (high - low), LEAST_BEYOND_SIGMAS * sigma)
    return within_columns(low, high, beyond, analysis.shown_map.columns)


def _frame(sheet: Sheet, report: LevelReport, view: View) -> _Frame:
    right = sheet.width - _MARGIN_PX
    facts = Box(right - _FACTS_PX, _TOP_PX, right, _BOTTOM_PX)
    profile_right = facts.left - _FACTS_GAP_PX
    profile = Box(profile_right - _PROFILE_PX, _TOP_PX, profile_right, _BOTTOM_PX)
    left = axis_room(sheet, price_ticks(view.prices, _PRICE_LABELS), (report.price, report.analysis.price))
    return _Frame(Box(left, _TOP_PX, profile.left - _PANEL_GAP_PX, _BOTTOM_PX), profile, facts, view)


def _draw_marks(sheet: Sheet, frame: _Frame, report: LevelReport) -> None:
    """Draw price line, level line and band, the shaded way between them, and zones in the crop."""
    theme, price = sheet.theme, report.analysis.price
    box = Box(frame.map_box.left, frame.map_box.top, frame.profile_box.right, frame.map_box.bottom)
    axes = sheet.panel(box, "marks", x=(0, box.width), y=frame.view.prices.logs, ground="none")
    colour, start = theme.side(report.band.side), frame.profile_box.left - box.left
    _shade(axes, (price, report.band.near), (start, box.width), colour, alpha=_WAY_ALPHA, name="way")
    _shade(axes, (report.band.low, report.band.high), (start, box.width), colour, alpha=_BAND_ALPHA, name="band")
    for edge in (report.band.low, report.band.high):
        axes.axhline(math.log(edge), color=colour, linewidth=1.5, dashes=(2, 3), label="band edge", zorder=8)
    axes.axhline(math.log(price), color=theme.price, linewidth=2, dashes=(5, 4), label="price", zorder=9)
    axes.axhline(math.log(report.price), color=theme.halo, linewidth=7, label="level halo", zorder=9)
    axes.axhline(math.log(report.price), color=colour, linewidth=4, label="level", zorder=10)
    for zone in carded(report.analysis):
        outline_zone(axes, zone, theme, start=start, end=box.width - 1.5)


def _shade(
    axes: Axes, prices: tuple[float, float], between: tuple[float, float], colour: str, *, alpha: float, name: str
) -> None:
    """Tint the profile between two prices; the heat beside it stays untinted, for its colours are its scale."""
    low, high = sorted(math.log(price) for price in prices)
    left, right = between
    axes.add_artist(
        Rectangle((left, low), right - left, high - low, facecolor=colour, alpha=alpha, linewidth=0, label=name)
    )


def _draw_edges(sheet: Sheet, frame: _Frame, report: LevelReport) -> None:
    theme, view, box = sheet.theme, frame.view, frame.map_box
    tags = (
        PriceTag(report.analysis.price, theme.price, theme.background, "price tag"),
        PriceTag(report.price, theme.side(report.band.side), theme.on_colour, "level tag"),
    )
    draw_price_labels(sheet, box, view.prices, price_ticks(view.prices, _PRICE_LABELS), tags)
    draw_time_labels(sheet, box, view.span_s, time_ticks(*view.span_s, most_time_labels(sheet, box.width)))
    top = _BOTTOM_PX + 60
    draw_colour_bar(sheet, Box(box.left, top, box.left + 380, top + 40))
    draw_disclaimer(sheet, report.analysis.disclaimer)
    if report.analysis.source == "simulated":
        draw_watermark(sheet, box)
