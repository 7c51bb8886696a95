"""What is told of alerts that fired: values ↔ JSON, the content of a delivery."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from engine.alert_values import AlertKind, Fired

if TYPE_CHECKING:
    from pydantic import TypeAdapter


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One alert that fired: its number, what it watches, and what came about; is_over: it is not watched any more."""

    alert: int
    symbol: str
    venue: str | None
    kind: AlertKind
    fired: Fired
    is_over: bool


def content_of(told: Sequence[Told]) -> str:
    """Return the content of a delivery that tells these."""
    return _adapter().dump_json(tuple(told)).decode()


def told_in(content: str) -> tuple[Told, ...]:
    """Return what a delivery tells.

    Raises:
        ValueError: it is not the content of an alert's delivery.

    """
    return _adapter().validate_json(content)


@cache
def _adapter() -> TypeAdapter[tuple[Told, ...]]:
    from pydantic import TypeAdapter

    return TypeAdapter(tuple[Told, ...])
