"""The recorder against made markets, streams and sweeps: what reaches the history, and what it says while it runs."""

import asyncio
from collections import deque
from dataclasses import replace

import numpy as np
import pytest

from engine.errors import DataUnavailableError, UnknownSymbolError
from engine.history.disk import Disk
from engine.history.realised import liquidations_of
from engine.history.store import HistoryStore
from engine.margin import terms_for
from engine.market import Candles, Market, OrderBook, VenueMarket
from engine.observed import ObservedPositions
from engine.recording.journal import GivenUp, Stored, Waiting
from engine.recording.recorder import Pace, Recorder
from engine.recording.reports import Listening, MarketRead, Swept, Trouble
from engine.recording.steady_clock import SteadyClock
from engine.sources.live.catalogue import Resolved
from engine.sources.live.parts import Listing
from engine.sources.live.positions.sweep import Sweep
from engine.sources.live.told import Alive, Connected, Garbled, Heard, Lost

START_S = 1_767_225_600
MINUTE_S = 60
QUICK = Pace(
    poll_every_s=0.05, poll_after_s=0.0, flush_every_s=0.02, clock_every_s=0.02, sweep_every_s=0.02, retry_after_s=0.02
)


class World:
    """The machine's clocks, which a test moves, and what the venues say the time is."""

    def __init__(self):
        self.wall_s = self.counter_s = float(START_S + 20 * 300)
        self.venue_times_s = []

    def steady(self):
        return SteadyClock(lambda: self.wall_s, lambda: self.counter_s)


class Markets:
    """One venue with a bar every 5 minutes; `down` holds the errors of the next questions."""

    def __init__(self, world, venues=("binanceusdm",)):
        self.world, self.venues, self.down = world, venues, deque()

    def resolved(self, symbol):
        if self.down:
            raise self.down.popleft()
        if symbol == "NOPE":
            raise UnknownSymbolError(symbol, ["BTC"], ("BTC",))
        listing = Listing(base=symbol, market_id=f"{symbol}USDT")
        return Resolved(symbol=symbol, listings=dict.fromkeys(self.venues, listing))

    def market(self, symbol):
        if self.down:
            raise self.down.popleft()
        now_s = int(self.world.counter_s)
        time_s = np.arange(START_S, now_s - 299, 300)
        flat = np.full(len(time_s), 100.0)
        candles = Candles(
            where="made",
            time_s=time_s,
            duration_s=np.full(len(time_s), 300),
            open=flat,
            high=flat,
            low=flat,
            close=flat,
            volume=flat,
            taker_buy_share=np.full(len(time_s), np.nan),
        )
        book = OrderBook(time_s=now_s, bid_price=[99.0], bid_size=[1.0], ask_price=[101.0], ask_size=[2.0])
        venues = tuple(
            VenueMarket(
                venue=name,
                candles=candles,
                open_interest=flat,
                margin=terms_for("binanceusdm", "BTCUSDT"),
                order_book=book,
            )
            for name in self.venues
        )
        return Market(symbol=symbol, as_of_s=now_s, source="live", venues=venues)

    def server_times_s(self):
        return self.world.venue_times_s


class Teller:
    """Tells what it is given and then is silent, as a quiet market is."""

    def __init__(self, *told):
        self.told, self.is_closed = told, False

    async def listen(self, listings):
        self.listings = dict(listings)
        for item in self.told:
            yield item
        await asyncio.Event().wait()

    async def close(self):
        self.is_closed = True


def heard(at_s, side=1, size=1.0, price=100.0):
    return Heard(venue="binanceusdm", symbol="BTC", at_ms=int(1_000 * at_s), side=side, price=price, size=size)


def recorded(path, *, markets=None, streams=None, positions=None, world=None, symbols=("BTC",), until, disk=None):
    """Record until `until` (given all reports so far) says so, at most five seconds; return the reports."""
    world = world or World()
    reports = []

    async def run():
        stop = asyncio.Event()

        def tell(report):
            reports.append(report)
            if until(reports):
                stop.set()

        recorder = Recorder(
            markets or Markets(world),
            store,
            streams=streams or {},
            positions=positions,
            clock=world.steady(),
            tell=tell,
            pace=QUICK,
        )
        await asyncio.wait_for(recorder.run(list(symbols), stop), 5)

    with HistoryStore(path, disk=disk) as store:
        asyncio.run(run())
    return reports


def of(kind, reports):
    return [report for report in reports if isinstance(report, kind)]


def stored_kinds(reports):
    return {report.kind for report in of(Stored, reports)}


