"""What a sentence asks for: patterns of concepts, tried in order, the more telling first.

A pattern is words of `bot.lexicon` side by side; `a|b` is either, `...` up to five words of the same clause. What one
pattern matched no later one sees, so "an upside sweep or a trap on both sides" asks for the setup and not for zones.
A message that matches several asks for several things, in the order in which they stand in it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.sentence import BREAK

GAP = 5
"""Words that `...` may stand for."""

PATTERNS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("help", ("HELP", "how use BOT", "how ... i ... BOT", "what can you", "who|what are you")),
    ("track", ("TRACK", "how OFTEN ... you")),
    ("settings", ("SETTINGS",)),
    ("questions", ("QUESTIONS", "which|what QUESTIONS", "what|which ... should|would|could i|we|you ... ASK")),
    ("price_action", ("ACTION ... CONFIRM|AGREE",)),
    ("maps", ("AGREE BESIDE MAP",)),
    (
        "agreement",
        (
            "which ... MAP|MODELS ... AGREE ... most|STRONG",
            "STRONG ... AGREE",
            "most ... AGREE",
            "AGREE ... STRONG|most",
            "MAP|MODELS|WINDOWS|DATA|they|INPUTS ... AGREE",
            "AGREE ... MAP|MODELS|WINDOWS|INPUTS|DATA",
            "AGREE",
            "WINDOWS|MAP|MODELS ... SAME|CONFIRM",
            "SAME|CONFIRM ... WINDOWS|MAP|MODELS",
        ),
    ),
    ("maps", ("BESIDE ... MAP", "MAP ... BESIDE", "BESIDE", "BESIDE ... MAP")),
    (
        "models",
        ("what|which|how|WHY ... MODELS|MODEL", "MODELS", "DIFFER ... MODEL", "ASSUME ... MODEL", "MODEL ... ASSUME"),
    ),
    (
        "exposed",
        ("which|who|more|most ... SQUEEZE ... LONG|LONGS or ... SHORT|SHORTS", "SQUEEZE ... LONG or ... SHORT"),
    ),
    (
        "advice",
        (
            "should|do|can|would|could i|we|you ... TRADE|LONG|SHORT|STOPLOSS|LEVERAGE",
            "should i",
            "good|safe|worth|time ... LONG|SHORT|TRADE",
            "TRADE ... LONG|SHORT|TRADE",
            "GO LONG|SHORT",
            "i LONG|SHORT|TRADE",
            "LONG or SHORT",
            "TRADE",
            "STOPLOSS",
            "ADVISE",
            "OWN",
        ),
    ),
    ("bait", ("TRAP if ... MISTAKEN", "if ... SWEEP ... MISTAKEN", "SWEEP MISTAKEN")),
    (
        "invalidation",
        (
            "INVALID ... MISTAKEN",
            "INVALID",
            "what|when|where|how|if ... MISTAKEN",
            "MISTAKEN if|when",
            "what|when|where|which ... KILL ... SETUP|VIEW|we|you",
            "KILL ... SETUP|VIEW",
            "CONDITIONS ... KILL|MISTAKEN",
            "what KILL",
            "when|where|what|at ... VIEW KILL",
            "when|where ... we|i|you KILL ... VIEW",
            "TURN ... SETUP|VIEW",
            "SETUP|VIEW ... BREAKS",
            "BREAKS ... SETUP|VIEW",
            "what TURN ... you",
            "if|when|where ... MISTAKEN|KILL",
        ),
    ),
    (
        "exposed",
        (
            "SETUP FAVOUR ... SWEEP ... SWEEP ... TRAP ... BOTH",
            "ABOVE|BELOW|UP|DOWN SWEEP ... ABOVE|BELOW|UP|DOWN SWEEP ... TRAP ... BOTH",
            "ABOVE|BELOW SWEEP ... ABOVE|BELOW SWEEP ... BOTH|double TRAP",
            "GO|SETUP ... SWEEP ... HIGHS|LOWS ... SWEEP ... HIGHS|LOWS ... TRAP ... BOTH",
            "SWEEP ... HIGHS|LOWS ... SWEEP ... HIGHS|LOWS ... TRAP ... BOTH",
            "SWEEP ... or TRAP ... BOTH",
            "SWEEP ... or BOTH|double ... TRAP",
            "SWEEP ... SWEEP ... TRAP",
            "SETUP ... ABOVE|BELOW|UP|DOWN|BOTH ... TRAP",
            "which|what SIDE ... SQUEEZE|LIQ|FAVOUR|STRONG|more|most|SWEEP|FORCED",
            "which|what SIDE",
            "which|what|who LONG|LONGS|SHORT|SHORTS ... or LONG|LONGS|SHORT|SHORTS",
            "LONG|LONGS|SHORT|SHORTS or|vs|and LONG|LONGS|SHORT|SHORTS ... SQUEEZE|LIQ|FAVOUR|more|most|first",
            "SQUEEZE|more|most|first ... LONG|LONGS|SHORT|SHORTS ... or|vs ... LONG|LONGS|SHORT|SHORTS",
            "LONGS or|vs SHORTS",
            "SHORTS or|vs LONGS",
            "LONG SQUEEZE or SHORT SQUEEZE",
            "SHORT SQUEEZE or LONG SQUEEZE",
            "who|whose|whom ... SQUEEZE|LIQ|FORCED|more|most|first",
            "who|whose ... TRAP",
            "more|most|STRONG ... FORCED ... or|vs ... FORCED",
            "more|most|STRONG FORCED",
            "FORCED",
            "more|most|STRONG ... ABOVE or|vs BELOW",
            "more|most|STRONG ... BELOW or|vs ABOVE",
            "UP or DOWN ... SQUEEZE|SWEEP|SETUP",
            "ABOVE|BELOW|UP|DOWN SWEEP|SETUP|SQUEEZE ... or ... ABOVE|BELOW|UP|DOWN ... SWEEP|SETUP|SQUEEZE",
            "ABOVE or BELOW ... SQUEEZE|SWEEP|SETUP|FAVOUR",
        ),
    ),
    (
        "why",
        (
            "WHY ... SETUP|FAVOUR|ABOVE|BELOW|UP|DOWN|SIDE|VIEW|SWEEP",
            "how ... you ... know|TOUCH",
            "WHY",
        ),
    ),
    (
        "bait",
        (
            "ABOVE|BELOW ... or ABOVE|BELOW ... TRAP",
            "TRAP ... or ... TRAP",
            "where|how|what|which ... TRAP",
            "TRAP",
            "OTHER SETUP|VIEW",
            "what|if ... OTHER SIDE ... first",
        ),
    ),
    ("exposed", ("SETUP ... FAVOUR", "SETUP", "FAVOUR")),
    (
        "realised",
        (
            "REALISED",
            "how much ... was|were|been|got ... LIQ",
            "was|were|got|has|have ... LIQ ... last|past|RECENT|HORIZON|WINDOW",
            "RECENT ... LIQ",
            "LIQ ... RECENT",
            "LIQ ... HAPPENED",
            "what ... been|was|were ... LIQ",
            "what|which|how|any ... HAPPENED ... LIQ",
        ),
    ),
    (
        "zones",
        (
            "ZONE|LEVEL|LIQ ... ABOVE and|or BELOW",
            "ZONE|LEVEL|LIQ ... BELOW and|or ABOVE",
            "ZONE|LEVEL|LIQ ... BOTH|EITHER SIDE",
            "BOTH|EITHER SIDE ... ZONE|LEVEL|LIQ",
            "STRONG ... LIQ ... BOTH|EITHER SIDE",
            "ABOVE and|or BELOW",
            "BELOW and|or ABOVE",
            "over and|or BELOW",
            "SIDE ABOVE and BELOW",
        ),
    ),
    ("order_book", ("BOOK ... ABOVE|BELOW",)),
    (
        "below",
        (
            "where|how|what|any|if ... LONG|LONGS ... LIQ|SQUEEZE|ABOVE|BELOW|ZONE|LEVEL",
            "where ... LONG|LONGS",
            "LONG|LONGS LIQ|ZONE|LEVEL",
            "LIQ ... LONG|LONGS",
            "LONG|LONGS ... BELOW",
            "BELOW",
            "what|where|how|which|LIQ|ZONE|LEVEL ... if ... DOWN",
            "if ... DOWN ... LIQ|what|where|how|who|ZONE|LEVEL|first",
            "DOWN ... LIQ|ZONE|LEVEL",
            "LIQ|ZONE|LEVEL ... DOWN",
        ),
    ),
    (
        "above",
        (
            "where|how|what|any|if ... SHORT|SHORTS ... LIQ|SQUEEZE|ABOVE|BELOW|ZONE|LEVEL",
            "where ... SHORT|SHORTS",
            "SHORT|SHORTS LIQ|ZONE|LEVEL",
            "LIQ ... SHORT|SHORTS",
            "SHORT|SHORTS ... ABOVE|UP",
            "ABOVE",
            "what|any|where|LIQ|ZONE|LEVEL ... over SYMBOL",
            "what|where|how|which|LIQ|ZONE|LEVEL ... if ... UP",
            "if ... UP ... LIQ|what|where|how|who|ZONE|LEVEL|first",
            "UP ... LIQ|ZONE|LEVEL",
            "LIQ|ZONE|LEVEL ... UP",
        ),
    ),
    (
        "nearest",
        ("NEAREST ... LEVERAGE|LIQ|ZONE|LEVEL",),
    ),
    (
        "exposed",
        ("LONG|LONGS|SHORT|SHORTS ... SQUEEZE|LIQ|SWEEP", "SQUEEZE ... LONG|LONGS|SHORT|SHORTS", "SQUEEZE", "SWEEP"),
    ),
    ("whole", ("where ... LEVERAGE ... LIQ", "LIQ LEVEL|ZONE MAP", "MAP of|for|with ... LIQ|ZONE|LEVEL")),
    ("nearest", ("NEAREST ... LEVERAGE|LIQ|ZONE|LEVEL", "NEAREST", "next ZONE|LIQ|LEVEL", "where ... LEVERAGE")),
    ("zones", ("ZONE", "STRONG ... LIQ", "LEVEL", "DETAIL", "where ... LIQ ... STRONG")),
    ("funding", ("FUNDING",)),
    ("crowd", ("CROWD",)),
    ("open_interest", ("OI",)),
    ("order_book", ("BOOK",)),
    ("price_action", ("ACTION ... CONFIRM", "ACTION", "CONFIRM")),
    ("market_structure", ("STRUCTURE",)),
    ("data", ("DATA",)),
    (
        "touch",
        (
            "CHANCE ... TOUCH",
            "TOUCH ... CHANCE",
            "CHANCE",
            "will|can|could|does|do|would|did ... TOUCH|BREAKS|GO|UP|DOWN ... PRICE",
            "will|can|could|does|do|would|did ... TOUCH|BREAKS",
            "will|when ... PRICE",
            "PRICE ... when",
        ),
    ),
    (
        "forecast",
        (
            "FORECAST",
            "where|when|how|will|is|are|can|what ... GO|UP|DOWN",
            "UP or DOWN",
            "DOWN or UP",
            "LATER",
            "where will",
            "GO UP|DOWN",
            "when",
        ),
    ),
    ("whole", ("MAP", "LIQ", "WHOLE", "LEVERAGE", "HAPPENED")),
)
"""Intents and their patterns; an intent may stand in several places, by how telling its patterns are."""

FOLLOW_WORDS = ("and", "what about", "how about", "SAME", "AGAIN", "also", "then", "now", "or", "so", "only", "just")
"""How a message begins that goes on from the last one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """One thing that is asked for, the place where it begins in the sentence, and the concepts that say so."""

    name: str
    place: int
    concepts: tuple[str, ...]


