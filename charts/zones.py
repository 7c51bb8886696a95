"""Zones on a picture: an outline at the band itself, a card beside it with prices, score, side and the maps' votes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from charts.placement import Wish, place
from charts.scales import PriceRange
from charts.sheet import Box, Sheet
from charts.theme import CHIP_PX, LABEL_PX, SMALL_PX, Theme
from engine.results import Analysis, Side, Zone, ZoneInMap
from engine.text import band_text, percent_text, price_text

CARDS_PER_SIDE = 3
"""As many as stay readable beside the map at a quarter of its size."""
SIDES: tuple[Side, Side] = ("above", "below")
CROWD = {"above": "shorts", "below": "longs"}

_PRICES_PX = 40
_SCORE_PX = 38
CHIP_HEIGHT_PX = 36
_CHIP_GAP_PX = 8
_CHIP_WIDTH_PX = 76
_CARD_PX = _PRICES_PX + _SCORE_PX + CHIP_HEIGHT_PX + 4
_GAP_PX = 20
_RULE_PX = 6
_STUB_PX = 8
_ARROW_PX = 14
_LEAST_DIGITS = 3
"""Digits of a shortened price: fewer look like a typing error."""


@dataclass(frozen=True, slots=True)
class Strip:
    """Where cards stand, and the panel at whose right edge their leaders start [px]."""

    box: Box
    panel: Box
    shown: PriceRange

    def y(self, price: float) -> float:
        """Return where a price lies, clamped to the panel [px]."""
        share = min(max(self.shown.share(price), 0.0), 1.0)
        return self.panel.bottom - share * self.panel.height


def carded(analysis: Analysis) -> tuple[Zone, ...]:
    """Return the zones that get a card: the first of each side, in the answer's order."""
    return tuple(zone for side in SIDES for zone in analysis.zones_on(side)[:CARDS_PER_SIDE])


def outline_zone(
    axes: Axes, zone: Zone, theme: Theme, *, start: float, end: float, strong: bool = True, name: str = "zone"
) -> None:
    """Draw a zone's outline between its prices on axes by ln price, dashed when no map clearly shows it."""
    low, high = math.log(zone.band.low), math.log(zone.band.high)
    colour = theme.side(zone.band.side)
    strokes = ((f"{name} halo", theme.halo, 5.0), (name, colour, 2.5)) if strong else ((name, colour, 1.2),)
    for label, edge, width in strokes:
        outline = Rectangle(
            (start, low),
            end - start,
            high - low,
            fill=False,
            edgecolor=edge,
            linewidth=width,
            linestyle="-" if zone.clear else (0, (3, 2)),
            joinstyle="round",
            zorder=8,
            label=label,
        )
        axes.add_artist(outline)  # not add_patch: that measures data limits, which are fixed here, at 5 ms a patch


def draw_cards(sheet: Sheet, strip: Strip, zones: Sequence[Zone]) -> None:
    """Draw a card for each zone, as near to its own height as the others allow, and a leader from the zone to it."""
    wishes = [Wish(strip.y(zone.band.price), _CARD_PX) for zone in zones]
    middles = place(in_price_order(wishes, zones), strip.box.top, strip.box.bottom, gap=_GAP_PX)
    for zone, middle in zip(zones, middles, strict=True):
        draw_leader(sheet, strip, zone, middle)
        _draw_card(sheet, Box(strip.box.left, middle - _CARD_PX / 2, strip.box.right, middle + _CARD_PX / 2), zone)


def in_price_order(wishes: Sequence[Wish], zones: Sequence[Zone]) -> list[Wish]:
    """Return the wishes with those clamped to one edge still in the order of their prices."""
    return [
        Wish(wish.at - 1e-6 * math.log(zone.band.price), wish.size) for wish, zone in zip(wishes, zones, strict=True)
    ]


def draw_leader(sheet: Sheet, strip: Strip, zone: Zone, middle: float) -> None:
    """Lead from zone to card; zones and cards have the same order, so straight leaders never cross."""
    at, colour = strip.y(zone.band.price), sheet.theme.side(zone.band.side)
    start, end = strip.panel.right + 3, strip.box.left - 4
    points = [(start, at), (start + _STUB_PX, at), (end - _STUB_PX, middle), (end, middle)]
    sheet.line(points, colour=colour, name="leader")


