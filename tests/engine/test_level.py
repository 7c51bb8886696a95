"""What one price would mean: sums of the map, tiers and their ages, verdicts, and prices no map reaches."""

import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.analysis import analyse
from engine.errors import PriceOutsideMapError
from engine.grid import BIN_RATIO
from engine.level import MINOR_PERCENTILE, read_level
from engine.results import MapKey
from engine.sources.recorded import RecordedSource
from engine.survey import survey_market
from engine.text import price_text
from engine.windows import parse_instant, window_named
from tests.engine.made_recordings import perp_rows, record

M2_1W = MapKey("M2", window_named("1w"))
M1_12H = MapKey("M1", window_named("12h"))
M4_24H = MapKey("M4", window_named("24h"))


@pytest.fixture(scope="module")
def market(hand):
    return hand.market(hand.busy(1, hours=600))


@pytest.fixture(scope="module")
def survey(market):
    return survey_market(market)


@pytest.fixture(scope="module")
def answer(market):
    return analyse(market)


_REPORTS = {}


@pytest.fixture(scope="module")
def level(market):
    """Reads a level of the market, each once."""

    def read(price, key=None):
        if (price, key) not in _REPORTS:
            _REPORTS[price, key] = read_level(market, price, key=key)
        return _REPORTS[price, key]

    return read


AWAY = st.sampled_from((-0.2, -0.11, -0.052, -0.017, -0.003, 0.0, 0.0004, 0.004, 0.023, 0.047, 0.1, 0.21))
KEYS = st.sampled_from((None, None, M1_12H, M4_24H))
few = settings(max_examples=12)


# sums of the map


@given(away=AWAY, key=KEYS)
@few
def test_amounts_on_the_way_and_at_the_level_are_sums_of_the_maps_bins(market, level, away, key):
    """Bin by bin: what stands between the price and the band, and what stands in the band."""
    report = level(market.price * (1 + away), key)
    map_, band = report.analysis.shown_map, report.band
    on_the_way, at_level = [], []
    for center, usd in zip(map_.grid.centers, map_.side_usd(band.side), strict=True):
        if band.low < center < band.high:
            at_level.append(usd)
        elif (market.price < center < band.low) or (band.high < center < market.price):
            on_the_way.append(usd)
    assert report.on_the_way_usd == pytest.approx(math.fsum(on_the_way), rel=1e-9)
    assert report.at_level_usd == pytest.approx(math.fsum(at_level), rel=1e-9)


@given(away=AWAY)
@few
def test_everything_up_to_the_far_edge_is_either_on_the_way_or_at_the_level(market, level, away):
    """No bin between the price and the far edge is lost, not even those nearest to the price."""
    report = level(market.price * (1 + away))
    map_, band = report.analysis.shown_map, report.band
    low, high = sorted((market.price, band.far))
    centers = map_.grid.centers
    between = math.fsum(map_.side_usd(band.side)[(centers > low) & (centers < high)])
    in_the_price_bin = math.fsum(map_.side_usd(band.side)[[map_.grid.index(market.price)]])
    assert report.on_the_way_usd + report.at_level_usd == pytest.approx(between, rel=1e-9, abs=1e-6 + in_the_price_bin)


@given(away=AWAY, key=KEYS)
@few
def test_tiers_sum_to_what_is_at_the_level_largest_first(market, level, away, key):
    report = level(market.price * (1 + away), key)
    assert sum(tier.usd for tier in report.tiers) == pytest.approx(report.at_level_usd, rel=1e-9)
    held = [tier.usd for tier in report.tiers]
    assert held == sorted(held, reverse=True)
    assert all(usd > 0 for usd in held)


@given(away=AWAY)
@few
def test_each_tier_tells_the_mean_time_since_its_own_entries(market, level, away):
    report = level(market.price * (1 + away))
    map_, band = report.analysis.shown_map, report.band
    above = band.side == "above"
    usd = map_.short_by_tier_usd if above else map_.long_by_tier_usd
    entry_s = map_.short_entry_by_tier_s if above else map_.long_entry_by_tier_s
    inside = (map_.grid.centers > band.low) & (map_.grid.centers < band.high)
    for tier in report.tiers:
        row = int(np.flatnonzero(map_.leverages == tier.leverage)[0])
        held = inside & (usd[row] > 0)
        expected = market.as_of_s - np.dot(usd[row][held], entry_s[row][held]) / usd[row][held].sum()
        assert tier.age_s == pytest.approx(expected, rel=1e-9, abs=1)
    if report.tiers:
        mean = sum(tier.usd * tier.age_s for tier in report.tiers) / report.at_level_usd
        assert report.band.age_s == pytest.approx(mean, rel=1e-6, abs=1)


def test_the_index_stands_on_the_scale_of_the_answers_zones(level, answer, market):
    zone = answer.zones[0]
    report = level(zone.band.price)
    map_ = report.analysis.shown_map
    largest = max(map_.usd_between(each.band.side, each.band.low, each.band.high) for each in answer.zones)
    assert report.index == pytest.approx(100 * report.at_level_usd / largest)
    assert math.isfinite(level(market.price * 1.023, M4_24H).index)


