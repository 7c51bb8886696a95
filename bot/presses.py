"""Buttons: what can be asked next with one press, and the few letters that say so.

A button carries all that a press needs, in 64 bytes of text at most, so that it works after a restart, in any process
and on any platform: a version, a verb, and the request it stands for.

    1|l|BTC|M2|3d||      /liq BTC m2 3d              1|v|BTC|M2|3d|68500|okx   /level BTC 68500 m2 3d at OKX alone
    1|hl|BTC|M2|3d||     its picture in full size    1|x||||k3f9a|             delete, by whoever asked (base 36)
    1|sm|theme|light||k3f9a|   /settings theme light, by whoever asked ("sc": for this chat; no value: taken back)
    1|ml|BTC||||         /liq BTC with all that otherwise waits behind this button
    1|f||||k3f9a|              /forget_me, confirmed by whoever asked
    1|rp||||k3f9a|7            something about reports: bot.reports.report_presses
    1|w|BTC|||ei|        which side is more exposed, and what would prove that wrong
    1|ax|7|||k3f9a|      /alert remove 7, by whoever asked; bot.alerts.alert_presses has the others
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from bot.alerts.alert_presses import alert_fields, alert_of, is_alert_verb
from bot.reports.report_presses import VERBS as REPORT_VERBS
from bot.reports.report_presses import report_fields, report_of
from bot.requests import (
    Alert,
    Change,
    ForgetMe,
    Key,
    Level,
    Liq,
    Maps,
    MarketRequest,
    Point,
    Points,
    Questions,
    Report,
    Request,
    Scope,
    Settings,
    Zones,
)
from bot.settings_words import KEYS
from engine.windows import window_named

VERSION = "1"
MOST_BYTES = 64
"""Telegram's limit for a button's data; Discord takes a hundred characters."""
_SEPARATOR = "|"
_BASE = 36
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"

WINDOWS_SHOWN = ("12h", "24h", "3d", "1w")
MODELS_SHOWN = ("M1", "M2")
OBSERVED_MODEL = "M6"
"""Shown where real positions had a say: elsewhere it could only be refused."""

Asked = Liq | Level | Maps | Zones | Questions | Points
"""What a button can ask for."""
Verb = Literal["ask", "more", "hd", "level", "delete"]
"""ask: answer a request in place of the message; more: the same, with all there is to read; hd: send its picture in
full size; level: ask for a price first."""

_REQUESTS: dict[str, type[Liq | Maps | Zones | Questions]] = {"l": Liq, "m": Maps, "z": Zones, "q": Questions}
_LETTERS = {kind: letter for letter, kind in _REQUESTS.items()}
_LEVEL = "v"
_TOUCH = "t"
"""A level of which the chance of touch was asked."""
_POINTS = "w"
_POINT_LETTERS: dict[str, Point] = {
    "z": "zones",
    "a": "above",
    "b": "below",
    "n": "nearest",
    "e": "exposed",
    "y": "why",
    "i": "invalidation",
    "t": "bait",
    "g": "agreement",
    "c": "touch",
    "r": "realised",
    "l": "crowd",
    "f": "funding",
    "o": "open_interest",
    "k": "order_book",
    "p": "price_action",
    "s": "market_structure",
    "d": "data",
}
_LETTER_OF_POINT = {point: letter for letter, point in _POINT_LETTERS.items()}
_HD = "h"
_MORE = "m"
_WHICH_LEVEL = "p"
_DELETE = "x"
_FORGET = "f"
_SETTING: dict[Scope, str] = {"me": "sm", "chat": "sc"}
_SCOPES: dict[str, Scope] = {verb: scope for scope, verb in _SETTING.items()}
_VERBS: dict[str, Verb] = {"": "ask", _MORE: "more", _HD: "hd", _WHICH_LEVEL: "level"}


class OldButtonError(Exception):
    """A button of another version, or no button of ours."""

    def __init__(self) -> None:
        super().__init__("That button is from another version. Ask again, such as /liq BTC.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """What a press means. request: None only for delete; asker: who alone may press, as the platform numbers people."""

    verb: Verb
    request: Asked | Settings | ForgetMe | Report | Alert | None = None
    asker: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A button: its words, what a press means, and whether it shows what is shown already."""

    label: str
    press: Press
    is_current: bool = False


