"""One sentence for every bad question, option, moment, recording and folder, and exit code 2."""

import numpy as np
import pytest

from tests.bot.command_line import BARS, bars, record

pytestmark = pytest.mark.usefixtures("plain_home", "no_venue")


BAD_QUESTIONS = [
    ("", ["nothing to answer", "/liq BTC"]),
    ("/liq", ["Which symbol"]),
    ("/liq DOGE", ["DOGE", "BTC"]),
    ("/liq BTC m9", ["M9", "M1"]),
    ("/liq BTC 7h", ["7h", "12h"]),
    ("/level BTC", ["Which price"]),
    ("/level BTC 5", ["outside the map", "from", "to"]),
    ("/level BTC 900,000,000", ["outside the map"]),
    ("/level BTC -5", ["not a price"]),
    ("/lik BTC", ["/liq"]),
    ("\x00\x1b[31m/liq\u202e BTC ETH XRP", ["ETH", "/liq BTC"]),
    ("/liq " + "x" * 5000, ["characters"]),
]


@pytest.mark.parametrize(("text", "words"), BAD_QUESTIONS, ids=range(len(BAD_QUESTIONS)))
@pytest.mark.parametrize("json_flag", [(), ("--json",)], ids=["text", "json"])
def test_bad_question_gets_one_sentence_and_exit_code_2(fathom, recording, text, words, json_flag):
    complaint = fathom("ask", text, "--recordings", recording, *json_flag).complains()
    assert [word for word in words if word not in complaint] == []


BAD_OPTIONS = [
    (("ask", "BTC", "--source", "binance"), ["binance", "recorded"]),
    (("ask", "BTC", "--source", "recorded"), ["--recordings DIR"]),
    (("ask", "BTC", "--recordings", "nowhere"), ["nowhere"]),
    (("ask", "BTC", "--at", "yesterday"), ["yesterday", "2026-02-05T12:00:00Z"]),
    (("ask", "BTC", "--theme", "pink"), ["pink", "dark"]),
    (("ask", "BTC", "--config", "nowhere.toml"), ["nowhere.toml"]),
    (("ask", "BTC", "--colour"), ["--colour", "--help"]),
    (("ask",), ["TEXT", "--help"]),
    (("aks", "BTC"), ["aks", "ask"]),
    (("ask", "/models", "--json"), ["no JSON", "/liq"]),
    (("profile", "BTC", "--window", "24h", "--csv", "-"), ["--model"]),
    (("profile", "BTC", "--model", "M9", "--window", "24h", "--csv", "-"), ["M9", "M1"]),
    (("profile", "BTC", "--model", "M1", "--window", "7h", "--csv", "-"), ["7h", "12h"]),
    (("profile", "../etc", "--model", "M1", "--window", "24h", "--csv", "-"), ["../etc"]),
    (("swept", "BTC", "--model", "M2", "--every", "5m", "--csv", "-"), ["5m", "1h"]),
    (("export", "BTC", "--model", "M1", "--window", "24h", "--source", "simulated", "--out", "map.xlsx"), [".csv"]),
]


@pytest.mark.parametrize(("arguments", "words"), BAD_OPTIONS, ids=range(len(BAD_OPTIONS)))
def test_bad_option_gets_one_sentence_and_exit_code_2(fathom, arguments, words):
    complaint = fathom(*arguments).complains()
    assert [word for word in words if word not in complaint] == []


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (("ask", "/liq BTC m6"), ["M6 needs real positions", "nobody swept any for BTC", "Record", "Hyperliquid"]),
        (("ask", "/level BTC 100 m6"), ["M6 needs real positions", "Hyperliquid"]),
        (("profile", "BTC", "--model", "M6", "--window", "24h", "--csv", "-"), ["M6 needs real positions"]),
        (("swept", "BTC", "--model", "M6", "--csv", "-"), ["positions of one moment", "M1, M2, M3, M4 or M5"]),
    ],
)
def test_real_positions_that_nobody_swept_get_one_sentence_that_says_what_to_do(fathom, recording, asked, words):
    complaint = fathom(*asked, "--recordings", recording).complains()
    assert [word for word in words if word not in complaint] == []


@pytest.mark.parametrize(
    ("at", "words"),
    [
        ("2025-06-01T00:00:00Z", ["2026-01-05", "2026-01-09", "--at"]),
        ("2027-06-01T00:00:00Z", ["2026-01-05", "2026-01-09", "--at"]),
        ("2026-01-05T00:10:00Z", ["need", "day"]),
    ],
)
def test_moment_outside_the_recording_or_too_early_is_refused(fathom, recording, at, words):
    complaint = fathom("ask", "/liq BTC", "--recordings", recording, "--at", at).complains()
    assert [word for word in words if word not in complaint] == []


def spoiled(name: str, row: int, value: float) -> dict[str, np.ndarray]:
    columns = bars()
    columns[name] = columns[name].copy()
    columns[name][row] = value
    return columns


BAD_RECORDINGS = {
    "nan": (lambda: spoiled("close", 700, np.nan), ["close is nan", "2026-01-07"]),
    "negative": (lambda: spoiled("low", 700, -1.0), ["low is -1", "2026-01-07"]),
    "volume": (lambda: spoiled("volume", 700, -5.0), ["volume is -5"]),
    "unsorted": (lambda: {name: values[::-1] for name, values in bars().items()}, ["order of time", "Sort"]),
    "no interest": (lambda: {**bars(), "open_interest": np.zeros(BARS)}, ["open interest is 0"]),
    "no column": (
        lambda: {name: values for name, values in bars().items() if name != "open_interest"},
        ["open_interest is missing"],
    ),
    "one bar": (lambda: bars(1), ["need"]),
    "empty": (lambda: bars(0), ["empty"]),
}


@pytest.mark.parametrize(("columns", "words"), BAD_RECORDINGS.values(), ids=BAD_RECORDINGS)
def test_bad_recording_gets_one_sentence_and_exit_code_2(fathom, tmp_path, columns, words):
    directory = record(tmp_path / "bad", columns())
    complaint = fathom("ask", "/liq BTC", "--recordings", directory).complains()
    assert [word for word in words if word not in complaint] == []


def test_truncated_or_absent_file_is_refused(fathom, tmp_path):
    path = record(tmp_path / "cut", bars()) / "binanceusdm" / "BTCUSDT" / "perp_5m.parquet"
    path.write_bytes(path.read_bytes()[:1000])
    assert "not a readable Parquet file" in fathom("ask", "BTC", "--recordings", tmp_path / "cut").complains()
    path.unlink()
    assert "BTC" in fathom("ask", "BTC", "--recordings", tmp_path / "cut").complains()


def test_folder_that_cannot_be_written_is_refused_before_anything_is_printed(fathom, recording, plain_home):
    (plain_home / "file").write_text("", encoding="utf-8")
    complaint = fathom("ask", "/liq BTC", "--recordings", recording, "--out", "file/pictures").complains()
    assert "file" in complaint
    asked = ("profile", "BTC", "--model", "M1", "--window", "24h", "--recordings", recording)
    assert "nowhere" in fathom(*asked, "--csv", "nowhere/profile.csv").complains()
