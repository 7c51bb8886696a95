"""The history store: what gets in, what comes back, what is said about it, and that a recording it is."""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import DataMalformedError
from engine.history.coverage import Gap
from engine.history.errors import HistoryBusyError, NewerHistoryError
from engine.history.files import encoded, read_rows
from engine.history.kinds import UnknownKindError
from engine.history.rows import Rows, joined
from engine.history.store import HistoryStore
from engine.sources.recorded import RecordedSource
from engine.windows import DAY_S, HOUR_S, parse_instant
from tests.engine.made_history import BAR_S, BASE_S, MARKET, bars
from tests.engine.made_recordings import END_S, funding_rows, kline_rows, perp_rows, record, write

LATER_S = BASE_S + 400 * DAY_S


@pytest.fixture
def store(tmp_path):
    with HistoryStore(tmp_path / "history") as opened:
        yield opened


def put(store, rows, kind="perp_5m", *, as_of_s=LATER_S, clock="venue"):
    return store.append(*MARKET, kind, rows, as_of_s=as_of_s, clock=clock)


def get(store, kind="perp_5m", **span):
    return store.read(*MARKET, kind, **span)


def from_recording(rows):
    return Rows(rows["time"], {name: values for name, values in rows.items() if name != "time"})


def book(*snapshots):
    levels = [(at, price, size) for at, side in snapshots for price, size in side]
    return Rows(
        np.array([level[0] for level in levels]),
        {"price": np.array([level[1] for level in levels]), "size": np.array([level[2] for level in levels])},
    )


# --- what gets in ----------------------------------------------------------------------------------------------------


def test_what_was_appended_comes_back_after_it_was_opened_again(store):
    times = BASE_S + BAR_S * np.arange(5)
    done = put(store, bars(times, interest=[1, 2, 3, 4, 5]))
    assert (done.stored, done.added, done.unfinished, done.refused, done.notes) == (5, 5, 0, 0, ())
    found = get(HistoryStore(store.path))
    assert found.time_s.tolist() == times.tolist()
    assert found["close"].tolist() == [1001, 1002, 1003, 1004, 1005]
    assert found["open_interest"].tolist() == [1, 2, 3, 4, 5]
    assert np.isnan(found["open_interest_value"]).all()


