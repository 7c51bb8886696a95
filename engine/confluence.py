"""How much speaks for a zone: which maps and inputs agree, and the score that evidence adjusts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.grid import FloatArray
from engine.results import AgeVote, Evidence, InputVote
from engine.zones import SideView

INPUT_WEIGHT = 0.6
"""Share of agreement that comes from different inputs; the rest comes from ages of positions. With three inputs and
four ages one more input counts twice as much as one more age, because ages share their input (own assumption)."""
SUPPORT_FROM, SUPPORT_FULL = 0.75, 0.95
"""Support grows between these percentiles: one bin in four is no sign of anything, one in twenty is. So maps that know
nothing of each other agree on a zone to about a quarter, which leaves room to tell agreement from chance."""
EVIDENCE_REACH = 0.4
"""Evidence closes at most this share of the way to 100, or takes away this share: agreement of maps leads. Own
assumption until zones have been graded."""
UNCLEAR_SCORE = 20.0
"""A side without a hit lists its strongest bin with at most this score."""


@dataclass(frozen=True, slots=True, eq=False)
class Voices:
    """One side's views that agreement asks: maps by input (several maps of one input count once), and disjoint ages."""

    inputs: tuple[tuple[str, tuple[SideView, ...]], ...]
    ages: tuple[SideView, ...]
    _by_chance: dict[int, float] = field(default_factory=dict)

    def by_chance(self, width: int) -> float:
        """Return the agreement (0-100) of a band of `width` bins when every map is shifted at random along its side."""
        if width not in self._by_chance:
            self._by_chance[width] = _weighted(
                [_expected_support(views, width) for _, views in self.inputs],
                [_expected_support((view,), width) for view in self.ages],
            )
        return self._by_chance[width]


@dataclass(frozen=True, slots=True)
class Agreement:
    """agreement: 0-100; by_chance: what maps that know nothing of each other would give a zone of that width."""

    agreement: float
    by_chance: float
    inputs: tuple[InputVote, ...]
    ages: tuple[AgeVote, ...]


def support(percentile: FloatArray | float) -> FloatArray:
    """Return how much a percentile speaks for a zone (0-1)."""
    scaled = (np.asarray(percentile, dtype=np.float64) - SUPPORT_FROM) / (SUPPORT_FULL - SUPPORT_FROM)
    return np.clip(scaled, 0.0, 1.0)


def agree(voices: Voices, first: int, last: int) -> Agreement:
    """Return how far the voices agree on the grid bins `first` to `last`."""
    inputs = tuple(
        InputVote(name=name, agrees=any(view.shows(first, last) for view in views)) for name, views in voices.inputs
    )
    ages = tuple(
        AgeVote(
            name=view.name,
            percentile=view.best_percentile(first, last),
            agrees=view.shows(first, last),
        )
        for view in voices.ages
    )
    by_input = [_mean_support(views, first, last) for _, views in voices.inputs]
    by_age = [float(support(age.percentile)) for age in ages]
    return Agreement(
        agreement=_weighted(by_input, by_age),
        by_chance=voices.by_chance(last - first + 1),
        inputs=inputs,
        ages=ages,
    )


def _weighted(by_input: Sequence[float], by_age: Sequence[float]) -> float:
    if not by_age:
        return 100 * float(np.mean(by_input))
    return 100 * (INPUT_WEIGHT * float(np.mean(by_input)) + (1 - INPUT_WEIGHT) * float(np.mean(by_age)))


def _mean_support(views: Sequence[SideView], first: int, last: int) -> float:
    """Return the mean support of an input's maps: one of its four windows alone is a quarter of an input."""
    return float(np.mean([support(view.best_percentile(first, last)) for view in views]))


def _expected_support(views: Sequence[SideView], width: int) -> float:
    """Return the mean support of a band of `width` bins when each map is shifted at random along its side."""
    return float(np.mean([_support_anywhere(view, width) for view in views]))


def _support_anywhere(view: SideView, width: int) -> float:
    if len(view.percentile) < width:
        return float(support(view.percentile.max(initial=0.0)))
    bands = np.lib.stride_tricks.sliding_window_view(view.percentile, width)
    return float(support(bands.max(axis=1)).mean())


def score(agreement: float, evidence: Sequence[Evidence], *, clear: bool, reach: float = EVIDENCE_REACH) -> float:
    """Return 0-100: agreement, moved by the weighted mean of the evidence; what is missing is left out of the mean."""
    weight = sum(item.weight for item in evidence)
    balance = sum(item.weight * item.value for item in evidence) / weight if weight > 0 else 0.0
    room = 100 - agreement if balance > 0 else agreement
    adjusted = agreement + reach * balance * room
    return adjusted if clear else min(adjusted, UNCLEAR_SCORE)
