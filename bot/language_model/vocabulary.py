"""The words that a rewording may add, and those of which it is told why not: own assumptions, kept small on purpose."""

from __future__ import annotations

_PLAIN = """
    a an the this that these those there here it its they their them which what where when who whose itself themselves
    is are be being has have having does do and also then so while
    lie lies lying sit sits sitting stand stands standing rest rests resting remain remains remaining
    come comes coming go goes going give gives giving given put puts make makes making keep keeps keeping
    see sees seen look looks looking find finds found tell tells say says mark marks marking meet meets
"""
PLAIN_WORDS = frozenset(_PLAIN.split())
"""Words that join others and claim nothing: no side, no direction, no amount, no time but the present, no relation, no
negation, no condition, no certainty. All other words of a sentence stay, prepositions too, and in their order."""

_NUMBER = """
    zero nil one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
    eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred hundreds thousand thousands million
    millions billion billions trillion first second third fourth fifth sixth seventh eighth ninth tenth half halves
    quarter quarters dozen dozens score couple pair several once twice thrice single double triple twofold tenfold
    percent percentage percents pct bps grand
"""
NUMBER_WORDS = frozenset(_NUMBER.split())
"""Numbers in letters: only facts are numbers, and facts are placeholders."""

_CLAIM = """
    will shall guaranteed guarantee guarantees certain certainly sure surely definitely inevitable inevitably
    always must should bound destined expect expected target targets prediction predict predicts moon pump dump
    buy sell enter exit profit profits profitable gain gains win wins winner opportunity recommend recommended advice
    safe riskless risk-free easy
"""
CLAIM_WORDS = frozenset(_CLAIM.split())
"""Forecasts and advice: an answer holds neither."""
