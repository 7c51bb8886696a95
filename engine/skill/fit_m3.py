"""M3 fitted on one page: hours before a moment -> rungs walked -> penalty by blocks -> weights -> parameters, table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

import numpy as np
from threadpoolctl import threadpool_limits

from engine.errors import DataUnavailableError
from engine.grid import FloatArray
from engine.inventory import ColumnPlan
from engine.market import Market
from engine.models.base import Plans
from engine.models.fitted import ENTRIES, Entry, Parameters, Provenance, Rung, walk_rungs
from engine.skill.fitting import best_penalty, cross_validated, map_r2, sparse_fit
from engine.skill.hours import Hours, RealisedHours, common_hours
from engine.skill.line import realised_log
from engine.swept import swept_by
from engine.windows import HOUR_S, iso

LEVERAGES = (3, 5, 7, 10, 14, 20, 25, 33, 40, 50, 66, 75, 90, 100, 125, 150)
HALF_LIVES_DAYS = (0.03, 0.5, 30.0)
"""Three quarters of an hour, half a day, a month: seven in place of three add .0004 to R² of held-out blocks."""
PENALTIES = (0.0, 0.001, 0.003, 0.01)
FOLDS = 6
GAP_H = 24
MIN_FIT_HOURS = 21 * 24
"""Three weeks: each of six blocks then holds more than three days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What may be fitted: the rungs offered, the flow's power of volume, whether sweeps cut bins."""

    name: str
    leverages: tuple[float, ...] = LEVERAGES
    half_lives_days: tuple[float, ...] = HALF_LIVES_DAYS
    entries: tuple[Entry, ...] = ENTRIES
    volume_power: float = 0.4
    cuts_bins: bool = True

    def rungs(self) -> tuple[Rung, ...]:
        """Return every rung offered, each at weight 1."""
        return tuple(
            Rung(leverage=leverage, half_life_days=days, entry=entry, weight=1.0)
            for entry in self.entries
            for days in self.half_lives_days
            for leverage in self.leverages
        )


