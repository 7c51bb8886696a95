"""A server on loopback that answers as the exchanges do, each venue at an address of its own."""

import asyncio
import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Self

from aiohttp import web

from tests.replay_exchange.binance import Binance
from tests.replay_exchange.board import Board
from tests.replay_exchange.bybit import Bybit
from tests.replay_exchange.faults import Fault, Silence
from tests.replay_exchange.hyperliquid import Hyperliquid
from tests.replay_exchange.market import ReplayMarket
from tests.replay_exchange.okx import Okx
from tests.replay_exchange.streams import FEEDS, Liquidation, Trade
from tests.replay_exchange.wire import Answer, Pool, RefusedError

VENUES = {venue.name: venue for venue in (Binance, Bybit, Okx, Hyperliquid)}


@dataclass(frozen=True)
class Request:
    """One request as it came in; `at` on the event loop's clock [s]."""

    venue: str
    path: str
    query: Mapping[str, str]
    at: float


class Meter:
    """How much of a pool was drawn within its period, counted over a sliding window."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.refused = 0
        self._drawn: deque[tuple[float, int]] = deque()

    def used(self, at: float) -> int:
        while self._drawn and self._drawn[0][0] <= at - self.pool.period_s:
            self._drawn.popleft()
        return sum(weight for _, weight in self._drawn)

    def draw(self, at: float, weight: int) -> bool:
        """Count a request; False when it goes beyond the limit, which is then not counted."""
        if self.used(at) + weight > self.pool.limit:
            self.refused += 1
            return False
        self._drawn.append((at, weight))
        return True

    def frees_in_s(self, at: float) -> int:
        """When the oldest request stops counting, in whole seconds, at least one."""
        oldest = self._drawn[0][0] if self._drawn else at
        return max(math.ceil(oldest + self.pool.period_s - at), 1)


class ReplayExchange:
    """The exchanges of `markets` (venue -> base coin -> market), all at the moment `now_s`, which a test may move on.

    `faults` strike in the order they are listed. `requests` holds every request that arrived, `boards` who listens to
    each venue's streams. `limits` replaces the limit of a venue's pool by (venue, pool name), `periods_s` its period.
    The clocks that venues tell are `skew_s` ahead.
    """

    def __init__(
        self,
        markets: Mapping[str, Mapping[str, ReplayMarket]],
        *,
        now_s: int,
        latency_s: float = 0.0,
        limits: Mapping[tuple[str, str], int] | None = None,
        periods_s: Mapping[tuple[str, str], float] | None = None,
    ) -> None:
        self.now_s = now_s
        self.latency_s = latency_s
        self.skew_s = 0.0
        self.faults: list[Fault] = []
        self.requests: list[Request] = []
        self._limits = dict(limits or {})
        self._periods_s = dict(periods_s or {})
        self._venues = {name: VENUES[name](own) for name, own in markets.items()}
        self.boards = {name: Board(name, own) for name, own in markets.items() if name in FEEDS}
        self._meters: dict[tuple[str, str], Meter] = {}
        self._ports: dict[str, int] = {}
        self._runners: dict[str, web.AppRunner] = {}

    async def __aenter__(self) -> Self:
        for venue in self._venues:
            await self.start(venue)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for venue in tuple(self._runners):
            await self.stop(venue)

    def base_url(self, venue: str) -> str:
        """Scheme and host of the venue; the paths below are the venue's own."""
        return f"http://127.0.0.1:{self._ports[venue]}"

    def ws_url(self, venue: str) -> str:
        """Scheme and host of the venue's streams; the paths below are the venue's own."""
        return f"ws://127.0.0.1:{self._ports[venue]}"

    async def liquidate(self, venue: str, base: str, side: int, price: float, size: float, at_ms: int) -> None:
        """Liquidate a long (+1) or a short (-1) of `size` [base], and tell who listens."""
        await self.liquidate_all(venue, [Liquidation(base, side, price, size, at_ms)])

    async def liquidate_all(self, venue: str, happened: Sequence[Liquidation]) -> None:
        """Liquidate several at once: they are told together where the venue does so."""
        board = self.boards[venue]
        await board.push(lambda topics: board.feed.messages(happened, topics))

    async def trade(self, venue: str, made: Sequence[Trade]) -> None:
        """Let wallets trade, and tell who listens."""
        board = self.boards[venue]
        await board.push(lambda topics: board.feed.trades(made, topics))

    async def say(self, venue: str, words: str) -> None:
        """Send every client of the venue's streams this text, whatever it is."""
        await self.boards[venue].push(lambda topics: [words])

    async def start(self, venue: str) -> None:
        """Let the venue listen, at the same port as before if it was stopped."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", partial(self._serve, venue))
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", self._ports.get(venue, 0)).start()
        self._runners[venue] = runner
        self._ports[venue] = runner.addresses[0][1]

    async def stop(self, venue: str) -> None:
        """Let the venue die: further connections are refused."""
        await self._runners.pop(venue).cleanup()

    def count(self, venue: str | None = None) -> int:
        """How many requests arrived, at one venue or at all."""
        return sum(venue in (None, request.venue) for request in self.requests)

    def venue(self, name: str) -> Binance | Bybit | Okx | Hyperliquid:
        """What answers for a venue, to be told what no market knows, such as whose positions they are."""
        return self._venues[name]

    def meter(self, venue: str, pool: str) -> Meter:
        """How much was drawn of a pool, and how often more was refused."""
        return self._meters[venue, pool]

    async def _serve(self, venue: str, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self.boards[venue].serve(request)
        at = asyncio.get_running_loop().time()
        values = await _values(request)
        self.requests.append(Request(venue, request.path, values, at))
        answer = self._answer(venue, request.path, values, at)
        await asyncio.sleep(self.latency_s)
        if answer is Silence.RESET:
            request.transport.abort()
            raise asyncio.CancelledError
        if answer is Silence.HANG:
            await asyncio.Event().wait()
        return web.Response(
            body=answer.body, status=answer.status, headers=answer.headers, content_type=answer.content_type
        )

    def _answer(self, venue: str, path: str, values: Mapping[str, str], at: float) -> Answer | Silence:
        answer = self._metered(venue, path, values, at)
        for fault in self.faults:
            if fault.strikes(venue, path):
                return fault.change(answer, self._venues[venue])
        return answer

    def _metered(self, venue: str, path: str, values: Mapping[str, str], at: float) -> Answer:
        """The venue's answer, or its refusal because too much was asked."""
        wire = self._venues[venue]
        pool, weight = wire.charge(path, values)
        meter = self._meters.setdefault((venue, pool.name), self._meter(venue, pool))
        if not meter.draw(at, weight):
            return wire.over_limit(meter.pool, meter.frees_in_s(at))
        try:
            tells_time = path.endswith("/time") or values.get("type") == "exchangeStatus"
            answer = wire.answer(path, values, self.now_s + self.skew_s if tells_time else self.now_s)
        except RefusedError as refused:
            answer = refused.answer
        usage = wire.usage(pool, meter.used(at))
        return Answer(answer.body, answer.status, {**answer.headers, **usage}, answer.content_type)

    def _meter(self, venue: str, pool: Pool) -> Meter:
        limit = self._limits.get((venue, pool.name), pool.limit)
        return Meter(Pool(pool.name, limit, self._periods_s.get((venue, pool.name), pool.period_s)))


async def _values(request: web.Request) -> dict[str, str]:
    """What is asked, by name: from the address, or from a JSON body, whose inner objects are opened."""
    if request.method != "POST":
        return dict(request.query)
    body = await request.json()
    inner = {name: value for part in body.values() if isinstance(part, dict) for name, value in part.items()}
    return {name: str(value) for name, value in {**body, **inner}.items()}
