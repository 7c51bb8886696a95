"""The replay exchange answers the real client with the numbers of its market, paged as each venue does."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import ccxt.async_support as ccxt
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.sources.recorded import RecordedSource
from engine.windows import DAY_S, HOUR_S
from tests.engine.markets import BAR_S, START_S, TERMS, random_closes, venue_from
from tests.replay_exchange import ReplayMarket
from tests.replay_exchange.bybit import Bybit
from tests.replay_exchange.client import (
    BINANCE,
    BOOK,
    BYBIT,
    FINISHED,
    MARKET,
    NOW_S,
    OKX,
    SOURCE,
    VENUES,
    ask,
    candle_rows,
    columns_of,
    funding_rows,
    interest_rows,
    times_of,
    volumes_of,
)

every_venue = pytest.mark.parametrize("venue", VENUES)


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


@given(now_s=st.integers(START_S, int(SOURCE.candles.end_s[-1])), interval_s=st.sampled_from([BAR_S, HOUR_S, DAY_S]))
def test_bars_of_any_length_hold_all_that_was_traded_by_now(now_s: int, interval_s: int) -> None:
    candles, bars = SOURCE.candles, MARKET.bars(interval_s, now_s)
    elapsed = np.clip((now_s - candles.time_s) / candles.duration_s, 0.0, 1.0)
    assert sum(bar.volume for bar in bars) == pytest.approx(float(np.sum(elapsed * candles.volume)))
    assert sum(bar.taker_buy for bar in bars) <= sum(bar.volume for bar in bars)
    assert [bar.time_s for bar in bars] == sorted({now_s - now_s % interval_s, *(bar.time_s for bar in bars)})
    assert [bar.finished for bar in bars] == [bar.end_s <= now_s for bar in bars]
    assert all(bar.low <= min(bar.open, bar.close) and bar.high >= max(bar.open, bar.close) for bar in bars)


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
