"""Better questions instead of predictions, each answered from the numbers of the moment."""

from __future__ import annotations

import math
from collections.abc import Sequence

from engine.reading import who
from engine.results import Bait, Condition, Question, Setup, Side, Zone
from engine.setup import (
    FORCED,
    SIDES,
    SPOKEN_VALUE,
    best_zone,
    clause,
    favoured_side,
    nearest_zone,
    opposite,
    pull,
    reachable,
)
from engine.text import percent_text, price_text, usd_text

NEARLY_EQUAL = 1.05
"""Pulls whose ratio rounds to 1.0 are told as the same."""


def ask(zones: Sequence[Zone], setup: Setup, bait: Bait, invalidation: Sequence[Condition]) -> tuple[Question, ...]:
    """Return the checklist, answered."""
    answered = (
        ("Where is the nearest vulnerable leverage?", _nearest(zones)),
        ("Which side would create more forced buying or forced selling?", _forced(zones)),
        ("Do several models and windows agree?", _agreement(zones)),
        ("Does price action confirm the idea or reject it?", _price_action(zones, setup)),
        ("What is the opposite, bait scenario?", _sentence(bait.text)),
        ("What would make this reading wrong?", _sentence("; or ".join(item.text for item in invalidation))),
    )
    return tuple(Question(question=question, answer=answer) for question, answer in answered)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."


def _nearest(zones: Sequence[Zone]) -> str:
    zone = nearest_zone(zones)
    if not zone.clear:
        return "No zone stands out on either side."
    side = zone.band.side
    where = (
        f"{who(side).capitalize()} {side} the price, from {price_text(zone.band.near)} ({percent_text(zone.distance)})"
    )
    chance = percent_text(zone.touch_within(24), signed=False, decimals=0)
    return (
        f"{where}, {_sizes([zone])} {zone.size_basis}. A level that near was touched within 24 h {chance} of the time."
    )


def _forced(zones: Sequence[Zone]) -> str:
    within: dict[Side, list[Zone]] = {side: _within_reach(zones, side) for side in SIDES}
    up, down = pull(zones, "above"), pull(zones, "below")
    larger: Side = "above" if up >= down else "below"
    if not any(within.values()):
        return "Neither: no zone is within reach."
    if not all(within.values()):
        only: Side = "above" if within["above"] else "below"
        return f"Only {FORCED[only]} {only} is within reach: {_sizes(within[only])}."
    other = opposite(larger)
    sizes = f"{_sizes(within[larger])} within reach against {_sizes(within[other])} of {FORCED[other]} {other}"
    ratio = max(up, down) / min(up, down) if min(up, down) > 0 else math.inf
    if ratio < NEARLY_EQUAL:
        return f"About the same: {FORCED[larger]} {larger} with {sizes}."
    times = f", by size times score {ratio:.{1 if ratio < 10 else 0}f} to 1" if math.isfinite(ratio) else ""
    return f"{FORCED[larger].capitalize()} {larger}{times}: {sizes}."


def _within_reach(zones: Sequence[Zone], side: Side) -> list[Zone]:
    return [zone for zone in zones if zone.band.side == side and reachable(zone)]


def _sizes(zones: Sequence[Zone]) -> str:
    total = sum(zone.size_usd for zone in zones)
    return usd_text(total) if math.isfinite(total) else f"index {sum(zone.index for zone in zones):.0f}"


def _agreement(zones: Sequence[Zone]) -> str:
    parts = []
    for side in SIDES:
        zone = best_zone(zones, side)
        if not zone.clear:
            parts.append(f"{side.capitalize()} no map shows a clear zone")
            continue
        hits, inputs = sum(item.hit for item in zone.maps), sum(vote.agrees for vote in zone.inputs)
        parts.append(
            f"{side.capitalize()} at {price_text(zone.band.price)}: {hits} of {len(zone.maps)} maps and {inputs} of "
            f"{len(zone.inputs)} inputs, agreement {zone.agreement:.0f} where unrelated maps would give "
            f"{zone.chance_agreement:.0f}"
        )
    return ". ".join(parts) + "."


def _price_action(zones: Sequence[Zone], setup: Setup) -> str:
    side = favoured_side(setup) or nearest_zone(zones).band.side
    zone = best_zone(zones, side)
    found = next((item for item in zone.evidence if item.name == "price_action"), None)
    if found is None:
        return "Unknown: there is too little history to tell."
    where = f"{price_text(zone.band.price)} {side}"
    if abs(found.value) < SPOKEN_VALUE:
        reason = found.reason.removeprefix("Neutral: ").removeprefix("Neutral, two sides cancel. ")
        return f"Neither, for {where}: {clause(reason)}."
    verb = "It confirms" if found.value > 0 else "It speaks against"
    return f"{verb} {where}: {clause(found.reason)}."
