"""From a typed message to tokens, and from one token to a price, a window, a model or a symbol.

Each `as_...` function answers for one kind only: the value, None when the token is of another kind, or a RequestError
when it clearly is of this kind and cannot be read. In which order they are tried and what a whole message means is the
business of `bot.grammar`.
"""

from __future__ import annotations

import math
import re
import unicodedata
from itertools import takewhile

from bot.requests import RequestError
from engine.symbols import plain_symbol
from engine.windows import Window, window_named

MAX_TEXT_LENGTH = 600
"""Longest message that is read [characters]: twice a question of four parts, each with its own terms, written out."""
MAX_SYMBOL_LENGTH = 20
"""Longest symbol [characters]: the longest listed perpetual has 18."""
MAX_PRICE_LENGTH = 24
"""Longest price [characters]: room for 1,000,000,000.12345678 and no more."""

_WRAPPING = "?!.,;:()[]{}<>\"'`*_~|«»“”‘’…\\"
_TERMINAL_COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
"""What a terminal takes for a colour, pasted with the text: no window of 31 months."""
_MENTION = re.compile(r"<(?:@[!&]?|#|a?:\w{1,32}:|/[^<>:]{1,99}:|t:)-?\d+(?::\w)?>")
"""How Discord writes people, roles, channels, emoji, commands and moments: their numbers are no prices."""
_TAGGED = re.compile(r"<([a-z][\w-]*)(?:\s[^<>]*)?>([^<>]*)</\1\s*>", re.IGNORECASE)
"""Text between two tags, which mean nothing here; a single <btc> is a word as manuals write it."""
_DIGITS = frozenset("0123456789")
_GROUP_DIGITS = 3

_PRICE_FACTORS = {"k": 1e3, "m": 1e6}
_CURRENCY_SUFFIXES = ("usdt", "usdc", "usd", "$")

_WINDOW_UNITS = {
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), "h"),
    **dict.fromkeys(("d", "day", "days"), "d"),
    **dict.fromkeys(("w", "wk", "week", "weeks"), "w"),
    **dict.fromkeys(("m", "mo", "month", "months"), "m"),
}


def tokenise(text: str) -> tuple[str, ...]:
    """Return the words of a message without wrapping punctuation, invisible characters and full-width forms.

    Raises:
        RequestError: the message is longer than any question.

    """
    if len(text) > MAX_TEXT_LENGTH:
        problem = f"That message has {len(text):,} characters; {MAX_TEXT_LENGTH} are read."
        raise RequestError(problem, ("/liq BTC", "/help"))
    stripped = (_unwrapped(word) for word in visible_text(text).split())
    return _join_units(tuple(word for word in stripped if word))


def _without_markup(text: str) -> str:
    """Return a text without mentions, and without the tags around its words, the inner ones first."""
    plain = _MENTION.sub(" ", text)
    while (inner := _TAGGED.sub(r" \2 ", plain)) != plain:
        plain = inner
    return plain


def _unwrapped(word: str) -> str:
    """Return a word without the punctuation around it; the point of .25 is no punctuation."""
    plain = word.strip(_WRAPPING)
    before = word[: word.index(plain)] if plain else ""
    return f".{plain}" if before.endswith(".") and plain[:1] in _DIGITS and "." not in plain else plain


def visible_text(text: str) -> str:
    """Return a text as it is seen: without invisible characters, mentions and tags, in the usual width."""
    plain = unicodedata.normalize("NFKC", _TERMINAL_COLOUR.sub(" ", text))
    return _without_markup("".join(_visible(character) for character in plain))


def _visible(character: str) -> str:
    """Drop what cannot be seen (zero width, direction marks); other control characters separate words."""
    category = unicodedata.category(character)
    if category == "Cf":
        return ""
    return " " if category.startswith("C") else character


