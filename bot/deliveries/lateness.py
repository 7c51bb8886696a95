"""What happens to due times that passed while nobody served: the newest may still be sent, the others are skipped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

LATEST_S = 6 * 3_600
"""How late a report may be: what it says about the day is still of use within the same part of it (own assumption)."""
KEPT_S = 30 * 86_400
"""How long what ended stays in the database; due times that passed earlier leave nothing behind."""


class DueTimes(Protocol):
    """When something is due, again and again."""

    @property
    def period_s(self) -> int:
        """The shortest regular time between two due times [s]."""
        ...

    def next_due(self, after_s: int) -> int | None:
        """Return the first due time after a moment [Unix s], None where there is none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to do with one subscription now; all moments in Unix s.

    due_s: what is sent, None where nothing is; until_s: how long that is of use; skipped: what passed, oldest first;
    next_due_s: None where it is never due again.
    """

    due_s: int | None
    until_s: int
    skipped: tuple[int, ...]
    next_due_s: int | None


def latest_s(times: DueTimes) -> int:
    """Return how late it may be sent [s]: at most half a period, for then the next one is nearer."""
    return min(LATEST_S, times.period_s // 2)


def planned(times: DueTimes, first_due_s: int, now_s: int) -> Plan | None:
    """Return the plan for due times from `first_due_s` up to now; None where nothing is due yet."""
    if first_due_s > now_s:
        return None
    passed = [first_due_s]
    while (after_s := times.next_due(passed[-1])) is not None and after_s <= now_s:
        passed.append(after_s)
    until_s = passed[-1] + latest_s(times)
    is_of_use = now_s <= until_s
    skipped = passed[:-1] if is_of_use else passed
    return Plan(
        due_s=passed[-1] if is_of_use else None,
        until_s=until_s,
        skipped=tuple(due_s for due_s in skipped if due_s > now_s - KEPT_S),
        next_due_s=after_s,
    )
