"""What a score means, on one page: answers of every hour -> episodes, each graded once -> lifts over nulls, by score.

published answers ─► episodes, nulls ─► lift of each outcome, with intervals
                                     ─► lift by class of score, rank correlation of score and lift
                                     ─► weights chosen on the earlier part, judged once on the last 30 days
maps of other days, scores dealt out anew ─► the same, which must show nothing
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.confluence import EVIDENCE_REACH, INPUT_WEIGHT, score, support
from engine.grading import HORIZON_S
from engine.grid import FloatArray
from engine.results import Zone
from engine.skill.episodes import NULLS, OUTCOMES, Episodes, NullName
from engine.skill.resampling import RESAMPLES, BlockResamples, Interval
from engine.windows import DAY_S

BLOCK_S = HORIZON_S
"""Blocks that are drawn again are as long as a horizon: episodes of one block share bars."""
JUDGED_S = 30 * DAY_S
"""The last days of the recording, on which nothing is chosen."""
CLASSES = 3
LIQUIDATED = OUTCOMES.index("liquidated")
MEANT: NullName = "same distance"
"""A score is held against what was liquidated beyond the same distance at other moments."""
INPUT_WEIGHTS = (0.0, 0.2, 0.4, INPUT_WEIGHT, 0.8, 1.0)
EVIDENCE_REACHES = (0.0, 0.2, EVIDENCE_REACH, 0.6, 0.8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lift:
    """One outcome of episodes against a null: both means where both are known, and their difference with interval."""

    outcome: str
    null: NullName
    own: float
    by_chance: float
    lift: Interval
    episodes: int

    @property
    def is_proven(self) -> bool:
        """Whether the interval of the difference does not hold 0."""
        return not self.lift.holds(0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreClass:
    """Episodes with a score from `low` to below `high`; agreement, by_chance: mean 0-100, and that of shifted maps."""

    low: float
    high: float
    episodes: int
    agreement: float
    by_chance: float
    lifts: tuple[Lift, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """Whether a higher score means more: rank correlation of score and lift in what was liquidated, of one span.

    shuffled: the same of scores dealt out anew among the episodes, its middle 95 %.
    """

    episodes: int
    rank: Interval
    shuffled: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightTrial:
    """Two weights of the score, how well it then ranks the lift, and by how much better than with those in use."""

    input_weight: float
    evidence_reach: float
    rank: float
    gain: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightChoice:
    """The best weights on the earlier episodes, whether they are proven better there, and their one judgement after."""

    best: WeightTrial
    judged: WeightTrial
    trials: tuple[WeightTrial, ...]

    @property
    def is_proven(self) -> bool:
        """Whether the best weights ranked better than those in use, by more than chance."""
        return self.best.gain.low > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneSkill:
    """What was found about the zones of these symbols, from `from_s` to `until_s`, choices before `judged_from_s`.

    lifts: of all episodes against each null; earlier, later: what a score means in the two spans, None where nobody
    recorded liquidations; shuffled, shuffled_meaning: the same when each episode has another day's zone and its score.
    """

    symbols: tuple[str, ...]
    from_s: int
    until_s: int
    judged_from_s: int
    episodes: int
    liquidated: int
    lifts: tuple[Lift, ...]
    classes: tuple[ScoreClass, ...]
    earlier: Meaning | None
    later: Meaning | None
    weights: WeightChoice | None
    shuffled: tuple[Lift, ...]
    shuffled_meaning: Meaning | None
    seed: int
    draws: int


def zone_skill(episodes: Episodes, shuffled: Episodes, *, seed: int = 0, draws: int = RESAMPLES) -> ZoneSkill:
    """Return what the zones of these episodes are worth; shuffled: episodes of the same answers with other days' maps.

    Episodes of all symbols in one block of time are drawn again together, because symbols move together.
    """
    until_s = int(episodes.published_s.max()) + HORIZON_S
    judged_from_s = until_s - JUDGED_S
    lift = lifts_of(episodes, MEANT)[:, LIQUIDATED]
    early = episodes.published_s + HORIZON_S <= judged_from_s  # no horizon of the earlier part reaches into the later
    late = episodes.published_s >= judged_from_s
    known = np.isfinite(lift)
    means = [_meaning(episodes.part(part), seed, draws) for part in (early, late)]
    chosen = None
    if all(means):
        chosen = choose_weights(episodes.part(early & known), episodes.part(late & known), seed=seed, draws=draws)
    return ZoneSkill(
        symbols=tuple(dict.fromkeys(episodes.symbol.tolist())),
        from_s=int(episodes.published_s.min()),
        until_s=until_s,
        judged_from_s=judged_from_s,
        episodes=len(episodes),
        liquidated=int(known.sum()),
        lifts=all_lifts(episodes, seed, draws),
        classes=_classes(episodes, early, seed, draws),
        earlier=means[0],
        later=means[1],
        weights=chosen,
        shuffled=all_lifts(shuffled, seed, draws),
        shuffled_meaning=_meaning(shuffled, seed, draws),
        seed=seed,
        draws=draws,
    )


def lifts_of(episodes: Episodes, null: NullName) -> FloatArray:
    """Return outcomes less those of a null (n, outcomes), NaN where either is unknown."""
    return episodes.outcomes - episodes.nulls[null]


def all_lifts(episodes: Episodes, seed: int, draws: int) -> tuple[Lift, ...]:
    """Return every outcome against every null; outcomes that are known nowhere are left out."""
    found = []
    for null in NULLS:
        difference = lifts_of(episodes, null)
        for number, outcome in enumerate(OUTCOMES):
            known = np.isfinite(difference[:, number])
            if not known.any():
                continue
            resamples = BlockResamples.of(episodes.published_s[known], block_s=BLOCK_S, draws=draws, seed=seed)
            values = difference[known, number]
            sums = resamples.sums(np.column_stack([values, np.ones(len(values))]))
            own = float(episodes.outcomes[known, number].mean())
            found.append(
                Lift(
                    outcome=outcome,
                    null=null,
                    own=own,
                    by_chance=own - float(values.mean()),
                    lift=Interval.of(float(values.mean()), sums[:, 0] / np.maximum(sums[:, 1], 1)),
                    episodes=int(known.sum()),
                )
            )
    return tuple(found)


def _classes(episodes: Episodes, early: np.ndarray, seed: int, draws: int) -> tuple[ScoreClass, ...]:
    """Return classes of score with as many earlier episodes each: the bounds are chosen before the last days."""
    scores = np.array([zone.score for zone in episodes.zones])
    basis = scores[early] if early.any() else scores
    inner = np.quantile(basis, np.arange(1, CLASSES) / CLASSES)
    bounds = [0.0, *(float(round(bound)) for bound in inner), 100.0]
    found = []
    for number, (low, high) in enumerate(itertools.pairwise(bounds)):
        inside = (scores >= low) & ((scores < high) | (number == CLASSES - 1))
        part = episodes.part(inside)
        if not len(part):
            continue
        found.append(
            ScoreClass(
                low=low,
                high=high,
                episodes=len(part),
                agreement=float(np.mean([zone.agreement for zone in part.zones])),
                by_chance=float(np.mean([zone.chance_agreement for zone in part.zones])),
                lifts=all_lifts(part, seed, draws),
            )
        )
    return tuple(found)


def _meaning(episodes: Episodes, seed: int, draws: int) -> Meaning | None:
    episodes = episodes.part(np.isfinite(lifts_of(episodes, MEANT)[:, LIQUIDATED]))
    if len(episodes) < 2:
        return None
    scores = np.array([zone.score for zone in episodes.zones])
    lift = lifts_of(episodes, MEANT)[:, LIQUIDATED]
    resamples = BlockResamples.of(episodes.published_s, block_s=BLOCK_S, draws=draws, seed=seed)
    found = np.array([rank_correlation(scores[rows], lift[rows]) for rows in map(resamples.rows, range(draws))])
    random = np.random.default_rng(seed)
    dealt = np.array([rank_correlation(random.permutation(scores), lift) for _ in range(draws)])
    return Meaning(
        episodes=len(episodes),
        rank=Interval.of(rank_correlation(scores, lift), found),
        shuffled=Interval.of(float(dealt.mean()), dealt),
    )


def rank_correlation(first: FloatArray, second: FloatArray) -> float:
    """Return Spearman's rank correlation of two samples (n,), ties at their mean rank; NaN where one is constant."""
    from scipy.stats import rankdata

    one, other = (rankdata(values) - (len(values) + 1) / 2 for values in (first, second))
    spread = float(np.sqrt((one @ one) * (other @ other)))
    return float(one @ other) / spread if spread > 0 else np.nan


