"""A figure as a PNG: the same figure always gives the same bytes."""

from __future__ import annotations

import io
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from charts.sheet import DPI, WIDTH_PX

_COMPRESSION = 3
"""zlib's level: 6 takes 20 ms longer and saves a tenth of a picture that is mostly flat colour."""


def to_png(figure: Figure, *, width_px: int = WIDTH_PX) -> bytes:
    """Return a figure as PNG bytes, `width_px` wide; letters and lines scale with it. No date, no program's name."""
    before = figure.get_dpi()
    figure.set_dpi(DPI * width_px / WIDTH_PX)
    try:
        canvas = FigureCanvasAgg(figure)
        canvas.draw()  # type: ignore[no-untyped-call]
        size = canvas.get_width_height(physical=True)
        drawn = Image.frombuffer("RGBA", size, canvas.buffer_rgba(), "raw", "RGBA", 0, 1)  # type: ignore[no-untyped-call]
        pixels = drawn.convert("RGB")  # opaque: no alpha to store
    finally:
        figure.set_dpi(before)
    buffer = io.BytesIO()
    pixels.save(buffer, format="PNG", compress_level=_COMPRESSION)
    return buffer.getvalue()


def write_png(figure: Figure, path: Path, *, width_px: int = WIDTH_PX) -> Path:
    """Write a figure to `path` and return it.

    Raises:
        OSError: the file cannot be written.

    """
    path.write_bytes(to_png(figure, width_px=width_px))
    return path
