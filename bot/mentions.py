"""Which word of a sentence is the symbol. Strict: a wrong symbol is worse than a question back.

A word is a symbol when the source lists it and it is no word of English or of the trade; else only when it is marked
($one), written in capitals among small letters (NEAR), or stands where only a symbol stands: behind "on" or "for",
beside a price, at the side of what is asked ("link zones"). The surest kind that a message holds decides.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from bot.lexicon import ANCHORS, WORDS_THAT_ARE_TICKERS
from bot.requests import RequestError
from bot.sentence import BREAK, SLOTS, UNKNOWN, Sentence, Word, is_pair
from bot.strangers import names_in
from bot.tokens import as_symbol, is_marked_symbol
from engine.symbols import coin_of

_BEFORE_A_SYMBOL = frozenset({"on", "for", "of", "about", "in", "at"})
_BEFORE_A_SUBJECT = frozenset({"is", "are", "does", "do", "will", "has", "can", "could"})
_NO_NAMES = frozenset(
    {"a", "all", "any", "at", "be", "i", "id", "if", "in", "it", "me", "no", "not", "now", "on", "one", "re", "the"}
) | {"us", "why"}
"""Words that are no symbol by their place: "for me", "in on it", "the one"."""
_MARKED, _LISTED, _CAPITALS, _PLACED = 4, 3, 2, 1
"""How sure it is that a word is a symbol."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mentions:
    """The symbols that a sentence names, the surest kind alone, and the words that nothing is known of.

    names: those of the strange words that may name another symbol, a venue or a number.
    """

    symbols: tuple[str, ...]
    strange: tuple[Word, ...]
    names: tuple[Word, ...]
    is_sure: bool


def mentions_in(sentence: Sentence, known: Collection[str], *, in_conversation: bool = False) -> Mentions:
    """Return the symbols of a sentence; known: those that the source lists, empty where nobody knows yet.

    in_conversation: a symbol is known without the sentence, so that "near 70k" is about that one.
    """
    reader = _Finder(sentence, known, in_conversation=in_conversation)
    rated = [(place, reader.rate(place)) for place in range(len(sentence.words))]
    best = max((rate for _, rate in rated), default=0)
    chosen = [place for place, rate in rated if rate == best > 0]
    named = {place: reader.symbol(place) for place in chosen}
    strange = tuple(word for place, word in enumerate(sentence.words) if word.read == UNKNOWN and place not in named)
    return Mentions(
        symbols=tuple(dict.fromkeys(named.values())),
        strange=strange,
        names=_names(sentence, strange, [sentence.words[place] for place in named], reader),
        is_sure=best >= _CAPITALS,
    )


def _names(sentence: Sentence, strange: Sequence[Word], symbols: Sequence[Word], reader: _Finder) -> tuple[Word, ...]:
    """Return the strange words that may name something, those among them that the source lists."""
    listed = tuple(word for word in strange if reader.lists(word))
    return tuple(dict.fromkeys((*names_in(sentence.words, strange, symbols), *listed)))


def listed_symbol(plain: str, known: Collection[str]) -> str:
    """Return the symbol as the source lists it: 1000PEPE for PEPE where there is no other; itself if it lists none."""
    if plain in known:
        return plain
    return next((symbol for symbol in known if coin_of(symbol) == plain), plain)


