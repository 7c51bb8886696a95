"""What an answer published, without the maps: what alerts watch, reports compare and a track record grades."""

from __future__ import annotations

from dataclasses import dataclass

from engine.results import Analysis, Bait, Condition, Setup, Zone


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """The zones, setup, bait and invalidation of one answer, as they were seen at `as_of_s`; never changed afterwards.

    source: where the markets came from; price: in quote currency; as_of_s: Unix s, nothing later was used;
    has_positions: real positions had a say, so that their map can be asked for.
    """

    symbol: str
    source: str
    as_of_s: int
    price: float
    zones: tuple[Zone, ...]
    setup: Setup
    bait: Bait
    invalidation: tuple[Condition, ...]
    has_positions: bool = False


def findings_in(analysis: Analysis) -> Findings:
    """Return what an analysis publishes."""
    return Findings(
        symbol=analysis.symbol,
        source=analysis.source,
        as_of_s=analysis.as_of_s,
        price=analysis.price,
        zones=analysis.zones,
        setup=analysis.setup,
        bait=analysis.bait,
        invalidation=analysis.invalidation,
        has_positions=analysis.observed is not None,
    )
