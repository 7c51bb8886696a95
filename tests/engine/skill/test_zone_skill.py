"""Lifts, classes and weights on episodes whose truth is planted, and on episodes without any."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from engine.confluence import EVIDENCE_REACH, INPUT_WEIGHT, score, support
from engine.results import AgeVote, Zone
from engine.skill.episodes import NULLS, OUTCOMES, Episodes
from engine.skill.zone_skill import (
    LIQUIDATED,
    all_lifts,
    choose_weights,
    rank_correlation,
    rescored,
    zone_skill,
)
from engine.windows import DAY_S, HOUR_S
from tests.engine.made_zones import says, zone_at
from tests.engine.skill.made_hours import START_S

COUNT = 600


def made_zone(by_input: float, by_age: float, balance: float) -> Zone:
    percentile = 0.75 + 0.2 * by_age
    zone = zone_at(51_000.0, evidence=(says("price_action", balance),))
    agreement = 100 * (INPUT_WEIGHT * by_input + (1 - INPUT_WEIGHT) * by_age)
    fields = {
        "ages": (AgeVote(name="0-12 h", percentile=percentile, agrees=True),),
        "agreement": agreement,
        "score": score(agreement, zone.evidence, clear=True),
    }
    return Zone(**{**{name: getattr(zone, name) for name in Zone.__slots__}, **fields})


def made(*, worth: float, seed: int = 0, by_age_only: bool = False) -> Episodes:
    """Episodes over 60 days whose liquidated amounts grow with their score by `worth`, and whose touches are luck."""
    random = np.random.default_rng(seed)
    by_input, by_age, balance = random.random(COUNT), random.random(COUNT), random.uniform(-1, 1, COUNT)
    zones = tuple(made_zone(*each) for each in zip(by_input, by_age, balance, strict=True))
    truth = by_age if by_age_only else np.array([zone.score for zone in zones]) / 100
    outcomes = np.column_stack(
        [
            *(random.random((3, COUNT)) < 0.5),
            random.uniform(0, 72, COUNT),
            random.random(COUNT) < 0.5,
            14 + worth * truth + random.normal(0, 0.5, COUNT),
        ]
    )
    nulls = np.column_stack([np.full((COUNT, 3), 0.5), np.full(COUNT, 36.0), np.full(COUNT, 0.5), np.full(COUNT, 14.0)])
    return Episodes(
        symbol=np.full(COUNT, "BTC"),
        published_s=START_S + np.sort(random.integers(0, 60 * 24, COUNT)) * HOUR_S,
        zones=zones,
        outcomes=outcomes,
        nulls=dict.fromkeys(NULLS, nulls),
    )


NOTHING = made(worth=0.0, seed=9)


def test_a_planted_lift_is_found_and_luck_is_not() -> None:
    found = {(lift.outcome, lift.null): lift for lift in all_lifts(made(worth=2.0), 0, 300)}
    planted = found["liquidated", "mirror"]
    assert planted.is_proven
    assert planted.lift.estimate == pytest.approx(planted.own - planted.by_chance)
    assert planted.episodes == COUNT
    assert len(found) == len(OUTCOMES) * len(NULLS)


def test_luck_is_proven_about_as_seldom_as_intervals_promise() -> None:
    luck = [
        lift.is_proven
        for seed in range(20)
        for lift in all_lifts(made(worth=2.0, seed=seed), seed, 200)
        if lift.null == "mirror" and lift.outcome != "liquidated"
    ]
    assert len(luck) == 100
    assert sum(luck) <= 12  # twenty blocks: a little more than one in twenty


def test_what_is_known_nowhere_is_left_out_and_the_unknown_counts_for_nothing() -> None:
    episodes = made(worth=1.0)
    outcomes = episodes.outcomes.copy()
    outcomes[:, LIQUIDATED] = np.nan
    outcomes[:100, 0] = np.nan
    part = Episodes(
        symbol=episodes.symbol,
        published_s=episodes.published_s,
        zones=episodes.zones,
        outcomes=outcomes,
        nulls=episodes.nulls,
    )
    found = all_lifts(part, 0, 50)
    assert {lift.outcome for lift in found} == set(OUTCOMES) - {"liquidated"}
    assert found[0].episodes == COUNT - 100


def test_a_score_that_means_something_is_proven_on_days_that_chose_nothing() -> None:
    found = zone_skill(made(worth=3.0), NOTHING, draws=200)
    assert found.earlier is not None
    assert found.later is not None
    assert found.later.rank.low > 0.3
    assert found.later.shuffled.low < 0 < found.later.shuffled.high
    assert found.until_s - found.judged_from_s == 30 * DAY_S
    amounts = [next(lift for lift in each.lifts if lift.outcome == "liquidated") for each in found.classes]
    assert [amount.lift.estimate for amount in amounts] == sorted(amount.lift.estimate for amount in amounts)


def test_a_score_that_means_nothing_is_not_proven() -> None:
    found = zone_skill(NOTHING, NOTHING, draws=200)
    assert found.earlier is not None
    assert found.later is not None
    assert found.later.rank.holds(0.0)
    assert found.weights is not None
    assert not found.weights.is_proven


def test_no_horizon_of_the_earlier_part_reaches_into_the_later() -> None:
    episodes = made(worth=1.0)
    found = zone_skill(episodes, NOTHING, draws=20)
    assert found.earlier is not None
    assert found.later is not None
    between = (episodes.published_s + 3 * DAY_S > found.judged_from_s) & (episodes.published_s < found.judged_from_s)
    assert between.sum() > 10
    assert found.earlier.episodes + found.later.episodes + between.sum() == COUNT


def test_the_last_days_choose_no_weights() -> None:
    earlier = made(worth=2.0, by_age_only=True)
    chosen = choose_weights(earlier, made(worth=2.0, seed=5), draws=100)
    other = choose_weights(earlier, made(worth=-2.0, seed=6), draws=100)
    assert chosen.best == other.best
    assert chosen.judged != other.judged
    assert chosen.best.input_weight < INPUT_WEIGHT
    assert chosen.is_proven


def test_with_the_weights_in_use_a_score_is_what_was_published() -> None:
    for zone in made(worth=0.0).zones[:50]:
        assert rescored(zone, INPUT_WEIGHT, EVIDENCE_REACH) == pytest.approx(zone.score)
    by_age = made_zone(0.2, 0.8, 0.0)
    assert rescored(by_age, 0.0, 0.0) == pytest.approx(100 * float(support(by_age.ages[0].percentile)))


def test_rank_correlation_is_spearmans() -> None:
    random = np.random.default_rng(0)
    one = random.integers(0, 20, 200).astype(float)
    other = one + random.normal(0, 5, 200)
    assert rank_correlation(one, other) == pytest.approx(spearmanr(one, other).statistic)
    assert np.isnan(rank_correlation(np.ones(5), np.arange(5.0)))


def test_the_same_seed_finds_the_same() -> None:
    assert repr(zone_skill(made(worth=1.0), NOTHING, seed=3, draws=30)) == repr(
        zone_skill(made(worth=1.0), NOTHING, seed=3, draws=30)
    )
