"""Sweeping wallets at the replayed Hyperliquid with the real client: the limit, the sums, and whose coin it is."""

import asyncio
import math
import selectors
from collections import deque
from dataclasses import replace

import numpy as np
import pytest

from engine.analysis import analyse
from engine.history.observed import keep_sweep
from engine.history.store import HistoryStore
from engine.sources.live.positions.sweeper import PositionsEndpoint, PositionSweeper, weight_of
from engine.sources.live.positions.wallets import WalletBook
from engine.sources.recorded import RecordedSource
from tests.engine.made_recordings import END_S, perp_rows, record
from tests.engine.made_sweeps import (
    INTEREST,
    LIMIT,
    VENUE,
    WINDOW_S,
    accounts_asked,
    holding,
    map_of,
    rows_of,
    sweep,
    truth_of,
)
from tests.replay_exchange import ReplayMarket
from tests.replay_exchange.client import MARKET, NOW_S
from tests.replay_exchange.wallets import MadePosition, MadeWallet, made_address, made_wallets


def heaviest_window(exchange, window_s):
    """The most weight that arrived within any window, counted from the requests themselves."""
    inside, weight, heaviest = deque(), 0, 0
    for request in exchange.requests:
        inside.append((request.at, weight_of(request.query)))
        weight += inside[-1][1]
        while inside[0][0] <= request.at - window_s:
            weight -= inside.popleft()[1]
        heaviest = max(heaviest, weight)
    return heaviest


# --- within the limit, and all of it ---------------------------------------------------------------------------------


def test_five_thousand_wallets_are_swept_within_the_limit():
    wallets = holding(1, 5_000)
    found, exchange = sweep(wallets)
    assert exchange.meter(VENUE, "weight").refused == 0
    assert heaviest_window(exchange, WINDOW_S) <= LIMIT
    asked = accounts_asked(exchange)
    assert len({request.query["user"] for request in asked}) == len(asked) == 5_000
    assert (found.answered, found.empty, found.malformed) == (4_950, 1_000, 50)
    assert (found.failed, found.waiting) == (0, 0)
    assert rows_of(found.positions["BTC"]) == truth_of(wallets)


def test_a_sweep_is_nearly_as_fast_as_the_limit_allows():
    limit, window_s = 400, 2.0  # so few in so long that it is the limit that limits, on a busy machine too
    _, exchange = sweep(holding(15, 500), limit=limit, window_s=window_s)
    asked = accounts_asked(exchange)
    assert exchange.meter(VENUE, "weight").refused == 0
    assert asked[-1].at - asked[0].at <= 2 * len(asked) / (0.8 * limit) * window_s


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock jumps to the next moment at which anything happens."""

    def __init__(self):
        self._now_s = 0.0
        loop = self

        class Jumping(selectors.DefaultSelector):
            def select(self, timeout=None):
                loop._now_s += timeout or 0.0
                return super().select(0)

        super().__init__(Jumping())

    def time(self):
        return self._now_s


class Patient:
    """A wire that passes a gate, answers after a while, and notes when each wallet's question arrived."""

    def __init__(self, gate, wallets):
        self.gate, self.wallets, self.arrived = gate, wallets, []

    async def close(self): ...

    async def ask(self, method, parameters):
        async with self.gate.passing(parameters):
            await asyncio.sleep(0.2)
            if parameters["type"] == "metaAndAssetCtxs":
                return [{"universe": [{"name": "BTC"}]}, [{"openInterest": "10"}]]
            if parameters["type"] == "recentTrades":
                return []
            self.arrived.append(asyncio.get_running_loop().time())
            await asyncio.sleep(0.2)
            return self.wallets[parameters["user"]].state({"BTC": 100.0}, 1_000 * NOW_S)