def test_out_of_order_and_doubled_rows_are_put_right_and_the_later_one_wins(store):
    put(store, bars(BASE_S + BAR_S * np.array([4, 1, 4, 2]), [40, 10, 41, 20]))
    done = put(store, bars(BASE_S + BAR_S * np.array([3, 1]), [30, 11]))
    assert (done.stored, done.added) == (2, 1)
    found = get(store)
    assert ((found.time_s - BASE_S) // BAR_S).tolist() == [1, 2, 3, 4]
    assert found["volume"].tolist() == [11, 20, 30, 41]


def test_a_bar_without_open_interest_does_not_erase_what_was_known(store):
    put(store, bars([BASE_S], [1], interest=[500]))
    put(store, bars([BASE_S], [2]))
    assert (get(store)["open_interest"].tolist(), get(store)["volume"].tolist()) == ([500], [2])


def test_rows_that_are_there_already_are_not_written_again(store):
    put(store, bars([BASE_S, BASE_S + BAR_S]))
    file = store.path / "binanceusdm/BTCUSDT/perp_5m/2026-01.parquet"
    before = file.stat().st_ino
    assert put(store, bars([BASE_S + BAR_S], [1])).added == 0
    assert file.stat().st_ino == before
    put(store, bars([BASE_S + BAR_S], [2]))
    assert file.stat().st_ino != before


def test_a_bar_that_is_not_finished_is_not_stored(store):
    rows = bars(BASE_S + BAR_S * np.arange(3))
    done = put(store, rows, as_of_s=BASE_S + 3 * BAR_S - 1)
    assert (done.stored, done.unfinished) == (2, 1)
    assert put(store, rows, as_of_s=BASE_S + 3 * BAR_S).added == 1


def test_an_hour_is_finished_after_its_hour(store):
    hour = bars([BASE_S], duration_s=HOUR_S)
    assert put(store, hour, as_of_s=BASE_S + HOUR_S - 1).unfinished == 1
    assert put(store, hour, as_of_s=BASE_S + HOUR_S).stored == 1


def test_rows_of_the_future_are_refused_and_said(store):
    done = put(store, bars([BASE_S, BASE_S + DAY_S]), as_of_s=BASE_S + HOUR_S)
    assert (done.stored, done.refused) == (1, 1)
    assert "2026-01-02T00:00:00Z were refused" in done.notes[0]


def test_a_jump_of_the_machines_clock_is_refused_with_all_behind_it_and_said(store):
    put(store, bars([BASE_S]), clock="machine")
    jump = BASE_S + DAY_S + BAR_S
    done = put(store, bars([BASE_S + BAR_S, jump + BAR_S, jump + 2 * BAR_S]), clock="machine")
    assert (done.stored, done.refused) == (1, 2)
    assert "2 rows from 2026-01-02T00:10:00Z on were refused" in done.notes[0]
    assert get(store).time_s.tolist() == [BASE_S, BASE_S + BAR_S]


def test_a_gap_that_the_venues_clock_vouches_for_is_stored(store):
    put(store, bars([BASE_S]), clock="machine")
    assert put(store, bars([BASE_S + 3 * DAY_S]), clock="venue").stored == 1


def test_a_bridge_of_rows_over_days_is_no_jump_and_older_rows_never_are(store):
    put(store, bars([BASE_S]), clock="machine")
    bridge = BASE_S + DAY_S * np.arange(1, 6)
    assert put(store, bars(bridge), clock="machine").refused == 0
    assert put(store, bars([BASE_S - 90 * DAY_S]), clock="machine").stored == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"close": [np.nan]}, "close is nan at 2026-01-01T00:00:00Z"),
        ({"low": [0.0]}, "low is 0.0"),
        ({"high": [1000.5]}, "high (below open or close) is 1000.5"),
        ({"low": [1000.5]}, "low (above open or close) is 1000.5"),
        ({"volume": [-1.0]}, "volume is -1.0"),
        ({"open_interest": [-1.0]}, "open_interest is -1.0"),
        ({"open_interest": [np.inf]}, "open_interest is inf"),
        ({"duration_s": [0.0]}, "duration_s is 0.0"),
        ({"duration_s": [7 * 86_400.0]}, "duration_s is 604800.0"),
    ],
)
def test_a_row_that_no_reader_could_use_is_refused_and_nothing_stored(store, change, words):
    good = bars([BASE_S, BASE_S + BAR_S])
    row = bars([BASE_S])
    bad = Rows(row.time_s, {**row.columns, **{name: np.array(values) for name, values in change.items()}})
    with pytest.raises(DataMalformedError, match="None of these rows were stored") as refusal:
        put(store, joined(good, bad))
    assert words in str(refusal.value)
    assert len(get(store)) == 0


@pytest.mark.parametrize(
    ("time_s", "words"),
    [(BASE_S + 1, "time (no multiple of the bar's length)"), (1000 * BASE_S, "time is"), (12 * BAR_S, "time is")],
)
def test_times_off_the_grid_or_in_another_unit_are_refused(store, time_s, words):
    with pytest.raises(DataMalformedError, match=re.escape(words)):
        put(store, bars([time_s]), as_of_s=10**14)


def test_rows_of_other_kinds_are_held_to_their_own_rules(store):
    at = np.array([BASE_S])
    for kind, columns in [
        ("taker_flow_5m", {"taker_buy_volume": [3.0], "volume": [2.0]}),
        ("order_book", {"price": [5.0], "size": [0.0]}),
        ("liquidations", {"at_ms": [1000.0 * BASE_S], "side": [0.0], "price": [5.0], "size": [1.0]}),
        ("liquidations", {"at_ms": [1.0 * BASE_S], "side": [1.0], "price": [5.0], "size": [1.0]}),
        ("funding_8h", {"funding_rate": [np.nan]}),
    ]:
        with pytest.raises(DataMalformedError):
            put(store, Rows(at, {name: np.array(values) for name, values in columns.items()}), kind)


def test_mistakes_of_the_caller_are_named(store):
    with pytest.raises(ValueError, match=r"needs funding_rate; missing: \['funding_rate'\], unknown: \['rate'\]"):
        put(store, Rows(np.array([BASE_S]), {"rate": np.array([1.0])}), "funding_8h")
    with pytest.raises(ValueError, match="cannot be the name of a folder"):
        store.append("..", "BTCUSDT", "perp_5m", bars([BASE_S]), as_of_s=LATER_S)
    with pytest.raises(UnknownKindError, match="Did you mean order_book"):
        put(store, bars([BASE_S]), "order_bok")


# --- other shapes ----------------------------------------------------------------------------------------------------


