"""The main picture: candles over the heat map, the profile beside them, and the zones with the maps that show them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from matplotlib.axes import Axes
from matplotlib.figure import Figure

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
    draw_vote_key,
    draw_watermark,
    map_words,
    most_time_labels,
    source_words,
    subject_words,
)
from charts.map_panel import View, draw_map
from charts.profile import SideProfile, draw_profile, side_profile
from charts.realised import LEGEND_PX, draw_legend, draw_marks, draw_strip, gather_marks, in_view
from charts.scales import price_ticks, range_for, time_ticks, timeframe_text
from charts.sheet import Box, Sheet
from charts.theme import DARK, SMALL_PX, Theme
from charts.zones import SIDES, Strip, carded, draw_arrows, draw_cards, outline_zone
from engine.realised import Realised
from engine.results import Analysis, LiquidationMap, Zone
from engine.text import usd_text

HEIGHT_PX = 1_200
_MARGIN_PX = 32
_TOP_PX = 216
_BOTTOM_PX = 1_016
_CARDS_OVERHANG_PX = 32
"""Cards may stand this far beyond the panels' ends: six of them and the price tag need the room."""
_COLOUR_BAR_PX = _BOTTOM_PX + 62
_LEGEND_TOP_PX = _COLOUR_BAR_PX + 58
_CARDS_PX = 318
_LEADERS_PX = 54
_PROFILE_PX = 200
_PANEL_GAP_PX = 6
_PRICE_LABELS = 8
_BRACKET_SHARE = 0.08
"""Of the map's width: where a bracket starts. It marks where the zone is now and claims nothing about its past."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The panels of the picture [px], and the prices and moments they show."""

    map_box: Box
    profile_box: Box
    cards_box: Box
    view: View


def draw_liquidations(analysis: Analysis, theme: Theme = DARK) -> Figure:
    """Return the picture of the map that is shown, 1,600 pixels wide; does not change the analysis."""
    map_, zones = analysis.shown_map, carded(analysis)
    length_s = map_.key.window.length_s
    bars = gather(analysis.candles, analysis.as_of_s - length_s, analysis.as_of_s)
    prices = range_for(bars, analysis.price, analysis.daily_sigma, zones, map_.columns)
    view = View.of(prices, analysis.as_of_s, length_s)
    realised = in_view(analysis.realised, view)
    sheet = Sheet(theme, height=HEIGHT_PX + (LEGEND_PX if realised else 0))
    frame = _frame(sheet, analysis.price, view)
    profiles = tuple(side_profile(map_, side, frame.view.prices) for side in SIDES)
    line = f"{map_words(map_)} · {coverage_words(map_) or f'{timeframe_text(bars.timeframe_s)} candles'}"
    draw_header(sheet, analysis, subject=subject_words(analysis), second_line=line, source=source_words(analysis))
    axes = draw_map(sheet, frame.map_box, map_, bars, frame.view)
    if realised:
        _draw_realised(sheet, frame, axes, realised, bars.timeframe_s)
    _draw_profile(sheet, frame, profiles, map_)
    _draw_marks(sheet, frame, analysis, zones)
    draw_cards(sheet, Strip(frame.cards_box, frame.profile_box, frame.view.prices), zones)
    draw_vote_key(sheet, zones, analysis.disclaimer)
    clear = replace(frame.map_box, right=frame.map_box.right - _BRACKET_SHARE * frame.map_box.width)
    draw_arrows(sheet, clear, frame.view.prices, zones)
    if analysis.source == "simulated":
        draw_watermark(sheet, frame.map_box)
    _draw_edges(sheet, frame, analysis)
    return sheet.figure


def _frame(sheet: Sheet, price: float, view: View) -> Frame:
    right = sheet.width - _MARGIN_PX
    cards = Box(right - _CARDS_PX, _TOP_PX - _CARDS_OVERHANG_PX, right, _BOTTOM_PX + _CARDS_OVERHANG_PX)
    profile_right = cards.left - _LEADERS_PX
    profile = Box(profile_right - _PROFILE_PX, _TOP_PX, profile_right, _BOTTOM_PX)
    left = axis_room(sheet, price_ticks(view.prices, _PRICE_LABELS), (price,))
    return Frame(Box(left, _TOP_PX, profile.left - _PANEL_GAP_PX, _BOTTOM_PX), profile, cards, view)


def _draw_profile(sheet: Sheet, frame: Frame, profiles: tuple[SideProfile, ...], map_: LiquidationMap) -> None:
    box, theme = frame.profile_box, sheet.theme
    axes = sheet.panel(box, "profile", x=(0, 1), y=frame.view.prices.logs, ground=theme.heat[0])
    draw_profile(axes, profiles, theme)
    above, below = profiles
    for profile, y, crowd in ((above, box.top - 24, "shorts"), (below, box.bottom + 30, "longs")):
        words = f"{crowd} {usd_text(profile.total_usd)}" if map_.is_positions else crowd
        size = sheet.size_fitting(words, box.width, SMALL_PX)
        sheet.text(box.right, y, words, size=size, colour=theme.side(profile.side), align="right", name="side total")
    basis = "modelled" if map_.observed is None else "observed"
    words = f"{basis if map_.is_positions else 'relative'}, in view"
    x = frame.map_box.right
    sheet.text(x, box.top - 24, words, size=SMALL_PX, colour=theme.muted, align="right", name="profile note")


def _draw_marks(sheet: Sheet, frame: Frame, analysis: Analysis, zones: tuple[Zone, ...]) -> None:
    """Draw the price line and the zones' brackets over map and profile."""
    box = Box(frame.map_box.left, frame.map_box.top, frame.profile_box.right, frame.map_box.bottom)
    axes = sheet.panel(box, "marks", x=(0, box.width), y=frame.view.prices.logs, ground="none")
    axes.axhline(math.log(analysis.price), color=sheet.theme.price, linewidth=2, dashes=(5, 4), label="price", zorder=4)
    start = frame.map_box.right - _BRACKET_SHARE * frame.map_box.width - box.left
    for zone in zones:
        outline_zone(axes, zone, sheet.theme, start=start, end=box.width - 1.5)


def _draw_realised(sheet: Sheet, frame: Frame, axes: Axes, realised: tuple[Realised, ...], timeframe_s: int) -> None:
    """Draw what was liquidated over the map, when it was listened to under it, and what both mean below."""
    marks = gather_marks(realised, frame.view, frame.map_box, timeframe_s)
    draw_marks(axes, marks, sheet.theme)
    draw_strip(sheet, frame.map_box, realised, frame.view)
    draw_legend(sheet, _LEGEND_TOP_PX, marks, realised)


def _draw_edges(sheet: Sheet, frame: Frame, analysis: Analysis) -> None:
    tag = PriceTag(analysis.price, sheet.theme.price, sheet.theme.background, "price tag")
    draw_price_labels(sheet, frame.map_box, frame.view.prices, price_ticks(frame.view.prices, _PRICE_LABELS), (tag,))
    most = most_time_labels(sheet, frame.map_box.width)
    draw_time_labels(sheet, frame.map_box, frame.view.span_s, time_ticks(*frame.view.span_s, most))
    top = _COLOUR_BAR_PX
    draw_colour_bar(sheet, Box(frame.map_box.left, top, frame.map_box.left + 380, top + 40))
    draw_disclaimer(sheet, analysis.disclaimer)
