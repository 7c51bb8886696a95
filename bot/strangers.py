"""Which of the words that nobody knows may name something: another coin, a venue, a number. The others only colour.

An unknown word in small letters, inside a question that is understood and about a symbol that is sure, takes nothing
away: "who gets suckered on btc". One that stands or looks as a name does would make the answer one to another
question, so it is asked back: "btc or zorp", "zorpcoin", "ZORP", "on zorp", "70kk".
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from bot.lexicon import ANCHORS
from bot.sentence import BREAK, SLOTS, Word, is_pair
from bot.tokens import is_marked_symbol

SHORTEST_COUNT = 2
"""Digits up to which a number before a word counts what the word names: "5 lambos"."""
_NAME_ENDINGS = ("coin", "token", "inu", "swap", "usd", "perp", "dao", "fi")
_COLOUR_ENDINGS = ("ly", "er", "ers", "est", "ed", "ing", "in", "y", "ish", "ful", "less", "ous", "able", "ive")
"""Endings of words that say how something is or is done; no name that is meant here ends a question on them."""
_BESIDE_ANOTHER = frozenset({"and", "or", "vs", "versus", "with", "than", "against", "compare", "like", "&", "to"})
_ON = frozenset({"on", "via", "from"})
"""What stands before a market or a venue, whatever else the message names."""
_ABOUT = frozenset({"for", "of", "about", "in", "at"})
_BEFORE_A_SUBJECT = frozenset({"is", "are", "does", "do", "will", "has", "have", "did", "can", "could", "would", "if"})
_NO_CONTENT = frozenset({BREAK, ""})


def names_in(words: Sequence[Word], strange: Collection[Word], symbols: Collection[Word]) -> tuple[Word, ...]:
    """Return the strange words that may name something; symbols: the words that were read as one."""
    names = _Names(words, strange, symbols)
    return tuple(word for place, word in enumerate(words) if names.holds(place))


class _Names:
    """Tells of the words of one message which may be names; words are compared by identity, for the same may recur."""

    def __init__(self, words: Sequence[Word], strange: Collection[Word], symbols: Collection[Word]) -> None:
        self._words = words
        self._strange = set(map(id, strange))
        self._symbols = set(map(id, symbols))
        self._has_small_letters = any(word.text != word.text.upper() for word in words)
        capitalised = sum(word.text[:1].isupper() for word in words)
        self._is_title = 2 * capitalised > len(words)

    def holds(self, place: int) -> bool:
        """Tell whether the word at a place is strange and may name something."""
        if id(self._words[place]) not in self._strange:
            return False
        return self._looks_like_one(place) or self._is_counted(place) or self._stands_like_one(place)

    def _looks_like_one(self, place: int) -> bool:
        text = self._words[place].text
        if is_marked_symbol(text) or is_pair(text) or not text.replace("'", "").replace("-", "").isalpha():
            return True
        if not text.isascii() or text.lower().endswith((*_NAME_ENDINGS, "'s")):
            return True
        if text.isupper():
            return self._has_small_letters
        begins = place == 0 or self._words[place - 1].read == BREAK
        return text[:1].isupper() and not begins and not self._is_title

    def _is_counted(self, place: int) -> bool:
        """Tell whether a small number stands before a word: no price then."""
        before = self._text(place - 1)
        return before.isdigit() and len(before) <= SHORTEST_COUNT

    def _stands_like_one(self, place: int) -> bool:
        before, text = self._text(place - 1), self._text(place)
        if self._is_beside_the_symbol(place):
            return True
        ends = self._read(place + 1) in _NO_CONTENT or self._read(place + 1) in SLOTS
        if (before in _ON and ends) or (before in _ABOUT and ends and not self._symbol_is_placed()):
            return True
        if text.endswith(_COLOUR_ENDINGS):
            return False
        is_subject = before in _BEFORE_A_SUBJECT and bool(self._read(place + 1)) and not self._is_symbol(place + 1)
        return is_subject and (not self._symbols or self._read(place + 1) in ANCHORS)

    def _is_beside_the_symbol(self, place: int) -> bool:
        """Tell whether the word is joined to the symbol as another one would be: btc and zorp, zorp vs btc."""
        after = self._text(place + 1) in _BESIDE_ANOTHER and self._is_symbol(place + 2)
        before = self._text(place - 1) in _BESIDE_ANOTHER and self._is_symbol(place - 2)
        return after or before

    def _symbol_is_placed(self) -> bool:
        """Tell whether the symbol itself stands behind "on" or "for", so that no other word need be one."""
        return any(
            self._is_symbol(place) and self._text(place - 1) in _ON | _ABOUT for place in range(len(self._words))
        )

    def _is_symbol(self, place: int) -> bool:
        return 0 <= place < len(self._words) and id(self._words[place]) in self._symbols

    def _text(self, place: int) -> str:
        return self._words[place].text.lower() if 0 <= place < len(self._words) else ""

    def _read(self, place: int) -> str:
        return self._words[place].read if 0 <= place < len(self._words) else BREAK
