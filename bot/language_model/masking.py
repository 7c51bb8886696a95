"""Facts out of a sentence, placeholders in: {price1} for 67,980. A model sees the sentence, never a number."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

PLACEHOLDER = re.compile(r"\{[a-z]+[0-9]+\}")
"""A placeholder as it stands in a sentence: its kind and which one of this kind it is."""

_NUMBER = r"\d(?:[\d,.]*\d)?"
_FACT = re.compile(
    "|".join(
        (
            r"(?P<moment>\d{1,2} [A-Z][a-z]{2} \d{4}(?: \d{2}:\d{2} UTC)?)",
            rf"(?P<usd>-?\${_NUMBER}[TBMk]?\b)",
            rf"(?P<percent>[+-]?{_NUMBER} ?%)",
            r"(?P<leverage>\b\d+(?:\.\d+)?x\b)",
            r"(?P<map>\bM\d+(?: \d+[hdwm])?\b)",
            rf"(?P<time>\b{_NUMBER}(?:-{_NUMBER})?(?: (?:s|min|h|d|hours|days)\b|-day\b|-hour\b|[hdwm]\b))",
            rf"(?P<number>[+-]?{_NUMBER}(?= (?:hourly )?sigmas?\b))",
            rf"(?P<price>(?<![\w.,+-]){_NUMBER}[kM]?(?![\w%-]|[.,]\d))",
            r"(?P<word>[^\s()\[\]\"',;:]*\d\S*?(?=[.,;:)]*(?:\s|$)))",
        )
    )
)
"""Facts by kind, the narrower first; the last alternative takes every word with a digit that is left."""
_SCORE = re.compile(r"\bscores?\b", re.IGNORECASE)
_LARGEST_SCORE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Masked:
    """A sentence whose facts are placeholders, and the facts as they were written."""

    text: str
    facts: tuple[tuple[str, str], ...] = ()

    def filled(self, text: str) -> str:
        """Return another sentence with the same placeholders, filled."""
        facts = dict(self.facts)
        return PLACEHOLDER.sub(lambda found: facts[found[0]], text)


def masked(text: str) -> Masked:
    """Return a sentence with every number, with its sign and unit, replaced by a placeholder that names its kind.

    Braces of the sentence itself are left alone: a sentence with some is not fit to be reworded.
    """
    counts: Counter[str] = Counter()
    facts: list[tuple[str, str]] = []

    def replaced(found: re.Match[str]) -> str:
        kind = _kind(found)
        counts[kind] += 1
        name = f"{{{kind}{counts[kind]}}}"
        facts.append((name, found[0]))
        return name

    return Masked(text=_FACT.sub(replaced, text), facts=tuple(facts))


def _kind(found: re.Match[str]) -> str:
    """Return what a fact is; a whole number of at most a hundred in a sentence about scores is a score."""
    kind = found.lastgroup or "word"
    is_small = found[0].isdigit() and int(found[0]) <= _LARGEST_SCORE
    return "score" if kind == "price" and is_small and _SCORE.search(found.string) else kind
