"""The skill benchmark on one page: hours -> what recipes swept -> lines fitted before -> scores on unseen hours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.errors import DataUnavailableError, EngineError, ModelUnavailableError
from engine.grid import FloatArray, IntArray
from engine.market import Market
from engine.models import WALKED, model_named
from engine.models.base import ModelSpec
from engine.models.fitted import FITTED, FittedModel
from engine.skill.baselines import CANDLE_BASELINES, MAP_BASELINES
from engine.skill.hours import Hours, RealisedHours, common_hours
from engine.skill.line import fit_line, predict, realised_log, score_side, swept_log
from engine.skill.resampling import RESAMPLES, BlockResamples, Interval
from engine.skill.scores import Kind, RecipeScore, SkillTable
from engine.swept import Swept, swept, swept_by
from engine.windows import DAY_S, HOUR_S, iso

TRAIN_SHARE = 0.6
"""Share of the hours that the lines are fitted on where no moment is named."""
MIN_HOURS = 7 * 24
"""Fewer hours than a week's hold too few liquidations to fit a line, or to judge one."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is scored: inputs (2, hours, k) of the line, longs then shorts."""

    name: str
    title: str
    kind: Kind
    inputs: FloatArray
    saw_until_s: int | None = None


def score_skill(
    market: Market,
    realised: RealisedHours,
    *,
    train_until_s: int | None = None,
    models: Sequence[str] | None = None,
    fitted: FittedModel = FITTED,
    seed: int = 0,
    draws: int = RESAMPLES,
) -> SkillTable:
    """Return how well what each map swept tells what was liquidated, on hours from `train_until_s` on.

    Lines are fitted on the hours before; no map ever sees more of an hour than how far price went in it.
    models: ids to score, None for every model that walks bars; baselines are always there. fitted: which M3.

    Raises:
        UnknownModelError, NoSweptHistoryError: no such model, or one that walks no bars.
        ModelUnavailableError: a model that was asked for lacks its inputs.
        DataUnavailableError: too few common hours before or after `train_until_s`.

    """
    hours = common_hours(market.lead.candles, realised)
    cut_s = train_until_s if train_until_s is not None else _default_cut(hours)
    before, after = _split(hours, cut_s)
    recipes, missing = read_recipes(market, hours, models, fitted=fitted)
    scores = [score_recipe(recipe, hours, cut_s, seed=seed, draws=draws) for recipe in recipes]
    return SkillTable(
        symbol=market.symbol,
        venues=tuple(venue.venue for venue in market.venues),
        realised=realised.where,
        train_from_s=int(before[0]),
        test_from_s=cut_s,
        end_s=int(after[-1]) + HOUR_S,
        train_hours=len(before),
        test_hours=len(after),
        seed=seed,
        draws=draws,
        recipes=tuple(sorted(scores, key=lambda score: -score.r2.estimate)),
        missing=missing,
    )


def _default_cut(hours: Hours) -> int:
    """Return the start of the UTC day at which the first 60 % of the hours have passed [Unix s]."""
    at_s = int(hours.time_s[round(TRAIN_SHARE * (len(hours) - 1))])
    return at_s - at_s % DAY_S


def _split(hours: Hours, cut_s: int) -> tuple[IntArray, IntArray]:
    before, after = hours.time_s[hours.time_s < cut_s], hours.time_s[hours.time_s >= cut_s]
    if min(len(before), len(after)) < MIN_HOURS:
        msg = (
            f"{iso(cut_s)} leaves {len(before)} hours to fit on and {len(after)} to judge; each side needs "
            f"{MIN_HOURS}. The common hours go from {iso(int(hours.time_s[0]))} to {iso(int(hours.time_s[-1]))}: "
            "choose --train-until between them."
        )
        raise DataUnavailableError(msg)
    return before, after


def read_recipes(
    market: Market, hours: Hours, models: Sequence[str] | None, *, fitted: FittedModel = FITTED
) -> tuple[list[Recipe], tuple[tuple[str, str], ...]]:
    """Return the models' and the baselines' inputs, and which models are missing and why. Does not look ahead."""
    recipes: list[Recipe] = []
    missing: list[tuple[str, str]] = []
    for name in models if models is not None else WALKED:
        spec = model_named(name)
        try:
            recipes.append(_model_recipe(market, hours, spec, fitted))
        except EngineError as error:
            if models is not None:
                raise
            missing.append((spec.id, str(error)))
    recipes.extend(
        Recipe(candle.name, candle.name, "baseline", candle.inputs(market, hours)) for candle in CANDLE_BASELINES
    )
    for baseline in MAP_BASELINES:
        found = swept_by(market, baseline.walk)
        if found is None:
            missing.append((baseline.name, "no venue has open interest"))
        else:
            recipes.append(Recipe(baseline.name, baseline.name, "baseline", _swept_inputs(found, hours)))
    return recipes, tuple(missing)


def _model_recipe(market: Market, hours: Hours, spec: ModelSpec, fitted: FittedModel) -> Recipe:
    if spec.id != fitted.spec.id:
        return Recipe(spec.id, spec.name, "model", _swept_inputs(swept(market, spec.id), hours))
    found = swept_by(market, fitted.sweep_history)
    if found is None:
        raise ModelUnavailableError(spec.id, spec.inputs, market.symbol)
    seen = fitted.parameters.provenance
    saw_until_s = seen.until_s if seen.symbol == market.symbol else None
    return Recipe(spec.id, spec.name, "model", _swept_inputs(found, hours), saw_until_s)


def _swept_inputs(found: Swept, hours: Hours) -> FloatArray:
    usd = hours.gather(found.time_s, np.stack([found.long_usd, found.short_usd]))
    return swept_log(usd)[:, :, np.newaxis]


def score_recipe(recipe: Recipe, hours: Hours, cut_s: int, *, seed: int = 0, draws: int = RESAMPLES) -> RecipeScore:
    """Return the score on the hours from `cut_s` on, of lines that saw only those before."""
    train, test = hours.time_s < cut_s, hours.time_s >= cut_s
    target = realised_log(hours.realised)
    time_s = hours.time_s[test]
    resamples = BlockResamples.of(time_s, draws=draws, seed=seed)
    sides, lines, drawn = [], [], []
    for inputs, side_target in zip(recipe.inputs, target, strict=True):
        line = fit_line(inputs[train], side_target[train])
        score, *draws_of_side = score_side(predict(line, inputs[test]), side_target[test], time_s, resamples)
        sides.append(score)
        lines.append(tuple(float(value) for value in line))
        drawn.append(draws_of_side)
    longs, shorts = sides
    r2_drawn, rank_drawn = np.mean(drawn, axis=0)
    return RecipeScore(
        name=recipe.name,
        title=recipe.title,
        kind=recipe.kind,
        longs=longs,
        shorts=shorts,
        r2=Interval.of((longs.r2.estimate + shorts.r2.estimate) / 2, r2_drawn),
        rank=Interval.of((longs.rank.estimate + shorts.rank.estimate) / 2, rank_drawn),
        r2_by_month=tuple(
            (month, (first + second) / 2)
            for (month, first), (_, second) in zip(longs.r2_by_month, shorts.r2_by_month, strict=True)
        ),
        lines=(lines[0], lines[1]),
        saw_test=recipe.saw_until_s is not None and recipe.saw_until_s > cut_s,
    )
