"""OKX's USDT swaps, as its public v5 REST interface answers.

Its traps: sizes are contracts; lists are newest first; `before` and `after` (and `begin`, `end`) exclude their bounds,
and `before` means later; a limit that is too large is cut without a word; only `confirm` tells a finished candle;
each endpoint has a limit of its own.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from tests.replay_exchange.market import Bar, ReplayMarket
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

NAME = "okx"
SWAP = "-USDT-SWAP"
FAMILY = "-USDT"

LIMIT_PERIOD_S = 2.0
SLOW, USUAL, FAST = 10, 20, 40
"""Requests of one address in two seconds, counted for each endpoint on its own."""

RECENT_BARS = 1_440
RECORDS = 1_440
"""How far back /market/candles reaches, and the statistics under /rubik, in rows of the interval asked for."""

BARS_S = {
    **{name: INTERVALS_S[name] for name in ("1m", "3m", "5m", "15m", "30m")},
    **{f"{hours}H": 3_600 * hours for hours in (1, 2, 4)},
    "6Hutc": 21_600,
    "12Hutc": 43_200,
    "1Dutc": 86_400,
}
"""Bars from six hours on are cut at midnight of Hong Kong unless their name ends in utc; only these are replayed."""
PERIODS_S = {"5m": 300, "1H": 3_600, "1D": 86_400}


def refusal(code: str, message: str, status: int = 400) -> RefusedError:
    return RefusedError(_refused(code, message, status))


def malformed(name: str) -> RefusedError:
    return refusal("51000", f"Parameter {name} error")


class Okx:
    """Answers for the markets given, by the base coin in the venue's own spelling."""

    name = NAME

    def __init__(self, markets: Mapping[str, ReplayMarket]) -> None:
        self.markets = {symbol + SWAP: market for symbol, market in markets.items()}
        self.routes: dict[str, tuple[int, Callable[[Query, int], list]]] = {
            "/api/v5/public/time": (SLOW, lambda query, now_s: [{"ts": str(ms(now_s))}]),
            "/api/v5/public/instruments": (USUAL, self.instruments),
            "/api/v5/public/open-interest": (USUAL, self.open_interest),
            "/api/v5/public/funding-rate": (SLOW, self.funding_rate),
            "/api/v5/public/funding-rate-history": (SLOW, self.funding_rate_history),
            "/api/v5/public/position-tiers": (SLOW, self.position_tiers),
            "/api/v5/market/candles": (FAST, self.candles),
            "/api/v5/market/history-candles": (USUAL, self.history_candles),
            "/api/v5/market/books": (FAST, self.books),
            "/api/v5/rubik/stat/contracts/open-interest-history": (SLOW, self.open_interest_history),
            "/api/v5/rubik/stat/contracts/long-short-account-ratio-contract": (SLOW // 2, self.long_short_ratio),
        }

    # --- the venue's own manners -------------------------------------------------------------------------------------

    def answer(self, path: str, values: Mapping[str, str], now_s: int) -> Answer:
        if path not in self.routes:
            return _refused("50404", "Not Found", 404)
        rows = self.routes[path][1](Query(values, malformed), now_s)
        return Answer.of({"code": "0", "msg": "", "data": rows})

    def charge(self, path: str, values: Mapping[str, str]) -> tuple[Pool, int]:
        """Which pool a request draws on, and how much of it."""
        return Pool(path, self.routes.get(path, (USUAL,))[0], LIMIT_PERIOD_S), 1

    def usage(self, pool: Pool, used: int) -> dict[str, str]:
        return {}

    def over_limit(self, pool: Pool, retry_after_s: int) -> Answer:
        return _refused("50011", "Too Many Requests", 429)

    def maintenance(self) -> Answer:
        return _refused("50001", "Service temporarily unavailable. Try again later", 503)

    def unknown_symbol(self) -> Answer:
        return _refused("51001", "Instrument ID does not exist.", 200)

    def market(self, query: Query) -> ReplayMarket:
        market = self.markets.get(query.required("instId"))
        if market is None or not market.listed:
            raise RefusedError(self.unknown_symbol())
        return market

    def asked(self, query: Query) -> Mapping[str, ReplayMarket]:
        """The swap asked for, or every listed one where no instrument is named."""
        if query.required("instType") != "SWAP":
            return {}
        if query.get("instId"):
            return {query["instId"]: self.market(query)}
        return {symbol: market for symbol, market in self.markets.items() if market.listed}

    # --- the endpoints -----------------------------------------------------------------------------------------------

    def instruments(self, query: Query, now_s: int) -> list:
        return [_listing(symbol, market) for symbol, market in self.asked(query).items()]

    def candles(self, query: Query, now_s: int) -> list:
        market, interval_s = self.market(query), _interval(query, "bar", BARS_S, default="1m")
        bars = newest(market.bars(interval_s, now_s), RECENT_BARS)
        return [_candle(bar, market) for bar in _page(bars, query, query.clamped_limit("limit", default=100, most=300))]

    def history_candles(self, query: Query, now_s: int) -> list:
        """Finished candles only, from the beginning on."""
        market, interval_s = self.market(query), _interval(query, "bar", BARS_S, default="1m")
        bars = [bar for bar in market.bars(interval_s, now_s) if bar.finished]
        return [_candle(bar, market) for bar in _page(bars, query, query.clamped_limit("limit", default=100, most=300))]

    def open_interest(self, query: Query, now_s: int) -> list:
        return [
            {"instType": "SWAP", "instId": symbol, **_sizes(market.open_interest_now(now_s), market, now_s)}
            for symbol, market in self.asked(query).items()
        ]

    def open_interest_history(self, query: Query, now_s: int) -> list:
        market, period_s = self.market(query), _interval(query, "period", PERIODS_S, default="5m")
        rows = newest(market.open_interest_at_opens(period_s, now_s), RECORDS)
        return [
            [str(ms(time_s)), contracts(size, market), text(size), text(size * price)]
            for time_s, size, price in _statistics(rows, query)
        ]

    def long_short_ratio(self, query: Query, now_s: int) -> list:
        market, period_s = self.market(query), _interval(query, "period", PERIODS_S, default="5m")
        rows = newest(market.bars(period_s, now_s), RECORDS)
        return [[str(ms(bar.time_s)), text(market.long_short_ratio)] for bar in _statistics(rows, query)]

    def funding_rate(self, query: Query, now_s: int) -> list:
        market = self.market(query)
        rate, next_s = market.funding_now(now_s)
        return [
            {
                "instType": "SWAP",
                "instId": query["instId"],
                "fundingRate": text(rate),
                "fundingTime": str(ms(next_s)),
                "nextFundingRate": "",
                "nextFundingTime": str(ms(next_s + market.funding_interval_s)),
                "ts": str(ms(now_s)),
            }
        ]

    def funding_rate_history(self, query: Query, now_s: int) -> list:
        rows = self.market(query).settlements(now_s)
        own = {"instType": "SWAP", "instId": query["instId"]}
        return [
            {**own, "fundingRate": text(rate), "realizedRate": text(rate), "fundingTime": str(ms(time_s))}
            for time_s, rate in _page(rows, query, query.clamped_limit("limit", default=100, most=100))
        ]

    def position_tiers(self, query: Query, now_s: int) -> list:
        """The brackets with their caps in contracts, at the price of the moment."""
        if query.required("instType") != "SWAP" or query.required("tdMode") not in ("cross", "isolated"):
            raise malformed("tdMode")
        family = query.required("instFamily")
        market = self.markets.get(family + "-SWAP")
        if market is None or not market.listed:
            raise RefusedError(self.unknown_symbol())
        return _tiers(family, market, market.price(now_s))

    def books(self, query: Query, now_s: int) -> list:
        market = self.market(query)
        book = market.book(now_s)
        bids, asks = (
            [[price, contracts(float(size), market), "0", "1"] for price, size in side]
            for side in levels(book, query.clamped_limit("sz", default=1, most=400))
        )
        return [{"bids": bids, "asks": asks, "ts": str(ms(now_s)), "seqId": now_s}]


def contracts(size: float, market: ReplayMarket) -> str:
    """A size [base] in the venue's contracts, as text; exact, as the contract value is a decimal fraction."""
    return format(Decimal(text(size)) / market.contract_value, "f")


def _refused(code: str, message: str, status: int) -> Answer:
    return Answer.of({"code": code, "msg": message, "data": []}, status)


def _interval(query: Query, name: str, known: Mapping[str, int], *, default: str) -> int:
    value = query.get(name, default)
    if value not in known:
        raise malformed(name)
    return known[value]


def _between(rows: Sequence, after_ms: int | None, before_ms: int | None) -> Sequence:
    """The rows strictly after and strictly before these moments."""
    first_ms = None if after_ms is None else after_ms + 1
    return window(rows, time_ms, first_ms, None if before_ms is None else before_ms - 1)


def _page(rows: Sequence, query: Query, limit: int) -> Sequence:
    """The newest rows later than `before` and earlier than `after`, newest first."""
    return newest(_between(rows, query.integer("before"), query.integer("after")), limit)[::-1]


def _statistics(rows: Sequence, query: Query) -> Sequence:
    """The newest rows between `begin` and `end`, newest first."""
    limit = query.clamped_limit("limit", default=100, most=100)
    return newest(_between(rows, query.integer("begin"), query.integer("end")), limit)[::-1]


def _candle(bar: Bar, market: ReplayMarket) -> list[str]:
    """A candle's nine columns: volume in contracts, in base, in quote, and whether it is finished."""
    prices = [text(value) for value in (bar.open, bar.high, bar.low, bar.close)]
    volume = [contracts(bar.volume, market), text(bar.volume), text(bar.volume * bar.close)]
    return [str(ms(bar.time_s)), *prices, *volume, str(int(bar.finished))]


def _sizes(size: float, market: ReplayMarket, now_s: int) -> dict[str, str]:
    value = text(size * market.price(now_s))
    return {"oi": contracts(size, market), "oiCcy": text(size), "oiUsd": value, "ts": str(ms(now_s))}


def _listing(symbol: str, market: ReplayMarket) -> dict:
    base = symbol.removesuffix(SWAP)
    return {
        "instType": "SWAP",
        "instId": symbol,
        "instFamily": base + FAMILY,
        "uly": base + FAMILY,
        "baseCcy": "",
        "quoteCcy": "",
        "settleCcy": "USDT",
        "ctType": "linear",
        "ctVal": str(market.contract_value),
        "ctValCcy": base,
        "ctMult": "1",
        "lever": text(market.margin.max_leverage),
        "listTime": str(ms(int(market.candles.time_s[0]))),
        "lotSz": "0.01",
        "minSz": "0.01",
        "tickSz": str(market.tick_size),
        "state": "live",
    }


def _tiers(family: str, market: ReplayMarket, price: float) -> list[dict]:
    caps = [contracts(cap_usd(bracket) / price, market) for bracket in market.margin.brackets]
    return [
        {
            "instFamily": family,
            "uly": family,
            "instId": "",
            "tier": str(number),
            "minSz": floor,
            "maxSz": cap,
            "mmr": text(bracket.maintenance_rate),
            "imr": text(1 / bracket.max_leverage),
            "maxLever": text(bracket.max_leverage),
        }
        for number, (bracket, floor, cap) in enumerate(
            zip(market.margin.brackets, ["0", *caps], caps, strict=False), start=1
        )
    ]
