"""Small synthetic markets for tests: a seeded random walk with volume and open interest, at one or more venues."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np

from engine.margin import Bracket, MarginTerms
from engine.market import Candles, Funding, Market, VenueMarket

START_S = 1_767_225_600  # 2026-01-01T00:00:00Z
BAR_S = 300
NOW_S = 1_770_292_937  # 2026-02-05T12:02:17Z, when live markets are asked
FINISHED_S = 1_770_292_800  # 2026-02-05T12:00:00Z, when their last finished bar ended
TERMS = MarginTerms(
    venue="binanceusdm",
    brackets=(
        Bracket(notional_cap_usd=300_000, maintenance_rate=0.004, max_leverage=150),
        Bracket(notional_cap_usd=1e12, maintenance_rate=0.01, max_leverage=50, maintenance_amount_usd=1_800),
    ),
)


def candles_from(close, *, open_=None, wick=0.0005, volume=None, taker=None, where="test candles", start_s=START_S):
    """Bars of five minutes that close at `close`, each opening where the last one closed."""
    close = np.asarray(close, dtype=float)
    opening = np.concatenate([[close[0]], close[:-1]]) if open_ is None else np.asarray(open_, dtype=float)
    count = len(close)
    return Candles(
        where=where,
        time_s=start_s + BAR_S * np.arange(count),
        duration_s=np.full(count, BAR_S),
        open=opening,
        high=np.maximum(opening, close) * (1 + wick),
        low=np.minimum(opening, close) * (1 - wick),
        close=close,
        volume=np.full(count, 100.0) if volume is None else np.asarray(volume, dtype=float),
        taker_buy_share=np.full(count, np.nan) if taker is None else np.asarray(taker, dtype=float),
    )


def random_closes(seed, count, *, price=100.0, daily_sigma=0.03):
    rng = np.random.default_rng(seed)
    steps = rng.standard_t(5, count) / np.sqrt(5 / 3) * daily_sigma / np.sqrt(288)
    return price * np.exp(np.cumsum(steps))


def venue_from(closes, *, seed=0, venue="binanceusdm", interest=2_000.0, terms=TERMS, funding=True, **candle_fields):
    """A venue whose volume and open interest wander; about a third of the open interest trades every hour."""
    rng = np.random.default_rng(seed + 1)
    count = len(closes)
    volume = rng.lognormal(np.log(interest / 36), 0.8, count)
    candles = candles_from(closes, volume=volume, where=f"{venue} candles", **candle_fields)
    wander = np.exp(np.cumsum(rng.normal(0, 0.004, count)))
    settled = candles.time_s[(candles.time_s % 28_800) == 0]
    return VenueMarket(
        venue=venue,
        candles=candles,
        open_interest=interest * wander,
        margin=MarginTerms(venue=venue, brackets=terms.brackets, taker_fee=terms.taker_fee),
        funding=Funding(time_s=settled, rate=rng.normal(5e-5, 5e-5, len(settled)), interval_s=28_800)
        if funding
        else None,
    )


def market_from(*venues, symbol="TEST"):
    return Market(symbol=symbol, as_of_s=int(venues[0].candles.end_s[-1]), source="recorded", venues=tuple(venues))


def random_market(seed=0, count=288 * 6, **venue_fields):
    return market_from(venue_from(random_closes(seed, count), seed=seed, **venue_fields))


def known_at(market, moment_s):
    """The market as it was known at an earlier moment."""
    return replace(market, as_of_s=moment_s, venues=tuple(_venue_at(venue, moment_s) for venue in market.venues))


def _venue_at(venue, moment_s):
    finished = venue.candles.end_s <= moment_s
    settled = venue.funding.time_s <= moment_s
    return replace(
        venue,
        candles=_rows_of(venue.candles, finished),
        open_interest=venue.open_interest[finished],
        funding=_rows_of(venue.funding, settled),
    )


def _rows_of(series, chosen):
    arrays = [field.name for field in fields(series) if isinstance(getattr(series, field.name), np.ndarray)]
    return replace(series, **{name: getattr(series, name)[chosen] for name in arrays})


class Live:
    """A source that answers with one market as if it were live."""

    name = "live"

    def __init__(self, market):
        self.answer = market

    def symbols(self):
        return ("TEST",)

    def market(self, symbol, as_of_s=None):
        return self.answer
