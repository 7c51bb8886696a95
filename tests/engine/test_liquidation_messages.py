"""Raw messages of the venues -> liquidations: whose, which side, how much, and what is left out."""

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import DataMalformedError
from engine.sources.live.liquidations import parse_liquidations
from engine.sources.live.parts import Listing
from engine.sources.live.told import Garbled, Heard
from engine.sources.live.venues import VENUES
from tests.engine.made_streams import AT_MS, LONG, SHORT, every_venue, heard, listening, listing
from tests.replay_exchange import Liquidation


def test_the_words_of_each_venue_as_their_documentation_prints_them():
    """By hand, from the venues' own examples: no part of the replay speaks here."""
    binance = (
        '{"e":"forceOrder","E":1568014460893,"o":{"s":"BTCUSDT","S":"SELL","o":"LIMIT","f":"IOC","q":"0.014",'
        '"p":"9910","ap":"9905.5","X":"PARTIALLY_FILLED","l":"0.002","z":"0.012","T":1568014460890}}'
    )
    bybit = (
        '{"topic":"allLiquidation.BTCUSDT","type":"snapshot","ts":1739502303204,"data":'
        '[{"T":1739502302929,"s":"BTCUSDT","S":"Sell","v":"20000","p":"0.04499"}]}'
    )
    okx = (
        '{"arg":{"channel":"liquidation-orders","instType":"SWAP"},"data":[{"details":[{"bkLoss":"0","bkPx":"0.007831",'
        '"ccy":"","posSide":"short","side":"buy","sz":"13","ts":"1692266434010"}],"instFamily":"BTC-USDT",'
        '"instId":"BTC-USDT-SWAP","instType":"SWAP","uly":"BTC-USDT"}]}'
    )
    expected = {
        "binanceusdm": (binance, 1568014460890, LONG, 9905.5, 0.012),
        "bybit": (bybit, 1739502302929, SHORT, 0.04499, 20_000.0),
        "okx": (okx, 1692266434010, SHORT, 0.007831, 0.13),
    }

    async def script(venue, words, at_ms, side, price, size):
        async with listening(venue) as (exchange, ear):
            await exchange.say(venue, words)
            (told,) = await ear.until(Heard)
        assert (told.at_ms, told.side, told.price) == (at_ms, side, price)
        assert told.size == pytest.approx(size)

    for venue, facts in expected.items():
        asyncio.run(script(venue, *facts))


def test_an_order_of_binance_that_has_not_traded_counts_as_ordered():
    async def script():
        async with listening("binanceusdm") as (exchange, ear):
            order = {"s": "BTCUSDT", "S": "BUY", "q": "0.5", "p": "101", "ap": "0", "X": "NEW", "l": "0", "z": "0"}
            await exchange.say("binanceusdm", json.dumps({"e": "forceOrder", "E": AT_MS, "o": {**order, "T": AT_MS}}))
            (told,) = await ear.until(Heard)
        assert (told.side, told.price, told.size) == (SHORT, 101.0, 0.5)

    asyncio.run(script())


def test_sizes_of_okx_are_contracts_of_that_listing():
    async def script():
        listings = {"BTC": Listing(base="BTC", market_id="BTC-USDT-SWAP", contract_size=0.002)}
        async with listening("okx", listings=listings) as (exchange, ear):
            await exchange.liquidate("okx", "BTC", LONG, 100.0, 3.0, AT_MS)  # 300 of the replay's contracts of .01
            (told,) = await ear.until(Heard)
        assert told.size == pytest.approx(300 * 0.002)

    asyncio.run(script())


