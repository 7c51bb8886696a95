"""One venue's public stream over the exchange library's WebSocket client, which is connected again whenever it breaks.

ccxt.pro connects, subscribes, answers pings and parses JSON. What it makes of liquidations is not used: 4.5.90 tells a
watcher the first one of a message, forgets all but the first of OKX's details, and what comes while nobody watches is
missed. So our handler takes each raw message, and the library's futures are never resolved: a watch ends with its
connection, and only then another one begins.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.errors import DataUnavailableError
from engine.sources.live.client import redirected
from engine.sources.live.faults import RETRY_AFTER_LIMIT_S, VenueError, mapped
from engine.sources.live.told import Alive, Connected, Garbled, Lost, Refused
from engine.sources.live.wire import MS, shortened
from engine.text import venue_text

MISSED_PONGS = 2
"""After so many the connection is dead (own assumption)."""
CLOSING_S = 1.0
"""The other end is asked to close, too, but may be gone."""

SIGNS_OF_LIFE = ("TEXT", "BINARY", "PING", "PONG", "CLOSE")
"""Kinds of WebSocket messages that the other end must have sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """How often the line is tried, and how patient we are [s]; all own assumptions.

    ping_every_s: liquidations may be silent for minutes, so a dead connection shows by missing pongs, some 30 s after
    it died; Bybit, OKX and Hyperliquid want a ping every 20, 30 and 60 s. confirmed_within_s: longest wait for the
    next subscription to be confirmed; a venue that refuses one may say nothing. steady_s: a connection that lasted so
    long was a good one, and the next is made at once. first_wait_s, longest_wait_s: otherwise each wait is twice the
    last one; Binance allows 300 connections in 5 minutes, Bybit 500, OKX 3 a second. jitter_s: what chance adds to a
    wait at most, so that not everybody comes back to a venue at the same moment.
    """

    ping_every_s: float = 10.0
    confirmed_within_s: float = 15.0
    steady_s: float = 60.0
    first_wait_s: float = 0.5
    longest_wait_s: float = 60.0
    jitter_s: float = 1.0


