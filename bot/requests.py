"""What people ask, as frozen values: the meaning of a message, apart from how it was typed and where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time
from typing import Literal

from bot.reports.timetable import Rhythm
from engine.alert_values import AlertKind
from engine.results import Side
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
    """`/level`: what stands at one price [quote currency]. wants_touch: "will it get there?", so that comes first."""

    price: float
    wants_touch: bool = False


Point = Literal[
    "zones",
    "above",
    "below",
    "nearest",
    "exposed",
    "why",
    "invalidation",
    "bait",
    "agreement",
    "touch",
    "realised",
    "crowd",
    "funding",
    "open_interest",
    "order_book",
    "price_action",
    "market_structure",
    "data",
]
"""One thing that can be asked of the whole answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Points(MarketRequest):
    """A question in words about parts of the whole answer: each is answered, in the order asked, and nothing else."""

    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Models:
    """`/models`: what each model assumes."""


@dataclass(frozen=True, slots=True)
class Help:
    """`/help`: what can be asked."""


Scope = Literal["me", "chat"]
"""Whose settings: of the person who writes, everywhere, or of the chat, for everybody who has none of their own."""
Key = Literal["symbol", "window", "model", "venue", "theme", "time_zone", "language"]
"""What can be set."""


@dataclass(frozen=True, slots=True)
class Change:
    """One setting as it was typed, checked where it is kept; value None: back to what counts without it."""

    key: Key
    value: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`/settings`: what is assumed where a message does not say. Without changes: show it; is_reset: forget it all."""

    changes: tuple[Change, ...] = ()
    scope: Scope = "me"
    is_reset: bool = False


@dataclass(frozen=True, slots=True)
class About:
    """`/about`: what this is, which version, where its markets come from, and what it does not do."""


@dataclass(frozen=True, slots=True)
class Privacy:
    """`/privacy`: what is stored about people, where, and for how long."""


@dataclass(frozen=True, slots=True)
class ForgetMe:
    """`/forget_me`: delete everything that is stored about who asks; asked back once, so confirmed or not."""

    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class Track:
    """`/track`: how earlier zones turned out, of one symbol or (None) of all."""

    symbol: str | None = None


ReportAction = Literal["list", "guide", "add", "pause", "resume", "remove", "test"]
Where = Literal["here", "channel", "topic"]
"""here: where the message was written; channel: the chat without its topic; topic: that topic, and nowhere else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """`/report`: something about reports that come by themselves.

    number: of the report to pause, resume, remove or send now, None: the only one. All else is of a new one, or of one
    that is put together step by step; None where a message does not say: daily at 08:00 in the writer's time zone.
    """

    action: ReportAction = "list"
    number: int | None = None
    symbols: tuple[str, ...] = ()
    window: Window | None = None
    model: str | None = None
    venue: str | None = None
    rhythm: Rhythm | None = None
    local_time: time | None = None
    every_hours: int | None = None
    days: tuple[int, ...] | None = None
    time_zone: str | None = None
    where: Where = "here"
    is_silent: bool = False


AlertAction = Literal["list", "guide", "add", "pause", "resume", "remove"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """`/alert`: something about alerts.

    number: of the alert to pause, resume or remove, None: the only one. All else is of a new one; threshold: a price or
    the least score of zones; direction: only crossings to this side, None: both; cooldown_s: least time between two
    firings [s], None: the usual; quiet: local times from and up to which it waits; is_private: for who sets it alone.
    """

    action: AlertAction = "list"
    number: int | None = None
    symbol: str | None = None
    venue: str | None = None
    kind: AlertKind | None = None
    threshold: float | None = None
    direction: Side | None = None
    repeats: bool = False
    cooldown_s: int | None = None
    quiet: tuple[time, time] | None = None
    is_silent: bool = False
    is_private: bool = False


Request = (
    Report
    | Alert
    | Liq
    | Level
    | Points
    | Maps
    | Zones
    | Questions
    | Models
    | Help
    | Settings
    | About
    | Privacy
    | ForgetMe
    | Track
)


class RequestError(Exception):
    """A message that has no single meaning: what is wrong with it, and two or three that would work."""

    def __init__(self, problem: str, suggestions: Sequence[str] = ()) -> None:
        self.problem = problem
        self.suggestions = tuple(suggestions)
        super().__init__(f"{problem} Try: {', '.join(self.suggestions)}." if self.suggestions else problem)


class NoAdviceError(RequestError):
    """A message that was understood and gets no answer: it asks what to do, or where the price will go."""
