"""What stands around the panels: header, time and price labels, colour bar, disclaimer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from charts.heat import BRIGHTEST_SHARE, shade
from charts.placement import Wish, place
from charts.scales import PriceRange, Tick
from charts.sheet import Box, Sheet
from charts.theme import CHIP_PX, HEADING_PX, LABEL_PX, SMALL_PX, TITLE_PX, heat_table
from engine.results import DISCLAIMER, Analysis, LiquidationMap, Zone
from engine.text import duration_text, moment_text, percent_text, price_text, venue_text

SIMULATED = "SIMULATED"
_MARGIN_PX = 32
_TITLE_MIDDLE_PX = 66
_SECOND_LINE_PX = 132
TAG_PX = 46
_WATERMARK_ALPHA = 0.45
_LABEL_SLOT = 1.55
"""Time labels stand at least this many of their own widths apart, middle to middle."""


def draw_header(sheet: Sheet, analysis: Analysis, *, subject: str, second_line: str, source: str) -> None:
    """Write what the picture is about, its moment, the map and its source; simulated data cannot be overlooked."""
    left, right = _MARGIN_PX, sheet.width - _MARGIN_PX
    moment = moment_text(analysis.as_of_s)
    moment_px = sheet.width_of(moment, HEADING_PX)
    sheet.text(right, _TITLE_MIDDLE_PX, moment, size=HEADING_PX, align="right", name="moment")
    room = right - left - moment_px - 48
    if analysis.source == "simulated":
        badge = sheet.width_of(SIMULATED, TITLE_PX, bold=True) + 48
        box = Box(right - moment_px - 40 - badge, 24, right - moment_px - 40, 108)
        sheet.plate(box, fill=sheet.theme.warning, round_px=12, name="simulated badge")
        sheet.text(
            box.centre,
            box.middle,
            SIMULATED,
            size=TITLE_PX,
            bold=True,
            colour=sheet.theme.on_warning,
            align="center",
            name="simulated",
        )
        room -= badge + 40
    size = sheet.size_fitting(subject, room, TITLE_PX, bold=True)
    sheet.text(left, _TITLE_MIDDLE_PX, subject, size=size, bold=True, name="title")
    _draw_second_line(sheet, second_line, source)


def _draw_second_line(sheet: Sheet, words: str, market: str) -> None:
    left, right = _MARGIN_PX, sheet.width - _MARGIN_PX
    size = sheet.size_fitting(market, 0.5 * (right - left), HEADING_PX)
    sheet.text(right, _SECOND_LINE_PX, market, size=size, colour=sheet.theme.muted, align="right", name="venues")
    room = right - left - sheet.width_of(market, size) - 40
    sheet.text(
        left,
        _SECOND_LINE_PX,
        words,
        size=sheet.size_fitting(words, room, HEADING_PX),
        colour=sheet.theme.muted,
        name="model",
    )


def subject_words(analysis: Analysis) -> str:
    """Return symbol and price."""
    return f"{analysis.symbol} {price_text(analysis.price)}"


def map_words(map_: LiquidationMap) -> str:
    """Return a map in words: M1 High leverage · 24h."""
    return f"{map_.key.model} {map_.model_name}".strip() + f" · {map_.key.window.name}"


def coverage_words(map_: LiquidationMap) -> str:
    """Return how much of its venue a map of real positions covers, "" for a modelled map."""
    if map_.observed is None:
        return ""
    seen = map_.observed.coverage
    longs, shorts = (percent_text(share, signed=False, decimals=0) for share in (seen.long_share, seen.short_share))
    return f"{longs} of longs, {shorts} of shorts"


def source_words(analysis: Analysis) -> str:
    """Return whose numbers the shown map holds: the market's, or a venue's wallets and how long ago they were asked."""
    observed = analysis.shown_map.observed
    if observed is None or analysis.source == "simulated":
        return market_words(analysis)
    seen = observed.coverage
    return f"{venue_text(seen.venue)} wallets, {duration_text(seen.age_s)} old"


def market_words(analysis: Analysis) -> str:
    """Return whose market it is: Binance + Bybit perps."""
    if analysis.source == "simulated":
        return "simulated market, no real prices"
    names = " + ".join(venue_text(venue.name) for venue in analysis.venues)
    return f"{names} perp{'s' if len(analysis.venues) > 1 else ''}"


def draw_watermark(sheet: Sheet, box: Box) -> None:
    """Write SIMULATED across a panel, so that no crop of the picture passes for a real market."""
    size, colour = box.width / 7.5, sheet.theme.warning
    y = box.bottom - 0.2 * box.height
    artist = sheet.text(box.centre, y, SIMULATED, size=size, bold=True, colour=colour, align="center", name="simulated")
    artist.set_alpha(_WATERMARK_ALPHA)


@dataclass(frozen=True, slots=True)
class PriceTag:
    """A price that is written over the price axis, on a plate of its own colour."""

    price: float
    fill: str
    ink: str
    name: str


def draw_price_labels(
    sheet: Sheet, box: Box, shown: PriceRange, ticks: Sequence[Tick], tags: Sequence[PriceTag]
) -> None:
    """Write prices at the left of a panel, none half outside it, and the tags over them at their own height."""
    wishes = [Wish(box.bottom - shown.share(tag.price) * box.height, TAG_PX) for tag in tags]
    middles = place(wishes, box.top - TAG_PX / 2, box.bottom + TAG_PX / 2, gap=2)
    for tick in ticks:
        y = box.bottom - shown.share(tick.at) * box.height
        clear = all(abs(y - middle) >= (TAG_PX + SMALL_PX) / 2 for middle in middles)
        if clear and box.top + SMALL_PX / 2 <= y <= box.bottom - SMALL_PX / 2:
            colour = sheet.theme.muted
            sheet.text(box.left - 14, y, tick.words, size=SMALL_PX, colour=colour, align="right", name="price label")
    for tag, middle in zip(tags, middles, strict=True):
        _draw_tag(sheet, box, tag, middle)


def _draw_tag(sheet: Sheet, box: Box, tag: PriceTag, middle: float) -> None:
    words = price_text(tag.price)
    size = sheet.size_fitting(words, tag_room(box), LABEL_PX, bold=True)
    width = sheet.width_of(words, size, bold=True) + 20
    plate = Box(box.left - 4 - width, middle - TAG_PX / 2, box.left - 4, middle + TAG_PX / 2)
    sheet.plate(plate, fill=tag.fill, round_px=8, name=tag.name)
    sheet.text(plate.centre, plate.middle, words, size=size, bold=True, colour=tag.ink, align="center", name=tag.name)


def tag_room(box: Box) -> float:
    """Return how wide the words of a tag at the left of `box` may be [px]."""
    return box.left - 4 - 20 - _MARGIN_PX / 4


def axis_room(sheet: Sheet, ticks: Sequence[Tick], prices: Sequence[float]) -> float:
    """Return how much room price labels and tags need at the left of a panel, the sheet's margin included [px]."""
    labels = [sheet.width_of(tick.words, SMALL_PX) + 14 for tick in ticks]
    tags = [sheet.width_of(price_text(price), LABEL_PX, bold=True) + 24 for price in prices]
    return max(_MARGIN_PX + max(labels, default=0), _MARGIN_PX / 2 + max(tags, default=0))


