"""A replayed venue's stream of liquidations, and an ear that takes what it tells."""

import asyncio
import time
from contextlib import asynccontextmanager

import ccxt.pro  # noqa: F401 - its seconds of loading pass before any deadline of a test runs
import pytest

from engine.sources.live.parts import Listing
from engine.sources.live.source import Endpoint
from engine.sources.live.streams import LiquidationStream
from engine.sources.live.told import Connected, Heard
from engine.sources.live.venues import VENUES
from engine.sources.live.websocket import Rhythm
from tests.engine.markets import START_S, random_closes, venue_from
from tests.replay_exchange import Liquidation, ReplayExchange, ReplayMarket

LIQUIDATION_VENUES = ("binanceusdm", "bybit", "okx")
every_venue = pytest.mark.parametrize("venue", LIQUIDATION_VENUES)

LONG, SHORT = 1, -1
AT_MS = 1_000 * START_S
MARKET = ReplayMarket.of(venue_from(random_closes(1, 300), seed=1))
MARKETS = {"BTC": MARKET, "ETH": MARKET, "1000PEPE": MARKET, "DOGE": MARKET}
WITHIN_S = 10.0
HASTY = Rhythm(first_wait_s=0.05, jitter_s=0.0)


def listing(venue: str, base: str) -> Listing:
    if venue == "okx":
        return Listing(base=base, market_id=f"{base}-USDT-SWAP", contract_size=0.01)
    return Listing(base=base, market_id=f"{base}USDT")


class Ear:
    """Takes what a stream tells, one by one, on the side."""

    def __init__(self, told) -> None:
        self.heard: list = []
        self._news = asyncio.Condition()
        self._task = asyncio.create_task(self._listen(told))

    async def _listen(self, told) -> None:
        async for item in told:
            async with self._news:
                self.heard.append(item)
                self._news.notify_all()

    def of(self, kind) -> list:
        return [item for item in self.heard if isinstance(item, kind)]

    async def until(self, kind, count: int = 1) -> list:
        """Wait until so many of a kind were told, and return all of the kind."""
        async with asyncio.timeout(WITHIN_S), self._news:
            await self._news.wait_for(lambda: len(self.of(kind)) >= count or self._task.done())
        if self._task.done():
            self._task.result()
        return self.of(kind)

    async def end(self) -> None:
        await asyncio.wait_for(self._task, WITHIN_S)


@asynccontextmanager
async def unconnected(venue, *, symbols=("BTC",), rhythm=HASTY, url=None, listings=None):
    """The exchange, and an ear at its stream, which is not connected before something is waited for."""
    async with ReplayExchange({venue: MARKETS}, now_s=START_S) as exchange:
        endpoint = Endpoint(venue=VENUES[venue], ws_url=url or exchange.ws_url(venue))
        stream = LiquidationStream(endpoint, clock=time.time, rhythm=rhythm)
        ear = Ear(stream.listen(listings or {symbol: listing(venue, symbol) for symbol in symbols}))
        try:
            yield exchange, ear
        finally:
            await stream.close()
            await ear.end()


@asynccontextmanager
async def listening(venue, **options):
    """The exchange, and an ear at its stream that has been connected."""
    async with unconnected(venue, **options) as (exchange, ear):
        await ear.until(Connected)
        yield exchange, ear


def heard(row: Liquidation, venue: str) -> Heard:
    return Heard(
        venue=venue, symbol=row.base, at_ms=row.at_ms, side=row.side, price=row.price, size=pytest.approx(row.size)
    )


def seconds_apart(count: int, base: str = "BTC") -> list[Liquidation]:
    """Longs and shorts in turn, one a second: Binance tells no more."""
    return [
        Liquidation(base, LONG if i % 2 else SHORT, 100.0 + i, 0.01 * (1 + i % 7), AT_MS + 1_000 * i)
        for i in range(count)
    ]