def test_a_market_is_read_at_once_and_stored(tmp_path):
    reports = recorded(tmp_path, until=lambda told: "order_book" in stored_kinds(told))
    assert of(MarketRead, reports)[0] == MarketRead("BTC", ("binanceusdm",), ())
    store = HistoryStore(tmp_path)
    assert len(store.read("binanceusdm", "BTCUSDT", "perp_5m")) == 20
    assert len(store.read("binanceusdm", "BTCUSDT", "order_book")) == 2


def test_a_market_that_has_nothing_new_is_not_written_again(tmp_path):
    reports = recorded(tmp_path, until=lambda told: len(of(MarketRead, told)) == 4)
    assert [report.kind for report in of(Stored, reports)].count("perp_5m") == 1


def test_a_symbol_that_nobody_lists_ends_the_recording_before_it_begins(tmp_path):
    with pytest.raises(UnknownSymbolError):
        recorded(tmp_path, symbols=("BTC", "NOPE"), until=lambda told: True)
    assert list(tmp_path.iterdir()) == []


def test_a_venue_that_is_down_at_the_start_is_waited_for(tmp_path):
    world = World()
    markets = Markets(world)
    markets.down.extend([DataUnavailableError("No venue answers."), DataUnavailableError("No venue answers.")])
    reports = recorded(tmp_path, markets=markets, world=world, until=lambda told: of(Stored, told))
    assert [report.sentence for report in of(Trouble, reports)] == ["No venue answers."] * 2


def test_a_failure_in_between_is_told_and_polling_goes_on(tmp_path):
    world = World()
    markets = Markets(world)

    def fail_once(told):
        if len(of(MarketRead, told)) == 1 and not of(Trouble, told):
            markets.down.append(DataUnavailableError("Gone."))
        return len(of(MarketRead, told)) == 3

    reports = recorded(tmp_path, markets=markets, world=world, until=fail_once)
    assert Trouble("BTC: Gone.") in reports


def test_liquidations_and_the_minutes_that_were_heard_whole_are_stored(tmp_path):
    begin = START_S + 3_600
    teller = Teller(
        Connected(venue="binanceusdm", at_s=begin - 1.0),
        heard(begin + 5, side=1, size=2.0),
        heard(begin + 61, side=-1, size=3.0),
        Alive(venue="binanceusdm", at_s=begin + 75.0),
        heard(begin + 90, side=1),
        Lost(venue="binanceusdm", at_s=begin + 101.0, heard_to_s=begin + 95.0, cause="broke off"),
        Connected(venue="binanceusdm", at_s=begin + 110.0),
        Alive(venue="binanceusdm", at_s=begin + 200.0),
    )
    reports = recorded(
        tmp_path,
        streams={"binanceusdm": teller},
        until=lambda told: {"liquidations", "liquidations_1m"} <= stored_kinds(told),
    )
    assert teller.is_closed
    assert set(teller.listings) == {"BTC"}
    assert of(Listening, reports) == [
        Listening("binanceusdm"),
        Listening("binanceusdm", "broke off"),
        Listening("binanceusdm"),
    ]
    folder = tmp_path / "binanceusdm" / "BTCUSDT"
    found = liquidations_of(folder, since_s=begin - 600, until_s=begin + 600)
    assert found.at_ms.tolist() == [1_000 * (begin + 5), 1_000 * (begin + 61), 1_000 * (begin + 90)]
    assert found.side.tolist() == [1, -1, 1]
    # the second minute broke off, the third was begun before the connection was there again
    assert list(zip(found.heard_from_s.tolist(), found.heard_to_s.tolist(), strict=True)) == [
        (begin, begin + 60),
        (begin + 120, begin + 180),
    ]


def test_a_stream_that_ends_with_the_recorder_gives_its_last_whole_minute(tmp_path):
    begin = START_S + 3_600
    teller = Teller(
        Connected(venue="binanceusdm", at_s=begin - 1.0),
        heard(begin + 5),
        Alive(venue="binanceusdm", at_s=begin + 69.0),
        Alive(venue="binanceusdm", at_s=begin + 71.0),
    )
    recorded(tmp_path, streams={"binanceusdm": teller}, until=lambda told: "liquidations" in stored_kinds(told))
    rows = HistoryStore(tmp_path).read("binanceusdm", "BTCUSDT", "liquidations_1m")
    assert rows.time_s.tolist() == [begin]
    assert rows["long_usd"].tolist() == [100.0]


def test_a_message_that_cannot_be_read_is_told(tmp_path):
    teller = Teller(Garbled(venue="bybit", at_s=0.0, detail="a side is “Both”"))
    world = World()
    reports = recorded(
        tmp_path,
        markets=Markets(world, ("bybit",)),
        world=world,
        streams={"bybit": teller},
        until=lambda told: any("Both" in report.sentence for report in of(Trouble, told)),
    )
    assert of(Trouble, reports)


