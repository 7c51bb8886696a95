"""Zones and maps made by hand, whose every number the test knows."""

import numpy as np

from engine.grid import LogGrid
from engine.results import (
    Evidence,
    InputVote,
    LiquidationMap,
    MapKey,
    Side,
    TouchChance,
    Zone,
    ZoneBand,
    ZoneInMap,
)
from engine.windows import window_named

PRICE = 50_000.0
AS_OF_S = 1_769_940_000
M1_12H, M1_24H, M1_3D = (MapKey("M1", window_named(name)) for name in ("12h", "24h", "3d"))
M2_3D = MapKey("M2", window_named("3d"))
DEFAULTS = (M1_12H, M1_24H, M1_3D, M2_3D)


def zone_at(
    near: float,
    *,
    score: float = 60.0,
    index: float = 100.0,
    size_usd: float = 1e8,
    touch: tuple[float, float, float] = (0.2, 0.3, 0.5),
    clear: bool = True,
    evidence: tuple[Evidence, ...] = (),
    hits: int = 3,
    inputs: int = 2,
    percentile: float = 0.95,
    width: float = 200.0,
) -> Zone:
    """A zone whose near edge is `near`, on the side of PRICE where that lies."""
    side: Side = "above" if near > PRICE else "below"
    low, high = (near, near + width) if side == "above" else (near - width, near)
    return Zone(
        band=ZoneBand(side=side, low=low, high=high, price=(low + high) / 2, age_s=7_200.0),
        score=score,
        agreement=score,
        chance_agreement=25.0,
        index=index,
        size_usd=size_usd,
        distance=near / PRICE - 1,
        distance_atr=(near - PRICE) / 1_500,
        touch=tuple(TouchChance(hours=hours, chance=chance) for hours, chance in zip((12, 24, 72), touch, strict=True)),
        maps=tuple(ZoneInMap(key=key, percentile=percentile, hit=i < hits) for i, key in enumerate(DEFAULTS)),
        inputs=tuple(
            InputVote(name=name, agrees=i < inputs) for i, name in enumerate(("open interest", "flow", "swings"))
        ),
        ages=(),
        evidence=evidence,
        missing_evidence=(),
        clear=clear,
    )


def says(name: str, value: float, reason: str = "A reason.") -> Evidence:
    return Evidence(name=name, value=value, weight=1.0, reason=reason)


def map_of(
    *,
    key: MapKey = M1_24H,
    longs: dict[float, float] | None = None,
    shorts: dict[float, float] | None = None,
    as_of_s: int = AS_OF_S,
    entered_s: float = AS_OF_S - 3_600.0,
    is_positions: bool = True,
) -> LiquidationMap:
    """A map of two tiers, 10x and 100x, that holds the given USD at the given prices, a quarter of it at 10x."""
    grid = LogGrid.covering(PRICE * 0.7, PRICE * 1.3)
    profiles = np.zeros((2, grid.size))
    for side, held in enumerate((longs or {}, shorts or {})):
        for price, usd in held.items():
            profiles[side, grid.index(price)] += usd
    entry_s = np.where(profiles > 0, entered_s, np.nan)
    tiers = np.stack([0.25 * profiles, 0.75 * profiles], axis=1)
    return LiquidationMap(
        key=key,
        as_of_s=as_of_s,
        price=PRICE,
        grid=grid,
        long_usd=profiles[0],
        short_usd=profiles[1],
        leverages=np.array([10.0, 100.0]),
        long_by_tier_usd=tiers[0],
        short_by_tier_usd=tiers[1],
        long_entry_s=entry_s[0],
        short_entry_s=entry_s[1],
        is_positions=is_positions,
        shown_mix=np.array([0.25, 0.75]),
        covered_share=np.array([1.0, 1.0]),
    )
