"""Every way in which a stream can break: it is told, and the stream goes on."""

import asyncio
import time
from dataclasses import replace
from itertools import pairwise

import pytest

from engine.sources.live.told import Alive, Connected, Garbled, Heard, Lost, Refused
from tests.engine.made_streams import AT_MS, HASTY, LONG, SHORT, every_venue, listening, unconnected


@every_venue
@pytest.mark.parametrize("how", ["drop", "say_goodbye"])
def test_a_broken_connection_is_told_and_made_again(venue, how):
    async def script():
        async with listening(venue) as (exchange, ear):
            await exchange.liquidate(venue, "BTC", LONG, 100.0, 1.0, AT_MS)
            await ear.until(Heard)
            await getattr(exchange.boards[venue], how)()
            (lost,) = await ear.until(Lost)
            first, second = await ear.until(Connected, 2)
            await exchange.liquidate(venue, "BTC", SHORT, 101.0, 2.0, AT_MS + 5_000)
            told = await ear.until(Heard, 2)
        assert first.at_s <= lost.heard_to_s <= lost.at_s <= second.at_s
        assert lost.cause == "closed the connection"
        assert not lost.refused
        assert [item.side for item in told] == [LONG, SHORT]
        order = [type(item) for item in ear.heard if not isinstance(item, Alive | Heard)]
        assert order == [Connected, Lost, Connected]

    asyncio.run(script())


@every_venue
def test_a_line_that_went_dead_is_noticed_though_nothing_closes_it(venue):
    async def script():
        async with listening(venue, rhythm=replace(HASTY, ping_every_s=0.3)) as (exchange, ear):
            await ear.until(Alive, 3)
            exchange.boards[venue].silent = True
            dead_s = time.time()
            (lost,) = await ear.until(Lost)
            exchange.boards[venue].silent = False
            await ear.until(Connected, 2)
        assert lost.heard_to_s <= dead_s + 0.05
        assert lost.at_s - dead_s < 3
        assert "did not answer in time" in lost.cause

    asyncio.run(script())


@every_venue
def test_a_venue_that_refuses_connections_is_tried_again_until_it_is_back(venue):
    async def script():
        hurried = replace(HASTY, confirmed_within_s=0.5)  # waits of the library's own would reach beyond
        async with listening(venue, rhythm=hurried) as (exchange, ear):
            await exchange.stop(venue)
            lost = (await ear.until(Lost, 6))[:6]
            assert [item.heard_to_s is None for item in lost] == [False, *[True] * 5]
            assert [item.cause.split()[0] for item in lost] == ["closed", *["cannot"] * 5]
            waits = [later.at_s - earlier.at_s for earlier, later in pairwise(lost)]
            assert all(wait_s >= 0.05 * 2**number for number, wait_s in enumerate(waits))
            await exchange.start(venue)
            await ear.until(Connected, 2)
            await exchange.liquidate(venue, "BTC", LONG, 100.0, 1.0, AT_MS)
            await ear.until(Heard)

    asyncio.run(script())


GARBLED = {
    "binanceusdm": '{"e":"forceOrder","E":1,"o":{"s":"BTCUSDT","S":"SELL","p":"x","ap":"","q":"1","z":"1","T":1}}',
    "bybit": '{"topic":"allLiquidation.BTCUSDT","type":"snapshot","ts":1,"data":[{"s":"BTCUSDT","S":"Both","T":1}]}',
    "okx": '{"arg":{"channel":"liquidation-orders","instType":"SWAP"},"data":[{"instId":"BTC-USDT-SWAP"}]}',
}


@every_venue
@pytest.mark.parametrize("kind", ["no JSON", "no such fields"])
def test_a_malformed_message_is_told_and_ends_nothing(venue, kind):
    words = '{"topic":"allLiquidation.BTCUSDT","data":[{"T":1' if kind == "no JSON" else GARBLED[venue]

    async def script():
        async with listening(venue) as (exchange, ear):
            await exchange.say(venue, words)
            (garbled,) = await ear.until(Garbled)
            await exchange.liquidate(venue, "BTC", LONG, 100.0, 1.0, AT_MS)
            await ear.until(Heard)
            assert not ear.of(Lost)
            assert garbled.venue == venue
            assert garbled.detail

    asyncio.run(script())


def test_one_refused_market_does_not_cost_the_others():
    async def script():
        async with unconnected("bybit", symbols=("BTC", "GONE", "ETH", "LOST")) as (exchange, ear):
            await ear.until(Connected)
            await exchange.liquidate("bybit", "ETH", LONG, 10.0, 1.0, AT_MS)
            assert [told.symbol for told in await ear.until(Heard)] == ["ETH"]
            assert sorted(told.symbol for told in ear.of(Refused)) == ["GONE", "LOST"]
            assert not ear.of(Lost)
            await exchange.boards["bybit"].drop()
            await ear.until(Connected, 2)
            assert len(ear.of(Refused)) == 4

    asyncio.run(script())


def test_a_refused_subscription_is_told_as_such():
    async def script():
        async with unconnected("bybit", symbols=("LOST", "GONE")) as (exchange, ear):
            lost = await ear.until(Lost, 3)  # it asks anew each time
            assert exchange.boards["bybit"].opened >= 3
        assert all(item.refused and item.heard_to_s is None for item in lost)
        assert not ear.of(Connected)

    asyncio.run(script())


@every_venue
def test_a_venue_that_confirms_nothing_is_lost_and_tried_again(venue):
    async def script():
        async with unconnected(venue, rhythm=replace(HASTY, confirmed_within_s=0.5)) as (exchange, ear):
            exchange.boards[venue].silent = True
            (lost, *_) = await ear.until(Lost)
            exchange.boards[venue].silent = False
            await ear.until(Connected)
        assert "did not confirm the subscription" in lost.cause
        assert (lost.heard_to_s, lost.refused) == (None, False)

    asyncio.run(script())


def test_many_subscriptions_may_take_longer_than_one():
    async def script():
        async with unconnected(
            "bybit", symbols=("BTC", "ETH", "DOGE"), rhythm=replace(HASTY, confirmed_within_s=0.6)
        ) as (
            exchange,
            ear,
        ):
            exchange.boards["bybit"].thinks_s = 0.4
            await ear.until(Connected)
            assert not ear.of(Lost)

    asyncio.run(script())


def test_a_connection_that_was_steady_is_made_again_at_once():
    async def gap_s(steady_s: float) -> float:
        slow = replace(HASTY, first_wait_s=1.5, steady_s=steady_s)
        async with listening("okx", rhythm=slow) as (exchange, ear):
            await asyncio.sleep(0.1)
            await exchange.boards["okx"].drop()
            _, second = await ear.until(Connected, 2)
            return second.at_s - ear.of(Lost)[0].at_s

    assert asyncio.run(gap_s(0.05)) < 0.5
    assert asyncio.run(gap_s(60.0)) >= 1.5


def test_a_venue_that_limits_connections_is_left_alone_for_as_long_as_it_asks():
    async def script():
        async with unconnected("okx") as (exchange, ear):
            exchange.boards["okx"].retry_after_s = 1
            (lost, *_) = await ear.until(Lost)
            exchange.boards["okx"].retry_after_s = None
            (connected,) = await ear.until(Connected)
        assert lost.cause == "limits our connections"
        assert len(ear.of(Lost)) == 1
        assert connected.at_s - lost.at_s >= 1

    asyncio.run(script())