def encoded(press: Press) -> str:
    """Return a press as text of at most 64 bytes.

    Raises:
        ValueError: it would be longer or ambiguous, which no symbol that can be asked for makes it.

    """
    fields = _fields(press)
    if any(_SEPARATOR in field for field in fields):
        msg = f"a button holds no {_SEPARATOR!r}, and one of {fields} does"
        raise ValueError(msg)
    text = _SEPARATOR.join((VERSION, *fields))
    if len(text.encode()) > MOST_BYTES:
        msg = f"a button holds {MOST_BYTES} bytes, and {text!r} is longer"
        raise ValueError(msg)
    return text


def _fields(press: Press) -> tuple[str, ...]:
    request, asker = press.request, _in_base(press.asker or 0)
    if request is None:
        return (_DELETE, "", "", "", asker, "")
    if isinstance(request, ForgetMe):
        return (_FORGET, "", "", "", asker, "")
    if isinstance(request, Alert):
        return (*alert_fields(request), asker, "")
    if isinstance(request, Settings):
        (change,) = request.changes
        return (_SETTING[request.scope], change.key, change.value or "", "", asker, "")
    if isinstance(request, Report):
        *first, number = report_fields(request)
        return (*first, asker, number)
    letter, last = _kind(request)
    (sign,) = (sign for sign, verb in _VERBS.items() if verb == press.verb)
    window = request.window.name if request.window is not None else ""
    return (f"{sign}{letter}", request.symbol, request.model or "", window, last, request.venue or "")


def _kind(request: MarketRequest) -> tuple[str, str]:
    """Return the letter of a request's kind, and what it holds beside the map."""
    match request:
        case Level():
            return _TOUCH if request.wants_touch else _LEVEL, f"{request.price:.10g}"
        case Points():
            return _POINTS, "".join(_LETTER_OF_POINT[point] for point in request.points)
        case _:
            return _LETTERS[type(request)], ""  # type: ignore[index]


def decoded(text: str) -> Press:
    """Return what a button's text means.

    Raises:
        OldButtonError: it is of another version, or was never ours.

    """
    try:
        return _press(*text.split(_SEPARATOR))
    except Exception:  # noqa: BLE001 - whatever is wrong with it, it is no button of this version
        raise OldButtonError from None


def _press(version: str, verb: str, symbol: str, model: str, window: str, last: str, venue: str) -> Press:
    if version != VERSION:
        raise OldButtonError
    if verb == _DELETE:
        return Press(verb="delete", asker=int(last, _BASE))
    if verb == _FORGET:
        return Press(verb="ask", request=ForgetMe(confirmed=True), asker=int(last, _BASE))
    if is_alert_verb(verb):
        return Press(verb="ask", request=alert_of(verb, symbol, model, window), asker=int(last, _BASE))
    if verb in _SCOPES:
        request = Settings(changes=(Change(_key(symbol), model or None),), scope=_SCOPES[verb])
        return Press(verb="ask", request=request, asker=int(last, _BASE))
    if verb in REPORT_VERBS:
        return Press(verb="ask", request=report_of(verb, symbol, model, window, venue), asker=int(last, _BASE))
    if not symbol:
        raise OldButtonError
    map_ = MarketRequest(
        symbol=symbol, model=model or None, window=window_named(window) if window else None, venue=venue or None
    )
    return Press(verb=_VERBS[verb[:-1]], request=_request(verb[-1], map_, last))


def _key(name: str) -> Key:
    return next(key for key in KEYS if key == name)


