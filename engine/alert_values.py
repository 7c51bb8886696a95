"""What an alert watches, what it remembers between two looks, and what comes about: values of `engine.alerts`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.findings import Findings
from engine.results import Side
from engine.windows import HOUR_S

AlertKind = Literal["price", "zone", "sweep", "flip", "invalidated", "condition"]
"""price: a level is crossed; zone: price enters a zone of at least a score; sweep: a zone that was published is swept;
flip: another side is favoured; invalidated: what would prove a published reading wrong has come true; condition: the
same of the reading that somebody asked for last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """What is watched, apart from who watches.

    threshold: a price, or a score of zones (0-100); direction: only crossings to this side count, None: both; basis:
    the reading whose zones or conditions are watched; cooldown_s: least time between two firings [s].

    Raises:
        ValueError: a part is missing that this kind needs.

    """

    kind: AlertKind
    threshold: float | None = None
    direction: Side | None = None
    repeats: bool = False
    cooldown_s: int = HOUR_S
    basis: Findings | None = None

    def __post_init__(self) -> None:
        if (self.threshold is None) == (self.kind in ("price", "zone")):
            msg = f"an alert of kind {self.kind} with threshold {self.threshold}"
            raise ValueError(msg)
        if (self.basis is None) == (self.kind in ("sweep", "invalidated", "condition")):
            msg = f"an alert of kind {self.kind} with basis {self.basis}"
            raise ValueError(msg)

    @property
    def needs_findings(self) -> bool:
        """Whether a look has to know the zones, the setup or the maps; a price alone is cheap."""
        return self.kind not in ("price", "sweep")


# What is remembered between two looks, by kind


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceMemory:
    """side: where price was when it was last clear of the level; None: it has met the level and not left it yet."""

    side: Side | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredBand:
    """A zone as it is watched: low <= price <= high, on one side of the market, and its score (0-100)."""

    side: Side
    low: float
    high: float
    price: float
    score: float

    @property
    def near(self) -> float:
        """The edge that price would meet first."""
        return self.low if self.side == "above" else self.high


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneMemory:
    """bands: the zones that were there at the last look, best first; entered: the one that price has not left yet."""

    bands: tuple[ScoredBand, ...]
    entered: ScoredBand | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FlipMemory:
    """favoured: the side told last; turning: the one seen since `since_s` [Unix s], not told yet."""

    favoured: Side | None
    turning: Side | None
    since_s: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldMemory:
    """told: places, in the basis, of the zones or conditions that were told already."""

    told: tuple[int, ...]


Memory = PriceMemory | ZoneMemory | FlipMemory | ToldMemory


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertState:
    """seen_s: up to where bars were seen [Unix s]; fired_s: the last firing; held_back: events not told since."""

    seen_s: int
    memory: Memory
    fired_s: int | None = None
    held_back: int = 0


# What comes about


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossed:
    """Price crossed a level, from the other side to `side`."""

    side: Side
    level: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """Price entered a zone."""

    zone: ScoredBand


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """Price reached the weighted price of these zones, which were published at `published_s`."""

    zones: tuple[ScoredBand, ...]
    published_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Flipped:
    """Another side is favoured since `since_s`, as every look since has found; before: None where none was."""

    side: Side
    before: Side | None
    since_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """These conditions of the reading of `published_s` came true; the words are theirs."""

    conditions: tuple[str, ...]
    published_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RanOut:
    """The reading of `published_s` is too old to be proved wrong, and nothing did so."""

    published_s: int


Event = Crossed | Entered | Swept | Flipped | Met | RanOut


@dataclass(frozen=True, slots=True, kw_only=True)
class Fired:
    """An event; at_s: end of the bar in which it was seen [Unix s]; price: at the look; held_back: events not told."""

    event: Event
    at_s: int
    price: float
    held_back: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a look made of an alert; is_over: there is nothing left to watch."""

    state: AlertState
    fired: Fired | None = None
    is_over: bool = False
