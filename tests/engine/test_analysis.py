"""The whole answer: nothing of the future in it, the same for the same market, honest when maps or inputs are few."""

import json
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bot.document import document_text
from engine.analysis import analyse, venue_shares
from engine.errors import ModelUnavailableError, NotEnoughDataError
from engine.level import read_level
from engine.observed import Crowd
from engine.results import MapKey, VenueCrowd
from engine.sources.recorded import RecordedSource
from engine.windows import HOUR_S, parse_instant, window_named
from tests.engine.made_recordings import BAR_S, END_S, funding_rows, kline_rows, perp_rows, record, write

MINUTES = 60


def rows_of(path):
    """A recorded file as columns, times in Unix seconds."""
    table = pq.read_table(path)
    milliseconds = table["time"].cast(pa.timestamp("ms", tz="UTC")).cast(pa.int64()).to_numpy()
    return {"time": milliseconds // 1_000} | {
        name: table[name].to_numpy() for name in table.column_names if name != "time"
    }


def unknown_at(rows, moment_s, lag_s):
    return rows["time"] + lag_s > moment_s


def removed(rows, moment_s, *, lag_s, known_at_open=()):
    """Only the rows known at a moment; a row counts as known `lag_s` after its time."""
    return {name: values[~unknown_at(rows, moment_s, lag_s)] for name, values in rows.items()}


def scrambled(rows, moment_s, *, lag_s, known_at_open=()):
    """All rows, with noise and NaN for what was not known; of the row that opens at the moment some columns are."""
    future, random = unknown_at(rows, moment_s, lag_s), np.random.default_rng(7)
    result = {"time": rows["time"]}
    for name, values in rows.items():
        if name != "time":
            noise = random.choice([np.nan, -1.0, 0.0, 1e9, 3.0], len(values)) * random.random(len(values))
            hidden = future & (rows["time"] != moment_s) if name in known_at_open else future
            result[name] = np.where(hidden, noise, values)
    return result


PERP = {"lag_s": BAR_S, "known_at_open": ("open", "open_interest")}
FILES = {
    "binanceusdm/{}USDT/perp_5m.parquet": PERP,
    "binanceusdm/{}USDT/funding_8h.parquet": {"lag_s": 0},
    "binance_spot/{}USDT/klines_5m.parquet": {"lag_s": BAR_S},
    "bybit/{}USDT/perp_5m.parquet": PERP,
}


def altered(source, target, symbol, moment_s, alter):
    """Copy a recording, altering what was not known at a moment."""
    for place, terms in FILES.items():
        path = source / place.format(symbol)
        if path.is_file():
            write(target / place.format(symbol), alter(rows_of(path), moment_s, **terms))
    return target


def assert_same_answer(one, other):
    assert document_text(one) == document_text(other)
    for map_, same in zip(one.maps, other.maps, strict=True):
        np.testing.assert_array_equal(map_.long_usd, same.long_usd)
        np.testing.assert_array_equal(map_.short_usd, same.short_usd)
        if map_.columns is not None:
            np.testing.assert_array_equal(map_.columns.long_usd, same.columns.long_usd)
            np.testing.assert_array_equal(map_.columns.short_usd, same.columns.short_usd)


