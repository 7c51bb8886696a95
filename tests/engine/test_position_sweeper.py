"""Sweeping wallets at the replayed Hyperliquid with the real client: the limit, the sums, and every fault counted."""

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
from engine.sources.live.faults import VenueError
from engine.sources.live.positions import leaderboard
from engine.sources.live.positions.sweeper import AT_ONCE, PositionsEndpoint, PositionSweeper, weight_of
from engine.sources.live.positions.wallet_file import WalletFile
from engine.sources.live.positions.wallets import Wallet, WalletBook
from engine.sources.recorded import RecordedSource
from tests.engine.made_recordings import END_S, perp_rows, record
from tests.replay_exchange import Fault, ReplayExchange, ReplayMarket
from tests.replay_exchange.client import FINISHED, MARKET, NOW_S, SOURCE
from tests.replay_exchange.faults import hang, html, maintenance, reset, status, truncated
from tests.replay_exchange.hyperliquid import LEADERBOARD_PATH, malformed
from tests.replay_exchange.wallets import MadePosition, MadeWallet, made_address, made_wallets
from tests.replay_exchange.wire import Answer, Query, RefusedError

VENUE = "hyperliquid"
LIMIT = 1_200
WINDOW_S = 1.0
"""The venue's minute, so that thousands of wallets take seconds."""
INTEREST = float(SOURCE.open_interest[FINISHED])
QUESTION = "/info"


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


def accounts_asked(exchange):
    return [request for request in exchange.requests if request.query.get("type") == "clearinghouseState"]


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


# --- what goes wrong -------------------------------------------------------------------------------------------------


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


def test_the_clock_is_vouched_for_by_the_venues_own():
    wallets = holding(9, 10)
    assert sweep(wallets)[0].is_venue_time

    async def hours_later(sweeper, exchange):
        sweeper._clock = lambda: NOW_S + 3_600.0
        return await sweeper.sweep(("BTC",))

    assert not sweep(wallets, use=hours_later)[0].is_venue_time


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


# --- where wallets come from -----------------------------------------------------------------------------------------


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
