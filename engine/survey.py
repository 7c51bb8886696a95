"""Maps of one market, looked at side by side: what zones are found in and scored by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.atlas import Atlas
from engine.confluence import Voices
from engine.context import MarketContext, read_context
from engine.market import Market, MissingInput
from engine.observed import Coverage
from engine.reading import DEFAULT_KEYS
from engine.results import LiquidationMap, MapKey, Side
from engine.setup import SIDES
from engine.windows import window_named
from engine.zones import Frame, SideView, view_side

FLOW_KEY = MapKey("M4", window_named("24h"))
SWINGS_KEY = MapKey("M5", window_named("3d"))
OBSERVED_KEY = MapKey("M6", window_named("24h"))
"""Real positions have a say like flow and swings. Where nobody swept any, nothing is said of them."""
BROAD_KEY = MapKey("M2", window_named("3d"))
"""The map that holds all open interest: its USD add up, so sizes are read from it and it is the one drawn."""


@dataclass(frozen=True, slots=True, eq=False)
class Survey:
    """Everything that zones are found in: the maps by key, which of them are asked for, views and voices per side."""

    market: Market
    context: MarketContext
    frame: Frame
    maps: Mapping[MapKey, LiquidationMap]
    asked: tuple[MapKey, ...]
    sized: MapKey
    views: Mapping[Side, Mapping[MapKey, SideView]]
    voices: Mapping[Side, Voices]
    missing: tuple[MissingInput, ...]

    @property
    def observed(self) -> Coverage | None:
        """What the real positions cover that have a say, None where none have."""
        layers = next((map_.observed for map_ in self.maps.values() if map_.observed is not None), None)
        return None if layers is None else layers.coverage


def survey_market(market: Market, keys: tuple[MapKey, ...] | None = None, *, drawn: bool = True) -> Survey:
    """Build the maps and look at each side of each; the default maps are always there, for agreement.

    drawn: False leaves out the columns, which only pictures need.
    """
    context = read_context(market)
    atlas = Atlas(market, context)
    heard = (*DEFAULT_KEYS, FLOW_KEY, SWINGS_KEY, *((OBSERVED_KEY,) if market.observed else ()))
    asked = keys if keys is not None else heard
    with_columns = set(DEFAULT_KEYS if keys is None else asked) if drawn else set()
    atlas.prepare((*heard, *asked), with_columns, required=keys or ())
    maps = atlas.maps()
    frame = Frame(atlas.grid, market.price, context.volatility.daily_sigma)
    views = {side: {key: _view(atlas, key, side, frame) for key in maps} for side in SIDES}
    return Survey(
        market=market,
        context=context,
        frame=frame,
        maps=maps,
        asked=tuple(key for key in asked if key in maps),
        sized=_sized(asked if keys is not None else (), maps),
        views=views,
        voices={side: _voices(atlas, views[side], side, frame) for side in SIDES},
        missing=atlas.missing(),
    )


def _sized(asked: Sequence[MapKey], maps: Mapping[MapKey, LiquidationMap]) -> MapKey:
    """Return the map whose USD are the sizes: the one asked for, else the one that holds all open interest."""
    if asked:
        return asked[0]
    return BROAD_KEY if BROAD_KEY in maps else next(iter(maps))


def _view(atlas: Atlas, key: MapKey, side: Side, frame: Frame) -> SideView:
    map_ = atlas.map(key)
    profile, typical = map_.side_usd(side), atlas.typical(key)
    if map_.observed is not None:  # a part of one venue: dust is measured against what was seen of the side
        seen = map_.observed.coverage
        held = seen.short_usd if side == "above" else seen.long_usd
        return view_side(str(key), side, profile, typical, frame, side_interest_usd=held, sparse=True)
    interest = atlas.open_interest_usd if map_.is_positions else float(profile.sum())
    return view_side(str(key), side, profile, typical, frame, side_interest_usd=interest)


def _voices(atlas: Atlas, views: Mapping[MapKey, SideView], side: Side, frame: Frame) -> Voices:
    """Return what agreement asks: maps by kind of input, and open positions by disjoint ages."""
    by_input = {
        "open interest": tuple(views[key] for key in DEFAULT_KEYS if key in views),
        "flow": tuple(views[key] for key in (FLOW_KEY,) if key in views),
        "swings": tuple(views[key] for key in (SWINGS_KEY,) if key in views),
        "positions": tuple(views[key] for key in (OBSERVED_KEY,) if key in views),
    }
    ages = tuple(
        view_side(
            part.name,
            side,
            part.side_usd(side),
            part.typical,
            frame,
            side_interest_usd=atlas.open_interest_usd,
        )
        for part in atlas.ages()
    )
    return Voices(inputs=tuple((name, found) for name, found in by_input.items() if found), ages=ages)
