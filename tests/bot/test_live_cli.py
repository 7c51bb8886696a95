"""Live markets on the command line: the venues, the fall back, and what is said when none is there."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from bot.cli import run
from bot.config import load_settings
from tests.engine.markets import random_closes, venue_from
from tests.replay_exchange import ReplayExchange, ReplayMarket

pytestmark = pytest.mark.usefixtures("plain_home", "no_venue")

DAYS = 20


@pytest.fixture
def asked(capsys):
    """Run `fathom` and return its exit code, standard output and standard error."""

    def ask(*arguments: str) -> tuple[int, str, str]:
        code = run(arguments)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return ask


@pytest.fixture
def binance(monkeypatch) -> Iterator[ReplayExchange]:
    """Binance as of this second, at an address of its own; the other venues are not there."""
    now_s = int(time.time())
    bars = DAYS * 288
    market = venue_from(
        random_closes(3, bars + 2, price=70_000.0),
        taker=np.full(bars + 2, 0.5),
        start_s=now_s // 300 * 300 - 300 * bars,
    )
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    exchange = ReplayExchange({"binanceusdm": {"BTC": ReplayMarket.of(market)}}, now_s=now_s)
    asyncio.run_coroutine_threadsafe(exchange.__aenter__(), loop).result(10)
    monkeypatch.setenv("FATHOM_VENUES__BINANCEUSDM__BASE_URL", exchange.base_url("binanceusdm"))
    yield exchange
    asyncio.run_coroutine_threadsafe(exchange.__aexit__(None, None, None), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def test_auto_answers_live_where_a_venue_answers_and_names_the_dead_ones(asked, binance):
    code, out, err = asked("ask", "/liq BTC", "--json")
    document = json.loads(out)
    assert (code, document["source"]) == (0, "live")
    assert [venue["name"] for venue in document["venues"]] == ["binanceusdm"]
    dead = {item["venue"]: item["effect"] for item in document["missing"] if item["input"] == "venue"}
    assert set(dead) == {"bybit", "okx"}
    assert all(effect.startswith("cannot be reached") for effect in dead.values())
    assert "SIMULATED" not in out + err


def test_live_answer_says_its_venues_and_never_simulated(asked, binance, monkeypatch):
    monkeypatch.setenv("FATHOM_VENUES__BYBIT__ENABLED", "false")
    monkeypatch.setenv("FATHOM_VENUES__OKX__ENABLED", "false")
    code, out, _ = asked("ask", "/zones BTC", "--source", "live")
    assert code == 0
    assert "Binance perp" in out
    assert "SIMULATED" not in out
    assert "cannot be reached" not in out


def test_a_live_answer_is_stored_and_can_be_asked_like_a_recording(asked, binance, monkeypatch, tmp_path):
    monkeypatch.setenv("FATHOM_VENUES__BYBIT__ENABLED", "false")
    monkeypatch.setenv("FATHOM_VENUES__OKX__ENABLED", "false")
    monkeypatch.setenv("FATHOM_HISTORY__PATH", str(tmp_path / "history"))
    _, out, _ = asked("ask", "/liq BTC", "--source", "live", "--json")
    live = json.loads(out)
    assert not [note for note in live["notes"] if note.startswith("Not stored")]
    stored = ("--source", "recorded", "--recordings", str(tmp_path / "history"), "--at", live["as_of"])
    code, out, _ = asked("ask", "/liq BTC", *stored, "--json")
    recorded = json.loads(out)
    assert (code, recorded["price"], recorded["zones"]) == (0, live["price"], live["zones"])


def test_the_next_command_goes_on_from_what_was_stored(asked, binance, monkeypatch, tmp_path):
    monkeypatch.setenv("FATHOM_VENUES__BYBIT__ENABLED", "false")
    monkeypatch.setenv("FATHOM_VENUES__OKX__ENABLED", "false")
    monkeypatch.setenv("FATHOM_HISTORY__PATH", str(tmp_path / "history"))
    first, second = (json.loads(asked("ask", "/liq BTC", "--source", "live", "--json")[1]) for _ in range(2))
    asks = [number for number, request in enumerate(binance.requests) if request.path.endswith("/exchangeInfo")]
    assert len(asks) == 2
    assert len(binance.requests) - asks[1] < asks[1] - asks[0]
    assert second["price"] == first["price"]
    assert [crowd["long_short_ratio"] for crowd in second["crowd"]] == [1.25]


def test_history_off_stores_nothing(asked, binance, monkeypatch, tmp_path):
    monkeypatch.setenv("FATHOM_HISTORY__PATH", "off")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    code, _, _ = asked("ask", "/liq BTC", "--source", "live", "--json")
    assert code == 0
    assert not (tmp_path / "data").exists()


def test_live_refuses_an_unknown_symbol_with_the_nearest(asked, binance):
    code, _, err = asked("ask", "/liq BTCC", "--source", "live")
    assert code == 2
    assert "Did you mean BTC?" in err


def test_auto_without_a_venue_falls_back_at_once_and_says_so_loudly(asked):
    began = time.monotonic()
    code, out, _ = asked("ask", "/questions BTC")
    assert time.monotonic() - began < 10
    assert code == 0
    assert "no venue with live markets can be reached, so this market is SIMULATED" in " ".join(out.split())


def test_auto_falls_back_from_a_venue_that_accepts_and_never_answers(asked, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as mute:
        monkeypatch.setenv("FATHOM_VENUES__OKX__BASE_URL", f"http://127.0.0.1:{mute.getsockname()[1]}")
        monkeypatch.setenv("FATHOM_MARKET__AUTO_WAIT_S", "1")
        code, out, _ = asked("ask", "/questions BTC")
    assert code == 0
    assert "SIMULATED" in out


def test_auto_at_a_past_moment_is_simulated_and_says_why(asked):
    code, out, _ = asked("ask", "/questions BTC", "--at", "2026-01-20T00:00:00Z")
    assert code == 0
    assert "live markets answer for this moment only" in " ".join(out.split())


def test_a_table_of_a_market_nobody_chose_says_so_beside_the_table(asked):
    code, out, err = asked("profile", "BTC", "--model", "M1", "--window", "24h", "--csv", "-")
    assert code == 0
    assert "SIMULATED" in err
    assert "SIMULATED" not in out


def test_live_without_a_venue_names_each_cause(asked):
    code, out, err = asked("ask", "/liq BTC", "--source", "live")
    assert (code, out) == (2, "")
    for name in ("Binance", "Bybit", "OKX"):
        assert f"{name} cannot be reached" in err
    assert "Traceback" not in err


def test_live_without_the_extra_says_how_to_install_it(asked, monkeypatch):
    monkeypatch.setattr("bot.app.has_live_extra", lambda: False)
    code, _, err = asked("ask", "/liq BTC", "--source", "live")
    assert code == 2
    assert "pip install 'fathom-liq[live]'" in err
    code, out, _ = asked("ask", "/questions BTC")
    assert code == 0
    assert "the extra for live markets is not installed" in " ".join(out.split())


@pytest.mark.parametrize("source", ["simulated", "recorded"])
def test_no_other_source_opens_a_connection(asked, monkeypatch, source, tmp_path):
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    options = ["--recordings", str(tmp_path)] if source == "recorded" else []
    code, out, err = asked("ask", "/questions BTC", "--source", source, *options)
    assert "a fault of Fathom" not in out + err
    assert code == (0 if source == "simulated" else 2)


def test_all_venues_switched_off_is_told(asked, monkeypatch):
    for name in ("BINANCEUSDM", "BYBIT", "OKX"):
        monkeypatch.setenv(f"FATHOM_VENUES__{name}__ENABLED", "false")
    code, _, err = asked("ask", "/liq BTC", "--source", "live")
    assert code == 2
    assert "No venue is enabled" in err


def test_every_venue_that_can_be_set_can_be_read():
    from engine.sources.live.venues import VENUES

    assert {name for name, venue in load_settings().venues if venue.enabled} == set(VENUES)
