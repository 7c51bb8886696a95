"""The replay exchange answers the real client with the numbers of its market, and with nothing from after now."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.sources.recorded import RecordedSource
from engine.windows import DAY_S, HOUR_S
from tests.engine.markets import BAR_S, START_S, TERMS
from tests.replay_exchange import ReplayMarket
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
