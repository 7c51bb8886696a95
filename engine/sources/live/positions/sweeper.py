"""Sweeping: every known wallet's account, one after the other, as fast as the venue allows and no faster.

600 wallets a minute is what Hyperliquid lets one address ask, so a sweep takes minutes. A wallet that did not answer
counts as nothing known, never as what it held before.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from engine.errors import DataMalformedError, DataUnavailableError
from engine.observed import ObservedPositions
from engine.sources.live.client import CcxtWire, Wire
from engine.sources.live.faults import VenueError
from engine.sources.live.gate import Gate
from engine.sources.live.positions import leaderboard
from engine.sources.live.positions.quotation import Quoted, quoted
from engine.sources.live.positions.replies import open_interest_of, parse_account, parse_contexts, parse_trades
from engine.sources.live.positions.sweep import Sweep, Tally, observed
from engine.sources.live.positions.wallets import WalletBook
from engine.sources.live.venue import Parameters
from engine.windows import DAY_S, HOUR_S, MINUTE_S

VENUE = "hyperliquid"
WEIGHT_LIMIT = 1_200
WINDOW_S = 60.0
"""Weight that one address may ask for in a minute. Source: hyperliquid.gitbook.io, rate limits and user limits."""
OUR_SHARE = 0.9
"""What sweeping takes of it; the rest stays for candles, books and whoever else asks from this address."""
AT_ONCE = 12
"""Requests under way together: at the limit nine leave in a second, and an answer takes up to one."""
WALLETS_A_SWEEP = 5_000
"""About nine minutes of asking: long enough for the largest holders, short enough for a map of now (own assumption)."""
LONGEST_SWEEP_S = 15.0 * MINUTE_S
"""A sweep ends then with what it has: the first positions of a longer one would be old news."""
LEADERBOARD_EVERY_S = DAY_S
"""The leaderboard moves slowly, and is large."""
LEADERBOARD_AGAIN_S = HOUR_S
"""When to try again after it did not answer."""

_INFO = "publicPostInfo"
_WEIGHTS = {"clearinghouseState": 2, "recentTrades": 25}
"""recentTrades: 20, and one more for every 20 trades it sends, a hundred at most (own assumption)."""
_USUAL_WEIGHT = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionsEndpoint:
    """Where and how fast Hyperliquid is asked.

    base_url and ws_url replace scheme and host of every request and of the stream of trades; leaderboard_url: None
    leaves the leaderboard alone.
    """

    base_url: str | None = None
    ws_url: str | None = None
    leaderboard_url: str | None = leaderboard.URL
    weight_limit: int = WEIGHT_LIMIT
    rate_window_s: float = WINDOW_S

    @property
    def name(self) -> str:
        """The venue's name, here and in the exchange library."""
        return VENUE

    def gate(self) -> Gate:
        """Return what keeps our share of the venue's limit."""
        return Gate(int(OUR_SHARE * self.weight_limit), self.rate_window_s, weight_of)


def weight_of(parameters: Parameters) -> int:
    """Return what one question weighs."""
    return _WEIGHTS.get(str(parameters.get("type")), _USUAL_WEIGHT)


