"""The commands as they are typed: what they print, what they write, and one sentence for every bad input."""

import csv
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from bot.cli import app, run
from bot.document import schema
from engine.windows import parse_instant

pytestmark = pytest.mark.usefixtures("plain_home", "no_venue")

FIRST_S = parse_instant("2026-01-05T00:00:00Z")
BARS = 4 * 288
LAST_MOMENT = "2026-01-09T00:00:00Z"


def bars(count: int = BARS, seed: int = 3) -> dict[str, np.ndarray]:
    """Return the columns of a plausible recording: a random walk with open interest."""
    random = np.random.default_rng(seed)
    close = 70_000 * np.exp(np.cumsum(random.normal(0, 0.0015, count)))
    opened = np.concatenate([[70_000.0], close])[:count]
    wick = np.abs(random.normal(0, 0.0006, count))
    interest = 80_000 * np.exp(np.cumsum(random.normal(0, 0.001, count)))
    return {
        "time": FIRST_S + 300 * np.arange(count),
        "open": opened,
        "high": np.maximum(opened, close) * (1 + wick),
        "low": np.minimum(opened, close) * (1 - wick),
        "close": close,
        "volume": random.lognormal(6.5, 0.5, count),
        "open_interest": interest,
    }


def record(directory: Path, columns: dict[str, np.ndarray], symbol: str = "BTCUSDT") -> Path:
    folder = directory / "binanceusdm" / symbol
    folder.mkdir(parents=True)
    time = pa.array(columns["time"]).cast(pa.timestamp("s", tz="UTC"))
    others = {name: pa.array(values) for name, values in columns.items() if name != "time"}
    pq.write_table(pa.table({"time": time, **others}), folder / "perp_5m.parquet")
    return directory


@pytest.fixture(scope="module")
def recording(tmp_path_factory) -> Path:
    return record(tmp_path_factory.mktemp("recordings"), bars())


Fathom = Callable[..., "Outcome"]