def intents_of(concepts: Sequence[str]) -> tuple[Intent, ...]:
    """Return what the concepts of a sentence ask for, in the order in which it is asked, each once."""
    left = list(concepts)
    found: list[Intent] = []
    for name, patterns in _COMPILED:
        for pattern in patterns:
            while match := pattern.search(_text(left)):
                first = match.string[: match.start()].count(" ")
                last = first + match[0].count(" ") + 1
                said = tuple(left[first:last])
                found.append(Intent(name=name, place=first, concepts=said))
                left[first:last] = [BREAK if each == BREAK else "_" for each in said]
    firsts: dict[str, Intent] = {}
    for intent in sorted(_most_telling(found, concepts), key=lambda each: each.place):
        firsts.setdefault(intent.name, intent)
    return tuple(firsts.values())


def _most_telling(found: Sequence[Intent], concepts: Sequence[str]) -> list[Intent]:
    """Return the first found of each part of the message: parts end at a comma, a stop or an "and"."""
    kept: dict[int, Intent] = {}
    for intent in found:  # in the order of the patterns
        part = sum(each in (BREAK, "and") for each in concepts[: intent.place])
        kept.setdefault(part, intent)
    return list(kept.values())


def _text(concepts: Sequence[str]) -> str:
    return " ".join(concepts)


def _compiled(pattern: str) -> re.Pattern[str]:
    """Return a pattern of concepts as a regular expression over concepts joined by single spaces."""
    steps = []
    for step in pattern.split():
        if step == "...":
            steps.append(rf"(?:[^ {BREAK}]+ ){{0,{GAP}}}?")
        else:
            steps.append(f"(?:{step}) ")
    expression = "".join(steps).removesuffix(" ")
    return re.compile(rf"(?<![^ ]){expression}(?![^ ])")


_COMPILED = tuple((name, tuple(_compiled(pattern) for pattern in patterns)) for name, patterns in PATTERNS)
