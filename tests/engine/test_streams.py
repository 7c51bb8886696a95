"""The public streams of liquidations: the real client over WebSocket to replayed venues, from start to end."""

import asyncio
import time
from dataclasses import replace

import pytest

from engine.errors import DataUnavailableError
from engine.sources.live.source import Endpoint
from engine.sources.live.streams import LiquidationStream
from engine.sources.live.told import Alive, Connected, Heard, Lost
from engine.sources.live.venues import VENUES
from tests.engine.made_streams import (
    AT_MS,
    HASTY,
    LONG,
    MARKETS,
    SHORT,
    Ear,
    every_venue,
    heard,
    listening,
    listing,
    seconds_apart,
)
from tests.engine.markets import START_S
from tests.replay_exchange import Liquidation, ReplayExchange

# --- what is told ----------------------------------------------------------------------------------------------------


@every_venue
@pytest.mark.parametrize("at_ms", [AT_MS, AT_MS + 1], ids=["net", "hedged"])
def test_a_liquidated_long_is_plus_one_and_a_short_minus_one(venue, at_ms):
    async def script():
        async with listening(venue) as (exchange, ear):
            await exchange.liquidate(venue, "BTC", LONG, 99.5, 0.25, at_ms)
            await exchange.liquidate(venue, "BTC", SHORT, 101.25, 3.0, at_ms + 1_000)
            told = await ear.until(Heard, 2)
        assert [(item.symbol, item.at_ms, item.side, item.price) for item in told] == [
            ("BTC", at_ms, 1, 99.5),
            ("BTC", at_ms + 1_000, -1, 101.25),
        ]
        assert [item.size for item in told] == pytest.approx([0.25, 3.0])

    asyncio.run(script())


@every_venue
def test_a_burst_of_five_hundred_messages_arrives_whole_and_in_order(venue):
    happened = seconds_apart(500)

    async def script():
        async with listening(venue) as (exchange, ear):
            for row in happened:
                await exchange.liquidate_all(venue, [row])
            assert await ear.until(Heard, 500) == [heard(row, venue) for row in happened]

    asyncio.run(script())


def test_a_listener_that_is_slow_to_ask_misses_nothing():
    async def script():
        async with ReplayExchange({"bybit": MARKETS}, now_s=START_S) as exchange:
            endpoint = Endpoint(venue=VENUES["bybit"], ws_url=exchange.ws_url("bybit"))
            stream = LiquidationStream(endpoint, clock=time.time, rhythm=HASTY)
            told = stream.listen({"BTC": listing("bybit", "BTC")})
            while not isinstance(await anext(told), Connected):
                pass
            for row in seconds_apart(50):
                await exchange.liquidate_all("bybit", [row])
                await asyncio.sleep(0)
            await asyncio.sleep(0.2)
            seen = []
            while len(seen) < 50:
                item = await anext(told)
                seen += [item] if isinstance(item, Heard) else []
            await told.aclose()
            await stream.close()
        assert seen == [heard(row, "bybit") for row in seconds_apart(50)]

    asyncio.run(script())


def test_binance_tells_the_largest_of_each_second_only():
    """The replay does as the venue documents, so that sums of it are known to be too low."""
    happened = [Liquidation("BTC", LONG, 100.0, size, AT_MS + at) for size, at in ((1.0, 0), (3.0, 400), (2.0, 999))]

    async def script():
        async with listening("binanceusdm") as (exchange, ear):
            await exchange.liquidate_all("binanceusdm", [*happened, Liquidation("BTC", LONG, 99.0, 0.5, AT_MS + 1_000)])
            assert [told.size for told in await ear.until(Heard, 2)] == [3.0, 0.5]

    asyncio.run(script())


# --- how it is listened to -------------------------------------------------------------------------------------------


@every_venue
def test_listening_asks_no_market_list_and_subscribes_in_the_venue_s_words(venue):
    async def script():
        async with listening(venue, symbols=("BTC", "ETH")) as (exchange, _):
            assert exchange.count() == 0
            (connection,) = exchange.boards[venue].connections
            return connection.topics

    assert (
        asyncio.run(script())
        == {
            "binanceusdm": {"!forceOrder@arr"},
            "bybit": {"allLiquidation.BTCUSDT", "allLiquidation.ETHUSDT"},
            "okx": {"liquidation-orders"},
        }[venue]
    )


