"""From a message to a request.

    message = [command] slot*          slots in any order, each kind at most once, other words as listed below
    command = /liq /level /maps /zones /questions /models /help /start
              the slash may be left out, "@name_of_the_bot" may follow
    slot    = symbol | price | window | model
    symbol  = BTC, $btc, btcusdt, BTC/USDT, BTC-PERP, bitcoin
    price   = 68500, 68,500, $68500, 68.5k, 1.2m
    window  = 12h 24h 48h 3d 1w 2w 1m, also 1d, 72h, "3 days"      (so 1m is a month; a million is 1,000,000)
    model   = m1, M2, "model 2"

Without a command the words that name one decide ("zones", "questions"), then the slots: a price makes it a question
about that level, a symbol alone asks for the whole answer. The little words of a question are skipped; a word that has
no meaning here is refused by name with suggestions, never guessed away.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TypeVar

from bot.requests import Help, Level, Liq, Maps, Models, Questions, Request, RequestError, Zones
from bot.tokens import as_model, as_price, as_symbol, as_window, is_marked_symbol, tokenise
from engine.text import price_text
from engine.windows import Window

EXAMPLES = ("/liq BTC", "/level BTC 68.5k", "/help")

_COMMANDS = {
    "liq": "liq",
    "level": "level",
    "maps": "maps",
    "zones": "zones",
    "questions": "questions",
    "models": "models",
    "help": "help",
    "start": "help",
}
_INTENT_WORDS = {
    "zone": "zones",
    "zones": "zones",
    "question": "questions",
    "questions": "questions",
    "models": "models",
    "help": "help",
    "level": "level",
}
_MARKET_REQUESTS: dict[str, type[Liq | Maps | Zones | Questions]] = {
    "liq": Liq,
    "maps": Maps,
    "zones": Zones,
    "questions": Questions,
}

_LITTLE_WORDS = """
    a an the is are was be of at on in for to from by with about around over under above below and or there this that
    it its i me my we you do does did can could will would should what whats what's where wheres where's which how who
    please show tell give get look see any some now right today much many
"""
_SUBJECT_WORDS = """
    map maps heatmap liquidation liquidations liquidated liqs price perp perps usd usdt usdc dollars
    magnet support resistance cluster clusters leverage window model
"""
_SKIPPED_WORDS = frozenset((_LITTLE_WORDS + _SUBJECT_WORDS).split())
"""Words that a question needs and that carry no slot. None of them is a large perpetual's ticker; $on is one."""

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Slots:
    """What the tokens of one message hold, in the order typed; `words` are candidates for the symbol."""

    command: str | None
    intents: tuple[str, ...]
    prices: tuple[float, ...]
    windows: tuple[Window, ...]
    models: tuple[str, ...]
    words: tuple[str, ...]


def parse_request(text: str, *, symbols: Collection[str] = (), last_symbol: str | None = None) -> Request:
    """Return what a message asks for.

    symbols: those that the source knows; they decide which of several words is the symbol. last_symbol: what the
    conversation was about, for a message without a symbol.

    Raises:
        RequestError: the message has no meaning here, or more than one.
        UnknownWindowError: it names a window that no map has.

    """
    slots = _read(tokenise(text))
    intent = _intent(slots)
    if intent == "help":
        return Help()
    if intent == "models":
        return Models()
    symbol = _symbol(slots, symbols, last_symbol)
    window = _single(slots.windows, "windows", tuple(f"/liq {symbol} {window.name}" for window in slots.windows))
    model = _single(slots.models, "models", tuple(f"/liq {symbol} {model}" for model in slots.models))
    prices = tuple(f"/level {symbol} {_typed(price)}" for price in slots.prices)
    price = _single(slots.prices, "prices", prices)
    if intent == "level":
        if price is None:
            raise RequestError("Which price?", (f"/level {symbol} 68.5k", f"/zones {symbol}"))
        return Level(symbol=symbol, window=window, model=model, price=price)
    if intent == "maps" and (window or model):
        raise RequestError(
            "/maps always shows the four default maps.", (f"/maps {symbol}", *_one_map(symbol, window, model))
        )
    if price is not None:
        raise RequestError(f"/{intent} takes no price.", (*prices, f"/{intent} {symbol}"))
    return _MARKET_REQUESTS[intent](symbol=symbol, window=window, model=model)


