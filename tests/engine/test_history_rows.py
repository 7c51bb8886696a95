"""Rows that join, and bars that tell the same time: cases by hand, and slow references."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.history.rows import Rows, finest_cover, joined, merge_points, merge_snapshots, news_to

HOUR = 3_600
FIVE = 300


def rows(times, **columns):
    return Rows(np.array(times, dtype=np.int64), {name: np.array(values, float) for name, values in columns.items()})


def as_lists(found):
    return found.time_s.tolist(), {name: values.tolist() for name, values in found.columns.items()}


# --- rows ------------------------------------------------------------------------------------------------------------


def test_rows_cannot_be_changed_from_outside():
    times, prices = np.array([1, 2]), np.array([1.0, 2.0])
    kept = Rows(times, {"price": prices})
    times[0], prices[0] = 9, 9
    assert as_lists(kept) == ([1, 2], {"price": [1, 2]})
    with pytest.raises(ValueError, match="read-only"):
        kept["price"][0] = 9


def test_times_that_are_no_whole_seconds_are_refused():
    with pytest.raises(ValueError, match="whole seconds"):
        Rows(np.array([0.5]), {})
    with pytest.raises(ValueError, match="shape"):
        rows([1, 2], price=[1])


def test_a_column_that_one_part_lacks_is_unknown_there():
    found = joined(rows([1], a=[1]), rows([2], b=[2]))
    np.testing.assert_array_equal(found["a"], [1, np.nan])
    np.testing.assert_array_equal(found["b"], [np.nan, 2])


# --- one row per time ------------------------------------------------------------------------------------------------


def test_the_newer_value_wins_and_an_unknown_one_erases_nothing():
    old = rows([10, 20], close=[1, 2], interest=[5, np.nan])
    new = rows([20, 10, 30, 30], close=[7, 8, 9, 10], interest=[6, np.nan, np.nan, np.nan])
    found = merge_points(old, new, ())
    assert found.time_s.tolist() == [10, 20, 30]
    assert found["close"].tolist() == [8, 7, 10]
    np.testing.assert_array_equal(found["interest"], [5, 6, np.nan])


def test_news_are_rows_that_nobody_held_and_values_that_changed():
    known = rows([10, 20, 30], close=[1, 2, np.nan])
    fetched = rows([10, 20, 30, 40], close=[1 + 1e-12, 2.1, 3, 4])
    assert as_lists(news_to(known, fetched, ())) == ([20, 30, 40], {"close": [2.1, 3, 4]})
    assert len(news_to(known, rows([20], close=[np.nan]), ())) == 0  # tells nothing
    assert len(news_to(Rows(np.empty(0, dtype=np.int64), {}), fetched, ())) == 4
    longer = rows([10], close=[1], duration_s=[HOUR])
    assert len(news_to(rows([10], close=[1], duration_s=[FIVE]), longer, ("duration_s",))) == 1


few_rows = st.dictionaries(st.integers(0, 8), st.sampled_from([1.0, 2.0, np.nan])).map(
    lambda held: rows(sorted(held), close=[held[time] for time in sorted(held)])
)


@given(few_rows, few_rows)
def test_appending_the_news_alone_leaves_what_appending_everything_would(known, fetched):
    whole, short = merge_points(known, fetched, ()), merge_points(known, news_to(known, fetched, ()), ())
    told = np.isfinite(whole["close"])  # a time at which nothing is known may stay away
    assert set(whole.time_s[told]) <= set(short.time_s)
    np.testing.assert_array_equal(short["close"], whole["close"][np.isin(whole.time_s, short.time_s)])


def test_bars_of_another_length_are_other_rows():
    found = merge_points(
        rows([0], duration_s=[HOUR], close=[1]), rows([0], duration_s=[FIVE], close=[2]), ("duration_s",)
    )
    assert as_lists(found) == ([0, 0], {"duration_s": [FIVE, HOUR], "close": [2, 1]})


def test_an_event_is_kept_once_however_often_it_was_heard():
    heard = rows([5, 5, 5], side=[1, -1, 1], size=[2, 2, 2])
    found = merge_points(rows([5], side=[1], size=[3]), heard, ("side", "size"))
    assert as_lists(found) == ([5, 5, 5], {"side": [-1, 1, 1], "size": [2, 2, 3]})


cells = st.one_of(st.just(np.nan), st.integers(0, 9).map(float))
tables = st.lists(st.tuples(st.integers(0, 5), cells, cells), max_size=12)


@given(tables, tables)
def test_merging_agrees_with_a_dictionary_filled_row_by_row(old, new):
    """Slow reference: each row in its turn overwrites what it knows."""
    as_rows = lambda table: rows([r[0] for r in table], a=[r[1] for r in table], b=[r[2] for r in table])  # noqa: E731
    state = {}
    for time, a, b in [*old, *new]:
        before = state.get(time, (np.nan, np.nan))
        state[time] = tuple(then if np.isnan(now) else now for now, then in zip((a, b), before, strict=True))
    found = merge_points(as_rows(old), as_rows(new), ())
    assert found.time_s.tolist() == sorted(state)
    np.testing.assert_array_equal(found["a"], [state[time][0] for time in sorted(state)])
    np.testing.assert_array_equal(found["b"], [state[time][1] for time in sorted(state)])


# --- snapshots -------------------------------------------------------------------------------------------------------


def test_a_snapshot_is_replaced_as_a_whole_and_keeps_its_order():
    old = rows([10, 10, 20], price=[1, 2, 3])
    found = merge_snapshots(old, rows([20, 10, 20], price=[9, 7, 8]))
    assert as_lists(found) == ([10, 20, 20], {"price": [7, 9, 8]})


# --- bars of unequal length ------------------------------------------------------------------------------------------


def cover(bars):
    """The bars that are kept, as (time, length), in order of time."""
    times, lengths = (np.array(column, dtype=np.int64) for column in zip(*bars, strict=True))
    keep = finest_cover(times, lengths)
    return sorted(bar for bar, kept in zip(bars, keep, strict=True) if kept)


FULL_HOUR = [(FIVE * number, FIVE) for number in range(12)]


def test_short_bars_that_fill_an_hour_stand_for_it():
    assert cover([*FULL_HOUR, (0, HOUR), (HOUR, HOUR)]) == [*FULL_HOUR, (HOUR, HOUR)]


def test_an_hour_stands_for_short_bars_of_which_one_is_missing():
    assert cover([*FULL_HOUR[:4], *FULL_HOUR[5:], (0, HOUR), (HOUR, FIVE)]) == [(0, HOUR), (HOUR, FIVE)]


def test_without_the_hour_the_short_bars_stay_with_their_gap():
    assert cover(FULL_HOUR[3:7]) == FULL_HOUR[3:7]


def test_no_bars_need_no_choice():
    assert finest_cover(np.empty(0, np.int64), np.empty(0, np.int64)).tolist() == []


def slow_cover(bars):
    """Slow reference: try every longer bar against the kept ones inside it, second by second of five minutes."""
    kept = set()
    for length in sorted({length for _, length in bars}):
        for start in [time for time, own in bars if own == length]:
            inside = {bar for bar in kept if start <= bar[0] < start + length}
            told = {moment for time, own in inside for moment in range(time, time + own, FIVE)}
            if told != set(range(start, start + length, FIVE)):
                kept = (kept - inside) | {(start, length)}
    return sorted(kept)


nested = st.sampled_from([FIVE, 3 * FIVE, HOUR, 4 * HOUR]).flatmap(
    lambda length: st.integers(0, 8 * HOUR // length - 1).map(lambda number: (number * length, length))
)


@given(st.lists(nested, min_size=1, max_size=60, unique=True), st.lists(st.integers(0, 7), max_size=4))
@settings(max_examples=150)
def test_the_finest_cover_agrees_with_the_slow_one_overlaps_nowhere_and_loses_no_time(bars, filled):
    bars = list(dict.fromkeys([*bars, *((hour * HOUR + time, FIVE) for hour in filled for time, _ in FULL_HOUR)]))
    kept = cover(bars)
    assert kept == slow_cover(bars)
    assert all(this[0] + this[1] <= following[0] for this, following in pairwise(kept))
    moments = lambda some: {moment for time, own in some for moment in range(time, time + own, FIVE)}  # noqa: E731
    assert moments(kept) == moments(bars)
