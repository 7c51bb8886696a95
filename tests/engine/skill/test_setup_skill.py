"""Verdicts, baits and conditions counted by hand."""

from dataclasses import replace

import numpy as np
import pytest

from engine.grading import HORIZON_S, verdicts_once
from engine.skill.setup_skill import graded_answers, setup_skill
from engine.windows import HOUR_S
from tests.engine.conftest import candles_of, market_of, venue_of
from tests.engine.made_zones import AS_OF_S, PRICE
from tests.engine.test_grading import condition, findings


def market(*closes: float, hours: int = 300):
    path = [PRICE, *closes, *[PRICE] * (hours - len(closes))]
    end_s = AS_OF_S + HOUR_S * hours
    return market_of(venue_of(candles_of(path, end_s=end_s)), as_of_s=end_s)


def published(verdict: str, hours: int, **parts: object):
    made = findings(verdict, **parts)
    moved = tuple(replace(each, until_s=AS_OF_S + hours * HOUR_S + HORIZON_S) for each in made.invalidation)
    return replace(made, as_of_s=AS_OF_S + hours * HOUR_S, invalidation=moved)


def test_a_verdict_counts_once_until_its_horizon_ends() -> None:
    every = [published("upside_sweep", hours) for hours in range(200)]
    found = verdicts_once(graded_answers(market(), every))
    assert [(each.findings.as_of_s - AS_OF_S) // HOUR_S for each in found] == [0, 72, 144]


def test_another_verdict_is_another_episode_and_the_unfinished_is_none() -> None:
    every = [published("upside_sweep", 0), published("downside_sweep", 5), published("upside_sweep", 250)]
    assert len(verdicts_once(graded_answers(market(), every))) == 2


def test_right_and_chance_are_counted_where_a_side_was_touched_first() -> None:
    answers = graded_answers(
        market(51_100, PRICE, *[PRICE] * 98, 48_900),
        [published("upside_sweep", 0), published("upside_sweep", 80), published("upside_sweep", 160)],
    )
    found = setup_skill(answers, draws=50).favoured
    assert (found.episodes, found.decided, found.right) == (3, 2, 0.5)
    assert found.by_chance == pytest.approx(0.505, abs=0.01)
    assert found.lift.estimate == pytest.approx(found.right - found.by_chance)


def test_without_a_decided_verdict_nothing_is_known() -> None:
    found = setup_skill(graded_answers(market(), [published("upside_sweep", 0)]), draws=5).favoured
    assert (found.episodes, found.decided) == (1, 0)
    assert np.isnan(found.right)
    assert found.lift.holds(0.0)


def test_traps_baits_and_conditions_are_counted_where_they_are_known() -> None:
    close = condition("close_beyond", 48_500.0)
    rate = condition("funding_flip", 0.0)
    answers = graded_answers(
        market(51_100, 50_900, 48_400),
        [
            published("trap_both_sides", 0, invalidation=(close, rate)),
            published("upside_sweep", 100, invalidation=(close,)),
        ],
    )
    found = setup_skill(answers, draws=5)
    assert (found.traps.came, found.traps.known) == (1, 1)
    assert [(count.came, count.known) for count in found.baits] == [(1, 2), (1, 1)]
    assert [(count.name, count.came, count.known) for count in found.conditions] == [("close_beyond", 1, 2)]
