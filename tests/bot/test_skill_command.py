"""`fathom skill score` as it is typed: the table, the JSON, the picture, and what it refuses."""

import json
import sys
from pathlib import Path

import pytest

from bot.skill_words import range_text, share_text
from engine.skill.resampling import Interval
from tests.bot.command_line import Fathom


@pytest.fixture
def asked(shared_data: Path) -> list[str]:
    hours = shared_data / "coinglass/BTC/liquidations_1h.parquet"
    until = ["--train-until", "2026-02-01", "--models", "M1", "--models", "M2"]
    return ["skill", "score", "--recordings", str(shared_data), "--liquidations", str(hours), *until]


def test_the_table_is_best_first_and_says_what_it_stands_on(fathom: Fathom, asked: list[str]) -> None:
    done = fathom(*asked)
    assert done.code == 0
    lines = done.out.splitlines()
    assert "BTC at Binance" in lines[0]
    names = [line.split("  ")[0].strip() for line in lines if line.startswith(("M", "·"))]
    assert names[:2] == ["M1 High leverage", "M2 Broad structure"]
    assert len(names) == 7
    assert "1,008 from 2026-02-01T00:00:00Z to 2026-03-15T00:00:00Z" in done.out
    assert "not where price goes" in done.out


def test_the_json_and_the_picture_are_reproducible(fathom: Fathom, asked: list[str], tmp_path: Path) -> None:
    first, second = tmp_path / "a.png", tmp_path / "b.png"
    one = fathom(*asked, "--json", "--seed", "5", "--out", str(first))
    two = fathom(*asked, "--json", "--seed", "5", "--out", str(second))
    assert one.out == two.out
    assert first.read_bytes() == second.read_bytes()
    document = json.loads(one.out)
    assert document["test_from"] == "2026-02-01T00:00:00Z"
    best = document["recipes"][0]
    assert best["name"] == "M1"
    assert best["r2"]["low"] < best["r2"]["estimate"] < best["r2"]["high"]
    assert set(best["r2_by_month"]) == {"2026-02", "2026-03"}


def test_what_cannot_be_is_one_sentence(fathom: Fathom, asked: list[str]) -> None:
    assert "not a time" in fathom(*asked, "--train-until", "soon").complains()
    assert "M9" in fathom(*asked, "--models", "M9").complains()
    assert "XRP" in fathom(*asked, "--symbol", "XRP").complains()


def test_an_absent_file_is_named(fathom: Fathom, asked: list[str], tmp_path: Path) -> None:
    absent = tmp_path / "none.parquet"
    assert str(absent) in fathom(*asked, "--liquidations", str(absent)).complains()


@pytest.mark.parametrize(("value", "words"), [(0.75, ".75"), (-0.2, "-.20"), (1.0, "1.00"), (float("nan"), "n/a")])
def test_shares_have_two_decimals(value: float, words: str) -> None:
    assert share_text(value) == words


def test_an_interval_is_told_by_its_ends() -> None:
    assert range_text(Interval(0.5, 0.41, 0.62)) == ".41 to .62"


@pytest.mark.soak
def test_a_fit_is_written_told_and_scored(fathom: Fathom, shared_data: Path, tmp_path: Path) -> None:
    file, hours = tmp_path / "m3.toml", shared_data / "coinglass/BTC/liquidations_1h.parquet"
    data = ["--recordings", str(shared_data), "--liquidations", str(hours), "--train-until", "2026-02-01"]
    done = fathom("skill", "fit", *data, "--out", str(file), "--json")
    assert done.code == 0
    document = json.loads(done.out)
    assert document["score"]["after_r2"] >= 0.85
    assert document["parameters"]["provenance"]["until"] == "2026-02-01T00:00:00Z"
    table = fathom("skill", "score", *data, "--models", "M3", "--parameters", str(file)).out
    assert "M3 Fitted                             .85  .83 to .87" in table
    assert "no test of it" not in table


def test_a_file_without_parameters_is_refused(fathom: Fathom, asked: list[str], tmp_path: Path) -> None:
    file = tmp_path / "m3.toml"
    file.write_text("leverage = 5\n")
    assert "fathom skill fit" in fathom(*asked, "--parameters", str(file)).complains()


def test_the_chance_of_touch_is_judged(fathom: Fathom, shared_data: Path) -> None:
    asked = ["skill", "touch", "--recordings", str(shared_data), "--symbol", "BTC", "--from", "2026-03-05"]
    done = fathom(*asked)
    assert done.code == 0
    assert "Chance of touch of BTC, forecast every hour from 2026-03-05T00:00:00Z" in done.out
    assert done.out.count("expected calibration error") == 3
    document = json.loads(fathom(*asked, "--json").out)
    assert [horizon["hours"] for horizon in document["horizons"]] == [12, 24, 72]
    assert "--from" in fathom(*asked[:-1], "2027-01-01").complains()


def test_zones_are_held_against_chance(fathom: Fathom, shared_data: Path, tmp_path: Path) -> None:
    page, hours = tmp_path / "skill.md", shared_data / "coinglass/BTC/liquidations_1h.parquet"
    asked = ["skill", "zones", "--recordings", str(shared_data), "--symbol", "btc", "--every", "12", "--seed", "2"]
    done = fathom(*asked, "--liquidations", str(hours), "--out", str(page), "--json")
    assert done.code == 0
    document = json.loads(done.out)
    lifts = {(lift["outcome"], lift["null"]): lift["lift"] for lift in document["lifts"]}
    assert lifts["liquidated", "mirror"]["low"] > 0
    assert lifts["touched in 72 h", "same distance"]["low"] < 0 < lifts["touched in 72 h", "same distance"]["high"]
    assert document["weights"]["trials"]
    text = page.read_text(encoding="utf-8")
    assert "Answers about BTC every 12 hours from 2025-12-11T12:00:00Z on" in text
    assert "fathom skill zones --recordings DIR --liquidations FILE --symbol btc --every 12 --seed 2" in text
    assert str(tmp_path) not in text
    assert "\n## Where nothing must be found\n" in text


def test_without_liquidations_it_says_what_is_not_known(fathom: Fathom, shared_data: Path) -> None:
    asked = ["skill", "zones", "--recordings", str(shared_data), "--symbol", "SOL", "--every", "48"]
    done = fathom(*asked)
    assert done.code == 0
    assert "no realised liquidations were named" in done.out
    assert "Nothing was chosen" in done.out


def test_an_address_without_a_cluster_is_refused(fathom: Fathom, shared_data: Path) -> None:
    for address in ("nowhere", "tcp://127.0.0.1:1", "http://127.0.0.1:80"):
        asked = ["skill", "zones", "--recordings", str(shared_data), "--dask", address]
        assert f"there is no Dask scheduler at {address}" in fathom(*asked).complains()


def test_without_dask_it_says_what_to_install(
    fathom: Fathom, shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    asked = ["skill", "zones", "--recordings", str(shared_data), "--dask", "tcp://127.0.0.1:8786"]
    assert "pip install 'fathom-liq[cluster]'" in fathom(*asked).complains()