class Outcome:
    """What a command left behind."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    def complains(self) -> str:
        """Return the complaint after checking that it is one: a single line, exit code 2, nothing else printed."""
        assert self.code == 2
        assert self.out == ""
        assert "Traceback" not in self.err
        assert self.err.count("\n") == 1
        return self.err.strip()


@pytest.fixture
def fathom(capsys) -> Fathom:
    def call(*arguments: object) -> Outcome:
        code = run([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return Outcome(code, printed.out, printed.err)

    return call


def test_json_fits_its_schema_and_no_picture_is_written_unasked(fathom, recording, plain_home):
    outcome = fathom("ask", "/liq BTC", "--recordings", recording, "--json")
    document = json.loads(outcome.out)
    assert (outcome.code, outcome.err) == (0, "")
    Draft202012Validator(schema("liq")).validate(document)
    assert document["as_of"] == LAST_MOMENT
    assert document["source"] == "recorded"
    assert document["chart"] is None
    assert list(plain_home.glob("**/*.png")) == []


def test_level_json_adds_up_to_the_exported_profile(fathom, recording):
    price = json.loads(fathom("ask", "/liq BTC", "--recordings", recording, "--json").out)["price"]
    asked = f"/level btc {price * 1.02:.1f} m1 24h"
    document = json.loads(fathom("ask", asked, "--recordings", recording, "--json").out)
    Draft202012Validator(schema("level")).validate(document)
    rows = fathom("profile", "BTC", "--model", "M1", "--window", "24h", "--recordings", recording, "--csv", "-").out
    _, *profile = csv.reader(rows.splitlines())
    at_level = sum(
        float(short)
        for bin_price, _, short in profile
        if document["band"]["low"] < float(bin_price) < document["band"]["high"]
    )
    on_the_way = sum(
        float(short) for bin_price, _, short in profile if price < float(bin_price) < document["band"]["low"]
    )
    assert document["at_level_usd"] == pytest.approx(at_level, rel=1e-9)
    assert document["on_the_way_usd"] == pytest.approx(on_the_way, rel=1e-9)
    assert sum(tier["usd"] for tier in document["tiers"]) == pytest.approx(at_level, rel=1e-9)


def test_answer_is_printed_with_the_path_of_its_picture(fathom, recording, plain_home):
    outcome = fathom("ask", "/liq", "btc", "12h", "--recordings", recording)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith("BTC ")
    assert "SIMULATED" not in outcome.out
    picture = Path("fathom-charts") / "BTC-2026-01-09T0000Z-M1-12h-dark.png"
    assert f"PICTURE  {picture}" in outcome.out
    assert (plain_home / picture).read_bytes().startswith(b"\x89PNG")


def test_json_names_the_picture_that_was_asked_for(fathom, recording):
    asked = ("ask", "/liq BTC", "--recordings", recording, "--json", "--out", "pictures", "--theme", "light")
    chart = json.loads(fathom(*asked).out)["chart"]
    assert chart.startswith(f"pictures{os.sep}BTC-2026-01-09T0000Z-")
    assert chart.endswith("-light.png")
    assert Path(chart).is_file()


def test_moment_is_cut_at_what_was_known(fathom, recording):
    document = json.loads(fathom("ask", "BTC", "--recordings", recording, "--at", "2026-01-07T12:00:00Z", "--json").out)
    assert document["as_of"] == "2026-01-07T12:00:00Z"
    assert document["price"] == pytest.approx(bars()["close"][2 * 288 + 143])


def test_without_a_source_the_market_is_simulated_and_loudly_so(fathom):
    outcome = fathom("ask", "/questions BTC")
    assert outcome.code == 0
    first, *rest = outcome.out.splitlines()
    assert "SIMULATED" in first
    assert "--source recorded --recordings DIR" in " ".join(outcome.out.split())
    assert any(line.startswith("SIMULATED, no real prices") for line in rest)
    assert json.loads(fathom("ask", "/liq BTC", "--json").out)["source"] == "simulated"


def test_settings_of_the_folder_are_used_and_a_flag_wins(fathom, recording, plain_home):
    (plain_home / "config.toml").write_text(
        f'[market]\nsource = "recorded"\nrecordings = {json.dumps(str(recording))}\nat = "2026-01-07T12:00:00Z"\n',
        encoding="utf-8",
    )
    assert json.loads(fathom("ask", "BTC", "--json").out)["as_of"] == "2026-01-07T12:00:00Z"
    flagged = fathom("ask", "BTC", "--json", "--at", "2026-01-08T12:00:00Z")
    assert json.loads(flagged.out)["as_of"] == "2026-01-08T12:00:00Z"


def test_swept_has_a_row_for_every_hour_and_the_sums_of_its_bars(fathom, recording, plain_home):
    asked = ("swept", "BTC", "--model", "m2", "--recordings", recording)
    assert fathom(*asked, "--every", "1h", "--csv", "hours.csv").code == 0
    header, *rows = csv.reader((plain_home / "hours.csv").read_text(encoding="utf-8").splitlines())
    assert header == ["time", "long_swept_usd", "short_swept_usd"]
    assert [row[0] for row in (rows[0], rows[1], rows[-1])] == [
        "2026-01-05T00:00:00Z",
        "2026-01-05T01:00:00Z",
        "2026-01-08T23:00:00Z",
    ]
    assert len(rows) == BARS / 12
    _, *days = csv.reader(fathom(*asked, "--every", "1d", "--csv", "-").out.splitlines())
    assert float(days[0][1]) == pytest.approx(sum(float(row[1]) for row in rows[:24]))
    assert sum(float(row[2]) for row in rows) > 0


def test_heat_map_ends_in_the_profile(fathom, recording, plain_home):
    asked = ("BTC", "--model", "M1", "--window", "12h", "--recordings", recording)
    assert fathom("export", *asked, "--out", "map.parquet").code == 0
    table = pq.read_table(plain_home / "map.parquet")
    assert table.column_names == ["time", "price", "long_usd", "short_usd"]
    assert str(table["time"][-1]) == "2026-01-09 00:00:00+00:00"
    last = {
        price: short
        for time, price, short in zip(*(table[n].to_pylist() for n in ("time", "price", "short_usd")), strict=True)
        if str(time) == "2026-01-09 00:00:00+00:00"
    }
    _, *profile = csv.reader(fathom("profile", *asked, "--csv", "-").out.splitlines())
    shown = {float(price): float(short) for price, _, short in profile if float(price) in last}
    assert shown == pytest.approx(last, rel=1e-6)
    assert max(shown.values()) > 0


def test_models_help_and_version_need_no_market(fathom):
    models = fathom("models")
    assert models.code == 0
    assert "High leverage" in models.out
    assert fathom("ask", "/models").out == models.out
    assert "/level BTC 68.5k" in fathom("ask", "/help").out
    assert fathom("version").out.startswith("fathom ")
    assert fathom().out == fathom("--help").out
    assert "ask" in fathom("--help").out


def test_every_command_has_help_that_is_not_cut_off():
    runner = CliRunner()
    overview = runner.invoke(app, ["--help"]).output
    assert "..." not in overview.split("Commands:")[1]
    for command in ("ask", "chat", "swept", "profile", "export", "models", "version"):
        assert command in overview
        assert runner.invoke(app, [command, "--help"]).exit_code == 0


def test_chat_reads_line_by_line_and_remembers_the_symbol(fathom, recording, monkeypatch, tmp_path):
    typed = tmp_path / "typed.txt"
    typed.write_text("/questions btc\n/level 1\nnonsense here\n", encoding="utf-8")
    with typed.open(encoding="utf-8") as lines:
        monkeypatch.setattr(sys, "stdin", lines)
        outcome = fathom("chat", "--recordings", recording)
    assert outcome.code == 0
    assert "Where is the nearest vulnerable leverage?" in outcome.out
    assert "outside the map" in outcome.out
    assert "“nonsense” here" in outcome.out


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
        (("swept", "BTC", "--model", "M6", "--csv", "-"), ["positions of one moment", "M1, M2, M4 or M5"]),
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


def test_gap_is_named_in_the_answer(fathom, tmp_path):
    kept = np.r_[0:800, 830:BARS]
    directory = record(tmp_path / "gap", {name: values[kept] for name, values in bars().items()})
    document = json.loads(fathom("ask", "/liq BTC", "--recordings", directory, "--json").out)
    (gap,) = [missing for missing in document["missing"] if missing["input"] == "candles"]
    assert "1 gap" in gap["effect"]


def test_folder_that_cannot_be_written_is_refused_before_anything_is_printed(fathom, recording, plain_home):
    (plain_home / "file").write_text("", encoding="utf-8")
    complaint = fathom("ask", "/liq BTC", "--recordings", recording, "--out", "file/pictures").complains()
    assert "file" in complaint
    asked = ("profile", "BTC", "--model", "M1", "--window", "24h", "--recordings", recording)
    assert "nowhere" in fathom(*asked, "--csv", "nowhere/profile.csv").complains()


def fathom_process(*arguments: object, cwd: Path, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from bot.cli import main; main()", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONWARNINGS": "error"}
    return subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=120, check=False, **options
    )


def test_help_loads_no_numerics(plain_home):
    probe = (
        "import sys; from bot.cli import run; run(['--help']); "
        "sys.stderr.write(str(sorted({'numpy', 'numba', 'pydantic', 'pyarrow', 'rich'} & set(sys.modules))))"
    )
    done = subprocess.run([sys.executable, "-c", probe], cwd=plain_home, capture_output=True, text=True, check=True)
    assert done.stderr == "[]"


def test_process_reports_errors_on_standard_error_alone(recording, plain_home):
    done = fathom_process("ask", "/liq DOGE", "--recordings", recording, "--json", cwd=plain_home)
    assert (done.returncode, done.stdout) == (2, "")
    assert "DOGE" in done.stderr
    assert "Traceback" not in done.stderr


def test_fault_of_ours_is_a_sentence_with_an_id_and_a_traceback_in_the_log_alone(plain_home):
    probe = "import importlib.metadata as m; m.version = lambda name: 1 / 0; from bot.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", probe, "version"],
        cwd=plain_home,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    (log,) = plain_home.glob("state/**/fathom.log")
    error_id = re.search(r"error ([0-9a-f]{8})", done.stderr).group(1)
    assert (done.returncode, done.stdout) == (1, "")
    assert "Traceback" not in done.stderr
    assert error_id in log.read_text(encoding="utf-8")
    assert "ZeroDivisionError" in log.read_text(encoding="utf-8")


def test_reader_that_leaves_early_is_no_error(recording, plain_home):
    asked = ["profile", "BTC", "--model", "M2", "--window", "3d", "--recordings", str(recording), "--csv", "-"]
    command = [sys.executable, "-c", "from bot.cli import main; main()", *asked]
    with subprocess.Popen(
        command, cwd=plain_home, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        process.stdout.readline()
        process.stdout.close()
        complaints = process.stderr.read()
        process.wait(timeout=60)
    assert complaints == ""


def test_console_of_another_encoding_gets_an_answer(monkeypatch):
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))
    assert run(["ask", "/help"]) == 0
    assert b"also ?is 70k a magnet for btc??" in written.getvalue()