def test_a_snapshot_of_the_book_is_replaced_as_a_whole(store):
    put(store, book((BASE_S, [(10.0, 1.0), (9.0, 1.0), (11.0, -1.0)]), (BASE_S + 60, [(10.0, 2.0)])), "order_book")
    put(store, book((BASE_S, [(8.0, 5.0), (12.0, -5.0)])), "order_book")
    found = get(store, "order_book")
    assert (found["price"].tolist(), found["size"].tolist()) == ([8, 12, 10], [5, -5, 2])


def test_liquidations_of_one_second_are_all_kept_and_each_once(store):
    heard = Rows(
        np.full(3, BASE_S),
        {
            "at_ms": 1000.0 * BASE_S + np.array([7, 7, 8]),
            "side": np.array([1.0, -1.0, 1.0]),
            "price": np.array([5.0, 5.0, 5.0]),
            "size": np.array([1.0, 1.0, 1.0]),
        },
    )
    assert put(store, heard, "liquidations").added == 3
    assert put(store, heard, "liquidations").added == 0
    assert get(store, "liquidations")["at_ms"].tolist() == [1000 * BASE_S + 7, 1000 * BASE_S + 7, 1000 * BASE_S + 8]


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


# --- what comes back -------------------------------------------------------------------------------------------------


def test_reading_a_span_gives_what_was_known_then(store):
    put(store, bars(BASE_S + BAR_S * np.arange(20_000)))
    found = get(store, since_s=BASE_S + 40 * DAY_S, as_of_s=BASE_S + 40 * DAY_S + 10 * BAR_S + 299)
    assert found.time_s.tolist() == (BASE_S + 40 * DAY_S + BAR_S * np.arange(10)).tolist()
    assert len(get(store, as_of_s=BASE_S + BAR_S - 1)) == 0


def test_nothing_stored_is_no_rows_and_makes_no_folder(tmp_path):
    store = HistoryStore(tmp_path / "never")
    assert len(get(store)) == 0
    assert (store.symbols(), store.coverage("BTC")) == ((), ())
    assert not store.path.exists()


def test_an_hour_gives_way_to_the_bars_that_fill_it_and_stands_where_one_is_missing(store):
    put(store, bars([BASE_S, BASE_S + HOUR_S], duration_s=HOUR_S))
    put(store, bars(BASE_S + BAR_S * np.arange(13)))
    found = get(store)
    assert found["duration_s"].tolist() == [*[BAR_S] * 12, HOUR_S]
    inside = get(store, as_of_s=BASE_S + HOUR_S + BAR_S)
    assert inside["duration_s"].tolist() == [BAR_S] * 13


# --- coverage --------------------------------------------------------------------------------------------------------


def test_coverage_tells_first_last_rows_and_gaps(store):
    put(store, bars(BASE_S + BAR_S * np.array([0, 1, 2, 5, 6, 9])))
    put(store, bars([BASE_S + 10 * BAR_S + 2 * HOUR_S - 10 * BAR_S], duration_s=HOUR_S))
    put(store, Rows(BASE_S + 8 * HOUR_S * np.array([0, 1, 3]) + [0, 7, 0], {"funding_rate": np.zeros(3)}), "funding_8h")
    perp, funding = store.coverage("BTC")
    assert (perp.venue, perp.market_id, perp.kind, perp.rows) == (*MARKET, "perp_5m", 7)
    assert (perp.first_s, perp.last_s) == (BASE_S, BASE_S + 3 * HOUR_S)
    offsets = [(gap.start_s - BASE_S, gap.end_s - BASE_S) for gap in perp.gaps]
    assert offsets == [(900, 1500), (2100, 2700), (3000, 7200)]
    assert funding.gaps == (Gap(BASE_S + 8 * HOUR_S + 7, BASE_S + 24 * HOUR_S),)
    assert funding.gaps[0].length_s == 16 * HOUR_S - 7


@pytest.mark.parametrize("single_file", [False, True])
def test_books_count_their_levels_and_lack_one_after_a_quarter_of_an_hour(store, single_file):
    side = [(9.0, 1.0), (11.0, -1.0)]
    snapshots = book(*((BASE_S + DAY_S + offset, side) for offset in (-1200, -300, 600, 1501)))
    if single_file:  # holds what the store holds too, and counts once
        write(store.path.joinpath(*MARKET, "order_book.parquet"), {"time": snapshots.time_s, **snapshots.columns})
    put(store, snapshots, "order_book")
    covered = store.coverage("BTC")[0]
    assert (covered.rows, covered.last_s) == (8, BASE_S + DAY_S + 1501)
    assert covered.gaps == (Gap(BASE_S + DAY_S + 600, BASE_S + DAY_S + 1501),)


