"""What each of the four default maps adds: one sentence of numbers for each role."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from engine.confluence import Voices
from engine.results import LiquidationMap, MapKey, Reading, Side, Zone
from engine.setup import best_zone
from engine.text import duration_text, percent_text, price_text, usd_text
from engine.windows import window_named
from engine.zones import HIT_PERCENTILE, SideView

SIDES: tuple[Side, Side] = ("above", "below")
LEANING_PERCENTILE = 0.7
"""Below a hit, yet brighter than seven in ten bins on its side: the map leans that way."""

ROLES: Mapping[MapKey, str] = {
    MapKey("M1", window_named("12h")): "battlefield",
    MapKey("M1", window_named("24h")): "anchor",
    MapKey("M1", window_named("3d")): "persistence",
    MapKey("M2", window_named("3d")): "broader structure",
}
"""The default reading for the next 0-3 days: the immediate high-leverage battlefield, the cleanest short-term anchor,
whether the same levels are still meaningful, and whether the broader structure agrees."""
DEFAULT_KEYS = tuple(ROLES)


def read_maps(
    zones: Sequence[Zone], maps: Mapping[MapKey, LiquidationMap], voices: Mapping[Side, Voices]
) -> tuple[Reading, ...]:
    """Return one finding per default map that could be built, about the best zone of each side."""
    speak = {"battlefield": _battlefield, "anchor": _anchor, "persistence": _persistence, "broader structure": _broader}
    return tuple(
        Reading(
            key=key,
            role=role,
            finding="; ".join(speak[role](best_zone(zones, side), maps[key], voices[side]) for side in SIDES),
        )
        for key, role in ROLES.items()
        if key in maps
    )


def stance(zone: Zone, key: MapKey) -> str:
    """Return how a map sees a zone: shows it, leans towards it, or is silent, with its percentile."""
    seen = next((each for each in zone.maps if each.key == key), None)
    if seen is None:
        return "has no say"
    share = percent_text(seen.percentile, signed=False, decimals=0)
    if seen.hit or seen.percentile >= HIT_PERCENTILE:
        return f"shows it (brighter than {share} of that side)"
    if seen.percentile >= LEANING_PERCENTILE:
        return f"leans to it ({share})"
    return f"is silent ({share})"


def who(side: Side) -> str:
    """Return whose liquidations lie on a side of the price."""
    return "shorts" if side == "above" else "longs"


def _battlefield(zone: Zone, map_: LiquidationMap, voices: Voices) -> str:
    """Say where the fresh positions of the last 12 h are, whatever the other maps show."""
    side = zone.band.side
    fresh = _strongest_hit(voices.ages, side)
    if fresh is None:
        return f"no fresh cluster of {who(side)} {side} stands out"
    price = float(map_.grid.centers[fresh])
    entry_s = (map_.short_entry_s if side == "above" else map_.long_entry_s)[fresh]
    age = f", opened {duration_text(map_.as_of_s - entry_s)} ago on average" if np.isfinite(entry_s) else ""
    away = percent_text(price / map_.price - 1)
    return f"fresh {who(side)} {side} at {price_text(price)} ({away}), mostly {_leverages(map_, side, fresh)}{age}"


def _strongest_hit(ages: Sequence[SideView], side: Side) -> int | None:
    if not ages or ages[0].side != side or not ages[0].hit.any():
        return None
    youngest = ages[0]
    hits = np.flatnonzero(youngest.hit)
    return youngest.first_bin + int(hits[np.argmax(youngest.usd[hits])])


def _leverages(map_: LiquidationMap, side: Side, bin_: int) -> str:
    by_tier = map_.short_by_tier_usd if side == "above" else map_.long_by_tier_usd
    near = by_tier[:, max(bin_ - 1, 0) : bin_ + 2].sum(axis=1)
    largest = map_.leverages[int(np.argmax(near))]
    return f"{largest:g}x ({percent_text(float(near.max() / near.sum()), signed=False, decimals=0)})"


def _anchor(zone: Zone, map_: LiquidationMap, voices: Voices) -> str:
    del voices
    return f"the last day {stance(zone, map_.key)} {zone.band.side} at {price_text(zone.band.price)}"


def _persistence(zone: Zone, map_: LiquidationMap, voices: Voices) -> str:
    """Say how much of the zone's last three days was there before yesterday."""
    first, last = map_.grid.index(zone.band.low), map_.grid.index(zone.band.high)
    total = float(map_.side_usd(zone.band.side)[first : last + 1].sum())
    yesterday = next((view for view in voices.ages if view.name == "24-72 h"), None)
    if total <= 0 or yesterday is None:
        return f"{zone.band.side} nothing of the last three days is left at {price_text(zone.band.price)}"
    share = percent_text(_share_before(yesterday, first, last, total), signed=False, decimals=0)
    return (
        f"{zone.band.side} {share} of the three days' mass at {price_text(zone.band.price)} was there before yesterday"
    )


def _share_before(view: SideView, first: int, last: int, total: float) -> float:
    profile = view.profile[view.within(first, last)]
    return min(float(profile.sum()) / total, 1.0)


def _broader(zone: Zone, map_: LiquidationMap, voices: Voices) -> str:
    del voices
    first, last = map_.grid.index(zone.band.low), map_.grid.index(zone.band.high)
    usd = float(map_.side_usd(zone.band.side)[first : last + 1].sum())
    return f"{zone.band.side} it {stance(zone, map_.key).removeprefix('it ')}, {usd_text(usd)} modelled there"
