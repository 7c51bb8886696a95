"""Realised liquidations: sums of what was told and listened to, read from disk without a look ahead."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.analysis import analyse
from engine.errors import DataMalformedError
from engine.history.keeping import KeepingSource
from engine.history.realised import liquidations_of
from engine.history.rows import Rows
from engine.history.store import HistoryStore
from engine.level import read_level
from engine.realised import KEPT_S, LEVEL_SUM_S, REPORTING, realised_at, told_sum
from engine.sources.recorded import RecordedSource
from engine.windows import DAY_S
from tests.engine.made_liquidations import listen, tell, told
from tests.engine.made_recordings import END_S, perp_rows, record
from tests.engine.markets import Live, random_market

LONG, SHORT = 1, -1


def ms(seconds):
    return round(1_000 * seconds)


# sums


def test_each_side_is_summed_in_usd_over_the_minutes_that_were_listened_to():
    events = [
        (ms(END_S - 130), LONG, 100.0, 9.0),  # before anybody listened
        (ms(END_S - 100), LONG, 100.0, 2.0),
        (ms(END_S - 90), SHORT, 110.0, 1.0),
        (ms(END_S - 80), LONG, 90.0, 0.5),
        (ms(END_S - 30), SHORT, 110.0, 7.0),  # in a minute that is not over
    ]
    sums = told_sum("okx", told(*events, heard=((END_S - 120, END_S - 60),)), as_of_s=END_S, length_s=DAY_S)
    assert (sums.long_usd, sums.short_usd, sums.events) == (245.0, 110.0, 3)
    assert (sums.heard_s, sums.length_s) == (60, DAY_S)
    assert sums.reporting == REPORTING["okx"]


def test_a_level_counts_what_happened_at_its_prices():
    events = [(ms(END_S - 50 + n), LONG, price, 1.0) for n, price in enumerate((99.0, 100.0, 101.0, 102.0))]
    liquidations = told(*events, heard=((END_S - 60, END_S),))
    sums = told_sum("bybit", liquidations, as_of_s=END_S, length_s=DAY_S, low=100.0, high=101.0)
    assert (sums.long_usd, sums.events) == (201.0, 2)


def test_an_event_is_heard_from_the_first_millisecond_of_a_span_to_its_last():
    moments = [END_S - 1, END_S, END_S + 59.999, END_S + 60, END_S + 120, END_S + 180]
    events = [(ms(moment), LONG, 1.0, 1.0) for moment in moments]
    liquidations = told(*events, heard=((END_S, END_S + 60), (END_S + 120, END_S + 180)))
    assert liquidations.is_heard.tolist() == [False, True, True, False, True, False]


def test_without_a_span_nothing_is_heard():
    assert told((ms(END_S), LONG, 1.0, 1.0)).is_heard.tolist() == [False]
    assert told().is_heard.tolist() == []


def test_an_answer_keeps_seven_days_and_cuts_spans_at_its_edges():
    old, edge, new = END_S - KEPT_S - 1, END_S - KEPT_S, END_S
    liquidations = told(
        *((ms(moment), SHORT, 1.0, 1.0) for moment in (old, edge, new)),
        heard=((old - 100, edge + 50), (edge + 90, new)),
    )
    realised = realised_at("bybit", liquidations, END_S)
    assert realised.liquidations.at_ms.tolist() == [ms(edge), ms(new)]
    assert realised.liquidations.heard_from_s.tolist() == [edge, edge + 90]
    assert realised.liquidations.heard_to_s.tolist() == [edge + 50, new]
    assert realised.since_s == edge
    assert realised.day.heard_s == DAY_S


@given(st.data())
def test_time_listened_to_adds_up_over_parts_of_a_span(data):
    edges = sorted(data.draw(st.sets(st.integers(0, 500), min_size=2, max_size=10)))
    heard = tuple(zip(edges[::2], edges[1::2], strict=False))
    moments = sorted(data.draw(st.lists(st.integers(0, 500_000), max_size=20)))
    liquidations = told(*((at_ms, SHORT, 2.0, 1.0) for at_ms in moments), heard=heard)
    middle = data.draw(st.integers(1, 499))
    parts = [
        told_sum("okx", liquidations, as_of_s=end, length_s=length)
        for end, length in ((middle, middle), (500, 500 - middle))
    ]
    whole = told_sum("okx", liquidations, as_of_s=500, length_s=500)
    assert sum(part.heard_s for part in parts) == whole.heard_s == sum(end - start for start, end in heard)
    slow = sum(any(1_000 * start <= at < 1_000 * end for start, end in heard) for at in moments)
    assert whole.events == slow
    assert whole.short_usd == 2.0 * slow


# from the disk


def test_adjacent_minutes_become_one_span(tmp_path):
    listen(tmp_path, [END_S - 600, END_S - 540, END_S - 480, END_S - 120])
    liquidations = liquidations_of(tmp_path, since_s=END_S - 3_600, until_s=END_S)
    assert liquidations.heard_from_s.tolist() == [END_S - 600, END_S - 120]
    assert liquidations.heard_to_s.tolist() == [END_S - 420, END_S - 60]
    assert len(liquidations) == 0


def test_nothing_where_nobody_listened_and_nothing_was_heard(tmp_path):
    assert liquidations_of(tmp_path, since_s=END_S - 3_600, until_s=END_S) is None
    listen(tmp_path, [END_S - 7_200])
    tell(tmp_path, (ms(END_S - 7_190), LONG, 1.0, 1.0))
    assert liquidations_of(tmp_path, since_s=END_S - 3_600, until_s=END_S) is None


def test_a_minute_is_known_when_it_is_over_and_an_event_at_its_own_millisecond(tmp_path):
    tell(tmp_path, (ms(END_S - 60), LONG, 1.0, 1.0), (ms(END_S + 0.001), SHORT, 2.0, 2.0))
    listen(tmp_path, [END_S - 60, END_S], [1, 1])
    early = liquidations_of(tmp_path, since_s=END_S - 3_600, until_s=END_S - 1)
    assert (len(early), len(early.heard_from_s)) == (1, 0)
    later = liquidations_of(tmp_path, since_s=END_S - 3_600, until_s=END_S)
    assert later.side.tolist() == [LONG]
    assert later.heard_to_s.tolist() == [END_S]


def test_a_minute_whose_events_were_lost_is_not_a_quiet_one(tmp_path):
    listen(tmp_path, [END_S - 180, END_S - 120], [1, 2])
    tell(tmp_path, (ms(END_S - 170), LONG, 1.0, 1.0), (ms(END_S - 100), LONG, 1.0, 1.0))
    liquidations = liquidations_of(tmp_path, since_s=END_S - 3_600, until_s=END_S)
    assert len(liquidations) == 2
    assert liquidations.heard_from_s.tolist() == [END_S - 180]
    assert liquidations.heard_to_s.tolist() == [END_S - 120]


def test_stored_in_days_they_are_read_across_midnight_once_each(tmp_path):
    midnight = END_S - END_S % DAY_S
    at_ms = np.array([ms(midnight - 1), ms(midnight + 1), ms(midnight + 1)])
    columns = {"at_ms": at_ms, "side": np.array([1, -1, -1]), "price": np.full(3, 5.0), "size": np.full(3, 2.0)}
    minutes = np.array([midnight - 60, midnight])
    sums = {"long_usd": np.zeros(2), "short_usd": np.zeros(2), "events": np.ones(2), "duration_s": np.full(2, 60.0)}
    with HistoryStore(tmp_path) as store:
        store.append("okx", "BTCUSDT", "liquidations", Rows(at_ms // 1_000, columns), as_of_s=END_S)
        store.append("okx", "BTCUSDT", "liquidations_1m", Rows(minutes, sums), as_of_s=END_S)
    liquidations = liquidations_of(tmp_path / "okx" / "BTCUSDT", since_s=END_S - KEPT_S, until_s=END_S)
    assert liquidations.side.tolist() == [1, -1]
    assert (liquidations.heard_from_s.tolist(), liquidations.heard_to_s.tolist()) == ([midnight - 60], [midnight + 60])


# in an answer


@pytest.fixture(scope="module")
def quiet():
    return random_market(7, 288 * 8)


def heard_by(market, *events, heard=None):
    spans = ((market.as_of_s - 3_600, market.as_of_s),) if heard is None else heard
    return replace(market, venues=(replace(market.lead, liquidations=told(*events, heard=spans)),))


def test_what_was_liquidated_changes_no_map_no_zone_and_no_score(quiet):
    price = quiet.price
    noisy = heard_by(quiet, *((ms(quiet.as_of_s - 600) + n, LONG, price * (1 - n / 1e4), 1e4) for n in range(400)))
    before, after = analyse(quiet), analyse(noisy)
    assert before.realised == ()
    assert after.realised[0].day.events == 400
    assert (after.zones, after.setup, after.bait, after.invalidation) == (
        before.zones,
        before.setup,
        before.bait,
        before.invalidation,
    )
    for one, other in zip(before.maps, after.maps, strict=True):
        np.testing.assert_array_equal(one.long_usd, other.long_usd)
        np.testing.assert_array_equal(one.short_usd, other.short_usd)


def test_a_venue_of_which_nothing_is_left_in_seven_days_is_left_out(quiet):
    long_ago = quiet.as_of_s - KEPT_S - 60
    assert analyse(heard_by(quiet, (ms(long_ago), LONG, 1.0, 1.0), heard=((long_ago - 60, long_ago),))).realised == ()


def test_a_level_tells_what_was_liquidated_inside_its_band_in_72_hours(quiet):
    price, now = quiet.price * 1.02, quiet.as_of_s
    old = now - LEVEL_SUM_S - 1
    events = [
        (ms(old), SHORT, price, 5.0),
        (ms(now - 300), SHORT, price, 2.0),
        (ms(now - 200), SHORT, quiet.price, 9.0),
    ]
    report = read_level(heard_by(quiet, *events, heard=((old - 60, now),)), price)
    (sums,) = report.realised
    assert (sums.events, sums.long_usd, sums.short_usd) == (1, 0.0, 2.0 * price)
    assert sums.heard_s == sums.length_s == LEVEL_SUM_S
    assert report.band.low <= price <= report.band.high
    assert read_level(quiet, price).realised == ()


def test_a_level_leaves_out_a_venue_that_nobody_listened_to(quiet):
    market = heard_by(quiet, (ms(quiet.as_of_s - 30), SHORT, quiet.price * 1.02, 5.0), heard=())
    assert read_level(market, quiet.price * 1.02).realised == ()


# in a market


@pytest.fixture
def recording(tmp_path):
    directory = record(tmp_path, "binanceusdm", perp_rows())
    folder = directory / "binanceusdm" / "BTCUSDT"
    times = END_S - 60 * np.arange(1, 241)
    tell(folder, *((ms(time + 7), LONG if time % 120 else SHORT, 50_000.0, 0.1) for time in times[::-1].tolist()))
    listen(folder, times[::-1], np.ones(240))
    return directory


def test_a_recorded_market_knows_nothing_that_was_liquidated_later(recording):
    source = RecordedSource(recording)
    everything = source.market("BTC", END_S).lead.liquidations
    as_of_s = END_S - 3_600
    known = source.market("BTC", as_of_s).lead.liquidations
    assert len(everything) == 240
    assert known.at_ms.tolist() == [at for at in everything.at_ms.tolist() if at <= ms(as_of_s)]
    assert known.heard_to_s.tolist() == [as_of_s]


def test_a_market_refuses_liquidations_of_its_future(recording):
    market = RecordedSource(recording).market("BTC", END_S)
    venue = replace(market.lead, liquidations=told((ms(END_S) + 1, LONG, 1.0, 1.0)))
    with pytest.raises(ValueError, match="nobody could know"):
        replace(market, venues=(venue,))


@pytest.fixture(scope="module")
def live():
    return replace(random_market(4, 288 * 3), source="live")


def test_a_live_market_is_completed_with_what_the_store_heard(live, tmp_path):
    folder = tmp_path / "binanceusdm" / "TESTUSDT"
    tell(folder, (ms(live.as_of_s - 50), SHORT, 100.0, 3.0))
    listen(folder, [live.as_of_s - live.as_of_s % 60 - 60], [0])
    with HistoryStore(tmp_path) as store:
        answered = KeepingSource(Live(live), store).market("TEST")
    assert answered.lead.liquidations.side.tolist() == [SHORT]
    assert answered.lead.candles is live.lead.candles


def test_damaged_liquidations_cost_a_note_and_no_live_answer(live, tmp_path):
    folder = tmp_path / "binanceusdm" / "TESTUSDT"
    folder.mkdir(parents=True)
    (folder / "liquidations.parquet").write_bytes(b"no Parquet")
    with HistoryStore(tmp_path) as store:
        answered = KeepingSource(Live(live), store).market("TEST")
    assert answered.lead.liquidations is None
    (note,) = answered.notes
    assert note.startswith("Stored liquidations were left out: ")
    with pytest.raises(DataMalformedError):
        liquidations_of(folder, since_s=0, until_s=END_S)
