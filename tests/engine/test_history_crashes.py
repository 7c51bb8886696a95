"""The history store against the world: killed at any step, killed at random, a full disk, and a plain dictionary."""

import os
import signal
import subprocess
import sys
import time
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.history.disk import Disk
from engine.history.errors import HistoryNotWrittenError
from engine.history.store import HistoryStore
from tests.engine import history_writer
from tests.engine.made_history import BAR_S, BASE_S, MARKET, FailingDisk, Killed, bars

ROOT = Path(__file__).parents[2]
NOW_S = 2 * BASE_S
DAY_BARS = 288
KILLS = 20


def append(store, rows):
    return store.append(*MARKET, "perp_5m", rows, as_of_s=NOW_S, clock="venue")


def content(path):
    """What a reader finds: volume and open interest (None: unknown) of each bar, by its number."""
    found = HistoryStore(path).read(*MARKET, "perp_5m")
    numbers = ((found.time_s - BASE_S) // BAR_S).tolist()
    interest = [None if np.isnan(value) else value for value in found["open_interest"]]
    return dict(zip(numbers, zip(found["volume"].tolist(), interest, strict=True), strict=True))


def temporary_files(path):
    return [found.name for found in path.rglob("*.tmp")]


# --- a dictionary says the same --------------------------------------------------------------------------------------

days = st.integers(0, 3).map(lambda month: month * 31 * DAY_BARS)
numbers = st.builds(lambda day, bar: day + bar, days, st.integers(0, 9))
"""Few bars in four months, so that they meet often and appends fall into several files."""
batches = st.lists(st.tuples(numbers, st.integers(0, 5), st.none() | st.integers(1, 5)), min_size=1, max_size=8)
failures = st.tuples(st.integers(0, 20), st.sampled_from(["before", "after", "full"]))
histories = st.lists(st.tuples(batches, st.none() | failures), min_size=1, max_size=8)


def merged(state, batch):
    """The oracle of one append: each row overwrites what it knows of its bar."""
    after = dict(state)
    for number, volume, interest in batch:
        before = after.get(number, (None, None))[1]
        after[number] = (volume, before if interest is None else interest)
    return after


def as_bars(batch):
    interest = [np.nan if row[2] is None else row[2] for row in batch]
    return bars(BASE_S + BAR_S * np.array([row[0] for row in batch]), [row[1] for row in batch], interest=interest)


def month(number):
    return number // (31 * DAY_BARS)


def is_whole_files_of(found, old, new):
    """Say whether each month is either as it was or as it was to become."""
    part = lambda state, number: {bar: row for bar, row in state.items() if month(bar) == number}  # noqa: E731
    return all(part(found, number) in (part(old, number), part(new, number)) for number in range(4)) and set(
        map(month, found)
    ) <= set(range(4))


@given(histories)
@settings(max_examples=40)
def test_appends_that_die_at_any_step_leave_old_or_new_and_the_rest_agrees_with_a_dictionary(tmp_path_factory, history):
    path = tmp_path_factory.mktemp("history")
    state = {}
    for batch, failure in history:
        at, how = failure or (None, "before")
        wanted = merged(state, batch)
        store = HistoryStore(path, disk=FailingDisk(at, how))
        try:
            append(store, as_bars(batch))
        except (Killed, HistoryNotWrittenError):
            found = content(path)
            assert is_whole_files_of(found, state, wanted)
            state = found
        else:
            state = wanted
        store.close()  # what the operating system does when a process dies
        assert content(path) == state
    with HistoryStore(path) as store:
        append(store, as_bars([(0, 9, 9)]))
    assert content(path) == merged(state, [(0, 9, 9)])
    assert temporary_files(path) == []


def test_every_step_of_a_first_append_was_a_place_to_die(tmp_path):
    """Walk through them all, so that a step added later is tested too."""
    batch = [(0, 1, 1), (31 * DAY_BARS, 2, 2)]
    for at in count():
        for how in ("before", "after", "full"):
            path = tmp_path / f"{at}{how}"
            store = HistoryStore(path, disk=FailingDisk(at, how))
            try:
                append(store, as_bars(batch))
            except (Killed, HistoryNotWrittenError):
                assert content(path).items() <= merged({}, batch).items()
            else:
                assert at > 8  # four folders with their parents, and two files of three steps each
                return
            store.close()
            with HistoryStore(path) as survivor:
                append(survivor, as_bars(batch))
            assert content(path) == merged({}, batch)


def test_content_is_on_the_disk_before_its_name_and_the_name_before_the_answer(tmp_path):
    disk = FailingDisk()
    with HistoryStore(tmp_path, disk=disk) as store:
        append(store, bars([BASE_S]))
        disk.steps.clear()
        append(store, bars([BASE_S + BAR_S]))
    assert disk.steps == ["write", "replace", "sync_directory"]


def test_what_is_written_is_brought_to_the_disk(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(os.fstat(descriptor).st_ino))
    Disk().write(tmp_path / "file", b"content")
    Disk().sync_directory(tmp_path)
    assert synced == [(tmp_path / "file").stat().st_ino, tmp_path.stat().st_ino]


# --- a full disk -----------------------------------------------------------------------------------------------------


def test_a_full_disk_loses_nothing_says_so_and_collecting_goes_on_when_there_is_space(tmp_path):
    disk = FailingDisk(how="full")
    with HistoryStore(tmp_path, disk=disk) as store:
        append(store, bars([BASE_S]))
        disk.at = len(disk.steps)
        with pytest.raises(HistoryNotWrittenError, match=r"No space left on device\. What was stored before is whole"):
            append(store, bars([BASE_S + BAR_S]))
        assert list(content(tmp_path)) == [0]
        assert temporary_files(tmp_path) == []
        append(store, bars([BASE_S + BAR_S]))
    assert list(content(tmp_path)) == [0, 1]


FILL_THE_DISK = """
import resource, sys
from pathlib import Path
import numpy as np
from engine.errors import EngineError
from engine.history.store import HistoryStore
from tests.engine.made_history import BAR_S, BASE_S, MARKET, bars

store = HistoryStore(Path(sys.argv[1]))
store.append(*MARKET, "perp_5m", bars([BASE_S]), as_of_s=2 * BASE_S)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    many = bars(BASE_S + BAR_S * np.arange(8_000), np.random.default_rng(1).random(8_000))
    store.append(*MARKET, "perp_5m", many, as_of_s=2 * BASE_S)
except EngineError as error:
    print(error)
"""


def test_a_limit_of_the_operating_system_on_file_sizes_is_a_full_disk_too(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", FILL_THE_DISK, tmp_path],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "could not be written" in done.stdout
    assert "File too large" in done.stdout
    assert list(content(tmp_path)) == [0]
    assert temporary_files(tmp_path) == []


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(HistoryNotWrittenError, match="history: File exists"):
        append(HistoryStore(tmp_path / "file/history"), bars([BASE_S]))


# --- killed at random ------------------------------------------------------------------------------------------------


@pytest.fixture
def writer(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.engine.history_writer", str(tmp_path / "history")],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    )
    yield process
    process.stdin.close()
    process.wait(timeout=30)
    process.stdout.close()


def kill_after(writer, pause_s):
    """Start a child, kill it `pause_s` after its first acknowledged append, return the last number it acknowledged."""
    writer.stdin.write("go\n")
    child, last = None, None
    for line in writer.stdout:
        word, _, number = line.strip().partition(" ")
        if word == "child":
            child = int(number)
        elif word == "stored":
            last = int(number)
        elif word == "gone":
            return last
        if child is not None and last is not None and pause_s is not None:
            time.sleep(pause_s)
            os.kill(child, signal.SIGKILL)
            pause_s = None
    raise AssertionError("the writer ended by itself")


def test_nothing_acknowledged_is_lost_by_a_writer_killed_twenty_times_at_random(writer, tmp_path):
    path = tmp_path / "history"
    pauses = np.random.default_rng(20)
    for _ in range(KILLS):
        last = kill_after(writer, pauses.uniform(0, 0.12))
        reader = HistoryStore(path)
        for kind in ("perp_5m", "funding_8h", "liquidations"):
            found = reader.read(*MARKET, kind)
            stored = (found.time_s - BASE_S) // history_writer.STEP_S
            assert stored.tolist() == list(range(len(found)))
            assert len(found) - 1 in (last, last + 1)
        assert reader.read(*MARKET, "perp_5m")["volume"].tolist()[: last + 1] == list(range(last + 1))
    with HistoryStore(path) as survivor:
        append(survivor, bars([BASE_S]))
    assert temporary_files(path) == []
    assert last > KILLS
