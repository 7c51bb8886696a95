"""A track record as values: what `/track` tells and draws."""

from __future__ import annotations

from dataclasses import dataclass

from engine.skill.resampling import Interval
from engine.skill.setup_skill import SetupSkill

LEAST_ZONES = 50
LEAST_BLOCKS = 10
"""Below fifty zones, or ten blocks of three days, an interval is too wide or too shaky to be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchRecord:
    """One horizon: share of zones touched (0-1), mean of the chances that were published, and their difference."""

    hours: int
    zones: int
    touched: Interval
    chance: float
    difference: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class ChanceClass:
    """Zones whose published chance within 24 h lay from `low` to below `high`: mean chance and share touched."""

    low: float
    high: float
    zones: int
    chance: float
    touched: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackRecord:
    """What became of everything published about a symbol, or about all (None), that has been graded.

    answers: graded; waiting: published, and their horizon has not ended or nobody graded them yet; zones: each once;
    from_s, until_s: of the graded answers [Unix s], 0 without any; blocks: of three days with a zone in them.
    """

    symbol: str | None
    answers: int
    waiting: int
    from_s: int
    until_s: int
    zones: int
    blocks: int
    touch: tuple[TouchRecord, ...]
    classes: tuple[ChanceClass, ...]
    setups: SetupSkill

    @property
    def is_telling(self) -> bool:
        """Whether there is enough to tell rates from."""
        return self.zones >= LEAST_ZONES and self.blocks >= LEAST_BLOCKS