USUAL = Rhythm()


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """What to watch: a method of the exchange library, and its handler of the messages, which is replaced by ours.

    market_ids: by our symbol; whole_market: one watch for everything instead of one for each market.
    """

    method: str
    handler: str
    market_ids: Mapping[str, str]
    whole_market: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message of the subscription as it came, parsed from JSON."""

    at_s: float
    content: object


Told = Message | Connected | Alive | Lost | Refused | Garbled


class CcxtSocket:
    """Listens to one venue; `ws_url` replaces scheme and host of its streams, `clock` gives Unix seconds."""

    def __init__(
        self,
        venue: str,
        *,
        ws_url: str | None,
        clock: Callable[[], float],
        rhythm: Rhythm = USUAL,
    ) -> None:
        self._venue = venue
        self._ws_url = ws_url
        self._clock = clock
        self._rhythm = rhythm
        self._exchange: Any = None  # the library ships no types
        self._client: Any = None  # the library's, of the connection in use
        self._listening: asyncio.Task[None] | None = None
        self._told: asyncio.Queue[Told | None] = asyncio.Queue()
        self._unconfirmed = 0
        self._limit: asyncio.Timeout | None = None
        self._connected_s: float | None = None
        self._alive_s: float | None = None

    async def listen(self, subscription: Subscription) -> AsyncGenerator[Told, None]:
        """Yield what comes until `close`, in order, none left out however slowly it is taken. One at a time.

        Raises:
            DataUnavailableError: the subscription names no market.

        """
        if not subscription.market_ids:
            msg = f"There is no market to listen to at {venue_text(self._venue)}. Name at least one symbol."
            raise DataUnavailableError(msg)
        if self._listening is not None:
            msg = "This stream is being listened to already. Open another one."
            raise RuntimeError(msg)
        told = self._told = asyncio.Queue()
        self._listening = asyncio.create_task(self._keep_listening(subscription))
        self._listening.add_done_callback(lambda _: told.put_nowait(None))
        try:
            while (item := await told.get()) is not None:
                yield item
            if not self._listening.cancelled():
                self._listening.result()  # raises what is no venue's failure but ours
        finally:
            await self._stop_listening()

    async def close(self) -> None:
        """Let go of the connection; whoever listens comes to an end without a last Lost."""
        await self._stop_listening()
        if self._exchange is not None:
            await self._exchange.close()

    async def _stop_listening(self) -> None:
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.wait([self._listening])
            self._listening = None

    async def _keep_listening(self, subscription: Subscription) -> None:
        import stamina  # comes with the extra for live markets

        exchange = await self._opened(subscription)
        while True:
            attempts = stamina.retry_context(
                on=_again,
                attempts=None,
                timeout=None,
                wait_initial=self._rhythm.first_wait_s,
                wait_max=self._rhythm.longest_wait_s,
                wait_jitter=self._rhythm.jitter_s,
            )
            async for attempt in attempts:
                with attempt:
                    await self._listen_once(exchange, subscription)

    async def _listen_once(self, exchange: Any, subscription: Subscription) -> None:  # noqa: ANN401 - no types
        """Listen until the connection is lost, and tell so.

        Raises:
            VenueError: it did not last.

        """
        try:
            await self._watch(_watches(exchange, subscription))
        except Exception as raised:
            if (error := self._mapped(raised)) is None:
                raise
            lost_s = self._clock()
            self._tell_lost(error, lost_s)
            if self._connected_s is None or lost_s - self._connected_s < self._rhythm.steady_s:
                raise error from raised
        finally:
            await self._drop(exchange)

    async def _watch(self, watches: Mapping[str, Awaitable[object]]) -> None:
        """Wait until one of the watches (by name) ends, which only an error can do."""
        tasks = {asyncio.ensure_future(watch): name for name, watch in watches.items()}
        self._unconfirmed = len(tasks)
        self._connected_s = self._alive_s = None
        try:
            async with asyncio.timeout(self._rhythm.confirmed_within_s) as self._limit:
                waiting = set(tasks)
                while True:
                    ended, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                    for task in ended:
                        self._end_watch(tasks[task], task, others=bool(waiting))
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _end_watch(self, symbol: str, task: asyncio.Future[object], *, others: bool) -> None:
        """Tell that one market was refused where others are heard; raise every other error of a watch."""
        error = task.exception()
        ours = self._mapped(error) if isinstance(error, Exception) else None
        if ours is None or not others or not _is_refusal(ours):
            raise error or VenueError(self._venue, "ended the stream", retry_helps=True)
        self._told.put_nowait(Refused(venue=self._venue, symbol=symbol, at_s=self._clock(), cause=ours.cause))
        self._count_answer()

    def _tell_lost(self, error: VenueError, at_s: float) -> None:
        self._told.put_nowait(
            Lost(
                venue=self._venue,
                at_s=at_s,
                heard_to_s=self._alive_s,
                cause=error.cause,
                refused=_is_refusal(error),
            )
        )

    def _mapped(self, error: Exception) -> VenueError | None:
        """Return why the connection broke, None for an error that no venue can cause."""
        from ccxt.base.errors import NetworkError  # loaded with the exchange library, never before

        if isinstance(error, TimeoutError):
            return VenueError(self._venue, "did not confirm the subscription in time", retry_helps=True)
        ours = error if isinstance(error, VenueError) else mapped(self._venue, error)
        if ours is None:
            return None
        wait_s = None if self._client is None else self._client.last_retry_after
        if self._connected_s is None and wait_s is not None:
            return VenueError(
                self._venue, "limits our connections", retry_helps=True, wait_s=min(wait_s, RETRY_AFTER_LIMIT_S)
            )
        if self._connected_s is not None and type(error) is NetworkError:  # its kinds say more
            return VenueError(self._venue, "closed the connection", retry_helps=True, faulty=True)
        return ours

    async def _drop(self, exchange: Any) -> None:  # noqa: ANN401 - no types
        """Forget the connection, which the library does only after some kinds of errors, and its own back-off."""
        clients = {*exchange.clients.values()} | ({self._client} - {None})
        closing = [asyncio.create_task(client.close()) for client in clients]
        self._client = None
        exchange.clients = {}
        exchange.ws_dial_backoff = {}
        if not closing:
            return
        _, late = await asyncio.wait(closing, timeout=CLOSING_S)
        for task in late:
            task.cancel()  # which closes the connection without waiting for the other end
        await asyncio.gather(*closing, return_exceptions=True)

    # --- hooks of the library ----------------------------------------------------------------------------------------

    async def _opened(self, subscription: Subscription) -> Any:  # noqa: ANN401 - no types
        if self._exchange is None:
            library = await asyncio.to_thread(_load_library)
            self._exchange = self._made(getattr(library, self._venue))
        exchange = self._exchange
        exchange.set_markets([_market(exchange, *item) for item in subscription.market_ids.items()])
        setattr(exchange, subscription.handler, self._hear)
        return exchange

    def _made(self, kind: Callable[[dict[str, object]], Any]) -> Any:  # noqa: ANN401 - no types
        exchange = kind({"enableRateLimit": True})
        exchange.streaming = {
            **exchange.streaming,
            "keepAlive": MS * self._rhythm.ping_every_s,
            "maxPingPongMisses": MISSED_PONGS,
        }
        if self._ws_url is not None:
            exchange.urls["api"]["ws"] = redirected(exchange.urls["api"]["ws"], self._ws_url)
        exchange.timeout_on_exit = 0  # waiting a quarter of a second for TLS to end delays every command's end
        exchange.handle_subscription_status = self._confirm
        exchange.handle_subscription_response = self._confirm  # its name at Hyperliquid
        make_client = exchange.client
        exchange.client = lambda url: self._guarded(make_client(url))
        return exchange

    def _guarded(self, client: Any) -> Any:  # noqa: ANN401 - no types
        """Let no message end the library's loop of receiving, which breaks off silently at the first exception."""
        if client is self._client:
            return client
        self._client = client
        handle = client.handle_message

        def handle_guarded(message: Any) -> None:  # noqa: ANN401 - no types
            if message.type.name in SIGNS_OF_LIFE:
                self._alive_s = None if self._connected_s is None else self._clock()
            try:
                handle(message)
            except Exception as error:  # noqa: BLE001 - whatever the library raises, the message is at fault
                self._garbled(f"{type(error).__name__} at {shortened(message.data)}")
            if self._alive_s is not None:
                self._told.put_nowait(Alive(venue=self._venue, at_s=self._alive_s))

        client.handle_message = handle_guarded
        return client

    def _hear(self, _client: object, message: object) -> None:
        self._told.put_nowait(Message(at_s=self._clock(), content=message))

    def _confirm(self, _client: object, message: object) -> object:
        self._count_answer()
        return message

    def _count_answer(self) -> None:
        """Be connected once every subscription was answered; until then the wait for the next answer begins anew."""
        self._unconfirmed -= 1
        if self._limit is None or self._unconfirmed < 0:
            return
        if self._unconfirmed:
            self._limit.reschedule(asyncio.get_running_loop().time() + self._rhythm.confirmed_within_s)
            return
        self._limit.reschedule(None)
        self._connected_s = self._alive_s = self._clock()
        self._told.put_nowait(Connected(venue=self._venue, at_s=self._connected_s))

    def _garbled(self, detail: str) -> None:
        self._told.put_nowait(Garbled(venue=self._venue, at_s=self._clock(), detail=detail))


