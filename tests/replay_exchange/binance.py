"""Binance USD-M futures, as its public REST interface answers."""

from collections.abc import Callable, Mapping, Sequence

from tests.replay_exchange.market import Bar, ReplayMarket
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

NAME = "binanceusdm"
QUOTE = "USDT"

WEIGHT = Pool("weight", 2_400, 60.0)
FUNDING = Pool("funding", 500, 300.0)
STATISTICS = Pool("statistics", 1_000, 300.0)
"""Weight of /fapi a minute; requests in five minutes of the funding history, and of everything under /futures/data."""

STATISTICS_DAYS = 30
STATISTICS_PERIODS = ("5m", "15m", "30m", "1h", "2h", "4h", "6h", "12h", "1d")
DEPTHS = (5, 10, 20, 50, 100, 500, 1_000)
KLINES_WEIGHT = ((99, 1), (499, 2), (1_000, 5), (1_500, 10))
DEPTH_WEIGHT = ((50, 2), (100, 5), (500, 10), (1_000, 20))
PERPETUAL_DELIVERY_MS = 4_133_404_800_000
"""25 December 2100: what Binance lists as the delivery of a contract that has none."""


def refusal(code: int, message: str, status: int = 400) -> RefusedError:
    return RefusedError(Answer.of({"code": code, "msg": message}, status))


def malformed(name: str) -> RefusedError:
    if name in ("symbol", "interval", "period"):
        problem = f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed."
        return refusal(-1102, problem)
    return refusal(-1130, f"Data sent for parameter '{name}' is not valid.")


