"""From the words behind `/report` to a request.

    report  = ["/report"] (list | guide | (pause | resume | remove | test) [number] | ["add"] part*)
    part    = symbol, one or several          BTC, "BTC,ETH", $MON
            | [at] time                       8, 8am, 08:00, 8.30pm, noon     (a bare number behind "at" alone)
            | [tz | in] zone                  Europe/London, behind tz or in also London, new york
            | [days] days                     weekdays, weekends, mon, mon-fri, "mon,wed"
            | rhythm                          daily, "every 4h", hourly, "before funding [every 4h]", "weekly [mon]"
            | window | model | venue | here | channel | topic | silent

Parts stand in any order, with little words between them. A short name of a day is a day where a symbol stands beside
it, else the symbol: MON is one, too.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from bot.mentions import listed_symbol
from bot.reports.clock_words import DAYS, days_between, is_clearly_a_time, time_of
from bot.reports.timetable import EVERY_HOURS, FUNDING_HOURS
from bot.requests import Report, ReportAction, RequestError, Where
from bot.time_zones import UnknownZoneError, is_zone_name, zone_meant
from bot.tokens import as_model, as_price, as_symbol, as_window, is_marked_symbol, tokenise
from engine.text import exchange_named

EXAMPLES = ("/report add BTC at 08:00 tz Europe/London weekdays", "/report add BTC every 4h", "/report list")
MOST_SYMBOLS = 8
"""Symbols of one report: their pictures fit one album (Telegram and Discord take ten), their names the table."""
LONGEST_ZONE = 4
"""Words that the name of a city may have: Port of Spain has three, and one is to spare."""

_ACTIONS: dict[str, ReportAction] = {
    **dict.fromkeys(("list", "show", "mine", "all"), "list"),
    **dict.fromkeys(("guide", "form", "help"), "guide"),
    **dict.fromkeys(("add", "new", "create", "subscribe"), "add"),
    **dict.fromkeys(("pause", "hold"), "pause"),
    **dict.fromkeys(("resume", "continue", "unpause"), "resume"),
    **dict.fromkeys(("remove", "delete", "stop", "cancel", "unsubscribe"), "remove"),
    **dict.fromkeys(("test", "send"), "test"),
}
_LITTLE = frozenset(
    [
        "a",
        "an",
        "and",
        "by",
        "can",
        "could",
        "day",
        "days",
        "each",
        "for",
        "from",
        "give",
        "i",
        "in",
        "me",
        "my",
        "of",
        "on",
        "only",
        "oclock",
        "o'clock",
        "please",
        "post",
        "report",
        "reports",
        "send",
        "the",
        "them",
        "then",
        "this",
        "time",
        "to",
        "update",
        "us",
        "with",
        "you",
    ]
)
_PLACES: dict[str, Where] = {
    "here": "here",
    "channel": "channel",
    "chat": "channel",
    "topic": "topic",
    "thread": "topic",
}
_SILENT = frozenset({"silent", "silently", "quiet", "quietly", "muted"})
_ZONE_WORDS = ("tz", "timezone", "time-zone", "zone")
_HOURS = re.compile(r"(\d{1,3})(?:h|hr|hrs|hour|hours)?")
_KEYWORDS = (
    *DAYS, *_PLACES, "silent", "every", "daily", "weekly", "hourly", "before", "funding", "timezone", "weekdays"
)  # fmt: skip
_CLOSE = 0.8


def parse_report(text: str, *, symbols: Collection[str] = ()) -> Report:
    """Return what a message asks of reports; the words after `/report`, or all of it.

    symbols: those that the source knows, none where nobody knows yet.

    Raises:
        RequestError: a word in it has no meaning here, or it says one thing twice.
        UnknownWindowError: it names a window that no map has.

    """
    words = list(tokenise(text))
    if words and words[0].lower().removeprefix("/").partition("@")[0] == "report":
        words = words[1:]
    if not words:
        return Report()
    action = _ACTIONS.get(words[0].lower())
    if action in (None, "add"):
        return _Reader(symbols).read(words if action is None else words[1:])
    return Report(action=action, number=_number(action, words[1:]))


def report_wished(text: str, symbols: Collection[str]) -> Report | None:
    """Return the report that a sentence wishes for, "send me btc every morning at 8"; None unless that is sure.

    Sure: it begins with send, post, give or report, says how often, names listed symbols, and no other word is left.
    """
    try:
        words = list(tokenise(text))
        while words and words[0].lower() in ("please", "can", "could", "you"):
            words = words[1:]
        if not words or words[0].lower() not in ("send", "post", "give", "report"):
            return None
        reader = _Reader(symbols)
        wish = reader.read(words[1:])
    except RequestError:
        return None
    sure = reader.says_how_often and wish.symbols and all(symbol in symbols for symbol in wish.symbols)
    return wish if sure else None


def _number(action: ReportAction, words: list[str]) -> int | None:
    """Return the number of the report that is meant, None where the message names none."""
    left = [word.lower().removeprefix("#") for word in words if word.lower() not in ("now", "report", "number")]
    if not left or action in ("list", "guide"):
        return None
    if len(left) == 1 and left[0].isascii() and left[0].isdigit() and len(left[0]) <= 18:
        return int(left[0])
    raise RequestError("Which report? Its number is in the list.", (f"/report {action} 3", "/report list"))


@dataclass(slots=True)
class _Reader:
    """Reads the words of a new report, one after the other."""

    known: Collection[str]
    found: dict[str, Any] = field(default_factory=dict)
    symbols: list[str] = field(default_factory=list)
    short_days: list[str] = field(default_factory=list)
    days: set[int] = field(default_factory=set)
    says_how_often: bool = False

    def read(self, words: list[str]) -> Report:
        """Return the report that the words describe."""
        waiting = [part for word in words for part in _parted(word)]
        while waiting:
            word = waiting.pop(0)
            lower = word.lower()
            rule = _RULES.get(lower)
            if rule is not None:
                rule(self, waiting)
            elif is_marked_symbol(word) or not (self._day(lower) or self._slot(word, waiting) or lower in _LITTLE):
                self._symbol(word)
        return self._report()

    def set(self, name: str, value: object, what: str) -> None:
        """Note one part.

        Raises:
            RequestError: it was said before, and otherwise.

        """
        if self.found.setdefault(name, value) != value:
            raise RequestError(f"That names the {what} twice; add a second report for the other.", EXAMPLES[:2])

    def every(self, waiting: list[str]) -> None:
        """Read what follows "every": a number of hours, a day, a time of the day."""
        self.says_how_often = True
        word = waiting.pop(0).lower() if waiting else ""
        hours = _HOURS.fullmatch(word)
        if hours is not None and waiting[:1] != ["days"]:
            return self._hours(int(hours[1]), waiting)
        if word in ("hour", "day", "week", "night", "morning", "evening"):
            return self._often(word)
        if word in DAYS:
            if len(DAYS[word]) == 1:
                self.set("rhythm", "weekly", "rhythm")
            self.days.update(DAYS[word])
            return None
        raise RequestError(
            "How often?", ("/report add BTC every 4h", "/report add BTC daily", "/report add BTC weekly mon")
        )

    def _hours(self, hours: int, waiting: list[str]) -> None:
        if waiting and waiting[0].lower() in ("h", "hours", "hrs", "hour"):
            waiting.pop(0)
        if hours == 24:
            return self._often("day")
        if hours not in EVERY_HOURS:
            listed = f"{', '.join(map(str, EVERY_HOURS[:-1]))} or {EVERY_HOURS[-1]}"
            raise RequestError(
                f"A report comes every {listed} hours.", ("/report add BTC every 4h", "/report add BTC daily")
            )
        self.set("every_hours", hours, "hours")
        if self.found.get("rhythm") != "funding":
            self.set("rhythm", "hours", "rhythm")
        return None

    def _often(self, word: str) -> None:
        if word == "hour":
            self._hours(1, [])
        else:
            self.set("rhythm", "weekly" if word == "week" else "daily", "rhythm")

    def often(self, waiting: list[str], rhythm: str) -> None:
        """Note a rhythm that is one word."""
        del waiting
        self.says_how_often = True
        if rhythm == "hourly":
            self._hours(1, [])
        else:
            self.set("rhythm", rhythm, "rhythm")

    def funding(self, waiting: list[str]) -> None:
        """Read that it comes before funding; hours said before are its interval."""
        del waiting
        self.says_how_often = True
        if self.found.get("rhythm") == "hours":
            del self.found["rhythm"]
        self.set("rhythm", "funding", "rhythm")

    def before(self, waiting: list[str]) -> None:
        """Read what stands behind "before": funding, and nothing else."""
        if not waiting or waiting.pop(0).lower() != "funding":
            raise RequestError("Before what? A report can come before funding.", ("/report add BTC before funding",))
        self.funding(waiting)

    def at(self, waiting: list[str]) -> None:
        """Read the time that stands behind "at"."""
        word = waiting.pop(0) if waiting else ""
        if waiting and waiting[0].lower() in ("am", "pm"):
            word += waiting.pop(0)
        found = time_of(word)
        if found is None:
            raise RequestError(f"I cannot read the time {word[:20]!r}." if word else "At which time?", EXAMPLES[:1])
        self.set("local_time", found, "time")

    def zone(self, waiting: list[str], *, is_certain: bool = True) -> None:
        """Read the zone behind "tz" or "in": the longest run of words that is one."""
        for count in range(min(LONGEST_ZONE, len(waiting)), 0, -1):
            try:
                zone = zone_meant(" ".join(waiting[:count]))
            except UnknownZoneError as error:
                if is_certain and count == 1:
                    raise _zone_error(error) from None
            else:
                del waiting[:count]
                return self.set("time_zone", zone, "time zone")
        if is_certain:
            raise RequestError("Which time zone?", EXAMPLES[:1])
        return None

    def _day(self, word: str) -> bool:
        span = days_between(word)
        if span is not None:
            self.days.update(span)
            return True
        if word not in DAYS:
            return False
        if len(word) == 3:
            self.short_days.append(word)
        self.days.update(DAYS[word])
        return True

    def _slot(self, word: str, waiting: list[str]) -> bool:
        """Read a part that is one word of its own form; say whether it was one."""
        lower = word.lower()
        if lower in _PLACES:
            self.set("where", _PLACES[lower], "place")
        elif lower in _SILENT:
            self.found["is_silent"] = True
        elif is_clearly_a_time(word) or waiting[:1] in (["am"], ["pm"]):
            self.at_first(word, waiting)
        elif is_zone_name(word):
            self.set("time_zone", zone_meant(word), "time zone")
        elif (window := as_window(word)) is not None:
            self.set("window", window, "window")
        elif (model := as_model(word)) is not None:
            self.set("model", model, "model")
        elif (venue := exchange_named(lower)) is not None and not venue.is_word:
            self.set("venue", venue.name, "venue")
        else:
            return False
        return True

    def at_first(self, word: str, waiting: list[str]) -> None:
        """Read a time without "at" before it."""
        waiting.insert(0, word)
        self.at(waiting)

    def _symbol(self, word: str) -> None:
        try:
            zone_meant(word if word.lower().startswith(("utc", "gmt")) else "UTC")
        except UnknownZoneError as error:
            raise _zone_error(error) from None
        if not is_marked_symbol(word) and as_price(word) is not None:
            again = (f"/report add BTC at {word}",) if time_of(word) else ()
            raise RequestError(
                f"I do not understand “{word[:20]}” here: a time stands behind “at”.", (*again, EXAMPLES[1])
            )
        symbol = listed_symbol(as_symbol(word), self.known)
        near = difflib.get_close_matches(word.lower(), _KEYWORDS, 1, cutoff=_CLOSE)
        if near and self.known and symbol not in self.known:
            raise RequestError(f"I do not understand “{word[:20]}” here. Do you mean “{near[0]}”?", EXAMPLES[:2])
        if symbol not in self.symbols:
            self.symbols.append(symbol)

    def _report(self) -> Report:
        if not self.symbols and len(self.short_days) == 1 and self.short_days[0].upper() in self.known:
            self.symbols.append(self.short_days[0].upper())
            self.days -= set(DAYS[self.short_days[0]])
        if len(self.symbols) > MOST_SYMBOLS:
            raise RequestError(f"One report holds at most {MOST_SYMBOLS} symbols.", EXAMPLES[1:])
        days = tuple(sorted(self.days)) or None
        report = replace(Report(action="add", symbols=tuple(self.symbols), days=days), **self.found)
        _refuse_unclear(report)
        if report.rhythm == "funding" and report.every_hours is None:
            report = replace(report, every_hours=FUNDING_HOURS)
        return report


def _parted(word: str) -> list[str]:
    """Return the words that commas, plus signs and semicolons join: BTC,ETH; UTC+2 stays whole."""
    if word.lower().startswith(("utc", "gmt", "etc/")):
        return [word]
    return [part for part in re.split(r"[,;+&]", word) if part] or [word]


def _refuse_unclear(report: Report) -> None:
    """Refuse what no timetable can be made of.

    Raises:
        RequestError: it is.

    """
    if report.rhythm in ("hours", "funding") and report.local_time is not None:
        raise RequestError(
            "A report that comes every few hours has no time of day.",
            ("/report add BTC every 4h", "/report add BTC at 08:00"),
        )
    if report.rhythm == "weekly" and report.days is not None and len(report.days) != 1:
        raise RequestError(
            "A weekly report has one day; a daily one may have several.",
            ("/report add BTC weekly mon 08:00", "/report add BTC daily mon-fri at 08:00"),
        )


def _zone_error(error: UnknownZoneError) -> RequestError:
    return RequestError(error.problem, tuple(f"/report add BTC at 08:00 tz {zone}" for zone in error.suggestions))


_RULES: dict[str, Callable[[_Reader, list[str]], None]] = {
    **dict.fromkeys(("every", "each"), _Reader.every),
    **dict.fromkeys(_ZONE_WORDS, _Reader.zone),
    "at": _Reader.at,
    "before": _Reader.before,
    "daily": partial(_Reader.often, rhythm="daily"),
    "funding": _Reader.funding,
    "hourly": partial(_Reader.often, rhythm="hourly"),
    "in": partial(_Reader.zone, is_certain=False),
    "weekly": partial(_Reader.often, rhythm="weekly"),
}
