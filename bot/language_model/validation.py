"""What is wrong with a rewording, if anything. Whatever a model writes, nothing passes that changes what was said."""

from __future__ import annotations

import re
from collections import Counter

from bot.language_model.masking import PLACEHOLDER, Masked
from bot.language_model.vocabulary import CLAIM_WORDS, NUMBER_WORDS, PLAIN_WORDS

LONGEST_RATIO = 1.5
"""How much longer than the sentence itself, without its facts, a rewording may be."""
LONGEST_MORE = 24
"""Characters on top of that: room for short sentences."""

_BRACED = re.compile(r"\{[^{}]*\}")
_WORD = re.compile(r"\{[a-z]+[0-9]+\}|[A-Za-z]+(?:['-][A-Za-z]+)*")
_FOREIGN = re.compile(r"[^A-Za-z ,.;:()'-]")
"""No digit or number of any script, no sign, no mark of markup, no address, no line break, nothing invisible."""
_LOOSE_SIGN = re.compile(r"(?<![A-Za-z])[-']|[-'](?![A-Za-z])")
"""A hyphen joins letters, and stands nowhere else: before a fact it would be a minus."""
_GLUED = re.compile(r"[^ (]\{|\}(?![,.;:)]*(?: |$))")
"""A fact has room around it: nothing written on to it makes another number of it."""
_SIDE_BY_SIDE = re.compile(r"\}[.,;:()]* *[.,;:()]* *\{")
_TIGHT = re.compile(r"[.:;,](?![ .,;:)]|$)")
"""Something right behind a full stop or colon looks like an address."""


def problem_of(rewritten: str, template: Masked) -> str | None:
    """Return why a rewording of a masked sentence is refused, in words that a model can act on; None where it is fit.

    The rule that matters: its words that are not plain are those of the template, each as often and in the same order,
    placeholders among them. So no side changes, no number moves to another noun, and nothing is claimed anew. The other
    checks keep out what is no word, and say more exactly what was wrong.
    """
    if len(PLACEHOLDER.sub("", rewritten)) > LONGEST_RATIO * len(PLACEHOLDER.sub("", template.text)) + LONGEST_MORE:
        return "it is too long"
    return (
        _wrong_placeholders(rewritten, template)
        or _wrong_characters(rewritten)
        or _wrong_words(rewritten, template.text)
        or _shouting(rewritten, template.text)
    )


def _wrong_placeholders(rewritten: str, template: Masked) -> str | None:
    there = Counter(_BRACED.findall(rewritten))
    wanted = Counter(name for name, _ in template.facts)
    if unknown := sorted(there - wanted):
        return f"{', '.join(unknown)} is not a placeholder of that sentence, or stands there too often"
    if missing := sorted(wanted - there):
        return f"{', '.join(missing)} is missing"
    if _GLUED.search(rewritten):
        return "a placeholder needs a space before it, and a space or punctuation behind it"
    if _SIDE_BY_SIDE.search(rewritten) and not _SIDE_BY_SIDE.search(template.text):
        return "two placeholders stand side by side"
    return None


def _wrong_characters(rewritten: str) -> str | None:
    plain = PLACEHOLDER.sub("x", rewritten)
    if any(character.isnumeric() for character in plain):
        return "it holds a digit: only placeholders are numbers"
    if found := _FOREIGN.search(plain):
        return f"it holds {found[0]!r}: write letters, spaces and , . ; : ( ) only"
    if _LOOSE_SIGN.search(plain):
        return "a hyphen or apostrophe stands outside of a word"
    if _TIGHT.search(plain):
        return "a full stop, comma or colon needs a space behind it"
    return None


def _wrong_words(rewritten: str, template: str) -> str | None:
    ours, theirs = _meaning(template), _meaning(rewritten)
    if ours == theirs:
        return None
    added = [word for word in theirs if word not in ours]
    if counted := [word for word in added if word in NUMBER_WORDS]:
        return f"{_listed(counted)} is a number: only placeholders are numbers"
    if claimed := [word for word in added if word in CLAIM_WORDS]:
        return f"{_listed(claimed)} claims or advises what nobody knows"
    if added:
        return f"{_listed(added)} is not allowed"
    if missing := [word for word in ours if word not in theirs]:
        return f"{_listed(missing)} is missing"
    return "its words are not in the order of the sentence"


def _meaning(text: str) -> list[str]:
    """Return the words and placeholders that carry a sentence's meaning, in order."""
    return [word for found in _WORD.findall(text) if (word := found.lower()) not in PLAIN_WORDS]


def _listed(words: list[str]) -> str:
    return ", ".join(repr(word) for word in dict.fromkeys(words[:5]))


def _shouting(rewritten: str, template: str) -> str | None:
    loud = {word for word in _WORD.findall(rewritten) if len(word) > 1 and word.isupper()}
    new = sorted(loud - set(_WORD.findall(template)))
    return f"{_listed(new)} is in capitals" if new else None
