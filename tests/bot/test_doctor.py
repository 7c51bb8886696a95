"""`fathom doctor`: replayed venues that are well, slow, skewed or dead, a history that cannot be written, the words."""

import asyncio
import json
import os
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest

from bot.checks import LOCAL_CHECKS, Check, check_history, check_live_extra, check_source
from bot.cli import run
from bot.config import load_settings
from bot.doctor_command import examined, table_text
from bot.venue_checks import check_clock
from engine.history.rows import Rows
from engine.history.store import HistoryStore
from engine.sources.live.probe import offers_of, take_pulse
from engine.sources.live.unified import unified_venue
from engine.sources.live.venues import VENUES
from engine.windows import parse_instant
from tests.engine.markets import random_closes, venue_from
from tests.replay_exchange import Fault, ReplayExchange, ReplayMarket, faults

pytestmark = pytest.mark.usefixtures("plain_home", "no_venue")

NOW_S = parse_instant("2026-02-05T12:02:17Z")
ALL = ("binanceusdm", "bybit", "okx", "hyperliquid")
COINS = {
    name: ReplayMarket.of(venue_from(random_closes(3, 600), seed=3, start_s=NOW_S // 300 * 300 - 300 * 590))
    for name in ("BTC", "ETH", "SOL")
}


def by_name(checks):
    return {check.name: check for check in checks}


def fact(check, name):
    return next(fact.value for fact in check.facts if fact.name == name)


@pytest.fixture
def examine(monkeypatch):
    """Look at replayed venues after `prepare` has had its way with them; the others are not there."""

    def look(prepare=lambda exchange: None, *, venues=ALL, latency_s=0.0, **variables):
        async def talk():
            async with ReplayExchange(dict.fromkeys(venues, COINS), now_s=NOW_S, latency_s=latency_s) as exchange:
                for name in venues:
                    monkeypatch.setenv(f"FATHOM_VENUES__{name.upper()}__BASE_URL", exchange.base_url(name))
                    monkeypatch.setenv(f"FATHOM_VENUES__{name.upper()}__WS_URL", exchange.ws_url(name))
                monkeypatch.setenv("FATHOM_VENUES__HYPERLIQUID__ENABLED", str("hyperliquid" in venues))
                for name, value in variables.items():
                    monkeypatch.setenv(f"FATHOM_{name}", value)
                prepare(exchange)
                return await examined(load_settings(), lambda: exchange.now_s)

        return by_name(asyncio.run(talk()))

    return look


# --- venues ----------------------------------------------------------------------------------------------------------


def test_the_venue_of_positions_is_looked_at_though_it_is_none_of_the_markets(examine):
    checks = examine(VENUES__HYPERLIQUID__ENABLED="false")
    assert checks["hyperliquid positions"].status == "ok"
    assert "hyperliquid" not in checks
    assert "hyperliquid positions" not in examine(VENUES__HYPERLIQUID__ENABLED="false", POSITIONS__ENABLED="false")


def test_positions_that_cannot_be_swept_are_a_warning_only(examine):
    checks = examine(venues=("binanceusdm",), VENUES__HYPERLIQUID__BASE_URL="http://127.0.0.1:9")
    assert checks["hyperliquid positions"].status == "warn"
    assert "model M6" in checks["hyperliquid positions"].sentence


def test_venues_that_are_well_tell_their_latency_clock_and_number_of_perpetuals(examine):
    checks = examine(latency_s=0.06)
    for name in ALL:
        assert (checks[name].status, checks[name].advice) == ("ok", None)
        assert fact(checks[name], "perpetuals") == 3
        assert fact(checks[name], "skew_s") == pytest.approx(0.0, abs=1e-6)
        assert 0.06 <= fact(checks[name], "latency_s") < 1.0
    for name in ("binanceusdm", "bybit", "okx"):
        assert checks[f"{name} stream"].status == "ok"
        assert "liquidations can be heard" in checks[f"{name} stream"].sentence
    assert checks["hyperliquid stream"].status == "off"
    assert checks["clock"].status == "ok"
    assert "venues" not in checks


@pytest.mark.parametrize(("skew_s", "words"), [(2.5, "2.5 s ahead of ours"), (-40.0, "40.0 s behind ours")])
def test_a_clock_that_is_off_is_a_warning_with_its_direction(examine, skew_s, words):
    def skewed(exchange):
        exchange.skew_s = skew_s

    checks = examine(skewed)
    for name in ALL:
        assert checks[name].status == "warn"
        assert fact(checks[name], "skew_s") == pytest.approx(skew_s, abs=1e-6)
        assert words in checks[name].sentence
    assert checks["clock"].status == "warn"
    assert f"clock {'forward' if skew_s > 0 else 'back'}" in checks["clock"].advice


class SlowWire:
    """Answers .4 s after it was asked, and the answer takes .4 s back."""

    def __init__(self):
        self.now_s = float(NOW_S)

    async def open(self): ...

    async def close(self): ...

    async def ask(self, method, parameters):
        self.now_s += 0.4
        told_ms = 1000 * (self.now_s + 7.0)
        self.now_s += 0.4
        return {"serverTime": told_ms} if method == "fapiPublicGetTime" else {"symbols": []}


def test_half_of_the_way_there_and_back_is_taken_off_the_skew():
    wire = SlowWire()
    pulse = asyncio.run(take_pulse(VENUES["binanceusdm"], wire, lambda: wire.now_s))
    assert pulse.skew_s == pytest.approx(7.0, abs=1e-6)
    assert pulse.perpetuals == 0


def test_a_dead_venue_fails_alone_and_a_skew_of_less_than_a_second_is_none(examine):
    def strike(exchange):
        exchange.skew_s = 0.9
        exchange.faults.append(Fault("bybit", "*", faults.status(503)))

    checks = examine(strike, venues=("binanceusdm", "bybit"))
    assert {name: checks[name].status for name in ("binanceusdm", "bybit", "okx")} == {
        "binanceusdm": "ok",
        "bybit": "fail",
        "okx": "fail",
    }
    assert checks["bybit"].sentence == "Bybit cannot be reached or answers with errors."
    assert "cannot be reached at 127.0.0.1:9" in checks["okx"].sentence
    assert "[venues.okx] base_url" in checks["okx"].advice
    assert "venues" not in checks


def test_a_venue_that_answers_with_nonsense_or_never_fails_with_the_reason(examine, monkeypatch):
    monkeypatch.setattr("bot.venue_checks.PULSE_DEADLINE_S", 1.0)

    def strike(exchange):
        exchange.faults.append(Fault("binanceusdm", "*/time", faults.html))
        exchange.faults.append(Fault("bybit", "*", faults.hang))

    checks = examine(strike, venues=("binanceusdm", "bybit"))
    assert (checks["binanceusdm"].status, checks["bybit"].status) == ("fail", "fail")
    assert "did not answer within 1 s" in checks["bybit"].sentence


def test_a_stream_that_cannot_be_reached_or_never_confirms_is_a_warning_beside_a_venue_that_is_well(
    examine, monkeypatch
):
    monkeypatch.setattr("bot.venue_checks.STREAM_DEADLINE_S", 1.5)

    def elsewhere(exchange):
        monkeypatch.setenv("FATHOM_VENUES__BYBIT__WS_URL", "ws://127.0.0.1:9")
        monkeypatch.setenv("FATHOM_VENUES__OKX__WS_URL", exchange.ws_url("okx") + "/nowhere")

    checks = examine(elsewhere, venues=("binanceusdm", "bybit", "okx"))
    streams = {name: checks[f"{name} stream"] for name in ("binanceusdm", "bybit", "okx")}
    assert {name: check.status for name, check in streams.items()} == {
        "binanceusdm": "ok",
        "bybit": "warn",
        "okx": "warn",
    }
    assert "cannot be reached at 127.0.0.1:9" in streams["bybit"].sentence
    assert "[venues.okx] ws_url" in streams["okx"].advice
    assert {checks[name].status for name in streams} == {"ok"}


def test_what_a_venue_offers_is_what_its_table_says():
    offered = {name: {offer.name for offer in offers_of(venue) if offer.given} for name, venue in VENUES.items()}
    assert "taker_flow" in offered["binanceusdm"]
    assert "risk_limits" not in offered["binanceusdm"]
    assert "risk_limits" in offered["bybit"]
    assert all("open_interest_history" in given for given in offered.values())
    hyperliquid = {offer.name: offer for offer in offers_of(unified_venue("hyperliquid"))}
    assert not hyperliquid["open_interest_history"].given
    assert hyperliquid["open_interest"].given


def test_the_middle_clock_counts():
    assert check_clock([0.1, -0.2, 90.0]).status == "ok"
    assert check_clock([3.0, 2.0, 90.0]).status == "warn"
    assert check_clock([]).status == "off"


# --- without a network -----------------------------------------------------------------------------------------------


def test_without_a_network_it_says_so_at_once_and_exits_with_1(capsys):
    began = time.monotonic()
    code = run(["doctor"])
    out = capsys.readouterr().out
    assert code == 1
    assert time.monotonic() - began < 5
    words = " ".join(out.split())
    assert "No venue answers" in words
    assert words.count("Check the network") == 1
    for name in ("Binance", "Bybit", "OKX"):
        assert f"{name} cannot be reached at 127.0.0.1:9" in words
    assert "Failed: venues, binanceusdm, bybit, okx." in words


def test_json_holds_every_check_with_its_numbers(capsys):
    code = run(["doctor", "--json"])
    document = json.loads(capsys.readouterr().out)
    assert (code, document["failed"]) == (1, True)
    checks = {check["name"]: check for check in document["checks"]}
    assert checks["binanceusdm"]["status"] == "fail"
    assert checks["binanceusdm"]["facts"] == {"answers": False}
    assert checks["history"]["facts"]["free_bytes"] > 0
    assert parse_instant(document["as_of"]) > NOW_S


def test_for_who_asks_recordings_a_dead_venue_is_no_failure(capsys, monkeypatch):
    monkeypatch.setenv("FATHOM_MARKET__SOURCE", "simulated")
    assert run(["doctor"]) == 0
    assert "Nothing failed." in capsys.readouterr().out


def test_a_venue_that_cannot_be_read_is_named_and_the_others_are_looked_at(capsys, monkeypatch):
    monkeypatch.setenv("FATHOM_VENUES__KRAKEN__ENABLED", "true")
    run(["doctor"])
    words = " ".join(capsys.readouterr().out.split())
    assert "kraken cannot be read live: the exchange library gets no open interest of it" in words
    assert "Take [venues.kraken] out of the settings" in words


def test_all_venues_switched_off_is_a_failure_where_live_markets_are_wanted(monkeypatch):
    for name in ("BINANCEUSDM", "BYBIT", "OKX"):
        monkeypatch.setenv(f"FATHOM_VENUES__{name}__ENABLED", "false")
    checks = by_name(asyncio.run(examined(load_settings(), time.time)))
    assert (checks["venues"].status, checks["venues"].sentence) == ("fail", "No venue is enabled.")


# --- the machine -----------------------------------------------------------------------------------------------------


def settings_with(**sections):
    return load_settings(sections)


def test_a_history_that_is_written_names_its_process_and_one_that_is_not_says_so(tmp_path):
    settings = settings_with(history={"path": str(tmp_path / "history")})
    assert "(to be made)" in check_history(settings).sentence
    assert not (tmp_path / "history").exists()
    with HistoryStore(tmp_path / "history") as store:
        row = {"funding_rate": np.array([1e-4])}
        store.append("okx", "BTCUSDT", "funding_8h", Rows(np.array([NOW_S // 28_800 * 28_800]), row), as_of_s=NOW_S)
        written = check_history(settings)
        assert written.status == "ok"
        assert fact(written, "writing_process") == os.getpid()
    left = check_history(settings)
    assert "nobody is writing it now" in left.sentence
    with HistoryStore(tmp_path / "history") as store:  # looking has left no lock behind
        store.append("okx", "BTCUSDT", "funding_8h", Rows(np.array([NOW_S // 28_800 * 28_800]), row), as_of_s=NOW_S)


def test_a_history_in_the_place_of_a_file_fails_and_one_that_is_off_is_off(tmp_path):
    (tmp_path / "file").write_text("")
    failed = check_history(settings_with(history={"path": str(tmp_path / "file" / "history")}))
    assert failed.status == "fail"
    assert "[history] path" in failed.advice
    assert check_history(settings_with(history={"path": "off"})).status == "off"


@pytest.mark.parametrize(("free", "status"), [(10 * 2**20, "fail"), (500 * 2**20, "warn"), (50 * 2**30, "ok")])
def test_little_room_on_the_disk_is_told(tmp_path, monkeypatch, free, status):
    monkeypatch.setattr("bot.checks.shutil.disk_usage", lambda path: SimpleNamespace(free=free))
    found = check_history(settings_with(history={"path": str(tmp_path)}))
    assert (found.status, fact(found, "free_bytes")) == (status, free)


def test_a_missing_extra_is_a_failure_only_where_live_markets_were_chosen(monkeypatch):
    monkeypatch.setattr("bot.app.LIVE_EXTRA", ("no_such_library",))
    statuses = {
        source: check_live_extra(settings_with(market={"source": source})).status
        for source in ("live", "auto", "simulated")
    }
    assert statuses == {"live": "fail", "auto": "warn", "simulated": "off"}
    checks = by_name(asyncio.run(examined(load_settings(), time.time)))
    assert "binanceusdm" not in checks
    assert "pip install 'fathom-liq[live]'" in checks["live extra"].advice


def test_recordings_that_are_not_there_fail(tmp_path):
    missing = check_source(settings_with(market={"source": "recorded", "recordings": str(tmp_path / "nowhere")}))
    assert (missing.status, "no directory of recordings" in missing.sentence) == ("fail", True)
    assert check_source(settings_with(market={"source": "recorded", "recordings": str(tmp_path)})).status == "fail"
    assert check_source(settings_with()).status == "ok"


def test_local_checks_are_named_apart():
    names = [check(load_settings()).name for check in LOCAL_CHECKS]
    assert len(set(names)) == len(names)


def test_the_table_shows_advice_below_its_check_and_what_failed_at_the_end():
    checks = [
        Check(name="one", status="ok", sentence="All is well."),
        Check(name="second", status="fail", sentence="It is broken.", advice="Mend it."),
        Check(name="third", status="warn", sentence="Look here."),
    ]
    assert table_text(checks).splitlines() == [
        "ok    one     All is well.",
        "FAIL  second  It is broken.",
        "              → Mend it.",
        "WARN  third   Look here.",
        "",
        "Failed: second. Worth a look: third.",
    ]
    assert table_text(checks[:1]).endswith("Nothing failed.")


def test_checks_leave_no_thread_that_keeps_the_process_alive():
    asyncio.run(examined(load_settings(), time.time))
    assert [thread for thread in threading.enumerate() if not thread.daemon] == [threading.main_thread()]
