"""The four default maps side by side on one price axis, to see whether they light up at the same prices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure

from charts.bars import gather
from charts.captions import (
    PriceTag,
    axis_room,
    draw_colour_bar,
    draw_disclaimer,
    draw_header,
    draw_price_labels,
    draw_time_labels,
    draw_watermark,
    market_words,
    most_time_labels,
    subject_words,
)
from charts.map_panel import View, draw_map
from charts.placement import Wish, place
from charts.scales import PriceRange, price_ticks, range_for, time_ticks
from charts.sheet import Box, Sheet
from charts.theme import DARK, LABEL_PX, SMALL_PX, Theme
from charts.zones import Strip, carded, draw_arrows, draw_leader, fitting_band, in_price_order, outline_zone
from engine.results import Analysis, LiquidationMap, MapKey, Zone
from engine.windows import window_named

FOUR = (
    (MapKey("M1", window_named("12h")), MapKey("M1", window_named("24h"))),
    (MapKey("M1", window_named("3d")), MapKey("M2", window_named("3d"))),
)
"""Rows of the grid: the default reading for the next three days, in its order."""
LEFT = tuple(row[0] for row in FOUR)
HEIGHT_PX = 1_280
_MARGIN_PX = 32
_FIRST_TOP_PX = 216
_PANEL_PX = 386
_ROW_PX = 494
_GAP_PX = 24
_LABELS_PX = 356
_LABEL_LINE_PX = 42
_PRICE_LABELS = 5
_BRACKET_SHARE = 0.12
"""Of a panel's width: the bracket at the right that says this map shows the zone."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Where the panels stand [px], two rows of two, and the prices that all of them show."""

    left: float
    right: float
    prices: PriceRange

    def box(self, row: int, column: int) -> Box:
        """Return the panel's place."""
        width = (self.right - self.left - _GAP_PX) / 2
        left, top = self.left + column * (width + _GAP_PX), _FIRST_TOP_PX + row * _ROW_PX
        return Box(left, top, left + width, top + _PANEL_PX)


def draw_four_maps(analysis: Analysis, theme: Theme = DARK) -> Figure:
    """Return the picture of the four default maps, 1,600 pixels wide; one that is not there is named as missing."""
    sheet = Sheet(theme, height=HEIGHT_PX)
    maps = {map_.key: map_ for map_ in analysis.maps}
    zones = carded(analysis)
    longest = max(key.window.length_s for row in FOUR for key in row)
    bars = gather(analysis.candles, analysis.as_of_s - longest, analysis.as_of_s)
    columns = next((maps[key].columns for row in FOUR for key in row if key in maps), None)
    prices = range_for(bars, analysis.price, analysis.daily_sigma, zones, columns)
    ticks = price_ticks(prices, _PRICE_LABELS)
    grid = Grid(axis_room(sheet, ticks, (analysis.price,)), sheet.width - _MARGIN_PX - _LABELS_PX, prices)
    line = "The four default maps, next 0-3 days"
    draw_header(sheet, analysis, subject=subject_words(analysis), second_line=line, source=market_words(analysis))
    tag = PriceTag(analysis.price, theme.price, theme.background, "price tag")
    for row, keys in enumerate(FOUR):
        for column, key in enumerate(keys):
            _draw_one(sheet, grid.box(row, column), analysis, maps.get(key), key, prices, zones)
        draw_price_labels(sheet, grid.box(row, 0), prices, ticks, (tag,))
        _draw_zone_labels(sheet, grid.box(row, 1), prices, zones)
    top = HEIGHT_PX - 118
    draw_colour_bar(sheet, Box(grid.left, top, grid.left + 380, top + 40), "; each map its own")
    draw_disclaimer(sheet)
    return sheet.figure


def _draw_one(
    sheet: Sheet,
    box: Box,
    analysis: Analysis,
    map_: LiquidationMap | None,
    key: MapKey,
    prices: PriceRange,
    zones: Sequence[Zone],
) -> None:
    _draw_title(sheet, box, analysis, key)
    view = View.of(prices, analysis.as_of_s, key.window.length_s)
    if map_ is None:
        sheet.plate(box, fill=sheet.theme.heat[0], round_px=0, name="missing map")
        words = "not available now"
        sheet.text(box.centre, box.middle, words, size=SMALL_PX, colour=sheet.theme.muted, align="center", name="note")
        return
    bars = gather(analysis.candles, int(view.span_s[0]), analysis.as_of_s)
    axes = draw_map(sheet, box, map_, bars, view, name=f"map {key}")
    axes.axhline(math.log(analysis.price), color=sheet.theme.price, linewidth=2, dashes=(5, 4), label="price")
    start, end = view.span_s
    bracket = end - _BRACKET_SHARE * (end - start)
    for zone in zones:
        outline_zone(axes, zone, sheet.theme, start=start, end=end, strong=False, name="zone line")
        if any(seen.hit for seen in zone.maps if seen.key == key):
            outline_zone(axes, zone, sheet.theme, start=bracket, end=end)
    draw_arrows(sheet, box, prices, zones)
    draw_time_labels(
        sheet,
        box,
        view.span_s,
        time_ticks(*view.span_s, most_time_labels(sheet, box.width)),
        zone="UTC" if key in LEFT else "",
    )
    if analysis.source == "simulated":
        draw_watermark(sheet, box)


def _draw_title(sheet: Sheet, box: Box, analysis: Analysis, key: MapKey) -> None:
    role = next((reading.role for reading in analysis.reading if reading.key == key), "")
    name = str(key)
    sheet.text(box.left, box.top - 26, name, size=LABEL_PX, bold=True, name="map title")
    left = box.left + sheet.width_of(name, LABEL_PX, bold=True)
    if role:
        sheet.text(left, box.top - 26, f" · {role}", size=LABEL_PX, colour=sheet.theme.muted, name="map title")


def _draw_zone_labels(sheet: Sheet, panel: Box, prices: PriceRange, zones: Sequence[Zone]) -> None:
    """Write prices and score of each zone at the right of a row, pushed apart, with leaders."""
    left = panel.right + 44
    strip = Strip(Box(left, panel.top - 10, sheet.width - _MARGIN_PX, panel.bottom + 10), panel, prices)
    wishes = [Wish(strip.y(zone.band.price), _LABEL_LINE_PX) for zone in zones]
    middles = place(in_price_order(wishes, zones), strip.box.top, strip.box.bottom, gap=6)
    for zone, middle in zip(zones, middles, strict=True):
        colour = sheet.theme.side(zone.band.side)
        draw_leader(sheet, strip, zone, middle)
        score = f" · {zone.score:.0f}"
        room = strip.box.width - sheet.width_of(score, SMALL_PX, bold=True)
        band, size = fitting_band(sheet, zone, room, SMALL_PX)
        sheet.text(left, middle, band + score, size=size, bold=True, colour=colour, name="zone label")
