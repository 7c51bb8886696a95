"""Bybit's linear perpetuals, as its public v5 REST interface answers.

Its traps: every list is newest first; a startTime alone is ignored where open interest and ratios are asked for;
`openInterest` is the sum of both sides and `singleOpenInterest` one of them; a refusal is a 200.
Source: bybit-exchange.github.io/docs/v5/market, as of July 2026.
"""

from collections.abc import Callable, Mapping, Sequence

from tests.replay_exchange.market import ReplayMarket
from tests.replay_exchange.wire import (
    INTERVALS_S,
    Answer,
    Pool,
    Query,
    RefusedError,
    cap_usd,
    levels,
    ms,
    newest,
    text,
    time_ms,
    window,
)

NAME = "bybit"
QUOTE = "USDT"
CATEGORY = "linear"

REQUESTS = Pool("requests", 600, 5.0)
"""Requests of one address in five seconds; counted here, and refused as the venue refuses a user: by retCode 10006."""

KLINE_INTERVALS_S = {
    **{str(minutes): 60 * minutes for minutes in (1, 3, 5, 15, 30, 60, 120, 240, 360, 720)},
    "D": 86_400,
}
STATISTICS_S = {
    **{f"{minutes}min": 60 * minutes for minutes in (5, 15, 30)},
    **{name: INTERVALS_S[name] for name in ("1h", "4h", "1d")},
}
BOTH_SIDES = 2


def refusal(code: int, message: str) -> RefusedError:
    return RefusedError(_refused(code, message))


def malformed(name: str) -> RefusedError:
    return refusal(10_001, f"params error: {name} invalid")


