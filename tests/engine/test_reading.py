"""The four roles: their order, their words, and every number recomputed from the maps."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest

from engine.analysis import analyse
from engine.confluence import Voices
from engine.reading import DEFAULT_KEYS, rank_text, read_maps, stance
from engine.results import ZoneInMap
from engine.setup import best_zone
from engine.sources.recorded import RecordedSource
from engine.survey import survey_market
from engine.text import percent_text, price_text, usd_text
from engine.windows import parse_instant
from engine.zones import SideView
from tests.engine.made_zones import AS_OF_S, DEFAULTS, M1_3D, M1_12H, M1_24H, M2_3D, map_of, zone_at

HOUR = 3_600
ABOVE, BELOW = zone_at(51_000), zone_at(49_000)
SILENT = Voices(inputs=(), ages=())


def age(name, map_, side, *, hit_at=()):
    """A view of what a map holds on one side, with hits at the given prices."""
    at, grid = map_.grid.index(map_.price), map_.grid
    bins = slice(at + 2, at + 100) if side == "above" else slice(at - 100, at - 1)
    profile = map_.side_usd(side)[bins]
    hit = np.isin(np.arange(bins.start, bins.stop), [grid.index(price) for price in hit_at])
    return SideView(
        name=name, side=side, first_bin=bins.start, profile=profile, usd=profile, residual=profile,
        percentile=np.zeros(len(profile)), bright=hit, hit=hit, side_interest_usd=1.0,
    )  # fmt: skip


def read(zones=(ABOVE, BELOW), *, maps=None, above=SILENT, below=SILENT):
    """The findings by role."""
    known = {key: map_of(key=key) for key in DEFAULTS} | (maps or {})
    return {
        reading.role: reading.finding for reading in read_maps(zones, known, {"above": above, "below": below})
    }  # fmt: skip


# roles


def test_the_four_roles_come_in_order_whatever_the_order_of_maps():
    maps = {key: map_of(key=key) for key in reversed(DEFAULTS)}
    readings = read_maps((BELOW, ABOVE), maps, {"above": SILENT, "below": SILENT})
    assert [(str(reading.key), reading.role) for reading in readings] == [
        ("M1 12h", "battlefield"),
        ("M1 24h", "anchor"),
        ("M1 3d", "persistence"),
        ("M2 3d", "broader structure"),
    ]
    assert all(reading.finding.startswith("above: ") and "; below: " in reading.finding for reading in readings)


def test_a_map_that_could_not_be_built_has_no_finding():
    readings = read_maps((ABOVE, BELOW), {M2_3D: map_of(key=M2_3D)}, {"above": SILENT, "below": SILENT})
    assert [reading.role for reading in readings] == ["broader structure"]


# stance


def seen(percentile, *, hit=False):
    return replace(ABOVE, maps=(ZoneInMap(key=M1_24H, percentile=percentile, hit=hit),))


@pytest.mark.parametrize(
    ("percentile", "hit", "said"),
    [
        (1.0, True, "shows 51,100 (the brightest of that side)"),
        (0.999, False, "shows 51,100 (brighter than 99 % of that side)"),
        (0.9, False, "shows 51,100 (brighter than 90 % of that side)"),
        (0.899, False, "leans to 51,100 (brighter than 89 % of that side)"),
        (0.6, True, "shows 51,100 (brighter than 60 % of that side)"),
        (0.7, False, "leans to 51,100 (brighter than 70 % of that side)"),
        (0.69, False, "silent on 51,100 (brighter than 69 % of that side)"),
        (0.0, False, "silent on 51,100 (brighter than 0 % of that side)"),
    ],
)
def test_a_map_shows_a_zone_leans_to_it_or_is_silent(percentile, hit, said):
    assert stance(seen(percentile, hit=hit), M1_24H) == said


def test_a_map_that_was_not_asked_has_no_say():
    assert stance(seen(0.9), M2_3D) == "has no say on 51,100"


def test_a_rank_is_never_rounded_up_to_all():
    assert rank_text(0.99999) == "brighter than 99 % of that side"


# battlefield


def fresh(*, entered_s=AS_OF_S - 5 * HOUR, **held):
    map_ = map_of(key=M1_12H, entered_s=entered_s, **held)
    return {M1_12H: map_}, map_


def test_the_battlefield_is_the_nearest_fresh_hit_with_its_main_leverage_and_age():
    maps, map_ = fresh(shorts={51_500.0: 4e6, 52_500.0: 9e6}, longs={49_300.0: 2e6, 48_000.0: 5e6})
    found = read(
        maps=maps,
        above=Voices(inputs=(), ages=(age("0-12 h", map_, "above", hit_at=(51_500, 52_500)),)),
        below=Voices(inputs=(), ages=(age("0-12 h", map_, "below", hit_at=(49_300, 48_000)),)),
    )["battlefield"]
    price = [map_.grid.centers[map_.grid.index(at)] for at in (51_500, 49_300)]
    away = [percent_text(each / 50_000 - 1) for each in price]
    assert found == (
        f"above: nearest fresh shorts at {price_text(price[0])} ({away[0]}), 75 % at 100x, opened 5 h ago on average; "
        f"below: nearest fresh longs at {price_text(price[1])} ({away[1]}), 75 % at 100x, opened 5 h ago on average"
    )


@pytest.mark.parametrize(
    ("age_s", "words"), [(0, "less than 5 min"), (299, "less than 5 min"), (300, "5 min"), (3_600, "1 h")]
)
def test_how_young_the_youngest_are_is_told_no_finer_than_a_bar(age_s, words):
    maps, map_ = fresh(entered_s=AS_OF_S - age_s, shorts={51_500.0: 4e6})
    ages = Voices(inputs=(), ages=(age("0-12 h", map_, "above", hit_at=(51_500,)),))
    assert f", opened {words} ago on average;" in read(maps=maps, above=ages)["battlefield"]


def test_without_a_fresh_hit_the_battlefield_says_so():
    maps, map_ = fresh(shorts={51_500.0: 4e6})
    ages = Voices(inputs=(), ages=(age("0-12 h", map_, "above"),))
    assert read(maps=maps, above=ages)["battlefield"] == (
        "above: no fresh shorts stand out; below: no fresh longs stand out"
    )


# anchor, broader structure


def test_the_anchor_tells_how_the_last_day_sees_each_sides_zone():
    assert read()["anchor"] == (
        "above: shows 51,100 (brighter than 95 % of that side); below: shows 48,900 (brighter than 95 % of that side)"
    )


def test_the_broader_structure_adds_what_stands_in_the_band_and_nothing_beside_it():
    held = map_of(key=M2_3D, shorts={50_950.0: 5e6, 51_050.0: 2e6, 51_150.0: 3e6, 51_300.0: 7e6}, longs={48_900.0: 1e6})
    assert read(maps={M2_3D: held})["broader structure"] == (
        "above: shows 51,100 (brighter than 95 % of that side), $5.00M modelled there; "
        "below: shows 48,900 (brighter than 95 % of that side), $1.00M modelled there"
    )


def test_a_side_without_a_clear_zone_is_told_as_such():
    found = read((ABOVE, replace(BELOW, clear=False)))
    for role in ("anchor", "persistence", "broader structure"):
        assert found[role].endswith("; below: no clear zone to look at")


# persistence


@pytest.mark.parametrize(
    ("older", "said"),
    [
        (0.0, "all of the mass at 51,100 is from the last 24 h"),
        (0.004, "nearly all of the mass at 51,100 is from the last 24 h"),
        (0.34, "34 % of the mass at 51,100 is older than 24 h"),
        (0.997, "nearly all of the mass at 51,100 is older than 24 h"),
        (1.0, "all of the mass at 51,100 is older than 24 h"),
    ],
)
def test_persistence_tells_how_much_of_the_zone_is_older_than_a_day(older, said):
    three_days = map_of(key=M1_3D, shorts={51_050.0: 4e6, 51_150.0: 4e6, 51_300.0: 9e9})
    yesterday = map_of(key=M1_3D, shorts={51_050.0: 8e6 * older, 51_300.0: 9e9})
    ages = (age("0-12 h", three_days, "above"), age("24-72 h", yesterday, "above"))
    found = read(maps={M1_3D: three_days}, above=Voices(inputs=(), ages=ages))["persistence"]
    assert found.split("; ")[0] == f"above: {said}"


def test_where_nothing_of_three_days_stands_persistence_says_so():
    empty = map_of(key=M1_3D)
    ages = (age("24-72 h", empty, "above"),)
    found = read(maps={M1_3D: empty}, above=Voices(inputs=(), ages=ages))["persistence"]
    assert found.startswith("above: nothing of the last three days stands at 51,100")


# on whole markets


def one_side(finding, side):
    return next(part.removeprefix(f"{side}: ") for part in finding.split("; ") if part.startswith(side))


def assert_findings_hold(market):
    """Recompute each number of each finding from the maps alone."""
    answer = analyse(market)
    assert [reading.key for reading in answer.reading] == list(DEFAULT_KEYS)
    maps = {map_.key: map_ for map_ in answer.maps}
    survey = survey_market(market)
    for side in ("above", "below"):
        zone = best_zone(answer.zones, side)
        findings = {reading.role: one_side(reading.finding, side) for reading in answer.reading}
        _check_battlefield(findings["battlefield"], maps[M1_12H], survey.views[side][M1_12H])
        if zone.clear:
            _check_anchor(findings["anchor"], zone, survey.views[side][M1_24H], survey.frame.grid.centers)
            _check_persistence(findings["persistence"], zone, maps)
            assert findings["broader structure"].endswith(f", {usd_text(zone.size_usd)} modelled there")


def _check_battlefield(said, map_, view):
    hits = view.first_bin + np.flatnonzero(view.hit)
    if not len(hits):
        assert "no fresh" in said
        return
    nearest = min(hits, key=lambda bin_: abs(bin_ - map_.grid.index(map_.price)))
    by_tier = map_.short_by_tier_usd if view.side == "above" else map_.long_by_tier_usd
    around = by_tier[:, nearest - 1 : nearest + 2].sum(axis=1)
    assert price_text(map_.grid.centers[nearest]) in said
    assert f"{100 * around.max() / around.sum():.0f} % at {map_.leverages[np.argmax(around)]:g}x" in said


def _check_anchor(said, zone, view, centers):
    there = centers[view.first_bin : view.first_bin + len(view.percentile)]
    best = view.percentile[(there > zone.band.low) & (there < zone.band.high)].max()
    assert price_text(zone.band.price) in said
    assert ("the brightest" if best == 1 else f"brighter than {math.floor(100 * best)} %") in said


def _check_persistence(said, zone, maps):
    day, three_days = (maps[key].usd_between(zone.band.side, zone.band.low, zone.band.high) for key in (M1_24H, M1_3D))
    older = (three_days - day) / three_days if three_days > 0 else math.nan
    stated = re.match(r"(\d+) % of the mass", said)
    if stated:
        assert int(stated[1]) == pytest.approx(100 * older, abs=0.5001)
    elif "all of the mass" in said:
        assert ("older than" in said) == (older > 0.5)
        assert min(older, 1 - older) < 0.005
    else:
        assert three_days == 0


@pytest.mark.parametrize("seed", [0, 1])
def test_every_number_of_the_findings_can_be_recomputed(hand, seed):
    assert_findings_hold(hand.market(hand.busy(seed, hours=600)))


@pytest.mark.parametrize(("symbol", "at"), [("BTC", "2026-02-05T12:00:00Z"), ("ETH", "2026-01-15T12:00:00Z")])
def test_every_number_of_the_findings_holds_on_the_recordings(shared_data, symbol, at):
    assert_findings_hold(RecordedSource(shared_data).market(symbol, parse_instant(at)))