@every_venue
def test_pings_go_both_ways_and_prove_that_the_line_is_alive(venue):
    async def script():
        async with listening(venue, rhythm=replace(HASTY, ping_every_s=0.2)) as (exchange, ear):
            connected = ear.of(Connected)[0]
            alive = await ear.until(Alive, 6)
            assert not ear.of(Lost)
            assert exchange.boards[venue].connections[0].pongs == 1
        moments = [item.at_s for item in alive]
        assert moments == sorted(moments)
        assert moments[0] >= connected.at_s
        assert moments[-1] - moments[0] > 0.3  # several pings, not one message after the other

    asyncio.run(script())


def test_alive_follows_what_came_before_it():
    async def script():
        async with listening("okx") as (exchange, ear):
            count = len(ear.heard)
            await exchange.liquidate("okx", "BTC", LONG, 100.0, 1.0, AT_MS)
            await ear.until(Heard)
            await ear.until(Alive, 2)
            return [type(item) for item in ear.heard[count:]]

    kinds = asyncio.run(script())
    assert kinds[kinds.index(Heard) + 1] is Alive


@every_venue
def test_a_stream_goes_to_another_address_with_its_path_kept(venue):
    async def script():
        async with ReplayExchange({venue: MARKETS}, now_s=START_S) as exchange:
            elsewhere = exchange.ws_url(venue) + "/"  # a slash at the end changes nothing
            async with listening(venue, url=elsewhere) as (other, ear):
                await exchange.liquidate(venue, "BTC", LONG, 100.0, 1.0, AT_MS)
                await ear.until(Heard)
                assert (exchange.boards[venue].opened, other.boards[venue].opened) == (1, 0)

    asyncio.run(script())


def test_a_venue_without_such_a_stream_is_refused_with_what_to_do():
    silent = Endpoint(venue=replace(VENUES["okx"], liquidations=None))
    with pytest.raises(DataUnavailableError, match="OKX tells no liquidations"):
        LiquidationStream(silent, clock=time.time, rhythm=HASTY)


def test_a_stream_of_no_market_is_refused_with_what_to_do():
    async def script():
        stream = LiquidationStream(Endpoint(venue=VENUES["bybit"]), clock=time.time)
        with pytest.raises(DataUnavailableError, match="Name at least one symbol"):
            await anext(stream.listen({}))
        await stream.close()

    asyncio.run(script())


# --- the end ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["connected", "silent", "refused"])
@every_venue
def test_closing_leaves_nothing_behind(venue, state):
    async def script():
        async with ReplayExchange({venue: MARKETS}, now_s=START_S) as exchange:
            before = asyncio.all_tasks()
            endpoint = Endpoint(venue=VENUES[venue], ws_url=exchange.ws_url(venue))
            stream = LiquidationStream(endpoint, clock=time.time, rhythm=replace(HASTY, ping_every_s=0.2))
            ear = Ear(stream.listen({"BTC": listing(venue, "BTC")}))
            await ear.until(Connected)
            if state == "silent":
                exchange.boards[venue].silent = True
            if state == "refused":
                await exchange.stop(venue)
                await ear.until(Lost, 2)
            began = time.monotonic()
            await stream.close()
            assert time.monotonic() - began < 2
            await ear.end()
            await asyncio.sleep(0.1)  # the server's side of the connection ends, too
            exchange.boards[venue].silent = False
            left = asyncio.all_tasks() - before
            return [task for task in left if "replay" not in str(task.get_coro()) and "RequestHandler" not in str(task)]

    assert asyncio.run(script()) == []


def test_whoever_stops_asking_lets_go_and_may_listen_again_to_other_markets():
    async def script():
        async with ReplayExchange({"bybit": MARKETS}, now_s=START_S) as exchange:
            endpoint = Endpoint(venue=VENUES["bybit"], ws_url=exchange.ws_url("bybit"))
            stream = LiquidationStream(endpoint, clock=time.time, rhythm=HASTY)
            for symbol in ("BTC", "ETH"):
                told = stream.listen({symbol: listing("bybit", symbol)})
                while not isinstance(await anext(told), Connected):
                    pass
                assert [item.topics for item in exchange.boards["bybit"].connections] == [
                    {f"allLiquidation.{symbol}USDT"}
                ]
                await told.aclose()
                await asyncio.sleep(0.05)
            await stream.close()

    asyncio.run(script())