# no look-ahead


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Two venues, funding and taker side, three days of 5-minute bars."""
    directory = tmp_path_factory.mktemp("made")
    perp = perp_rows(bars=864)
    record(directory, "binanceusdm", perp, funding_8h=funding_rows())
    record(directory, "bybit", perp_rows(2, bars=864, interest=3_000.0))
    write(directory / "binance_spot/BTCUSDT/klines_5m.parquet", kline_rows(perp))
    return directory


@pytest.mark.parametrize("alter", [removed, scrambled])
@pytest.mark.parametrize("before_end_s", [12 * HOUR_S, 6 * HOUR_S + 17 * MINUTES, 4 * HOUR_S + 1])
def test_nothing_after_the_moment_changes_a_made_recording(made, tmp_path, before_end_s, alter):
    moment_s = END_S - before_end_s
    answer = analyse(RecordedSource(made).market("BTC", moment_s))
    cut = altered(made, tmp_path, "BTC", moment_s, alter)
    assert_same_answer(answer, analyse(RecordedSource(cut).market("BTC", moment_s)))


def test_scrambling_what_was_known_does_change_the_answer(made, tmp_path):
    """The check above has teeth: one bar earlier and the same alteration is seen."""
    moment_s = END_S - 12 * HOUR_S
    cut = altered(made, tmp_path, "BTC", moment_s - BAR_S, removed)
    answer, other = (analyse(RecordedSource(directory).market("BTC", moment_s)) for directory in (made, cut))
    assert document_text(answer) != document_text(other)


def test_a_level_does_not_look_ahead_either(made, tmp_path):
    moment_s = END_S - 12 * HOUR_S
    market = RecordedSource(made).market("BTC", moment_s)
    cut = RecordedSource(altered(made, tmp_path, "BTC", moment_s, scrambled)).market("BTC", moment_s)
    level = market.price * 1.02
    assert document_text(read_level(market, level)) == document_text(read_level(cut, level))


RECORDED_MOMENTS = [
    ("BTC", "2026-02-05T12:00:00Z"),  # the crash
    ("BTC", "2026-03-12T09:35:00Z"),  # calm, with spot trades
    ("ETH", "2026-01-15T03:07:30Z"),  # between two bars
    ("SOL", "2026-02-06T08:00:00Z"),  # the rebound, funding settles
]


@pytest.mark.parametrize("alter", [removed, scrambled])
@pytest.mark.parametrize(("symbol", "at"), RECORDED_MOMENTS)
def test_nothing_after_the_moment_changes_an_answer_on_the_recordings(shared_data, tmp_path, symbol, at, alter):
    moment_s = parse_instant(at)
    answer = analyse(RecordedSource(shared_data).market(symbol, moment_s))
    cut = altered(shared_data, tmp_path, symbol, moment_s, alter)
    assert_same_answer(answer, analyse(RecordedSource(cut).market(symbol, moment_s)))


# the same market, the same answer


def test_asking_twice_gives_the_same_and_changes_nothing_of_the_market(hand):
    market = hand.market(hand.busy(1, hours=600))
    before = [array.copy() for array in _arrays_of(market)]
    assert_same_answer(analyse(market), analyse(market))
    for array, copy in zip(_arrays_of(market), before, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_the_crowd_is_told_beside_the_answer_and_changes_nothing_in_it(hand):
    market = hand.market(hand.busy(1, hours=600))
    crowd = Crowd(time_s=market.as_of_s - 600, long_short_ratio=9.0)
    crowded = replace(market, venues=(replace(market.lead, crowd=crowd),))
    alone, beside = analyse(market), analyse(crowded)
    assert beside.crowd == (VenueCrowd(venue=market.lead.venue, long_short_ratio=9.0, age_s=600),)
    assert_same_answer(replace(beside, crowd=()), alone)
    for ours, theirs in zip(beside.maps, alone.maps, strict=True):
        np.testing.assert_array_equal(ours.long_by_tier_usd, theirs.long_by_tier_usd)
        np.testing.assert_array_equal(ours.short_by_tier_usd, theirs.short_by_tier_usd)
    assert beside.zones == alone.zones


def _arrays_of(market):
    venue = market.lead
    candles, book, funding = venue.candles, venue.order_book, venue.funding
    return [
        *(getattr(candles, name) for name in ("time_s", "open", "high", "low", "close", "volume", "taker_buy_share")),
        *(venue.open_interest, funding.time_s, funding.rate, book.bid_price, book.bid_size, book.ask_price),
    ]


def test_the_order_of_venues_behind_the_lead_does_not_matter(hand):
    lead, second, third = hand.busy(1, hours=600), _smaller(hand, 2, "bybit"), _smaller(hand, 3, "okx")
    one, other = (analyse(hand.market(lead, *rest)) for rest in ((second, third), (third, second)))
    assert len(one.zones) == len(other.zones)
    for zone, same in zip(one.zones, other.zones, strict=True):
        assert (zone.band.low, zone.band.high) == (same.band.low, same.band.high)
        assert zone.score == pytest.approx(same.score, abs=1e-9)
        assert zone.size_usd == pytest.approx(same.size_usd, rel=1e-9)
    assert {share.name: share.oi_share for share in one.venues} == pytest.approx(
        {share.name: share.oi_share for share in other.venues}
    )


def _smaller(hand, seed, venue):
    """A venue at the lead's prices, with volume and open interest of its own."""
    lead, own = hand.busy(1, hours=600), hand.busy(seed, hours=600)
    candles = hand.candles(lead.candles.close, high=lead.candles.high, low=lead.candles.low, volume=own.candles.volume)
    return hand.venue(candles, venue=venue, open_interest=own.open_interest / seed)