def _watches(exchange: Any, subscription: Subscription) -> dict[str, Awaitable[object]]:  # noqa: ANN401 - no types
    """Return what to wait for, by our symbol."""
    method = getattr(exchange, subscription.method)
    if subscription.whole_market:
        return {"": method(None, params={"type": "swap"})}
    return {symbol: method(_library_symbol(symbol)) for symbol in subscription.market_ids}


def _library_symbol(symbol: str) -> str:
    return f"{symbol}/USDT:USDT"


def _market(exchange: Any, symbol: str, market_id: str) -> object:  # noqa: ANN401 - no types
    """Return what the library must know of a market to watch it; fetching all of them would cost many requests."""
    return exchange.safe_market_structure(
        {
            "id": market_id,
            "lowercaseId": market_id.lower(),
            "symbol": _library_symbol(symbol),
            "base": symbol,
            "baseName": market_id,
            "quote": "USDT",
            "settle": "USDT",
            "type": "swap",
            "spot": False,
            "swap": True,
            "contract": True,
            "linear": True,
            "inverse": False,
        }
    )


def _is_refusal(error: VenueError) -> bool:
    """Say whether the venue is well, and does not want what was asked."""
    return not (error.retry_helps or error.faulty)


def _again(error: Exception) -> bool | float:
    """Say that it is tried again, or after how long [s] where the venue said so."""
    if not isinstance(error, VenueError):
        return False
    return True if error.wait_s is None else error.wait_s


def _load_library() -> Any:  # noqa: ANN401 - the library has no types
    import ccxt.pro as library

    return library
