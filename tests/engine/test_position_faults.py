"""Whatever goes wrong while wallets are swept: it costs no other wallet, and every fault is counted."""

import asyncio

import numpy as np
import pytest

from engine.sources.live.faults import VenueError
from engine.sources.live.positions.sweeper import AT_ONCE, PositionsEndpoint, PositionSweeper
from engine.sources.live.positions.wallets import WalletBook
from tests.engine.made_sweeps import VENUE, accounts_asked, answering, holding, map_of, rows_of, sweep, truth_of
from tests.replay_exchange import Fault
from tests.replay_exchange.client import MARKET, NOW_S
from tests.replay_exchange.faults import hang, html, maintenance, reset, status, truncated
from tests.replay_exchange.wallets import MadeWallet
from tests.replay_exchange.wire import Answer, RefusedError

QUESTION = "/info"


class Broken(MadeWallet):
    """A wallet that the venue cannot tell about."""

    def state(self, prices, now_ms):
        raise RefusedError(Answer(b"null", 500))


def test_a_wallet_that_fails_is_counted_not_carried_over_and_asked_again_by_the_next_sweep():
    wallets = holding(3, 40, malformed_share=0.0)
    broken = next(wallet for wallet in wallets.values() if wallet.positions)
    book = WalletBook(map_of(wallets))

    async def use(sweeper, exchange):
        known = exchange.venue(VENUE).wallets
        first = await sweeper.sweep(("BTC",))
        known[broken.address] = Broken(broken.address, broken.positions)
        second = await sweeper.sweep(("BTC",))
        known[broken.address] = broken
        return first, second, await sweeper.sweep(("BTC",))

    (first, second, third), _ = sweep(wallets, book=book, use=use)
    assert (first.failed, second.failed, third.failed) == (0, 1, 0)
    assert (second.answered, second.positions["BTC"].wallets) == (39, 39)
    without = {address: wallet for address, wallet in wallets.items() if address != broken.address}
    assert rows_of(second.positions["BTC"]) == truth_of(without)
    assert rows_of(third.positions["BTC"]) == rows_of(first.positions["BTC"]) == truth_of(wallets)


def test_the_book_learns_who_was_asked_who_answered_and_what_was_held():
    wallets = holding(19, 40, malformed_share=0.1)
    price = MARKET.price(NOW_S)
    broken = next(wallet for wallet in answering(wallets) if wallet.positions)
    wallets[broken.address] = Broken(broken.address, broken.positions)
    book = WalletBook(map_of(wallets))
    found, _ = sweep(wallets, book=book)
    assert (found.failed, found.malformed, found.answered) == (1, 4, 35)
    for address, wallet in wallets.items():
        assert book[address].asked_s == NOW_S
        if wallet.malformed or address == broken.address:
            assert (book[address].answered_s, book[address].notional_usd) == (None, None)
        else:
            assert book[address].answered_s == NOW_S
            held_usd = sum(position.size * price for position in wallet.positions)
            assert book[address].notional_usd == pytest.approx(held_usd)


def on_accounts(change, times):
    """Change the answers about accounts only, the first `times` of them."""
    left = [times]

    def changed(answer, manners):
        if b"assetPositions" not in answer.body or not left[0]:
            return answer
        left[0] -= 1
        return change(answer, manners)

    return Fault(VENUE, QUESTION, changed)


def faulty(wallets, change, times, **options):
    async def use(sweeper, exchange):
        exchange.faults.append(on_accounts(change, times))
        return await sweeper.sweep(("BTC",))

    return sweep(wallets, use=use, **options)


@pytest.mark.parametrize(
    "change", [status(500), maintenance, html, truncated, reset], ids=("500", "502", "html", "truncated", "reset")
)
def test_a_disturbed_answer_is_asked_for_again(change):
    wallets = holding(4, 30)
    found, _ = faulty(wallets, change, 2)
    assert found.failed == 0
    assert rows_of(found.positions["BTC"]) == truth_of(wallets)


def test_nothing_leaves_while_the_venue_asked_to_wait():
    wallets = holding(5, 60)
    found, exchange = faulty(wallets, status(429, retry_after_s=1), 1)
    assert (found.failed, found.waiting, found.answered) == (0, 0, 60)
    asked_s = np.array([request.at for request in accounts_asked(exchange)])
    assert (
        np.sum(asked_s < asked_s[0] + 1.0) <= 2 * AT_ONCE
    )  # those under way when the venue said so, with some to spare


def test_a_limit_that_is_lower_than_documented_costs_time_and_no_wallet():
    wallets = holding(6, 200)
    found, exchange = sweep(wallets, venue_limit=150)
    meter = exchange.meter(VENUE, "weight")
    assert meter.refused > 0
    assert (found.failed, found.waiting) == (0, 0)
    assert rows_of(found.positions["BTC"]) == truth_of(wallets)


def test_a_sweep_that_runs_out_of_time_tells_what_it_has():
    wallets = holding(7, 400, malformed_share=0.0)
    book = WalletBook(map_of(wallets))
    found, _ = sweep(wallets, book=book, latency_s=0.1, longest_sweep_s=0.6)
    answered = {wallet.address for wallet in book if wallet.answered_s is not None}
    assert 0 < found.answered == len(answered) < 400
    assert found.answered + found.waiting == 400
    assert rows_of(found.positions["BTC"]) == truth_of({address: wallets[address] for address in answered})


def test_a_venue_that_falls_silent_leaves_an_empty_sweep_behind():
    wallets = holding(8, 20)
    found, _ = faulty(wallets, hang, 20, longest_sweep_s=0.3)
    assert (found.answered, found.waiting) == (0, 20)
    assert found.positions["BTC"].wallets == 0


def test_a_venue_that_cannot_be_reached_is_an_error():
    async def use(sweeper, exchange):
        await exchange.stop(VENUE)
        with pytest.raises(VenueError, match="Hyperliquid cannot be reached"):
            await sweeper.sweep(("BTC",))

    sweep({}, use=use)


class Interrupted:
    """A wire whose venue is left alone for a moment after every third answer."""

    def __init__(self, wallets):
        self.wallets, self.asked = wallets, 0

    async def open(self): ...

    async def close(self): ...

    async def ask(self, method, parameters):
        kind = parameters["type"]
        if kind == "metaAndAssetCtxs":
            return [{"universe": [{"name": "BTC"}]}, [{"openInterest": "10"}]]
        if kind == "recentTrades":
            return []
        self.asked += 1
        if self.asked % 3 == 0:
            raise VenueError(VENUE, "is in trouble; it is asked again in a moment", wait_s=0.01)
        return self.wallets[parameters["user"]].state({"BTC": 100.0}, 1_000 * NOW_S)


def test_a_pause_of_the_venue_costs_no_wallet():
    wallets = holding(10, 50)
    endpoint = PositionsEndpoint(leaderboard_url=None)
    sweeper = PositionSweeper(
        endpoint, WalletBook(map_of(wallets)), clock=lambda: float(NOW_S), wire=Interrupted(wallets)
    )
    found = asyncio.run(sweeper.sweep(("BTC",)))
    assert (found.failed, found.waiting) == (0, 0)
    assert rows_of(found.positions["BTC"]) == truth_of(wallets)
