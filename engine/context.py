"""Everything around the zones that evidence and the chance of touch read, gathered once from a market."""

from __future__ import annotations

from dataclasses import dataclass

from engine.excursions import ExcursionTable, read_excursions
from engine.market import Market, OrderBook
from engine.order_book import merged_order_book
from engine.positioning import FundingReading, OpenInterest, read_funding, read_open_interest
from engine.price_action import PriceAction, read_price_action
from engine.structure import Structure, read_structure
from engine.volatility import HourlyBars, Volatility, hourly_bars, read_volatility


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class MarketContext:
    """What is known about one market at `as_of_s`, beside its maps. What is missing is None, never a guess."""

    symbol: str
    as_of_s: int
    price: float
    hourly: HourlyBars
    volatility: Volatility
    structure: Structure
    price_action: PriceAction
    excursions: ExcursionTable
    open_interest: OpenInterest | None
    funding: FundingReading | None
    order_book: OrderBook | None


def read_context(market: Market) -> MarketContext:
    """Read the market's context from the lead venue's candles and all venues' positioning; does not look ahead.

    Raises:
        NotEnoughDataError: less than a day of candles, or a price that never moved.

    """
    candles, as_of_s = market.lead.candles, market.as_of_s
    hourly = hourly_bars(candles, as_of_s)
    volatility = read_volatility(candles, hourly, as_of_s)
    return MarketContext(
        symbol=market.symbol,
        as_of_s=as_of_s,
        price=market.price,
        hourly=hourly,
        volatility=volatility,
        structure=read_structure(candles, hourly, as_of_s=as_of_s, daily_sigma=volatility.daily_sigma),
        price_action=read_price_action(candles, hourly, volatility, as_of_s),
        excursions=read_excursions(hourly, volatility),
        open_interest=read_open_interest(market),
        funding=read_funding(market),
        order_book=merged_order_book(market),
    )
