"""Whether a serving process does what it is for, and if not why; for a monitor, and for its owner."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from bot.replies import Line, Reply, block
from bot.serving.supervisor import PlatformStatus
from bot.serving.watched import Handled
from engine.text import duration_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How the process is: every reason why it is not well, and every platform."""

    reasons: tuple[str, ...] = ()
    platforms: tuple[PlatformStatus, ...] = ()

    @property
    def is_well(self) -> bool:
        """Say whether nothing is wrong."""
        return not self.reasons

    @property
    def word(self) -> Literal["ok", "failing"]:
        """The whole in one word."""
        return "ok" if self.is_well else "failing"


STARTING = Health(reasons=("The workers are warming up.",))


def health_of(platforms: tuple[PlatformStatus, ...], *, workers_answer: bool) -> Health:
    """Return how a process is whose platforms and workers are like this: all have to be there.

    What another process serves is there, too.
    """
    reasons = [
        f"{status.name} is {status.state}" + (f": {status.reason}" if status.reason else ".")
        for status in platforms
        if status.state not in {"connected", "standby"}
    ]
    if not workers_answer:
        reasons.append("No worker answers.")
    return Health(reasons=tuple(reasons), platforms=platforms)


@dataclass(slots=True, kw_only=True)
class Statistics:
    """What the owner is told beside the health; counts since the start."""

    version: str
    source: str
    began_s: float
    clock: Callable[[], float]
    waiting: Callable[[], int]
    worst_lag_s: Callable[[], float | None]
    answers: int = field(default=0)
    from_memory: int = field(default=0)
    faults: int = field(default=0)

    def count(self, handled: Handled) -> None:
        """Count one answer."""
        self.answers += 1
        self.from_memory += handled.is_cached
        self.faults += handled.outcome == "failed"


def status_reply(health: Health, statistics: Statistics) -> Reply:
    """Return the owner's view of the process."""
    worst_s = statistics.worst_lag_s()
    lines = [
        Line(label="Fathom", text=f"{statistics.version}, source {statistics.source}"),
        Line(label="up", text=duration_text(statistics.clock() - statistics.began_s)),
        *(Line(label=status.name, text=status.state) for status in health.platforms),
        Line(
            label="answers",
            text=f"{statistics.answers:,} ({statistics.from_memory:,} from memory, {statistics.faults:,} faults)",
        ),
        Line(label="waiting", text=f"{statistics.waiting():,}"),
    ]
    if worst_s is not None:
        lines.append(Line(label="loop lag", text=f"{1000 * worst_s:.0f} ms at worst in the last minute"))
    troubles = [Line(text=reason, tone="warning") for reason in health.reasons]
    return Reply(blocks=(*block("notice", *troubles), *block("guide", *lines)))
