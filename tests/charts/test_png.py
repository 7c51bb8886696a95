import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from charts import LIGHT, draw_liquidations, to_png, write_png
from charts.theme import rgb
from engine.results import Analysis

Make = Callable[..., Analysis]


def opened(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png))


def test_the_same_answer_always_gives_the_same_bytes(make_analysis: Make) -> None:
    assert to_png(draw_liquidations(make_analysis())) == to_png(draw_liquidations(make_analysis()))


def test_the_file_names_neither_date_nor_program(make_analysis: Make) -> None:
    assert opened(to_png(draw_liquidations(make_analysis()))).info == {}


@pytest.mark.parametrize("width_px", [400, 1_600, 2_000])
def test_a_picture_is_as_wide_as_asked_for(make_analysis: Make, width_px: int) -> None:
    image = opened(to_png(draw_liquidations(make_analysis()), width_px=width_px))
    assert image.size == (width_px, width_px * 3 // 4)
    assert image.mode == "RGB"


def test_a_width_asked_for_once_does_not_stick(make_analysis: Make) -> None:
    figure = draw_liquidations(make_analysis())
    before = to_png(figure)
    to_png(figure, width_px=500)
    assert to_png(figure) == before


def test_the_ground_is_the_themes(make_analysis: Make) -> None:
    pixels = np.asarray(opened(to_png(draw_liquidations(make_analysis(), LIGHT))))
    assert tuple(pixels[0, 0].tolist()) == rgb(LIGHT.background)


def test_a_written_file_holds_the_picture(make_analysis: Make, tmp_path: Path) -> None:
    figure = draw_liquidations(make_analysis())
    path = write_png(figure, tmp_path / "picture.png")
    assert path.read_bytes() == to_png(figure)


def test_the_bytes_decode_to_exactly_what_was_drawn(make_analysis: Make) -> None:
    figure = draw_liquidations(make_analysis())
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    assert np.array_equal(np.asarray(opened(to_png(figure))), np.asarray(canvas.buffer_rgba())[:, :, :3])
