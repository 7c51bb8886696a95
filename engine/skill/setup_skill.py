"""Verdicts, baits and conditions that were published hour after hour, graded by the grader of the track record.

A verdict is one episode from the hour in which it is first published until its horizon ends; the same verdict in
between is that episode. Its bait and its conditions are graded with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.findings import Findings
from engine.grading import HORIZON_S, GradedAnswer, grade, is_due, verdicts_once
from engine.market import Market
from engine.results import ConditionKind
from engine.setup import favoured_side
from engine.skill.resampling import RESAMPLES, BlockResamples, Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictSkill:
    """How often verdicts that favour a side were right where a side was touched first, against a walk without drift."""

    episodes: int
    decided: int
    right: float
    by_chance: float
    lift: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How often something came about, of how many of which that is known."""

    name: str
    came: int
    known: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupSkill:
    """What verdicts, baits and conditions were worth; conditions by kind."""

    favoured: VerdictSkill
    traps: Count
    baits: tuple[Count, Count]
    conditions: tuple[Count, ...]


def graded_answers(market: Market, published: Sequence[Findings]) -> list[GradedAnswer]:
    """Return answers whose horizon has ended, graded; published: of this market's symbol, oldest first.

    No map is rebuilt for hours in between, so whether a zone faded is not known.
    """
    due = [each for each in published if is_due(each, market.as_of_s)]
    return [GradedAnswer(findings=each, grade=grade(each, market)) for each in due]


def setup_skill(
    answers: Sequence[GradedAnswer], *, block_s: int = HORIZON_S, seed: int = 0, draws: int = RESAMPLES
) -> SetupSkill:
    """Return what the setups of graded answers were worth; answers: of one symbol or several, each oldest first."""
    answers = [
        each
        for symbol in dict.fromkeys(answer.findings.symbol for answer in answers)
        for each in verdicts_once([answer for answer in answers if answer.findings.symbol == symbol])
    ]
    kinds: dict[ConditionKind, list[bool]] = {}
    for each in answers:
        for condition, met in zip(each.findings.invalidation, each.grade.met, strict=True):
            if met is not None:
                kinds.setdefault(condition.kind, []).append(met)
    traps = [each.grade.setup.right for each in answers if each.findings.setup.verdict == "trap_both_sides"]
    triggered = [each.grade.bait.triggered for each in answers]
    followed = [each.grade.bait.followed for each in answers if each.grade.bait.triggered]
    return SetupSkill(
        favoured=_favoured(answers, block_s, seed, draws),
        traps=_count("both sides touched", traps),
        baits=(_count("swept and closed back", triggered), _count("then the other side touched", followed)),
        conditions=tuple(_count(kind, met) for kind, met in sorted(kinds.items())),
    )


def _favoured(answers: Sequence[GradedAnswer], block_s: int, seed: int, draws: int) -> VerdictSkill:
    told = [each for each in answers if favoured_side(each.findings.setup) is not None]
    decided = [
        (each.findings.as_of_s, float(each.grade.setup.right), each.grade.setup.by_chance)
        for each in told
        if each.grade.setup.right is not None and each.grade.setup.by_chance is not None
    ]
    if not decided:
        nothing = Interval(np.nan, np.nan, np.nan)
        return VerdictSkill(episodes=len(told), decided=0, right=np.nan, by_chance=np.nan, lift=nothing)
    time_s, right, chance = (np.array(values) for values in zip(*decided, strict=True))
    resamples = BlockResamples.of(time_s, block_s=block_s, draws=draws, seed=seed)
    sums = resamples.sums(np.column_stack([right - chance, np.ones(len(right))]))
    return VerdictSkill(
        episodes=len(told),
        decided=len(right),
        right=float(right.mean()),
        by_chance=float(chance.mean()),
        lift=Interval.of(float((right - chance).mean()), sums[:, 0] / np.maximum(sums[:, 1], 1)),
    )


def _count(name: str, came: Sequence[bool | None]) -> Count:
    known = [each for each in came if each is not None]
    return Count(name=name, came=sum(known), known=len(known))
