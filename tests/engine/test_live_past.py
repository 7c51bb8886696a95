"""Live markets that go on from what is stored: the same market as without, older open interest, few requests."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from engine.atlas import build_map
from engine.history.keeping import KeepingSource, keep
from engine.history.past import StoredPast
from engine.history.rows import Rows
from engine.history.store import HistoryStore
from engine.market import Market
from engine.results import MapKey
from engine.sources.live.desk import MOST_HELD, Desk
from engine.sources.live.history import History
from engine.sources.live.past import PAST_SPAN_S
from engine.sources.live.venues import VENUES
from engine.sources.recorded import RecordedSource
from engine.windows import DAY_S, HOUR_S, window_named
from tests.engine.made_live import staged, strike
from tests.engine.made_recordings import write
from tests.engine.markets import FINISHED_S, NOW_S, known_at, random_closes, venue_from
from tests.replay_exchange import ReplayMarket, faults

DAYS = 60
THREE = ("binanceusdm", "bybit", "okx")


@pytest.fixture(scope="module")
def whole():
    """A market of sixty days at one venue, and an hour beyond now."""
    count = DAYS * 288
    closes = random_closes(11, count + 12)
    taker = np.linspace(0.3, 0.7, count + 12)
    lead = venue_from(closes, seed=11, taker=taker, start_s=FINISHED_S - 300 * count)
    return Market(symbol="BTC", as_of_s=FINISHED_S + HOUR_S, source="live", venues=(lead,))


@pytest.fixture(scope="module")
def replayed(whole):
    return {"BTC": ReplayMarket.of(whole.lead)}


@pytest.fixture
def stored(whole, tmp_path):
    """A history in which everything is kept that was known an hour ago, at each of the three venues."""
    lead = known_at(whole, FINISHED_S - HOUR_S).lead
    earlier = replace(whole, as_of_s=FINISHED_S - HOUR_S, venues=tuple(replace(lead, venue=name) for name in THREE))
    with HistoryStore(tmp_path) as store:
        keep(earlier, store)
        yield store


def live_market(replayed, store=None, **options):
    past = None if store is None else StoredPast(store)
    with staged(replayed, now_s=NOW_S, past=past, **options) as stage:
        market = stage.source.market("BTC")
        return market, Counter(request.path for request in stage.exchange.requests)


def assert_same_bars(ours, theirs):
    for name in ("time_s", "duration_s", "open", "high", "low", "close", "volume"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name), err_msg=name)


# --- what the store gives --------------------------------------------------------------------------------------------


def test_the_past_is_what_was_kept_up_to_now_and_not_older_than_its_span(whole, stored):
    past = StoredPast(stored)
    lead = known_at(whole, FINISHED_S - HOUR_S).lead
    found = past.history("binanceusdm", "BTC", NOW_S)
    np.testing.assert_array_equal(found.bars.close, lead.candles.close)
    np.testing.assert_array_equal(found.open_interest.value, lead.open_interest)
    np.testing.assert_allclose(
        found.bars.taker_buy_volume, lead.candles.taker_buy_share * lead.candles.volume, rtol=1e-12
    )
    np.testing.assert_array_equal(found.stored_funding.value, lead.funding.rate)
    earlier_s = FINISHED_S - 20 * DAY_S
    cut = past.history("binanceusdm", "BTC", earlier_s)
    assert int((cut.bars.time_s + cut.bars.duration_s)[-1]) == earlier_s
    assert int(cut.open_interest.time_s[-1]) < earlier_s
    late_s = NOW_S + PAST_SPAN_S - 10 * DAY_S
    assert int(past.history("binanceusdm", "BTC", late_s).bars.time_s[0]) >= late_s - PAST_SPAN_S


def test_a_recording_with_rows_twice_and_bars_of_other_lengths_is_read_without_them(stored):
    at = FINISHED_S + np.array([-1200, -1200, -900, -900, -900])
    length = np.array([300, 300, 300, 300, 900])
    columns = {name: np.ones(5) for name in ("open", "high", "low", "close", "volume", "open_interest")}
    write(
        stored.path / "bybit" / "SOLUSDT" / "perp_5m.parquet",
        {"time": at, **columns, "duration_s": length.astype(float)},
    )
    found = StoredPast(stored).history("bybit", "SOL", NOW_S)
    assert not found.unread
    assert len(set(found.bars.time_s.tolist())) == len(found.bars)
    assert set(found.bars.duration_s.tolist()) <= {300, HOUR_S}


def test_another_venue_or_quotation_has_another_past(stored):
    past = StoredPast(stored)
    assert len(past.history("gate", "BTC", NOW_S).bars) == 0
    assert len(past.history("binanceusdm", "1000BTC", NOW_S).bars) == 0


def test_a_damaged_series_is_named_and_the_others_are_read(stored):
    for path in (stored.path / "binanceusdm" / "BTCUSDT" / "perp_5m").glob("*.parquet"):
        path.write_bytes(b"no Parquet")
    found = StoredPast(stored).history("binanceusdm", "BTC", NOW_S)
    assert (len(found.bars), len(found.open_interest)) == (0, 0)
    assert len(found.stored_funding) > 0
    assert [item.input for item in found.unread] == ["stored_bars"]


def test_rows_that_could_not_be_true_are_not_used(stored, tmp_path):
    broken = {"time": np.array([FINISHED_S - 600]), **dict.fromkeys(("open", "low", "close", "volume"), np.ones(1))}
    write(tmp_path / "bybit" / "ETHUSDT" / "perp_5m.parquet", {**broken, "high": np.array([0.5])})
    found = StoredPast(stored).history("bybit", "ETH", NOW_S)
    assert len(found.bars) == 0
    assert [item.input for item in found.unread] == ["stored_bars"]


# --- live, with the real client --------------------------------------------------------------------------------------


def test_a_new_process_with_a_past_fetches_the_catalogue_and_the_tail(replayed, stored):
    market, asked = live_market(replayed, stored, venues=THREE)
    without, cold = live_market(replayed, venues=THREE)
    assert {venue.venue for venue in market.venues} == set(THREE)
    catalogue_and_tail = 5 + 3 * len(("bars", "open interest", "funding", "book", "crowd")) + len(("bybit", "okx"))
    assert asked.total() == catalogue_and_tail
    assert cold.total() <= 75
    for name in THREE:
        ours, theirs = (
            next(venue for venue in found.venues if venue.venue == name).candles for found in (market, without)
        )
        fine = theirs.duration_s == 300
        rows = np.searchsorted(ours.time_s, theirs.time_s[fine])
        np.testing.assert_array_equal(ours.close[rows], theirs.close[fine])
        assert int(ours.time_s[0]) == FINISHED_S - DAYS * DAY_S


def test_sixty_days_of_stored_open_interest_give_the_map_of_the_same_sixty_days(replayed, stored, whole, tmp_path):
    market, _ = live_market(replayed, stored)
    assert not market.missing
    with HistoryStore(tmp_path / "direct") as direct:
        keep(known_at(whole, FINISHED_S), direct)
        recorded = RecordedSource(tmp_path / "direct").market("BTC", NOW_S)
    assert_same_bars(market.lead.candles, recorded.lead.candles)
    np.testing.assert_array_equal(market.lead.open_interest, recorded.lead.open_interest)
    np.testing.assert_allclose(market.lead.candles.taker_buy_share, recorded.lead.candles.taker_buy_share, rtol=1e-12)
    ours, theirs = (build_map(found, MapKey("M2", window_named("3d"))) for found in (market, recorded))
    np.testing.assert_allclose(ours.long_usd, theirs.long_usd, rtol=1e-9)
    np.testing.assert_allclose(ours.short_usd, theirs.short_usd, rtol=1e-9)
    without, _ = live_market(replayed)
    shorter = build_map(without, MapKey("M2", window_named("3d")))
    assert abs(shorter.long_usd.sum() / ours.long_usd.sum() - 1) < 0.2
    assert not np.allclose(
        np.interp(ours.grid.centers, shorter.grid.centers, shorter.long_usd), ours.long_usd, rtol=0.01
    )


def test_holes_in_the_past_are_filled_by_the_venue_and_older_ones_named(replayed, stored, whole, tmp_path):
    lead = known_at(whole, FINISHED_S - HOUR_S).lead
    lost = [(FINISHED_S - days * DAY_S, FINISHED_S - days * DAY_S + 3 * HOUR_S) for days in (2, 20, 50)]
    keeps = np.all([(lead.candles.end_s <= first) | (lead.candles.time_s >= last) for first, last in lost], axis=0)
    with HistoryStore(tmp_path / "holes") as holey:
        rows = stored.read("binanceusdm", "BTCUSDT", "perp_5m").take(keeps)
        holey.append("binanceusdm", "BTCUSDT", "perp_5m", rows, as_of_s=NOW_S, clock="venue")
        market, asked = live_market(replayed, holey)
    candles = market.lead.candles
    (gap,) = np.flatnonzero(candles.time_s[1:] > candles.end_s[:-1])
    assert (candles.end_s[gap], candles.time_s[gap + 1]) == lost[2]
    told = {item.input: item.effect for item in market.missing}
    assert told["candles"].startswith("1 gap, the longest 3 h")
    unknown = candles.time_s[np.isnan(market.lead.open_interest)]
    assert len(unknown) == 0  # nor is open interest unknown in what was filled
    assert asked["/fapi/v1/klines"] == 2  # one for the hours, one for the two silences of the fine days
    assert asked["/futures/data/openInterestHist"] <= 3


def test_after_a_week_without_a_process_only_that_week_is_asked_for(replayed, whole, tmp_path):
    with HistoryStore(tmp_path) as store:
        keep(known_at(whole, FINISHED_S - 7 * DAY_S), store)
        market, asked = live_market(replayed, store)
    candles = market.lead.candles
    assert np.all(candles.end_s[:-1] == candles.time_s[1:])
    assert np.all(np.isfinite(market.lead.open_interest))
    assert np.sum(candles.duration_s == HOUR_S) == 4 * 24
    assert int(candles.time_s[0]) == FINISHED_S - DAYS * DAY_S
    assert asked["/fapi/v1/klines"] == 2


def test_after_days_without_a_question_a_process_asks_for_the_silence_alone(replayed):
    with staged(replayed, now_s=NOW_S - 5 * DAY_S) as stage:
        stage.source.market("BTC")
        before = len(stage.exchange.requests)
        stage.exchange.now_s = NOW_S
        lead = stage.source.market("BTC").lead
        asked = Counter(request.path for request in stage.exchange.requests[before:])
    assert np.all(lead.candles.end_s[:-1] == lead.candles.time_s[1:])
    assert int(lead.candles.end_s[-1]) == FINISHED_S
    assert np.all(np.isfinite(lead.open_interest[-(38 * 24) :]))
    assert asked["/fapi/v1/klines"] == 2


def test_open_interest_that_failed_is_asked_for_again_with_its_holes(replayed, whole, tmp_path):
    with HistoryStore(tmp_path) as store:
        keep(known_at(whole, FINISHED_S - 7 * DAY_S), store)
        with staged(replayed, now_s=NOW_S, past=StoredPast(store)) as stage:
            strike(stage, faults.html, path="*/openInterestHist", times=30)
            first = stage.source.market("BTC")
            assert "open_interest" in {item.input for item in first.missing}
            stage.exchange.faults.clear()
            second = stage.source.market("BTC")
    assert np.all(np.isfinite(second.lead.open_interest))


def test_a_symbol_without_older_days_is_not_asked_for_them_again(whole):
    young = {"BTC": ReplayMarket.of(venue_from(random_closes(3, 300), start_s=FINISHED_S - 300 * 288))}
    with staged(young, now_s=NOW_S) as stage:
        stage.source.market("BTC")
        cold = stage.exchange.count()
        stage.exchange.now_s += 300
        stage.source.market("BTC")
        assert stage.exchange.count() - cold <= 3


def test_a_damaged_store_changes_the_answer_by_a_named_gap_only(replayed, stored):
    for path in stored.path.rglob("*.parquet"):
        path.write_bytes(b"no Parquet")
    market, _ = live_market(replayed, stored)
    without, _ = live_market(replayed)
    assert_same_bars(market.lead.candles, without.lead.candles)
    assert {item.input for item in market.missing} - {item.input for item in without.missing} == {
        "stored_bars",
        "stored_taker_flow",
        "stored_funding",
    }


def test_a_store_that_another_process_writes_is_read_all_the_same(replayed, stored):
    with HistoryStore(stored.path) as other:
        market, _ = live_market(replayed, other)
        assert int(market.lead.candles.time_s[0]) == FINISHED_S - DAYS * DAY_S


def test_answers_of_processes_days_apart_accumulate_open_interest(replayed, tmp_path):
    with HistoryStore(tmp_path) as store:
        for days in (20, 10, 0):
            with staged(replayed, now_s=NOW_S - days * DAY_S, past=StoredPast(store)) as stage:
                KeepingSource(stage.source, store).market("BTC")
            store.close()
        market = RecordedSource(tmp_path).market("BTC", NOW_S)
    known = market.lead.candles.time_s[np.isfinite(market.lead.open_interest)]
    assert NOW_S - int(known[0]) > 49 * DAY_S  # Binance alone tells thirty
    assert np.all(np.isfinite(market.lead.open_interest[-(40 * 24) :]))


def test_no_more_perpetuals_are_held_than_stated():
    """The one asked for longest ago is let go."""
    desk = Desk(VENUES["okx"], wire=None, clock=lambda: float(NOW_S))
    for number in range(MOST_HELD + 2):
        desk._hold(str(number), History())
    assert len(desk._histories) == MOST_HELD
    assert "0" not in desk._histories


def test_rows_of_a_store_that_lie_in_the_future_stay_there(tmp_path):
    at = np.array([FINISHED_S - 600, FINISHED_S - 300, FINISHED_S])
    columns = {name: np.ones(3) for name in ("open", "high", "low", "close", "volume", "open_interest")}
    with HistoryStore(tmp_path) as store:
        store.append("okx", "BTCUSDT", "perp_5m", Rows(at, columns), as_of_s=NOW_S + HOUR_S, clock="venue")
        found = StoredPast(store).history("okx", "BTC", NOW_S)
    assert found.bars.time_s.tolist() == at[:2].tolist()
    assert found.open_interest.time_s.tolist() == at[:2].tolist()
