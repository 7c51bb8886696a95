"""Files of a history: those of other versions, damaged ones, half-written ones, and one writer at a time."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.errors import DataMalformedError
from engine.history.errors import HistoryBusyError, NewerHistoryError
from engine.history.files import encoded
from engine.history.store import HistoryStore
from engine.windows import DAY_S
from tests.engine.made_history import BAR_S, BASE_S, bars, book, from_recording, get, put
from tests.engine.made_recordings import perp_rows, write


def test_a_month_or_a_day_is_a_file_and_only_the_one_that_changed_is_written(store):
    put(store, bars([BASE_S, BASE_S + 31 * DAY_S]))
    put(store, book((BASE_S, [(1.0, 1.0)]), (BASE_S + DAY_S, [(1.0, 1.0)])), "order_book")
    files = sorted(path.relative_to(store.path / "binanceusdm/BTCUSDT") for path in store.path.rglob("*.parquet"))
    days = ["order_book/2026-01-01.parquet", "order_book/2026-01-02.parquet"]
    assert [str(path) for path in files] == [*days, "perp_5m/2026-01.parquet", "perp_5m/2026-02.parquet"]
    january = store.path / "binanceusdm/BTCUSDT/perp_5m/2026-01.parquet"
    before = january.stat().st_ino
    put(store, bars([BASE_S + 31 * DAY_S + BAR_S]))
    assert january.stat().st_ino == before


def test_a_file_written_by_hand_and_one_of_the_store_hold_the_same(tmp_path):
    rows = perp_rows(bars=10)
    write(tmp_path / "hand.parquet", rows)
    (tmp_path / "store.parquet").write_bytes(encoded(from_recording(rows)))
    assert pq.read_table(tmp_path / "hand.parquet").equals(pq.read_table(tmp_path / "store.parquet"))


# --- files of other versions, and damaged ones -----------------------------------------------------------------------

JANUARY = "binanceusdm/BTCUSDT/perp_5m/2026-01.parquet"


def rewrite(path, change):
    pq.write_table(change(pq.read_table(path)), path)


def test_columns_that_an_older_version_lacked_are_unknown_in_its_rows(store):
    put(store, bars([BASE_S], interest=[5]))
    rewrite(store.path / JANUARY, lambda table: table.drop_columns(["open_interest_value", "duration_s"]))
    put(store, bars([BASE_S + BAR_S]))
    found = get(store)
    assert found["duration_s"].tolist() == [BAR_S, BAR_S]
    np.testing.assert_array_equal(found["open_interest"], [5, np.nan])


def test_numbers_of_a_newer_version_and_other_number_types_survive(store):
    put(store, bars([BASE_S]))
    path = store.path / JANUARY
    rewrite(path, lambda table: table.append_column("trades", pa.array([7])))
    rewrite(path, lambda table: table.set_column(5, "volume", table["volume"].cast(pa.float32())))
    put(store, bars([BASE_S + BAR_S]))
    np.testing.assert_array_equal(pq.read_table(path)["trades"].to_numpy(), [7, np.nan])
    assert get(store)["volume"].tolist() == [0, 0]


def test_a_file_that_could_not_be_written_again_is_left_alone(store):
    put(store, bars([BASE_S]))
    path = store.path / JANUARY
    rewrite(path, lambda table: table.append_column("remark", pa.array(["kept"])))
    before = path.read_bytes()
    with pytest.raises(NewerHistoryError, match="remark"):
        put(store, bars([BASE_S + BAR_S]))
    assert path.read_bytes() == before


@pytest.mark.parametrize("keep", [0, 4, 500, -1])
def test_a_damaged_file_is_kept_aside_and_collecting_goes_on(store, keep):
    put(store, bars(BASE_S + BAR_S * np.arange(100)))
    path = store.path / JANUARY
    damaged = path.read_bytes()[:keep]
    path.write_bytes(damaged)
    with pytest.raises(DataMalformedError, match="2026-01"):
        get(store)
    done = put(store, bars([BASE_S + 200 * BAR_S]))
    assert "kept as 2026-01.parquet.damaged1" in done.notes[0]
    assert (path.parent / "2026-01.parquet.damaged1").read_bytes() == damaged
    assert get(store).time_s.tolist() == [BASE_S + 200 * BAR_S]


# --- one writer ------------------------------------------------------------------------------------------------------


def test_threads_may_share_a_store(store):
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda number: put(store, bars([BASE_S + BAR_S * number])), range(40)))
    assert store.coverage("BTC")[0].rows == 40


def test_a_second_writer_is_told_who_writes_and_may_read(store):
    put(store, bars([BASE_S]))
    second = HistoryStore(store.path)
    with pytest.raises(HistoryBusyError, match=r"being written by process \d+"):
        put(second, bars([BASE_S + BAR_S]))
    assert len(get(second)) == 1
    store.close()
    assert put(second, bars([BASE_S + BAR_S])).stored == 1
    second.close()


def test_the_lock_of_a_dead_process_does_not_block(tmp_path):
    (tmp_path / ".writer.lock").write_text("1\n")
    with HistoryStore(tmp_path) as store:
        assert put(store, bars([BASE_S])).stored == 1


def test_a_writer_in_another_process_is_named(store):
    put(store, bars([BASE_S]))
    code = (
        "import sys, pathlib; from engine.history.lock import WriterLock; from engine.errors import EngineError\n"
        "try: WriterLock(pathlib.Path(sys.argv[1]))\n"
        "except EngineError as error: print(error.holder)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(store.path)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert int(done.stdout) == os.getpid()


def test_half_written_files_of_a_killed_writer_are_not_read_and_are_removed(store):
    put(store, bars([BASE_S]))
    store.close()
    left = store.path / "binanceusdm/BTCUSDT/perp_5m/.2026-01.parquet.99.tmp"
    left.write_bytes(b"PAR1 half")
    assert len(get(store)) == 1
    put(store, bars([BASE_S + BAR_S]))
    assert not left.exists()