class Bybit:
    """Answers for the markets given, by the base coin in the venue's own spelling."""

    name = NAME

    def __init__(self, markets: Mapping[str, ReplayMarket]) -> None:
        self.markets = {symbol + QUOTE: market for symbol, market in markets.items()}
        self.routes: dict[str, Callable[[Query, int], dict]] = {
            "/v5/market/time": lambda query, now_s: {
                "timeSecond": str(int(now_s)),
                "timeNano": str(1_000_000 * ms(now_s)),
            },
            "/v5/market/instruments-info": self.instruments,
            "/v5/market/kline": self.kline,
            "/v5/market/open-interest": self.open_interest,
            "/v5/market/funding/history": self.funding_history,
            "/v5/market/tickers": self.tickers,
            "/v5/market/orderbook": self.order_book,
            "/v5/market/account-ratio": self.account_ratio,
            "/v5/market/risk-limit": self.risk_limit,
        }

    # --- the venue's own manners -------------------------------------------------------------------------------------

    def answer(self, path: str, values: Mapping[str, str], now_s: int) -> Answer:
        if path not in self.routes:
            return Answer(b"404 page not found", 404, {}, "text/plain")
        result = self.routes[path](Query(values, malformed), now_s)
        return Answer.of({"retCode": 0, "retMsg": "OK", "result": result, "retExtInfo": {}, "time": ms(now_s)})

    def charge(self, path: str, values: Mapping[str, str]) -> tuple[Pool, int]:
        """Which pool a request draws on, and how much of it."""
        return REQUESTS, 1

    def usage(self, pool: Pool, used: int) -> dict[str, str]:
        return {}

    def over_limit(self, pool: Pool, retry_after_s: int) -> Answer:
        return _refused(10_006, "Too many visits!")

    def maintenance(self) -> Answer:
        return _refused(10_016, "System error. Please try again later.")

    def unknown_symbol(self) -> Answer:
        return _refused(10_001, "params error: symbol invalid")

    def market(self, query: Query) -> ReplayMarket:
        if query.get("category") != CATEGORY:
            raise refusal(10_001, "Illegal category")
        market = self.markets.get(query.required("symbol"))
        if market is None or not market.listed:
            raise RefusedError(self.unknown_symbol())
        return market

    def asked(self, query: Query) -> Mapping[str, ReplayMarket]:
        """The market asked for, or every listed one where no symbol is given."""
        if query.get("symbol"):
            return {query["symbol"]: self.market(query)}
        if query.get("category") != CATEGORY:
            raise refusal(10_001, "Illegal category")
        return {symbol: market for symbol, market in self.markets.items() if market.listed}

    # --- the endpoints -----------------------------------------------------------------------------------------------

    def instruments(self, query: Query, now_s: int) -> dict:
        limit = query.limit("limit", default=500, most=1_000)
        asked = {} if query.get("status", "Trading") != "Trading" else self.asked(query)
        rows = [_listing(symbol, market) for symbol, market in asked.items()]
        first = query.integer("cursor") or 0
        cursor = str(first + limit) if first + limit < len(rows) else ""
        return {"category": CATEGORY, "list": rows[first : first + limit], "nextPageCursor": cursor}

    def kline(self, query: Query, now_s: int) -> dict:
        market, interval_s = self.market(query), _interval(query, "interval", KLINE_INTERVALS_S)
        limit = query.limit("limit", default=200, most=1_000)
        start_ms = query.integer("start")
        if start_ms is not None:  # the candle that holds the start comes too
            start_ms -= start_ms % (1_000 * interval_s)
        bars = window(market.bars(interval_s, now_s), time_ms, start_ms, query.integer("end"))
        from_start = start_ms is not None and "end" not in query
        bars = bars[:limit] if from_start else newest(bars, limit)
        rows = [
            [str(ms(bar.time_s))]
            + [text(value) for value in (bar.open, bar.high, bar.low, bar.close, bar.volume, bar.volume * bar.close)]
            for bar in reversed(bars)
        ]
        return {"category": CATEGORY, "symbol": query["symbol"], "list": rows}

    def open_interest(self, query: Query, now_s: int) -> dict:
        market, interval_s = self.market(query), _interval(query, "intervalTime", STATISTICS_S)
        rows, cursor = _statistics(
            market.open_interest_at_opens(interval_s, now_s), query, query.limit("limit", default=50, most=200)
        )
        listed = [
            {"openInterest": text(BOTH_SIDES * size), "singleOpenInterest": text(size), "timestamp": str(ms(time_s))}
            for time_s, size, _ in rows
        ]
        return {"category": CATEGORY, "symbol": query["symbol"], "list": listed, "nextPageCursor": cursor}

    def funding_history(self, query: Query, now_s: int) -> dict:
        market, limit = self.market(query), query.limit("limit", default=200, most=200)
        start_ms, end_ms = query.integer("startTime"), query.integer("endTime")
        if start_ms is not None and end_ms is None:
            raise refusal(10_001, "params error: endTime is required with startTime")
        rows = newest(window(market.settlements(now_s), time_ms, start_ms, end_ms), limit)
        listed = [
            {"symbol": query["symbol"], "fundingRate": text(rate), "fundingRateTimestamp": str(ms(time_s))}
            for time_s, rate in reversed(rows)
        ]
        return {"category": CATEGORY, "list": listed}

    def tickers(self, query: Query, now_s: int) -> dict:
        rows = [_ticker(symbol, market, now_s) for symbol, market in self.asked(query).items()]
        return {"category": CATEGORY, "list": rows}

    def order_book(self, query: Query, now_s: int) -> dict:
        limit = query.limit("limit", default=25, most=1_000)
        book = self.market(query).book(now_s)
        bids, asks = levels(book, limit)
        return {"s": query["symbol"], "b": bids, "a": asks, "ts": ms(now_s), "u": now_s, "cts": ms(book.time_s)}

    def account_ratio(self, query: Query, now_s: int) -> dict:
        market, period_s = self.market(query), _interval(query, "period", STATISTICS_S)
        bars, cursor = _statistics(market.bars(period_s, now_s), query, query.limit("limit", default=50, most=500))
        ratio = market.long_short_ratio
        row = {"symbol": query["symbol"], "buyRatio": text(ratio / (1 + ratio)), "sellRatio": text(1 / (1 + ratio))}
        return {"list": [{**row, "timestamp": str(ms(bar.time_s))} for bar in bars], "nextPageCursor": cursor}

    def risk_limit(self, query: Query, now_s: int) -> dict:
        rows = [row for symbol, market in self.asked(query).items() for row in _tiers(symbol, market)]
        return {"category": CATEGORY, "list": rows, "nextPageCursor": ""}