def draw_time_labels(
    sheet: Sheet, box: Box, span_s: tuple[float, float], ticks: Sequence[Tick], *, zone: str = "UTC"
) -> None:
    """Write moments under a panel, none over its ends, and at the left the time zone they are in."""
    for tick in ticks:
        half = sheet.width_of(tick.words, SMALL_PX, bold=tick.strong) / 2
        x = box.left + (tick.at - span_s[0]) / (span_s[1] - span_s[0]) * box.width
        if box.left + half - 8 <= x <= box.right - half + 8:
            sheet.text(
                x,
                box.bottom + 30,
                tick.words,
                size=SMALL_PX,
                bold=tick.strong,
                colour=sheet.theme.ink if tick.strong else sheet.theme.muted,
                align="center",
                name="time label",
            )
    at = box.left - 14, box.bottom + 30
    sheet.text(*at, zone, size=SMALL_PX, colour=sheet.theme.muted, align="right", name="time zone")


def most_time_labels(sheet: Sheet, width_px: float) -> int:
    """Return how many time labels fit under a panel with air between them."""
    return max(2, int(width_px / (_LABEL_SLOT * sheet.width_of("00:00", SMALL_PX))))


def draw_colour_bar(sheet: Sheet, box: Box, note: str = "") -> None:
    """Draw the heat's scale in relative units, numbers on it where they stand, and what 100 means beside it."""
    sheet.image(box, heat_table(sheet.theme)[np.newaxis], name="colour bar")
    for value in (0, 10, 50, 100):
        position = float(shade(np.array([value / 100]))[0]) / 255
        words = str(value)
        half = sheet.width_of(words, CHIP_PX) / 2 + 8
        x = min(max(box.left + position * box.width, box.left + half), box.right - half)
        sheet.text(x, box.middle, words, size=CHIP_PX, colour=_ink_on(sheet, position), align="center", name="scale")
    top = percent_text(BRIGHTEST_SHARE, signed=False)
    words = f"relative density, 100 = top {top} of cells{note}"
    room = sheet.width - _MARGIN_PX - box.right - 20
    size = sheet.size_fitting(words, room, SMALL_PX)
    sheet.text(box.right + 20, box.middle, words, size=size, colour=sheet.theme.muted, name="scale note")


def _ink_on(sheet: Sheet, position: float) -> str:
    """Return black or white, whichever stands out from the heat at a position (0-1) of the scale."""
    red, green, blue, _ = heat_table(sheet.theme)[round(255 * position)].tolist()
    luminance = 0.299 * red + 0.587 * green + 0.114 * blue  # Rec. 601 luma
    return "#000000" if luminance > 140 else "#ffffff"


def draw_vote_key(sheet: Sheet, zones: Sequence[Zone], disclaimer: str = DISCLAIMER) -> None:
    """Say what the fraction on a card means, and which inputs were asked, in what room the disclaimer leaves."""
    names = [vote.name for vote in zones[0].inputs] if zones else []
    if names:
        words = f"{len(names)}/{len(names)} inputs agree: {', '.join(names)}"
        y, right = sheet.height - 36, sheet.width - _MARGIN_PX
        room = right - _MARGIN_PX - sheet.width_of(disclaimer, SMALL_PX) - SMALL_PX
        size = sheet.size_fitting(words, room, CHIP_PX)
        sheet.text(right, y, words, size=size, colour=sheet.theme.muted, align="right", name="vote key")


def draw_disclaimer(sheet: Sheet, words: str = DISCLAIMER) -> None:
    """Write what every picture must say: what its numbers are not."""
    sheet.text(
        _MARGIN_PX,
        sheet.height - 36,
        words,
        size=SMALL_PX,
        colour=sheet.theme.muted,
        name="disclaimer",
    )