def test_at_the_venues_real_pace_a_sweep_takes_ten_minutes_and_never_more_than_600_wallets_a_minute():
    wallets = holding(16, 5_000)
    endpoint = PositionsEndpoint(leaderboard_url=None)
    wire = Patient(endpoint.gate(), wallets)
    sweeper = PositionSweeper(endpoint, WalletBook(map_of(wallets)), clock=lambda: float(NOW_S), wire=wire)
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        found = runner.run(sweeper.sweep(("BTC",)))
    assert (found.answered, found.waiting) == (4_950, 0)
    arrived = np.array(wire.arrived)
    in_a_minute = np.arange(len(arrived)) - np.searchsorted(arrived, arrived - 60.0, "right") + 1
    assert 480 < in_a_minute.max() <= 600
    assert 8 * 60 < arrived[-1] < 10 * 60 + 25


def test_every_position_arrives_as_it_is_held():
    wallets = holding(2, 300)
    found, _ = sweep(wallets)
    positions = found.positions["BTC"]
    assert rows_of(positions) == truth_of(wallets)
    assert positions.open_interest == INTEREST
    assert positions.wallets == found.answered == 297
    assert math.isclose(positions.coverage(+1), 0.4)
    assert math.isclose(positions.coverage(-1), 0.3)
    assert np.isnan(positions.liquidation_price).any()
    assert positions.is_isolated.any()
    assert not positions.is_isolated.all()


# --- whose coin ------------------------------------------------------------------------------------------------------


def test_a_coin_counted_by_the_thousand_is_told_as_it_is_asked_for():
    position = MadePosition("kPEPE", 1, 500.0, 0.02, 5, 0.016, is_isolated=True)
    wallets = {address: MadeWallet(address, (position,)) for address in [made_address(1)]}
    found, _ = sweep(wallets, symbols=("1000PEPE", "PEPE", "DOGE"), coins=("kPEPE",))
    by_the_thousand, singly = found.positions["1000PEPE"], found.positions["PEPE"]
    assert rows_of(by_the_thousand) == [(1, 500.0, 0.02, 5.0, 0.016, True)]
    np.testing.assert_allclose(rows_of(singly), [(1, 500_000.0, 0.00002, 5.0, 0.000016, 1.0)], rtol=1e-12)
    assert math.isclose(singly.open_interest, 1_000 * INTEREST)
    assert found.unlisted == ("DOGE",)


def test_a_coin_that_is_no_longer_traded_is_not_listed():
    async def use(sweeper, exchange):
        exchange.venue(VENUE).markets["BTC"] = replace(MARKET, listed=False)
        return await sweeper.sweep(("BTC",))

    found, _ = sweep({}, use=use)
    assert found.unlisted == ("BTC",)
    assert not found.positions


def test_the_clock_is_vouched_for_by_the_venues_own():
    wallets = holding(9, 10)
    assert sweep(wallets)[0].is_venue_time

    async def hours_later(sweeper, exchange):
        sweeper._clock = lambda: NOW_S + 3_600.0
        return await sweeper.sweep(("BTC",))

    assert not sweep(wallets, use=hours_later)[0].is_venue_time


# --- from a venue's reply to an answer -------------------------------------------------------------------------------


def test_what_was_swept_is_told_by_an_answer_of_that_moment(tmp_path):
    record(tmp_path, "binanceusdm", perp_rows())
    source = RecordedSource(tmp_path)
    replayed = ReplayMarket.of(source.market("BTC").lead)
    now_s = END_S - 60

    async def use(sweeper, exchange):
        exchange.now_s = now_s
        exchange.venue(VENUE).markets["BTC"] = replayed
        return await sweeper.sweep(("BTC",))

    wallets = made_wallets(
        18, 200, price=replayed.price(now_s), open_interest=replayed.open_interest_now(now_s), long_share=0.4
    )
    found, _ = sweep(wallets, use=use)
    assert analyse(source.market("BTC")).observed is None
    with HistoryStore(tmp_path) as store:
        keep_sweep(store, "BTC", found.positions["BTC"], clock="venue" if found.is_venue_time else "machine")
    told = analyse(source.market("BTC")).observed
    assert (told.venue, told.wallets, told.age_s) == (VENUE, 198, 60)
    assert (told.long_share, told.short_share) == (pytest.approx(0.4), pytest.approx(0.3))
    assert analyse(source.market("BTC", now_s - 1)).observed is None
