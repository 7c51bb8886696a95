"""M6, Observed: real positions of known wallets at a venue that shows them, as the newest sweep found them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.errors import ModelUnavailableError
from engine.grid import LOG_STEP, FloatArray, IntArray, LogGrid
from engine.market import Candles, Market
from engine.models.base import ModelSpec
from engine.observed import Coverage, ObservedLayers, ObservedPositions
from engine.results import LiquidationMap, MapColumns, MapKey
from engine.text import duration_text, venue_text
from engine.windows import MINUTE_S

MAX_AGE_S = 30 * MINUTE_S
"""An older sweep says too little about now: fast positions live for hours (own assumption). Twice as long as a sweep
may take, so that one which fails leaves no hole."""
MIN_COVERAGE = 0.10
"""Below a tenth of the open interest on either side it is chance which positions are known (own assumption)."""
CROSS_SIGMA_BINS = 5.0
"""Half a percent, about one sigma of an hour at 2.5 % a day: by that much the rest of an account as large as the
position moves its liquidation price until it is looked at again (own assumption)."""
LEVERAGE_RUNGS = (3.0, 5.0, 10.0, 20.0, 50.0)
"""Upper ends of the classes of leverage [x]: about twice the one before, 50x being the most that the venue admits. A
higher leverage, should there be one, makes a class of its own."""
_REACH_SIGMAS = 4.0
"""The Gaussian is cut where it holds less than a ten-thousandth."""
_ANY_LEVERAGE = np.array([np.inf])


@dataclass(frozen=True, slots=True)
class Way:
    """Where price has been since a sweep began: the lowest and the highest, and the last close [price]."""

    low: float
    high: float
    last: float

    @classmethod
    def since(cls, candles: Candles, start_s: int, as_of_s: int) -> Way:
        """Return the way in the bars that open at or after `start_s` and were finished at `as_of_s`.

        start_s: when the sweep began. The wallet that answered first may have lost its position before the last did,
        and who answered when is not told. What is seen was alive then, so bars before it say nothing.
        """
        known = int(np.searchsorted(candles.end_s, as_of_s, side="right"))
        bars = slice(min(int(np.searchsorted(candles.time_s, start_s)), known), known)
        last = float(candles.close[known - 1])
        return cls(
            low=min(last, float(candles.low[bars].min(initial=math.inf))),
            high=max(last, float(candles.high[bars].max(initial=-math.inf))),
            last=last,
        )


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ObservedStanding:
    """What a sweep leaves standing on a grid: exact (isolated) and soft (cross), each (2, tiers, bins) [base].

    Axis of sides: longs, shorts; without_price, passed, outside: numbers of positions without mass, as in Coverage.
    """

    exact: FloatArray
    soft: FloatArray
    without_price: int
    passed: int
    outside: int


def stand(sweep: ObservedPositions, way: Way, grid: LogGrid, rungs: FloatArray) -> ObservedStanding:
    """Return the mass of a sweep's positions at their liquidation prices, those of cross margin spread.

    A position whose price was met since (or that lies on the wrong side of the last close) is gone. rungs: (tiers,)
    ascending upper ends of the classes of leverage [x], none of the sweep above the last. The spread keeps each side's
    mass and never crosses the bin of the last close.
    """
    price, long = sweep.liquidation_price, sweep.side > 0
    priced = np.isfinite(price)
    passed = np.where(long, price >= way.low, price <= way.high)  # False where NaN
    bins = np.floor(np.log(np.where(priced, price, 1.0)) / LOG_STEP).astype(np.int64) - grid.first
    inside = (bins >= 0) & (bins < grid.size)
    held = priced & ~passed & inside
    tier = np.searchsorted(rungs, sweep.leverage)
    shape = (2, 2, len(rungs), grid.size)
    place = np.ravel_multi_index(
        (np.where(sweep.is_isolated, 0, 1)[held], np.where(long, 0, 1)[held], tier[held], bins[held]), shape
    )
    mass = np.bincount(place, sweep.size[held], minlength=math.prod(shape)).astype(np.float64).reshape(shape)
    exact, cross = mass  # an empty bincount counts in integers
    at, soft = grid.index(way.last), np.zeros(shape[1:])
    soft[0, :, : at + 1] = spread(cross[0, :, : at + 1], CROSS_SIGMA_BINS)
    soft[1, :, at:] = spread(cross[1, :, at:], CROSS_SIGMA_BINS)
    return ObservedStanding(
        exact=exact,
        soft=soft,
        without_price=int(np.count_nonzero(~priced)),
        passed=int(np.count_nonzero(passed)),
        outside=int(np.count_nonzero(priced & ~passed & ~inside)),
    )


def spread(mass: FloatArray, sigma_bins: float) -> FloatArray:
    """Return mass (..., bins) spread by a Gaussian along its last axis; the ends reflect it, so that the sum stays."""
    reach = math.ceil(_REACH_SIGMAS * sigma_bins)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma_bins) ** 2)
    padded = np.pad(mass, [(0, 0)] * (mass.ndim - 1) + [(reach, reach)], mode="symmetric")
    around = np.lib.stride_tricks.sliding_window_view(padded, len(kernel), axis=-1)
    return np.asarray(around @ (kernel / kernel.sum()), dtype=np.float64)


def newest_by(sweeps: Sequence[ObservedPositions], moment_s: int) -> ObservedPositions | None:
    """Return the newest sweep that had ended by a moment, None without one; sweeps: oldest first."""
    return next((sweep for sweep in reversed(sweeps) if sweep.time_s <= moment_s), None)


def shortfall(sweep: ObservedPositions, as_of_s: int) -> str:
    """Return why a sweep says too little at a moment, in words with its numbers; "" where it serves."""
    age_s, venue = as_of_s - sweep.time_s, venue_text(sweep.venue)
    if age_s > MAX_AGE_S:
        return f"the last sweep at {venue} ended {duration_text(age_s)} before, {duration_text(MAX_AGE_S)} is the most"
    if not sweep.open_interest > 0:
        return f"the open interest of {venue} is unknown, so nobody can tell what share of it was seen"
    longs, shorts = sweep.coverage(+1), sweep.coverage(-1)
    if min(longs, shorts) >= MIN_COVERAGE:
        return ""
    return (
        f"the last sweep at {venue} covers {math.floor(100 * longs)} % of longs and {math.floor(100 * shorts)} % of "
        f"shorts, {100 * MIN_COVERAGE:.0f} % of each needed"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedModel:
    """Real positions as a map: nothing is walked, remembered or assumed but how far cross margin may move a price."""

    spec: ModelSpec

    def map(self, key: MapKey, market: Market, grid: LogGrid) -> LiquidationMap:
        """Return the map of the newest sweep, without columns; does not look ahead.

        Raises:
            ModelUnavailableError: no sweep, an old one, or one that covers too little of the venue's open interest.

        """
        sweep = self._usable(market)
        rungs = _rungs_of(sweep)
        standing = stand(sweep, Way.since(market.lead.candles, sweep.started_s, market.as_of_s), grid, rungs)
        prices = grid.centers
        exact, tiers = standing.exact * prices, (standing.exact + standing.soft) * prices
        long_usd, short_usd = tiers.sum(axis=1)
        by_tier = tiers.sum(axis=(0, 2))
        unknown = np.full(grid.size, np.nan)
        with np.errstate(invalid="ignore"):
            shown_mix = by_tier / by_tier.sum()
            exact_share = float(exact.sum() / tiers.sum())
        return LiquidationMap(
            key=key,
            as_of_s=market.as_of_s,
            price=market.price,
            grid=grid,
            long_usd=long_usd,
            short_usd=short_usd,
            leverages=rungs,
            long_by_tier_usd=tiers[0],
            short_by_tier_usd=tiers[1],
            long_entry_s=unknown,
            short_entry_s=unknown,
            is_positions=self.spec.is_positions,
            shown_mix=shown_mix,
            covered_share=np.array([sweep.coverage(+1), sweep.coverage(-1)]),
            model_name=self.spec.name,
            observed=ObservedLayers(
                coverage=_coverage(sweep, standing, market, exact_share),
                exact_long_usd=exact[0].sum(axis=0),
                exact_short_usd=exact[1].sum(axis=0),
            ),
        )

    def columns(self, market: Market, grid: LogGrid, times_s: IntArray, bins: slice) -> MapColumns:
        """Return how the map looked at past moments (columns,), NaN where it would not have been shown.

        bins: the bins of the grid that are stored. Each moment knows the sweeps and bars that had ended by then.
        """
        held = np.full((len(times_s), 2, bins.stop - bins.start), np.nan, dtype=np.float32)
        for row, moment_s in enumerate(times_s.tolist()):
            sweep = newest_by(market.observed, moment_s)
            if sweep is not None and not shortfall(sweep, moment_s):
                way = Way.since(market.lead.candles, sweep.started_s, moment_s)
                standing = stand(sweep, way, grid, _ANY_LEVERAGE)
                held[row] = ((standing.exact + standing.soft)[:, 0] * grid.centers)[:, bins]
        return MapColumns(time_s=times_s, first_bin=grid.first + bins.start, long_usd=held[:, 0], short_usd=held[:, 1])

    def _usable(self, market: Market) -> ObservedPositions:
        sweep = newest_by(market.observed, market.as_of_s)
        if sweep is None:
            reason = f"nobody swept any for {market.symbol}"
            advice = "Record positions at Hyperliquid, which shows them, or ask for another model."
            raise ModelUnavailableError(self.spec.id, self.spec.inputs, market.symbol, reason=reason, advice=advice)
        reason = shortfall(sweep, market.as_of_s)
        if reason:
            advice = "Sweep more wallets, more often, or ask for another model."
            raise ModelUnavailableError(self.spec.id, self.spec.inputs, market.symbol, reason=reason, advice=advice)
        return sweep


def _rungs_of(sweep: ObservedPositions) -> FloatArray:
    highest = float(sweep.leverage.max(initial=0.0))
    return np.array([*LEVERAGE_RUNGS, highest] if highest > LEVERAGE_RUNGS[-1] else LEVERAGE_RUNGS)


def _coverage(sweep: ObservedPositions, standing: ObservedStanding, market: Market, exact_share: float) -> Coverage:
    return Coverage(
        venue=sweep.venue,
        started_s=sweep.started_s,
        swept_s=sweep.time_s,
        age_s=market.as_of_s - sweep.time_s,
        wallets=sweep.wallets,
        long_share=sweep.coverage(+1),
        short_share=sweep.coverage(-1),
        long_usd=sweep.held(+1) * market.price,
        short_usd=sweep.held(-1) * market.price,
        exact_share=exact_share,
        positions=len(sweep.size),
        without_price=standing.without_price,
        passed=standing.passed,
        outside=standing.outside,
    )


OBSERVED = ObservedModel(
    spec=ModelSpec(
        id="M6",
        name="Observed",
        group="positions",
        inputs="real positions of known wallets",
        assumes=(
            "nothing about entries: liquidation prices are those that Hyperliquid tells of known wallets, at least "
            f"{100 * MIN_COVERAGE:.0f} % of its open interest on each side; isolated ones exact, cross ones spread by "
            "half a percent, because the rest of the account moves them"
        ),
        memory=f"none: the newest sweep, at most {duration_text(MAX_AGE_S)} old, without what price met since it began",
        is_positions=True,
        starts_empty=False,
    )
)
