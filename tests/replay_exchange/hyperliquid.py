"""Hyperliquid's perpetuals, as its public info endpoint answers: one path, the question is in the body.

Its traps: there is no history of open interest; funding settles every hour; the newest 5,000 candles are all there is.
"""

import re
from collections.abc import Callable, Mapping
from itertools import pairwise

from tests.replay_exchange.market import ReplayMarket
from tests.replay_exchange.wallets import MadeWallet
from tests.replay_exchange.wire import (
    INTERVALS_S,
    Answer,
    Pool,
    Query,
    RefusedError,
    levels,
    ms,
    newest,
    text,
    time_ms,
    window,
)

NAME = "hyperliquid"
PATH = "/info"

LEADERBOARD_PATH = "/Mainnet/leaderboard"
"""At a host of its own in truth; here at the same one."""

WEIGHT = Pool("weight", 1_200, 60.0)
LIGHT, USUAL = 2, 20
"""Weight of one question; what the venue adds for long answers is not counted here."""
SITE = Pool("site", 60, 60.0)
"""The leaderboard's host limits by itself."""
TRADES = 10

CANDLES = 5_000
SETTLEMENTS = 500
BOOK_LEVELS = 20


def malformed(name: str) -> RefusedError:
    return RefusedError(Answer(b"Failed to deserialize the JSON body into the target type", 422, {}, "text/plain"))


class Hyperliquid:
    """Answers for the markets given, by coin."""

    name = NAME

    def __init__(self, markets: Mapping[str, ReplayMarket]) -> None:
        self.markets = dict(markets)
        self.wallets: dict[str, MadeWallet] = {}
        self.questions: dict[str, tuple[int, Callable[[Query, int], object]]] = {
            "exchangeStatus": (LIGHT, lambda query, now_s: {"time": ms(now_s), "specialStatuses": None}),
            "meta": (USUAL, lambda query, now_s: self.meta()),
            "metaAndAssetCtxs": (USUAL, self.meta_and_contexts),
            "candleSnapshot": (USUAL, self.candles),
            "fundingHistory": (USUAL, self.funding_history),
            "l2Book": (LIGHT, self.book),
            "clearinghouseState": (LIGHT, self.account),
            "recentTrades": (USUAL, self.trades),
        }

    # --- the venue's own manners -------------------------------------------------------------------------------------

    def answer(self, path: str, values: Mapping[str, str], now_s: int) -> Answer:
        if path == LEADERBOARD_PATH:
            return Answer.of({"leaderboardRows": [wallet.leaderboard_row() for wallet in self.wallets.values()]})
        if path != PATH:
            return Answer(b"", 404, {}, "text/plain")
        query = Query(values, malformed)
        if query.required("type") not in self.questions:
            raise malformed("type")
        return Answer.of(self.questions[query["type"]][1](query, now_s))

    def charge(self, path: str, values: Mapping[str, str]) -> tuple[Pool, int]:
        """Which pool a request draws on, and how much of it."""
        if path == LEADERBOARD_PATH:
            return SITE, 1
        return WEIGHT, self.questions.get(values.get("type", ""), (USUAL,))[0]

    def usage(self, pool: Pool, used: int) -> dict[str, str]:
        return {}

    def over_limit(self, pool: Pool, retry_after_s: int) -> Answer:
        return Answer(b"null", 429)

    def maintenance(self) -> Answer:
        return Answer(b"<html><body>502 Bad Gateway</body></html>", 502, {}, "text/html")

    def unknown_symbol(self) -> Answer:
        return Answer(b"null", 500)

    def market(self, query: Query) -> ReplayMarket:
        market = self.markets.get(query.required("coin"))
        if market is None:
            raise RefusedError(self.unknown_symbol())
        return market

    # --- the questions -----------------------------------------------------------------------------------------------

    def meta(self) -> dict:
        return {"universe": [_listing(coin, market) for coin, market in self.markets.items()]}

    def meta_and_contexts(self, query: Query, now_s: int) -> list:
        return [self.meta(), [_context(market, now_s) for market in self.markets.values()]]

    def candles(self, query: Query, now_s: int) -> list:
        market, interval = self.market(query), query.required("interval")
        if interval not in INTERVALS_S:
            raise malformed("interval")
        bars = newest(market.bars(INTERVALS_S[interval], now_s), CANDLES)
        return [
            {
                "t": ms(bar.time_s),
                "T": ms(bar.end_s) - 1,
                "s": query["coin"],
                "i": interval,
                "o": text(bar.open),
                "c": text(bar.close),
                "h": text(bar.high),
                "l": text(bar.low),
                "v": text(bar.volume),
                "n": 1,
            }
            for bar in window(bars, time_ms, query.integer("startTime"), query.integer("endTime"))
        ]

    def funding_history(self, query: Query, now_s: int) -> list:
        query.required("startTime")
        rows = window(
            self.market(query).settlements(now_s), time_ms, query.integer("startTime"), query.integer("endTime")
        )
        return [
            {"coin": query["coin"], "fundingRate": text(rate), "premium": "0", "time": ms(time_s)}
            for time_s, rate in rows[:SETTLEMENTS]
        ]

    def book(self, query: Query, now_s: int) -> dict:
        book = self.market(query).book(now_s)
        sides = [[{"px": price, "sz": size, "n": 1} for price, size in side] for side in levels(book, BOOK_LEVELS)]
        return {"coin": query["coin"], "time": ms(book.time_s), "levels": sides}

    def account(self, query: Query, now_s: int) -> object:
        """What a wallet holds; one that nobody knows holds nothing."""
        address = query.required("user").lower()
        if re.fullmatch("0x[0-9a-f]{40}", address) is None:
            raise malformed("user")
        prices = {coin: market.price(now_s) for coin, market in self.markets.items()}
        return self.wallets.get(address, MadeWallet(address)).state(prices, ms(now_s))

    def trades(self, query: Query, now_s: int) -> list:
        """The last trades: each of a wallet that holds the coin with the next one that does."""
        price = text(self.market(query).price(now_s))
        holders = [address for address, wallet in self.wallets.items() if wallet.holds(query["coin"])]
        pairs = list(pairwise(holders))[-TRADES:]
        return [
            {
                "coin": query["coin"],
                "side": "B",
                "px": price,
                "sz": "1",
                "time": ms(now_s) - 1_000 * age,
                "hash": f"0x{age:064x}",
                "tid": age,
                "users": list(pair),
            }
            for age, pair in enumerate(pairs)
        ]


def _listing(coin: str, market: ReplayMarket) -> dict:
    listing = {
        "name": coin,
        "szDecimals": -int(market.quantity_step.as_tuple().exponent),
        "maxLeverage": int(market.margin.max_leverage),
    }
    return listing if market.listed else {**listing, "isDelisted": True}


def _context(market: ReplayMarket, now_s: int) -> dict:
    price = text(market.price(now_s))
    return {
        "funding": text(market.funding_now(now_s)[0]),
        "openInterest": text(market.open_interest_now(now_s)),
        "oraclePx": price,
        "markPx": price,
        "midPx": price,
    }
