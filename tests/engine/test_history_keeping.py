from dataclasses import replace

import numpy as np
import pytest

from engine.history.keeping import KeepingSource, keep
from engine.history.store import HistoryStore
from engine.market import OrderBook
from engine.observed import Crowd
from engine.sources.recorded import RecordedSource
from engine.sources.simulated import SimulatedSource
from engine.windows import DAY_S
from tests.engine.markets import Live, known_at, random_market


def stored_bars(store):
    return len(store.read("binanceusdm", "TESTUSDT", "perp_5m"))


@pytest.fixture(scope="module")
def live():
    return replace(random_market(4, 288 * 3), source="live")


def test_what_was_answered_can_be_asked_like_a_recording(live, tmp_path):
    with HistoryStore(tmp_path) as store:
        answered = KeepingSource(Live(live), store).market("TEST")
    assert answered is live
    stored = RecordedSource(tmp_path).market("TEST", live.as_of_s)
    for name in ("time_s", "duration_s", "open", "high", "low", "close", "volume"):
        np.testing.assert_array_equal(getattr(stored.lead.candles, name), getattr(live.lead.candles, name))
    np.testing.assert_array_equal(stored.lead.open_interest, live.lead.open_interest)
    np.testing.assert_array_equal(stored.lead.funding.rate, live.lead.funding.rate)
    assert stored.price == live.price


def test_answers_days_apart_accumulate(live, tmp_path):
    later = random_market(5, 288 * 6)
    later = replace(later, source="live")
    with HistoryStore(tmp_path) as store:
        keep(live, store)
        keep(later, store)
        (bars,) = [each for each in store.coverage("TEST") if each.kind == "perp_5m"]
    assert bars.rows == 288 * 6


def test_a_history_that_another_process_writes_is_left_to_it_without_a_word(live, tmp_path):
    with HistoryStore(tmp_path) as first, HistoryStore(tmp_path) as second:
        keep(known_at(live, live.as_of_s - DAY_S), first)
        assert KeepingSource(Live(live), second).market("TEST") is live
        assert stored_bars(second) == 288 * 2
        first.close()
        assert KeepingSource(Live(live), second).market("TEST") is live
        assert stored_bars(second) == 288 * 3


def test_a_disk_that_refuses_is_a_note_and_no_lost_answer(live, tmp_path):
    (tmp_path / "history").write_text("in the way of a folder")
    with HistoryStore(tmp_path / "history") as store:
        answered = KeepingSource(Live(live), store).market("TEST")
    assert answered.price == live.price
    (note,) = answered.notes
    assert note.startswith("Not stored: The history could not be written")


def test_a_damaged_file_is_set_aside_and_the_answer_says_so(live, tmp_path):
    with HistoryStore(tmp_path) as store:
        keep(live, store)
        (path,) = tmp_path.glob("*/*/perp_5m/*.parquet")
        path.write_bytes(b"no Parquet")
        answered = KeepingSource(Live(live), store).market("TEST")
        assert stored_bars(store) == 288 * 3
    (note,) = answered.notes
    assert "was damaged" in note


def test_a_new_bar_rewrites_its_month_and_no_older_one(tmp_path):
    months = replace(random_market(6, 288 * 70), source="live")
    with HistoryStore(tmp_path) as store:
        keeping = KeepingSource(Live(known_at(months, months.as_of_s - 300)), store)
        keeping.market("TEST")
        written = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.parquet")}
        keeping.market("TEST")
        assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.parquet")} == written
        KeepingSource(Live(months), store).market("TEST")  # as a new process would
        again = {path.name for path, at in written.items() if path.stat().st_mtime_ns != at}
        assert stored_bars(store) == 288 * 70
    assert again == {"2026-03.parquet"}


def test_what_an_answer_mends_or_fills_in_is_stored_too(live, tmp_path):
    candles = live.lead.candles
    mended = replace(candles, volume=np.append(candles.volume[:-1], candles.volume[-1] + 1))
    unknown = np.where(np.arange(len(candles)) < 100, np.nan, live.lead.open_interest)
    first, second = (
        replace(live, venues=(replace(live.lead, **changes),))
        for changes in ({"open_interest": unknown}, {"candles": mended})
    )
    source = Live(first)
    with HistoryStore(tmp_path) as store:
        keeping = KeepingSource(source, store)
        keeping.market("TEST")
        source.answer = second
        keeping.market("TEST")
        stored = store.read("binanceusdm", "TESTUSDT", "perp_5m")
    np.testing.assert_array_equal(stored["volume"], mended.volume)
    np.testing.assert_array_equal(stored["open_interest"], live.lead.open_interest)


def test_books_are_stored_minutes_apart(live, tmp_path):
    source = Live(live)
    with HistoryStore(tmp_path) as store:
        keeping = KeepingSource(source, store)
        for seconds in (0, 60, 299, 300, 601):
            book = OrderBook(
                time_s=live.as_of_s - 700 + seconds,
                **{name: np.array([100.0 + (name[0] == "a")]) for name in ("bid_price", "ask_price")},
                bid_size=np.ones(1),
                ask_size=np.ones(1),
            )
            source.answer = replace(live, venues=(replace(live.lead, order_book=book),))
            keeping.market("TEST")
        stored = store.read("binanceusdm", "TESTUSDT", "order_book")
    assert np.unique(stored.time_s - live.as_of_s + 700).tolist() == [0, 300, 601]


def test_the_crowd_is_stored_at_its_own_time(live, tmp_path):
    crowd = Crowd(time_s=live.as_of_s - 600, long_short_ratio=1.6)
    with HistoryStore(tmp_path) as store:
        keep(replace(live, venues=(replace(live.lead, crowd=crowd),)), store)
        stored = store.read("binanceusdm", "TESTUSDT", "long_short_ratio")
    assert (stored.time_s.tolist(), stored["long_short_ratio"].tolist()) == ([crowd.time_s], [1.6])


def test_invented_numbers_never_enter_the_history(tmp_path):
    simulated = SimulatedSource().market("BTC")
    with HistoryStore(tmp_path) as store:
        with pytest.raises(ValueError, match="only live markets are kept, not simulated ones"):
            keep(simulated, store)
        assert KeepingSource(Live(simulated), store).market("BTC") is simulated
    assert not list(tmp_path.rglob("*.parquet"))
