"""What buttons hold of reports: one that is kept, by its number, or one that is put together step by step.

1|rp||||k3f9a|7              /report pause 7, by whoever asked (r: resume, x: remove, t: test; rl alone: the list)
1|rg|BTC|d||k3f9a|           the guide: BTC, daily, and the time is asked next
1|ra|BTC|w|0800|k3f9a|       /report add BTC at 08:00 weekdays
1|ra|BTC|h|4|k3f9a|          /report add BTC every 4h
"""

from __future__ import annotations

from datetime import time

from bot.reports.timetable import FUNDING_HOURS, WEEKDAYS
from bot.requests import Report, ReportAction

BEGIN = "r"
"""How the verb of a button about reports begins."""
_ACTIONS: dict[str, ReportAction] = {
    "a": "add",
    "g": "guide",
    "l": "list",
    "p": "pause",
    "r": "resume",
    "t": "test",
    "x": "remove",
}
_LETTERS = {action: letter for letter, action in _ACTIONS.items()}
_RHYTHMS: dict[str, Report] = {
    "": Report(),
    "d": Report(rhythm="daily"),
    "w": Report(rhythm="daily", days=WEEKDAYS),
    "k": Report(rhythm="weekly"),
    "h": Report(rhythm="hours"),
    "f": Report(rhythm="funding", every_hours=FUNDING_HOURS),
}
VERBS = frozenset(BEGIN + letter for letter in _ACTIONS)


def report_fields(request: Report) -> tuple[str, str, str, str, str]:
    """Return the verb, the symbol, the rhythm, the time or hours, and the number.

    Raises:
        ValueError: it says more than a button holds.

    """
    rhythm = next((letter for letter, like in _RHYTHMS.items() if _rhythm_of(like) == _rhythm_of(request)), "")
    hours = "" if request.every_hours is None or rhythm == "f" else str(request.every_hours)
    at = hours if request.local_time is None else f"{request.local_time:%H%M}"
    number = "" if request.number is None else str(request.number)
    fields = (BEGIN + _LETTERS[request.action], "".join(request.symbols[:1]), rhythm, at, number)
    if report_of(*fields) != request:
        msg = f"a button does not hold all of {request}"
        raise ValueError(msg)
    return fields


def report_of(verb: str, symbol: str, rhythm: str, at: str, number: str) -> Report:
    """Return the request that those stand for.

    Raises:
        LookupError: there is no such letter.
        ValueError: the number, the hours or the time is none.

    """
    like = _RHYTHMS[rhythm]
    has_time = bool(at) and like.rhythm in ("daily", "weekly")
    has_hours = bool(at) and not has_time
    return Report(
        action=_ACTIONS[verb.removeprefix(BEGIN)],
        number=int(number) if number else None,
        symbols=(symbol,) if symbol else (),
        rhythm=like.rhythm,
        local_time=time(int(at[:2]), int(at[2:])) if has_time else None,
        every_hours=int(at) if has_hours else like.every_hours,
        days=like.days,
    )


def _rhythm_of(request: Report) -> tuple[object, ...]:
    hours = request.every_hours if request.rhythm == "funding" else None
    return request.rhythm, request.days, hours
