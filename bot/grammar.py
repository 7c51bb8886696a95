"""From a message to a request: commands, and questions in words.

    message = command slot*            slots in any order, each kind at most once, little words between them
            | words                    see below
    command = /liq /level /maps /zones /questions /models /help /start /track /about /privacy /forget_me
              /settings ...            has words of its own: bot.settings_words
              /report ...              has, too: bot.reports.report_words; also "send me btc every morning at 8"
              /alert ...               has, too: bot.alerts.alert_words; also "tell me when btc hits 70k"
              /ask words               the same as the words alone
              "@name_of_the_bot" may follow a command
    slot    = symbol | price | window | model | venue | side (of /zones)
    symbol  = BTC, $btc, btcusdt, BTC/USDT, BTC-PERP, bitcoin
    price   = 68500, 68,500, $68500, 68.5k, 1.2m
    window  = 12h 24h 48h 3d 1w 2w 1m, also 1d, 72h, "3 days"      (so 1m is a month; a million is 1,000,000)
    model   = m1, M2, "model 2"
    venue   = okx, "on binance", "bybit only"

Words without a command are read three times: each word by itself (bot.sentence, with the vocabulary of bot.lexicon),
which of them is the symbol (bot.mentions), and what the whole asks for (bot.intents). bot.free_text makes a request of
that, or refuses with suggestions; it never guesses. docs/questions.md lists what is understood.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from bot.alerts.alert_words import alert_wished, parse_alert
from bot.free_text import EXAMPLES, Talk, maps_request, parse_free_text, single, typed, venue_suggestions
from bot.lexicon import is_understood
from bot.mentions import listed_symbol
from bot.reports.report_words import parse_report, report_wished
from bot.requests import (
    About,
    ForgetMe,
    Help,
    Level,
    Liq,
    Maps,
    MarketRequest,
    Models,
    Points,
    Privacy,
    Questions,
    Request,
    RequestError,
    Track,
    Zones,
)
from bot.settings_words import parse_settings
from bot.tokens import as_model, as_price, as_symbol, as_window, is_marked_symbol, tokenise
from engine.results import Side
from engine.text import exchange_named
from engine.windows import Window

_GUIDES: dict[str, Help | Models | About | Privacy | ForgetMe] = {
    "help": Help(),
    "start": Help(),
    "models": Models(),
    "about": About(),
    "privacy": Privacy(),
    "forget_me": ForgetMe(),
}
_MARKET_REQUESTS: dict[str, type[Liq | Maps | Zones | Questions]] = {
    "liq": Liq,
    "maps": Maps,
    "zones": Zones,
    "questions": Questions,
}
COMMANDS = (*_MARKET_REQUESTS, "level", "ask", "track", "report", "alert", "settings", *_GUIDES)
"""What may follow a slash."""
_SIDES: dict[str, Side] = {"above": "above", "below": "below", "upside": "above", "downside": "below"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Slots:
    """What the tokens behind a command hold, in the order typed; `words` are candidates for the symbol."""

    prices: tuple[float, ...]
    windows: tuple[Window, ...]
    models: tuple[str, ...]
    venues: tuple[str, ...]
    sides: tuple[Side, ...]
    words: tuple[str, ...]
    understood: tuple[str, ...]


def parse_request(
    text: str,
    *,
    symbols: Collection[str] = (),
    last_symbol: str | None = None,
    last_request: MarketRequest | None = None,
) -> Request:
    """Return what a message asks for.

    symbols: those that the source knows; they decide which word is the symbol. last_symbol: what the conversation was
    about, for a message without a symbol; last_request: what was asked last, for one that goes on from it ("and eth?").

    Raises:
        RequestError: the message has no meaning here, or more than one, or it asks for a forecast or advice.
        UnknownWindowError: it names a window that no map has.

    """
    tokens = tokenise(text)
    talk = Talk(symbol=last_symbol, request=last_request)
    if not tokens or not tokens[0].startswith("/"):
        return report_wished(text, symbols) or alert_wished(text, symbols) or parse_free_text(text, symbols, talk)
    command = _command(tokens[0])
    if command == "report":
        return parse_report(text, symbols=symbols)
    if command == "alert":
        return parse_alert(text, symbols=symbols, last_symbol=last_symbol)
    if command == "settings":
        return parse_settings(" ".join(tokens))
    if command == "ask":
        return parse_free_text(_behind_the_command(text), symbols, talk)
    if command in _GUIDES:
        return _GUIDES[command]
    slots = _read(tokens[1:])
    if command == "track":
        return Track(_symbol(slots, symbols, last_symbol) if slots.words or slots.understood else None)
    return _about_market(command, slots, _symbol(slots, symbols, last_symbol))


def _behind_the_command(text: str) -> str:
    """Return a message without its first word."""
    _, *rest = text.split(maxsplit=1)
    return rest[0] if rest else ""


def _command(token: str) -> str:
    """Return the command that a token names.

    Raises:
        RequestError: there is none of this name.

    """
    name = token.lower().removeprefix("/").split("@")[0]
    if name in COMMANDS:
        return name
    near = difflib.get_close_matches(name, COMMANDS, 2, cutoff=0.5)
    raise RequestError(f"There is no command /{name[:20]}.", tuple(f"/{command}" for command in (*near, "help")))


def _about_market(command: str, slots: _Slots, symbol: str) -> Request:
    window = single(slots.windows, "windows", tuple(f"/liq {symbol} {window.name}" for window in slots.windows))
    model = single(slots.models, "models", tuple(f"/liq {symbol} {model}" for model in slots.models))
    venue = single(slots.venues, "venues", venue_suggestions(symbol, slots.venues))
    prices = tuple(f"/level {symbol} {typed(price)}" for price in slots.prices)
    price = single(slots.prices, "prices", prices)
    if command == "level":
        if price is None:
            raise RequestError("Which price?", (f"/level {symbol} 68.5k", f"/zones {symbol}"))
        return Level(symbol=symbol, window=window, model=model, venue=venue, price=price)
    if command == "maps" and (window or model or price is None):
        return maps_request(MarketRequest(symbol=symbol, window=window, model=model, venue=venue))
    if price is not None:
        raise RequestError(f"/{command} takes no price.", (*prices, f"/{command} {symbol}"))
    if command == "zones" and len(slots.sides) == 1:
        return Points(symbol=symbol, window=window, model=model, venue=venue, points=slots.sides)
    return _MARKET_REQUESTS[command](symbol=symbol, window=window, model=model, venue=venue)


def _read(tokens: Sequence[str]) -> _Slots:
    prices, windows, models, venues, words, understood = [], [], [], [], [], []
    sides: list[Side] = []
    for token in tokens:
        word = token.lower()
        if is_marked_symbol(token):
            words.append(token)
        elif word in _SIDES:
            sides.append(_SIDES[word])
        elif (window := as_window(token)) is not None:
            windows.append(window)
        elif (model := as_model(token)) is not None:
            models.append(model)
        elif (price := as_price(token)) is not None:
            prices.append(price)
        elif (venue := exchange_named(word)) is not None and not venue.is_word:
            venues.append(venue.name)
        elif is_understood(word):
            understood.append(token)
        else:
            words.append(token)
    return _Slots(
        prices=tuple(dict.fromkeys(prices)),
        windows=tuple(dict.fromkeys(windows)),
        models=tuple(dict.fromkeys(models)),
        venues=tuple(dict.fromkeys(venues)),
        sides=tuple(dict.fromkeys(sides)),
        words=tuple(words),
        understood=tuple(understood),
    )


def _symbol(slots: _Slots, known: Collection[str], last_symbol: str | None) -> str:
    """Return the symbol behind a command: a word that means nothing else, or the only one that the source lists."""
    read = {word: listed_symbol(as_symbol(word), known) for word in slots.words}
    found = tuple(dict.fromkeys(read.values()))
    if len(found) == 1:
        return found[0]
    if not found:
        return symbol_or_last(_from_understood(slots, known), last_symbol)
    listed = tuple(symbol for symbol in found if symbol in known)
    if len(listed) == 1:
        strange = " ".join(f"“{word}”" for word, symbol in read.items() if symbol != listed[0])
        level = tuple(f"/level {listed[0]} {typed(price)}" for price in slots.prices[:1])
        raise RequestError(f"I do not understand {strange} here.", (*level, f"/liq {listed[0]}", f"/zones {listed[0]}"))
    if listed:
        raise RequestError("One symbol at a time, please.", tuple(f"/liq {symbol}" for symbol in listed[:3]))
    strange = " ".join(f"“{word}”" for word in list(read)[:3])
    raise RequestError(f"I do not understand {strange}.", EXAMPLES)


def _from_understood(slots: _Slots, known: Collection[str]) -> str | None:
    """Return the one word that the source lists though it is a word, too: /liq near, /liq open."""
    spelled = (word.upper() for word in slots.understood if word.isascii() and word.isalnum())
    listed = tuple(dict.fromkeys(symbol for symbol in spelled if symbol in known))
    return listed[0] if len(listed) == 1 else None


def symbol_or_last(symbol: str | None, last_symbol: str | None) -> str:
    """Return the symbol of a request, the last one of the conversation where it names none.

    Raises:
        RequestError: there is neither.

    """
    found = symbol or last_symbol
    if found is None:
        raise RequestError("Which symbol?", EXAMPLES)
    return found
