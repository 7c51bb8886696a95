"""Markets made by hand, an empty history, and two changes that no reading may notice: mirrored sides, another unit."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pytest
from numpy.typing import ArrayLike

from engine.context import MarketContext, read_context
from engine.grid import LOG_STEP
from engine.history.store import HistoryStore
from engine.margin import terms_for
from engine.market import Candles, Funding, Market, OrderBook, VenueMarket
from engine.results import ZoneBand

AS_OF_S = 1_769_940_000
"""1 February 2026, 10:00 UTC."""


@pytest.fixture
def store(tmp_path):
    """An empty history, closed after the test."""
    with HistoryStore(tmp_path / "history") as opened:
        yield opened


def candles_of(close: ArrayLike, *, bar_s: int = 3_600, end_s: int = AS_OF_S, **arrays: ArrayLike) -> Candles:
    """Bars without gaps that end at `end_s`; each opens at the close before it, and has no wick unless given one."""
    close = np.asarray(close, dtype=float)
    n = len(close)
    open_ = np.concatenate((close[:1], close[:-1]))
    columns = {
        "time_s": end_s - bar_s * np.arange(n, 0, -1),
        "duration_s": np.full(n, bar_s),
        "open": open_,
        "high": np.maximum(open_, close),
        "low": np.minimum(open_, close),
        "volume": np.ones(n),
        "taker_buy_share": np.full(n, np.nan),
    }
    return Candles(where="hand-made", close=close, **{**columns, **arrays})


def venue_of(candles: Candles, **parts: object) -> VenueMarket:
    return VenueMarket(
        **{"venue": "binanceusdm", "open_interest": None, "margin": terms_for("binanceusdm", "BTCUSDT"), **parts},
        candles=candles,
    )


def market_of(*venues: VenueMarket, as_of_s: int = AS_OF_S) -> Market:
    return Market(symbol="BTC", as_of_s=as_of_s, source="hand-made", venues=venues)


def walk(seed: int, *, hours: int = 720, price: float = 50_000.0, sigma_h: float = 0.005) -> np.ndarray:
    """Closes of a random walk, (hours,)."""
    steps = np.random.default_rng(seed).normal(0.0, sigma_h, hours)
    return price * np.exp(np.cumsum(steps))


def busy_venue(seed: int, *, hours: int = 720, **parts: object) -> VenueMarket:
    """A venue whose every input is there, drawn at random."""
    random = np.random.default_rng(seed + 1)
    close = walk(seed, hours=hours)
    open_ = np.concatenate((close[:1], close[:-1]))
    high = np.maximum(open_, close) * np.exp(random.exponential(0.002, hours))
    low = np.minimum(open_, close) * np.exp(-random.exponential(0.002, hours))
    candles = candles_of(close, high=high, low=low, volume=random.lognormal(0, 1, hours))
    away = LOG_STEP * (0.5 + np.arange(60))
    settled = np.arange(90)
    return venue_of(
        candles,
        **{
            "open_interest": 1_000 * np.exp(np.cumsum(random.normal(0, 0.004, hours))),
            "funding": Funding(
                time_s=AS_OF_S - 28_800 * settled[::-1], rate=random.normal(5e-5, 8e-5, 90), interval_s=28_800
            ),
            "order_book": OrderBook(
                time_s=AS_OF_S,
                bid_price=close[-1] * np.exp(-away),
                bid_size=random.lognormal(0, 1, 60),
                ask_price=close[-1] * np.exp(away),
                ask_size=random.lognormal(0, 1, 60),
            ),
            **parts,
        },
    )


@dataclass(frozen=True)
class Transformation:
    """A map of prices that turns one market into another that must read the same; mirrored: highs become lows."""

    price: Callable[[np.ndarray | float], np.ndarray | float]
    mirrored: bool

    def venue(self, venue: VenueMarket) -> VenueMarket:
        candles, book, funding = venue.candles, venue.order_book, venue.funding
        high, low = ("low", "high") if self.mirrored else ("high", "low")
        bid, ask = ("ask", "bid") if self.mirrored else ("bid", "ask")
        return replace(
            venue,
            candles=replace(
                candles,
                open=self.price(candles.open),
                high=self.price(getattr(candles, high)),
                low=self.price(getattr(candles, low)),
                close=self.price(candles.close),
            ),
            order_book=book
            and replace(
                book,
                bid_price=self.price(getattr(book, f"{bid}_price")),
                bid_size=getattr(book, f"{bid}_size"),
                ask_price=self.price(getattr(book, f"{ask}_price")),
                ask_size=getattr(book, f"{ask}_size"),
            ),
            funding=funding and replace(funding, rate=-funding.rate if self.mirrored else funding.rate),
        )

    def band(self, band: ZoneBand) -> ZoneBand:
        low, high = sorted((self.price(band.low), self.price(band.high)))
        side = {"above": "below", "below": "above"}[band.side] if self.mirrored else band.side
        return replace(band, side=side, low=low, high=high, price=self.price(band.price))


_CENTER = float(np.exp(2 * LOG_STEP * round(np.log(50_000.0) / LOG_STEP)))
"""The mirror's constant lies on the lattice of bins, so that bins fall on bins."""

MIRROR = Transformation(lambda price: _CENTER / price, mirrored=True)
CHEAPER = Transformation(lambda price: price * float(np.exp(-5_000 * LOG_STEP)), mirrored=False)
"""Prices 148 times smaller, by a whole number of bins."""


def without_round_numbers_and_means(context: MarketContext) -> MarketContext:
    """Leave out what is not symmetric by nature: round numbers and arithmetic means of price (VWAP)."""
    levels = tuple(level for level in context.structure.levels if not level.kind.endswith("vwap"))
    return replace(context, structure=replace(context.structure, levels=levels, round_step=None))


def band_at(context: MarketContext, distance: float, *, width: float = 0.003, age_s: float = float("nan")) -> ZoneBand:
    """A zone whose near edge lies at the signed log distance from the price."""
    direction = 1 if distance > 0 else -1
    near = context.price * np.exp(distance)
    low, high = sorted((near, near * np.exp(direction * width)))
    return ZoneBand(
        side="above" if direction > 0 else "below", low=low, high=high, price=float(np.sqrt(low * high)), age_s=age_s
    )


class Hand:
    """What tests build markets with."""

    as_of_s = AS_OF_S
    mirror = MIRROR
    cheaper = CHEAPER
    candles = staticmethod(candles_of)
    venue = staticmethod(venue_of)
    busy = staticmethod(busy_venue)
    market = staticmethod(market_of)
    walk = staticmethod(walk)
    band = staticmethod(band_at)
    symmetric = staticmethod(without_round_numbers_and_means)

    @staticmethod
    def context(*venues: VenueMarket) -> MarketContext:
        return read_context(market_of(*venues))


@pytest.fixture(scope="session")
def hand() -> Hand:
    """Builders of small markets whose every number the test can know."""
    return Hand()
