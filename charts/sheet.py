"""The sheet that a picture is drawn on: pixels from the top left, panels, and text whose width is known beforehand."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.image import BboxImage
from matplotlib.lines import Line2D
from matplotlib.patches import FancyBboxPatch, Polygon, Rectangle
from matplotlib.text import Text
from matplotlib.transforms import Affine2D, Bbox, TransformedBbox
from numpy.typing import NDArray

from charts.theme import Theme

DPI = 72
"""Dots per inch at which a point is a pixel, so that every size of letters and lines is one in pixels."""
WIDTH_PX = 1_600
_SMALLEST_PX = 24
"""Text is shrunk to fit, never below this: a quarter of it is the least that a chat's preview can show."""

Align = Literal["left", "center", "right"]
Anchor = Literal["top", "center", "bottom", "baseline"]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on the sheet [px from the top left]."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """From left to right [px]."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """From top to bottom [px]."""
        return self.bottom - self.top

    @property
    def middle(self) -> float:
        """Half-way between top and bottom [px]."""
        return (self.top + self.bottom) / 2

    @property
    def centre(self) -> float:
        """Half-way between left and right [px]."""
        return (self.left + self.right) / 2


class Sheet:
    """A figure of a fixed size in pixels."""

    def __init__(self, theme: Theme, *, height: int, width: int = WIDTH_PX) -> None:
        self.theme = theme
        self.width = width
        self.height = height
        self.figure = Figure(figsize=(width / DPI, height / DPI), dpi=DPI, facecolor=theme.background)
        self.pixels = Affine2D().scale(1 / width, -1 / height).translate(0, 1) + self.figure.transFigure

    def panel(self, box: Box, name: str, *, x: tuple[float, float], y: tuple[float, float], ground: str) -> Axes:
        """Return bare axes over `box`, called `name`, with data limits `x` and `y` and no ticks of their own."""
        rect = (
            box.left / self.width,
            1 - box.bottom / self.height,
            box.width / self.width,
            box.height / self.height,
        )
        axes = self.figure.add_axes(rect, label=name, facecolor=ground, xlim=x, ylim=y, xmargin=0, ymargin=0)
        axes.xaxis.set_visible(False)
        axes.yaxis.set_visible(False)
        for spine in axes.spines.values():
            spine.set_visible(False)
        return axes

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        size: float,
        colour: str | None = None,
        bold: bool = False,
        align: Align = "left",
        anchor: Anchor = "center",
        name: str = "",
    ) -> Text:
        """Write words at a point [px]; `name` is the artist's label, by which it can be found."""
        artist = Text(
            x,
            y,
            words,
            color=colour or self.theme.ink,
            fontproperties=_font(size, bold=bold),
            horizontalalignment=align,
            verticalalignment="center_baseline" if anchor == "center" else anchor,
            transform=self.pixels,
            parse_math=False,
            label=name,
            zorder=20,
        )
        self.figure.add_artist(artist)
        return artist

    def width_of(self, words: str, size: float, *, bold: bool = False) -> float:
        """Return how wide words are [px]."""
        return _width(words, size, bold=bold)

    def size_fitting(self, words: str, room: float, size: float, *, bold: bool = False) -> float:
        """Return the size, at most `size` and never illegibly small, at which words fit into `room` [px]."""
        wide = self.width_of(words, size, bold=bold)
        return size if wide <= room else max(_SMALLEST_PX, size * room / wide)

    def plate(self, box: Box, *, fill: str, edge: str | None = None, round_px: float = 8, name: str = "") -> None:
        """Draw a rounded rectangle."""
        self.figure.add_artist(
            FancyBboxPatch(
                (box.left, box.top),
                box.width,
                box.height,
                boxstyle=f"round,pad=0,rounding_size={min(round_px, box.height / 2)}",
                facecolor=fill,
                edgecolor=edge or fill,
                linewidth=2 if edge else 0,
                transform=self.pixels,
                label=name,
                zorder=10,
            )
        )

    def bar(self, box: Box, *, fill: str, alpha: float = 1.0, name: str = "") -> None:
        """Fill a rectangle."""
        self.figure.add_artist(
            Rectangle(
                (box.left, box.top),
                box.width,
                box.height,
                facecolor=fill,
                alpha=alpha,
                linewidth=0,
                transform=self.pixels,
                label=name,
                zorder=10,
            )
        )

    def image(self, box: Box, colours: NDArray[np.uint8], *, name: str) -> None:
        """Fill a rectangle with an image, shape (rows, columns, 4), row 0 at the bottom."""
        place = TransformedBbox(Bbox([[box.left, box.bottom], [box.right, box.top]]), self.pixels)
        artist = BboxImage(place, interpolation="nearest", origin="lower", label=name, zorder=7)
        artist.set_data(colours)
        self.figure.add_artist(artist)

    def line(self, points: list[tuple[float, float]], *, colour: str, width: float = 2, name: str = "") -> None:
        """Draw a line through points [px]."""
        self.figure.add_artist(
            Line2D(
                [x for x, _ in points],
                [y for _, y in points],
                color=colour,
                linewidth=width,
                solid_joinstyle="round",
                transform=self.pixels,
                label=name,
                zorder=8,
            )
        )

    def shape(self, points: list[tuple[float, float]], *, colour: str, name: str = "") -> None:
        """Fill a polygon [px]."""
        self.figure.add_artist(
            Polygon(points, closed=True, facecolor=colour, linewidth=0, transform=self.pixels, label=name, zorder=11)
        )


@functools.cache
def _ruler() -> RendererBase:
    """Return a renderer that is only measured with: one for all sheets, which have the same dots per inch."""
    return FigureCanvasAgg(Figure(figsize=(1, 1), dpi=DPI)).get_renderer()  # type: ignore[no-untyped-call, no-any-return]


@functools.lru_cache(maxsize=4_096)
def _width(words: str, size: float, *, bold: bool) -> float:
    """Return how wide words are [px]; remembered, for most words of a picture stand in the next one too."""
    return float(_ruler().get_text_width_height_descent(words, _font(size, bold=bold), ismath=False)[0])


@functools.lru_cache(maxsize=256)
def _font(size: float, *, bold: bool) -> FontProperties:
    """Return DejaVu Sans, the one typeface that comes with matplotlib, so that every machine draws the same."""
    return FontProperties(family="DejaVu Sans", size=size, weight="bold" if bold else "normal")
