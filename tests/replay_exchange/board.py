"""The WebSocket connections of one venue: serves them, pushes to them, and breaks them as a test wants."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from aiohttp import WSMsgType, web

from tests.replay_exchange.market import ReplayMarket
from tests.replay_exchange.streams import FEEDS


@dataclass(eq=False)
class Connection:
    """One client, what it has subscribed to, what it said, and how many of our pings it answered."""

    socket: web.WebSocketResponse
    transport: object
    topics: set[str] = field(default_factory=set)
    said: list[str] = field(default_factory=list)
    pongs: int = 0


class Board:
    """Everybody who listens to one venue.

    silent: connections stay open, and nothing is answered or pushed; thinks_s: how long an answer takes;
    retry_after_s: new clients are turned away with 429 and told to wait so long; news: notified when a client spoke.
    """

    def __init__(self, venue: str, markets: Mapping[str, ReplayMarket]) -> None:
        self.feed = FEEDS[venue](markets)
        self.silent = False
        self.thinks_s = 0.0
        self.retry_after_s: int | None = None
        self.opened = 0
        self.connections: list[Connection] = []
        self.news = asyncio.Condition()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Talk to one client until it leaves or is dropped."""
        if not fnmatchcase(request.path, self.feed.path):
            raise web.HTTPNotFound
        if self.retry_after_s is not None:
            raise web.HTTPTooManyRequests(headers={"Retry-After": str(self.retry_after_s)})
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        connection = Connection(socket, request.transport)
        self.opened += 1
        self.connections.append(connection)
        try:
            await self._ping(connection)
            async for message in socket:
                if not self.silent:
                    await self._answer(connection, message)
        finally:
            self.connections.remove(connection)
        return socket

    async def push(self, told: Callable[[set[str]], list[str]]) -> None:
        """Send every client the messages that its subscriptions call for."""
        for connection in [] if self.silent else list(self.connections):
            for message in told(connection.topics):
                await connection.socket.send_str(message)

    async def drop(self) -> None:
        """Break every connection without a word."""
        for connection in list(self.connections):
            connection.transport.abort()

    async def say_goodbye(self) -> None:
        """Close every connection in order, as Binance does after 24 hours."""
        for connection in list(self.connections):
            await connection.socket.close()

    async def _ping(self, connection: Connection) -> None:
        if not self.silent:
            await connection.socket.ping(b"replayed")

    async def _answer(self, connection: Connection, message: object) -> None:
        if message.type is WSMsgType.PING:
            await connection.socket.pong(message.data)
        elif message.type is WSMsgType.PONG:
            connection.pongs += 1
        elif message.type is WSMsgType.TEXT:
            connection.said.append(message.data)
            await asyncio.sleep(self.thinks_s)
            reply = self.feed.answer(message.data, connection.topics)
            if reply is not None:
                await connection.socket.send_str(reply)
            async with self.news:
                self.news.notify_all()