def test_a_venue_without_these_markets_is_not_heard_and_named(tmp_path):
    reports = recorded(tmp_path, streams={"okx": Teller()}, until=lambda told: of(Trouble, told))
    assert of(Trouble, reports) == [Trouble("OKX tells no market of BTC yet: it is not heard.")]


def sweep_of(time_s, wallets=3):
    positions = ObservedPositions(
        venue="hyperliquid",
        started_s=time_s - 30,
        time_s=time_s,
        wallets=wallets,
        open_interest=50.0,
        side=[1, -1],
        size=[2.0, 3.0],
        entry=[100.0, 99.0],
        leverage=[10.0, 5.0],
        liquidation_price=[91.0, np.nan],
        is_isolated=[True, False],
    )
    return Sweep(
        started_s=time_s - 30,
        time_s=time_s,
        positions={"BTC": positions},
        answered=wallets,
        empty=1,
        failed=1,
        malformed=0,
        waiting=0,
        unlisted=(),
        is_venue_time=True,
    )


class Watch:
    def __init__(self, *results):
        self.results = deque(results)

    async def sweep(self, symbols):
        if not self.results:
            await asyncio.Event().wait()
        result = self.results.popleft()
        if isinstance(result, Exception):
            raise result
        return result

    async def meet(self, symbols):
        await asyncio.Event().wait()

    async def close(self):
        pass


def test_sweeps_are_stored_and_one_that_fails_is_tried_again(tmp_path):
    positions = Watch(DataUnavailableError("Hyperliquid is silent."), sweep_of(START_S + 900))
    reports = recorded(tmp_path, positions=positions, until=lambda told: "position_sweeps" in stored_kinds(told))
    assert Trouble("Positions: Hyperliquid is silent.") in reports
    assert of(Swept, reports) == [Swept(answered=3, failed=1, waiting=0)]
    store = HistoryStore(tmp_path)
    assert store.read("hyperliquid", "BTCUSDT", "positions")["size"].tolist() == [2.0, 3.0]
    assert store.read("hyperliquid", "BTCUSDT", "position_sweeps")["open_interest"].tolist() == [50.0]


class FullForAWhile(Disk):
    """Refuses its first few writes."""

    def __init__(self, refusals):
        self.refusals = refusals

    def write(self, path, content):
        if self.refusals:
            self.refusals -= 1
            raise OSError(28, "No space left on device")
        super().write(path, content)


def test_a_full_disk_costs_nothing_once_there_is_room_again(tmp_path):
    begin = START_S + 3_600
    teller = Teller(Connected(venue="binanceusdm", at_s=begin - 1.0), *(heard(begin + number) for number in range(50)))
    reports = recorded(
        tmp_path,
        streams={"binanceusdm": teller},
        disk=FullForAWhile(3),
        until=lambda told: {"liquidations", "perp_5m"} <= stored_kinds(told),
    )
    assert of(Waiting, reports)
    assert not of(GivenUp, reports)
    assert len(HistoryStore(tmp_path).read("binanceusdm", "BTCUSDT", "liquidations")) == 50


def test_a_clock_that_jumps_does_not_reach_the_history(tmp_path):
    world = World()
    begin = START_S + 5_000

    def jump(told):
        if of(MarketRead, told) and world.wall_s == world.counter_s:
            world.wall_s += 7_200
            world.venue_times_s = [world.counter_s]
        return of(Trouble, told) and "liquidations" in stored_kinds(told)

    teller = Teller(Connected(venue="binanceusdm", at_s=begin), heard(begin + 1))
    reports = recorded(tmp_path, world=world, streams={"binanceusdm": teller}, until=jump)
    assert of(Trouble, reports)[0].sentence.startswith("The machine's clock is 2 h off the venues' clocks")


def test_what_the_venues_say_about_a_sleep_is_taken_over(tmp_path):
    world = World()

    def sleep(told):
        if of(MarketRead, told) and world.wall_s == world.counter_s:
            world.wall_s += 3_600
            world.venue_times_s = [world.wall_s, world.wall_s + 0.2, world.wall_s + 1]
        return any("say so too" in report.sentence for report in of(Trouble, told))

    reports = recorded(tmp_path, world=world, until=sleep)
    assert len(of(Trouble, reports)) == 1


def test_a_market_that_is_not_live_is_never_recorded(tmp_path):
    world = World()

    class Invented(Markets):
        def market(self, symbol):
            return replace(super().market(symbol), source="simulated")

    with pytest.raises(ExceptionGroup) as caught:
        recorded(tmp_path, markets=Invented(world), world=world, until=lambda told: False)
    assert caught.group_contains(ValueError, match="only live markets")
    assert list(tmp_path.rglob("*.parquet")) == []