# where the level is


@given(away=AWAY, key=KEYS)
@few
def test_the_band_holds_the_level_and_is_the_merge_width_around_it(market, survey, level, away, key):
    price = market.price * (1 + away)
    report = level(price, key)
    assert report.band.low <= price <= report.band.high
    assert report.band.side == ("above" if price >= market.price else "below")
    width = round(math.log(report.band.high / report.band.low) / math.log(BIN_RATIO))
    assert width <= 2 * survey.frame.half_width + 1
    if abs(away) > 0.01:
        assert width == 2 * survey.frame.half_width + 1
    assert report.distance == pytest.approx(away, abs=1e-12)
    assert report.distance_atr == pytest.approx((price - market.price) / survey.context.volatility.daily_atr)


def test_a_level_at_the_price_is_there_already(market, level):
    report = level(market.price)
    assert report.verdict == "nothing"
    assert report.verdict_text == (
        f"{price_text(market.price)} is where the price is: what lies that near cannot be told from noise."
    )
    assert report.on_the_way_usd == 0
    assert math.isnan(report.percentile)
    assert [touch.chance for touch in report.touch] == pytest.approx([1, 1, 1], abs=0.01)


@pytest.mark.parametrize("price", [1.0, 1e9, math.nan, -5.0, 0.0, math.inf])
def test_a_price_outside_the_map_names_the_maps_range(market, survey, price):
    with pytest.raises(PriceOutsideMapError) as caught:
        read_level(market, price)
    grid = survey.frame.grid
    assert (caught.value.low, caught.value.high) == (grid.low, grid.high)
    assert f"which reaches from {price_text(grid.low)} to {price_text(grid.high)}. Ask for a price" in str(caught.value)


def test_the_first_and_the_last_price_of_the_map_are_inside(market, survey):
    grid = survey.frame.grid
    for price in (grid.low, grid.high * (1 - 1e-12)):
        assert read_level(market, price).at_level_usd >= 0
    with pytest.raises(PriceOutsideMapError):
        read_level(market, grid.high)


# verdicts


def test_a_level_in_a_zone_is_part_of_it(level, answer):
    for zone in [zone for zone in answer.zones if zone.clear][:3]:
        report = level(zone.band.price)
        assert report.verdict == "zone"
        assert report.zone == zone
        low, high, hits = price_text(zone.band.low), price_text(zone.band.high), sum(seen.hit for seen in zone.maps)
        assert report.verdict_text == (
            f"{price_text(zone.band.price)} is part of the zone {low}-{high} {zone.band.side}, "
            f"score {zone.score:.0f}, shown by {hits} of 4 maps."
        )


def test_a_level_just_outside_a_zone_lies_at_its_edge(level, answer, survey):
    """The band around the level touches the zone, the level itself does not: it must not be called part of it."""
    beginnings = [zone.band.low for zone in answer.zones]
    zone = next(
        zone
        for zone in answer.zones
        if zone.clear and not any(zone.band.high * 0.999 < low < zone.band.high * 1.02 for low in beginnings)
    )
    report = level(zone.band.high * BIN_RATIO**0.5)
    assert report.zone == zone
    assert "lies at the edge of the zone" in report.verdict_text


def outside_zones(survey, answer, wanted):
    """A price of the shown map, outside every zone, whose band's best percentile is as wanted."""
    half, grid = survey.frame.half_width, survey.frame.grid
    for side in ("above", "below"):
        view = survey.views[side][survey.sized]
        for i in range(2 * half, len(view.percentile) - 2 * half):
            low, high = grid.edges[view.first_bin + i - half], grid.edges[view.first_bin + i + half + 1]
            touches = any(low < zone.band.high * 1.001 and zone.band.low < high * 1.001 for zone in answer.zones)
            if not touches and wanted(view.percentile[i - half : i + half + 1].max()):
                return float(grid.centers[view.first_bin + i]), float(view.percentile[i - half : i + half + 1].max())
    pytest.fail("the market has no such level")
    return None


def test_a_bright_level_outside_zones_is_minor(survey, answer, level):
    price, percentile = outside_zones(survey, answer, lambda rank: rank >= MINOR_PERCENTILE)
    report = level(price)
    assert (report.verdict, report.zone) == ("minor", None)
    assert report.percentile == percentile
    assert report.verdict_text == (
        f"{price_text(price)} is minor: brighter than {math.floor(100 * percentile)} % of that side for its distance, "
        f"and in no zone."
    )


def test_a_dim_level_is_nothing(survey, answer, level):
    price, percentile = outside_zones(survey, answer, lambda rank: rank < MINOR_PERCENTILE)
    report = level(price)
    assert (report.verdict, report.zone) == ("nothing", None)
    assert report.verdict_text == (
        f"Nothing stands out at {price_text(price)}: "
        f"brighter than {math.floor(100 * percentile)} % of that side for its distance."
    )


