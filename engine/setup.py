"""Which side holds more forced orders within reach, what could bait, and how sure that reading is. Not a forecast."""

from __future__ import annotations

import math
from collections.abc import Sequence

from engine.results import Bait, Evidence, Reason, Setup, Side, Verdict, Zone
from engine.text import percent_text, price_text, usd_text

REACHABLE_CHANCE = 0.25
"""A zone is within reach when a level that near was touched within 72 h from one past moment in four."""
STRONG_SCORE = 55.0
"""A strong zone: more than full agreement of two in three inputs and half the ages, with neutral evidence."""
BALANCED_RATIO = 1.5
"""Pulls within this ratio favour no side: modelled sizes are not more exact than that (own assumption)."""
DECISIVE_RATIO = 10.0
"""A ratio of pulls at which strength is full, before price action weakens or confirms it: one favoured side in four
pulls that much more than the other (120 moments of recorded BTC, ETH and SOL; the median is 4.9)."""
PRICE_ACTION_SWING = 0.3
"""How much of the strength price action can add or take away."""

SIDES: tuple[Side, Side] = ("above", "below")
_VERDICTS: dict[Side, Verdict] = {"above": "upside_sweep", "below": "downside_sweep"}
FORCED: dict[Side, str] = {"above": "forced buying", "below": "forced selling"}
SPOKEN_VALUE = 0.2
"""Evidence weaker than this is not told as a reason: a fifth of the scale, twice what is called neutral."""


def opposite(side: Side) -> Side:
    """Return the other side."""
    return "below" if side == "above" else "above"


def reachable(zone: Zone) -> bool:
    """Return whether price comes that far often enough within the horizon of an answer."""
    return zone.touch_within(72) >= REACHABLE_CHANCE


def pull(zones: Sequence[Zone], side: Side) -> float:
    """Return the side's sum of size x score over zones within reach [index points]; 0 without one."""
    return sum(zone.index * zone.score for zone in zones if zone.band.side == side and reachable(zone))


def judge_setup(zones: Sequence[Zone]) -> Setup:
    """Return the verdict, its strength (0-1) and the reasons for and against it."""
    above, below = pull(zones, "above"), pull(zones, "below")
    strong = {zone.band.side for zone in zones if reachable(zone) and zone.clear and round(zone.score) >= STRONG_SCORE}
    if not strong:
        return Setup(verdict="no_clear_edge", strength=0.0, reasons=_why_no_edge(zones))
    ratio = math.log((above + 1e-9) / (below + 1e-9))
    if len(strong) == 2 and abs(ratio) <= math.log(BALANCED_RATIO):
        balance = 1 - abs(ratio) / math.log(BALANCED_RATIO)
        return Setup(verdict="trap_both_sides", strength=balance, reasons=_why_trap(zones, above, below))
    side: Side = "above" if ratio > 0 else "below"
    strength = min(abs(ratio) / math.log(DECISIVE_RATIO), 1.0)
    action = _evidence_on(zones, side, "price_action")
    if action is not None:
        strength = min(max(strength * (1 + PRICE_ACTION_SWING * action.value), 0.0), 1.0)
    return Setup(verdict=_VERDICTS[side], strength=strength, reasons=_why_side(zones, side))


def favoured_side(setup: Setup) -> Side | None:
    """Return the side that the verdict favours, None for a trap or no edge."""
    return next((side for side, verdict in _VERDICTS.items() if verdict == setup.verdict), None)


def best_zone(zones: Sequence[Zone], side: Side) -> Zone:
    """Return the side's first zone: the best score within reach, else the best of all (there is always one)."""
    return next(zone for zone in zones if zone.band.side == side)


def nearest_zone(zones: Sequence[Zone]) -> Zone:
    """Return the clear zone nearest to the price; the nearest of all when none is clear."""
    clear = [zone for zone in zones if zone.clear] or list(zones)
    return min(clear, key=lambda zone: abs(zone.distance))


