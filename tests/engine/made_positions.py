"""Sweeps of real positions made by hand, and markets that hold them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from engine.market import Market, VenueMarket
from engine.observed import ObservedPositions
from tests.engine.markets import TERMS, candles_from, market_from

OPEN_INTEREST = 20.0


@dataclass(frozen=True)
class Position:
    """One position: side +1 long or -1 short, size [base], liquidation price (None: no price alone), leverage."""

    side: int
    size: float
    price: float | None
    leverage: float = 10.0
    isolated: bool = True


def sweep_of(*positions: Position, time_s: int, open_interest: float = OPEN_INTEREST, took_s: int = 240):
    prices = [np.nan if each.price is None else each.price for each in positions]
    return ObservedPositions(
        venue="hyperliquid",
        started_s=time_s - took_s,
        time_s=time_s,
        wallets=1_234,
        open_interest=open_interest,
        side=np.array([each.side for each in positions], dtype=np.int64),
        size=[each.size for each in positions],
        entry=np.full(len(positions), 100.0),
        leverage=[each.leverage for each in positions],
        liquidation_price=prices,
        is_isolated=np.array([each.isolated for each in positions], dtype=bool),
    )


def flat_market(closes=None, *, bars: int = 60, wick: float = 0.0) -> Market:
    """A market of five-minute bars that closes at 100, or at the given prices."""
    closes = np.full(bars, 100.0) if closes is None else np.asarray(closes, dtype=float)
    return market_from(
        VenueMarket(venue="binanceusdm", candles=candles_from(closes, wick=wick), open_interest=None, margin=TERMS)
    )


def with_sweeps(market: Market, *sweeps: ObservedPositions) -> Market:
    return replace(market, observed=sweeps)


def half_covered(market: Market, *positions: Position, age_s: int = 240) -> Market:
    """The market with one sweep of these positions, and of as many without a price as cover half of both sides."""
    held = {side: sum(each.size for each in positions if each.side == side) for side in (1, -1)}
    interest = 2 * max(*held.values(), 1.0)
    fill = [Position(side, interest / 2 - held[side], None) for side in (1, -1) if held[side] < interest / 2]
    sweep = sweep_of(*positions, *fill, time_s=market.as_of_s - age_s, open_interest=interest)
    return with_sweeps(market, sweep)
