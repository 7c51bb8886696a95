"""What each of the four default maps adds: one sentence of numbers for each role."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from engine.confluence import Voices
from engine.grid import LogGrid
from engine.results import LiquidationMap, MapKey, Reading, Side, Zone, ZoneBand
from engine.setup import SIDES, best_zone
from engine.text import ago_text, percent_text, price_text, usd_text
from engine.windows import window_named
from engine.zones import HIT_PERCENTILE, SideView

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
UNMIXED_SHARE = 0.005
"""A share that rounds to 0 or 100 % is told in words."""
_NO_ZONE = "no clear zone to look at"


def read_maps(
    zones: Sequence[Zone], maps: Mapping[MapKey, LiquidationMap], voices: Mapping[Side, Voices]
) -> tuple[Reading, ...]:
    """Return one finding per default map that could be built, about the best zone of each side."""
    speak = {"battlefield": _battlefield, "anchor": _anchor, "persistence": _persistence, "broader structure": _broader}
    return tuple(
        Reading(
            key=key,
            role=role,
            finding="; ".join(
                f"{side}: {speak[role](best_zone(zones, side), maps[key], voices[side])}" for side in SIDES
            ),
        )
        for key, role in ROLES.items()
        if key in maps
    )


def stance(zone: Zone, key: MapKey) -> str:
    """Return how a map sees a zone: shows it, leans to it, or is silent on it, with its rank on that side."""
    seen = next((each for each in zone.maps if each.key == key), None)
    where = price_text(zone.band.price)
    if seen is None:
        return f"has no say on {where}"
    rank = rank_text(seen.percentile)
    if seen.hit or seen.percentile >= HIT_PERCENTILE:
        return f"shows {where} ({rank})"
    if seen.percentile >= LEANING_PERCENTILE:
        return f"leans to {where} ({rank})"
    return f"silent on {where} ({rank})"


def rank_text(percentile: float) -> str:
    """Return a percentile among a side's bins (0-1) in words; only the brightest of all is called so."""
    if percentile >= 1:
        return "the brightest of that side"
    return f"brighter than {math.floor(100 * percentile)} % of that side"


def who(side: Side) -> str:
    """Return whose liquidations lie on a side of the price."""
    return "shorts" if side == "above" else "longs"


def _battlefield(zone: Zone, map_: LiquidationMap, voices: Voices) -> str:
    """Say where the nearest fresh positions of the last 12 h are, whatever the other maps show."""
    side = zone.band.side
    fresh = _nearest_hit(voices.ages)
    if fresh is None:
        return f"no fresh {who(side)} stand out"
    price = float(map_.grid.centers[fresh])
    entry_s = float((map_.short_entry_s if side == "above" else map_.long_entry_s)[fresh])
    age = f", opened {ago_text(map_.as_of_s - entry_s)} on average" if math.isfinite(entry_s) else ""
    away = percent_text(price / map_.price - 1)
    return f"nearest fresh {who(side)} at {price_text(price)} ({away}), {_largest_tier(map_, side, fresh)}{age}"


def _nearest_hit(ages: Sequence[SideView]) -> int | None:
    """Return the grid bin of the youngest positions' hit that price would meet first, None without one."""
    if not ages or not ages[0].hit.any():
        return None
    youngest = ages[0]
    hits = np.flatnonzero(youngest.hit)
    return youngest.first_bin + int(hits[0] if youngest.side == "above" else hits[-1])


def _largest_tier(map_: LiquidationMap, side: Side, bin_: int) -> str:
    by_tier = map_.short_by_tier_usd if side == "above" else map_.long_by_tier_usd
    near = by_tier[:, max(bin_ - 1, 0) : bin_ + 2].sum(axis=1)
    share = percent_text(float(near.max() / near.sum()), signed=False, decimals=0)
    return f"{share} at {map_.leverages[int(np.argmax(near))]:g}x"


def _anchor(zone: Zone, map_: LiquidationMap, voices: Voices) -> str:
    del voices
    return stance(zone, map_.key) if zone.clear else _NO_ZONE


def _persistence(zone: Zone, map_: LiquidationMap, voices: Voices) -> str:
    """Say how much of the zone's last three days was there before yesterday."""
    if not zone.clear:
        return _NO_ZONE
    band, where = zone.band, price_text(zone.band.price)
    total = map_.usd_between(band.side, band.low, band.high)
    yesterday = next((view for view in voices.ages if view.name == "24-72 h"), None)
    if total <= 0 or yesterday is None:
        return f"nothing of the last three days stands at {where}"
    share = _share_before(yesterday, map_.grid, band, total)
    if min(share, 1 - share) < UNMIXED_SHARE:
        amount = "all" if share in (0.0, 1.0) else "nearly all"
        return f"{amount} of the mass at {where} is {'older than' if share > 0.5 else 'from the last'} 24 h"
    return f"{percent_text(share, signed=False, decimals=0)} of the mass at {where} is older than 24 h"


def _share_before(view: SideView, grid: LogGrid, band: ZoneBand, total: float) -> float:
    """Return the share of `total` [USD] that the view's positions hold inside the band (0-1)."""
    first, size = view.first_bin, len(view.profile)
    centers = grid.centers[first : first + size]
    return min(float(view.profile[(centers >= band.low) & (centers <= band.high)].sum()) / total, 1.0)


def _broader(zone: Zone, map_: LiquidationMap, voices: Voices) -> str:
    del voices
    if not zone.clear:
        return _NO_ZONE
    usd = map_.usd_between(zone.band.side, zone.band.low, zone.band.high)
    return f"{stance(zone, map_.key)}, {usd_text(usd)} modelled there"