FULL = Recipe(name="all parts")
ABLATIONS = (
    Recipe(name="without cutting bins", cuts_bins=False),
    Recipe(name="entries at the typical price only", entries=("typical",)),
    Recipe(name="entries at the worst price only", entries=("worst",)),
    Recipe(name="one half-life of a day", half_lives_days=(1.0,)),
    Recipe(name="two half-lives, an hour and a month", half_lives_days=(0.05, 30.0)),
    Recipe(name="seven half-lives", half_lives_days=(0.02, 0.05, 0.15, 0.5, 2.0, 8.0, 30.0)),
    Recipe(name="five leverages", leverages=(5, 10, 25, 50, 100)),
    Recipe(name="flow is volume alone", volume_power=1.0),
    Recipe(name="flow is open interest alone", volume_power=0.0),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FitScore:
    """One recipe: rungs kept, penalty chosen, R² of every block, of the hours it was fitted to, and of those after.

    after_r2: NaN where no hours come after.
    """

    name: str
    kept: int
    penalty: float
    blocks_r2: tuple[float, ...]
    fitted_r2: float
    after_r2: float

    @property
    def cross_validated_r2(self) -> float:
        """Mean over blocks."""
        return float(np.mean(self.blocks_r2))


@dataclass(frozen=True, slots=True, kw_only=True)
class FitReport:
    """The parameters of the full recipe, its score, and those of the ablations."""

    parameters: Parameters
    score: FitScore
    ablations: tuple[FitScore, ...]


def fit_m3(
    market: Market,
    realised: RealisedHours,
    *,
    until_s: int | None = None,
    full: Recipe = FULL,
    ablations: Sequence[Recipe] = ABLATIONS,
    seed: int = 0,
    executor: Executor | None = None,
) -> FitReport:
    """Fit M3 to the hours before `until_s` (None: all), and say what each part of it buys.

    Hours from `until_s` on are judged, never fitted. full: what is fitted; ablations: what is fitted for comparison;
    executor: where the recipes are fitted side by side, None: here.

    Raises:
        DataUnavailableError: fewer than three weeks of hours to fit to, or no open interest.

    """
    hours = common_hours(market.lead.candles, realised)
    end_s = until_s if until_s is not None else int(hours.time_s[-1]) + HOUR_S
    fitted = hours.time_s < end_s
    if int(fitted.sum()) < MIN_FIT_HOURS:
        msg = (
            f"Before {iso(end_s)} there are {int(fitted.sum())} common hours; a fit needs {MIN_FIT_HOURS}. "
            "Name more recordings, or a later --train-until."
        )
        raise DataUnavailableError(msg)
    work = partial(_fit_recipe, market, hours, fitted, seed)
    run: Callable[..., object] = map if executor is None else executor.map
    (score, rungs), *others = list(run(work, (full, *ablations)))  # type: ignore[call-overload]
    return FitReport(
        parameters=Parameters(
            rungs=rungs,
            volume_power=full.volume_power,
            cuts_bins=full.cuts_bins,
            provenance=Provenance(
                symbol=market.symbol,
                venue=market.lead.venue,
                liquidations=realised.where,
                from_s=int(hours.time_s[0]),
                until_s=min(end_s, int(hours.time_s[-1]) + HOUR_S),
                cross_validated_r2=score.cross_validated_r2,
            ),
        ),
        score=score,
        ablations=tuple(each for each, _ in others),
    )


def _fit_recipe(
    market: Market, hours: Hours, fitted: np.ndarray, seed: int, recipe: Recipe
) -> tuple[FitScore, tuple[Rung, ...]]:
    rungs = recipe.rungs()
    swept = swept_per_rung(market, hours, recipe, rungs)
    target = realised_log(hours.realised)
    own_swept, own_target = swept[:, :, fitted], target[:, fitted]
    # products of some hundred rows: threads of the linear algebra cost more than they save, and recipes take the cores
    with threadpool_limits(limits=1, user_api="blas"):
        tried = [
            (penalty, cross_validated(own_swept, own_target, penalty=penalty, folds=FOLDS, gap=GAP_H, seed=seed))
            for penalty in PENALTIES
        ]
        penalty = best_penalty(tried)
        kept, fit = sparse_fit(own_swept, own_target, penalty=penalty, seed=seed)
    after = map_r2(swept[:, kept], target, fit.weights, fitted, ~fitted) if not fitted.all() else np.nan
    score = FitScore(
        name=recipe.name,
        kept=len(kept),
        penalty=penalty,
        blocks_r2=dict(tried)[penalty],
        fitted_r2=fit.r2,
        after_r2=after,
    )
    chosen = zip(kept.tolist(), fit.weights.tolist(), strict=True)
    return score, tuple(
        Rung(
            leverage=rungs[number].leverage,
            half_life_days=rungs[number].half_life_days,
            entry=rungs[number].entry,
            weight=weight,
        )
        for number, weight in chosen
    )


def swept_per_rung(market: Market, hours: Hours, recipe: Recipe, rungs: Sequence[Rung]) -> FloatArray:
    """Return what each rung alone sweeps per hour and unit of weight, (2, rungs, hours) [USD]. Does not look ahead.

    Raises:
        DataUnavailableError: no venue has open interest.

    """
    nothing = Plans(ColumnPlan.none(), ColumnPlan.none())
    found = np.empty((2, len(rungs), len(hours)))
    for number, rung in enumerate(rungs):
        alone = Parameters(
            rungs=(rung,),
            volume_power=recipe.volume_power,
            cuts_bins=recipe.cuts_bins,
            provenance=Provenance(symbol="", venue="", liquidations="", from_s=0, until_s=0, cross_validated_r2=np.nan),
        )
        swept = swept_by(market, lambda venue, alone=alone: walk_rungs(venue, alone, nothing))  # type: ignore[misc]
        if swept is None:
            msg = f"No venue has the open interest of {market.symbol}, which M3 needs. Record it, or choose a symbol."
            raise DataUnavailableError(msg)
        found[:, number] = hours.gather(swept.time_s, np.stack([swept.long_usd, swept.short_usd]))
    return found


def parameters_text(parameters: Parameters) -> str:
    """Return parameters as the TOML that `engine.models.fitted.parse_parameters` reads."""
    origin = parameters.provenance
    lines = [
        "# M3, fitted to realised liquidations by `fathom skill fit`. Do not edit: fit again.",
        f"volume_power = {parameters.volume_power}",
        f"cuts_bins = {str(parameters.cuts_bins).lower()}",
        "",
        "[provenance]",
        f'symbol = "{origin.symbol}"',
        f'venue = "{origin.venue}"',
        f'liquidations = "{origin.liquidations}"',
        f'from = "{iso(origin.from_s)}"',
        f'until = "{iso(origin.until_s)}"',
        f"cross_validated_r2 = {origin.cross_validated_r2:.4f}",
    ]
    for rung in parameters.rungs:
        lines += [
            "",
            "[[rung]]",
            f"leverage = {rung.leverage:g}",
            f"half_life_days = {rung.half_life_days:g}",
            f'entry = "{rung.entry}"',
            f"weight = {rung.weight:.4g}",
        ]
    return "\n".join(lines) + "\n"