def _request(letter: str, asked: MarketRequest, last: str) -> Asked:
    symbol, model, window, venue = asked.symbol, asked.model, asked.window, asked.venue
    if letter in (_LEVEL, _TOUCH):
        touch = letter == _TOUCH
        return Level(symbol=symbol, model=model, window=window, venue=venue, price=_price(last), wants_touch=touch)
    if letter == _POINTS:
        points = tuple(_POINT_LETTERS[each] for each in last)
        if not points:
            raise OldButtonError
        return Points(symbol=symbol, model=model, window=window, venue=venue, points=points)
    return _REQUESTS[letter](symbol=symbol, model=model, window=window, venue=venue)


def _price(text: str) -> float:
    price = float(text)
    if not 0 < price < math.inf:
        raise OldButtonError
    return price


def buttons_for(
    request: Request, *, asker: int, has_positions: bool = False, has_picture: bool = True
) -> tuple[tuple[Button, ...], ...]:
    """Return the rows of buttons under the answer to a request; none where there is nothing to go on with.

    has_positions: real positions had a say in the answer, so that their map can be shown; has_picture: there is a
    picture that can be seen in full size.
    """
    if not isinstance(request, MarketRequest):
        return ()
    symbol, venue = request.symbol, request.venue
    rows = (
        _windows(request),
        _models(request, (*MODELS_SHOWN, OBSERVED_MODEL) if has_positions else MODELS_SHOWN),
        (
            _ask("Zones", Zones(symbol=symbol, venue=venue), request),
            _ask("Questions", Questions(symbol=symbol, venue=venue), request),
            Button(label="Level…", press=Press(verb="level", request=Liq(symbol=symbol, venue=venue))),
        ),
        (
            *((Button(label="HD", press=Press(verb="hd", request=request)),) if has_picture else ()),
            Button(label="Refresh", press=Press(verb="ask", request=request)),
            Button(label="Delete", press=Press(verb="delete", asker=asker)),
        ),
    )
    fits = all(_fits(button) for row in rows for button in row)
    return rows if fits else ()


def more_button(request: Request | None, *, is_whole: bool) -> Button | None:
    """Return the button that shows all there is to read of an answer, or again its first part; None where none can."""
    if not isinstance(request, Asked):
        return None
    button = Button(
        label="Less" if is_whole else "More", press=Press(verb="ask" if is_whole else "more", request=request)
    )
    return button if _fits(button) else None


def _fits(button: Button) -> bool:
    try:
        encoded(button.press)
    except ValueError:
        return False
    return True


def _windows(request: MarketRequest) -> tuple[Button, ...]:
    """Return the windows of the model that is shown; the default reading goes on with its anchor, Model 1."""
    return tuple(
        _ask(name, _one_map(request, model=request.model or "M1", window=name), request) for name in WINDOWS_SHOWN
    )


def _models(request: MarketRequest, names: tuple[str, ...]) -> tuple[Button, ...]:
    window = request.window.name if request.window is not None else None
    one = tuple(_ask(name, _one_map(request, model=name, window=window), request) for name in names)
    everything = Liq(symbol=request.symbol, venue=request.venue)
    side_by_side = Maps(symbol=request.symbol, venue=request.venue)
    return (*one, _ask("All", everything, request), _ask("4 maps", side_by_side, request))


def _one_map(request: MarketRequest, *, model: str, window: str | None) -> Liq:
    named = None if window is None else window_named(window)
    return Liq(symbol=request.symbol, model=model, window=named, venue=request.venue)


def _ask(label: str, request: Liq | Maps | Zones | Questions, shown: MarketRequest) -> Button:
    """Return a button that answers in place of what is shown; it is current when it shows that, or a part of it."""
    if isinstance(request, Liq) and isinstance(shown, Liq) and request.model and shown.model:
        same_map = (request.model, request.window) == (shown.model, shown.window)
        return Button(label=label, press=Press(verb="ask", request=request), is_current=same_map)
    return Button(label=label, press=Press(verb="ask", request=request), is_current=request == shown)


def _in_base(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, _BASE)
        digits = _DIGITS[digit] + digits
    return digits or "0"
