"""Which rows a venue is still asked for, and how rows of unequal length and interval join what is stored."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.market import Funding
from engine.sources.live.assemble import assemble
from engine.sources.live.history import History, bar_spans, joined_bars, open_interest_spans, pages
from engine.sources.live.parts import Bars, Listing, Series
from engine.sources.live.past import unheld_bars, unheld_open_interest
from engine.windows import DAY_S, HOUR_S
from tests.engine.markets import FINISHED_S, NOW_S

# --- which rows are still asked for ----------------------------------------------------------------------------------


def bars(*told):
    """Bars of (time, length), each closing at a price of its own."""
    time_s, duration_s = (np.array([row[part] for row in told], dtype=np.int64) for part in (0, 1))
    price = 100.0 + np.arange(len(told))
    prices = dict.fromkeys(("open", "high", "low", "close"), price)
    return Bars(
        time_s=time_s, duration_s=duration_s, volume=np.ones(len(told)), taker_buy_volume=np.ones(len(told)), **prices
    )


def stretches(spans):
    return {(time_s, span.step_s) for span in spans for time_s in range(span.first_s, span.last_s + 1, span.step_s)}


moments = st.integers(min_value=1_600_000_000, max_value=1_900_000_000)


@given(moments)
def test_without_a_past_everything_is_asked_for(now_s):
    assert stretches(unheld_bars(Bars(), now_s)) == stretches(bar_spans(None, now_s))
    reach_s = 30 * DAY_S - HOUR_S
    assert stretches(unheld_open_interest(Series(), now_s, reach_s)) == stretches(
        open_interest_spans(None, now_s, reach_s)
    )


@given(moments, st.data())
@settings(max_examples=40)
def test_every_row_of_the_last_33_days_is_held_or_asked_for(now_s, data):
    wanted = sorted(stretches(bar_spans(None, now_s)))
    lost = data.draw(st.sets(st.integers(0, len(wanted) - 1), max_size=40))
    held = bars(*(row for at, row in enumerate(wanted) if at not in lost))
    asked = stretches(unheld_bars(held, now_s))
    newest = (int(held.time_s[-1]), int(held.duration_s[-1]))
    assert asked == {wanted[at] for at in lost} | {newest}  # the newest may not have been final


@given(moments, st.integers(0, 30 * 24 - 1), st.sets(st.integers(0, 11), max_size=12))
def test_an_hour_is_told_by_its_twelve_bars_together_only(now_s, hours_back, lost):
    hour_s, length = sorted(stretches(bar_spans(None, now_s)))[-(3 * 288) - 30 - hours_back]
    assert length == HOUR_S
    fine = [(hour_s + 300 * at, 300) for at in range(12) if at not in lost]
    newest = (hour_s + HOUR_S, HOUR_S)
    asked = stretches(unheld_bars(bars(*fine, newest), now_s))
    assert ((hour_s, HOUR_S) in asked) == bool(lost)


def test_an_hourly_bar_tells_nothing_of_the_fine_days():
    held = bars((FINISHED_S - 4 * HOUR_S, HOUR_S), (FINISHED_S - 3 * HOUR_S, HOUR_S))
    asked = stretches(unheld_bars(held, NOW_S))
    assert {(FINISHED_S - 4 * HOUR_S + 300 * at, 300) for at in range(12)} <= asked


@given(st.sets(st.integers(0, 400), max_size=60), st.integers(1, 100))
def test_silences_near_each_other_share_a_request(missing, page_rows):
    held = Series(
        time_s=np.array([FINISHED_S - HOUR_S * at for at in range(720, 71, -1) if at not in missing], dtype=np.int64),
        value=np.ones(649 - len([at for at in range(720, 71, -1) if at in missing])),
    )
    spans = [span for span in unheld_open_interest(held, NOW_S, None) if span.step_s == HOUR_S]
    cut = pages(spans, "BTCUSDT", page_rows)
    asked = [time_s for page in cut for time_s in range(page.first_s, page.last_s + 1, HOUR_S)]
    assert {time_s for time_s, _ in stretches(spans)} <= set(asked)
    assert len(asked) == len(set(asked))
    assert all(page.rows <= page_rows for page in cut)
    assert (
        len(cut) <= len(pages((replace(spans[0], last_s=spans[-1].last_s),), "BTCUSDT", page_rows)) if spans else True
    )


# --- bars of unequal length that join --------------------------------------------------------------------------------

hours_of_bars = st.lists(
    st.tuples(st.booleans(), st.sets(st.integers(0, 11))), min_size=1, max_size=6
)  # of each hour: its hourly bar, and some of its twelve


def told(hours):
    rows = []
    for hour, (whole_hour, fine) in enumerate(hours):
        rows += [(HOUR_S * hour, HOUR_S)] if whole_hour else []
        rows += [(HOUR_S * hour + 300 * at, 300) for at in sorted(fine)]
    return rows


def told_minutes(*parts):
    return {
        minute
        for part in parts
        for at, length in zip(part.time_s.tolist(), part.duration_s.tolist(), strict=True)
        for minute in range(at, at + length, 300)
    }


@given(hours_of_bars, hours_of_bars)
def test_joined_bars_never_overlap_and_leave_out_nothing_that_either_part_tells(older, newer):
    parts = [bars(*told(hours)) if told(hours) else Bars() for hours in (older, newer)]
    joined = joined_bars(parts)
    ends = joined.time_s + joined.duration_s
    assert np.all(joined.time_s[1:] >= ends[:-1])
    assert told_minutes(joined) == told_minutes(*parts)


def test_of_two_equal_bars_the_newer_replys_counts_and_unequal_ones_are_told_apart():
    old, new = bars((0, HOUR_S), (HOUR_S, 300)), bars((HOUR_S, 300), (HOUR_S + 300, 300))
    joined = joined_bars((old, new))
    assert joined.time_s.tolist() == [0, HOUR_S, HOUR_S + 300]
    assert joined.close.tolist() == [100.0, 100.0, 101.0]
    assert joined_bars((old, new), HOUR_S + 300).time_s.tolist() == [HOUR_S + 300]


def test_stored_funding_is_told_per_the_venues_interval_of_now():
    hours = lambda step, count, last: np.array([last - step * HOUR_S * at for at in range(count)][::-1])  # noqa: E731
    fetched = Series(time_s=hours(4, 10, FINISHED_S), value=np.full(10, 5e-5))  # 4 h: 1e-4 per 8 h
    before_s = int(fetched.time_s[0]) - 8 * HOUR_S
    stored = Series(time_s=np.append(hours(8, 5, before_s), fetched.time_s), value=np.full(15, 2e-4))
    history = History(
        bars=bars(*((FINISHED_S - 300 * at, 300) for at in range(3, 0, -1))), funding=fetched, stored_funding=stored
    )
    funding = assemble("binanceusdm", Listing(base="BTC", market_id="BTCUSDT"), history, NOW_S).market.funding
    assert isinstance(funding, Funding)
    assert (len(funding.time_s), funding.interval_s) == (15, 4 * HOUR_S)
    per_8h = funding.rate * 2
    np.testing.assert_allclose(per_8h[:5], 2e-4)
    np.testing.assert_allclose(per_8h[5:], 1e-4)
