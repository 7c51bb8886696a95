"""Zones of whole markets: what must hold of them whatever the market is."""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.grid import BIN_RATIO
from engine.market import Market
from engine.results import MapKey
from engine.scoring import MAX_ZONES_PER_SIDE, ZONE_LENGTHS, score_zones
from engine.setup import reachable
from engine.survey import survey_market
from engine.windows import window_named

SEEDS = st.integers(0, 3)
_SURVEYS = {}


def survey_of(hand, seed, keys=None):
    """The survey of a small market; each is made once."""
    if (seed, keys) not in _SURVEYS:
        _SURVEYS[seed, keys] = survey_market(hand.market(hand.busy(seed, hours=600)), keys)
    return _SURVEYS[seed, keys]


ONE_MAP = (MapKey("M1", window_named("3d")),)
FLOW_ONLY = (MapKey("M4", window_named("1w")),)
ASKED = st.sampled_from((None, ONE_MAP, FLOW_ONLY))
few = settings(max_examples=10)


@given(seed=SEEDS, keys=ASKED)
@few
def test_every_zone_is_a_band_on_its_side_of_the_price(hand, seed, keys):
    survey = survey_of(hand, seed, keys)
    for zone in score_zones(survey):
        band = zone.band
        assert band.low <= band.price <= band.high
        assert (band.low > survey.market.price) == (band.side == "above")
        assert (band.high < survey.market.price) == (band.side == "below")
        assert zone.distance == pytest.approx(band.near / survey.market.price - 1)
        assert math.copysign(1, zone.distance) == (1 if band.side == "above" else -1)
        atr = survey.context.volatility.daily_atr
        assert zone.distance_atr == pytest.approx((band.near - survey.market.price) / atr)


@given(seed=SEEDS, keys=ASKED)
@few
def test_each_side_has_one_to_six_zones_that_do_not_overlap(hand, seed, keys):
    zones = score_zones(survey_of(hand, seed, keys))
    for side in ("above", "below"):
        bands = sorted((zone.band for zone in zones if zone.band.side == side), key=lambda band: band.low)
        assert 1 <= len(bands) <= MAX_ZONES_PER_SIDE
        for lower, upper in pairwise(bands):
            assert lower.high <= upper.low * (1 + 1e-12)


@given(seed=SEEDS, keys=ASKED)
@few
def test_sizes_are_the_integral_of_the_shown_map_over_the_band(hand, seed, keys):
    survey = survey_of(hand, seed, keys)
    map_ = survey.maps[survey.sized]
    centers = map_.grid.centers
    for zone in score_zones(survey):
        inside = [low <= center <= high for low, high in [(zone.band.low, zone.band.high)] for center in centers]
        integral = math.fsum(map_.side_usd(zone.band.side)[inside])
        if map_.is_positions:
            assert zone.size_usd == pytest.approx(integral, rel=1e-9)
        else:
            assert math.isnan(zone.size_usd)  # turnover is no amount of USD


@given(seed=SEEDS, keys=ASKED)
@few
def test_the_index_is_100_for_exactly_one_zone_and_in_proportion_for_the_others(hand, seed, keys):
    survey = survey_of(hand, seed, keys)
    zones = score_zones(survey)
    map_ = survey.maps[survey.sized]
    masses = [map_.usd_between(zone.band.side, zone.band.low, zone.band.high) for zone in zones]
    assert sum(zone.index == 100 for zone in zones) == 1
    for zone, mass in zip(zones, masses, strict=True):
        assert zone.index == pytest.approx(100 * mass / max(masses), rel=1e-9)


@given(seed=SEEDS, keys=ASKED)
@few
def test_scores_and_chances_keep_their_ranges(hand, seed, keys):
    for zone in score_zones(survey_of(hand, seed, keys)):
        assert 0 <= zone.score <= 100
        assert 0 <= zone.agreement <= 100
        assert 0 <= zone.chance_agreement <= 100
        assert all(-1 <= piece.value <= 1 and piece.weight > 0 and piece.reason for piece in zone.evidence)
        assert zone.clear or zone.score <= 20
        chances = [touch.chance for touch in zone.touch]
        assert chances == sorted(chances)


@given(seed=SEEDS)
@few
def test_the_chance_of_touch_falls_with_distance(hand, seed):
    for side in ("above", "below"):
        zones = [zone for zone in score_zones(survey_of(hand, seed)) if zone.band.side == side]
        ordered = sorted(zones, key=lambda zone: abs(zone.distance))
        for hours in (12, 24, 72):
            chances = [zone.touch_within(hours) for zone in ordered]
            assert chances == sorted(chances, reverse=True)


@given(seed=SEEDS)
@few
def test_zones_within_reach_come_first_then_the_better_score(hand, seed):
    zones = score_zones(survey_of(hand, seed))
    ranks = [(not (zone.clear and reachable(zone)), -zone.score) for zone in zones]
    assert ranks == sorted(ranks)


@given(seed=SEEDS, keys=ASKED)
@few
def test_a_zone_is_no_longer_than_three_merge_widths_and_its_hits(hand, seed, keys):
    survey = survey_of(hand, seed, keys)
    grown = 2 * survey.frame.merge_bins + 2 * survey.frame.half_width + 1
    longest = max(round(ZONE_LENGTHS * survey.frame.merge_bins), grown)
    for zone in score_zones(survey):
        assert math.log(zone.band.high / zone.band.low) / math.log(BIN_RATIO) <= longest + 1e-6


