"""Rows on their way to the history, and a disk that refuses them."""

import asyncio

import numpy as np
import pytest

from engine.history.disk import Disk
from engine.history.rows import Rows
from engine.history.store import HistoryStore
from engine.recording import journal as module
from engine.recording.journal import GivenUp, Journal, Stored, Waiting
from tests.engine.made_history import BAR_S, BASE_S, MARKET, bars

NOW_S = BASE_S + 1_000 * BAR_S
PERP = (*MARKET, "perp_5m")


class StubbornDisk(Disk):
    """Refuses while `full` is set."""

    full = False

    def write(self, path, content):
        if self.full:
            raise OSError(28, "No space left on device")
        super().write(path, content)


class Room:
    """A journal over a history, and everything that it reported."""

    def __init__(self, path, now_s=NOW_S):
        self.disk = StubbornDisk()
        self.store = HistoryStore(path, disk=self.disk)
        self.reports = []
        self.journal = Journal(self.store, lambda: float(now_s), self.reports.append)

    def flush(self):
        return asyncio.run(self.journal.flush())

    def stored(self):
        return self.store.read(*PERP)["volume"].tolist()


@pytest.fixture
def room(tmp_path):
    made = Room(tmp_path)
    yield made
    made.store.close()


def numbered(*numbers):
    return bars(BASE_S + BAR_S * np.array(numbers), list(numbers))


def test_rows_are_reported_when_the_disk_holds_them_and_not_before(room):
    room.journal.add(*PERP, numbered(1, 2))
    room.journal.add(*PERP, numbered(3))
    assert room.reports == []
    assert room.flush()
    assert room.reports == [
        Stored(venue=PERP[0], market_id=PERP[1], kind=PERP[2], rows=3, added=3, last_s=BASE_S + 3 * BAR_S)
    ]
    assert room.stored() == [1, 2, 3]
    assert room.journal.waiting_rows == 0


def test_nothing_is_lost_while_the_disk_is_full_and_order_is_kept(room):
    room.disk.full = True
    room.journal.add(*PERP, numbered(1))
    assert not room.flush()
    room.journal.add(*PERP, numbered(2))
    assert not room.flush()
    assert [type(report) for report in room.reports] == [Waiting, Waiting]
    assert room.reports[-1].rows == 2
    assert "No space left on device" in room.reports[-1].reason
    room.disk.full = False
    assert room.flush()
    assert room.stored() == [1, 2]


def test_another_writer_is_waited_for(room, tmp_path):
    with HistoryStore(tmp_path) as other:
        other.append(*PERP, numbered(1), as_of_s=NOW_S, clock="venue")
        room.journal.add(*PERP, numbered(2))
        assert not room.flush()
        assert isinstance(room.reports[0], Waiting)
    assert room.flush()
    assert room.stored() == [1, 2]


def test_a_batch_that_cannot_be_true_does_not_take_the_others_with_it(room):
    bad = Rows(np.array([BASE_S]), {**numbered(0).columns, "close": np.array([-1.0])})
    for rows in (numbered(1), bad, numbered(2)):
        room.journal.add(*PERP, rows)
    assert room.flush()
    assert room.stored() == [1, 2]
    lost = [report for report in room.reports if isinstance(report, GivenUp)]
    assert [report.rows for report in lost] == [1]
    assert "close is -1.0" in lost[0].reason


def test_rows_of_the_future_are_refused_and_said_to_be(room):
    room.journal.add(*PERP, numbered(1, 2_000))
    assert room.flush()
    assert room.stored() == [1]
    assert [report.rows for report in room.reports if isinstance(report, GivenUp)] == [1]
    assert [report.rows for report in room.reports if isinstance(report, Stored)] == [1]


def test_a_venue_whose_clock_is_a_little_ahead_loses_nothing(tmp_path):
    room = Room(tmp_path, now_s=BASE_S + 2 * BAR_S - 5)
    room.journal.add(*MARKET, "liquidations", heard(BASE_S + 2 * BAR_S))
    assert room.flush()
    assert not [report for report in room.reports if isinstance(report, GivenUp)]
    room.store.close()


def heard(at_s):
    return Rows(np.array([at_s]), {"at_ms": [1_000.0 * at_s], "side": [1.0], "price": [1.0], "size": [1.0]})


def test_memory_is_bounded_and_what_is_given_up_is_said(room, monkeypatch):
    monkeypatch.setattr(module, "MOST_WAITING_ROWS", 10)
    room.disk.full = True
    for number in range(15):
        room.journal.add(*PERP, numbered(number))
    assert room.journal.waiting_rows == 10
    assert sum(report.rows for report in room.reports if isinstance(report, GivenUp)) == 5
    room.disk.full = False
    assert room.flush()
    assert room.stored() == list(range(5, 15))


def test_rows_added_while_the_disk_is_written_wait_for_the_next_flush(room):
    class Slow(StubbornDisk):
        def write(self, path, content):
            room.loop.call_soon_threadsafe(room.journal.add, *PERP, numbered(9))
            super().write(path, content)

    room.store._disk = Slow()

    async def run():
        room.loop = asyncio.get_running_loop()
        room.journal.add(*PERP, numbered(1))
        await room.journal.flush()
        await asyncio.sleep(0)
        assert room.journal.waiting_rows == 1
        room.store._disk = Disk()
        await room.journal.flush()

    asyncio.run(run())
    assert room.stored() == [1, 9]
