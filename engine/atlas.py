"""All maps of one market at one moment: walks done once, venues summed in USD, columns only where they are drawn."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.context import MarketContext
from engine.errors import ModelUnavailableError
from engine.grid import BIN_RATIO, FloatArray, IntArray, LogGrid
from engine.inventory import ColumnPlan, Standing
from engine.market import Market, MissingInput
from engine.models import REGISTRY, ObservedModel, WalkedModel
from engine.models.base import Plans, VenueBars
from engine.models.broad_structure import BROAD_STRUCTURE
from engine.models.high_leverage import HIGH_LEVERAGE
from engine.results import LiquidationMap, MapColumns, MapKey, Side
from engine.typical import TypicalProfile
from engine.windows import DAY_S, HOUR_S, MINUTE_S, Window, window_named

MAX_COLUMNS = 1_000
"""Columns of a picture 1,600 px wide; more would not be seen."""
COLUMN_STEP_S = 5 * MINUTE_S
SHOWN_HALF_SPAN = 0.28
"""Columns reach this far around the price and around where it has been, as a fraction: the pictures show less."""
MAP_HALF_SPAN = 0.26
"""A map covers at least this much on both sides of the price, as a fraction."""
_MARGIN_BINS = 6
"""Room for the Gaussian spread of a seed beyond the farthest liquidation price."""
TYPICAL_SPAN_S = 14 * DAY_S
"""Past maps of two weeks say what is typical: enough to be stable, and older ones knew another market."""
TYPICAL_STEP_S = 8 * HOUR_S
TYPICAL_MIN_WINDOWS = 8
SETTLED_AFTER_S = 2 * DAY_S
"""A walk needs this long from its empty start until its maps say what is typical."""


@dataclass(frozen=True, slots=True, eq=False)
class SideProfiles:
    """A part of a map by side: longs (bins,) and shorts (bins,) [USD], and the typical profile to hold it against."""

    name: str
    long_usd: FloatArray
    short_usd: FloatArray
    typical: TypicalProfile | None

    def side_usd(self, side: Side) -> FloatArray:
        """Return the shorts above the price or the longs below it (bins,) [USD]."""
        return self.short_usd if side == "above" else self.long_usd


class Atlas:
    """The maps of one market. Everything asked of it is computed from bars that were finished at `market.as_of_s`."""

    def __init__(self, market: Market, context: MarketContext | None = None) -> None:
        """Without a context maps are built all the same, but nothing can say what is typical."""
        self.market = market
        self.context = context
        self.grid = grid_for(market)
        self.venues = tuple(VenueBars.of(venue, self.grid) for venue in market.venues)
        self._maps: dict[MapKey, LiquidationMap] = {}
        self._typical: dict[MapKey, TypicalProfile | None] = {}
        self._unavailable: dict[str, ModelUnavailableError] = {}

    @property
    def open_interest_usd(self) -> float:
        """Open interest of all venues now [USD]: what each side holds."""
        return sum(venue.open_interest_now * float(venue.candles.close[-1]) for venue in self.market.venues)

    def prepare(self, keys: Sequence[MapKey], drawn: Collection[MapKey], *, required: Collection[MapKey] = ()) -> None:
        """Build the maps of `keys`, with columns for those that are drawn, models side by side on two threads.

        A model whose inputs are missing is left out and listed by `missing`, unless one of its maps is required.

        Raises:
            DataUnavailableError: a required map cannot be built.

        """
        by_model: dict[str, list[MapKey]] = {}
        for key in dict.fromkeys(keys):
            by_model.setdefault(key.model, []).append(key)
        groups = list(by_model.values())
        with ThreadPoolExecutor(max_workers=2) as pool:  # the compiled walks let go of the interpreter's lock
            for error in pool.map(lambda group: self._build_all(group, drawn), groups):
                if error is not None and any(key.model == error.model for key in required):
                    raise error

    def _build_all(self, keys: Sequence[MapKey], drawn: Collection[MapKey]) -> ModelUnavailableError | None:
        for key in keys:
            try:
                if key not in self._maps:
                    self._maps[key] = self._build(key, with_columns=key in drawn)
            except ModelUnavailableError as error:
                self._unavailable[key.model] = error
                return error
        return None

    def maps(self) -> Mapping[MapKey, LiquidationMap]:
        """Return the maps built so far, in a fixed order."""
        order = sorted(self._maps, key=lambda key: (key.model, key.window.length_s))
        return {key: self._maps[key] for key in order}

    def missing(self) -> tuple[MissingInput, ...]:
        """Return the models that could not be built."""
        return tuple(
            MissingInput(input=f"model {name}", venue=None, effect=str(error))
            for name, error in sorted(self._unavailable.items())
        )

    def map(self, key: MapKey) -> LiquidationMap:
        """Return a map; without columns unless it was prepared with them.

        Raises:
            ModelUnavailableError: no venue has the inputs of the model.

        """
        if key not in self._maps:
            self._maps[key] = self._build(key, with_columns=False)
        return self._maps[key]

    def typical(self, key: MapKey) -> TypicalProfile | None:
        """Return what the model's maps of this window usually looked like; None when there were too few."""
        self.map(key)
        return self._typical[key]

    def ages(self) -> tuple[SideProfiles, ...]:
        """Return the open positions by disjoint age: M1's of 0-12 h, 12-24 h, 24-72 h, and M2's older ones.

        Empty where no venue gives open interest.
        """
        if {"M1", "M2"} & self._unavailable.keys():
            return ()
        keys = [MapKey("M1", window_named(name)) for name in ("12h", "24h", "3d")]
        parts, younger = [], None
        for name, key in zip(("0-12 h", "12-24 h", "24-72 h"), keys, strict=True):
            map_ = self.map(key)
            long_usd, short_usd = map_.long_usd, map_.short_usd
            if younger is not None:
                long_usd, short_usd = long_usd - younger.long_usd, short_usd - younger.short_usd
            parts.append(SideProfiles(name, np.maximum(long_usd, 0), np.maximum(short_usd, 0), self.typical(key)))
            younger = map_
        broad = MapKey("M2", window_named("3d"))
        recent = self._recent_broad(broad.window)
        older = self.map(broad)
        parts.append(
            SideProfiles(
                "older",
                np.maximum(older.long_usd - recent[0], 0),
                np.maximum(older.short_usd - recent[1], 0),
                self.typical(broad),
            )
        )
        return tuple(parts)

    def _recent_broad(self, window: Window) -> FloatArray:
        """Return what stands of M2's positions opened inside the window, (2, bins) [USD]."""
        total = np.zeros((2, self.grid.size))
        for venue in self.venues:
            standing = BROAD_STRUCTURE.opened_since(venue, self.market.as_of_s - window.length_s, window)
            if standing is not None:
                total += standing.mass.sum(axis=1) * self.grid.centers
        return total

    def _build(self, key: MapKey, *, with_columns: bool) -> LiquidationMap:
        model = REGISTRY[key.model]
        if isinstance(model, ObservedModel):
            return self._show(key, model, with_columns=with_columns)
        return self._walk(key, model, with_columns=with_columns)

    def _show(self, key: MapKey, model: ObservedModel, *, with_columns: bool) -> LiquidationMap:
        """Return the map of positions that were seen: nothing is walked, so nothing says what is typical."""
        map_ = model.map(key, self.market, self.grid)
        self._typical[key] = None
        if not with_columns:
            return map_
        first, size = self._shown_bins()
        times_s = self._column_times(key.window)
        return replace(map_, columns=model.columns(self.market, self.grid, times_s, slice(first, first + size)))

    def _walk(self, key: MapKey, model: WalkedModel, *, with_columns: bool) -> LiquidationMap:
        column_times = self._column_times(key.window) if with_columns else np.empty(0, dtype=np.int64)
        snapshot_times = self._snapshot_times(key.window, model)
        columns = _Stored(column_times, *self._shown_bins())
        snapshots = _Stored(snapshot_times, 0, self.grid.size)
        standings: list[tuple[VenueBars, Standing]] = []
        for venue in self.venues:
            plans = Plans(columns.plan(venue), snapshots.plan(venue, forget=model.spec.starts_empty))
            standing = model.stand(venue, key.window, self.market.as_of_s, plans)
            if standing is not None:
                standings.append((venue, standing))
                columns.add(venue, standing.columns)
                snapshots.add(venue, standing.snapshots)
        if not standings:
            raise ModelUnavailableError(key.model, model.spec.inputs, self.market.symbol)
        self._typical[key] = self._typical_of(snapshots)
        return self._sum(key, model, standings, columns if with_columns else None)

    def _sum(
        self, key: MapKey, model: WalkedModel, standings: list[tuple[VenueBars, Standing]], columns: _Stored | None
    ) -> LiquidationMap:
        prices = self.grid.centers
        mass = np.sum([standing.mass for _, standing in standings], axis=0)
        by_side = mass.sum(axis=1)
        weighted = np.sum(
            [np.nan_to_num(standing.entry_s) * standing.mass.sum(axis=1) for _, standing in standings], axis=0
        )
        entry_s = np.full(by_side.shape, np.nan)
        np.divide(weighted, by_side, out=entry_s, where=by_side > 0)
        interest = sum(venue.market.open_interest_now for venue, _ in standings)
        held = by_side.sum(axis=1)
        ladder = model.ladder(self.market.lead.margin, key.window)
        leverages, tiers = _merged_tiers(ladder.leverages, mass * prices)
        entry_by_tier_s = _entry_by_tier(ladder.leverages, [standing for _, standing in standings])
        standing_usd = tiers.sum(axis=(0, 2))
        with np.errstate(invalid="ignore"):
            shown_mix = standing_usd / standing_usd.sum()
        return LiquidationMap(
            key=key,
            as_of_s=self.market.as_of_s,
            price=self.market.price,
            grid=self.grid,
            long_usd=by_side[0] * prices,
            short_usd=by_side[1] * prices,
            leverages=leverages,
            long_by_tier_usd=tiers[0],
            short_by_tier_usd=tiers[1],
            long_entry_s=entry_s[0],
            short_entry_s=entry_s[1],
            long_entry_by_tier_s=entry_by_tier_s[0],
            short_entry_by_tier_s=entry_by_tier_s[1],
            is_positions=model.spec.is_positions,
            shown_mix=shown_mix,
            covered_share=held / interest if interest > 0 and model.spec.is_positions else np.full(2, np.nan),
            columns=columns.as_map_columns(self.grid) if columns is not None else None,
            model_name=model.spec.name,
        )

    def _column_times(self, window: Window) -> IntArray:
        """Return the moments of the columns, oldest first, all inside the window; the last is now."""
        steps = window.length_s // COLUMN_STEP_S
        step_s = COLUMN_STEP_S * math.ceil(steps / MAX_COLUMNS)
        back = np.arange((window.length_s - 1) // step_s, -1, -1) * step_s
        times = self.market.as_of_s - back
        first_known = int(self.venues[0].bars.end_s[0])
        return times[times >= first_known].astype(np.int64)

    def _snapshot_times(self, window: Window, model: WalkedModel) -> IntArray:
        """Return past moments, oldest first, whose maps say what is typical; none of them is now."""
        if self.context is None:
            return np.empty(0, dtype=np.int64)
        step_s, span_s = TYPICAL_STEP_S, TYPICAL_SPAN_S
        if model.spec.starts_empty:  # windows side by side, so that one pass serves them all
            step_s, span_s = window.length_s, max(TYPICAL_SPAN_S, TYPICAL_MIN_WINDOWS * window.length_s)
        times = self.market.as_of_s - np.arange(span_s // step_s, 0, -1) * step_s
        settled_s = int(self.venues[0].bars.end_s[0]) + SETTLED_AFTER_S + step_s
        return times[times >= settled_s].astype(np.int64)

    def _shown_bins(self) -> tuple[int, int]:
        """Return first bin and number of bins of the columns."""
        recent = self.market.lead.candles.since(self.market.as_of_s - 30 * DAY_S)
        candles = self.market.lead.candles
        low = min(float(candles.low[recent].min()), self.market.price * (1 - SHOWN_HALF_SPAN))
        high = max(float(candles.high[recent].max()), self.market.price * (1 + SHOWN_HALF_SPAN))
        bins = self.grid.slice_between(low, high)
        return bins.start, bins.stop - bins.start

    def _typical_of(self, snapshots: _Stored) -> TypicalProfile | None:
        if self.context is None or not len(snapshots.times_s):
            return None
        candles, hourly = self.market.lead.candles, self.context.hourly
        bar = np.searchsorted(candles.end_s, snapshots.times_s, side="right") - 1
        hour = np.searchsorted(hourly.end_s, snapshots.times_s, side="right") - 1
        sigma = np.where(hour >= 0, self.context.volatility.hourly_sigma[np.maximum(hour, 0)], 0.0)
        return TypicalProfile.of(snapshots.total, self.grid, candles.close[np.maximum(bar, 0)], sigma)


class _Stored:
    """Stored states at common moments, summed over venues; a moment without a new bar repeats the last state.

    times_s: (moments,); first, size: the grid bins that are stored; total: (moments, 2, size) float32 [USD].
    """

    def __init__(self, times_s: IntArray, first: int, size: int) -> None:
        self.times_s = times_s
        self.first = first
        self.size = size
        self.total = np.zeros((0, 2, size), dtype=np.float32)

    def plan(self, venue: VenueBars, *, forget: bool = False) -> ColumnPlan:
        """Return which bars of the venue to store: for each moment the last one finished then."""
        return ColumnPlan(bars=np.unique(self._bar_of(venue)), first=self.first, size=self.size, forget=forget)

    def add(self, venue: VenueBars, stored: NDArray[np.float32]) -> None:
        """Add what one venue's walk stored."""
        if not len(stored):
            return
        if len(stored) < len(self.times_s):
            _, row = np.unique(self._bar_of(venue), return_inverse=True)
            stored = stored[row]
        self.total = self.total + stored if len(self.total) else stored

    def as_map_columns(self, grid: LogGrid) -> MapColumns:
        """Return the columns as a map shows them."""
        return MapColumns(
            time_s=self.times_s,
            first_bin=grid.first + self.first,
            long_usd=self.total[:, 0],
            short_usd=self.total[:, 1],
        )

    def _bar_of(self, venue: VenueBars) -> IntArray:
        bars = np.searchsorted(venue.bars.end_s, self.times_s, side="right") - 1
        return np.maximum(bars, 0).astype(np.int64)


def build_map(market: Market, key: MapKey, *, columns: bool = False) -> LiquidationMap:
    """Return one map of a market, with its columns if asked for; does not look ahead.

    Raises:
        ModelUnavailableError: no venue has the inputs of the model.

    """
    atlas = Atlas(market)
    atlas.prepare((key,), (key,) if columns else (), required=(key,))
    return atlas.map(key)


def grid_for(market: Market) -> LogGrid:
    """Return the grid that holds every liquidation price of every model at every venue, and more around the price."""
    low, high = market.price / (1 + MAP_HALF_SPAN), market.price * (1 + MAP_HALF_SPAN)
    for venue in market.venues:
        longs, shorts = _farthest(venue.margin.max_leverage, HIGH_LEVERAGE.leverages + BROAD_STRUCTURE.leverages)
        low = min(low, float(venue.candles.low.min()) * longs)
        high = max(high, float(venue.candles.high.max()) * shorts)
    room = BIN_RATIO**_MARGIN_BINS
    return LogGrid.covering(low / room, high * room)


def _farthest(max_leverage: float, leverages: Sequence[float]) -> tuple[float, float]:
    """Return bounds of liquidation price / entry for longs and shorts at the lowest leverage, whatever the venue.

    The maintenance rate only brings liquidation nearer, so 1 -+ 1/L bounds it.
    """
    slowest = min(*leverages, max_leverage)
    return max(1 - 1 / slowest, 0.02), 1 + 1 / slowest


def _entry_by_tier(leverages: FloatArray, standings: Sequence[Standing]) -> FloatArray:
    """Return the mass-weighted entry time of each distinct tier over venues (2, distinct, bins), NaN where empty."""
    _, mass = _merged_tiers(leverages, np.sum([standing.mass for standing in standings], axis=0))
    moments = [np.nan_to_num(standing.entry_by_tier_s) * standing.mass for standing in standings]
    _, moment = _merged_tiers(leverages, np.sum(moments, axis=0))
    entry_s = np.full(mass.shape, np.nan)
    np.divide(moment, mass, out=entry_s, where=mass > 0)
    return entry_s


def _merged_tiers(leverages: FloatArray, by_tier: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return distinct leverages ascending, and (2, distinct, bins) mass; tiers without leverage (stops) come last."""
    distinct, row = np.unique(np.where(np.isnan(leverages), np.inf, leverages), return_inverse=True)
    merged = np.zeros((2, len(distinct), by_tier.shape[2]))
    for tier, target in enumerate(row):
        merged[:, target] += by_tier[:, tier]
    return np.where(np.isinf(distinct), np.nan, distinct), merged