def _draw_card(sheet: Sheet, box: Box, zone: Zone) -> None:
    colour = sheet.theme.side(zone.band.side)
    sheet.plate(Box(box.left - _RULE_PX, box.top, box.left, box.bottom), fill=colour, round_px=3, name="card")
    left, room = box.left + 14, box.width - 14
    prices, size = fitting_band(sheet, zone, room, LABEL_PX)
    sheet.text(left, box.top + _PRICES_PX / 2, prices, size=size, bold=True, name="zone prices")
    words, votes, middle = score_words(zone), vote_words(zone), box.top + _PRICES_PX + _SCORE_PX / 2
    size = sheet.size_fitting(words, room - sheet.width_of(votes, SMALL_PX) - _CHIP_GAP_PX, SMALL_PX)
    sheet.text(left, middle, words, size=size, colour=colour, name="zone score")
    sheet.text(box.right, middle, votes, size=SMALL_PX, colour=sheet.theme.muted, align="right", name="zone votes")
    draw_chips(sheet, Box(left, box.bottom - CHIP_HEIGHT_PX, box.right, box.bottom), zone.maps, colour)


def fitting_band(sheet: Sheet, zone: Zone, room: float, most_px: float) -> tuple[str, float]:
    """Return a zone's prices and the size [px] at which they fit in bold.

    Where even small letters are too wide (0.000012448-0.000012497), the second price keeps only what differs.
    """
    words = band_text(zone.band.low, zone.band.high)
    size = sheet.size_fitting(words, room, most_px, bold=True)
    if sheet.width_of(words, size, bold=True) > room:
        low, high = price_text(zone.band.low), price_text(zone.band.high)
        same = next((n for n, (one, other) in enumerate(zip(low, high, strict=False)) if one != other), len(high))
        words = f"{low}-…{high[min(same, len(high) - _LEAST_DIGITS) :]}"
        size = sheet.size_fitting(words, room, most_px, bold=True)
    return words, size


def score_words(zone: Zone) -> str:
    """Return score and side in short; a zone that no map really shows says so."""
    return f"score {zone.score:.0f} · {CROWD[zone.band.side]}" if zone.clear else f"{zone.score:.0f} · no clear zone"


def vote_words(zone: Zone) -> str:
    """Return how many kinds of input agree on a zone, of how many: 2/3. Maps are squares; several share an input."""
    return f"{sum(vote.agrees for vote in zone.inputs)}/{len(zone.inputs)}" if zone.inputs else ""


def draw_chips(sheet: Sheet, box: Box, seen: Sequence[ZoneInMap], colour: str) -> None:
    """Draw a square for each default map: coloured when it shows the zone, grey when it does not."""
    if not seen:
        return
    width = min(_CHIP_WIDTH_PX, (box.width - _CHIP_GAP_PX * (len(seen) - 1)) / len(seen))
    for number, each in enumerate(seen):
        left = box.left + number * (width + _CHIP_GAP_PX)
        chip = Box(left, box.top, left + width, box.bottom)
        name = f"chip {'lit' if each.hit else 'dark'}"
        sheet.plate(chip, fill=colour if each.hit else sheet.theme.faint, round_px=7, name=name)
        ink = sheet.theme.on_colour if each.hit else sheet.theme.muted
        words = chip_words(each)
        sheet.text(chip.centre, chip.middle, words, size=CHIP_PX, colour=ink, bold=each.hit, align="center", name=name)


def chip_words(seen: ZoneInMap) -> str:
    """Return a default map in short: the window of Model 1, else the model."""
    return seen.key.window.name if seen.key.model == "M1" else seen.key.model


def draw_arrows(sheet: Sheet, panel: Box, shown: PriceRange, zones: Sequence[Zone]) -> None:
    """Point at the nearest zone beyond each edge of the panel, with its price and distance."""
    for side in SIDES:
        beyond = [zone for zone in zones if zone.band.side == side and not shown.holds(zone.band.near)]
        if beyond:
            _draw_arrow(sheet, panel, min(beyond, key=lambda zone: abs(zone.distance)), len(beyond))


def _draw_arrow(sheet: Sheet, panel: Box, zone: Zone, count: int) -> None:
    colour, up = sheet.theme.side(zone.band.side), zone.band.side == "above"
    words = f"{price_text(zone.band.near)}  {percent_text(zone.distance)}"
    if count > 1:
        words += f"  and {count - 1} more"
    y = panel.top + 28 if up else panel.bottom - 28
    x, tip = panel.right - 16 - _ARROW_PX, -_ARROW_PX if up else _ARROW_PX
    sheet.shape(
        [(x - _ARROW_PX, y - tip / 2), (x + _ARROW_PX, y - tip / 2), (x, y + tip)], colour=colour, name="edge arrow"
    )
    sheet.text(x - 2 * _ARROW_PX, y, words, size=SMALL_PX, bold=True, colour=colour, align="right", name="edge arrow")
