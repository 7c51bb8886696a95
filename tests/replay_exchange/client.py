"""The real client pointed at the replay exchange, a market to ask about, and its answers read row by row.

The reading is an answer of our own, apart from the program's: each venue's row order, units and field names by hand.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar
from urllib.parse import urlsplit

import ccxt.async_support as ccxt
import numpy as np

from engine.grid import FloatArray
from engine.market import OrderBook
from engine.windows import HOUR_S
from tests.engine.markets import BAR_S, START_S, random_closes, venue_from
from tests.replay_exchange import ReplayExchange, ReplayMarket

T = TypeVar("T")
Use = Callable[[object, ReplayExchange], Awaitable[T]]

VENUES = ("binanceusdm", "bybit", "okx")

FINISHED = 1_900
NOW_S = START_S + FINISHED * BAR_S + BAR_S // 3
"""A third into a bar; some hours of what comes afterwards are in the market too, and must not be served."""
BOOK = OrderBook(
    time_s=NOW_S - 5, bid_price=[99.5, 99.0], bid_size=[2.0, 3.25], ask_price=[100.5, 101.0], ask_size=[1.5, 4.0]
)
SOURCE = replace(
    venue_from(random_closes(3, FINISHED + 100), seed=3, taker=random_closes(5, FINISHED + 100, price=0.5)),
    order_book=BOOK,
)
MARKET = ReplayMarket.of(SOURCE, long_short_ratio=1.5)


def client_of(venue: str, base_url: str) -> object:
    """The real client, every address below its own path at `base_url`, asking for linear swaps only."""
    options = {"fetchMarkets": {"types": ["linear"] if venue in ("binanceusdm", "bybit") else ["swap"]}}
    client = getattr(ccxt, venue)({"enableRateLimit": False, "timeout": 2_000, "options": options})
    client.urls["api"] = {name: base_url + urlsplit(url).path for name, url in client.urls["api"].items()}
    client.has["fetchCurrencies"] = False
    client.timeout_on_exit = 0  # a quarter of a second for TLS to end, which there is none of
    return client


def ask(venue: str, use: Use[T], *, market: ReplayMarket = MARKET, now_s: int = NOW_S, **options: object) -> T:
    async def talk() -> T:
        async with ReplayExchange({venue: {"BTC": market}}, now_s=now_s, **options) as exchange:
            client = client_of(venue, exchange.base_url(venue))
            try:
                return await use(client, exchange)
            finally:
                await client.close()

    return asyncio.run(talk())


BINANCE = {"symbol": "BTCUSDT"}
BYBIT = {"category": "linear", "symbol": "BTCUSDT"}
OKX = {"instId": "BTC-USDT-SWAP"}
INTERVALS = {
    "binanceusdm": {BAR_S: "5m", HOUR_S: "1h"},
    "bybit": {BAR_S: "5", HOUR_S: "60"},
    "okx": {BAR_S: "5m", HOUR_S: "1H"},
}


async def candle_rows(client, venue, interval_s=BAR_S, **params) -> list:
    """The raw rows of the venue, oldest first."""
    interval = INTERVALS[venue][interval_s]
    if venue == "binanceusdm":
        return await client.fapiPublicGetKlines({**BINANCE, "interval": interval, **params})
    if venue == "bybit":
        answer = await client.publicGetV5MarketKline({**BYBIT, "interval": interval, **params})
        return answer["result"]["list"][::-1]
    answer = await client.publicGetMarketCandles({**OKX, "bar": interval, **params})
    return answer["data"][::-1]


async def interest_rows(client, venue, **params) -> list[tuple[int, float]]:
    """(time [s], open interest [base]) of the venue's own history of five minutes, oldest first."""
    if venue == "binanceusdm":
        rows = await client.fapiDataGetOpenInterestHist({**BINANCE, "period": "5m", **params})
        return [(row["timestamp"] // 1_000, float(row["sumOpenInterest"])) for row in rows]
    if venue == "bybit":
        rows = await client.publicGetV5MarketOpenInterest({**BYBIT, "intervalTime": "5min", **params})
        rows = rows["result"]["list"][::-1]
        return [(int(row["timestamp"]) // 1_000, float(row["singleOpenInterest"])) for row in rows]
    rows = await client.publicGetRubikStatContractsOpenInterestHistory({**OKX, "period": "5m", **params})
    return [(int(row[0]) // 1_000, float(row[2])) for row in rows["data"][::-1]]


async def funding_rows(client, venue) -> list[tuple[int, float]]:
    """(time [s], settled rate), oldest first."""
    if venue == "binanceusdm":
        rows = await client.fapiPublicGetFundingRate(BINANCE)
        return [(row["fundingTime"] // 1_000, float(row["fundingRate"])) for row in rows]
    if venue == "bybit":
        rows = (await client.publicGetV5MarketFundingHistory(BYBIT))["result"]["list"][::-1]
        return [(int(row["fundingRateTimestamp"]) // 1_000, float(row["fundingRate"])) for row in rows]
    rows = (await client.publicGetPublicFundingRateHistory(OKX))["data"][::-1]
    return [(int(row["fundingTime"]) // 1_000, float(row["realizedRate"])) for row in rows]


def times_of(rows: list) -> list[int]:
    return [int(row[0]) // 1_000 for row in rows]


def columns_of(rows: list) -> FloatArray:
    """open, high, low, close of candle rows, (n, 4)."""
    return np.array([[float(value) for value in row[1:5]] for row in rows])


def volumes_of(venue: str, rows: list) -> FloatArray:
    """Volumes [base], (n,): OKX tells contracts first."""
    return np.array([float(row[6 if venue == "okx" else 5]) for row in rows])