def test_venues_add_up_in_usd(made):
    """The maps of two venues are the sum of the maps of each."""
    market = RecordedSource(made).market("BTC")
    both = analyse(market)
    shares = venue_shares(market)
    assert [share.name for share in shares] == ["binanceusdm", "bybit"]
    assert both.venues == shares
    whole = both.shown_map
    parts = [_alone(market, venue).shown_map for venue in market.venues]
    for side in ("above", "below"):
        together = {}
        for part in parts:
            for price, usd in zip(np.round(part.grid.centers, 6), part.side_usd(side), strict=True):
                together[price] = together.get(price, 0.0) + usd
        expected = [together.get(price, 0.0) for price in np.round(whole.grid.centers, 6)]
        np.testing.assert_allclose(whole.side_usd(side), expected, rtol=1e-9, atol=1e-6)


def _alone(market, venue):
    return analyse(type(market)(symbol="BTC", as_of_s=market.as_of_s, source="hand-made", venues=(venue,)))


# one map, few inputs


@pytest.fixture(scope="module")
def one_map(made):
    return analyse(RecordedSource(made).market("BTC"), keys=(MapKey("M2", window_named("12h")),))


def test_an_answer_from_one_map_says_that_it_is_one_data_point(one_map):
    assert "One map only (M2 12h): a single data point, not confluence." in one_map.notes
    assert one_map.shown == MapKey("M2", window_named("12h"))


def test_an_answer_from_one_map_shows_how_many_default_maps_show_each_zone(one_map):
    for zone in one_map.zones:
        assert [str(seen.key) for seen in zone.maps] == ["M1 12h", "M1 24h", "M1 3d", "M2 3d"]
        assert all(0 <= seen.percentile <= 1 for seen in zone.maps)


def test_an_answer_from_one_map_finds_zones_where_that_map_alone_has_hits(made):
    """Without hits in the map asked for there is no clear zone, whatever the default maps show."""
    market = RecordedSource(made).market("BTC")
    swings = analyse(market, keys=(MapKey("M5", window_named("3d")),))
    assert {zone.band for zone in swings.zones} != {zone.band for zone in analyse(market).zones}
    assert any("M5 3d holds no positions" in note for note in swings.notes)
    assert all(np.isnan(zone.size_usd) for zone in swings.zones)
    assert max(zone.index for zone in swings.zones) == 100


def test_the_default_answer_is_about_several_maps(made):
    answer = analyse(RecordedSource(made).market("BTC"))
    assert not any("One map only" in note for note in answer.notes)
    assert [str(map_.key) for map_ in answer.maps] == ["M2 3d", "M1 12h", "M1 24h", "M1 3d", "M4 24h", "M5 3d"]


@pytest.fixture(scope="module")
def without_interest(hand):
    return hand.market(hand.busy(1, hours=600, open_interest=None, funding=None, order_book=None))


def test_without_open_interest_the_answer_stands_on_flow_and_swings_and_says_so(without_interest):
    answer = analyse(without_interest)
    assert [str(map_.key) for map_ in answer.maps] == ["M4 24h", "M5 3d"]
    assert answer.reading == ()
    missing = {item.input for item in answer.missing}
    assert {"model M1", "model M2", "open_interest", "funding", "order_book"} <= missing
    assert {condition.kind for condition in answer.invalidation} <= {"close_beyond", "zone_fades"}
    assert {zone.band.side for zone in answer.zones} == {"above", "below"}
    assert json.loads(document_text(answer))["zones"][0]["size_usd"] is None


def test_a_model_asked_for_that_lacks_its_inputs_is_refused(without_interest):
    with pytest.raises(ModelUnavailableError, match="M1 needs"):
        analyse(without_interest, keys=(MapKey("M1", window_named("12h")),))


def test_less_than_a_day_of_candles_is_refused(hand):
    with pytest.raises(NotEnoughDataError):
        analyse(hand.market(hand.busy(1, hours=20)))


def test_two_days_of_candles_are_enough(hand):
    answer = analyse(hand.market(hand.busy(1, hours=48)))
    assert {zone.band.side for zone in answer.zones} == {"above", "below"}


def test_shares_of_venues_without_open_interest_are_equal(hand):
    venue = hand.busy(1, open_interest=None)
    assert [share.oi_share for share in venue_shares(hand.market(venue, venue))] == [0.5, 0.5]