def _refused(code: int, message: str) -> Answer:
    return Answer.of({"retCode": code, "retMsg": message, "result": {}, "retExtInfo": {}, "time": 0})


def _interval(query: Query, name: str, known: Mapping[str, int]) -> int:
    value = query.required(name)
    if value not in known:
        raise malformed(name)
    return known[value]


def _statistics(rows: Sequence, query: Query, limit: int) -> tuple[Sequence, str]:
    """The page, newest first, and the cursor of the next one; a startTime without an endTime is ignored."""
    end_ms = query.integer("endTime")
    inside = window(rows, time_ms, query.integer("startTime") if end_ms is not None else None, end_ms)
    last_ms = query.integer("cursor")
    if last_ms is not None:
        inside = window(inside, time_ms, None, last_ms)
    page = newest(inside, limit)
    left = len(inside) - len(page)
    return page[::-1], str(time_ms(inside[left - 1])) if left else ""


def _listing(symbol: str, market: ReplayMarket) -> dict:
    return {
        "symbol": symbol,
        "contractType": "LinearPerpetual",
        "status": "Trading",
        "baseCoin": symbol.removesuffix(QUOTE),
        "quoteCoin": QUOTE,
        "settleCoin": QUOTE,
        "launchTime": str(ms(int(market.candles.time_s[0]))),
        "deliveryTime": "0",
        "priceScale": str(-int(market.tick_size.as_tuple().exponent)),
        "leverageFilter": {"minLeverage": "1", "maxLeverage": text(market.margin.max_leverage), "leverageStep": "0.01"},
        "priceFilter": {"tickSize": str(market.tick_size)},
        "lotSizeFilter": {"qtyStep": str(market.quantity_step), "minOrderQty": str(market.quantity_step)},
        "fundingInterval": market.funding_interval_s // 60,
    }


def _ticker(symbol: str, market: ReplayMarket, now_s: int) -> dict:
    price, size = market.price(now_s), market.open_interest_now(now_s)
    rate, next_s = market.funding_now(now_s)
    bids, asks = levels(market.book(now_s), 1)
    return {
        "symbol": symbol,
        "lastPrice": text(price),
        "indexPrice": text(price),
        "markPrice": text(price),
        "openInterest": text(BOTH_SIDES * size),
        "openInterestValue": text(BOTH_SIDES * size * price),
        "singleOpenInterest": text(size),
        "singleOpenInterestValue": text(size * price),
        "fundingRate": text(rate),
        "nextFundingTime": str(ms(next_s)),
        "fundingIntervalHour": str(market.funding_interval_s // 3_600),
        "bid1Price": bids[0][0],
        "bid1Size": bids[0][1],
        "ask1Price": asks[0][0],
        "ask1Size": asks[0][1],
    }


def _tiers(symbol: str, market: ReplayMarket) -> list[dict]:
    """The brackets as risk limits: a limit is a notional, the deduction keeps the margin continuous."""
    return [
        {
            "id": number,
            "symbol": symbol,
            "riskLimitValue": text(cap_usd(bracket)),
            "maintenanceMargin": text(bracket.maintenance_rate),
            "initialMargin": text(1 / bracket.max_leverage),
            "isLowestRisk": int(number == 1),
            "maxLeverage": text(bracket.max_leverage),
            "mmDeduction": text(bracket.maintenance_amount_usd) if number > 1 else "",
        }
        for number, bracket in enumerate(market.margin.brackets, start=1)
    ]
