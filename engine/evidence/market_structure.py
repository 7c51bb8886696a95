"""Market structure: levels at the zone draw stops and entries to it; what stands on the way absorbs the move."""

from __future__ import annotations

import math
from collections.abc import Iterable

from engine.context import MarketContext
from engine.evidence.approach import Approach, approach_to
from engine.evidence.statement import Part, capitalised, weigh
from engine.market import MissingInput
from engine.results import Evidence, ZoneBand
from engine.structure import LevelKind, StructureLevel, levels_between
from engine.text import percent_text, price_text
from engine.volume_profile import VolumeNode

NAME = "market_structure"

ANCHOR: dict[LevelKind, float] = {
    "swing_high": 0.5,
    "swing_low": 0.5,
    "week_high": 0.6,
    "week_low": 0.6,
    "day_high": 0.4,
    "day_low": 0.4,
    "previous_day_high": 0.4,
    "previous_day_low": 0.4,
    "asia_high": 0.3,
    "asia_low": 0.3,
    "europe_high": 0.3,
    "europe_low": 0.3,
    "us_high": 0.3,
    "us_low": 0.3,
    "session_vwap": 0.2,
    "week_vwap": 0.2,
    "node_edge": 0.25,
    "round_number": 0.25,
}
"""How strongly a level anchors a zone at it (own assumption: the longer an extreme stood and the more charts draw it,
the more stops rest behind it). Levels at one price are one level: the strongest name counts."""

EMPTY = 0.15
"""What a zone loses that no level anchors: nobody has a reason to rest an order there."""

STANDING = frozenset(kind for kind in ANCHOR if kind.endswith(("_high", "_low")))
"""Levels that can stand in the way: extremes. VWAP and round numbers are crossed every day."""

NODE_BARRIER = 0.4
NODE_SCALE = 0.15
"""A node with 15 % of two weeks' volume counts for 63 % of the most that nodes can take away (the
middle half of recorded nodes holds 14 to 48 %)."""

LEVELS_BARRIER = 0.25
LEVELS_SCALE = 4.0
"""Four levels on the way count for 63 % of the most that levels can take away."""

GAP_BONUS = 0.2
"""What a way wholly through volume gaps adds: little was traded there, so little holds price."""

NAMED = 2
"""Levels named in the sentence."""


def assess(band: ZoneBand, context: MarketContext) -> Evidence | MissingInput:
    """Say what the chart's levels speak for or against the zone; never missing once there is a context."""
    approach = approach_to(band, context)
    return weigh(
        NAME,
        (
            _at_the_zone(approach, context),
            _nodes_between(approach, context.structure.profile.nodes),
            _levels_between(approach, context),
            _gaps_between(approach, context),
        ),
    )


def _at_the_zone(approach: Approach, context: MarketContext) -> Part:
    low, high = sorted(
        (approach.price_at(approach.start - approach.pad), approach.price_at(approach.end + approach.pad))
    )
    found = levels_between(context.structure, low, high)
    anchors = _strongest_per_price((_anchor_strength(level, approach, context), level) for level in found)
    anchored = 1 - math.prod(1 - strength for strength, _ in anchors)
    value = anchored - EMPTY * (1 - anchored)
    if not anchors:
        return Part(value, "No swing, extreme, VWAP or volume node lies at the zone: nothing anchors it.")
    names = " and ".join(level.words() for _, level in anchors[:NAMED])
    verb = "lie" if len(anchors) > 1 else "lies"
    if value > 0:
        return Part(value, capitalised(f"{names} {verb} at the zone: stops and entries cluster there."))
    return Part(value, f"Only {names} {verb} near the zone: little anchors it.")


def _anchor_strength(level: StructureLevel, approach: Approach, context: MarketContext) -> float:
    """Return how strongly a level anchors the zone (0-1).

    A round number counts less the more of the prices would have one as near: where that is nearly all, it says nothing.
    """
    strength = ANCHOR[level.kind] * approach.closeness(level.price)
    if level.kind != "round_number" or context.structure.round_step is None:
        return strength
    expected = (approach.end - approach.start + approach.pad) * approach.price / context.structure.round_step
    return strength * max(1 - expected, 0.0)


def _strongest_per_price(anchors: Iterable[tuple[float, StructureLevel]]) -> list[tuple[float, StructureLevel]]:
    """Return one level per price, strongest first: five names of one high are one high."""
    ranked = sorted((anchor for anchor in anchors if anchor[0] > 0), key=lambda anchor: -anchor[0])
    first: dict[float, tuple[float, StructureLevel]] = {}
    for strength, level in ranked:
        first.setdefault(level.price, (strength, level))
    return list(first.values())


def _nodes_between(approach: Approach, nodes: tuple[VolumeNode, ...]) -> Part:
    """Return what volume nodes on the way take away; the part of a node beyond the way does not count."""
    shares = [(node.volume_share * _share_on_the_way(approach, node.low, node.high), node) for node in nodes]
    total = sum(share for share, _ in shares)
    value = -NODE_BARRIER * (1 - math.exp(-total / NODE_SCALE))
    if total <= 0:
        return Part(0.0, "No volume node stands between price and the zone.")
    met = [node for share, node in shares if share > 0]
    heaviest = max(shares, key=lambda pair: pair[0])[1]
    band = f"{price_text(heaviest.low)}-{price_text(heaviest.high)}"
    stands = f"The volume node {band} stands" if len(met) == 1 else f"{len(met)} volume nodes, heaviest {band}, stand"
    share = percent_text(total, signed=False, decimals=0)
    return Part(value, f"{stands} in the way: prices that saw {share} of 14 days' volume can absorb the move.")


def _levels_between(approach: Approach, context: MarketContext) -> Part:
    prices = {
        level.price for level in context.structure.levels if level.kind in STANDING and approach.on_the_way(level.price)
    }
    value = -LEVELS_BARRIER * (1 - math.exp(-len(prices) / LEVELS_SCALE))
    if not prices:
        return Part(value, "No swing or extreme stands between price and the zone.")
    first = price_text(min(prices, key=approach.distance))
    if len(prices) == 1:
        return Part(value, f"One swing or extreme, {first}, stands between price and the zone and can stop the move.")
    return Part(
        value,
        f"{len(prices)} swings and extremes stand between price and the zone, the first at {first}; each can stop it.",
    )


def _gaps_between(approach: Approach, context: MarketContext) -> Part:
    shares = [_share_of_way(approach, gap.low, gap.high) for gap in context.structure.profile.gaps]
    share = min(sum(shares), 1.0)
    text = f"{percent_text(share, signed=False, decimals=0)} of the way runs through prices where little was traded."
    return Part(GAP_BONUS * share, text)


def _overlap(approach: Approach, low: float, high: float) -> tuple[float, float]:
    """Return how much of low to high lies on the way, and how wide low to high is, both in log price."""
    ends = sorted((approach.distance(low), approach.distance(high)))
    return max(min(ends[1], approach.before) - max(ends[0], 0.0), 0.0), ends[1] - ends[0]


def _share_on_the_way(approach: Approach, low: float, high: float) -> float:
    if low <= approach.price <= high:
        return 0.0  # price trades inside this node: it has already been let in, and may leave either way
    inside, width = _overlap(approach, low, high)
    return inside / width


def _share_of_way(approach: Approach, low: float, high: float) -> float:
    return _overlap(approach, low, high)[0] / approach.before if approach.before else 0.0
