"""Which picture belongs to an answer, what its file is called, and how it gets onto the disk."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bot.replies import Picture
from bot.wording import SEPARATOR, map_text, zone_text
from engine.results import Analysis, LevelReport, Side
from engine.text import moment_text, price_text
from engine.windows import iso

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from charts import Theme

_SIDES: tuple[Side, Side] = ("above", "below")


def liq_picture(analysis: Analysis) -> Picture:
    """Return the picture of the map that is shown."""
    shown = map_text(analysis.shown)
    zones = (analysis.zones_on(side)[:1] for side in _SIDES)
    best = SEPARATOR.join(f"{zone.band.side} {zone_text(zone)}" for side in zones for zone in side if zone.clear)
    alt = f"{_market_name(analysis)} liquidation map {shown}, {moment_text(analysis.as_of_s)}. {best}".strip()
    return Picture(kind="map", subject=analysis, stem=f"{_stem(analysis)}-{_dashed(shown)}", alt=alt)


def maps_picture(analysis: Analysis) -> Picture:
    """Return the picture of the four default maps on one price axis."""
    alt = f"{_market_name(analysis)}, the four default liquidation maps, {moment_text(analysis.as_of_s)}."
    return Picture(kind="four maps", subject=analysis, stem=f"{_stem(analysis)}-four-maps", alt=alt)


def level_picture(report: LevelReport) -> Picture:
    """Return the picture cropped to the level."""
    analysis = report.analysis
    level = price_text(report.price)
    alt = f"{_market_name(analysis)} around {level}, {moment_text(analysis.as_of_s)}. {report.verdict_text}"
    stem = f"{_stem(analysis)}-level-{report.price:.10g}-{_dashed(map_text(analysis.shown))}"
    return Picture(kind="level", subject=report, stem=stem, alt=alt)


def file_name(picture: Picture, theme: str) -> str:
    """Return the file's name: the same market, moment, map and theme always give the same."""
    return f"{picture.stem}-{theme}.png"


def write_picture(picture: Picture, directory: Path, *, theme: str, width_px: int) -> Path:
    """Draw a picture into `directory` (made when absent) and return the file's path.

    Raises:
        OSError: the directory or the file cannot be written.

    """
    from charts import theme_named, write_png  # matplotlib costs most of a start

    directory.mkdir(parents=True, exist_ok=True)
    figure = _draw(picture, theme_named(theme))
    return write_png(figure, directory / file_name(picture, theme), width_px=width_px)


def picture_png(picture: Picture, *, theme: str, width_px: int) -> bytes:
    """Return a picture as the bytes of a PNG file."""
    from charts import theme_named, to_png  # matplotlib costs most of a start

    return to_png(_draw(picture, theme_named(theme)), width_px=width_px)


def _draw(picture: Picture, theme: Theme) -> Figure:
    from charts import draw_four_maps, draw_level, draw_liquidations

    if isinstance(picture.subject, LevelReport):
        return draw_level(picture.subject, theme)
    draw = draw_four_maps if picture.kind == "four maps" else draw_liquidations
    return draw(picture.subject, theme)


def _market_name(analysis: Analysis) -> str:
    return f"SIMULATED {analysis.symbol}" if analysis.source == "simulated" else analysis.symbol


def _stem(analysis: Analysis) -> str:
    moment = iso(analysis.as_of_s).removesuffix("Z").removesuffix(":00").replace(":", "")
    return f"{analysis.symbol}-{'simulated-' if analysis.source == 'simulated' else ''}{moment}Z"


def _dashed(text: str) -> str:
    return text.replace(" ", "-")
