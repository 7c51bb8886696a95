"""The public streams: the real client over WebSocket to replayed venues, and every way in which a stream can break."""

import asyncio
import json
import time
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import DataMalformedError, DataUnavailableError
from engine.sources.live.liquidations import parse_liquidations
from engine.sources.live.parts import Listing
from engine.sources.live.source import Endpoint
from engine.sources.live.streams import LiquidationStream, TradeStream
from engine.sources.live.told import Alive, Connected, Garbled, Heard, Lost, Refused
from engine.sources.live.venues import VENUES
from engine.sources.live.websocket import Rhythm
from tests.engine.markets import START_S, random_closes, venue_from
from tests.replay_exchange import Liquidation, ReplayExchange, ReplayMarket, Trade

pytest.importorskip("ccxt.pro", reason="the extra for live markets is not installed")

LIQUIDATION_VENUES = ("binanceusdm", "bybit", "okx")
every_venue = pytest.mark.parametrize("venue", LIQUIDATION_VENUES)

LONG, SHORT = 1, -1
AT_MS = 1_000 * START_S
MARKET = ReplayMarket.of(venue_from(random_closes(1, 300), seed=1))
MARKETS = {"BTC": MARKET, "ETH": MARKET, "1000PEPE": MARKET, "DOGE": MARKET}
WITHIN_S = 10.0
HASTY = Rhythm(first_wait_s=0.05, jitter_s=0.0)


def listing(venue: str, base: str) -> Listing:
    if venue == "okx":
        return Listing(base=base, market_id=f"{base}-USDT-SWAP", contract_size=0.01)
    return Listing(base=base, market_id=f"{base}USDT")


class Ear:
    """Takes what a stream tells, one by one, on the side."""

    def __init__(self, told) -> None:
        self.heard: list = []
        self._news = asyncio.Condition()
        self._task = asyncio.create_task(self._listen(told))

    async def _listen(self, told) -> None:
        async for item in told:
            async with self._news:
                self.heard.append(item)
                self._news.notify_all()

    def of(self, kind) -> list:
        return [item for item in self.heard if isinstance(item, kind)]

    async def until(self, kind, count: int = 1) -> list:
        """Wait until so many of a kind were told, and return all of the kind."""
        async with asyncio.timeout(WITHIN_S), self._news:
            await self._news.wait_for(lambda: len(self.of(kind)) >= count or self._task.done())
        if self._task.done():
            self._task.result()
        return self.of(kind)

    async def end(self) -> None:
        await asyncio.wait_for(self._task, WITHIN_S)


@asynccontextmanager
async def unconnected(venue, *, symbols=("BTC",), rhythm=HASTY, url=None, listings=None):
    """The exchange, and an ear at its stream, which is not connected before something is waited for."""
    async with ReplayExchange({venue: MARKETS}, now_s=START_S) as exchange:
        endpoint = Endpoint(venue=VENUES[venue], ws_url=url or exchange.ws_url(venue))
        stream = LiquidationStream(endpoint, clock=time.time, rhythm=rhythm)
        ear = Ear(stream.listen(listings or {symbol: listing(venue, symbol) for symbol in symbols}))
        try:
            yield exchange, ear
        finally:
            await stream.close()
            await ear.end()


@asynccontextmanager
async def listening(venue, **options):
    """The exchange, and an ear at its stream that has been connected."""
    async with unconnected(venue, **options) as (exchange, ear):
        await ear.until(Connected)
        yield exchange, ear


def heard(row: Liquidation, venue: str) -> Heard:
    return Heard(
        venue=venue, symbol=row.base, at_ms=row.at_ms, side=row.side, price=row.price, size=pytest.approx(row.size)
    )


def seconds_apart(count: int, base: str = "BTC") -> list[Liquidation]:
    """Longs and shorts in turn, one a second: Binance tells no more."""
    return [
        Liquidation(base, LONG if i % 2 else SHORT, 100.0 + i, 0.01 * (1 + i % 7), AT_MS + 1_000 * i)
        for i in range(count)
    ]


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


# --- what breaks -----------------------------------------------------------------------------------------------------


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


def test_a_stream_of_no_market_is_refused_with_what_to_do():
    async def script():
        stream = LiquidationStream(Endpoint(venue=VENUES["bybit"]), clock=time.time)
        with pytest.raises(DataUnavailableError, match="Name at least one symbol"):
            await anext(stream.listen({}))
        await stream.close()

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


# --- trades at Hyperliquid -------------------------------------------------------------------------------------------

WALLETS = [f"0x{number:040x}" for number in range(6)]


def test_wallets_of_trades_are_heard_each_once_a_message_and_through_a_drop():
    def trade(coin, buyer, seller, at):
        return Trade(coin, 100.0, 1.0, AT_MS + at, WALLETS[buyer], WALLETS[seller])

    async def script():
        async with ReplayExchange({"hyperliquid": MARKETS}, now_s=START_S) as exchange:
            board = exchange.boards["hyperliquid"]
            stream = TradeStream(
                ws_url=exchange.ws_url("hyperliquid"), clock=time.time, rhythm=replace(HASTY, ping_every_s=0.2)
            )
            ear = Ear(stream.listen(("BTC", "ETH")))
            await subscribed(board, {"BTC", "ETH"})
            await exchange.trade("hyperliquid", [trade("BTC", 0, 1, 0), trade("BTC", 0, 2, 1), trade("ETH", 3, 4, 2)])
            await exchange.trade("hyperliquid", [trade("DOGE", 5, 5, 3)])
            assert await ear.until(tuple, 2) == [tuple(WALLETS[:3]), tuple(WALLETS[3:5])]
            await exchange.say("hyperliquid", '{"channel":"trades","data":[{"coin":"BTC","px":"1"}]}')
            await board.drop()
            await subscribed(board, {"BTC", "ETH"}, opened=2)
            await exchange.trade("hyperliquid", [trade("BTC", 5, 1, 4)])
            assert (await ear.until(tuple, 3))[2:] == [(WALLETS[5], WALLETS[1])]
            assert exchange.count() == 0
            await stream.close()
            await ear.end()

    asyncio.run(script())


async def subscribed(board, topics: set[str], opened: int = 1) -> None:
    async with asyncio.timeout(WITHIN_S), board.news:
        await board.news.wait_for(
            lambda: board.opened >= opened and any(item.topics == topics for item in board.connections)
        )
