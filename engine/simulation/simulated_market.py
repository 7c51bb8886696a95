"""A whole simulated market: the same seed and symbol give the same market on every day, on a fixed calendar.

Each contract is one long and one short. Traders' positions are in the ledger; makers hold what traders do not hold
against each other (about 30 % of a side), with so little leverage that nothing liquidates them. So a model that spreads
all open interest over a ladder of leverages can only be approximately right here, as on a real venue.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass

import numpy as np

from engine.errors import EngineError
from engine.grid import FloatArray, IntArray, LogGrid
from engine.margin import MarginTerms, terms_for
from engine.market import Candles, Funding, OrderBook
from engine.simulation.book import draw_book
from engine.simulation.ledger import Liquidations, PositionLedger, TopUps, TrueMap
from engine.simulation.profiles import (
    ROUND_LEVERAGES,
    TRADER_KINDS,
    TRADERS_SHARE,
    SymbolProfile,
    kind_records,
    mean_sizes_lots,
    profile_of,
)
from engine.simulation.rules import MarketRules, rules_record
from engine.simulation.state import (
    BAR,
    BRACKETS,
    DESK,
    MAKERS,
    NOBODY,
    POSITION,
    TOP_UP,
    TRIGGER_BINS,
    Ledger,
    Records,
    World,
)
from engine.simulation.steps import BAR_S, BARS_PER_DAY, STEP_S, STEPS_PER_BAR, STEPS_PER_DAY
from engine.simulation.weather import YEAR_S, Weather, draw_weather
from engine.windows import DAY_S, HOUR_S, parse_instant

SIMULATED_END_S = parse_instant("2026-01-31T00:00:00Z")
SHOWN_DAYS = 60
WARM_UP_DAYS = 24
"""Days before the first shown bar, so that it opens on a market full of old positions (the slowest stay 12 d)."""
SIMULATED_START_S = SIMULATED_END_S - SHOWN_DAYS * DAY_S
FUNDING_INTERVAL_S = 8 * HOUR_S

_QUOTED_SHARE = 0.85
"""Standard deviation of quote moves as a share of the wanted volatility; news, traders and cascades add the rest."""
_ROOM = 2.5
"""Room for positions, as a multiple of the arrivals on usual days; storms bring more."""

_INTEREST = 0.0001
_INTEREST_BAND = 0.0005
_FUNDING_CAP = 0.003
"""Venues' rule: rate = premium + clamp(interest - premium, band), capped. Source: Binance, introduction to funding."""
_USUAL_PREMIUM = -0.00046
"""Perpetuals trade a little below their index when the crowd is even (rates near half the interest, as in 2025-26)."""
_CROWD_PREMIUM = 0.0014
"""Premium that a wholly one-sided crowd would pay."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Conservation:
    """What shows that no contract appears or vanishes: arrays per shown bar.

    open_interest (n + 1,) at each open and the end; opened, closed (n,): contracts that trades added and removed;
    traded (n,): volume; maker_inventory (n + 1, makers), + long, - short; unmatched (n,): the largest difference
    between all longs and all shorts after any single trade of the bar. All [lots].
    """

    open_interest: IntArray
    opened: IntArray
    closed: IntArray
    traded: IntArray
    maker_inventory: IntArray
    unmatched: IntArray


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SimulatedMarket:
    """One simulated perpetual over its whole span; nothing in it depends on the clock.

    open_interest: (bars,) [base] at each bar's open; thinness: (bars,) 1 over the depth of the book, 1 in usual depth;
    positions: all traders' positions, also those from before the first shown bar; conservation: see there.
    """

    profile: SymbolProfile
    seed: int
    margin: MarginTerms
    candles: Candles
    open_interest: FloatArray
    funding: Funding
    liquidations: Liquidations
    positions: PositionLedger
    conservation: Conservation
    thinness: FloatArray

    @property
    def start_s(self) -> int:
        """When the first shown bar opens [s]."""
        return int(self.candles.time_s[0])

    @property
    def end_s(self) -> int:
        """When the last bar is finished [s]."""
        return int(self.candles.end_s[-1])

    def true_map(self, grid: LogGrid, as_of_s: int | None = None) -> TrueMap:
        """Return what stood just before `as_of_s` (None: the end) by its true liquidation price."""
        return self.positions.true_map(grid, self.end_s if as_of_s is None else as_of_s)

    def order_book(self, as_of_s: int | None = None) -> OrderBook:
        """Return the resting orders at the end of the last bar finished at `as_of_s` (None: the end).

        Raises:
            EngineError: no bar was finished by then.

        """
        bars = len(self.candles) if as_of_s is None else int(np.searchsorted(self.candles.end_s, as_of_s, "right"))
        if bars == 0:
            msg = "The simulated market has no finished bar at that moment."
            raise EngineError(msg)
        return draw_book(
            self.profile,
            seed=_seed_words(self.profile, self.seed),
            time_s=int(self.candles.end_s[bars - 1]),
            price=float(self.candles.close[bars - 1]),
            thinness=float(self.thinness[bars - 1]),
        )


def simulate(profile_or_symbol: SymbolProfile | str, *, seed: int, rules: MarketRules | None = None) -> SimulatedMarket:
    """Simulate a market by its profile, a seed and the rules of behaviour (None: the usual ones).

    The same arguments give the same arrays, bit for bit, on the same machine, numpy and numba.

    Raises:
        UnknownSymbolError: there is no simulated market of this name.

    """
    from engine.simulation.kernel import run  # numba takes a third of a second: loaded when a market is wanted

    profile = profile_of(profile_or_symbol) if isinstance(profile_or_symbol, str) else profile_or_symbol
    seeds = np.random.SeedSequence(_seed_words(profile, seed)).spawn(2)
    weather_rng, trade_rng = (np.random.default_rng(own) for own in seeds)
    time_s = np.arange(SIMULATED_START_S - WARM_UP_DAYS * DAY_S, SIMULATED_END_S, BAR_S)
    weather = draw_weather(weather_rng, time_s=time_s, bar_s=BAR_S, annual_volatility=profile.annual_volatility)
    margin = terms_for("simulated", profile.market_id)
    world = _empty_world(profile, weather, margin, rules or MarketRules())
    run(world, trade_rng, 0, len(time_s))
    if world.desk[0]["full"]:
        msg = f"The simulated {profile.symbol} market with seed {seed} outgrew its ledger. Take another seed."
        raise EngineError(msg)
    return _market(profile, seed, margin, world, time_s)


def _seed_words(profile: SymbolProfile, seed: int) -> tuple[int, int]:
    return seed, zlib.crc32(profile.symbol.encode())


def _empty_world(profile: SymbolProfile, weather: Weather, margin: MarginTerms, rules: MarketRules) -> World:
    bars = len(weather.news)
    room = int(_ROOM * sum(kind.arrivals_per_day for kind in TRADER_KINDS) * bars / BARS_PER_DAY)
    return World(
        desk=_desk(profile, margin, rules),
        ledger=Ledger(
            positions=np.zeros(room, POSITION),
            top_ups=np.zeros(room, TOP_UP),
            heads=np.full((2, TRIGGER_BINS), NOBODY, np.int32),
            due=np.full(bars * STEPS_PER_BAR, NOBODY, np.int32),
            kinds=kind_records(profile),
        ),
        bars=np.zeros(bars, BAR),
        inventories=np.zeros((bars, MAKERS), np.int64),
        volatility=weather.volatility,
        news=weather.news,
    )


def _desk(profile: SymbolProfile, margin: MarginTerms, rules: MarketRules) -> Records:
    desk = np.zeros(1, DESK)
    for name in ("price", "value", "minute", "hour", "day", "start_log"):
        desk[name] = math.log(profile.start_price)
    desk["last_price"] = profile.start_price
    desk["lot"] = profile.lot
    desk["step_sigma"] = _QUOTED_SHARE * profile.annual_volatility * math.sqrt(STEP_S / YEAR_S)
    desk["usual_lots"] = profile.open_interest_lots
    desk["churn_lots"] = rules.churn_per_day * profile.open_interest_lots / STEPS_PER_DAY
    desk["bin"] = TRIGGER_BINS // 2
    maker_lots = (1 - TRADERS_SHARE) * profile.open_interest_lots / (MAKERS / 2)
    desk["centres"] = desk["targets"] = np.where(np.arange(MAKERS) % 2 == 0, maker_lots, -maker_lots)
    desk["rules"] = rules_record(rules)
    desk["mean_lots"] = mean_sizes_lots(profile)
    desk["presets"] = ROUND_LEVERAGES
    desk["brackets"] = _bracket_rows(margin)
    return desk


def _bracket_rows(margin: MarginTerms) -> FloatArray:
    """Return cap, rate, maximum leverage and amount of every bracket, (4, BRACKETS); the last one fills the rest."""
    filled = margin.brackets + margin.brackets[-1:] * (BRACKETS - len(margin.brackets))
    rows = [(b.notional_cap_usd, b.maintenance_rate, b.max_leverage, b.maintenance_amount_usd) for b in filled]
    return np.array(rows).T


def _market(profile: SymbolProfile, seed: int, margin: MarginTerms, world: World, time_s: IntArray) -> SimulatedMarket:
    shown = slice(WARM_UP_DAYS * BARS_PER_DAY, len(time_s))
    bars = world.bars[shown]
    positions = _ledger(profile, world, int(time_s[0]))
    candles = _candles(profile, bars, time_s[shown])
    start_s, end_s = int(candles.time_s[0]), int(candles.end_s[-1])
    return SimulatedMarket(
        profile=profile,
        seed=seed,
        margin=margin,
        candles=candles,
        open_interest=_read_only(bars["open_interest"] * profile.lot),
        funding=_funding(world.bars, time_s, since_s=start_s),
        liquidations=positions.liquidations(since_s=start_s, until_s=end_s),
        positions=positions,
        conservation=_conservation(world, shown),
        thinness=_read_only(bars["thinness"].copy()),
    )


def _ledger(profile: SymbolProfile, world: World, start_s: int) -> PositionLedger:
    desk = world.desk[0]
    added = world.ledger.top_ups[: desk["topped"]]
    top_ups = TopUps(
        time_s=_read_only(start_s + added["step"] * STEP_S),
        position=_read_only(added["position"].copy()),
        leverage=_read_only(added["leverage"].copy()),
        liquidation_price=_read_only(added["liquidation_price"].copy()),
    )
    return PositionLedger(_read_only(world.ledger.positions[: desk["count"]]), start_s, profile.lot, top_ups)


def _candles(profile: SymbolProfile, bars: Records, time_s: IntArray) -> Candles:
    lots = bars["buy_lots"] + bars["sell_lots"]
    return Candles(
        where=f"simulated {profile.market_id} candles",
        time_s=time_s,
        duration_s=np.full(len(time_s), BAR_S),
        open=bars["open"],
        high=bars["high"],
        low=bars["low"],
        close=bars["close"],
        volume=lots * profile.lot,
        taker_buy_share=np.where(lots > 0, bars["buy_lots"] / np.maximum(lots, 1), np.nan),
    )


def _funding(bars: Records, time_s: IntArray, *, since_s: int) -> Funding:
    """Settle each interval by what its bars showed: the crowd's lean and the perpetual's premium, both averaged."""
    premium = _USUAL_PREMIUM + _CROWD_PREMIUM * bars["crowd"] + bars["premium"]
    per_interval = FUNDING_INTERVAL_S // BAR_S
    average = premium[: len(premium) // per_interval * per_interval].reshape(-1, per_interval).mean(axis=1)
    rate = average + np.clip(_INTEREST - average, -_INTEREST_BAND, _INTEREST_BAND)
    settled_s = time_s[0] + FUNDING_INTERVAL_S * np.arange(1, len(average) + 1)
    shown = settled_s >= since_s
    return Funding(
        time_s=settled_s[shown], rate=np.clip(rate, -_FUNDING_CAP, _FUNDING_CAP)[shown], interval_s=FUNDING_INTERVAL_S
    )


def _conservation(world: World, shown: slice) -> Conservation:
    bars = world.bars[shown]
    return Conservation(
        open_interest=_read_only(np.append(bars["open_interest"], world.desk[0]["long_lots"])),
        opened=_read_only(bars["opened"].copy()),
        closed=_read_only(bars["closed"].copy()),
        traded=_read_only(bars["buy_lots"] + bars["sell_lots"]),
        maker_inventory=_read_only(np.vstack([world.inventories[shown], world.desk["makers"]])),
        unmatched=_read_only(bars["unmatched"].copy()),
    )


def _read_only(array: np.ndarray) -> np.ndarray:
    array.flags.writeable = False
    return array
