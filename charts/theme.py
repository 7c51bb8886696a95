"""How pictures look: each theme is one frozen value. Sizes are pixels of a picture 1,600 wide."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from engine.errors import UnknownNameError
from engine.results import Side

TITLE_PX = 62
HEADING_PX = 36
LABEL_PX = 33
SMALL_PX = 29
"""A chat shows the picture about 400 pixels wide, a quarter of its size: smaller letters would not be read there."""
CHIP_PX = 27

_SHADES = 256


class UnknownThemeError(UnknownNameError):
    """No theme has this name."""

    kind = "theme"


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """The colours of a picture, as #rrggbb.

    heat: the colours from nothing to the brightest cell, evenly spaced; its first is the map's ground. above, below:
    shorts above the price and longs below it; halo: laid around lines so that they stand off from any heat.
    """

    name: str
    background: str
    ink: str
    muted: str
    faint: str
    rising: str
    falling: str
    above: str
    below: str
    price: str
    on_colour: str
    warning: str
    on_warning: str
    halo: str
    heat: tuple[str, ...]

    def side(self, side: Side) -> str:
        """Return the colour of a side."""
        return self.above if side == "above" else self.below


DARK = Theme(
    name="dark",
    background="#0b0e15",
    ink="#f2f5fa",
    muted="#9aa5b8",
    faint="#262d3b",
    rising="#3fe0b0",
    falling="#ff6b7d",
    above="#3fe0b0",
    below="#ff6b7d",
    price="#ffffff",
    on_colour="#0b0e15",
    warning="#ffb020",
    on_warning="#1a1200",
    halo="#05070c",
    heat=("#10141e", "#1b1f45", "#3d2778", "#7a2f8f", "#bd3f7f", "#ee6a55", "#fdab4a", "#fff1b0"),
)

LIGHT = Theme(
    name="light",
    background="#ffffff",
    ink="#141a24",
    muted="#5a6577",
    faint="#e3e7ee",
    rising="#00795a",
    falling="#c9213d",
    above="#00795a",
    below="#c9213d",
    price="#141a24",
    on_colour="#ffffff",
    warning="#c24300",
    on_warning="#ffffff",
    halo="#ffffff",
    heat=("#f6f7fa", "#dfe7f5", "#bcd0ee", "#93b0e4", "#7187d6", "#6059bd", "#552f94", "#37105c"),
)

COLOUR_BLIND = Theme(
    name="colour-blind",
    background="#0a0f1a",
    ink="#f2f5fa",
    muted="#a3adbd",
    faint="#252d3d",
    rising="#6cc0ff",
    falling="#ff9a3d",
    above="#6cc0ff",
    below="#ff9a3d",
    price="#ffffff",
    on_colour="#0a0f1a",
    warning="#ffe14d",
    on_warning="#141000",
    halo="#04070d",
    heat=("#0d1422", "#16264a", "#34416b", "#575d6d", "#7b7b78", "#a59c74", "#d2c060", "#ffea46"),
)
"""Heat after cividis (Nunez, Anderton, Renslow 2018): one path of rising lightness from blue to yellow, which
deuteranopes see alike; sides blue and orange (after Okabe and Ito), brighter than any middle heat."""

THEMES: Mapping[str, Theme] = MappingProxyType({theme.name: theme for theme in (DARK, LIGHT, COLOUR_BLIND)})


def theme_named(name: str) -> Theme:
    """Return the theme called `name`, whatever its case.

    Raises:
        UnknownThemeError: no theme has this name.

    """
    key = name.strip().lower()
    if key not in THEMES:
        raise UnknownThemeError(name, difflib.get_close_matches(key, THEMES, 1), tuple(THEMES))
    return THEMES[key]


@functools.lru_cache(maxsize=8)
def heat_table(theme: Theme) -> NDArray[np.uint8]:
    """Return the heat colours, shape (256, 4), red green blue alpha: row 0 is nothing, row 255 the brightest."""
    stops = np.array([rgb(colour) for colour in theme.heat], dtype=np.float64)
    at = np.linspace(0, len(stops) - 1, _SHADES)
    table = np.full((_SHADES, 4), 255, dtype=np.uint8)
    for channel in range(3):
        table[:, channel] = np.rint(np.interp(at, np.arange(len(stops)), stops[:, channel]))
    table.flags.writeable = False
    return table


def rgb(colour: str) -> tuple[int, int, int]:
    """Return red, green, blue (0-255) of #rrggbb."""
    value = int(colour.removeprefix("#"), 16)
    return value >> 16, value >> 8 & 0xFF, value & 0xFF
