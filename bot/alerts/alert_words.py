"""From the words behind `/alert` to a request.

    alert  = ["/alert"] (list | (pause | resume | remove) [number] | ["add"] symbol what option*)
    what   = ["price"] [above | below] 68500   price crosses the level, or only upwards, or only downwards
           | zone 75                           price enters a zone of at least that score
           | sweep                             a zone of now is swept
           | flip                              another side is favoured
           | invalidated                       what would prove the reading of now wrong comes true
           | condition                         the same of the reading that the writer asked for last
    option = once | repeat | "cooldown 2h" | "quiet 22-7" | silent | here | private | venue

Parts stand in any order, with little words between them.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Any

from bot.mentions import listed_symbol
from bot.reports.clock_words import time_of
from bot.requests import Alert, AlertAction, RequestError
from bot.tokens import as_price, as_symbol, is_marked_symbol, tokenise
from engine.alert_values import AlertKind
from engine.results import Side
from engine.text import exchange_named
from engine.windows import DAY_S, HOUR_S, MINUTE_S

EXAMPLES = ("/alert BTC 68500", "/alert BTC zone 75", "/alert BTC sweep")
SHORTEST_COOLDOWN_S, LONGEST_COOLDOWN_S = 5 * MINUTE_S, 7 * DAY_S
"""One bar, for no look sees less; and what a week later says is another story (own assumption)."""
HIGHEST_SCORE = 100

_ACTIONS: dict[str, AlertAction] = {
    **dict.fromkeys(("list", "show", "mine", "all"), "list"),
    **dict.fromkeys(("guide", "form", "help"), "guide"),
    **dict.fromkeys(("add", "new", "create", "set"), "add"),
    **dict.fromkeys(("pause", "hold"), "pause"),
    **dict.fromkeys(("resume", "continue", "unpause"), "resume"),
    **dict.fromkeys(("remove", "delete", "stop", "cancel"), "remove"),
}
_KINDS: dict[str, AlertKind] = {
    "price": "price",
    **dict.fromkeys(("zone", "zones", "score"), "zone"),
    **dict.fromkeys(("sweep", "sweeps", "swept"), "sweep"),
    **dict.fromkeys(("flip", "flips", "flipped"), "flip"),
    **dict.fromkeys(("invalidated", "invalidation", "invalid", "wrong"), "invalidated"),
    **dict.fromkeys(("condition", "conditions"), "condition"),
}
_SIDES: dict[str, Side] = {
    **dict.fromkeys(("above", "over", "up"), "above"),
    **dict.fromkeys(("below", "under", "down"), "below"),
}
_REPEATS = {"once": False, **dict.fromkeys(("repeat", "repeats", "repeating", "always"), True)}
_SILENT = frozenset({"silent", "silently", "muted"})
_PRIVATE = frozenset({"private", "privately", "dm"})
_LITTLE = frozenset(
    """a an and at breaks by crosses every for from gets goes hits hours i if in is it me my of on please price reaches
    so tell than the then to touches us when while with""".split()  # noqa: SIM905 - thirty lines would say no more
)
_WISHES = frozenset({"tell", "alert", "ping", "notify", "warn"})
_WHOM, _WHEN = frozenset({"me", "us"}), frozenset({"when", "if", "once"})
_DURATION = re.compile(r"(\d{1,4})(m|min|mins|minutes|h|hr|hrs|hours?|d|days?)", re.IGNORECASE)
_UNITS = {"m": MINUTE_S, "h": HOUR_S, "d": DAY_S}


def parse_alert(text: str, *, symbols: Collection[str] = (), last_symbol: str | None = None) -> Alert:
    """Return what a message asks of alerts; the words after `/alert`, or all of it.

    symbols: those that the source knows; last_symbol: what the conversation was about, where a message names none.

    Raises:
        RequestError: a word in it has no meaning here, or it says one thing twice, or it lacks one.

    """
    words = list(tokenise(text))
    if words and words[0].lower().removeprefix("/").partition("@")[0] == "alert":
        words = words[1:]
    if not words:
        return Alert()
    action = _ACTIONS.get(words[0].lower())
    if action in (None, "add"):
        return _Reader(symbols).read(words if action is None else words[1:], last_symbol)
    return Alert(action=action, number=_number(action, words[1:]))


def alert_wished(text: str, symbols: Collection[str]) -> Alert | None:
    """Return the alert that a sentence wishes for, "tell me when btc hits 70k"; None unless that is sure.

    Sure: it begins like that, names one listed symbol and one price, and no other word is left.
    """
    try:
        words = [word for word in tokenise(text) if word.lower() not in ("please", "can", "could", "you")]
        wish = [word.lower() for word in words[:3]]
        if len(words) <= len(wish) or wish[0] not in _WISHES or wish[1] not in _WHOM or wish[2] not in _WHEN:
            return None
        found = _Reader(symbols).read(words[3:], None)
    except RequestError:
        return None
    return found if found.kind == "price" and found.symbol in symbols else None


def _number(action: AlertAction, words: list[str]) -> int | None:
    """Return the number of the alert that is meant, None where the message names none."""
    left = [word.lower().removeprefix("#") for word in words if word.lower() not in ("alert", "number")]
    if not left or action in ("list", "guide"):
        return None
    if len(left) == 1 and left[0].isascii() and left[0].isdigit() and len(left[0]) <= 18:
        return int(left[0])
    raise RequestError("Which alert? Its number is in the list.", (f"/alert {action} 3", "/alert list"))


@dataclass(slots=True)
class _Reader:
    """Reads the words of a new alert, one after the other."""

    known: Collection[str]
    found: dict[str, Any] = field(default_factory=dict)

    def read(self, words: list[str], last_symbol: str | None) -> Alert:
        """Return the alert that the words describe."""
        waiting = list(words)
        while waiting:
            word = waiting.pop(0)
            lower = word.lower()
            if lower == "cooldown":
                self._set("cooldown_s", _cooldown_s(waiting), "cooldown")
            elif lower == "quiet":
                self._set("quiet", _quiet(waiting), "quiet hours")
            elif is_marked_symbol(word) or not (self._option(lower) or self._what(word) or lower in _LITTLE):
                self._set("symbol", listed_symbol(as_symbol(word), self.known), "symbol")
        return self._alert(last_symbol)

    def _set(self, name: str, value: object, what: str) -> None:
        """Note one part.

        Raises:
            RequestError: it was said before, and otherwise.

        """
        if self.found.setdefault(name, value) != value:
            raise RequestError(f"That names the {what} twice; set a second alert for the other.", EXAMPLES)

    def _option(self, word: str) -> bool:
        if word in _REPEATS:
            self._set("repeats", _REPEATS[word], "number of times")
        elif word in _SILENT:
            self.found["is_silent"] = True
        elif word in _PRIVATE or word == "here":
            self._set("is_private", word != "here", "place")
        elif (venue := exchange_named(word)) is not None and not venue.is_word:
            self._set("venue", venue.name, "venue")
        else:
            return False
        return True

    def _what(self, word: str) -> bool:
        lower = word.lower()
        if lower in _KINDS and (lower != "price" or "kind" not in self.found):
            self._set("kind", _KINDS[lower], "kind")
        elif lower in _SIDES:
            self._set("direction", _SIDES[lower], "side")
        elif (price := as_price(word)) is not None:
            self._set("threshold", price, "level")
        else:
            return False
        return True

    def _alert(self, last_symbol: str | None) -> Alert:
        found = replace(Alert(action="add", symbol=last_symbol), **self.found)
        if found.kind is None and found.threshold is not None:
            found = replace(found, kind="price")
        if found.symbol is None:
            raise RequestError("Which symbol?", EXAMPLES)
        if found.kind is None:
            return replace(found, action="guide")
        _refuse_unclear(found)
        return found


def _refuse_unclear(found: Alert) -> None:
    """Refuse what nothing could be watched by.

    Raises:
        RequestError: it is.

    """
    symbol, threshold = found.symbol, found.threshold
    if found.kind == "price" and threshold is None:
        raise RequestError("Which price?", (f"/alert {symbol} 68500", f"/alert {symbol} below 60k"))
    if found.kind == "zone" and (threshold is None or threshold > HIGHEST_SCORE):
        problem = "From which score on, up to 100?"
        raise RequestError(problem, (f"/alert {symbol} zone 75", f"/alert {symbol} zone 60 repeat"))
    if found.kind not in ("price", "zone") and threshold is not None:
        again = (f"/alert {symbol} {found.kind}", f"/alert {symbol} {threshold:.10g}")
        raise RequestError(f"An alert of this kind ({found.kind}) takes no number.", again)
    if found.kind != "price" and found.direction is not None:
        again = (f"/alert {symbol} {found.kind}", f"/alert {symbol} {found.direction} 68500")
        raise RequestError(f"“{found.direction}” goes with a price.", again)


def _cooldown_s(waiting: list[str]) -> int:
    match = _DURATION.fullmatch(waiting.pop(0)) if waiting else None
    cooldown_s = 0 if match is None else int(match[1]) * _UNITS[match[2][0].lower()]
    if not SHORTEST_COOLDOWN_S <= cooldown_s <= LONGEST_COOLDOWN_S:
        raise RequestError(
            "A cooldown lasts from 5 minutes to 7 days.", ("/alert BTC 68500 repeat cooldown 2h", EXAMPLES[0])
        )
    return cooldown_s


def _quiet(waiting: list[str]) -> tuple[Any, Any]:
    """Read the two times behind "quiet": 22-7, 22:00-07:00, 10pm to 7am, 22 7."""
    parts: list[str] = []
    while waiting and len(parts) < 2:
        parts += [part for part in re.split(r"[-–]", waiting.pop(0)) if part.lower() not in ("", "to", "from", "until")]
    times = [time_of(part) for part in parts]
    if len(times) != 2 or None in times or times[0] == times[1]:
        raise RequestError("From when to when is it quiet?", ("/alert BTC 68500 quiet 22-7", EXAMPLES[0]))
    return times[0], times[1]
