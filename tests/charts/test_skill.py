"""The picture of skill: every recipe with its figure, nothing over anything else, in every theme."""

import pytest
from matplotlib.text import Text

from charts.png import to_png
from charts.skill import draw_skill
from charts.theme import THEMES
from engine.skill.resampling import Interval
from engine.skill.scores import Kind, RecipeScore, SideScore, SkillTable


def recipe(name: str, r2: float, kind: Kind = "model") -> RecipeScore:
    interval = Interval(r2, r2 - 0.03, r2 + 0.03)
    side = SideScore(r2=interval, rank=interval, r2_by_month=(("2026-02", r2 + 0.02), ("2026-03", r2 - 0.05)))
    return RecipeScore(
        name=name,
        title="High leverage",
        kind=kind,
        longs=side,
        shorts=side,
        r2=interval,
        rank=interval,
        r2_by_month=side.r2_by_month,
        lines=((0.0, 1.0), (0.0, 1.0)),
        saw_test=False,
    )


def table(*recipes: RecipeScore) -> SkillTable:
    return SkillTable(
        symbol="BTC",
        venues=("binanceusdm",),
        realised="hours.parquet",
        train_from_s=1_765_414_800,
        test_from_s=1_769_904_000,
        end_s=1_773_532_800,
        train_hours=1_247,
        test_hours=1_008,
        seed=0,
        draws=1_000,
        recipes=recipes,
        missing=(),
    )


@pytest.mark.parametrize("theme", THEMES.values(), ids=lambda theme: theme.name)
def test_every_recipe_stands_with_its_figure(theme: object) -> None:
    rows = (recipe("M1", 0.75), recipe("move, range, volume, open interest", 0.68, "baseline"), recipe("M5", -0.2))
    figure = draw_skill(table(*rows), theme)
    words = {artist.get_text() for artist in figure.findobj(Text)}
    assert {"M1 High leverage", "0.75", "move, range, volume, open interest", "0.68", "-0.20"} <= words
    assert to_png(figure).startswith(b"\x89PNG")


def test_no_words_lie_over_others_or_leave_the_picture() -> None:
    figure = draw_skill(table(recipe("M1", 0.75), recipe("volume at 1/L without decay", 0.63, "baseline")))
    figure.canvas.draw()
    boxes = [artist.get_window_extent() for artist in figure.findobj(Text) if artist.get_text()]
    width, height = figure.bbox.size
    for number, box in enumerate(boxes):
        assert 0 <= box.x0 < box.x1 <= width
        assert 0 <= box.y0 < box.y1 <= height
        assert not any(box.overlaps(other) for other in boxes[number + 1 :])
