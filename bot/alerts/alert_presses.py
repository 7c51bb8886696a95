"""What buttons hold of alerts, in few letters.

1|ax|7|||k3f9a|       remove alert 7, by whoever asked ("ap": pause, "ar": resume, "al": the list)
1|aa|BTC|zone|75|k3f9a|    set one
"""

from __future__ import annotations

import math
from typing import get_args

from bot.requests import Alert, AlertAction
from engine.alert_values import AlertKind

_LETTERS: dict[AlertAction, str] = {
    "list": "l",
    "guide": "g",
    "add": "a",
    "pause": "p",
    "resume": "r",
    "remove": "x",
}
_ACTIONS = {f"a{letter}": action for action, letter in _LETTERS.items()}


def is_alert_verb(verb: str) -> bool:
    """Say whether a press of this verb is about alerts."""
    return verb in _ACTIONS


def alert_fields(request: Alert) -> tuple[str, str, str, str]:
    """Return the verb of a press, and what it holds: number or symbol, kind, threshold."""
    whose = str(request.number) if request.number is not None else request.symbol or ""
    threshold = "" if request.threshold is None else f"{request.threshold:.10g}"
    return f"a{_LETTERS[request.action]}", whose, request.kind or "", threshold


def alert_of(verb: str, whose: str, kind: str, threshold: str) -> Alert:
    """Return what a press asks of alerts.

    Raises:
        KeyError, ValueError, StopIteration: it is none that `alert_fields` wrote.

    """
    action = _ACTIONS[verb]
    if threshold and not 0 < float(threshold) < math.inf:
        raise ValueError(threshold)
    if action in ("add", "guide"):
        return Alert(
            action=action,
            symbol=whose or None,
            kind=next(each for each in get_args(AlertKind) if each == kind) if kind else None,
            threshold=float(threshold) if threshold else None,
        )
    return Alert(action=action, number=int(whose) if whose else None)
