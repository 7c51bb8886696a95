"""The stream of trades at Hyperliquid: whose wallets are heard."""

import asyncio
import time
from dataclasses import replace

from engine.sources.live.streams import TradeStream
from tests.engine.made_streams import AT_MS, HASTY, MARKETS, WITHIN_S, Ear
from tests.engine.markets import START_S
from tests.replay_exchange import ReplayExchange, Trade

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
