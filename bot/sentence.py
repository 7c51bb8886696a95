"""From a message to a sentence: every word with what it is read as, before anybody asks what the whole means.

    "what's below us on eth, 12h?"  ─►  what BELOW us on [eth] ; WINDOW

Phrases come first ("open interest"), then numbers and names of maps and venues, then the lexicon. What nothing knows
stays as it was typed: a symbol, or a word that is not understood. Which of the two is for `bot.mentions` to say.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from bot.lexicon import ALIASES, CLEAR_FROM, concept_of, is_slip
from bot.phrases import PHRASES
from bot.requests import RequestError
from bot.tokens import as_model, as_price, as_window, is_marked_symbol, tokenise, visible_text
from engine.symbols import QUOTES
from engine.text import exchange_named
from engine.windows import Window

BREAK = ";"
"""What separates clauses: no pattern reaches across it."""
UNKNOWN = "?"
"""A word that is not understood, or a symbol."""
SLOTS = frozenset({"PRICE", "WINDOW", "MODEL", "VENUE", "HORIZON"})
"""What numbers and names of maps and venues are read as."""
PRICE_EXAMPLES = ("/level BTC 68.5k", "which zones are below BTC", "/help")
_WORDS_OF_PHRASES = frozenset(word for phrase in PHRASES for word in phrase.split())
LONGEST_PHRASE = max(len(phrase.split()) for phrase in PHRASES)

_Value = TypeVar("_Value")

MOST_COUNT_DIGITS = 2
"""Nobody counts a hundred zones."""

_CLAUSE_END = re.compile(r"[,;:?!\n](?=\s|$)|\.(?=\s|$)|\s[-–—]+(?=\s)")
_JOINED = re.compile(r"(?<=[^\W\d_])[/\-–—](?=[^\W\d_])|(?<=[^\W_]),(?=[^\W\d_])|(?<=[^\W\d_]),(?=[^\W_])|…|\.{2,}")
_SPOKEN_LEVERAGE = re.compile(r"\d{1,3}x")
_HORIZON = re.compile(r"\d+[-–]\d+([dhw]|days?|hours?|weeks?)?", re.IGNORECASE)
_TIME_AHEAD = re.compile(
    r"\b(?:next|coming|within|in)(?: the)?(?: next| coming)? "
    r"(?:few|couple of|\d{1,2}[-–]\d{1,2}) ?(?:d|h|w|days?|hours?|weeks?)\b"
)
"""A stretch of time to come that is none of a map's windows: over the next 0-3 days, in the next few hours."""
_COUNTED = frozenset({"ZONE", "LEVEL", "MAP", "MODELS", "QUESTIONS", "SIDE", "WHY", "SWEEP", "TRAP", "AGREE", "LIQ"})
_COUNTED_WORDS = frozenset(
    {"days", "hours", "reasons", "things", "inputs", "ones", "venues", "exchanges", "minutes"}
) | {"mins", "min", "panels", "panel", "pane", "panes", "charts", "times", "candles", "people"}
_AHEAD = frozenset({"next", "within", "in", "coming"})
_AT_A_VENUE = frozenset({"on", "at", "from", "only", "just", "via", "using", "about", "same", "of"})
_SPOKEN_WINDOWS = {"weekly": "1w", "monthly": "1m", "week": "1w", "month": "1m", "day": "24h"}
_SPAN_BEFORE = frozenset({"last", "past", "previous"})
_NUMBERS = {"one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "twelve": "12"}
_SOUNDED = {"2": "to", "4": "for"}
_AFTER_A_SOUND = frozenset({"price", "lose", "go", "get", "be", "see", "know", "come", "us", "me", "now"})
"""Words before which 2 is "to" and 4 is "for"."""
_NUMBERED = frozenset({"hours", "hour", "days", "day", "weeks", "week", "month", "months"})
_PERCENTAGE = re.compile(r"[-+]?\d[\d.,]*(%|pct)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A word as typed, and as it is read: a concept, a word of the grammar, "" for none, a slot, or UNKNOWN."""

    text: str
    read: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """The words of a message in order, and what its slots hold."""

    words: tuple[Word, ...]
    prices: tuple[float, ...]
    windows: tuple[Window, ...]
    models: tuple[str, ...]
    venues: tuple[str, ...]

    @property
    def looks_ahead(self) -> bool:
        """Whether a time to come is named: within 24h, over the next 0-3 days."""
        spoken = " ".join(word.text.lower() for word in self.words)
        return any(word.read == "HORIZON" for word in self.words) or _TIME_AHEAD.search(spoken) is not None

    @property
    def unknown(self) -> tuple[Word, ...]:
        """The words that are symbols or not understood."""
        return tuple(word for word in self.words if word.read == UNKNOWN)

    @property
    def concepts(self) -> tuple[str, ...]:
        """What is read, without words that mean nothing: what patterns are held against."""
        return tuple(word.read for word in self.words if word.read)


@functools.lru_cache(maxsize=4096)
def _as_in_phrases(word: str) -> str:
    """Return a word in lower case as phrases have it: written out, and without a slip of the finger."""
    word = ALIASES.get(word, word)
    if word in _WORDS_OF_PHRASES or len(word) < CLEAR_FROM - 1 or concept_of(word) is not None:
        return word
    meant = [known for known in _WORDS_OF_PHRASES if is_slip(word, known)]
    return meant[0] if len(meant) == 1 else word


class _Reader:
    """Reads tokens one after the other."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self._tokens = tokens
        self.words: list[Word] = []
        self.prices: list[float] = []
        self.windows: list[Window] = []
        self.models: list[str] = []
        self.venues: list[str] = []

    def read(self) -> None:
        place = 0
        while place < len(self._tokens):
            place += self._phrase(place) or self._slot(place) or self._plain(place)

    def _add(self, text: str, read: str) -> int:
        self.words.append(Word(text=text, read=read))
        return 1

    def _near(self, place: int) -> str:
        return self._tokens[place].lower() if 0 <= place < len(self._tokens) else ""

    def _phrase(self, place: int) -> int:
        """Read a phrase that begins here; return how many tokens it has."""
        for length in range(LONGEST_PHRASE, 0, -1):
            words = self._tokens[place : place + length]
            spelled = " ".join(_as_in_phrases(word.lower()) for word in words)
            typed = " ".join(words).lower()
            meaning = PHRASES.get(typed, PHRASES.get(spelled)) if len(words) == length else None
            if meaning is None:
                continue
            for each in meaning.split() or ("",):
                self._add(" ".join(words), each)
            return length
        return 0

    def _slot(self, place: int) -> int:
        token = self._tokens[place]
        word = token.lower()
        if token == BREAK:
            return self._add(token, BREAK)
        if is_marked_symbol(token):
            return self._add(token, UNKNOWN)
        if word in ALIASES:  # m8 is no model
            return 0
        if _PERCENTAGE.fullmatch(word) or (self._near(place + 1) in {"%", "percent"} and word[:1].isdigit()):
            raise RequestError("I read prices, not percentages.", PRICE_EXAMPLES)
        if _SPOKEN_LEVERAGE.fullmatch(word) or _HORIZON.fullmatch(word) or self._is_count(place):
            return self._add(token, "")
        return self._venue(place) or self._window(place) or self._model(token) or self._price(token)

    def _is_count(self, place: int) -> bool:
        """Tell whether a number counts things: 4 maps, top 3, both 2."""
        following = self._near(place + 1)
        small = self._tokens[place].isdigit() and len(self._tokens[place]) <= MOST_COUNT_DIGITS
        counted = concept_of(following) in _COUNTED or following in _COUNTED_WORDS
        return small and (counted or (self._near(place - 1) in {"top", "first", "all"} and not following[:1].isdigit()))

    def _venue(self, place: int) -> int:
        word = self._near(place).removesuffix("'s")
        venue = exchange_named(word)
        placed = self._near(place - 1) in _AT_A_VENUE or self._near(place + 1) in {"only", "alone", "data"}
        if venue is None or not (placed or not venue.is_word):
            return 0
        self.venues.append(venue.name)
        return self._add(self._tokens[place], "VENUE")

    def _window(self, place: int) -> int:
        """Read a window; time ahead is none: a map looks back."""
        token, word, before = self._tokens[place], self._near(place), self._near(place - 1)
        spoken = _SPOKEN_WINDOWS.get(word) if before in _SPAN_BEFORE or word.endswith("ly") else None
        window = as_window(spoken or token) if not self._is_ahead(place) else None
        if window is None:
            return self._add(token, "HORIZON") if self._is_ahead(place) and _is_span(token) else 0
        self.windows.append(window)
        return self._add(token, "WINDOW")

    def _is_ahead(self, place: int) -> bool:
        return bool({self._near(place - 1), self._near(place - 2)} & _AHEAD) and self._near(place - 1) not in {
            *_SPAN_BEFORE,
            "on",
        }

    def _model(self, token: str) -> int:
        model = as_model(token)
        if model is None:
            return 0
        self.models.append(model)
        return self._add(token, "MODEL")

    def _price(self, token: str) -> int:
        price = as_price(token)
        if price is None:
            return 0
        self.prices.append(price)
        return self._add(token, "PRICE")

    def _plain(self, place: int) -> int:
        token = self._tokens[place]
        if not any(character.isalnum() for character in token):
            return self._add(token, "")
        read = UNKNOWN if is_pair(token) else concept_of(token.lower())
        return self._add(token, UNKNOWN if read is None else read)


def read_sentence(text: str) -> Sentence:
    """Return what each word of a message is read as.

    Raises:
        RequestError: it is too long, or holds a number that cannot be read in one way only.
        UnknownWindowError: it names a window that no map has.

    """
    tokenise(text)  # for its limit, before anything is looked at
    plain = visible_text(text).replace("’", "'").replace("`", "")
    clauses = _CLAUSE_END.sub(f" {BREAK} ", plain)
    tokens: list[str] = []
    for clause in clauses.split(f" {BREAK} "):
        tokens += [BREAK] if tokens and tokens[-1] != BREAK else []
        tokens += _with_numbers(tokenise(_JOINED.sub(_spread, clause)))
    while tokens and tokens[-1] == BREAK:
        tokens.pop()
    reader = _Reader(tokens)
    reader.read()
    return Sentence(
        words=tuple(reader.words),
        prices=_unique(reader.prices),
        windows=_unique(reader.windows),
        models=_unique(reader.models),
        venues=_unique(reader.venues),
    )


def _spread(joint: re.Match[str]) -> str:
    """Return what stands for a mark between two words: itself inside a pair (BTC/USDT), else a space."""
    behind = joint.string[joint.end() :].upper()
    return joint[0] if joint[0] in "/-" and behind.startswith(QUOTES) else " "


def _with_numbers(tokens: Sequence[str]) -> Iterator[str]:
    """Yield the tokens, with "three days" as 3days and "2 lose" as what it sounds like."""
    waiting = ""
    for token, following in zip(tokens, (*tokens[1:], ""), strict=False):
        if token.lower() in _NUMBERS and following.lower() in _NUMBERED:
            waiting = _NUMBERS[token.lower()]
        elif token in _SOUNDED and following.lower() in _AFTER_A_SOUND:
            yield _SOUNDED[token]
        else:
            yield waiting + token
            waiting = ""


def _is_span(token: str) -> bool:
    return token[:1].isdigit() and token[-1:].isalpha() and not token.lower().endswith("k") and "." not in token


def is_pair(token: str) -> bool:
    """Tell whether a token is written as only a symbol is: btcusdt, BTC/USDT, BTC-PERP."""
    upper = token.upper()
    return any(upper.removesuffix(quote) not in {upper, "", "XX"} for quote in QUOTES) and (
        any(mark in token for mark in "/-_:.") or upper.endswith(("USDT", "USDC", "USD"))
    )


def _unique(values: list[_Value]) -> tuple[_Value, ...]:
    return tuple(dict.fromkeys(values))
