"""Files for other programs: sums by hand, exact floats, formats by ending."""

import csv
import io
import math
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import ConfigError
from bot.tables import (
    PROFILE_COLUMNS,
    SWEPT_COLUMNS,
    interval_s,
    profile_rows,
    swept_per_interval,
    write_csv,
    write_heat_map,
)
from engine.errors import NotEnoughDataError
from engine.windows import parse_instant

NOON_S = parse_instant("2026-02-05T12:00:00Z")


def swept_at(*bars: tuple[int, float, float]) -> SimpleNamespace:
    times, longs, shorts = (np.array(column) for column in zip(*bars, strict=True))
    return SimpleNamespace(time_s=times, long_usd=longs.astype(float), short_usd=shorts.astype(float))


def rows_of(path: Path) -> list[list[str]]:
    return list(csv.reader(path.read_text(encoding="utf-8").splitlines()))


def test_swept_mass_is_summed_per_hour_and_hours_without_bars_are_zero():
    table = swept_per_interval(
        swept_at((NOON_S + 300, 1, 10), (NOON_S + 3300, 2, 20), (NOON_S + 3 * 3600, 4, 40)), 3600
    )
    assert list(table.rows()) == [
        ("2026-02-05T12:00:00Z", "3.0", "30.0"),
        ("2026-02-05T13:00:00Z", "0.0", "0.0"),
        ("2026-02-05T14:00:00Z", "0.0", "0.0"),
        ("2026-02-05T15:00:00Z", "4.0", "40.0"),
    ]


def test_bar_belongs_to_the_hour_in_which_it_opens():
    table = swept_per_interval(swept_at((NOON_S - 300, 1, 0), (NOON_S, 2, 0)), 3600)
    assert table.long_usd.tolist() == [1, 2]


@given(
    st.lists(st.integers(min_value=0, max_value=500), min_size=1, max_size=40, unique=True).map(sorted),
    st.sampled_from([3600, 4 * 3600, 86_400]),
)
def test_sums_by_interval_hold_everything_once(bars, length_s):
    swept = swept_at(*((NOON_S + 300 * bar, bar, 1) for bar in bars))
    table = swept_per_interval(swept, length_s)
    assert table.long_usd.sum() == sum(bars)
    assert table.short_usd.sum() == len(bars)
    assert np.all(np.diff(table.time_s) == length_s)
    assert np.all(table.time_s % length_s == 0)


def test_swept_without_bars_is_refused():
    empty = SimpleNamespace(time_s=np.array([], dtype=int), long_usd=np.array([]), short_usd=np.array([]))
    with pytest.raises(NotEnoughDataError):
        swept_per_interval(empty, 3600)


@pytest.mark.parametrize(("text", "seconds"), [("1h", 3600), ("4h", 14_400), ("1d", 86_400), ("12H", 43_200)])
def test_intervals_are_hours_or_days(text, seconds):
    assert interval_s(text) == seconds


@pytest.mark.parametrize("text", ["", "h", "0h", "-1h", "5m", "1.5h", "1 h", "²h", "999999999d"])
def test_other_intervals_are_refused(text):
    with pytest.raises(ConfigError, match="1h, 4h or 1d"):
        interval_s(text)


def test_profile_reads_back_as_the_same_floats(tmp_path, liquidation_map):
    path = tmp_path / "profile.csv"
    write_csv(str(path), PROFILE_COLUMNS, profile_rows(liquidation_map), io.StringIO())
    header, *rows = rows_of(path)
    assert header == ["price", "long_usd", "short_usd"]
    prices, longs, shorts = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    assert np.array_equal(prices, liquidation_map.grid.centers)
    assert np.array_equal(longs, liquidation_map.long_usd)
    assert np.array_equal(shorts, liquidation_map.short_usd)


def test_dash_writes_to_standard_output():
    output = io.StringIO()
    write_csv("-", SWEPT_COLUMNS, [("2026-02-05T12:00:00Z", "1.0", "2.0")], output)
    assert output.getvalue() == "time,long_swept_usd,short_swept_usd\n2026-02-05T12:00:00Z,1.0,2.0\n"


def test_heat_map_is_the_same_in_csv_and_parquet(tmp_path, liquidation_map):
    for name in ("map.csv", "map.parquet"):
        write_heat_map(str(tmp_path / name), liquidation_map, io.StringIO())
    header, *rows = rows_of(tmp_path / "map.csv")
    table = pq.read_table(tmp_path / "map.parquet")
    assert header == table.column_names == ["time", "price", "long_usd", "short_usd"]
    assert len(rows) == table.num_rows == liquidation_map.columns.long_usd.size
    assert rows[0][0] == "2026-03-14T23:50:00Z"
    assert str(table["time"][0]) == "2026-03-14 23:50:00+00:00"
    assert [float(row[1]) for row in rows] == table["price"].to_pylist()
    assert [float(row[2]) for row in rows] == table["long_usd"].to_pylist()
    last_longs = [float(row[2]) for row in rows[-liquidation_map.grid.size :]]
    assert last_longs == pytest.approx(liquidation_map.long_usd.tolist(), rel=1e-6)


def test_a_moment_of_which_nothing_is_known_is_nan_and_not_zero(tmp_path, liquidation_map):
    columns = liquidation_map.columns
    unknown = replace(columns, long_usd=columns.long_usd * np.array([[np.nan], [1]], dtype=np.float32))
    for name in ("map.csv", "map.parquet"):
        write_heat_map(str(tmp_path / name), replace(liquidation_map, columns=unknown), io.StringIO())
    _, *rows = rows_of(tmp_path / "map.csv")
    bins = liquidation_map.grid.size
    assert {row[2] for row in rows[:bins]} == {"nan"}
    assert all(math.isfinite(float(row[2])) for row in rows[bins:])
    assert np.isnan(pq.read_table(tmp_path / "map.parquet")["long_usd"].to_numpy()[:bins]).all()


def test_ending_that_names_no_format_is_refused(tmp_path, liquidation_map):
    with pytest.raises(ConfigError, match=r"\.csv or \.parquet"):
        write_heat_map(str(tmp_path / "map.xlsx"), liquidation_map, io.StringIO())


def test_map_without_columns_cannot_be_a_heat_map(tmp_path, liquidation_map):
    with pytest.raises(ValueError, match="without columns"):
        write_heat_map("map.csv", replace(liquidation_map, columns=None), io.StringIO())