class _Finder:
    """Rates the words of one sentence."""

    def __init__(self, sentence: Sentence, known: Collection[str], *, in_conversation: bool) -> None:
        self._in_conversation = in_conversation
        self._words = sentence.words
        self._known = frozenset(known)
        self._coins = frozenset(coin_of(symbol) for symbol in known)
        self._order = known
        self._has_small_letters = any(word.text != word.text.upper() for word in sentence.words)

    def symbol(self, place: int) -> str:
        """Return the symbol that a word means, as the source lists it."""
        return listed_symbol(as_symbol(_bare(self._words[place].text)), self._order)

    def lists(self, word: Word) -> bool:
        """Tell whether a strange word is the name of a listed market, and no word of English."""
        bare = _bare(word.text)
        return self._is_spelled(bare) and self._is_listed(bare) and bare.lower() not in WORDS_THAT_ARE_TICKERS

    def rate(self, place: int) -> int:
        """Return how sure it is that a word is a symbol, 0: it is none."""
        word = self._words[place]
        bare = _bare(word.text)
        if is_marked_symbol(word.text) or is_pair(word.text):
            return _MARKED
        if word.read not in (UNKNOWN, "") and not word.read.islower() and not word.read.isupper():
            return 0
        if word.read in SLOTS or " " in bare or not self._is_spelled(bare):
            return 0
        if not self._is_listed(bare):
            return _PLACED if word.read == UNKNOWN and self._names_a_stranger(place) else 0
        capitals = bare.isupper() and len(bare) > 1 and (self._has_small_letters or len(self._words) == 1)
        if word.read == UNKNOWN and len(bare) > 1 and (capitals or bare.lower() not in WORDS_THAT_ARE_TICKERS):
            return _LISTED
        if capitals:
            return _CAPITALS
        return _PLACED if self._stands_as_a_symbol(place) else 0

    def _is_spelled(self, bare: str) -> bool:
        try:
            as_symbol(bare)
        except RequestError:
            return False
        return True

    def _is_listed(self, bare: str) -> bool:
        return as_symbol(bare) in self._known | self._coins

    def _stands_as_a_symbol(self, place: int) -> bool:
        """Tell whether an English word stands where only a symbol does."""
        word = self._words[place]
        before, after = (self._words[at].read if 0 <= at < len(self._words) else "" for at in (place - 1, place + 1))
        name = _bare(word.text).lower()
        if name in _NO_NAMES:
            return False
        beside_an_end = self._read(place, 1) in {BREAK, "", *SLOTS}
        if self._typed_before(place) in _BEFORE_A_SYMBOL and (word.read == UNKNOWN or beside_an_end):
            return True
        if word.read != UNKNOWN:  # a word of the trade: open, order, near
            others = {each.read for at, each in enumerate(self._words) if at != place}
            return not self._in_conversation and place == 0 and bool(others) and others <= SLOTS
        if self._typed_before(place) in _BEFORE_A_SUBJECT or (len(self._words) == 1 and len(name) == 1):
            return bool(self._read(place, 1))
        return any(side in ANCHORS for side in (before, after)) or after in SLOTS or self._ends_a_clause(place)

    def _names_a_stranger(self, place: int) -> bool:
        """Tell whether a word that nobody knows stands where only a symbol does."""
        others = [word for at, word in enumerate(self._words) if at != place and word.read]
        slots = [word for word in others if word.read in SLOTS]
        if len(slots) == len(others):  # "doge 0.0812", and nothing else
            return not self._known or (bool(slots) and self._words[place].text.isupper())
        return self._follows_what_is_asked(place)

    def _ends_a_clause(self, place: int) -> bool:
        """Tell whether a word stands for itself between a comma and an end: "gas, what is below?"."""
        before = self._words[place - 1].read if place else BREAK
        after = self._words[place + 1].read if place + 1 < len(self._words) else BREAK
        return before == after == BREAK and len(self._words) > 1

    def _follows_what_is_asked(self, place: int) -> bool:
        concepts = any(_is_concept(word.read) for word in self._words if word.read not in SLOTS)
        is_last = self._read(place, 1) in {BREAK, "", *SLOTS}
        return concepts and is_last and self._typed_before(place) in {"on", "for"}

    def _typed_before(self, place: int) -> str:
        return self._words[place - 1].text.lower() if place else ""

    def _read(self, place: int, step: int) -> str:
        """Return what the next word that means something is read as, "" at the end of the message."""
        return next(self._walk(place, step), "")

    def _walk(self, place: int, step: int) -> Iterator[str]:
        place += step
        while 0 <= place < len(self._words):
            if self._words[place].read:
                yield self._words[place].read
            place += step


def _is_concept(read: str) -> bool:
    return read.isupper()


def _bare(text: str) -> str:
    """Return a word without the ending of what belongs to it: btc for btc's."""
    return text.removesuffix("'s").removesuffix("'S")
