"""How well each map tells what was liquidated: a row a recipe, its R² with the interval, every month beside it."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from charts.sheet import WIDTH_PX, Box, Sheet
from charts.theme import DARK, LABEL_PX, SMALL_PX, TITLE_PX, Theme
from engine.skill.scores import RecipeScore, SkillTable
from engine.text import moment_text

_EDGE = 40
_HEAD = 190
_FOOT = 175
_ROW = 74
_NAMES = 620
_FIGURES = 150
_TICK_STEP = 0.2
_DOT = 11
_MONTH_DOT = 5
_WHISKER = 9


def draw_skill(table: SkillTable, theme: Theme = DARK) -> Figure:
    """Return the picture of a skill table: R² of unseen hours, models before baselines in colour, 95 % intervals."""
    rows = table.recipes
    sheet = Sheet(theme, height=_HEAD + _ROW * len(rows) + _FOOT)
    plot = Box(_EDGE + _NAMES, _HEAD, WIDTH_PX - _EDGE - _FIGURES, _HEAD + _ROW * len(rows))
    low, high = _limits(rows)
    _draw_head(sheet, table)
    _draw_ticks(sheet, plot, low, high)
    for number, recipe in enumerate(rows):
        _draw_row(sheet, plot, _HEAD + _ROW * (number + 0.5), recipe, (low, high))
    _draw_foot(sheet, table)
    return sheet.figure


def _limits(rows: Sequence[RecipeScore]) -> tuple[float, float]:
    """Return the ends of the axis of R²: 0 to 1, or further down where a recipe is worse than its mean."""
    values = [value for recipe in rows for value in (recipe.r2.low, *(month for _, month in recipe.r2_by_month))]
    lowest = min((value for value in values if value == value), default=0.0)  # NaN is not equal to itself
    return max(min(0.0, lowest - 0.02), -0.5), 1.0


def _draw_head(sheet: Sheet, table: SkillTable) -> None:
    title = f"{table.symbol}: what maps tell of realised liquidations"
    room = WIDTH_PX - 2 * _EDGE
    sheet.text(_EDGE, 62, title, size=sheet.size_fitting(title, room, TITLE_PX, bold=True), bold=True, name="title")
    words = (
        f"R² per hour on {table.test_hours:,} unseen hours, {moment_text(table.test_from_s)} to "
        f"{moment_text(table.end_s)}"
    )
    sheet.text(_EDGE, 124, words, size=sheet.size_fitting(words, room, LABEL_PX), colour=sheet.theme.muted, name="span")


def _draw_ticks(sheet: Sheet, plot: Box, low: float, high: float) -> None:
    steps = range(round(low / _TICK_STEP), round(high / _TICK_STEP) + 1)
    for value in (step * _TICK_STEP for step in steps):
        if low <= value <= high:
            x = _place(value, plot, low, high)
            sheet.line([(x, plot.top), (x, plot.bottom)], colour=sheet.theme.faint)
            sheet.text(x, plot.bottom + 26, f"{value:.1f}", size=SMALL_PX, colour=sheet.theme.muted, align="center")
    sheet.text(
        WIDTH_PX - _EDGE, plot.bottom + 26, "R²", size=SMALL_PX, colour=sheet.theme.muted, align="right", name="axis"
    )


def _draw_row(sheet: Sheet, plot: Box, y: float, recipe: RecipeScore, limits: tuple[float, float]) -> None:
    theme, is_model = sheet.theme, recipe.kind == "model"
    words = f"{recipe.name} {recipe.title}" if is_model else recipe.name
    sheet.text(
        _EDGE,
        y,
        words,
        size=sheet.size_fitting(words, _NAMES - 20, LABEL_PX, bold=is_model),
        bold=is_model,
        colour=theme.ink if is_model else theme.muted,
        name=f"name {recipe.name}",
    )
    colour = theme.rising if is_model else theme.muted
    estimate, low, high = (
        _place(value, plot, *limits) for value in (recipe.r2.estimate, recipe.r2.low, recipe.r2.high)
    )
    sheet.line([(low, y), (high, y)], colour=colour, width=5, name=f"interval {recipe.name}")
    for x in (low, high):
        sheet.line([(x, y - _WHISKER), (x, y + _WHISKER)], colour=colour, width=4)
    for _, value in recipe.r2_by_month:
        _dot(sheet, _place(value, plot, *limits), y + 22, _MONTH_DOT, theme.ink)
    _dot(sheet, estimate, y, _DOT, colour)
    sheet.text(
        WIDTH_PX - _EDGE,
        y,
        f"{recipe.r2.estimate:.2f}",
        size=LABEL_PX,
        bold=is_model,
        colour=theme.ink if is_model else theme.muted,
        align="right",
        name=f"r2 {recipe.name}",
    )


def _dot(sheet: Sheet, x: float, y: float, radius: float, colour: str) -> None:
    sheet.plate(Box(x - radius, y - radius, x + radius, y + radius), fill=colour, round_px=radius)


def _place(value: float, plot: Box, low: float, high: float) -> float:
    """Return where a value of R² lies [px], the ends of the axis for what lies beyond or is unknown."""
    inside = min(max(value if value == value else low, low), high)
    return plot.left + plot.width * (inside - low) / (high - low)


def _draw_foot(sheet: Sheet, table: SkillTable) -> None:
    months = " and ".join(month for month, _ in table.recipes[0].r2_by_month)
    drawn = (
        f"Lines: 95 %, whole days drawn again {table.draws:,} times. Small dots: {months}. "
        "Grey: no map, or a simpler one."
    )
    warning = "A map is told where price went. It says what was liquidated there, not where price goes."
    for number, words in enumerate((drawn, warning)):
        y = sheet.height - 96 + 48 * number
        size = sheet.size_fitting(words, WIDTH_PX - 2 * _EDGE, SMALL_PX)
        sheet.text(_EDGE, y, words, size=size, colour=sheet.theme.muted, name=f"foot {number}")
