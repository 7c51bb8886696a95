"""The walk-forward: every answer a recording allows, published from what was known, graded, held against chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

from engine.grading import GradedAnswer
from engine.market import Market
from engine.skill.episodes import Episodes, episodes_of, joined
from engine.skill.hours import RealisedHours
from engine.skill.publishing import moments_of, publish
from engine.skill.resampling import RESAMPLES
from engine.skill.setup_skill import SetupSkill, graded_answers, setup_skill
from engine.skill.zone_skill import ZoneSkill, zone_skill
from engine.windows import HOUR_S


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkForward:
    """What zones and setups turned out to be worth that were published every `step_s`."""

    zones: ZoneSkill
    setups: SetupSkill
    step_s: int


def walk_forward(
    markets: Sequence[Market],
    realised: Mapping[str, RealisedHours],
    *,
    step_s: int = HOUR_S,
    seed: int = 0,
    draws: int = RESAMPLES,
    executor: Executor | None = None,
) -> WalkForward:
    """Return what was published every `step_s` about these markets, and what became of it.

    realised: liquidations per hour by symbol, none where nobody recorded any; executor: where weeks are answered side
    by side, None: here. No answer looks ahead; a grade sees its own horizon and nothing later.

    Raises:
        DataUnavailableError: a recording is too short to be graded.

    """
    own: list[Episodes] = []
    shuffled: list[Episodes] = []
    answers: list[GradedAnswer] = []
    for market in markets:
        published = publish(market, moments_of(market, step_s=step_s), executor=executor)
        hours = realised.get(market.symbol)
        own.append(episodes_of(market, published, hours, seed=seed))
        shuffled.append(episodes_of(market, published, hours, seed=seed, maps="shuffled"))
        answers += graded_answers(market, published)
    return WalkForward(
        zones=zone_skill(joined(own), joined(shuffled), seed=seed, draws=draws),
        setups=setup_skill(answers, seed=seed, draws=draws),
        step_s=step_s,
    )
