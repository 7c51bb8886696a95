"""The public streams: liquidations of a venue, and the wallets that trade at Hyperliquid."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing

from engine.errors import DataMalformedError, DataUnavailableError
from engine.sources.live.liquidations import parse_liquidations
from engine.sources.live.parts import Listing
from engine.sources.live.source import Endpoint
from engine.sources.live.told import Alive, Connected, Garbled, Heard, Lost, Refused
from engine.sources.live.websocket import USUAL, CcxtSocket, Message, Rhythm, Subscription
from engine.sources.live.wire import rows_at
from engine.text import venue_text

TRADES_VENUE = "hyperliquid"


class LiquidationStream:
    """Hears the liquidations of one venue; `clock` gives Unix seconds.

    Raises:
        DataUnavailableError: the venue has no public stream of them.

    """

    def __init__(self, endpoint: Endpoint, *, clock: Callable[[], float], rhythm: Rhythm = USUAL) -> None:
        self._venue = endpoint.venue.name
        if endpoint.venue.liquidations is None:
            msg = f"{venue_text(self._venue)} tells no liquidations. Listen to another venue."
            raise DataUnavailableError(msg)
        self._feed = endpoint.venue.liquidations
        self._socket = CcxtSocket(self._venue, ws_url=endpoint.ws_url, clock=clock, rhythm=rhythm)

    async def listen(
        self, listings: Mapping[str, Listing]
    ) -> AsyncGenerator[Heard | Connected | Alive | Lost | Refused | Garbled, None]:
        """Yield the liquidations of these perpetuals (by symbol) and how the connection fares, until `close`.

        Nothing is dropped however slowly it is taken, nothing is sorted, and nothing is taken out that came twice.
        A connection that breaks is made again, with ever longer waits. One at a time.

        Raises:
            DataUnavailableError: there are no listings.

        """
        subscription = Subscription(
            method=self._feed.method,
            handler="handle_liquidation",
            market_ids={symbol: listing.market_id for symbol, listing in listings.items()},
            whole_market=self._feed.whole_market,
        )
        async with aclosing(self._socket.listen(subscription)) as told:
            async for item in told:
                if not isinstance(item, Message):
                    yield item
                    continue
                for parsed in parse_liquidations(item.content, self._feed, listings, self._venue):
                    yield self._garbled(item, parsed) if isinstance(parsed, DataMalformedError) else parsed

    async def close(self) -> None:
        """Let go of the connection; whoever listens comes to an end, without a last Lost: see the last Alive."""
        await self._socket.close()

    def _garbled(self, message: Message, error: DataMalformedError) -> Garbled:
        return Garbled(venue=self._venue, at_s=message.at_s, detail=str(error))


class TradeStream:
    """Hears who trades at Hyperliquid, the one venue that shows it; `clock` gives Unix seconds."""

    def __init__(self, *, ws_url: str | None = None, clock: Callable[[], float], rhythm: Rhythm = USUAL) -> None:
        self._socket = CcxtSocket(TRADES_VENUE, ws_url=ws_url, clock=clock, rhythm=rhythm)

    async def listen(self, coins: Sequence[str]) -> AsyncGenerator[tuple[str, ...], None]:
        """Yield the wallets of each message of trades in these coins, both sides, each once, until `close`.

        Messages that cannot be read are passed over: wallets that trade come again.
        """
        subscription = Subscription(
            method="watch_trades", handler="handle_trades", market_ids={coin: coin for coin in coins}
        )
        async with aclosing(self._socket.listen(subscription)) as told:
            async for item in told:
                if isinstance(item, Message) and (wallets := _wallets(item.content)):
                    yield wallets

    async def close(self) -> None:
        """Let go of the connection; whoever listens comes to an end."""
        await self._socket.close()


def _wallets(message: object) -> tuple[str, ...]:
    """Return buyers and sellers of a message of trades in the order of the trades; none where it cannot be read."""
    try:
        trades = rows_at(message, ("data",), TRADES_VENUE)
        wallets = [str(wallet) for trade in trades for wallet in rows_at(trade, ("users",), TRADES_VENUE)]
    except DataMalformedError:
        return ()
    return tuple(dict.fromkeys(wallets))
