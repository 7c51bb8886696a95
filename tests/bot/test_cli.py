"""The commands as they are typed: what they print and what they write."""

import csv
import json
import os
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from bot.cli import app
from bot.document import schema
from tests.bot.command_line import BARS, LAST_MOMENT, bars, record

pytestmark = pytest.mark.usefixtures("plain_home", "no_venue")


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


def test_gap_is_named_in_the_answer(fathom, tmp_path):
    kept = np.r_[0:800, 830:BARS]
    directory = record(tmp_path / "gap", {name: values[kept] for name, values in bars().items()})
    document = json.loads(fathom("ask", "/liq BTC", "--recordings", directory, "--json").out)
    (gap,) = [missing for missing in document["missing"] if missing["input"] == "candles"]
    assert "1 gap" in gap["effect"]
