"""A figure as a PNG: the same figure always gives the same bytes."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from charts.sheet import DPI, WIDTH_PX

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_DEPTH_BITS, _TRUE_COLOUR, _FILTER_UP = 8, 2, 2
"""PNG specification (third edition), sections 11.2.1 and 9.2: eight bits of red, green, blue; rows as differences."""
_COMPRESSION = 3
"""zlib's level: 4 takes half as long again and saves a tenth."""


def to_png(figure: Figure, *, width_px: int = WIDTH_PX) -> bytes:
    """Return a figure as PNG bytes, `width_px` wide; letters and lines scale with it. No date, no program's name."""
    before = figure.get_dpi()
    figure.set_dpi(DPI * width_px / WIDTH_PX)
    try:
        canvas = FigureCanvasAgg(figure)
        canvas.draw()  # type: ignore[no-untyped-call]
        pixels = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
    finally:
        figure.set_dpi(before)
    return _encoded(pixels[:, :, :3])  # opaque: no alpha to store


def write_png(figure: Figure, path: Path, *, width_px: int = WIDTH_PX) -> Path:
    """Write a figure to `path` and return it.

    Raises:
        OSError: the file cannot be written.

    """
    path.write_bytes(to_png(figure, width_px=width_px))
    return path


def _encoded(pixels: NDArray[np.uint8]) -> bytes:
    """Return pixels (rows, columns, 3) as PNG bytes.

    Written here and not by an imaging library: those try five filters on every row, 50 ms for a picture. A heat map
    repeats itself downwards, so that the difference to the row above is always the right one; that takes 20 ms.
    """
    height, width, _ = pixels.shape
    rows = np.empty((height, 1 + 3 * width), dtype=np.uint8)
    rows[:, 0] = _FILTER_UP
    for channel in range(3):
        plane = pixels[:, :, channel]
        rows[0, 1 + channel :: 3] = plane[0]
        np.subtract(plane[1:], plane[:-1], out=rows[1:, 1 + channel :: 3])
    header = struct.pack(">IIBBBBB", width, height, _DEPTH_BITS, _TRUE_COLOUR, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), _COMPRESSION)), (b"IEND", b""))
    return _SIGNATURE + b"".join(_chunk(name, content) for name, content in parts)


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