def test_threads_may_share_a_store(store):
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda number: put(store, bars([BASE_S + BAR_S * number])), range(40)))
    assert store.coverage("BTC")[0].rows == 40


def test_silence_between_liquidations_is_no_gap(store):
    heard = {"at_ms": [1000.0 * BASE_S], "side": [1.0], "price": [5.0], "size": [1.0]}
    put(store, Rows(np.array([BASE_S]), {name: np.array(values) for name, values in heard.items()}), "liquidations")
    assert store.coverage("BTC")[0].gaps is None


def test_symbols_are_ranked_by_venues(store):
    for venue, market in [("bybit", "ETHUSDT"), ("okx", "ETHUSDT"), ("bybit", "BTCUSDT"), ("okx", "币安人生USDT")]:
        store.append(venue, market, "perp_5m", bars([BASE_S]), as_of_s=LATER_S)
    assert store.symbols() == ("ETH", "BTC", "币安人生")
    assert [covered.venue for covered in store.coverage("ETH")] == ["bybit", "okx"]


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


# --- a history is a recording ----------------------------------------------------------------------------------------


def same_market(one, other):
    assert [venue.venue for venue in one.venues] == [venue.venue for venue in other.venues]
    assert (one.as_of_s, one.missing, one.notes) == (other.as_of_s, other.missing, other.notes)
    for ours, theirs in zip(one.venues, other.venues, strict=True):
        for name in ("time_s", "duration_s", "open", "high", "low", "close", "volume", "taker_buy_share"):
            np.testing.assert_array_equal(getattr(ours.candles, name), getattr(theirs.candles, name), err_msg=name)
        np.testing.assert_array_equal(ours.open_interest, theirs.open_interest)
        for name in ("time_s", "rate"):
            np.testing.assert_array_equal(getattr(ours.funding, name), getattr(theirs.funding, name))
        assert (ours.order_book is None) == (theirs.order_book is None)
        if ours.order_book is not None:
            assert ours.order_book.bid_price.tolist() == theirs.order_book.bid_price.tolist()
            assert ours.order_book.ask_size.tolist() == theirs.order_book.ask_size.tolist()


def test_the_recorded_source_reads_the_same_market_from_the_store_as_from_single_files(tmp_path, store):
    perp = perp_rows()
    funding, flow = funding_rows(), kline_rows(perp)
    snapshots = book((END_S - 600, [(9.0, 1.0), (11.0, -2.0)]), (END_S - 60, [(8.0, 1.0), (12.0, -3.0)]))
    depth = {"time": snapshots.time_s, **snapshots.columns}
    others = {"funding_8h": funding, "taker_flow_5m": flow, "order_book": depth}
    plain = record(tmp_path / "plain", "binanceusdm", perp, **others)
    for kind, rows in {"perp_5m": perp, **others}.items():
        random = np.random.default_rng(5).permutation(len(rows["time"]))
        shuffled = from_recording(rows) if kind == "order_book" else from_recording(rows).take(random)
        halves = np.array_split(np.arange(len(shuffled)), 1 if kind == "order_book" else 4)
        for part in halves:
            put(store, shuffled.take(part), kind, as_of_s=END_S)
    ours, theirs = RecordedSource(store.path), RecordedSource(plain)
    assert ours.symbols() == theirs.symbols() == ("BTC",)
    for moment in (None, END_S - 61, END_S - 400 * BAR_S + 1):
        same_market(ours.market("BTC", moment), theirs.market("BTC", moment))


def test_a_book_of_before_midnight_is_found_after_it(store):
    midnight_s = END_S - END_S % DAY_S
    put(store, from_recording(perp_rows()), as_of_s=END_S)
    put(store, book((midnight_s - 60, [(9.0, 1.0), (11.0, -2.0)])), "order_book")
    books = [RecordedSource(store.path).market("BTC", midnight_s + after).lead.order_book for after in (600, 900)]
    assert (books[0].time_s, books[1]) == (midnight_s - 60, None)


def test_months_of_real_bars_come_back_exactly(store, shared_data):
    folder = shared_data / "binanceusdm/BTCUSDT"
    perp = read_rows(folder / "perp_5m.parquet", ("open", "high", "low", "close", "volume", "open_interest"))
    funding = read_rows(folder / "funding_8h.parquet", ("funding_rate",))
    put(store, perp)
    put(store, funding, "funding_8h")
    theirs = RecordedSource(shared_data)
    for moment in (None, parse_instant("2026-02-05T12:02:00Z")):
        ours, other = RecordedSource(store.path).market("BTC", moment).lead, theirs.market("BTC", moment).lead
        for name in ("time_s", "duration_s", "open", "high", "low", "close", "volume"):
            np.testing.assert_array_equal(getattr(ours.candles, name), getattr(other.candles, name))
        np.testing.assert_array_equal(ours.open_interest, other.open_interest)
        np.testing.assert_array_equal(ours.funding.rate, other.funding.rate)