def _read(tokens: Sequence[str]) -> _Slots:
    if not tokens:
        raise RequestError("There is nothing to answer.", EXAMPLES)
    command = _command(tokens[0])
    rest = tokens[1:] if command else tokens
    intents, prices, windows, models, words = [], [], [], [], []
    for token in rest:
        word = token.lower()
        if is_marked_symbol(token):
            words.append(token)
        elif word in _INTENT_WORDS:
            intents.append(_INTENT_WORDS[word])
        elif word in _SKIPPED_WORDS:
            continue
        elif (window := as_window(token)) is not None:
            windows.append(window)
        elif (model := as_model(token)) is not None:
            models.append(model)
        elif (price := as_price(token)) is not None:
            prices.append(price)
        else:
            words.append(token)
    return _Slots(
        command=command,
        intents=_unique(intents),
        prices=_unique(prices),
        windows=_unique(windows),
        models=_unique(models),
        words=tuple(words),
    )


def _command(token: str) -> str | None:
    """Return the command that the first token names, with or without its slash."""
    name = token.lower().removeprefix("/").split("@")[0]
    if name in _COMMANDS:
        return _COMMANDS[name]
    if not token.startswith("/"):
        return None
    near = difflib.get_close_matches(name, _COMMANDS, 2, cutoff=0.5)
    raise RequestError(f"There is no command /{name[:20]}.", tuple(f"/{command}" for command in (*near, "help")))


def _intent(slots: _Slots) -> str:
    asked = _unique([*([slots.command] if slots.command else []), *slots.intents])
    if len(asked) > 1:
        raise RequestError("That asks for two things at once.", tuple(f"/{intent} BTC" for intent in asked[:2]))
    if asked:
        return asked[0]
    return "level" if slots.prices else "liq"


def _symbol(slots: _Slots, known: Collection[str], last_symbol: str | None) -> str:
    read = {word: as_symbol(word) for word in slots.words}
    found = _unique(list(read.values()))
    if len(found) == 1:
        return found[0]
    if not found:
        if last_symbol is None:
            raise RequestError("Which symbol?", EXAMPLES)
        return last_symbol
    listed = tuple(symbol for symbol in found if symbol in known)
    if len(listed) == 1:
        strange = " ".join(f"“{word}”" for word, symbol in read.items() if symbol != listed[0])
        raise RequestError(f"I do not understand {strange} here.", _about(listed[0], slots))
    if listed:
        raise RequestError("One symbol at a time, please.", tuple(f"/liq {symbol}" for symbol in listed[:3]))
    strange = " ".join(f"“{word}”" for word in list(read)[:3])
    raise RequestError(f"I do not understand {strange}.", EXAMPLES)


def _about(symbol: str, slots: _Slots) -> tuple[str, ...]:
    """Suggest what can be asked about `symbol`, with the price of the message where it has one."""
    level = tuple(f"/level {symbol} {_typed(price)}" for price in slots.prices[:1])
    return (*level, f"/liq {symbol}", f"/zones {symbol}")


def _one_map(symbol: str, window: Window | None, model: str | None) -> tuple[str, ...]:
    """Suggest the answer from the one map that a message named."""
    return (" ".join(("/liq", symbol, *([window.name] if window else []), *([model] if model else []))),)


def _typed(price: float) -> str:
    """Return a price as one would type it: 70,000 or 87.990."""
    return f"{price:,.0f}" if price.is_integer() else price_text(price)


def _single(values: tuple[_Value, ...], plural: str, suggestions: tuple[str, ...]) -> _Value | None:
    if len(values) > 1:
        raise RequestError(f"I read {len(values)} {plural}; ask about one.", suggestions[:3])
    return values[0] if values else None


def _unique(values: list[_Value]) -> tuple[_Value, ...]:
    return tuple(dict.fromkeys(values))
