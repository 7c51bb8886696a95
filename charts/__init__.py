"""Pictures: pure functions of the engine's results, drawn with matplotlib's Figure (never pyplot)."""

from charts.four_maps import draw_four_maps
from charts.level import draw_level
from charts.liquidations import draw_liquidations
from charts.png import to_png, write_png
from charts.theme import COLOUR_BLIND, DARK, LIGHT, THEMES, Theme, UnknownThemeError, theme_named

__all__ = [
    "COLOUR_BLIND",
    "DARK",
    "LIGHT",
    "THEMES",
    "Theme",
    "UnknownThemeError",
    "draw_four_maps",
    "draw_level",
    "draw_liquidations",
    "theme_named",
    "to_png",
    "write_png",
]
