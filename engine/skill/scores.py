"""The skill of maps as values: what `fathom skill score` prints and draws."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.skill.resampling import Interval

Kind = Literal["model", "baseline"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SideScore:
    """One side on unseen hours: R² and rank correlation with intervals; r2_by_month: (month such as 2026-02, R²)."""

    r2: Interval
    rank: Interval
    r2_by_month: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeScore:
    """One model or baseline: both sides, their mean, and the line that was fitted before the unseen hours.

    lines: per side the intercept and slopes; saw_test: its parameters were fitted to data of the unseen hours, so that
    these were not unseen to it.
    """

    name: str
    title: str
    kind: Kind
    longs: SideScore
    shorts: SideScore
    r2: Interval
    rank: Interval
    r2_by_month: tuple[tuple[str, float], ...]
    lines: tuple[tuple[float, ...], tuple[float, ...]]
    saw_test: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SkillTable:
    """Every recipe, best first, on the same unseen hours.

    train_from_s, test_from_s, end_s: the spans [Unix s], the second beginning where the first ends; seed, draws: of the
    intervals, whole days drawn again; missing: models that could not be scored, and why.
    """

    symbol: str
    venues: tuple[str, ...]
    realised: str
    train_from_s: int
    test_from_s: int
    end_s: int
    train_hours: int
    test_hours: int
    seed: int
    draws: int
    recipes: tuple[RecipeScore, ...]
    missing: tuple[tuple[str, str], ...]
