"""`fathom record` as a process of its own, against replayed venues: what it stores, what it says, and being killed."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager, suppress

import numpy as np
import pytest

from bot.app import open_source
from bot.cli import run
from bot.config import load_settings
from bot.recording import recording_of
from engine.history.realised import liquidations_of
from engine.history.store import HistoryStore
from tests.engine.markets import random_closes, venue_from
from tests.replay_exchange import ReplayExchange, ReplayMarket

pytestmark = pytest.mark.usefixtures("plain_home")

VENUES = ("binanceusdm", "bybit", "okx", "hyperliquid")
LONGEST_S = 60.0
TELL_EVERY_S = 0.05


class Venues:
    """Four venues as of this second, whose clocks go on and whose streams tell a liquidation every few moments."""

    def __init__(self):
        now_s = int(time.time())
        bars = 20 * 288
        market = venue_from(
            random_closes(3, bars + 12, price=70_000.0),
            taker=np.full(bars + 12, 0.5),
            start_s=now_s // 300 * 300 - 300 * bars,
        )
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.exchange = ReplayExchange({venue: {"BTC": ReplayMarket.of(market)} for venue in VENUES}, now_s=now_s)
        self.run(self.exchange.__aenter__())
        self.telling = asyncio.run_coroutine_threadsafe(self._tell(), self.loop)

    def run(self, work):
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(10)

    async def _tell(self):
        for number in range(10**9):
            self.exchange.now_s = int(time.time())
            for venue in VENUES[:3]:
                side = 1 if number % 3 else -1
                with suppress(ConnectionError):  # who listened was killed a moment ago
                    await self.exchange.liquidate(
                        venue, "BTC", side, 70_000.0 + number, 0.5, at_ms=int(1_000 * time.time())
                    )
            await asyncio.sleep(TELL_EVERY_S)

    def environment(self):
        named = {f"FATHOM_VENUES__{venue.upper()}__": venue for venue in VENUES}
        return {
            "FATHOM_POSITIONS__LEADERBOARD": "false",
            **{f"{begin}BASE_URL": self.exchange.base_url(venue) for begin, venue in named.items()},
            **{f"{begin}WS_URL": self.exchange.ws_url(venue) for begin, venue in named.items()},
        }

    def close(self):
        self.telling.cancel()
        self.run(self.exchange.__aexit__(None, None, None))
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


@pytest.fixture(scope="module")
def venues():
    made = Venues()
    yield made
    made.close()


class Recording:
    """A `fathom record` that runs, and what it said so far."""

    def __init__(self, process):
        self.process, self.events, self.errors = process, [], ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.events.append(json.loads(line))  # a line that was cut off by a kill is no acknowledgement

    def stored(self):
        return [event for event in self.events if event["event"] == "stored"]

    def kinds(self):
        return {(event["venue"], event["kind"]) for event in self.stored()}

    def wait_for(self, condition):
        until_s = time.monotonic() + LONGEST_S
        while not condition() and time.monotonic() < until_s:
            assert self.process.poll() is None, self.process.stderr.read()
            time.sleep(0.02)
        assert condition(), [event for event in self.events if event["event"] not in ("stored", "market_read")]

    def end(self, wish):
        self.process.send_signal(wish)
        code = self.process.wait(LONGEST_S)
        self._reader.join(LONGEST_S)
        return code


@contextmanager
def recording(venues, path, *symbols):
    process = subprocess.Popen(
        [sys.executable, "-m", "bot.cli", "record", *symbols, "--json", "--path", str(path)],
        env={**os.environ, **venues.environment()},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield Recording(process)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()


EVERYTHING = {
    *((venue, kind) for venue in VENUES[:3] for kind in ("perp_5m", "order_book", "liquidations")),
    ("binanceusdm", "taker_flow_5m"),
    ("binanceusdm", "funding_8h"),
}


def test_everything_that_venues_tell_is_stored_and_a_polite_end_is_an_end(venues, tmp_path):
    with recording(venues, tmp_path, "btcusdt") as recorder:
        recorder.wait_for(lambda: recorder.kinds() >= EVERYTHING)
        assert recorder.end(signal.SIGTERM) == 0
        assert recorder.process.stderr.read() == ""
    store = HistoryStore(tmp_path)
    assert store.symbols() == ("BTC",)
    heard = liquidations_of(tmp_path / "bybit" / "BTCUSDT", since_s=0, until_s=int(time.time()))
    assert set(heard.side.tolist()) == {1, -1}
    assert heard.size.tolist() == [0.5] * len(heard)
    told = Counter()
    for event in recorder.stored():
        told[event["venue"], event["kind"]] += event["added"]
    for (venue, kind), rows in told.items():
        assert len(store.read(venue, "BTCUSDT", kind)) == rows


def killed_at_random(venues, path, kills, seed):
    """Kill a recorder again and again, and say how many rows of each series it had acknowledged."""
    chance = np.random.default_rng(seed)
    told = Counter()
    for _ in range(kills):
        with recording(venues, path, "BTC") as recorder:
            recorder.wait_for(lambda recorder=recorder: ("okx", "liquidations") in recorder.kinds())
            time.sleep(chance.uniform(0.0, 5.0))
            assert recorder.end(signal.SIGKILL) == -signal.SIGKILL
        for event in recorder.stored():
            told[event["venue"], event["kind"]] += event["added"]
        store = HistoryStore(path)
        for (venue, kind), rows in told.items():
            assert len(store.read(venue, "BTCUSDT", kind)) >= rows
    return told


def test_a_kill_loses_nothing_that_was_acknowledged(venues, tmp_path):
    told = killed_at_random(venues, tmp_path, 2, seed=1)
    assert told["okx", "liquidations"] > 0


@pytest.mark.soak
def test_twenty_kills_at_random_lose_nothing_that_was_acknowledged(venues, tmp_path):
    told = killed_at_random(venues, tmp_path, 20, seed=2)
    print(f"\n20 kills, {sum(told.values()):,} rows acknowledged, 0 lost")  # noqa: T201 - the report
    with HistoryStore(tmp_path) as survivor:
        survivor.claim()
        assert not list(tmp_path.rglob("*.tmp"))
        assert survivor.coverage("BTC")


# --- what is refused -------------------------------------------------------------------------------------------------


def test_a_second_recorder_of_one_history_is_refused_at_once(tmp_path, capsys):
    with HistoryStore(tmp_path) as first:
        first.claim()
        assert run(["record", "BTC", "--path", str(tmp_path)]) == 2
    assert f"is being written by process {os.getpid()}" in capsys.readouterr().err


def test_without_a_history_there_is_nothing_to_record_into(capsys):
    assert run(["record", "BTC", "--path", "off"]) == 2
    assert "The history is off" in capsys.readouterr().err


def test_an_unknown_symbol_is_refused_with_the_nearest(venues, tmp_path, capsys, monkeypatch):
    for name, value in venues.environment().items():
        monkeypatch.setenv(name, value)
    assert run(["record", "BTCC", "--path", str(tmp_path)]) == 2
    assert "Did you mean BTC?" in capsys.readouterr().err


def test_beside_chats_their_own_markets_are_recorded_where_they_are_kept(venues, tmp_path, monkeypatch):
    for name, value in venues.environment().items():
        monkeypatch.setenv(name, value)
    settings = load_settings({"market": {"source": "live"}, "history": {"path": str(tmp_path)}})
    source = open_source(settings)
    kinds = set()

    async def record():
        stop = asyncio.Event()

        def tell(report):
            kinds.add(getattr(report, "kind", ""))
            if {"liquidations", "perp_5m"} <= kinds:
                stop.set()

        await asyncio.wait_for(recording_of(settings, source).run(["BTC"], stop, tell), LONGEST_S)

    asyncio.run(record())
    assert source.market("BTC").venues
    assert HistoryStore(tmp_path).symbols() == ("BTC",)
    source.source.close()
    source.store.close()


def test_there_is_nothing_to_record_beside_chats_that_are_not_answered_live(monkeypatch):
    settings = load_settings({"market": {"source": "simulated"}})
    assert recording_of(settings, open_source(settings)) is None