@given(seed=SEEDS)
@few
def test_the_age_of_a_zone_is_the_mean_time_since_its_entries(hand, seed):
    survey = survey_of(hand, seed)
    map_ = survey.maps[survey.sized]
    for zone in score_zones(survey):
        inside = (map_.grid.centers >= zone.band.low) & (map_.grid.centers <= zone.band.high)
        entry_s = (map_.short_entry_s if zone.band.side == "above" else map_.long_entry_s)[inside]
        usd = map_.side_usd(zone.band.side)[inside]
        held = usd > 0
        expected = survey.market.as_of_s - np.dot(usd[held], entry_s[held]) / usd[held].sum()
        assert zone.band.age_s == pytest.approx(expected, rel=1e-6)
        assert 0 <= zone.band.age_s <= 600 * 3_600


@given(seed=SEEDS)
@few
def test_a_default_map_is_told_to_show_a_zone_where_it_is_bright(hand, seed):
    survey = survey_of(hand, seed)
    for zone in score_zones(survey):
        assert [str(seen.key) for seen in zone.maps] == ["M1 12h", "M1 24h", "M1 3d", "M2 3d"]
        first = survey.frame.grid.index(zone.band.low * BIN_RATIO**0.5)
        last = survey.frame.grid.index(zone.band.high / BIN_RATIO**0.5)
        for seen in zone.maps:
            view = survey.views[zone.band.side][seen.key]
            there = range(first - view.first_bin, last + 1 - view.first_bin)
            assert seen.hit == any(view.bright[i] for i in there if 0 <= i < len(view.bright))


# a side without a hit


def quiet(survey):
    """The same survey with every hit above taken away."""
    above = {key: replace(view, hit=np.zeros_like(view.hit)) for key, view in survey.views["above"].items()}
    return replace(survey, views={**survey.views, "above": above})


def test_a_side_without_a_hit_lists_its_strongest_bin_as_not_clear(hand):
    survey = quiet(survey_of(hand, 1))
    above = [zone for zone in score_zones(survey) if zone.band.side == "above"]
    assert len(above) == 1
    assert not above[0].clear
    assert above[0].score <= 20
    residuals = {
        view.first_bin + i: residual
        for key, view in survey.views["above"].items()
        if key in survey.asked
        for i, residual in enumerate(view.residual)
        if view.usd[i] > 0 and residual == max(view.residual[view.usd > 0])
    }
    strongest = max(residuals, key=residuals.get)
    assert above[0].band.low == pytest.approx(survey.frame.grid.edges[strongest])
    assert above[0].band.high == pytest.approx(survey.frame.grid.edges[strongest + 1])


def test_the_other_side_keeps_its_zones(hand):
    survey = survey_of(hand, 1)
    below = [zone.band for zone in score_zones(survey) if zone.band.side == "below"]
    assert [zone.band for zone in score_zones(quiet(survey)) if zone.band.side == "below"] == below


# another unit of price


@given(seed=SEEDS, bins=st.sampled_from((-5_000, -37, 1, 900)))
@settings(max_examples=5)
def test_prices_in_another_unit_move_zones_by_exactly_that_and_leave_their_scores(hand, seed, bins):
    """All prices times a power of the bin ratio. Round numbers stay where people see them, so they are left out."""
    factor = BIN_RATIO**bins
    market = hand.market(hand.busy(seed, hours=600))
    zones, moved = (_without_round_numbers(each) for each in (market, _scaled(market, factor)))
    assert len(zones) == len(moved)
    for zone, other in zip(zones, moved, strict=True):
        assert other.band.side == zone.band.side
        for edge in ("low", "high", "price"):
            assert getattr(other.band, edge) == pytest.approx(factor * getattr(zone.band, edge), rel=1e-9)
        assert other.score == pytest.approx(zone.score, abs=1e-6)
        assert other.index == pytest.approx(zone.index, abs=1e-6)
        assert other.size_usd == pytest.approx(factor * zone.size_usd, rel=1e-6)
        assert other.distance == pytest.approx(zone.distance, rel=1e-6)
        assert [touch.chance for touch in other.touch] == pytest.approx([touch.chance for touch in zone.touch])


def _without_round_numbers(market):
    """Zones by flow and open interest (swings put stops behind round numbers), without round numbers in evidence."""
    keys = tuple(MapKey(model, window_named("24h")) for model in ("M2", "M1", "M4"))
    survey = survey_market(market, keys)
    structure = replace(survey.context.structure, round_step=None)
    voices = {
        side: replace(each, inputs=tuple(pair for pair in each.inputs if pair[0] != "swings"))
        for side, each in survey.voices.items()
    }
    return score_zones(replace(survey, context=replace(survey.context, structure=structure), voices=voices))


def _scaled(market, factor):
    venue = market.lead
    candles = replace(
        venue.candles,
        **{name: factor * getattr(venue.candles, name) for name in ("open", "high", "low", "close")},
    )
    book = replace(
        venue.order_book,
        bid_price=factor * venue.order_book.bid_price,
        ask_price=factor * venue.order_book.ask_price,
    )
    moved = replace(venue, candles=candles, order_book=book)
    return Market(symbol=market.symbol, as_of_s=market.as_of_s, source=market.source, venues=(moved,))