class PositionSweeper:
    """Sweeps the wallets of `book`; `clock` gives Unix seconds. One sweep at a time, all on one event loop.

    gate: the one that others who ask Hyperliquid on this event loop pass too, None for one of its own.
    """

    def __init__(
        self,
        endpoint: PositionsEndpoint,
        book: WalletBook,
        *,
        clock: Callable[[], float],
        wallets_a_sweep: int = WALLETS_A_SWEEP,
        longest_sweep_s: float = LONGEST_SWEEP_S,
        gate: Gate | None = None,
        wire: Wire | None = None,
    ) -> None:
        self._endpoint = endpoint
        self._book = book
        self._clock = clock
        self._wallets_a_sweep = wallets_a_sweep
        self._longest_sweep_s = longest_sweep_s
        self._wire = wire or CcxtWire(endpoint, base_url=endpoint.base_url, clock=clock, gate=gate or endpoint.gate())
        self._leaderboard_from_s = -math.inf

    async def sweep(self, symbols: Sequence[str]) -> Sweep:
        """Return the positions of the wallets that answer, for every symbol (BTC, 1000PEPE) that the venue lists.

        Open interest is that of the sweep's beginning. The book learns what each wallet holds.

        Raises:
            VenueError: the venue does not answer at all.
            DataMalformedError: its open interest cannot be read.

        """
        started_s = int(self._clock())
        contexts = parse_contexts(await self._ask({"type": "metaAndAssetCtxs"}), f"{VENUE} contexts")
        coins = {symbol: quotation for symbol in symbols if (quotation := quoted(symbol, contexts)) is not None}
        interest = {
            quotation.coin: open_interest_of(contexts[quotation.coin], f"{VENUE} {quotation.coin} open interest")
            for quotation in coins.values()
        }
        notes = (*await self._read_leaderboard(), *await self._meet_traders(tuple(interest)))
        tally = Tally(wanted=frozenset(interest))
        waiting = await self._ask_wallets(tally)
        now_s = self._clock()
        time_s = max(math.ceil(now_s), started_s)
        return Sweep(
            started_s=started_s,
            time_s=time_s,
            positions=_observed(coins, interest, tally, started_s=started_s, time_s=time_s),
            answered=tally.answered,
            empty=tally.empty,
            failed=tally.failed,
            malformed=tally.malformed,
            waiting=waiting,
            unlisted=tuple(symbol for symbol in symbols if symbol not in coins),
            is_venue_time=tally.agrees_with(now_s),
            notes=notes,
        )

    async def close(self) -> None:
        """Let go of every connection."""
        await self._wire.close()

    async def _ask(self, parameters: Parameters) -> object:
        return await self._wire.ask(_INFO, parameters)

    # --- whom to ask ---------------------------------------------------------------------------------------------

    async def _read_leaderboard(self) -> tuple[str, ...]:
        """Learn from the leaderboard when it is time to; return what to say where it cannot be read."""
        url, now_s = self._endpoint.leaderboard_url, self._clock()
        if url is None or now_s < self._leaderboard_from_s:
            return ()
        try:
            ranks = await leaderboard.fetch_leaderboard(VENUE, url)
        except (DataUnavailableError, DataMalformedError) as error:
            self._leaderboard_from_s = now_s + LEADERBOARD_AGAIN_S
            return (f"The leaderboard cannot be read, only the wallets known already are swept: {error}",)
        self._leaderboard_from_s = now_s + LEADERBOARD_EVERY_S
        for ranked in ranks:
            self._book.ranked(ranked.address, ranked.account_usd)
        return ()

    async def _meet_traders(self, coins: Sequence[str]) -> tuple[str, ...]:
        """Learn who traded the coins a moment ago; return what to say where that cannot be read."""
        try:
            for coin in coins:
                reply = await self._ask({"type": "recentTrades", "coin": coin})
                for trade in parse_trades(reply, f"{VENUE} {coin} trades"):
                    self._book.seen(trade.wallets, trade.time_s)
        except (DataUnavailableError, DataMalformedError) as error:
            return (f"Nobody new was met in the last trades: {error}",)
        return ()

    # --- asking them ---------------------------------------------------------------------------------------------

    async def _ask_wallets(self, tally: Tally) -> int:
        """Ask whoever is due until all have answered or time is up; return how many are left."""
        line = deque(self._book.due(self._wallets_a_sweep))
        under_way: set[str] = set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._longest_sweep_s), asyncio.TaskGroup() as group:
                for _ in range(AT_ONCE):
                    group.create_task(self._ask_in_line(line, under_way, tally))
        return len(line) + len(under_way)

    async def _ask_in_line(self, line: deque[str], under_way: set[str], tally: Tally) -> None:
        while line:
            address = line.popleft()
            under_way.add(address)
            wait_s = await self._ask_wallet(address, tally)
            under_way.discard(address)
            if wait_s is not None:
                line.appendleft(address)
                await asyncio.sleep(wait_s)

    async def _ask_wallet(self, address: str, tally: Tally) -> float | None:
        """Ask one wallet; return after how long [s] to ask it again where the venue, not the wallet, is in the way."""
        try:
            reply = await self._ask({"type": "clearinghouseState", "user": address})
            account = parse_account(reply, f"{VENUE} account {address}")
        except DataMalformedError:
            tally.malformed += 1
            self._book.failed(address, int(self._clock()))
        except VenueError as error:
            if error.limits or error.wait_s is not None:
                return error.wait_s or 0.0  # the gate waits where the venue did not say how long
            tally.failed += 1
            self._book.failed(address, int(self._clock()))
        else:
            tally.add(account)
            self._book.answered(address, int(self._clock()), account.notional_usd)
        return None


def _observed(
    coins: Mapping[str, Quoted], interest: Mapping[str, float], tally: Tally, *, started_s: int, time_s: int
) -> dict[str, ObservedPositions]:
    return {
        symbol: observed(
            VENUE,
            quotation,
            tally.held.get(quotation.coin, []),
            started_s=started_s,
            time_s=time_s,
            wallets=tally.answered,
            open_interest=interest[quotation.coin],
        )
        for symbol, quotation in coins.items()
    }
