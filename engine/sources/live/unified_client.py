"""One exchange through the library's unified methods: replies as the library makes them, sizes turned into coins.

The library swallows a 200 with HTML, broken JSON or nothing (None becomes an empty list), so every body is looked at
first. It reads the wall clock for some exchanges: it gets ours.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from engine.sources.live.client import CcxtWire
from engine.sources.live.exchange_library import origin_of
from engine.sources.live.faults import VenueError
from engine.sources.live.unified import MANNERS, QUOTES, Manners
from engine.sources.live.venue import Parameters, Venue
from engine.sources.live.wire import MS

_VOLUME = 5
_LINEAR = {"swap", "linear"}
"""What the library calls the kind of market that is read, where it can be told which kinds to load."""


class UnifiedWire(CcxtWire):
    """Asks one exchange by unified methods; what else it does is what `CcxtWire` does."""

    def __init__(self, venue: Venue, *, base_url: str | None, clock: Callable[[], float]) -> None:
        super().__init__(venue, base_url=base_url, clock=clock)
        self._now_ms: Callable[[], int] = lambda: int(MS * clock())
        self._manners = MANNERS.get(origin_of(venue.name), Manners())

    def _method(self, exchange: Any, name: str) -> Callable[[Parameters], Awaitable[object]]:  # noqa: ANN401
        async def call(parameters: Parameters) -> object:
            if name == "load_markets":
                return _dollars_last(await exchange.load_markets(reload=True))
            if name == "fetch_time":
                return {"time_ms": await exchange.fetch_time()}
            await exchange.load_markets()  # at once where they are loaded
            named = {key: value for key, value in parameters.items() if key != "until"}
            rest = {"params": {"until": parameters["until"]}} if "until" in parameters else {}
            unified: Callable[..., Awaitable[object]] = getattr(exchange, name)
            reply = await unified(**named, **rest)
            contract_size = float(exchange.market(parameters["symbol"])["contractSize"])
            return self._in_our_units(name, reply, contract_size)

        return call

    def _in_our_units(self, method: str, reply: object, contract_size: float) -> object:
        """Return a reply with volume and open interest in coins, one side counted, and a book with its time."""
        manners = self._manners
        interest = manners.one_side * (contract_size if manners.open_interest_in_contracts else 1.0)
        match method:
            case "fetch_ohlcv" if isinstance(reply, list) and manners.volume_in_contracts:
                return [_times(row, _VOLUME, contract_size) for row in reply]
            case "fetch_open_interest_history" if isinstance(reply, list):
                return [_times(row, "openInterestAmount", interest) for row in reply]
            case "fetch_open_interest":
                return _times(reply, "openInterestAmount", interest)
            case "fetch_order_book" if isinstance(reply, Mapping) and not reply["timestamp"]:
                return {**reply, "timestamp": self._now_ms()}  # told by no clock but ours
        return reply

    def _made(self, kind: Callable[[dict[str, object]], Any]) -> Any:  # noqa: ANN401 - the library has no types
        exchange = super()._made(kind)
        if self._manners.rate_window_s is None:
            exchange.throttler.config["algorithm"] = "leakyBucket"
        exchange.milliseconds = self._now_ms
        exchange.has["fetchCurrencies"] = False  # needs a key at some, and serves nothing here
        kinds = exchange.options.get("fetchMarkets")
        if isinstance(kinds, dict) and "types" in kinds:
            kinds["types"] = linear_kinds(kinds["types"])
        return exchange

    def _looked_at(
        self, status: int, reason: str, url: str, method: str, headers: Mapping[str, str], body: str, *rest: object
    ) -> str:
        text = super()._looked_at(status, reason, url, method, headers, body, *rest)
        try:
            json.loads(text)
        except ValueError:
            if status == 200:
                raise VenueError(
                    self._venue.name, "answered with something that is no data", retry_helps=True
                ) from None
        return text


def linear_kinds(kinds: object) -> object:
    """Return the kinds of market to load without those that are not read; as they are where none can be told apart."""
    if isinstance(kinds, list):
        return [kind for kind in kinds if kind in _LINEAR] or kinds
    if isinstance(kinds, dict) and _LINEAR & set(kinds):
        return {kind: kind in _LINEAR and wanted for kind, wanted in kinds.items()}
    return kinds


def _dollars_last(markets: Mapping[str, Mapping[str, object]]) -> list[Mapping[str, object]]:
    """Return the markets in such an order that of a coin's perpetuals the one in the more usual dollar comes last."""
    rank = {quote: -place for place, quote in enumerate(QUOTES)}
    return sorted(markets.values(), key=lambda market: rank.get(str(market.get("settle")), -len(QUOTES)))


def _times(row: Any, key: str | int, factor: float) -> Any:  # noqa: ANN401 - the library has no types
    """Return a row with one number multiplied; as it is where there is none, for the reader of rows to refuse."""
    try:
        size = row[key]
    except (IndexError, KeyError, TypeError):
        return row
    if not isinstance(size, int | float):
        return row
    changed = row.copy()
    changed[key] = factor * size
    return changed
