"""The replay exchange answers the real client as the venues do: same numbers, paging, limits and faults."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import numpy as np
import pytest

from engine.grid import FloatArray
from engine.market import OrderBook
from engine.sources.recorded import RecordedSource
from tests.engine.markets import BAR_S, START_S, TERMS, random_closes, venue_from
from tests.replay_exchange import Fault, ReplayExchange, ReplayMarket, faults
from tests.replay_exchange.exchange import Meter
from tests.replay_exchange.wire import Pool

ccxt = pytest.importorskip("ccxt.async_support", reason="the extra for live markets is not installed")

T = TypeVar("T")
Use = Callable[[object, ReplayExchange], Awaitable[T]]

VENUES = ("binanceusdm", "bybit", "okx")
every_venue = pytest.mark.parametrize("venue", VENUES)

HOUR_S, DAY_S = 3_600, 86_400
FINISHED = 1_900
NOW_S = START_S + FINISHED * BAR_S + BAR_S // 3
"""A third into a bar; some hours of what comes afterwards are in the market too, and must not be served."""
BOOK = OrderBook(
    time_s=NOW_S - 5, bid_price=[99.5, 99.0], bid_size=[2.0, 3.25], ask_price=[100.5, 101.0], ask_size=[1.5, 4.0]
)
SOURCE = replace(
    venue_from(random_closes(3, FINISHED + 100), seed=3, taker=random_closes(5, FINISHED + 100, price=0.5)),
    order_book=BOOK,
)
MARKET = ReplayMarket.of(SOURCE, long_short_ratio=1.5)


def client_of(venue: str, base_url: str) -> object:
    """The real client, every address below its own path at `base_url`, asking for linear swaps only."""
    options = {"fetchMarkets": {"types": ["linear"] if venue in ("binanceusdm", "bybit") else ["swap"]}}
    client = getattr(ccxt, venue)({"enableRateLimit": False, "timeout": 2_000, "options": options})
    client.urls["api"] = {name: base_url + urlsplit(url).path for name, url in client.urls["api"].items()}
    client.has["fetchCurrencies"] = False
    client.timeout_on_exit = 0  # a quarter of a second for TLS to end, which there is none of
    return client


def ask(venue: str, use: Use[T], *, market: ReplayMarket = MARKET, now_s: int = NOW_S, **options: object) -> T:
    async def talk() -> T:
        async with ReplayExchange({venue: {"BTC": market}}, now_s=now_s, **options) as exchange:
            client = client_of(venue, exchange.base_url(venue))
            try:
                return await use(client, exchange)
            finally:
                await client.close()

    return asyncio.run(talk())


# --- what each venue is asked, and how its rows are read: an answer of our own, apart from the program's -------------

BINANCE = {"symbol": "BTCUSDT"}
BYBIT = {"category": "linear", "symbol": "BTCUSDT"}
OKX = {"instId": "BTC-USDT-SWAP"}
INTERVALS = {
    "binanceusdm": {BAR_S: "5m", HOUR_S: "1h"},
    "bybit": {BAR_S: "5", HOUR_S: "60"},
    "okx": {BAR_S: "5m", HOUR_S: "1H"},
}


async def candle_rows(client, venue, interval_s=BAR_S, **params) -> list:
    """The raw rows of the venue, oldest first."""
    interval = INTERVALS[venue][interval_s]
    if venue == "binanceusdm":
        return await client.fapiPublicGetKlines({**BINANCE, "interval": interval, **params})
    if venue == "bybit":
        answer = await client.publicGetV5MarketKline({**BYBIT, "interval": interval, **params})
        return answer["result"]["list"][::-1]
    answer = await client.publicGetMarketCandles({**OKX, "bar": interval, **params})
    return answer["data"][::-1]


async def interest_rows(client, venue, **params) -> list[tuple[int, float]]:
    """(time [s], open interest [base]) of the venue's own history of five minutes, oldest first."""
    if venue == "binanceusdm":
        rows = await client.fapiDataGetOpenInterestHist({**BINANCE, "period": "5m", **params})
        return [(row["timestamp"] // 1_000, float(row["sumOpenInterest"])) for row in rows]
    if venue == "bybit":
        rows = await client.publicGetV5MarketOpenInterest({**BYBIT, "intervalTime": "5min", **params})
        rows = rows["result"]["list"][::-1]
        return [(int(row["timestamp"]) // 1_000, float(row["singleOpenInterest"])) for row in rows]
    rows = await client.publicGetRubikStatContractsOpenInterestHistory({**OKX, "period": "5m", **params})
    return [(int(row[0]) // 1_000, float(row[2])) for row in rows["data"][::-1]]


async def funding_rows(client, venue) -> list[tuple[int, float]]:
    """(time [s], settled rate), oldest first."""
    if venue == "binanceusdm":
        rows = await client.fapiPublicGetFundingRate(BINANCE)
        return [(row["fundingTime"] // 1_000, float(row["fundingRate"])) for row in rows]
    if venue == "bybit":
        rows = (await client.publicGetV5MarketFundingHistory(BYBIT))["result"]["list"][::-1]
        return [(int(row["fundingRateTimestamp"]) // 1_000, float(row["fundingRate"])) for row in rows]
    rows = (await client.publicGetPublicFundingRateHistory(OKX))["data"][::-1]
    return [(int(row["fundingTime"]) // 1_000, float(row["realizedRate"])) for row in rows]


def times_of(rows: list) -> list[int]:
    return [int(row[0]) // 1_000 for row in rows]


def columns_of(rows: list) -> FloatArray:
    """open, high, low, close of candle rows, (n, 4)."""
    return np.array([[float(value) for value in row[1:5]] for row in rows])


def volumes_of(venue: str, rows: list) -> FloatArray:
    """Volumes [base], (n,): OKX tells contracts first."""
    return np.array([float(row[6 if venue == "okx" else 5]) for row in rows])


# --- the same numbers ------------------------------------------------------------------------------------------------


@every_venue
def test_candles_are_the_source_s_to_the_last_digit(venue: str) -> None:
    rows = ask(venue, lambda client, exchange: candle_rows(client, venue, limit=100))
    candles, served = SOURCE.candles, slice(FINISHED - 99, FINISHED)
    assert times_of(rows[:-1]) == candles.time_s[served].tolist()
    source = np.column_stack([candles.open, candles.high, candles.low, candles.close])[served]
    assert columns_of(rows[:-1]).tolist() == source.tolist()
    assert volumes_of(venue, rows[:-1]).tolist() == candles.volume[served].tolist()


@every_venue
def test_hours_are_made_of_their_five_minutes(venue: str) -> None:
    rows = ask(venue, lambda client, exchange: candle_rows(client, venue, HOUR_S, limit=3))
    hour_s, candles = times_of(rows)[0], SOURCE.candles
    inside = (candles.time_s >= hour_s) & (candles.time_s < hour_s + HOUR_S)
    assert int(inside.sum()) == 12
    expected = [candles.open[inside][0], candles.high[inside].max(), candles.low[inside].min()]
    assert columns_of(rows)[0].tolist() == [*expected, candles.close[inside][-1]]
    assert volumes_of(venue, rows)[0] == pytest.approx(candles.volume[inside].sum(), rel=1e-14)


@every_venue
def test_the_last_candle_is_still_moving(venue: str) -> None:
    rows = ask(venue, lambda client, exchange: candle_rows(client, venue, limit=2))
    candles = SOURCE.candles
    assert times_of(rows)[-1] == NOW_S - BAR_S // 3
    open_, close = candles.open[FINISHED], candles.close[FINISHED]
    assert columns_of(rows)[-1][3] == pytest.approx(open_ + (close - open_) / 3)
    assert volumes_of(venue, rows)[-1] == pytest.approx(candles.volume[FINISHED] / 3)
    if venue == "okx":
        assert [row[8] for row in rows] == ["1", "0"]


@every_venue
def test_where_the_market_ends_a_bar_opens_that_nobody_traded_in(venue: str) -> None:
    end_s = int(SOURCE.candles.end_s[-1])
    rows = ask(venue, lambda client, exchange: candle_rows(client, venue, limit=1), now_s=end_s + 1)
    assert times_of(rows) == [end_s]
    assert columns_of(rows)[0].tolist() == [SOURCE.candles.close[-1]] * 4
    assert volumes_of(venue, rows).tolist() == [0.0]


@every_venue
def test_open_interest_is_the_snapshot_at_each_open(venue: str) -> None:
    rows = ask(venue, lambda client, exchange: interest_rows(client, venue, limit=30))
    served = slice(FINISHED - 29, FINISHED + 1)
    assert [row[0] for row in rows] == SOURCE.candles.time_s[served].tolist()
    assert [row[1] for row in rows] == SOURCE.open_interest[served].tolist()


def test_unknown_open_interest_is_no_row() -> None:
    interest = SOURCE.open_interest.copy()
    interest[FINISHED - 2] = np.nan
    market = replace(MARKET, open_interest=interest)
    rows = ask("okx", lambda client, exchange: interest_rows(client, "okx", limit=3), market=market)
    known = [FINISHED - 3, FINISHED - 1, FINISHED]
    assert [row[0] for row in rows] == SOURCE.candles.time_s[known].tolist()


@every_venue
def test_funding_is_what_was_settled_by_now(venue: str) -> None:
    rows = ask(venue, lambda client, exchange: funding_rows(client, venue))
    known = SOURCE.funding.time_s <= NOW_S
    assert not known.all()
    assert rows == list(zip(SOURCE.funding.time_s[known].tolist(), SOURCE.funding.rate[known].tolist(), strict=True))


def test_binance_tells_what_takers_bought() -> None:
    rows = ask("binanceusdm", lambda client, exchange: candle_rows(client, "binanceusdm", limit=50))[:-1]
    share = [float(row[9]) / float(row[5]) for row in rows]
    assert share == pytest.approx(SOURCE.candles.taker_buy_share[FINISHED - 49 : FINISHED].tolist(), rel=1e-14)


def test_bybit_counts_both_sides_and_one() -> None:
    async def use(client, exchange):
        history = await client.publicGetV5MarketOpenInterest({**BYBIT, "intervalTime": "5min", "limit": 1})
        return history["result"]["list"][0], (await client.publicGetV5MarketTickers(BYBIT))["result"]["list"][0]

    now = float(SOURCE.open_interest[FINISHED])
    for row in ask("bybit", use):
        assert float(row["singleOpenInterest"]) == now
        assert float(row["openInterest"]) == 2 * now


def test_okx_counts_contracts() -> None:
    async def use(client, exchange):
        await client.load_markets()
        now = (await client.publicGetPublicOpenInterest({**OKX, "instType": "SWAP"}))["data"][0]
        candle = (await client.publicGetMarketCandles({**OKX, "bar": "5m", "limit": 2}))["data"][1]
        return client.market("BTC/USDT:USDT")["contractSize"], now, candle

    size, now, candle = ask("okx", use)
    assert size == 0.01
    assert float(now["oiCcy"]) == SOURCE.open_interest[FINISHED]
    assert float(now["oi"]) == pytest.approx(100 * SOURCE.open_interest[FINISHED], rel=1e-15)
    assert float(candle[5]) == pytest.approx(100 * SOURCE.candles.volume[FINISHED - 1], rel=1e-15)


@every_venue
def test_the_client_understands_market_book_and_rate(venue: str) -> None:
    async def use(client, exchange):
        await client.load_markets()
        book = await client.fetch_order_book("BTC/USDT:USDT", 20)
        return client.market("BTC/USDT:USDT"), book, await client.fetch_funding_rate("BTC/USDT:USDT")

    market, book, rate = ask(venue, use)
    assert (market["linear"], market["swap"], market["active"]) == (True, True, True)
    scale = market["contractSize"]
    sides = [[[level[0], level[1] * scale] for level in book[side]] for side in ("bids", "asks")]
    assert sides == [[[99.5, 2.0], [99.0, 3.25]], [[100.5, 1.5], [101.0, 4.0]]]
    settled = SOURCE.funding.time_s <= NOW_S
    assert rate["fundingRate"] == SOURCE.funding.rate[settled][-1]
    assert rate["fundingTimestamp"] == 1_000 * SOURCE.funding.time_s[~settled][0]


@every_venue
def test_a_market_without_a_book_shows_a_ladder_around_the_price(venue: str) -> None:
    async def use(client, exchange):
        await client.load_markets()
        return await client.fetch_order_book("BTC/USDT:USDT", 20)

    book = ask(venue, use, market=replace(MARKET, order_book=lambda now_s: None))
    price = SOURCE.candles.open[FINISHED]
    assert len(book["bids"]) == len(book["asks"]) == 20
    assert book["bids"][0][0] < price * 1.001
    assert book["bids"][0][0] < book["asks"][0][0]


@pytest.mark.parametrize("venue", ["bybit", "okx"])
def test_brackets_are_public_where_the_venue_publishes_them(venue: str) -> None:
    async def use(client, exchange):
        await client.load_markets()
        return await client.fetch_market_leverage_tiers("BTC/USDT:USDT")

    tiers = ask(venue, use)
    assert [tier["maintenanceMarginRate"] for tier in tiers] == [b.maintenance_rate for b in TERMS.brackets]
    assert [tier["maxLeverage"] for tier in tiers] == [b.max_leverage for b in TERMS.brackets]
    cap_usd = tiers[0]["maxNotional"]
    if venue == "okx":  # in contracts of 0.01, at the price of the moment
        open_, close = SOURCE.candles.open[FINISHED], SOURCE.candles.close[FINISHED]
        cap_usd *= 0.01 * (open_ + (close - open_) / 3)
    assert cap_usd == pytest.approx(TERMS.brackets[0].notional_cap_usd)


def test_every_venue_tells_the_time_and_the_crowd() -> None:
    async def binance(client, exchange):
        crowd = await client.fapiDataGetGlobalLongShortAccountRatio({**BINANCE, "period": "1h", "limit": 1})
        return (await client.fapiPublicGetTime())["serverTime"], float(crowd[0]["longShortRatio"])

    async def bybit(client, exchange):
        crowd = (await client.publicGetV5MarketAccountRatio({**BYBIT, "period": "1h", "limit": 1}))["result"]["list"][0]
        seconds = (await client.publicGetV5MarketTime())["result"]["timeSecond"]
        return 1_000 * int(seconds), float(crowd["buyRatio"]) / float(crowd["sellRatio"])

    async def okx(client, exchange):
        path = client.publicGetRubikStatContractsLongShortAccountRatioContract
        crowd = (await path({**OKX, "period": "1H", "limit": 1}))["data"][0]
        return int((await client.publicGetPublicTime())["data"][0]["ts"]), float(crowd[1])

    for venue, use in zip(VENUES, (binance, bybit, okx), strict=True):
        told_ms, ratio = ask(venue, use)
        assert (told_ms, ratio) == (1_000 * NOW_S, pytest.approx(1.5))


def test_a_recording_comes_through_unchanged(shared_data: Path) -> None:
    now_s = 1_770_292_800  # 5 February 2026, 12:00 UTC
    recorded = RecordedSource(shared_data).market("BTC", now_s + DAY_S).lead
    market = ReplayMarket.of(recorded)

    async def use(client, exchange):
        candles = await candle_rows(client, "binanceusdm", limit=500)
        return candles, await interest_rows(client, "binanceusdm", limit=500)

    candles, interest = ask("binanceusdm", use, market=market, now_s=now_s)
    source = recorded.candles
    served = np.searchsorted(source.time_s, times_of(candles))
    assert times_of(candles)[-1] == now_s
    assert columns_of(candles)[:-1, 3].tolist() == source.close[served][:-1].tolist()
    assert [row[1] for row in interest] == recorded.open_interest[served].tolist()


# --- nothing after now, and the clock ---------------------------------------------------------------------------------


@every_venue
def test_nothing_is_served_from_after_now(venue: str) -> None:
    async def use(client, exchange):
        candles = times_of(await candle_rows(client, venue, limit=300))
        interest = [row[0] for row in await interest_rows(client, venue, limit=100)]
        return candles, interest, [row[0] for row in await funding_rows(client, venue)]

    for times in ask(venue, use):
        assert times
        assert max(times) <= NOW_S


@every_venue
def test_the_test_moves_the_clock(venue: str) -> None:
    async def use(client, exchange):
        before = times_of(await candle_rows(client, venue, limit=1))
        exchange.now_s += 2 * BAR_S
        return before, times_of(await candle_rows(client, venue, limit=1))

    before, after = ask(venue, use)
    assert after[0] - before[0] == 2 * BAR_S


def test_a_book_from_after_now_is_not_served() -> None:
    market = ReplayMarket.of(replace(SOURCE, order_book=replace(BOOK, time_s=NOW_S + 1)))
    book = ask(
        "binanceusdm", lambda client, exchange: client.fapiPublicGetDepth({**BINANCE, "limit": 5}), market=market
    )
    assert len(book["bids"]) == 5  # the ladder, not the two bids of the book to come


# --- paging and the limits on rows ------------------------------------------------------------------------------------


async def binance_forward(client) -> list[int]:
    times, start_s = [], START_S
    while page := times_of(await candle_rows(client, "binanceusdm", limit=700, startTime=1_000 * start_s)):
        times += page
        start_s = page[-1] + BAR_S
    return times


async def bybit_backward(client) -> list[int]:
    times, end_s = [], NOW_S
    while page := times_of(await candle_rows(client, "bybit", limit=700, end=1_000 * end_s)):
        times = page + times
        end_s = page[0] - 1
    return times


async def okx_backward(client) -> list[int]:
    """The newest candles, then history from the oldest of them on."""
    times = times_of(await candle_rows(client, "okx", limit=300))
    while True:
        request = {**OKX, "bar": "5m", "limit": 300, "after": 1_000 * times[0]}
        page = times_of((await client.publicGetMarketHistoryCandles(request))["data"][::-1])
        if not page:
            return times
        times = page + times


@pytest.mark.parametrize(
    ("venue", "walk"), [("binanceusdm", binance_forward), ("bybit", bybit_backward), ("okx", okx_backward)]
)
def test_pages_join_without_gap_or_overlap(venue: str, walk: Callable[[object], Awaitable[list[int]]]) -> None:
    times = ask(venue, lambda client, exchange: walk(client))
    assert times == SOURCE.candles.time_s[: FINISHED + 1].tolist()


def test_bybit_s_cursor_walks_back_through_open_interest() -> None:
    async def use(client, exchange):
        times, params = [], {}
        while True:
            request = {**BYBIT, "intervalTime": "5min", "limit": 200, **params}
            result = (await client.publicGetV5MarketOpenInterest(request))["result"]
            times += [int(row["timestamp"]) // 1_000 for row in result["list"]]
            if not result["nextPageCursor"]:
                return times, exchange.count()
            params = {"cursor": result["nextPageCursor"]}

    times, requests = ask("bybit", use)
    assert times == SOURCE.candles.time_s[FINISHED::-1].tolist()
    assert requests == 10  # 1901 rows, 200 at a time


@pytest.mark.parametrize("venue", ["binanceusdm", "bybit"])
def test_a_lone_start_does_not_move_the_open_interest(venue: str) -> None:
    start_ms = 1_000 * START_S
    alone = ask(venue, lambda client, exchange: interest_rows(client, venue, limit=5, startTime=start_ms))
    assert alone[-1][0] == SOURCE.candles.time_s[FINISHED]
    end_ms = start_ms + 4_000 * BAR_S
    both = ask(
        venue, lambda client, exchange: interest_rows(client, venue, limit=5, startTime=start_ms, endTime=end_ms)
    )
    assert [row[0] for row in both] == SOURCE.candles.time_s[:5].tolist()


def test_okx_reaches_back_so_far_and_no_further() -> None:
    async def use(client, exchange):
        oldest_ms = 1_000 * int(SOURCE.candles.time_s[FINISHED - 1_435])
        candles = await candle_rows(client, "okx", limit=300, after=oldest_ms)
        return candles, await interest_rows(client, "okx", limit=100, end=oldest_ms)

    candles, interest = ask("okx", use)
    reached = SOURCE.candles.time_s[FINISHED - 1_439 : FINISHED - 1_435].tolist()
    assert times_of(candles) == reached
    assert [row[0] for row in interest] == reached


def test_binance_keeps_statistics_for_thirty_days() -> None:
    closes = random_closes(1, 40 * 24)
    hourly = venue_from(closes)
    times = START_S + HOUR_S * np.arange(len(closes))
    candles = replace(hourly.candles, time_s=times, duration_s=np.full(len(closes), HOUR_S))
    market = ReplayMarket.of(replace(hourly, candles=candles, funding=None))
    now_s = int(times[-1]) + 60

    async def use(client, exchange):
        request = {**BINANCE, "period": "1h", "limit": 500}
        end_ms = 1_000 * (now_s - 29 * DAY_S)
        oldest = await client.fapiDataGetOpenInterestHist({**request, "endTime": end_ms})
        with pytest.raises(ccxt.ExchangeError, match="startTime"):
            await client.fapiDataGetOpenInterestHist({**request, "startTime": 1_000 * (now_s - 31 * DAY_S)})
        return oldest

    oldest = ask("binanceusdm", use, market=market, now_s=now_s)
    assert len(oldest) == 24
    assert oldest[0]["timestamp"] >= 1_000 * (now_s - 30 * DAY_S)


def test_too_many_rows_are_refused_or_cut_as_the_venue_does() -> None:
    async def binance(client, exchange):
        assert len(await candle_rows(client, "binanceusdm", limit=1_500)) == 1_500
        with pytest.raises(ccxt.ExchangeError, match="-1130"):
            await candle_rows(client, "binanceusdm", limit=1_501)
        with pytest.raises(ccxt.ExchangeError, match="-1130"):
            await interest_rows(client, "binanceusdm", limit=501)
        with pytest.raises(ccxt.ExchangeError, match="-4021"):
            await client.fapiPublicGetDepth({**BINANCE, "limit": 7})

    async def bybit(client, exchange):
        assert len(await candle_rows(client, "bybit", limit=1_000)) == 1_000
        with pytest.raises(ccxt.BadRequest, match="10001"):
            await candle_rows(client, "bybit", limit=1_001)
        with pytest.raises(ccxt.BadRequest, match="10001"):
            await interest_rows(client, "bybit", limit=201)

    async def okx(client, exchange):
        assert len(await candle_rows(client, "okx", limit=301)) == 300
        assert len(await interest_rows(client, "okx", limit=101)) == 100

    for venue, use in zip(VENUES, (binance, bybit, okx), strict=True):
        ask(venue, use)


def test_what_is_missing_or_unknown_is_refused_in_the_venue_s_words() -> None:
    async def binance(client, exchange):
        with pytest.raises(ccxt.BadSymbol, match="-1121"):
            await client.fapiPublicGetOpenInterest({"symbol": "NOPEUSDT"})
        with pytest.raises(ccxt.BadRequest, match="-1102"):
            await client.fapiPublicGetKlines(BINANCE)

    async def bybit(client, exchange):
        with pytest.raises(ccxt.BadRequest, match="10001"):
            await client.publicGetV5MarketKline({**BYBIT, "symbol": "NOPEUSDT", "interval": "5"})
        with pytest.raises(ccxt.BadRequest, match="10001"):
            await client.publicGetV5MarketKline({"symbol": "BTCUSDT", "interval": "5"})

    async def okx(client, exchange):
        with pytest.raises(ccxt.BadSymbol, match="51001"):
            await client.publicGetMarketCandles({"instId": "NOPE-USDT-SWAP"})
        with pytest.raises(ccxt.BadRequest, match="51000"):
            await client.publicGetPublicInstruments({})

    for venue, use in zip(VENUES, (binance, bybit, okx), strict=True):
        ask(venue, use)


# --- limits on requests -----------------------------------------------------------------------------------------------


def test_binance_counts_weight_and_says_so() -> None:
    async def use(client, exchange):
        used = []
        for limit in (99, 499, 1_000, 1_500):
            await candle_rows(client, "binanceusdm", limit=limit)
            used.append(int(client.last_response_headers["X-MBX-USED-WEIGHT-1M"]))
        with pytest.raises(ccxt.DDoSProtection, match="-1003"):
            await candle_rows(client, "binanceusdm", limit=1_500)
        return used, int(client.last_response_headers["Retry-After"])

    used, retry_after_s = ask("binanceusdm", use, limits={("binanceusdm", "weight"): 20})
    assert used == [1, 3, 8, 18]
    assert 59 <= retry_after_s <= 60


@pytest.mark.parametrize(
    ("venue", "pool", "words"), [("bybit", "requests", "10006"), ("okx", "/api/v5/market/candles", "50011")]
)
def test_too_many_requests_are_refused_in_the_venue_s_words(venue: str, pool: str, words: str) -> None:
    async def use(client, exchange):
        for _ in range(3):
            await candle_rows(client, venue, limit=1)
        with pytest.raises(ccxt.RateLimitExceeded, match=words):
            await candle_rows(client, venue, limit=1)

    ask(venue, use, limits={(venue, pool): 3})


def test_okx_limits_each_endpoint_on_its_own() -> None:
    async def use(client, exchange):
        await candle_rows(client, "okx", limit=1)
        return await funding_rows(client, "okx")

    assert ask("okx", use, limits={("okx", "/api/v5/market/candles"): 1})


def test_what_was_drawn_counts_for_one_period() -> None:
    meter = Meter(Pool("weight", limit=10, period_s=60.0))
    assert meter.draw(0.0, 4)
    assert meter.draw(30.0, 6)
    assert not meter.draw(59.9, 1)
    assert (meter.used(59.9), meter.frees_in_s(57.5)) == (10, 3)
    assert meter.draw(60.0, 4)  # the first four are a period old
    assert not meter.draw(60.1, 1)


# --- faults -----------------------------------------------------------------------------------------------------------


def struck(venue: str, change: faults.Change, *, times: int | None = None) -> object:
    """What the client makes of its candles' endpoint under a fault: the rows, or the error."""

    async def use(client, exchange):
        exchange.faults.append(Fault(venue, "*/*lines" if venue == "binanceusdm" else "*/market/*", change, times))
        try:
            return await candle_rows(client, venue, limit=6)
        except (ccxt.BaseError, TypeError, AttributeError) as error:
            return error

    return ask(venue, use)


@pytest.mark.parametrize(
    ("venue", "change", "error"),
    [
        ("binanceusdm", faults.rate_limited, "DDoSProtection"),
        ("binanceusdm", faults.status(429, retry_after_s=2), "DDoSProtection"),
        ("binanceusdm", faults.status(418, retry_after_s=120), "DDoSProtection"),
        ("binanceusdm", faults.status(500), "ExchangeNotAvailable"),
        ("binanceusdm", faults.maintenance, "OperationFailed"),
        ("binanceusdm", faults.delisted, "BadSymbol"),
        ("bybit", faults.rate_limited, "RateLimitExceeded"),
        ("bybit", faults.status(503), "ExchangeNotAvailable"),
        ("bybit", faults.maintenance, "ExchangeError"),
        ("bybit", faults.delisted, "BadRequest"),
        ("okx", faults.rate_limited, "RateLimitExceeded"),
        ("okx", faults.status(503), "ExchangeNotAvailable"),
        ("okx", faults.maintenance, "OnMaintenance"),
        ("okx", faults.delisted, "BadSymbol"),
    ],
)
def test_a_refusal_reaches_the_client_as_its_own_error(venue: str, change: faults.Change, error: str) -> None:
    assert type(struck(venue, change)).__name__ == error


@every_venue
@pytest.mark.parametrize("change", [faults.html, faults.empty, faults.truncated])
def test_an_answer_that_is_no_json_holds_no_rows(venue: str, change: faults.Change) -> None:
    """The client raises nothing of its own here: what comes of it is text, None, or a TypeError of the reader."""
    outcome = struck(venue, change)
    assert not isinstance(outcome, list)
    assert not isinstance(outcome, ccxt.BaseError)


@every_venue
def test_rows_get_lost_doubled_or_out_of_order(venue: str) -> None:
    whole = times_of(struck(venue, faults.fewer_rows, times=0))
    newest_first = whole if venue == "binanceusdm" else whole[::-1]
    oldest_first = {
        faults.fewer_rows: newest_first[::2],
        faults.doubled_rows: [each for each in newest_first for _ in range(2)],
        faults.out_of_order: [*newest_first[1:], newest_first[0]],
    }
    assert len(whole) == 6
    for change, expected in oldest_first.items():
        served = times_of(struck(venue, change))
        assert served == (expected if venue == "binanceusdm" else expected[::-1])


def test_a_fault_strikes_as_often_as_told_and_only_its_path() -> None:
    async def use(client, exchange):
        exchange.faults.append(Fault("binanceusdm", "/fapi/v1/klines", faults.status(503), times=2))
        outcomes = []
        for _ in range(3):
            try:
                outcomes.append(len(await candle_rows(client, "binanceusdm", limit=4)))
            except ccxt.ExchangeNotAvailable:
                outcomes.append("down")
            await client.fapiPublicGetTime()
        return outcomes

    assert ask("binanceusdm", use) == ["down", "down", 4]


def test_a_silent_venue_ends_in_a_time_out() -> None:
    async def use(client, exchange):
        client.timeout = 200
        exchange.faults.append(Fault("bybit", "*", faults.hang))
        with pytest.raises(ccxt.RequestTimeout):
            await candle_rows(client, "bybit")

    started = time.monotonic()
    ask("bybit", use)
    assert time.monotonic() - started < 5  # nothing waits for the answer that never comes


def test_a_reset_connection_is_a_network_error_unless_tried_again() -> None:
    async def use(client, exchange):
        exchange.faults.append(Fault("okx", "*", faults.reset))
        with pytest.raises(ccxt.NetworkError):
            await candle_rows(client, "okx")
        exchange.faults[:] = [Fault("okx", "*", faults.reset, times=1)]
        await client.publicGetPublicTime()  # the client's own library tries once more, without a word
        return [request.path for request in exchange.requests].count("/api/v5/public/time")

    assert ask("okx", use) in (1, 2)


@every_venue
def test_a_dead_venue_refuses_connections_until_it_is_back(venue: str) -> None:
    async def use(client, exchange):
        await exchange.stop(venue)
        with pytest.raises(ccxt.NetworkError):
            await candle_rows(client, venue, limit=1)
        await exchange.start(venue)
        return await candle_rows(client, venue, limit=1)

    assert len(ask(venue, use)) == 1


def test_a_delisted_market_is_listed_no_more() -> None:
    market = replace(MARKET, listed=False)

    async def use(client, exchange):
        await client.load_markets()
        return [name for name, listing in client.markets.items() if listing["active"]]

    for venue in VENUES:
        assert ask(venue, use, market=market) == []


# --- Hyperliquid: one path, the question in the body -----------------------------------------------------------------


def test_hyperliquid_answers_what_the_client_asks() -> None:
    async def use(client, exchange):
        await client.load_markets()
        name = next(iter(client.markets))
        last = {"until": 1_000 * NOW_S}  # the client's own idea of now is the wall clock
        candles = await client.fetch_ohlcv(name, "5m", limit=10, since=1_000 * (NOW_S - 9 * BAR_S), params=last)
        funding = await client.fetch_funding_rate_history(name, since=1_000 * START_S, params=last)
        return client.market(name), candles, funding, await client.fetch_order_book(name)

    market, candles, funding, book = ask("hyperliquid", use)
    served = slice(FINISHED - 8, FINISHED)
    assert (market["base"], market["limits"]["leverage"]["max"]) == ("BTC", 150)
    assert float(market["info"]["openInterest"]) == SOURCE.open_interest[FINISHED]
    assert [row[0] // 1_000 for row in candles] == SOURCE.candles.time_s[FINISHED - 8 : FINISHED + 1].tolist()
    assert [row[4] for row in candles[:-1]] == SOURCE.candles.close[served].tolist()
    assert [row[5] for row in candles[:-1]] == SOURCE.candles.volume[served].tolist()
    known = SOURCE.funding.time_s <= NOW_S
    assert [row["fundingRate"] for row in funding] == SOURCE.funding.rate[known].tolist()
    assert book["bids"] == [[99.5, 2.0], [99.0, 3.25]]


def test_hyperliquid_weighs_its_questions() -> None:
    async def use(client, exchange):
        for _ in range(10):
            await client.publicPostInfo({"type": "l2Book", "coin": "BTC"})
        await client.publicPostInfo({"type": "meta"})
        with pytest.raises(ccxt.NetworkError, match="429"):
            await client.publicPostInfo({"type": "l2Book", "coin": "BTC"})

    ask("hyperliquid", use, limits={("hyperliquid", "weight"): 41})


@pytest.mark.parametrize(
    ("question", "status"),
    [({"type": "l2Book", "coin": "NOPE"}, "500"), ({"type": "nothing"}, "422"), ({"type": "l2Book"}, "422")],
)
def test_hyperliquid_refuses_what_it_does_not_know(question: dict[str, str], status: str) -> None:
    async def use(client, exchange):
        with pytest.raises(ccxt.BaseError, match=status):
            await client.publicPostInfo(question)

    ask("hyperliquid", use)


# --- the server itself ------------------------------------------------------------------------------------------------


def test_venues_live_side_by_side_and_every_request_is_noted() -> None:
    async def talk():
        markets = {venue: {"BTC": MARKET} for venue in VENUES}
        async with ReplayExchange(markets, now_s=NOW_S, latency_s=0.05) as exchange:
            clients = {venue: client_of(venue, exchange.base_url(venue)) for venue in VENUES}
            started = time.monotonic()
            await asyncio.gather(*(candle_rows(client, venue, limit=3) for venue, client in clients.items()))
            took_s = time.monotonic() - started
            for client in clients.values():
                await client.close()
            return took_s, exchange

    took_s, exchange = asyncio.run(talk())
    assert took_s >= 0.05
    assert {request.venue for request in exchange.requests} == set(VENUES)
    assert [exchange.count(venue) for venue in VENUES] == [1, 1, 1]
    asked = next(request for request in exchange.requests if request.venue == "bybit")
    assert (asked.path, asked.query["limit"]) == ("/v5/market/kline", "3")
