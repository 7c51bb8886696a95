"""The replay exchange pages and limits rows as each venue does, and refuses in the venue's words."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace

import ccxt.async_support as ccxt
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.windows import DAY_S, HOUR_S
from tests.engine.markets import BAR_S, START_S, random_closes, venue_from
from tests.replay_exchange import ReplayMarket
from tests.replay_exchange.bybit import Bybit
from tests.replay_exchange.client import (
    BINANCE,
    BYBIT,
    FINISHED,
    NOW_S,
    OKX,
    SOURCE,
    VENUES,
    ask,
    candle_rows,
    interest_rows,
    times_of,
)


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


@given(limit=st.integers(1, 200), rows=st.integers(1, 60), now=st.integers(0, 60))
def test_pages_of_any_size_join_into_the_whole_history(limit: int, rows: int, now: int) -> None:
    venue = Bybit({"BTC": ReplayMarket.of(venue_from(random_closes(1, rows), funding=False))})
    query = {**BYBIT, "intervalTime": "5min", "limit": str(limit)}
    times, cursor = [], ""
    for _ in range(rows):
        body = venue.answer("/v5/market/open-interest", {**query, "cursor": cursor}, START_S + now * BAR_S).body
        result = json.loads(body)["result"]
        times += [int(row["timestamp"]) // 1_000 for row in result["list"]]
        cursor = result["nextPageCursor"]
        if not cursor:
            break
    assert times == [START_S + BAR_S * at for at in reversed(range(min(now + 1, rows)))]


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


def test_okx_leaves_out_its_bounds_and_history_the_moving_candle() -> None:
    times = SOURCE.candles.time_s[FINISHED - 4 : FINISHED + 1].tolist()

    async def use(client, exchange):
        candles = await candle_rows(client, "okx", before=1_000 * times[1], after=1_000 * times[4])
        interest = await interest_rows(client, "okx", begin=1_000 * times[1], end=1_000 * times[4])
        history = (await client.publicGetMarketHistoryCandles({**OKX, "bar": "5m", "limit": 1}))["data"]
        return times_of(candles), [row[0] for row in interest], times_of(history)

    assert ask("okx", use) == (times[2:4], times[2:4], [times[3]])


def test_bybit_serves_the_candle_that_holds_the_start_and_wants_an_end_for_funding() -> None:
    start_ms = 1_000 * (START_S + BAR_S // 2)

    async def use(client, exchange):
        with pytest.raises(ccxt.BadRequest, match="endTime"):
            await client.publicGetV5MarketFundingHistory({**BYBIT, "startTime": start_ms})
        return times_of(await candle_rows(client, "bybit", limit=2, start=start_ms))

    assert ask("bybit", use) == [START_S, START_S + BAR_S]


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
