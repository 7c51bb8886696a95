"""Buttons as Telegram's keyboards, and what their data means when it comes back.

The data is the press as every platform writes it, behind one letter where it is answered other than in place:

    1|l|BTC|M1|12h||    in place of the message       +1|l|BTC||||    below it       =1|l|BTC||||    as text, in full
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.presses import MOST_BYTES, Button, Press, decoded, encoded
from bot.requests import Level, Liq, Maps, MarketRequest, Questions, Request, Zones
from engine.windows import window_named

FULL_TEXT = "Full text"
EXAMPLE_WINDOW = "12h"

_COMMANDS: dict[type[MarketRequest], str] = {Level: "level", Maps: "maps", Zones: "zones", Questions: "questions"}

Manner = Literal["in place", "below", "as text"]
_LETTERS: dict[Manner, str] = {"in place": "", "below": "+", "as text": "="}
_MANNERS = {letter: manner for manner, letter in _LETTERS.items() if letter}

Rows = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tap:
    """A press, and where its answer goes."""

    press: Press
    manner: Manner = "in place"


def data_of(tap: Tap) -> str | None:
    """Return the text that a button carries, None where it does not fit."""
    try:
        data = _LETTERS[tap.manner] + encoded(tap.press)
    except ValueError:
        return None
    return data if len(data.encode()) <= MOST_BYTES else None


def tap_of(data: str) -> Tap:
    """Return what a button's text means.

    Raises:
        OldButtonError: it is of another version, or was never ours.

    """
    manner = _MANNERS.get(data[:1])
    if manner is None:
        return Tap(press=decoded(data))
    return Tap(press=decoded(data[1:]), manner=manner)


def keyboard_of(rows: Rows, *, full_text_of: Request | None = None) -> InlineKeyboardMarkup | None:
    """Return the keyboard below an answer; with a button for the whole text of a request that did not fit."""
    keys = [[_key(button) for button in row] for row in rows]
    if isinstance(full_text_of, MarketRequest):
        more = _tap_key(FULL_TEXT, Tap(press=Press(verb="ask", request=full_text_of), manner="as text"))
        last = keys.pop() if keys else []
        keys.append([*more, *last])
    return InlineKeyboardMarkup(keys) if any(keys) else None


def examples_keyboard(symbols: tuple[str, ...]) -> InlineKeyboardMarkup | None:
    """Return three questions to tap, about the symbols that are traded most; answered below the welcome."""
    if not symbols:
        return None
    first, second = symbols[0], symbols[min(1, len(symbols) - 1)]
    questions: tuple[tuple[str, Liq | Maps], ...] = (
        (first, Liq(symbol=first)),
        (f"{second} {EXAMPLE_WINDOW}", Liq(symbol=second, model="M1", window=window_named(EXAMPLE_WINDOW))),
        (f"4 maps {first}", Maps(symbol=first)),
    )
    return InlineKeyboardMarkup(
        [[key for label, asked in questions for key in _tap_key(label, _below(Press(verb="ask", request=asked)))]]
    )


def _below(press: Press) -> Tap:
    return Tap(press=press, manner="below")


def _key(button: Button) -> InlineKeyboardButton:
    label = f"• {button.label}" if button.is_current else button.label
    return InlineKeyboardButton(label, callback_data=encoded(button.press))


def _tap_key(label: str, tap: Tap) -> list[InlineKeyboardButton]:
    data = data_of(tap)
    return [] if data is None else [InlineKeyboardButton(label, callback_data=data)]


def deep_link(username: str, request: Request | None) -> str:
    """Return the address that asks a request in the private chat; a decimal point is a dash in it."""
    if not isinstance(request, MarketRequest):
        return f"https://t.me/{username}"
    price = [f"{request.price:.10g}".replace(".", "-")] if isinstance(request, Level) else []
    window = [request.window.name] if request.window is not None else []
    model = [request.model] if request.model is not None else []
    command = _COMMANDS.get(type(request), "liq")
    words = (command, request.symbol, *price, *model, *window)
    return f"https://t.me/{username}?start={'_'.join(words)}"
