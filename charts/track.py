"""What became of what was published: shares with their intervals beside the chances that were told."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.figure import Figure

from charts.sheet import WIDTH_PX, Box, Sheet
from charts.theme import DARK, LABEL_PX, SMALL_PX, TITLE_PX, Theme
from engine.skill.records import TrackRecord
from engine.skill.resampling import Interval
from engine.text import moment_text, percent_text

_EDGE = 40
_HEAD = 190
_FOOT = 175
_ROW = 74
_NAMES = 560
_FIGURES = 250
_DOT = 11
_WHISKER = 9
_CHANCE = 22


@dataclass(frozen=True, slots=True)
class _Row:
    """What is counted, of how many, how often it came about, and how often chance would have it."""

    name: str
    known: int
    share: Interval
    chance: float


def draw_track(record: TrackRecord, theme: Theme = DARK) -> Figure:
    """Return the picture of a track record: a row each, share and 95 % interval in colour, chance as a line across."""
    rows = _rows(record)
    sheet = Sheet(theme, height=_HEAD + _ROW * len(rows) + _FOOT)
    plot = Box(_EDGE + _NAMES, _HEAD, WIDTH_PX - _EDGE - _FIGURES, _HEAD + _ROW * len(rows))
    _draw_head(sheet, record)
    for percent in range(0, 101, 20):
        x = plot.left + plot.width * percent / 100
        sheet.line([(x, plot.top), (x, plot.bottom)], colour=theme.faint)
        sheet.text(x, plot.bottom + 26, f"{percent} %", size=SMALL_PX, colour=theme.muted, align="center")
    for number, row in enumerate(rows):
        _draw_row(sheet, plot, _HEAD + _ROW * (number + 0.5), row)
    _draw_foot(sheet)
    return sheet.figure


def _rows(record: TrackRecord) -> list[_Row]:
    favoured = record.setups.favoured
    rows = [_Row(f"touched in {each.hours} h", each.zones, each.touched, each.chance) for each in record.touch]
    if favoured.decided:
        around = Interval(
            favoured.right, *(favoured.by_chance + end for end in (favoured.lift.low, favoured.lift.high))
        )
        rows.append(_Row("favoured side first", favoured.decided, around, favoured.by_chance))
    return rows + [
        _Row(f"24 h chance {100 * each.low:.0f}-{100 * each.high:.0f} %", each.zones, each.touched, each.chance)
        for each in record.classes
    ]


def _draw_head(sheet: Sheet, record: TrackRecord) -> None:
    title = f"{record.symbol or 'All symbols'}: what became of {record.zones:,} zones"
    room = WIDTH_PX - 2 * _EDGE
    sheet.text(_EDGE, 62, title, size=sheet.size_fitting(title, room, TITLE_PX, bold=True), bold=True, name="title")
    words = f"Published {moment_text(record.from_s)} to {moment_text(record.until_s)}, graded after three days"
    sheet.text(_EDGE, 124, words, size=sheet.size_fitting(words, room, LABEL_PX), colour=sheet.theme.muted, name="span")


def _draw_row(sheet: Sheet, plot: Box, y: float, row: _Row) -> None:
    theme = sheet.theme
    size = sheet.size_fitting(row.name, _NAMES - 20, LABEL_PX)
    sheet.text(_EDGE, y, row.name, size=size, name=f"name {row.name}")
    estimate, low, high, chance = (
        plot.left + plot.width * min(max(value, 0.0), 1.0)
        for value in (row.share.estimate, row.share.low, row.share.high, row.chance)
    )
    sheet.line([(low, y), (high, y)], colour=theme.rising, width=5, name=f"interval {row.name}")
    for x in (low, high):
        sheet.line([(x, y - _WHISKER), (x, y + _WHISKER)], colour=theme.rising, width=4)
    dot = Box(estimate - _DOT, y - _DOT, estimate + _DOT, y + _DOT)
    sheet.plate(dot, fill=theme.rising, round_px=_DOT)
    sheet.line([(chance, y - _CHANCE), (chance, y + _CHANCE)], colour=theme.ink, width=5, name=f"chance {row.name}")
    figures = f"{percent_text(row.share.estimate, signed=False, decimals=0)} of {row.known:,}"
    sheet.text(WIDTH_PX - _EDGE, y, figures, size=LABEL_PX, align="right", name=f"figures {row.name}")


def _draw_foot(sheet: Sheet) -> None:
    drawn = "Dots: what came about, with 95 % intervals (whole blocks of three days drawn again)."
    warning = "Upright lines: the chance that was told, or that a walk without drift gives. Past rates are no forecast."
    for number, words in enumerate((drawn, warning)):
        y = sheet.height - 96 + 48 * number
        size = sheet.size_fitting(words, WIDTH_PX - 2 * _EDGE, SMALL_PX)
        sheet.text(_EDGE, y, words, size=size, colour=sheet.theme.muted, name=f"foot {number}")
