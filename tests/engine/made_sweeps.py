"""Wallets drawn from a seed at the replayed Hyperliquid, swept with the real client, and what they truly hold."""

import asyncio

import numpy as np

from engine.sources.live.positions.sweeper import PositionsEndpoint, PositionSweeper
from engine.sources.live.positions.wallets import Wallet, WalletBook
from tests.replay_exchange import ReplayExchange
from tests.replay_exchange.client import FINISHED, MARKET, NOW_S, SOURCE
from tests.replay_exchange.hyperliquid import LEADERBOARD_PATH
from tests.replay_exchange.wallets import made_wallets

VENUE = "hyperliquid"
LIMIT = 1_200
WINDOW_S = 1.0
"""The venue's minute, so that thousands of wallets take seconds."""
INTEREST = float(SOURCE.open_interest[FINISHED])


def holding(seed, count, **kinds):
    return made_wallets(seed, count, price=MARKET.price(NOW_S), open_interest=INTEREST, **kinds)


def sweep(
    wallets,
    book=None,
    symbols=("BTC",),
    *,
    coins=("BTC",),
    use=None,
    endpoint=None,
    latency_s=0.0,
    limit=LIMIT,
    venue_limit=None,
    window_s=WINDOW_S,
    **options,
):
    """Sweep once (or let `use` do it) and return what it says, and the exchange."""

    async def talk():
        markets = {VENUE: dict.fromkeys(coins, MARKET)}
        pool = (VENUE, "weight")
        async with ReplayExchange(
            markets, now_s=NOW_S, latency_s=latency_s, limits={pool: venue_limit or limit}, periods_s={pool: window_s}
        ) as exchange:
            exchange.venue(VENUE).wallets = dict(wallets)
            base_url = exchange.base_url(VENUE)
            asked = {"leaderboard_url": None, **(endpoint or {})}
            if asked["leaderboard_url"] is not None:
                asked["leaderboard_url"] = base_url + LEADERBOARD_PATH
            sweeper = PositionSweeper(
                PositionsEndpoint(base_url=base_url, weight_limit=limit, rate_window_s=window_s, **asked),
                WalletBook(map_of(wallets)) if book is None else book,
                clock=lambda: float(exchange.now_s),
                **options,
            )
            try:
                if use is not None:
                    return await use(sweeper, exchange), exchange
                return await sweeper.sweep(symbols), exchange
            finally:
                await sweeper.close()

    return asyncio.run(talk())


def map_of(wallets):
    return [Wallet(address=address) for address in wallets]


def answering(wallets):
    return [wallet for wallet in wallets.values() if not wallet.malformed]


def rows_of(positions):
    """One sortable row a position, whatever the order: -1 stands for no liquidation price in this list alone."""
    columns = (
        positions.side,
        positions.size,
        positions.entry,
        positions.leverage,
        np.nan_to_num(positions.liquidation_price, nan=-1.0),
        positions.is_isolated,
    )
    return sorted(zip(*(column.tolist() for column in columns), strict=True))


def truth_of(wallets, coin="BTC"):
    return sorted(
        (
            position.side,
            position.size,
            position.entry,
            float(position.leverage),
            -1.0 if position.liquidation_price is None else position.liquidation_price,
            position.is_isolated,
        )
        for wallet in answering(wallets)
        for position in wallet.positions
        if position.coin == coin
    )


def accounts_asked(exchange):
    return [request for request in exchange.requests if request.query.get("type") == "clearinghouseState"]
