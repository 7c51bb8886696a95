"""Who trades on the simulated market, and how big each market is. Every number here is an own assumption.

Sizes and speeds were chosen to lie near those of large perpetuals (open interest, turnover, volatility); no number was
chosen by looking at what a liquidation model makes of the market.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, fields

import numpy as np

from engine.errors import UnknownSymbolError
from engine.grid import FloatArray
from engine.windows import DAY_S, HOUR_S, MINUTE_S


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolProfile:
    """A market's scale: price around which it starts, yearly volatility, usual open interest [base], lot, tick.

    lot: smallest quantity [base]; sizes are counted in whole lots, so that sums of contracts are exact.
    """

    symbol: str
    start_price: float
    annual_volatility: float
    open_interest: float
    lot: float
    tick: float

    @property
    def market_id(self) -> str:
        """The id under which venues list the perpetual, such as BTCUSDT."""
        return f"{self.symbol}USDT"

    @property
    def open_interest_lots(self) -> float:
        """The usual open interest [lots]."""
        return self.open_interest / self.lot


_PROFILES = (
    SymbolProfile(symbol="BTC", start_price=88_000, annual_volatility=0.45, open_interest=88_000, lot=0.001, tick=0.1),
    SymbolProfile(
        symbol="ETH", start_price=3_000, annual_volatility=0.65, open_interest=2_000_000, lot=0.01, tick=0.01
    ),
    SymbolProfile(symbol="SOL", start_price=135, annual_volatility=0.80, open_interest=9_500_000, lot=0.1, tick=0.01),
    SymbolProfile(symbol="XRP", start_price=2.0, annual_volatility=0.85, open_interest=300_000_000, lot=1, tick=0.0001),
    SymbolProfile(symbol="BNB", start_price=850, annual_volatility=0.60, open_interest=500_000, lot=0.01, tick=0.01),
    SymbolProfile(
        symbol="DOGE", start_price=0.14, annual_volatility=0.95, open_interest=2_000_000_000, lot=1, tick=0.00001
    ),
)
PROFILES = {profile.symbol: profile for profile in _PROFILES}


def profile_of(symbol: str) -> SymbolProfile:
    """Return the simulated market called `symbol` (such as BTC).

    Raises:
        UnknownSymbolError: there is none; holds the nearest ones.

    """
    if symbol not in PROFILES:
        raise UnknownSymbolError(symbol, difflib.get_close_matches(symbol.upper(), PROFILES, 2), tuple(PROFILES))
    return PROFILES[symbol]


@dataclass(frozen=True, slots=True, kw_only=True)
class TraderKind:
    """A kind of trader: how many come, how long they stay, what they dare, and what makes them buy or sell.

    arrivals_per_day: positions opened on a day of usual volatility; hurry: how far that number goes with volatility (1:
    in proportion, 0: not at all); hold_s, hold_spread: median time held [s] and the standard deviation of its log;
    leverage, leverage_spread: the same of leverage [x] in a calm market; standing_share: share of the traders' open
    positions (both sides) at usual volatility; size_spread: sd of ln size; stop_share, top_up_share: who places a stop,
    who else adds margin before liquidation; taker_share: share of orders that cross the spread;
    long_bias: lean towards longs; follows_minute, follows_hour, follows_day, follows_news, follows_crowd: push of each
    signal on the direction (negative: against it); lured_by_hour, lured_by_day, lured_by_news: how much more of them
    come when that signal is strong.
    """

    name: str
    arrivals_per_day: float
    hurry: float
    hold_s: float
    hold_spread: float
    leverage: float
    leverage_spread: float
    standing_share: float
    size_spread: float
    stop_share: float
    top_up_share: float
    taker_share: float
    long_bias: float = 0.0
    follows_minute: float = 0.0
    follows_hour: float = 0.0
    follows_day: float = 0.0
    follows_news: float = 0.0
    follows_crowd: float = 0.0
    lured_by_hour: float = 0.0
    lured_by_day: float = 0.0
    lured_by_news: float = 0.0

    @property
    def mean_hold_s(self) -> float:
        """Mean of the planned holding time [s] (lognormal)."""
        return float(self.hold_s * np.exp(self.hold_spread**2 / 2))


# Positions are fewer and larger than a venue's (each stands for several accounts), so sizes spread less than real ones:
# with a wider spread a single whale makes up most of what is liquidated in an hour.
TRADER_KINDS = (
    TraderKind(
        name="scalper",
        arrivals_per_day=800,
        hurry=1.0,
        hold_s=20 * MINUTE_S,
        hold_spread=0.8,
        leverage=35,
        leverage_spread=0.7,
        standing_share=0.001,
        size_spread=1.3,
        stop_share=0.7,
        top_up_share=0.0,
        taker_share=0.6,
        follows_minute=0.6,
    ),
    TraderKind(
        name="news trader",
        arrivals_per_day=1_000,
        hurry=1.0,
        hold_s=2 * HOUR_S,
        hold_spread=1.0,
        leverage=20,
        leverage_spread=0.75,
        standing_share=0.012,
        size_spread=1.3,
        stop_share=0.6,
        top_up_share=0.05,
        taker_share=0.8,
        follows_minute=0.2,
        follows_news=1.2,
        lured_by_news=2.0,
    ),
    TraderKind(
        name="mean reverter",
        arrivals_per_day=1_800,
        hurry=1.0,
        hold_s=8 * HOUR_S,
        hold_spread=1.0,
        leverage=12,
        leverage_spread=0.7,
        standing_share=0.09,
        size_spread=1.3,
        stop_share=0.5,
        top_up_share=0.15,
        taker_share=0.25,
        follows_hour=-0.8,
        lured_by_hour=0.8,
    ),
    TraderKind(
        name="trend follower",
        arrivals_per_day=2_500,
        hurry=0.8,
        hold_s=20 * HOUR_S,
        hold_spread=1.1,
        leverage=10,
        leverage_spread=0.75,
        standing_share=0.2,
        size_spread=1.3,
        stop_share=0.55,
        top_up_share=0.15,
        taker_share=0.6,
        follows_hour=0.4,
        follows_day=0.6,
        lured_by_hour=0.4,
        lured_by_day=0.6,
    ),
    TraderKind(
        name="patient holder",
        arrivals_per_day=1_300,
        hurry=0.3,
        hold_s=9 * DAY_S,
        hold_spread=0.8,
        leverage=3.5,
        leverage_spread=0.6,
        standing_share=0.42,
        size_spread=1.3,
        stop_share=0.2,
        top_up_share=0.4,
        taker_share=0.3,
        long_bias=0.18,
        follows_hour=-0.1,
        follows_day=-0.15,
        follows_crowd=-3.0,
    ),
    TraderKind(
        name="carry trader",
        arrivals_per_day=300,
        hurry=0.2,
        hold_s=7 * DAY_S,
        hold_spread=0.7,
        leverage=2.2,
        leverage_spread=0.4,
        standing_share=0.277,
        size_spread=1.2,
        stop_share=0.0,
        top_up_share=0.8,
        taker_share=0.2,
        follows_crowd=-8.0,
    ),
)

_HABITS = tuple(field.name for field in fields(TraderKind) if field.name != "name")

TRADERS_SHARE = 0.68
"""Share of each side of the open interest that traders hold; makers hold the rest (venues do not publish it)."""
EARLY_EXITS_LEAVE = 0.77
"""Open interest that stops, liquidations and quiet weeks leave of what plans alone would add up to (measured)."""
_CALMEST_VOLATILITY, _CAUTION = 0.45, 0.5
"""TRADER_KINDS states leverage for a market this calm; in wilder ones it falls with volatility to this power."""
ROUND_LEVERAGES = (1.5, 2.0, 3.0, 5.0, 8.0, 10.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 75.0, 100.0, 125.0, 150.0)
"""Leverages that sliders and presets offer [x]: where traders' choices clump."""


def kind_records(profile: SymbolProfile) -> np.ndarray:
    """Return the habits of TRADER_KINDS on this market as records (kinds,) for the compiled loop."""
    rows = [tuple(getattr(kind, habit) for habit in _HABITS) for kind in TRADER_KINDS]
    records = np.array(rows, dtype=[(habit, np.float64) for habit in _HABITS])
    records["leverage"] *= (_CALMEST_VOLATILITY / profile.annual_volatility) ** _CAUTION
    return records


def mean_sizes_lots(profile: SymbolProfile) -> FloatArray:
    """Return each kind's mean position, shape (kinds,) [lots].

    It follows from how much of the kind stands on average: arrivals per second x time held.
    """
    traders_lots = 2 * TRADERS_SHARE * profile.open_interest_lots / EARLY_EXITS_LEAVE
    standing = np.array([kind.arrivals_per_day * kind.mean_hold_s / DAY_S for kind in TRADER_KINDS])
    shares = np.array([kind.standing_share for kind in TRADER_KINDS])
    return np.asarray(shares * traders_lots / standing)
