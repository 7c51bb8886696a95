"""Liquidations that happened, over the map: marks where venues told of them, and a strip for when anybody listened."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.path import Path
from matplotlib.transforms import IdentityTransform
from numpy.typing import NDArray

from charts.map_panel import View
from charts.sheet import Box, Sheet
from charts.theme import SMALL_PX, Theme, rgb
from engine.grid import LOG_STEP, FloatArray
from engine.realised import Liquidations, Realised
from engine.text import usd_text, venue_text

Crowd = Literal["longs", "shorts"]
CROWDS: tuple[Crowd, Crowd] = ("longs", "shorts")

MOST_MARKS = 120
"""The largest are drawn: more would hide what they stand on."""
CELL_PX = 27
"""What lies closer together than this, in time or price, is one mark: marks must not bury each other."""
FULL_SHARE = 0.02
"""The largest two percent of the cells share the largest mark: one cascade must not make specks of the rest."""
LARGEST_PX = 44
SMALLEST_PX = 13
"""Widths of marks: what would be smaller is not drawn, for at a quarter of the size it could not be seen."""
STRIP_PX = 10
STRIP_GAP_PX = 4
LEGEND_PX = 92
"""Height of the two lines that explain marks and strip."""
_LINE_PX = 46
_GLYPH_PX = 26
_GAP_PX = 10
_RIM_PX = 1.6
_KEY = np.array([1 << 24, 4, 1], dtype=np.int64)
"""Makes one number of slot, row and side (-1, +1): rows are some tens of thousands of either sign at most."""
_MARGIN_PX = 32


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Marks:
    """One crowd's liquidations, one mark per cell of candles and bins, largest first, at their mean by USD.

    time_s, price, usd: (n,) [Unix s], [price], [USD]; full_usd: from here on a mark is of the largest size [USD].
    """

    crowd: Crowd
    time_s: FloatArray
    price: FloatArray
    usd: FloatArray
    full_usd: float

    @property
    def area_px(self) -> FloatArray:
        """The area of the square around each mark, shape (n,) [px²]: in proportion to its USD, up to the largest."""
        return LARGEST_PX**2 * np.minimum(self.usd / self.full_usd, 1.0)


def in_view(realised: Sequence[Realised], view: View) -> tuple[Realised, ...]:
    """Return the venues of which anything was heard, or that were listened to, inside the moments of a view."""
    return tuple(each for each in realised if _is_in_view(each.liquidations, view))


def _is_in_view(told: Liquidations, view: View) -> bool:
    start_s, end_s = view.span_s
    happened = (told.at_ms > 1_000 * start_s) & (told.at_ms <= 1_000 * end_s)
    heard = (told.heard_to_s > start_s) & (told.heard_from_s < end_s)
    return bool(np.any(happened) or np.any(heard))


def gather_marks(realised: Sequence[Realised], view: View, panel: Box, timeframe_s: int) -> tuple[Marks, Marks]:
    """Return the marks of longs and of shorts inside a view, the largest of both together, of all venues.

    Cells are whole candles by whole bins at fixed places, so that the same liquidations stay together as time goes on.
    """
    told = [each.liquidations for each in realised]
    at_ms, side = (np.concatenate([getattr(each, name) for each in told]) for name in ("at_ms", "side"))
    log_price = np.log(np.concatenate([each.price for each in told]))
    usd = np.concatenate([each.usd for each in told])
    (start_s, end_s), (low, high) = view.span_s, view.prices.logs
    shown = (at_ms > 1_000 * start_s) & (at_ms <= 1_000 * end_s) & (log_price >= low) & (log_price <= high)
    at_s, side, log_price, usd = at_ms[shown] / 1_000, side[shown], log_price[shown], usd[shown]
    long_s = timeframe_s * _whole(CELL_PX / panel.width * (end_s - start_s) / timeframe_s)
    high_log = LOG_STEP * _whole(CELL_PX / panel.height * (high - low) / LOG_STEP)
    slot, row = (at_s // long_s).astype(np.int64), (log_price // high_log).astype(np.int64)
    cells, member = np.unique(np.stack([slot, row, side], axis=1) @ _KEY, return_inverse=True)
    total: FloatArray = np.bincount(member, weights=usd, minlength=len(cells)).astype(np.float64)
    time_s, middle = (
        np.bincount(member, weights=usd * values, minlength=len(cells)) / total for values in (at_s, log_price)
    )
    crowd_of = np.bincount(member, weights=usd * side, minlength=len(cells))
    full_usd = float(np.quantile(total, 1 - FULL_SHARE)) if len(total) else math.nan
    largest = np.argsort(-total, kind="stable")[:MOST_MARKS]
    largest = largest[total[largest] >= full_usd * (SMALLEST_PX / LARGEST_PX) ** 2]
    longs, shorts = (
        Marks(
            crowd=crowd,
            time_s=time_s[chosen],
            price=np.exp(middle[chosen]),
            usd=total[chosen],
            full_usd=full_usd,
        )
        for crowd, side in zip(CROWDS, (1, -1), strict=True)
        for chosen in [largest[crowd_of[largest] * side > 0]]
    )
    return longs, shorts


def _whole(number: float) -> int:
    return max(1, math.ceil(number))


def draw_marks(axes: Axes, marks: Sequence[Marks], theme: Theme) -> None:
    """Draw marks on axes of Unix seconds by ln price: ▼ longs, which sold, ▲ shorts, which bought.

    A tip is where it happened. They stand behind the candles, so that the price is never hidden.
    """
    for each in (each for each in marks if len(each.usd)):
        collection = PathCollection(
            [Path([*_triangle(each.crowd), (0.0, 0.0)], closed=True)],
            sizes=each.area_px,
            facecolors=_colour(each.crowd, theme),
            edgecolors=theme.price,
            linewidths=_RIM_PX,
            offsets=np.column_stack([each.time_s, np.log(each.price)]),
            offset_transform=axes.transData,
            zorder=3,
            label=f"liquidated {each.crowd}",
        )
        collection.set_transform(IdentityTransform())
        axes.add_collection(collection, autolim=False)


def _triangle(crowd: Crowd) -> list[tuple[float, float]]:
    """Return the corners of a triangle one wide, y upwards: its tip, at the origin, points where price was pushed."""
    away = -1 if crowd == "shorts" else 1
    return [(-0.5, 0.9 * away), (0.5, 0.9 * away), (0.0, 0.0)]


def _colour(crowd: Crowd, theme: Theme) -> str:
    return theme.above if crowd == "shorts" else theme.below


def draw_strip(sheet: Sheet, panel: Box, realised: Sequence[Realised], view: View) -> None:
    """Draw a strip under a panel, as high as the share of venues that were listened to; nothing before the data begins.

    A pixel counts for a venue when at least half of its time was listened to.
    """
    start_s, end_s = view.span_s
    first_s = max(start_s, *(each.since_s for each in realised))
    left = panel.left + (first_s - start_s) / (end_s - start_s) * panel.width
    box = Box(left, panel.bottom + STRIP_GAP_PX, panel.right, panel.bottom + STRIP_GAP_PX + STRIP_PX)
    edges = np.linspace(first_s, end_s, max(1, round(box.width)) + 1)
    heard = sum((heard_share(each.liquidations, edges) >= 0.5).astype(np.int64) for each in realised)
    filled = np.arange(len(realised))[:, np.newaxis] < heard
    colours = np.where(filled[..., np.newaxis], _rgba(sheet.theme.muted), _rgba(sheet.theme.faint))
    sheet.image(box, colours.astype(np.uint8), name="listened")


def heard_share(told: Liquidations, edges_s: FloatArray) -> FloatArray:
    """Return the share of each span between edges (n + 1,) [Unix s] that was listened to, shape (n,) 0-1."""
    turns = np.column_stack([told.heard_from_s, told.heard_to_s]).ravel()
    if not len(turns):
        return np.zeros(len(edges_s) - 1)
    lasted = np.cumsum(np.column_stack([np.zeros(len(turns) // 2), told.heard_to_s - told.heard_from_s]).ravel())
    share: FloatArray = np.diff(np.interp(edges_s, turns, lasted)) / np.diff(edges_s)
    return share


def _rgba(colour: str) -> NDArray[np.uint8]:
    return np.array([*rgb(colour), 255], dtype=np.uint8)


def draw_legend(sheet: Sheet, top: float, marks: Sequence[Marks], realised: Sequence[Realised]) -> None:
    """Say on two lines what the marks are, who told of them, which part of them, and what the strip is."""
    x, y = float(_MARGIN_PX), top + _LINE_PX / 2
    for crowd in CROWDS:
        tip = y + _GLYPH_PX * (-0.45 if crowd == "shorts" else 0.45)
        corners = [(x + _GLYPH_PX * (0.5 + dx), tip - _GLYPH_PX * dy) for dx, dy in _triangle(crowd)]
        sheet.shape(corners, colour=_colour(crowd, sheet.theme), name=f"{crowd} key")
        x = _word(sheet, x + _GLYPH_PX + _GAP_PX, y, crowd) + 2 * _GAP_PX
    _word(sheet, x, y, told_words(marks, realised))
    y += _LINE_PX
    x, half = float(_MARGIN_PX), STRIP_PX / 2
    sheet.bar(Box(x, y - half, x + 2 * _GLYPH_PX, y + half), fill=sheet.theme.muted, name="listened key")
    _word(sheet, x + 2 * _GLYPH_PX + _GAP_PX, y, reporting_words(realised))


def _word(sheet: Sheet, x: float, y: float, words: str) -> float:
    """Write words of the legend from `x` on, and return where they end [px]."""
    size = sheet.size_fitting(words, sheet.width - _MARGIN_PX - x, SMALL_PX)
    sheet.text(x, y, words, size=size, colour=sheet.theme.muted, name="legend")
    return x + sheet.width_of(words, size)


def told_words(marks: Sequence[Marks], realised: Sequence[Realised]) -> str:
    """Return who told of the liquidations, and what the smallest and the largest marks are worth."""
    names = ", ".join(venue_text(each.venue) for each in realised)
    return f"liquidated, as told by {names}; {_size_words(marks)}"


def _size_words(marks: Sequence[Marks]) -> str:
    usd = np.concatenate([each.usd for each in marks])
    if not len(usd):
        return "none in view"
    full = marks[0].full_usd
    least, most = usd_text(float(usd.min())), usd_text(min(full, float(usd.max())))
    more = " and more" if usd.max() > full else ""
    return f"area by USD, {most}{more}" if least == most else f"area by USD, {least} to {most}{more}"


def reporting_words(realised: Sequence[Realised]) -> str:
    """Return what the strip is, and which part of its liquidations each venue tells."""
    parts: dict[str, list[str]] = {}
    for each in realised:
        parts.setdefault(each.day.reporting, []).append(venue_text(each.venue))
    told = "; ".join(f"{part} ({', '.join(names)})" for part, names in parts.items())
    return f"when listened · told: {told}"
