"""What an alert remembers between two looks, as text and back, for the database."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from engine.alert_values import AlertState

if TYPE_CHECKING:
    from pydantic import TypeAdapter


def state_text(state: AlertState) -> str:
    """Return a state as JSON, the same for the same state."""
    return _adapter().dump_json(state).decode()


def state_of(text: str) -> AlertState:
    """Return the state that `state_text` wrote.

    Raises:
        ValueError: it is no such text.

    """
    return _adapter().validate_json(text)


@cache
def _adapter() -> TypeAdapter[AlertState]:
    from pydantic import TypeAdapter

    return TypeAdapter(AlertState)