def choose_weights(earlier: Episodes, later: Episodes, *, seed: int = 0, draws: int = RESAMPLES) -> WeightChoice:
    """Return the two weights that rank the lift of earlier episodes best, and how they do on the later ones, once."""
    trials = _trials(earlier, [(w, reach) for w in INPUT_WEIGHTS for reach in EVIDENCE_REACHES], seed, draws)
    best = max(trials, key=lambda trial: trial.rank)
    judged = _trials(later, [(best.input_weight, best.evidence_reach)], seed, draws)[0]
    return WeightChoice(best=best, judged=judged, trials=trials)


def _trials(
    episodes: Episodes, weights: Sequence[tuple[float, float]], seed: int, draws: int
) -> tuple[WeightTrial, ...]:
    lift = lifts_of(episodes, MEANT)[:, LIQUIDATED]
    resamples = BlockResamples.of(episodes.published_s, block_s=BLOCK_S, draws=draws, seed=seed)
    drawn = [resamples.rows(draw) for draw in range(draws)]
    used = np.array([zone.score for zone in episodes.zones])
    in_use = np.array([rank_correlation(used[rows], lift[rows]) for rows in drawn])
    found = []
    for input_weight, reach in weights:
        scores = np.array([rescored(zone, input_weight, reach) for zone in episodes.zones])
        rank = rank_correlation(scores, lift)
        gains = np.array([rank_correlation(scores[rows], lift[rows]) for rows in drawn]) - in_use
        gain = Interval.of(rank - rank_correlation(used, lift), gains)
        found.append(WeightTrial(input_weight=input_weight, evidence_reach=reach, rank=rank, gain=gain))
    return tuple(found)


def rescored(zone: Zone, input_weight: float, evidence_reach: float) -> float:
    """Return the score (0-100) that a published zone would have had with other weights."""
    by_age = float(np.mean([support(age.percentile) for age in zone.ages])) if zone.ages else None
    agreement = zone.agreement
    if by_age is not None:
        by_input = (zone.agreement / 100 - (1 - INPUT_WEIGHT) * by_age) / INPUT_WEIGHT
        agreement = 100 * (input_weight * by_input + (1 - input_weight) * by_age)
    return score(agreement, zone.evidence, clear=zone.clear, reach=evidence_reach)
