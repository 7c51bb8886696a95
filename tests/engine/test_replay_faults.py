"""The replay exchange refuses, limits and fails as each venue does, and the real client makes of it what it will."""

import asyncio
import time
from dataclasses import replace

import ccxt.async_support as ccxt
import pytest

from tests.engine.markets import BAR_S, START_S
from tests.replay_exchange import Fault, ReplayExchange, faults
from tests.replay_exchange.client import (
    FINISHED,
    MARKET,
    NOW_S,
    SOURCE,
    VENUES,
    ask,
    candle_rows,
    client_of,
    funding_rows,
    times_of,
)
from tests.replay_exchange.exchange import Meter
from tests.replay_exchange.wallets import made_wallets
from tests.replay_exchange.wire import Pool

every_venue = pytest.mark.parametrize("venue", VENUES)


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


def test_a_reset_connection_is_tried_once_more_without_a_word() -> None:
    async def use(client, exchange):
        exchange.faults.append(Fault("okx", "*", faults.reset, times=1))
        await client.publicGetPublicTime()
        exchange.faults.append(Fault("okx", "*", faults.reset, times=2))
        with pytest.raises(ccxt.NetworkError):
            await client.publicGetPublicTime()
        return exchange.count()

    assert ask("okx", use) == 4


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


def test_hyperliquid_tells_whose_positions_they_are() -> None:
    wallets = made_wallets(3, 40, price=100.0, open_interest=500.0, malformed_share=0.0)

    async def use(client, exchange):
        exchange.venue("hyperliquid").wallets = wallets
        await client.load_markets()
        held = {address: await client.fetch_positions(params={"user": address}) for address in wallets}
        stranger = await client.fetch_positions(params={"user": "0x" + "9" * 40})
        return held, stranger, await client.publicPostInfo({"type": "recentTrades", "coin": "BTC"})

    held, stranger, trades = ask("hyperliquid", use)
    assert stranger == []
    for address, wallet in wallets.items():
        assert [
            (row["side"], row["contracts"], row["entryPrice"], row["liquidationPrice"], row["isolated"])
            for row in held[address]
        ] == [
            (
                "long" if position.side > 0 else "short",
                position.size,
                position.entry,
                position.liquidation_price,
                position.is_isolated,
            )
            for position in wallet.positions
        ]
    sides = [sum(p.size for w in wallets.values() for p in w.positions if p.side == side) for side in (1, -1)]
    assert sides == [pytest.approx(200.0), pytest.approx(150.0)]
    assert len(trades) == 10
    assert all(wallets[user].holds("BTC") for trade in trades for user in trade["users"])


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
