"""The history store: what gets in, what comes back, and what is refused."""

import re

import numpy as np
import pytest

from engine.errors import DataMalformedError
from engine.history.kinds import UnknownKindError
from engine.history.rows import Rows, joined
from engine.history.store import HistoryStore
from engine.windows import DAY_S, HOUR_S
from tests.engine.made_history import BAR_S, BASE_S, LATER_S, bars, book, get, put

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
