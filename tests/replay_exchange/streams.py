"""What the venues push over WebSocket: liquidations, and at Hyperliquid trades with both wallets.

Each venue's subscriptions, confirmations, refusals, pings and messages in its own words. Sources, as of July 2026:
developers.binance.com (USD-M futures, market streams), bybit-exchange.github.io/docs/v5/websocket, okx.com/docs-v5
(liquidation orders channel), hyperliquid.gitbook.io (websocket).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from operator import attrgetter

from tests.replay_exchange.market import ReplayMarket
from tests.replay_exchange.wire import text

LONG, SHORT = 1, -1


@dataclass(frozen=True)
class Liquidation:
    """What really happened: side +1 a long, -1 a short; size [base]; at_ms [Unix ms]."""

    base: str
    side: int
    price: float
    size: float
    at_ms: int


@dataclass(frozen=True)
class Trade:
    """A trade between two wallets; the buyer took when is_buy."""

    coin: str
    price: float
    size: float
    at_ms: int
    buyer: str
    seller: str
    is_buy: bool = True


class Feed:
    """One venue's words; `markets` by base. `topics` of a connection is what it has subscribed to."""

    path: str

    def __init__(self, markets: Mapping[str, ReplayMarket]) -> None:
        self.markets = markets

    def answer(self, said: str, topics: set[str]) -> str | None:
        """The reply to what a client said; what it subscribes to is added to its topics."""
        raise NotImplementedError

    def messages(self, happened: Sequence[Liquidation], topics: set[str]) -> list[str]:
        """What a subscriber is told of liquidations that happened, in messages."""
        raise NotImplementedError


class BinanceFeed(Feed):
    """At most the largest liquidation of each second and symbol is told."""

    path = "/market/ws/*"

    def answer(self, said: str, topics: set[str]) -> str | None:
        request = json.loads(said)
        wanted = request.get("params", [])
        if request.get("method") != "SUBSCRIBE" or not all("@" in name for name in wanted):
            return _dumped({"error": {"code": 2, "msg": "Invalid request: invalid stream"}, "id": request.get("id")})
        topics.update(wanted)
        return _dumped({"result": None, "id": request["id"]})

    def messages(self, happened: Sequence[Liquidation], topics: set[str]) -> list[str]:
        told = sorted(happened, key=_second)
        largest = [max(rows, key=lambda row: row.price * row.size) for _, rows in groupby(told, key=_second)]
        return [
            self._message(row)
            for row in sorted(largest, key=attrgetter("at_ms"))
            if "!forceOrder@arr" in topics or f"{row.base.lower()}usdt@forceOrder" in topics
        ]

    def _message(self, row: Liquidation) -> str:
        size, price = text(row.size), text(row.price)
        order = {
            "s": f"{row.base}USDT",
            "S": "SELL" if row.side == LONG else "BUY",
            "o": "LIMIT",
            "f": "IOC",
            "q": size,
            "p": text(row.price * (1 - 0.004 * row.side)),  # the limit is worse than what it trades at
            "ap": price,
            "X": "FILLED",
            "l": size,
            "z": size,
            "T": row.at_ms,
        }
        return _dumped({"e": "forceOrder", "E": row.at_ms + 5, "o": order})


class BybitFeed(Feed):
    """Every liquidation is told, some of one symbol in a message."""

    path = "/v5/public/linear"

    def answer(self, said: str, topics: set[str]) -> str | None:
        request = json.loads(said)
        known = {"conn_id": "replayed", "req_id": request.get("req_id", "")}
        if request["op"] == "ping":
            return _dumped({"success": True, "ret_msg": "pong", **known, "op": "ping"})
        for topic in request.get("args", []):
            channel, _, symbol = topic.partition(".")
            if channel != "allLiquidation" or symbol.removesuffix("USDT") not in self.markets:
                refusal = f"error:handler not found,topic:{topic}"
                return _dumped({"success": False, "ret_msg": refusal, **known, "op": "subscribe"})
        topics.update(request["args"])
        return _dumped({"success": True, "ret_msg": "", **known, "op": "subscribe"})

    def messages(self, happened: Sequence[Liquidation], topics: set[str]) -> list[str]:
        told = []
        for base, rows in groupby(happened, key=attrgetter("base")):
            topic = f"allLiquidation.{base}USDT"
            if topic in topics:
                data = [self._row(row) for row in rows]
                told.append(_dumped({"topic": topic, "type": "snapshot", "ts": data[-1]["T"] + 300, "data": data}))
        return told

    def _row(self, row: Liquidation) -> dict:
        side = "Buy" if row.side == LONG else "Sell"  # of the position
        return {"T": row.at_ms, "s": f"{row.base}USDT", "S": side, "v": text(row.size), "p": text(row.price)}


