"""A history is a recording: the recorded source reads from it what it reads from single files."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.history.files import read_rows
from engine.history.rows import Rows
from engine.history.store import HistoryStore
from engine.sources.recorded import RecordedSource
from engine.windows import DAY_S, HOUR_S, parse_instant
from tests.engine.made_history import BAR_S, bars, book, from_recording, put
from tests.engine.made_recordings import END_S, funding_rows, kline_rows, perp_rows, record


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