def test_rows_appended_to_a_copied_recording_join_it_and_win(tmp_path):
    perp = perp_rows()
    directory = record(tmp_path, "binanceusdm", {name: values[:-3] for name, values in perp.items()})
    last = {name: values[-5:].copy() for name, values in perp.items()}
    last["volume"][0] = 123.0
    with HistoryStore(directory) as store:
        put(store, from_recording(last), as_of_s=END_S)
        assert store.coverage("BTC")[0].rows == 720
    candles = RecordedSource(directory).market("BTC").lead.candles
    assert candles.time_s.tolist() == perp["time"].tolist()
    assert candles.volume[-5] == 123
    assert candles.volume[-6] == perp["volume"][-6]


def test_a_single_file_may_say_how_long_its_bars_are(tmp_path):
    perp = perp_rows(bars=24)
    hours = {**perp, "time": END_S - HOUR_S * np.arange(24, 0, -1), "duration_s": np.full(24, HOUR_S)}
    source = RecordedSource(record(tmp_path, "binanceusdm", hours))
    assert source.market("BTC").as_of_s == END_S
    assert len(source.market("BTC", END_S - 1).lead.candles) == 23
    assert set(source.market("BTC").lead.candles.duration_s.tolist()) == {HOUR_S}


def test_taker_flow_belongs_to_the_bar_of_its_own_length(tmp_path, store):
    put(store, bars(END_S - HOUR_S * np.arange(6, 2, -1), interest=np.ones(4), duration_s=HOUR_S))
    put(store, bars(END_S - 3 * HOUR_S + BAR_S * np.arange(24), 1 + np.arange(24), interest=np.ones(24)))
    put(store, bars(END_S - HOUR_S + BAR_S * np.arange(12), 1 + np.arange(12), interest=np.ones(12)))
    flow = {"taker_buy_volume": np.array([1.0, 1.0]), "volume": np.array([4.0, 2.0])}
    times = np.full(2, END_S - 4 * HOUR_S)
    put(store, Rows(times, {**flow, "duration_s": np.array([HOUR_S, BAR_S])}), "taker_flow_5m")
    candles = RecordedSource(store.path).market("BTC").lead.candles
    at = candles.time_s.tolist().index(END_S - 4 * HOUR_S)
    assert (candles.duration_s[at], candles.taker_buy_share[at]) == (HOUR_S, 0.25)


@given(st.integers(0, 5 * 12), st.lists(st.integers(0, 71), max_size=20), st.lists(st.integers(0, 5), max_size=6))
@settings(max_examples=15)
def test_what_is_appended_later_never_changes_what_was_known_before(tmp_path_factory, minutes5, missing, hours):
    """Cut at any moment: the whole history says the same as one that was only filled up to that moment."""
    whole, cut = (HistoryStore(tmp_path_factory.mktemp("history")) for _ in range(2))
    start = END_S - 6 * HOUR_S
    as_of_s = start + HOUR_S + BAR_S * minutes5
    fine = bars(start + BAR_S * np.setdiff1d(np.arange(72), [*missing, 0]), interest=None)
    coarse = bars(start + HOUR_S * np.unique([0, *hours]), duration_s=HOUR_S)
    for rows in (fine, coarse):
        known = Rows(rows.time_s, {**rows.columns, "open_interest": np.arange(1.0, 1 + len(rows))})
        with whole, cut:
            put(whole, known, as_of_s=END_S)
            put(cut, known, as_of_s=as_of_s)
    same = [RecordedSource(store.path).market("BTC", as_of_s).lead for store in (whole, cut)]
    for name in ("time_s", "duration_s", "close"):
        np.testing.assert_array_equal(*(getattr(venue.candles, name) for venue in same))
    assert int(same[0].candles.end_s[-1]) <= as_of_s


def test_a_file_written_by_hand_and_one_of_the_store_hold_the_same(tmp_path):
    rows = perp_rows(bars=10)
    write(tmp_path / "hand.parquet", rows)
    (tmp_path / "store.parquet").write_bytes(encoded(from_recording(rows)))
    assert pq.read_table(tmp_path / "hand.parquet").equals(pq.read_table(tmp_path / "store.parquet"))
