"""Where the wallets that are swept come from: who traded, the leaderboard, and a file after a restart."""

import pytest

from engine.sources.live.positions import leaderboard
from engine.sources.live.positions.wallet_file import WalletFile
from engine.sources.live.positions.wallets import WalletBook
from tests.engine.made_sweeps import VENUE, accounts_asked, holding, map_of, rows_of, sweep, truth_of
from tests.replay_exchange import Fault
from tests.replay_exchange.client import NOW_S
from tests.replay_exchange.faults import html, reset, status, truncated
from tests.replay_exchange.hyperliquid import LEADERBOARD_PATH, malformed
from tests.replay_exchange.wire import Query


def test_a_restart_goes_on_with_whoever_was_not_asked_yet(tmp_path):
    wallets = holding(17, 60, empty_share=1.0, malformed_share=0.0)
    book, everybody = WalletBook(map_of(wallets)), set()
    for _ in range(3):
        found, exchange = sweep(wallets, book=book, wallets_a_sweep=20)
        assert (found.answered, found.waiting) == (20, 0)
        everybody |= {request.query["user"] for request in accounts_asked(exchange)}
        WalletFile(tmp_path).write(book)
        book = WalletBook(WalletFile(tmp_path).read().wallets)
    assert everybody == set(wallets)


def test_whoever_traded_a_moment_ago_is_swept():
    wallets = holding(11, 30, malformed_share=0.0)
    book = WalletBook()
    found, exchange = sweep(wallets, book=book)
    assert found.answered == len(book) == 11  # ten trades, each with the next wallet
    traders = {
        user
        for trade in exchange.venue(VENUE).trades(Query({"coin": "BTC"}, malformed), NOW_S)
        for user in trade["users"]
    }
    assert {wallet.address for wallet in book} == traders
    assert max(wallet.traded_s for wallet in book) == NOW_S


BOARD = {"leaderboard_url": "its own"}


def test_the_leaderboard_is_read_once_a_day():
    wallets = holding(12, 80, malformed_share=0.0)
    book = WalletBook()

    async def use(sweeper, exchange):
        for wait_s in (0, 23 * 3_600, 2 * 3_600):
            exchange.now_s += wait_s
            found = await sweeper.sweep(("BTC",))
        return found

    found, exchange = sweep(wallets, book=book, endpoint=BOARD, use=use)
    assert [request.path for request in exchange.requests].count(LEADERBOARD_PATH) == 2
    holders = {address for address, wallet in wallets.items() if wallet.positions}
    assert {wallet.address for wallet in book} == holders  # whoever is worth nothing is left out
    assert rows_of(found.positions["BTC"]) == truth_of(wallets)


@pytest.mark.parametrize(
    "change", [status(404), status(429), html, truncated, reset], ids=("404", "429", "html", "truncated", "reset")
)
def test_without_the_leaderboard_the_wallets_known_are_swept_and_it_is_tried_again_in_an_hour(change):
    wallets = holding(13, 30)

    async def use(sweeper, exchange):
        exchange.faults.append(Fault(VENUE, LEADERBOARD_PATH, change))
        found = [await sweeper.sweep(("BTC",)) for _ in range(2)]
        exchange.now_s += 3_600
        return [*found, await sweeper.sweep(("BTC",))]

    found, exchange = sweep(wallets, endpoint=BOARD, use=use)
    assert [len(each.notes) for each in found] == [1, 0, 1]
    assert found[0].notes[0].startswith("The leaderboard cannot be read, only the wallets known already are swept: ")
    times = [request.path for request in exchange.requests].count(LEADERBOARD_PATH)
    assert times == (4 if change is reset else 2)  # after a reset the client asks once more by itself
    assert all(rows_of(each.positions["BTC"]) == truth_of(wallets) for each in found)


def test_a_leaderboard_without_end_is_not_read_to_its_end(monkeypatch):
    monkeypatch.setattr(leaderboard, "LARGEST_BYTES", 1_000)
    found, _ = sweep(holding(14, 30), endpoint=BOARD)
    assert "sends a leaderboard without end" in found.notes[0]
    assert found.answered == 30
