"""Better questions instead of predictions, each answered from the numbers of the moment."""

from __future__ import annotations

from collections.abc import Sequence

from engine.reading import who
from engine.results import Bait, Condition, Question, Setup, Side, Zone
from engine.setup import best_zone, nearest_zone, pull, reachable
from engine.text import percent_text, price_text, usd_text


def ask(zones: Sequence[Zone], setup: Setup, bait: Bait, invalidation: Sequence[Condition]) -> tuple[Question, ...]:
    """Return the checklist, answered."""
    answered = (
        ("Where is the nearest vulnerable leverage?", _nearest(zones)),
        ("Which side would create more forced buying or forced selling?", _forced(zones)),
        ("Do several models and windows agree?", _agreement(zones)),
        ("Does price action confirm the idea or reject it?", _price_action(zones, setup)),
        ("What is the opposite, bait scenario?", _sentence(bait.text)),
        ("What would make this reading wrong?", _sentence(", or ".join(item.text for item in invalidation[:3]))),
    )
    return tuple(Question(question=question, answer=answer) for question, answer in answered)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."


def _nearest(zones: Sequence[Zone]) -> str:
    zone = nearest_zone(zones)
    if not zone.clear:
        return "No zone stands out on either side."
    near, side = zone.band.near, zone.band.side
    chance = percent_text(zone.touch_within(24), signed=False, decimals=0)
    return (
        f"{who(side).capitalize()} {side} the price, from {price_text(near)} ({percent_text(zone.distance)}): "
        f"any level that near was touched within 24 h {chance} of the time."
    )


def _forced(zones: Sequence[Zone]) -> str:
    above, below = (_within_reach(zones, side) for side in ("above", "below"))
    if not above and not below:
        return "Neither: no zone is within reach."
    up, down = pull(zones, "above"), pull(zones, "below")
    larger: Side = "above" if up >= down else "below"
    what = {"above": "forced buying above", "below": "forced selling below"}
    if min(up, down) <= 0:
        return f"Only {what[larger]} is within reach: {_sizes(above or below)}."
    words = f"{_sizes(above)} of forced buying above, {_sizes(below)} of forced selling below"
    return f"{what[larger].capitalize()}: {words}, size times score {max(up, down) / min(up, down):.1f} to 1."


def _within_reach(zones: Sequence[Zone], side: Side) -> list[Zone]:
    return [zone for zone in zones if zone.band.side == side and reachable(zone)]


def _sizes(zones: Sequence[Zone]) -> str:
    total = sum(zone.size_usd for zone in zones)
    return usd_text(total) if total == total else f"index {sum(zone.index for zone in zones):.0f}"


def _agreement(zones: Sequence[Zone]) -> str:
    parts = []
    sides: tuple[Side, Side] = ("above", "below")
    for side in sides:
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
    side: Side = "below" if setup.verdict == "downside_sweep" else "above"
    if setup.verdict in ("no_clear_edge", "trap_both_sides"):
        side = nearest_zone(zones).band.side
    found = next((item for item in best_zone(zones, side).evidence if item.name == "price_action"), None)
    if found is None:
        return "Unknown: there is too little history to tell."
    verb = "It leans to" if found.value >= 0.2 else "It leans against" if found.value <= -0.2 else "It is neutral on"
    reason = found.reason.rstrip(".")
    return (
        f"{verb} the zone {side} at {price_text(best_zone(zones, side).band.price)}: {reason[:1].lower()}{reason[1:]}."
    )