def _evidence_on(zones: Sequence[Zone], side: Side, name: str) -> Evidence | None:
    return next((item for item in best_zone(zones, side).evidence if item.name == name), None)


def _size_on(zones: Sequence[Zone], side: Side) -> float:
    return sum(zone.size_usd for zone in zones if zone.band.side == side and reachable(zone))


def _why_side(zones: Sequence[Zone], side: Side) -> tuple[Reason, ...]:
    other = opposite(side)
    ours, theirs = _size_on(zones, side), _size_on(zones, other)
    reasons = []
    if math.isfinite(ours) and math.isfinite(theirs):
        basis = zones[0].size_basis
        text = f"{usd_text(ours)} of {basis} {FORCED[side]} within reach, {usd_text(theirs)} of {FORCED[other]}"
        reasons.append(Reason(sign=1 if ours >= theirs else -1, text=text))
    nearest = nearest_zone(zones)
    where = f"the nearest zone is {nearest.band.side}, {percent_text(abs(nearest.distance), signed=False)} away"
    reasons.append(Reason(sign=1 if nearest.band.side == side else -1, text=where))
    ours_best, theirs_best = best_zone(zones, side), best_zone(zones, other)
    scores = f"best score {ours_best.score:.0f} {side}, {theirs_best.score:.0f} {other}"
    reasons.append(Reason(sign=1 if ours_best.score >= theirs_best.score else -1, text=scores))
    return (*reasons, *_spoken_evidence(ours_best))


def _spoken_evidence(zone: Zone) -> tuple[Reason, ...]:
    """Return what evidence says about a zone, strongest first, without what is neutral."""
    spoken = [item for item in zone.evidence if abs(item.value) >= SPOKEN_VALUE]
    return tuple(
        Reason(sign=1 if item.value > 0 else -1, text=clause(item.reason))
        for item in sorted(spoken, key=lambda item: -abs(item.value))
    )


def clause(sentence: str) -> str:
    """Return a sentence as it reads inside another one: no full stop, no capital unless an abbreviation's (OI)."""
    text = sentence.rstrip(".")
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def _why_trap(zones: Sequence[Zone], above: float, below: float) -> tuple[Reason, ...]:
    up, down = best_zone(zones, "above"), best_zone(zones, "below")
    larger = "above" if above >= below else "below"
    return (
        Reason(
            sign=1,
            text=f"a strong zone within reach on both sides: score {up.score:.0f} at {price_text(up.band.price)}, "
            f"{down.score:.0f} at {price_text(down.band.price)}",
        ),
        Reason(
            sign=-1,
            text=f"by size times score {larger} holds only {max(above, below) / min(above, below):.1f} times as much",
        ),
    )


def _why_no_edge(zones: Sequence[Zone]) -> tuple[Reason, ...]:
    within = [zone for zone in zones if reachable(zone) and zone.clear]
    if not within:
        return (Reason(sign=1, text="no clear zone within reach on either side"),)
    best = max(within, key=lambda zone: zone.score)
    text = (
        f"the best zone within reach scores {best.score:.0f} ({best.band.side}, {price_text(best.band.price)}), "
        f"below the {STRONG_SCORE:.0f} that counts as strong"
    )
    return (Reason(sign=1, text=text),)


def name_bait(zones: Sequence[Zone], setup: Setup) -> Bait:
    """Return the opposite scenario: the side that could be swept first, and what a failure there would open."""
    first: Side = favoured_side(setup) or nearest_zone(zones).band.side
    then = opposite(first)
    lure, prize = best_zone(zones, first).band, best_zone(zones, then).band
    back = "under" if first == "above" else "above"
    squeeze = "longs down" if first == "above" else "shorts up"
    text = (
        f"if {price_text(lure.price)} is swept and an hour closes back {back} {price_text(lure.near)}, "
        f"the squeeze of {squeeze} to {price_text(prize.price)} is the other half"
    )
    return Bait(first_side=first, then_side=then, trigger=lure.near, text=text)