@every_venue
def test_other_markets_are_passed_over_and_several_of_ours_told_apart(venue):
    happened = [
        Liquidation("BTC", LONG, 100.0, 1.0, AT_MS),
        Liquidation("DOGE", LONG, 0.1, 9_000.0, AT_MS + 1),
        Liquidation("1000PEPE", SHORT, 0.012, 500.0, AT_MS + 2),
        Liquidation("ETH", SHORT, 10.0, 2.0, AT_MS + 3),
    ]

    async def script():
        async with listening(venue, symbols=("BTC", "ETH", "1000PEPE")) as (exchange, ear):
            await exchange.liquidate_all(venue, happened)
            assert await ear.until(Heard, 3) == [heard(row, venue) for row in happened if row.base != "DOGE"]
            assert not ear.of(Garbled)

    asyncio.run(script())


def test_the_symbol_is_ours_whatever_the_venue_calls_the_market():
    async def script():
        listings = {"PEPE by the thousand": Listing(base="1000PEPE", market_id="1000PEPEUSDT")}
        async with listening("bybit", listings=listings) as (exchange, ear):
            await exchange.liquidate("bybit", "1000PEPE", LONG, 0.01, 5.0, AT_MS)
            assert [told.symbol for told in await ear.until(Heard)] == ["PEPE by the thousand"]

    asyncio.run(script())


@pytest.mark.parametrize("venue", ["bybit", "okx"])
def test_of_several_liquidations_in_one_message_none_is_lost(venue):
    happened = [
        Liquidation("BTC", LONG if i % 3 else SHORT, 100.0 - i, 0.1 * (i + 1), AT_MS + 2 * i) for i in range(40)
    ]

    async def script():
        async with listening(venue) as (exchange, ear):
            await exchange.liquidate_all(venue, happened)
            assert await ear.until(Heard, 40) == [heard(row, venue) for row in happened]

    asyncio.run(script())


def test_one_malformed_liquidation_does_not_cost_the_others_of_its_message():
    rows = [{"T": AT_MS, "s": "BTCUSDT", "S": side, "v": size, "p": "100"} for side, size in
            (("Buy", "1"), ("Buy", "0"), ("Sell", "nan"), ("Sell", "2"))]  # fmt: skip

    async def script():
        async with listening("bybit") as (exchange, ear):
            words = {"topic": "allLiquidation.BTCUSDT", "type": "snapshot", "ts": AT_MS, "data": rows}
            await exchange.say("bybit", json.dumps(words))
            assert [(told.side, told.size) for told in await ear.until(Heard, 2)] == [(LONG, 1.0), (SHORT, 2.0)]
            assert len(ear.of(Garbled)) == 2

    asyncio.run(script())


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8) | st.sampled_from(["BTCUSDT", "Buy"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("esSTvpozq"), inner, max_size=8),
    max_leaves=20,
)


@every_venue
@given(row=JSON, wrapped=st.booleans())
def test_whatever_a_message_holds_is_a_liquidation_or_an_error_that_says_why(venue, row, wrapped):
    feed = VENUES[venue].liquidations
    rows = [
        row,
        {feed.market_id: listing(venue, "BTC").market_id, "details": [row], **(row if isinstance(row, dict) else {})},
    ]
    message = {feed.path[0]: rows} if wrapped else row
    for item in parse_liquidations(message, feed, {"BTC": listing(venue, "BTC")}, venue):
        if isinstance(item, Heard):
            assert item.side in (LONG, SHORT)
            assert item.price > 0
            assert item.size > 0
            assert len(str(item.at_ms)) == 13
        else:
            assert venue in str(item)


@pytest.mark.parametrize("moment", [AT_MS // 1_000, 1_000 * AT_MS, 10**400, "soon"], ids=["s", "us", "huge", "words"])
def test_a_liquidation_at_no_moment_in_milliseconds_is_left_out(moment):
    row = {"T": moment, "s": "BTCUSDT", "S": "Buy", "v": "1", "p": "100"}
    listings = {"BTC": listing("bybit", "BTC")}
    (item,) = parse_liquidations({"data": [row]}, VENUES["bybit"].liquidations, listings, "bybit")
    assert isinstance(item, DataMalformedError)
    (item,) = parse_liquidations({"data": [{**row, "T": AT_MS}]}, VENUES["bybit"].liquidations, listings, "bybit")
    assert isinstance(item, Heard)
