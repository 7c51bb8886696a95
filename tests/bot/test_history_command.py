"""`fathom history`: what it prints of a store, and one sentence for each bad question."""

import json

import numpy as np
import pytest

from bot.cli import run
from bot.config import load_settings
from engine.history.rows import Rows
from engine.history.store import HistoryStore
from engine.windows import DAY_S, HOUR_S, parse_instant
from tests.engine.made_history import BAR_S, bars

START_S = parse_instant("2026-02-05T00:00:00Z")


@pytest.fixture
def stored(plain_home, monkeypatch):
    """A history with one gap of three hours at Binance, funding without one, and liquidations."""
    path = plain_home / "kept"
    monkeypatch.setenv("FATHOM_HISTORY__PATH", str(path))
    times = START_S + BAR_S * np.concatenate([np.arange(12), np.arange(48, 60)])
    heard = {"at_ms": [1000.0 * START_S], "side": [1.0], "price": [5.0], "size": [1.0]}
    kinds = {
        "perp_5m": bars(times),
        "funding_8h": Rows(START_S + 8 * HOUR_S * np.arange(3), {"funding_rate": np.zeros(3)}),
        "liquidations": Rows(np.array([START_S]), {name: np.array(values) for name, values in heard.items()}),
    }
    with HistoryStore(path) as store:
        for kind, rows in kinds.items():
            store.append("binanceusdm", "BTCUSDT", kind, rows, as_of_s=START_S + 9 * DAY_S)
    return path


def test_the_table_tells_what_is_there_and_where_it_is_silent(stored, capsys):
    assert run(["history", "$btc"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"BTC  history in {stored}",
        "",
        "VENUE    KIND          FIRST                 LAST                  ROWS  GAPS",
        "Binance  perp_5m       5 Feb 2026 00:00 UTC  5 Feb 2026 05:00 UTC    24  1, 3 h",
        "Binance  funding_8h    5 Feb 2026 00:00 UTC  5 Feb 2026 16:00 UTC     3  none",
        "Binance  liquidations  5 Feb 2026 00:00 UTC  5 Feb 2026 00:00 UTC     1  unknown (events)",
        "",
        "Gaps of Binance perp_5m",
        "  5 Feb 2026 01:00 UTC to 5 Feb 2026 04:00 UTC  3 h",
    ]


def test_json_holds_every_gap(stored, capsys):
    assert run(["history", "BTC", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["symbol"], found["path"]) == ("BTC", str(stored))
    assert [series["kind"] for series in found["series"]] == ["perp_5m", "funding_8h", "liquidations"]
    assert found["series"][0] == {
        "venue": "binanceusdm",
        "market": "BTCUSDT",
        "kind": "perp_5m",
        "first": "2026-02-05T00:00:00Z",
        "last": "2026-02-05T05:00:00Z",
        "rows": 24,
        "gaps": [{"from": "2026-02-05T01:00:00Z", "to": "2026-02-05T04:00:00Z", "length_s": 3 * HOUR_S}],
    }
    assert [series["gaps"] for series in found["series"][1:]] == [[], None]


def test_many_gaps_are_counted_and_the_newest_listed(plain_home, capsys):
    with HistoryStore(plain_home / "kept") as store:
        rows = bars(START_S + 2 * BAR_S * np.arange(9))
        store.append("bybit", "ETHUSDT", "perp_5m", rows, as_of_s=START_S + DAY_S)
    assert run(["history", "ETH", "--path", "kept"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[3].endswith("8, longest 5 min")
    assert lines[6] == "  5 Feb 2026 01:15 UTC to 5 Feb 2026 01:20 UTC  5 min"
    assert len(lines[6:]) == 6
    assert lines[-1] == "  and 3 older ones: --json lists them"


def complaint(capsys, *arguments):
    assert run(["history", *arguments]) == 2
    printed = capsys.readouterr()
    assert (printed.out, printed.err.count("\n")) == ("", 1)
    return printed.err


def test_an_unknown_symbol_gets_the_nearest_stored_one(stored, capsys):
    assert "Did you mean BTC?" in complaint(capsys, "BTCC")


def test_an_empty_history_and_one_that_is_off_are_named(plain_home, capsys):
    assert f"Nothing is stored in {plain_home / 'none'} yet" in complaint(
        capsys, "BTC", "--path", str(plain_home / "none")
    )
    assert "The history is off" in complaint(capsys, "BTC", "--path", "off")


def test_a_damaged_file_is_named(stored, capsys):
    (stored / "binanceusdm/BTCUSDT/perp_5m/2026-02.parquet").write_bytes(b"PAR1")
    assert "2026-02.parquet: not a readable Parquet file" in complaint(capsys, "BTC")


def test_the_folder_is_the_platforms_unless_it_is_named_or_off(plain_home, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(plain_home / "data"))
    monkeypatch.setenv("HOME", str(plain_home))
    directory = lambda path: load_settings({"history": {"path": path}}).history.directory  # noqa: E731
    assert directory(None).name == "history"
    assert "fathom" in str(directory(None))
    assert directory("~/kept") == plain_home / "kept"
    assert directory("off") is None
    monkeypatch.setenv("FATHOM_HISTORY__PATH", "off")
    assert directory(None) is None
