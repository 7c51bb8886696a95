"""What people ask, as frozen values: the meaning of a message, apart from how it was typed and where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.windows import Window


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketRequest:
    """A question about one symbol.

    window and model None: the four default maps are asked; else this one map. venue: ask this one alone, None: all.
    """

    symbol: str
    window: Window | None = None
    model: str | None = None
    venue: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Liq(MarketRequest):
    """`/liq`: where leveraged positions would be forced out, and what to make of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Maps(MarketRequest):
    """`/maps`: the four default maps side by side, and what each adds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Zones(MarketRequest):
    """`/zones`: every zone with its score taken apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions(MarketRequest):
    """`/questions`: the better questions, answered from the numbers of the moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Level(MarketRequest):
    """`/level`: what stands at one price [quote currency]."""

    price: float


@dataclass(frozen=True, slots=True)
class Models:
    """`/models`: what each model assumes."""


@dataclass(frozen=True, slots=True)
class Help:
    """`/help`: what can be asked."""


Request = Liq | Level | Maps | Zones | Questions | Models | Help


class RequestError(Exception):
    """A message that has no single meaning: what is wrong with it, and two or three that would work."""

    def __init__(self, problem: str, suggestions: Sequence[str] = ()) -> None:
        self.problem = problem
        self.suggestions = tuple(suggestions)
        super().__init__(f"{problem} Try: {', '.join(self.suggestions)}." if self.suggestions else problem)
