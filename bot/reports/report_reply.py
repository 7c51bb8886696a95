"""The answers to `/report`, and the buttons under them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time
from typing import Literal

from bot.preferences import Place
from bot.presses import Button, Press
from bot.replies import Line, Reply, block
from bot.reports.report_words import EXAMPLES
from bot.reports.subscriptions import Subscription, Terms
from bot.reports.timetable import EVERY_DAY, FUNDING_HOURS, WEEKDAYS, TimetableError, days_text
from bot.requests import Report, ReportAction
from engine.text import moment_text, venue_text

Rows = tuple[tuple[Button, ...], ...]
Step = Literal["symbol", "rhythm", "time"]
"""What a report that is put together with buttons lacks."""

MOST_WITH_BUTTONS = 4
"""Reports that have buttons of their own: Discord takes five rows, and one is for leaving."""
SYMBOLS_SHOWN = 8
_IN_A_ROW = 4
_RHYTHMS: tuple[tuple[str, Report], ...] = (
    ("Daily", Report(rhythm="daily")),
    ("Weekdays", Report(rhythm="daily", days=WEEKDAYS)),
    ("Every 4 h", Report(rhythm="hours", every_hours=4)),
    ("Before funding", Report(rhythm="funding", every_hours=FUNDING_HOURS)),
    ("Weekly, Monday", Report(rhythm="weekly")),
)
_TIMES = (time(6), time(7), time(8), time(9), time(12), time(16), time(18), time(21))
_QUESTIONS: dict[Step, str] = {
    "symbol": "A report of which symbol?",
    "rhythm": "How often?",
    "time": "At which time, in {zone}?",
}
_NONE = "No report comes here by itself yet."


def step_of(request: Report) -> Step | None:
    """Return what has to be asked next of a new report, None where nothing has."""
    if not request.symbols:
        return "symbol"
    if request.action != "guide":
        return None
    if request.rhythm is None:
        return "rhythm"
    return "time" if request.rhythm in ("daily", "weekly") and request.local_time is None else None


def guide_reply(request: Report, step: Step, favoured: Sequence[str], zone: str, *, asker: int) -> tuple[Reply, Rows]:
    """Return the question for the next part of a new report, and its answers as buttons.

    favoured: symbols that are offered; zone: the time zone that times are in.
    """
    question = Line(text=_QUESTIONS[step].format(zone=zone), tone="strong")
    lines = [] if not request.symbols else [Line(label="REPORT", text=", ".join(request.symbols))]
    how = Line(label="OR WRITE", text=" · ".join(EXAMPLES[:2]), tone="muted")
    buttons = [Button(label=label, press=_press(each, asker)) for label, each in _choices(request, step, favoured)]
    rows = tuple(tuple(buttons[at : at + _IN_A_ROW]) for at in range(0, len(buttons), _IN_A_ROW))
    return Reply(blocks=block("guide", *lines, question, how)), (*rows, _leave(asker))


def _choices(request: Report, step: Step, favoured: Sequence[str]) -> list[tuple[str, Report]]:
    if step == "symbol":
        symbols = tuple(dict.fromkeys(favoured))[:SYMBOLS_SHOWN]
        return [(symbol, Report(action="guide", symbols=(symbol,))) for symbol in symbols]
    symbols = request.symbols
    if step == "rhythm":
        return [(label, _with(each, symbols, None)) for label, each in _RHYTHMS]
    return [(f"{at:%H:%M}", _with(request, symbols, at)) for at in _TIMES]


def _with(like: Report, symbols: tuple[str, ...], at: time | None) -> Report:
    """Return the next step: done where nothing is left to ask."""
    is_done = at is not None or like.rhythm in ("hours", "funding")
    return Report(
        action="add" if is_done else "guide",
        symbols=symbols,
        rhythm=like.rhythm,
        days=like.days,
        every_hours=like.every_hours,
        local_time=at,
    )


def added_reply(added: Subscription, place: Place) -> Reply:
    """Return what was set up, and when it comes first."""
    lines = [
        Line(label=f"REPORT {added.number}", text=_what(added.terms, place), tone="good"),
        Line(label="NEXT", text=_moment(added.next_due_s)),
    ]
    if added.terms.time_zone == "UTC" and added.terms.local_time is not None:
        told = "Times are in UTC: /settings tz London changes that for new ones, or “tz London” within /report add."
        lines.append(Line(text=told, tone="muted"))
    return Reply(blocks=block("notice", *lines))


def list_reply(found: Sequence[Subscription], place: Place, done: str | None = None) -> Reply:
    """Return the reports that there are, with their last and next time; done: what has just been changed."""
    lines = [Line(label=f"REPORT {each.number}", text=f"{_what(each.terms, place)}; {_when(each)}") for each in found]
    change = ("resume" if found[0].paused_why else "pause", "test", "remove")
    how = " · ".join((*(f"/report {action} {found[0].number}" for action in change), EXAMPLES[1]))
    return Reply(
        blocks=(
            *block("notice", *_said(done)),
            *block("guide", *lines),
            *block("guide", Line(label="CHANGE", text=how, tone="muted")),
        )
    )


def no_report_reply(done: str | None = None) -> Reply:
    """Return that there is none, and how there would be one."""
    how = Line(label="ADD", text=" · ".join((*EXAMPLES[:2], "/report guide")))
    return Reply(blocks=(*block("notice", *_said(done)), *block("guide", Line(text=_NONE), how)))


def kept_buttons(kept: Subscription, *, asker: int) -> Rows:
    """Return what can be done with one report, and the way to all of them."""
    all_of_them = Button(label="All reports", press=_press(Report(), asker))
    return _row(kept, asker, is_alone=True), (all_of_them, *_leave(asker))


def list_buttons(found: Sequence[Subscription], *, asker: int) -> Rows:
    """Return a row for each of the first reports; what is paused can go on."""
    rows = tuple(_row(each, asker, is_alone=len(found) == 1) for each in found[:MOST_WITH_BUTTONS])
    return (*rows, _leave(asker))


def _row(kept: Subscription, asker: int, *, is_alone: bool) -> tuple[Button, ...]:
    actions: tuple[tuple[str, ReportAction], ...] = (
        ("Pause", "pause") if kept.paused_why is None else ("Resume", "resume"),
        ("Send now", "test"),
        ("Remove", "remove"),
    )
    number = "" if is_alone else f" {kept.number}"
    return tuple(
        Button(label=label + number, press=_press(Report(action=action, number=kept.number), asker))
        for label, action in actions
    )


def _press(request: Report, asker: int) -> Press:
    return Press(verb="ask", request=request, asker=asker)


def _leave(asker: int) -> tuple[Button, ...]:
    return (Button(label="Close", press=Press(verb="delete", asker=asker)),)


def _said(done: str | None) -> tuple[Line, ...]:
    return () if done is None else (Line(text=done, tone="good"),)


def command_of(terms: Terms) -> str:
    """Return the words that ask for the same, here: /report add $BTC daily at 08:00 weekdays tz UTC."""
    days = "" if terms.days == EVERY_DAY else days_text(terms.days).lower()
    at = "" if terms.local_time is None else f"at {terms.local_time:%H:%M}"
    rhythm = {
        "daily": f"daily {at} {days}",
        "weekly": f"weekly {days} {at}",
        "hours": f"every {terms.every_hours}h {days}",
        "funding": f"before funding every {terms.every_hours}h {days}",
    }[terms.rhythm]
    silent = "silent" if terms.destination.is_silent else ""
    map_ = (terms.window, terms.model, terms.venue)
    symbols = (f"${symbol}" for symbol in terms.symbols)  # MON and HERE are coins, too
    words = ("/report add", *symbols, rhythm, f"tz {terms.time_zone}", *map_, silent)
    return " ".join(" ".join(word for word in words if word).split())


def _what(terms: Terms, place: Place) -> str:
    """Return a report in words: BTC, ETH, M2 3d on OKX, daily at 08:00 Europe/London, in another chat, silently."""
    map_ = " ".join(part for part in (terms.model, terms.window) if part)
    venue = f"{venue_text(terms.venue)} alone" if terms.venue else ""
    parts = (", ".join(terms.symbols), map_, venue, _rhythm(terms), _where(terms, place))
    return ", ".join((*(part for part in parts if part), *(["silently"] if terms.destination.is_silent else [])))


def _rhythm(terms: Terms) -> str:
    try:
        return terms.timetable.text
    except TimetableError:
        return f"{terms.rhythm}, in the time zone {terms.time_zone}"


def _where(terms: Terms, place: Place) -> str:
    to = terms.destination
    if to.is_private:
        return "" if place.community is None else "in private"
    if to.chat != place.chat:
        return "in another chat"
    if to.topic == place.topic:
        return "here"
    return "in the chat" if to.topic is None else "in another topic"


def _when(kept: Subscription) -> str:
    last = "not due so far" if kept.last_due_s is None else f"last {moment_text(kept.last_due_s)}"
    if kept.paused_why is not None:
        return f"PAUSED: {kept.paused_why.rstrip('.')}; {last}"
    return f"next {_moment(kept.next_due_s)}, {last}"


def _moment(due_s: int | None) -> str:
    return "never again" if due_s is None else moment_text(due_s)
