"""The picture of a track record: a row each with its figure, nothing over anything else, in every theme."""

import pytest
from matplotlib.text import Text

from charts.png import to_png
from charts.theme import THEMES
from charts.track import draw_track
from engine.skill.track_record import track_record
from tests.bot.track.test_track_words import many


@pytest.mark.parametrize("theme", THEMES.values(), ids=lambda theme: theme.name)
def test_every_row_stands_with_its_figure(theme: object) -> None:
    figure = draw_track(track_record("BTC", many()), theme)
    texts = {text.get_text() for text in figure.findobj(Text)}
    assert "BTC: what became of 60 zones" in texts
    assert {"touched in 12 h", "touched in 24 h", "touched in 72 h", "favoured side first"} <= texts
    assert "24 h chance 20-40 %" in texts
    assert "33 % of 60" in texts


def test_no_words_lie_over_others_or_leave_the_picture() -> None:
    figure = draw_track(track_record(None, many()))
    figure.canvas.draw()
    boxes = [artist.get_window_extent() for artist in figure.findobj(Text) if artist.get_text()]
    width, height = figure.bbox.size
    for number, box in enumerate(boxes):
        assert 0 <= box.x0 < box.x1 <= width
        assert 0 <= box.y0 < box.y1 <= height
        assert not any(box.overlaps(other) for other in boxes[number + 1 :])


def test_the_same_record_draws_the_same_bytes() -> None:
    first, second = (to_png(draw_track(track_record("BTC", many())), width_px=1_600) for _ in range(2))
    assert first == second