def test_a_level_farther_than_zones_are_looked_for_is_not_ranked(market, survey, level):
    reach = survey.frame.reach
    report = level(market.price * math.exp(reach + 0.03))
    assert report.verdict == "nothing"
    assert math.isnan(report.percentile)
    assert f"too far to rank: zones are looked for within {100 * math.expm1(reach):.1f} %" in report.verdict_text
    assert all(math.isnan(seen.percentile) and not seen.hit for seen in report.maps)
    assert report.on_the_way_usd > 0


# what stands around it


@given(away=AWAY)
@few
def test_neighbours_are_the_nearest_clear_zones_that_hold_more(market, level, answer, away):
    report = level(market.price * (1 + away))
    map_ = report.analysis.shown_map
    stronger = [
        zone
        for zone in answer.zones_on(report.band.side)
        if zone.clear
        and map_.usd_between(zone.band.side, zone.band.low, zone.band.high) > report.at_level_usd
        and (zone.band.low >= report.band.high or zone.band.high <= report.band.low)
    ]
    nearer = [zone for zone in stronger if abs(zone.band.price - market.price) < abs(report.price - market.price)]
    farther = [zone for zone in stronger if zone not in nearer]
    for found, among in ((report.nearer, nearer), (report.farther, farther)):
        assert found == min(among, key=lambda zone: abs(zone.band.price - report.price), default=None)


def test_maps_tell_which_of_the_default_ones_show_the_level(level, answer):
    zone = next(zone for zone in answer.zones if any(seen.hit for seen in zone.maps))
    report = level(zone.band.price)
    assert [str(seen.key) for seen in report.maps] == ["M1 12h", "M1 24h", "M1 3d", "M2 3d"]
    assert any(seen.hit for seen in report.maps)


def test_structure_at_the_level_is_named(level, survey):
    swing = next(each for each in survey.context.structure.levels if each.kind.startswith("swing"))
    assert swing.words() in level(swing.price).structure


def test_what_confirms_and_rejects_names_the_edge_that_price_meets_first(level, market):
    for away, edge, way, back in ((0.047, "low", "up", "under"), (-0.052, "high", "down", "above")):
        report = level(market.price * (1 + away))
        met = price_text(getattr(report.band, edge))
        assert report.confirm.startswith(f"price runs {way} through {met} on falling open interest")
        assert report.reject == f"a touch of {met} and an hourly close back {back} it with open interest unchanged"


def test_the_order_book_speaks_where_there_is_one(level, market, hand):
    assert level(market.price * 1.023).order_book
    without = hand.market(hand.busy(1, hours=600, order_book=None))
    assert read_level(without, without.price * 1.023).order_book is None


# one map


def test_a_level_of_one_map_counts_that_map_and_says_so(level, market):
    report = level(market.price * 1.023, M1_12H)
    assert report.analysis.shown == M1_12H
    assert any("One map only (M1 12h)" in note for note in report.analysis.notes)
    assert len(report.maps) == 4


def test_a_level_of_a_map_without_positions_says_that_its_sizes_are_no_usd(level, market):
    report = level(market.price * 1.023, M4_24H)
    assert any("M4 24h holds no positions" in note for note in report.analysis.notes)


def test_a_level_of_a_long_window_holds_all_that_a_short_one_does(level, market):
    price = market.price * 0.977
    day, fortnight = (level(price, MapKey("M1", window_named(name))) for name in ("24h", "2w"))
    assert fortnight.at_level_usd >= day.at_level_usd


# on recordings


def test_a_level_of_two_venues_sums_both(tmp_path):
    perp = perp_rows()
    alone = RecordedSource(record(tmp_path / "one", "binanceusdm", perp)).market("BTC")
    twin = record(record(tmp_path / "two", "binanceusdm", perp), "okx", perp)
    both = RecordedSource(twin).market("BTC")
    price = alone.price * 1.02
    one, two = read_level(alone, price), read_level(both, price)
    assert two.at_level_usd > 1.5 * one.at_level_usd  # okx takes fees into account: its levels lie a little elsewhere
    assert one.band == type(one.band)(
        side="above", low=two.band.low, high=two.band.high, price=price, age_s=one.band.age_s
    )


@pytest.mark.parametrize("price", [60_000.0, 69_712.0, 70_279.0, 72_000.0, 74_194.0, 90_000.0])
def test_levels_of_the_crash_read_as_sentences(shared_data, price):
    market = RecordedSource(shared_data).market("BTC", parse_instant("2026-02-05T12:00:00Z"))
    report = read_level(market, price)
    for text in (report.verdict_text, report.structure, report.confirm, report.reject):
        assert not re.search(r"\bnan\b|None|inf\b|unknown|  ", text)
    assert price_text(price) in report.verdict_text


def test_tiers_that_forget_faster_were_entered_later(shared_data):
    """On the way down of 5 February the longs at 69,712: 100x of the last hour, 5x of weeks ago."""
    market = RecordedSource(shared_data).market("BTC", parse_instant("2026-02-05T12:00:00Z"))
    ages = {tier.leverage: tier.age_s for tier in read_level(market, 69_712.0).tiers}
    assert [ages[leverage] for leverage in sorted(ages)] == sorted(ages.values(), reverse=True)
    assert ages[100] < 3_600
    assert ages[5] > 7 * 86_400
