"""What may be asked of a worker: one name each, and nothing else is ever run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from bot.alerts.looking import look
from bot.service.work import do
from bot.track.grading_work import grade_answers

WORKS: Mapping[str, Callable[[Any], object]] = MappingProxyType({"answer": do, "look": look, "grade": grade_answers})
"""Each takes a job with its market, which travels apart from the rest: one market serves many jobs."""


def name_of(work: Callable[[Any], object]) -> str | None:
    """Return the name of a work, None where it is only for one's own workers."""
    return next((name for name, each in WORKS.items() if each is work), None)
