"""What speaks for and against a zone: one file per input, each with the same `assess(band, context)`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.context import MarketContext
from engine.evidence import funding, market_structure, open_interest, order_book, price_action
from engine.market import MissingInput
from engine.results import Evidence, ZoneBand

Assess = Callable[[ZoneBand, MarketContext], Evidence | MissingInput]


@dataclass(frozen=True, slots=True)
class EvidenceInput:
    """One input: its name in results, and the function that assesses a zone."""

    name: str
    assess: Assess


INPUTS = tuple(
    EvidenceInput(module.NAME, module.assess)
    for module in (market_structure, open_interest, funding, order_book, price_action)
)
"""Every input, in the order in which answers list them."""


@dataclass(frozen=True, slots=True)
class AssessedZone:
    """What all inputs say about one zone, and which could not be asked; both in the order of INPUTS."""

    evidence: tuple[Evidence, ...]
    missing: tuple[MissingInput, ...]


def assess_all(band: ZoneBand, context: MarketContext) -> AssessedZone:
    """Ask every input about one zone."""
    answers = [source.assess(band, context) for source in INPUTS]
    return AssessedZone(
        evidence=tuple(answer for answer in answers if isinstance(answer, Evidence)),
        missing=tuple(answer for answer in answers if isinstance(answer, MissingInput)),
    )
