"""Liquidations per hour: read, refused, and laid beside the candles."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from engine.errors import DataMalformedError, DataUnavailableError
from engine.skill.hours import SETTLING_S, Hours, RealisedHours, common_hours, read_realised_hours
from engine.windows import HOUR_S
from tests.engine.skill.made_hours import START_S, candles_of


def test_a_csv_and_a_parquet_file_tell_the_same(tmp_path: Path) -> None:
    csv = tmp_path / "hours.csv"
    csv.write_text("time,long_usd,short_usd\n2026-02-01T00:00:00Z,5,7.5\n2026-02-01T01:00:00Z,0,1e6\n")
    stamps = pa.array([1_769_904_000_000_000, 1_769_907_600_000_000], pa.timestamp("us", tz="UTC"))
    parquet = tmp_path / "hours.parquet"
    pa.parquet.write_table(pa.table({"time": stamps, "long_usd": [5.0, 0.0], "short_usd": [7.5, 1e6]}), parquet)
    for path in (csv, parquet):
        hours = read_realised_hours(path)
        assert hours.time_s.tolist() == [1_769_904_000, 1_769_907_600]
        assert hours.usd.tolist() == [[5.0, 0.0], [7.5, 1e6]]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("time,long_usd\n2026-02-01T00:00:00Z,5\n", "short_usd"),
        ("time,long_usd,short_usd\n2026-02-01T00:30:00Z,5,5\n", "no full hour"),
        ("time,long_usd,short_usd\n2026-02-01T00:00:00Z,-5,5\n", "negative"),
        ("time,long_usd,short_usd\n2026-02-01T00:00:00Z,,5\n", "missing"),
        ("time,long_usd,short_usd\n2026-02-01T01:00:00Z,5,5\n2026-02-01T00:00:00Z,5,5\n", "order"),
        ("time,long_usd,short_usd\nyesterday,5,5\n", "cannot be read"),
    ],
)
def test_what_cannot_be_is_refused_with_the_layout(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "hours.csv"
    path.write_text(text)
    with pytest.raises(DataMalformedError, match=words):
        read_realised_hours(path)


def test_a_damaged_and_an_absent_file_are_refused(tmp_path: Path) -> None:
    damaged = tmp_path / "hours.parquet"
    damaged.write_bytes(b"PAR1 no more")
    with pytest.raises(DataMalformedError, match="cannot be read"):
        read_realised_hours(damaged)
    with pytest.raises(DataUnavailableError, match="--liquidations"):
        read_realised_hours(tmp_path / "absent.parquet")


def test_common_hours_are_full_and_settled() -> None:
    candles = candles_of(hours=300, drop=(250 * 12 + 3,))
    every = START_S + HOUR_S * np.arange(300)
    realised = RealisedHours(where="made", time_s=every, usd=np.ones((2, 300)))
    hours = common_hours(candles, realised)
    assert hours.time_s[0] == START_S + SETTLING_S
    assert START_S + 250 * HOUR_S not in hours.time_s  # one of its bars is missing
    assert len(hours) == 300 - 240 - 1


def test_months_without_candles_are_refused() -> None:
    realised = RealisedHours(where="made", time_s=np.array([0]), usd=np.ones((2, 1)))
    with pytest.raises(DataUnavailableError, match="shares no full hour"):
        common_hours(candles_of(hours=300), realised)


def test_bars_are_summed_into_their_own_hour() -> None:
    hours = Hours(time_s=np.array([3_600, 10_800]), realised=np.zeros((2, 2)))
    bars = np.array([3_300, 3_600, 6_900, 7_200, 10_800])
    assert hours.gather(bars, np.array([[1.0, 2.0, 4.0, 8.0, 16.0]])).tolist() == [[6.0, 16.0]]
