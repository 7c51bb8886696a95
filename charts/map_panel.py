"""One map over time: heat, and the candles that made it, in a panel of moments by ln price."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from charts.bars import Bars, draw_bars
from charts.heat import HeatImage, draw_heat, heat_image
from charts.scales import PriceRange
from charts.sheet import Box, Sheet
from charts.theme import SMALL_PX
from engine.results import LiquidationMap

NO_HISTORY = "no history of this map"
NO_DATA = "nothing known here"
_GAP_HATCH = "/"
_GAP_HATCH_PX = 3.0
"""Still seen where a chat shows the picture 500 pixels wide."""


@dataclass(frozen=True, slots=True)
class View:
    """The prices and the moments [Unix s] that a panel shows."""

    prices: PriceRange
    span_s: tuple[float, float]

    @classmethod
    def of(cls, prices: PriceRange, end_s: int, length_s: int) -> View:
        """Return the view of the `length_s` before `end_s`."""
        return cls(prices, (float(end_s - length_s), float(end_s)))


def draw_map(sheet: Sheet, box: Box, map_: LiquidationMap, bars: Bars, view: View, *, name: str = "map") -> Axes:
    """Draw a map's columns under candles; a map without columns says so, its past is not made up.

    Where no column reaches, the sheet shows through, and moments that a column says nothing of are hatched: unknown
    does not look like nothing there.
    """
    axes = sheet.panel(box, name, x=view.span_s, y=view.prices.logs, ground=sheet.theme.background)
    if map_.columns is None:
        middle = box.bottom - SMALL_PX
        sheet.text(box.centre, middle, NO_HISTORY, size=SMALL_PX, colour=sheet.theme.muted, align="center", name="note")
    else:
        cells = {"most_rows": int(box.height), "most_columns": int(box.width)}
        image = heat_image(map_.columns, view.prices, view.span_s, **cells)
        if image is not None:
            draw_heat(axes, image, sheet.theme)
            _mark_gaps(sheet, box, axes, image)
    draw_bars(axes, bars, sheet.theme)
    axes.set(xlim=view.span_s, ylim=view.prices.logs)
    return axes


def _mark_gaps(sheet: Sheet, box: Box, axes: Axes, image: HeatImage) -> None:
    """Hatch the panel behind the heat where a moment is unknown, and say so in the longest of these gaps."""
    gap = image.widest_gap_s()
    if gap is None:
        return
    (left_s, right_s), (low, high) = axes.get_xlim(), axes.get_ylim()
    hatched = Rectangle((image.left_s, low), image.right_s - image.left_s, high - low, zorder=0.5, label="unknown")
    hatched.set(facecolor="none", edgecolor=sheet.theme.faint, linewidth=0, hatch=_GAP_HATCH)
    hatched.set_hatch_linewidth(_GAP_HATCH_PX)
    axes.add_artist(hatched)
    start, end = (box.left + box.width * (at - left_s) / (right_s - left_s) for at in gap)
    if end - start > sheet.width_of(NO_DATA, SMALL_PX) + SMALL_PX:
        x, y = (start + end) / 2, box.bottom - SMALL_PX
        sheet.text(x, y, NO_DATA, size=SMALL_PX, colour=sheet.theme.muted, align="center", name="gap note")