class Binance:
    """Answers for the markets given, by the base coin in the venue's own spelling."""

    name = NAME

    def __init__(self, markets: Mapping[str, ReplayMarket]) -> None:
        self.markets = {symbol + QUOTE: market for symbol, market in markets.items()}
        self.routes: dict[str, Callable[[Query, int], object]] = {
            "/fapi/v1/time": lambda query, now_s: {"serverTime": ms(now_s)},
            "/fapi/v1/exchangeInfo": self.exchange_info,
            "/fapi/v1/klines": self.klines,
            "/fapi/v1/openInterest": self.open_interest,
            "/fapi/v1/fundingRate": self.funding_rate,
            "/fapi/v1/premiumIndex": self.premium_index,
            "/fapi/v1/depth": self.depth,
            "/futures/data/openInterestHist": self.open_interest_history,
            "/futures/data/globalLongShortAccountRatio": self.long_short_ratio,
        }

    # --- the venue's own manners -------------------------------------------------------------------------------------

    def answer(self, path: str, values: Mapping[str, str], now_s: int) -> Answer:
        if path not in self.routes:
            return Answer(b"<html><body><h2>404 Not found</h2></body></html>", 404, {}, "text/html")
        return Answer.of(self.routes[path](Query(values, malformed), now_s))

    def charge(self, path: str, values: Mapping[str, str]) -> tuple[Pool, int]:
        """Which pool a request draws on, and how much of it."""
        if path.startswith("/futures/data/"):
            return STATISTICS, 1
        if path == "/fapi/v1/fundingRate":
            return FUNDING, 1
        return WEIGHT, _weight(path, values)

    def usage(self, pool: Pool, used: int) -> dict[str, str]:
        return {"X-MBX-USED-WEIGHT-1M": str(used)} if pool is WEIGHT else {}

    def over_limit(self, pool: Pool, retry_after_s: int) -> Answer:
        message = (
            f"Too many requests; current limit is {pool.limit} requests. Please use the websocket for live updates."
        )
        return Answer.of({"code": -1003, "msg": message}, 429, {"Retry-After": str(retry_after_s)})

    def maintenance(self) -> Answer:
        message = "Internal error; unable to process your request. Please try again."
        return Answer.of({"code": -1001, "msg": message}, 503)

    def unknown_symbol(self) -> Answer:
        return Answer.of({"code": -1121, "msg": "Invalid symbol."}, 400)

    def market(self, query: Query) -> ReplayMarket:
        market = self.markets.get(query.required("symbol"))
        if market is None or not market.listed:
            raise RefusedError(self.unknown_symbol())
        return market

    # --- the endpoints -----------------------------------------------------------------------------------------------

    def exchange_info(self, query: Query, now_s: int) -> object:
        limit = {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": WEIGHT.limit}
        return {
            "timezone": "UTC",
            "serverTime": ms(now_s),
            "futuresType": "U_MARGINED",
            "rateLimits": [limit],
            "exchangeFilters": [],
            "assets": [],
            "symbols": [_listing(symbol, market) for symbol, market in self.markets.items()],
        }

    def klines(self, query: Query, now_s: int) -> object:
        market, interval_s = self.market(query), _interval(query, "interval")
        limit = query.limit("limit", default=500, most=1_500)
        return [_kline(bar) for bar in _page(market.bars(interval_s, now_s), query, limit)]

    def open_interest(self, query: Query, now_s: int) -> object:
        size = self.market(query).open_interest_now(now_s)
        return {"symbol": query["symbol"], "openInterest": text(size), "time": ms(now_s)}

    def open_interest_history(self, query: Query, now_s: int) -> object:
        market, period_s = self.market(query), _interval(query, "period", STATISTICS_PERIODS)
        return [
            {
                "symbol": query["symbol"],
                "sumOpenInterest": text(size),
                "sumOpenInterestValue": text(size * price),
                "timestamp": ms(time_s),
            }
            for time_s, size, price in _statistics(market.open_interest_at_opens(period_s, now_s), query, now_s)
        ]

    def long_short_ratio(self, query: Query, now_s: int) -> object:
        market, period_s = self.market(query), _interval(query, "period", STATISTICS_PERIODS)
        ratio = market.long_short_ratio
        row = {
            "symbol": query["symbol"],
            "longShortRatio": text(ratio),
            "longAccount": text(ratio / (1 + ratio)),
            "shortAccount": text(1 / (1 + ratio)),
        }
        bars = _statistics(market.bars(period_s, now_s), query, now_s)
        return [{**row, "timestamp": ms(bar.time_s)} for bar in bars]

    def funding_rate(self, query: Query, now_s: int) -> object:
        limit = query.limit("limit", default=100, most=1_000)
        return [
            {"symbol": query["symbol"], "fundingTime": ms(time_s), "fundingRate": text(rate), "markPrice": ""}
            for time_s, rate in _page(self.market(query).settlements(now_s), query, limit)
        ]

    def premium_index(self, query: Query, now_s: int) -> object:
        if "symbol" in query:
            return _premium(query["symbol"], self.market(query), now_s)
        return [_premium(symbol, market, now_s) for symbol, market in self.markets.items() if market.listed]

    def depth(self, query: Query, now_s: int) -> object:
        limit = query.integer("limit") or 500
        if limit not in DEPTHS:
            raise refusal(-4021, f"{limit} is not valid depth limit.")
        book = self.market(query).book(now_s)
        bids, asks = levels(book, limit)
        return {"lastUpdateId": ms(now_s), "E": ms(now_s), "T": ms(book.time_s), "bids": bids, "asks": asks}


def _weight(path: str, values: Mapping[str, str]) -> int:
    if path == "/fapi/v1/klines":
        return _by_limit(KLINES_WEIGHT, values.get("limit", "500"))
    if path == "/fapi/v1/depth":
        return _by_limit(DEPTH_WEIGHT, values.get("limit", "500"))
    return 10 if path == "/fapi/v1/premiumIndex" and "symbol" not in values else 1


def _by_limit(steps: Sequence[tuple[int, int]], limit: str) -> int:
    rows = int(limit) if limit.isdigit() else 0
    return next((weight for most, weight in steps if rows <= most), steps[-1][1])


def _interval(query: Query, name: str, known: Sequence[str] = tuple(INTERVALS_S)) -> int:
    value = query.required(name)
    if value not in known:
        raise refusal(-1120, "Invalid interval.") if name == "interval" else malformed(name)
    return INTERVALS_S[value]


def _page(rows: Sequence, query: Query, limit: int) -> Sequence:
    """Rows from startTime on, else the newest ones up to endTime; oldest first."""
    start_ms, end_ms = query.integer("startTime"), query.integer("endTime")
    inside = window(rows, time_ms, start_ms, end_ms)
    return inside[:limit] if start_ms is not None else newest(inside, limit)


def _statistics(rows: Sequence, query: Query, now_s: int) -> Sequence:
    """Rows of the last 30 days, the newest ones up to endTime; a startTime without an endTime has no effect."""
    limit = query.limit("limit", default=30, most=500)
    oldest_ms = ms(now_s - STATISTICS_DAYS * INTERVALS_S["1d"])
    start_ms, end_ms = query.integer("startTime"), query.integer("endTime")
    if start_ms is not None and start_ms < oldest_ms:
        raise refusal(-1130, "parameter 'startTime' is invalid.")
    first_ms = start_ms if start_ms is not None and end_ms is not None else oldest_ms
    return newest(window(rows, time_ms, first_ms, end_ms), limit)


def _listing(symbol: str, market: ReplayMarket) -> dict:
    decimals = -int(market.tick_size.as_tuple().exponent), -int(market.quantity_step.as_tuple().exponent)
    return {
        "symbol": symbol,
        "pair": symbol,
        "contractType": "PERPETUAL",
        "deliveryDate": PERPETUAL_DELIVERY_MS,
        "onboardDate": ms(int(market.candles.time_s[0])),
        "status": "TRADING" if market.listed else "SETTLING",
        "baseAsset": symbol.removesuffix(QUOTE),
        "quoteAsset": QUOTE,
        "marginAsset": QUOTE,
        "pricePrecision": decimals[0],
        "quantityPrecision": decimals[1],
        "underlyingType": "COIN",
        "filters": [
            {"filterType": "PRICE_FILTER", "tickSize": str(market.tick_size)},
            {"filterType": "LOT_SIZE", "stepSize": str(market.quantity_step), "minQty": str(market.quantity_step)},
            {"filterType": "MIN_NOTIONAL", "notional": "5"},
        ],
    }


def _kline(bar: Bar) -> list:
    """A kline's twelve columns: column 9 and 10 are what takers bought, in base and in quote."""
    typical = (bar.open + bar.close) / 2
    prices = [text(value) for value in (bar.open, bar.high, bar.low, bar.close)]
    volume = [text(bar.volume), ms(bar.end_s) - 1, text(bar.volume * typical), 1]
    return [ms(bar.time_s), *prices, *volume, text(bar.taker_buy), text(bar.taker_buy * typical), "0"]


def _premium(symbol: str, market: ReplayMarket, now_s: int) -> dict:
    price = text(market.price(now_s))
    rate, next_s = market.funding_now(now_s)
    return {
        "symbol": symbol,
        "markPrice": price,
        "indexPrice": price,
        "estimatedSettlePrice": price,
        "lastFundingRate": text(rate),
        "interestRate": "0.0001",
        "nextFundingTime": ms(next_s),
        "time": ms(now_s),
    }