def _join_units(words: tuple[str, ...]) -> tuple[str, ...]:
    """Join what belongs together though typed apart: "12 h", "3 days", "68.5 k", "model 2"."""
    joined: list[str] = []
    for word in words:
        previous = joined[-1] if joined else ""
        if _is_number(previous) and word.lower() in {*_WINDOW_UNITS, *_PRICE_FACTORS}:
            joined[-1] = previous + word
        elif previous.lower() == "model" and set(word) <= _DIGITS:
            joined[-1] = f"M{word}"
        else:
            joined.append(word)
    return tuple(joined)


def _is_number(word: str) -> bool:
    return any(character in _DIGITS for character in word) and set(word) <= {*_DIGITS, ".", ","}


def as_window(token: str) -> Window | None:
    """Return the window that a token such as 12h, 3d, 3days or 1month names.

    Raises:
        UnknownWindowError: it has the form of a window, and no map has that one.

    """
    count = "".join(takewhile(_DIGITS.__contains__, token))
    unit = _WINDOW_UNITS.get(token[len(count) :].lower())
    return window_named(f"{count}{unit}") if count and unit else None


def as_model(token: str) -> str | None:
    """Return the id of the model (M2) that a token such as m2 names; whether it exists is for the engine to say."""
    digits = token[1:]
    return f"M{digits}" if token[:1] in {"m", "M"} and digits and set(digits) <= _DIGITS else None


def as_price(token: str) -> float | None:
    """Return the price that a token such as 68500, 68,500, $68500, 68.5k or 1.2m means [quote currency].

    Raises:
        RequestError: it is a number, and not a price above zero that can be read in one way only.

    """
    plain = _without_currency(token.lower())
    factor = _PRICE_FACTORS.get(plain[-1:], 1.0)
    number = plain[:-1] if plain[-1:] in _PRICE_FACTORS else plain
    if not _is_number(number.lstrip("+-")):
        return None
    whole, _, fraction = number.partition(".")
    well_formed = len(number) <= MAX_PRICE_LENGTH and _is_grouped(whole) and set(fraction) <= _DIGITS
    value = float(whole.replace(",", "") + "." + fraction + "0") * factor if well_formed else math.nan
    if value > 0:
        return value
    raise RequestError(f"“{_short(token)}” is not a price that I can read.", ("68500", "68,500", "68.5k"))


def _without_currency(token: str) -> str:
    for suffix in _CURRENCY_SUFFIXES:
        token = token.removesuffix(suffix)
    return token.removeprefix("@").removeprefix("$")


def _is_grouped(whole: str) -> bool:
    """Tell whether commas, if any, stand between groups of three digits: 68,500 yes, 68,5 no (is it 68.5?)."""
    first, *groups = whole.split(",")
    if not set(whole) <= {*_DIGITS, ","} or (groups and not 1 <= len(first) <= _GROUP_DIGITS):
        return False
    return all(len(group) == _GROUP_DIGITS for group in groups)


def as_symbol(token: str) -> str:
    """Return the symbol that a token means: BTC for btc, $btc, btcusdt, BTC/USDT, BTC-PERP, BTCUSDT.P and bitcoin.

    Raises:
        RequestError: no symbol is written like that.

    """
    plain = plain_symbol(token)
    letters = any(character.isalpha() for character in plain)
    if not (letters and plain.isascii() and plain.isalnum() and len(plain) <= MAX_SYMBOL_LENGTH) or _is_priced(plain):
        raise RequestError(f"I cannot read “{_short(token)}”.", ("/liq BTC", "/level BTC 68.5k", "/help"))
    return plain


def _is_priced(plain: str) -> bool:
    try:
        return as_price(plain) is not None
    except RequestError:
        return True


def is_marked_symbol(token: str) -> bool:
    """Tell whether the token says itself that it is a symbol, as $on does and the word "on" does not."""
    return token.startswith(("$", "#")) and any(character.isalpha() for character in token[1:2])


def _short(token: str) -> str:
    """Return the token as it may be repeated in a sentence: printable and not long."""
    printable = "".join(character for character in token if character.isprintable())
    return printable if len(printable) <= MAX_SYMBOL_LENGTH else printable[: MAX_SYMBOL_LENGTH - 1] + "…"