class OkxFeed(Feed):
    """Swaps of every coin are told together, sizes in contracts."""

    path = "/ws/v5/public"

    def answer(self, said: str, topics: set[str]) -> str | None:
        if said == "ping":
            return "pong"
        request = json.loads(said)
        (wanted,) = request["args"]
        if request["op"] != "subscribe" or wanted != {"channel": "liquidation-orders", "instType": "SWAP"}:
            refusal = f"Wrong URL or {json.dumps(wanted)} doesn't exist."
            return _dumped({"event": "error", "msg": refusal, "code": "60018", "connId": "replayed"})
        topics.add(wanted["channel"])
        return _dumped({"event": "subscribe", "arg": wanted, "connId": "replayed"})

    def messages(self, happened: Sequence[Liquidation], topics: set[str]) -> list[str]:
        if not topics:
            return []
        data = [
            {
                "details": [self._detail(row) for row in rows],
                "instFamily": f"{base}-USDT",
                "instId": f"{base}-USDT-SWAP",
                "instType": "SWAP",
                "uly": f"{base}-USDT",
            }
            for base, rows in groupby(happened, key=attrgetter("base"))
        ]
        return [_dumped({"arg": {"channel": "liquidation-orders", "instType": "SWAP"}, "data": data})]

    def _detail(self, row: Liquidation) -> dict:
        contracts = Decimal(text(row.size)) / self.markets[row.base].contract_value
        hedged = row.at_ms % 2  # some accounts hedge, some net
        return {
            "bkLoss": "0",
            "bkPx": text(row.price),
            "ccy": "",
            "posSide": ("long" if row.side == LONG else "short") if hedged else "net",
            "side": "sell" if row.side == LONG else "buy",
            "sz": format(contracts, "f"),
            "ts": str(row.at_ms),
        }


class HyperliquidFeed(Feed):
    """Liquidations are not told, trades are, with both wallets."""

    path = "/ws"

    def answer(self, said: str, topics: set[str]) -> str | None:
        request = json.loads(said)
        if request["method"] == "ping":
            return _dumped({"channel": "pong"})
        wanted = request["subscription"]
        if wanted["type"] != "trades" or wanted["coin"] not in self.markets:
            return _dumped({"channel": "error", "data": f"Invalid subscription {json.dumps(wanted)}"})
        topics.add(wanted["coin"])
        return _dumped({"channel": "subscriptionResponse", "data": {"method": "subscribe", "subscription": wanted}})

    def messages(self, happened: Sequence[Liquidation], topics: set[str]) -> list[str]:
        return []

    def trades(self, made: Sequence[Trade], topics: set[str]) -> list[str]:
        return [
            _dumped({"channel": "trades", "data": [_trade(trade) for trade in trades]})
            for coin, trades in groupby(made, key=attrgetter("coin"))
            if coin in topics
        ]


def _trade(trade: Trade) -> dict:
    return {
        "coin": trade.coin,
        "side": "B" if trade.is_buy else "A",
        "px": text(trade.price),
        "sz": text(trade.size),
        "time": trade.at_ms,
        "hash": "0x" + "0" * 64,
        "tid": trade.at_ms,
        "users": [trade.buyer, trade.seller],
    }


def _second(row: Liquidation) -> tuple[str, int]:
    return row.base, row.at_ms // 1_000


def _dumped(content: object) -> str:
    return json.dumps(content, separators=(",", ":"))


FEEDS = {"binanceusdm": BinanceFeed, "bybit": BybitFeed, "okx": OkxFeed, "hyperliquid": HyperliquidFeed}
