"""What real positions add to an answer: a fourth say, never a size; left out and named where they cover too little."""

import dataclasses
import json
import math

import numpy as np
import pytest

from bot.document import document_text
from engine.analysis import analyse
from engine.atlas import build_map
from engine.errors import ModelUnavailableError
from engine.history.observed import keep_sweep
from engine.history.store import HistoryStore
from engine.level import read_level
from engine.models.observed import MAX_AGE_S
from engine.results import DISCLAIMER, OBSERVED_DISCLAIMER, MapKey
from engine.sources.recorded import RecordedSource
from engine.survey import OBSERVED_KEY
from engine.windows import window_named
from tests.engine.made_positions import OPEN_INTEREST, Position, half_covered, sweep_of, with_sweeps
from tests.engine.made_recordings import END_S, perp_rows, record
from tests.engine.markets import random_market

SWEPT_S = END_S - 3_600
M2_3D = MapKey("M2", window_named("3d"))


@pytest.fixture(scope="module")
def market():
    return random_market(11)


@pytest.fixture(scope="module")
def without(market):
    return analyse(market)


@pytest.fixture(scope="module")
def agreed(without):
    """A zone on each side that the other three inputs all show."""
    found = [zone for zone in without.zones if zone.clear and all(vote.agrees for vote in zone.inputs)]
    assert found
    return found


@pytest.fixture(scope="module")
def confirmed(market, agreed):
    """Real positions stand exactly where the other inputs agree."""
    positions = [Position(+1 if zone.band.side == "below" else -1, 50.0, zone.band.price) for zone in agreed]
    return half_covered(market, *positions)


def votes(zone):
    return {vote.name: vote.agrees for vote in zone.inputs}


def test_real_positions_that_agree_make_it_four_of_four(agreed, confirmed):
    answer = analyse(confirmed)
    for zone in agreed:
        there = next(each for each in answer.zones if each.band.low <= zone.band.price < each.band.high)
        assert votes(zone) == {"open interest": True, "flow": True, "swings": True}
        assert votes(there) == {"open interest": True, "flow": True, "swings": True, "positions": True}
        assert there.chance_agreement != zone.chance_agreement


def test_real_positions_elsewhere_leave_it_at_three_of_four(market, agreed):
    side = 1 if agreed[0].band.side == "below" else -1
    away = half_covered(market, Position(side, 50.0, market.price * (1 - 0.11 * side)))
    there = next(each for each in analyse(away).zones if each.band.low <= agreed[0].band.price < each.band.high)
    assert votes(there) == {"open interest": True, "flow": True, "swings": True, "positions": False}
    assert there.agreement < agreed[0].agreement


def test_real_positions_are_never_in_sizes_or_in_the_map_that_gives_them(market, without, confirmed):
    answer = analyse(confirmed)
    assert answer.shown == without.shown == M2_3D
    np.testing.assert_array_equal(answer.shown_map.long_usd, without.shown_map.long_usd)
    for zone in answer.zones:
        held = answer.shown_map.usd_between(zone.band.side, zone.band.low, zone.band.high)
        assert zone.size_usd == pytest.approx(held)
        assert zone.size_basis == "modelled"
    assert answer.disclaimer == DISCLAIMER


def test_an_answer_says_what_the_positions_cover(without, confirmed):
    answer = analyse(confirmed)
    assert without.observed is None
    assert (answer.observed.venue, answer.observed.age_s) == ("hyperliquid", 240)
    assert min(answer.observed.long_share, answer.observed.short_share) == pytest.approx(0.5)
    assert OBSERVED_KEY in {map_.key for map_ in answer.maps}
    assert answer.missing == without.missing


@pytest.mark.parametrize(
    ("age_s", "interest", "reason"),
    [
        (240, 10_000.0, "covers 0 % of longs and 0 % of shorts, 10 % of each needed"),
        (3_600, 20.0, "ended 1 h before, 30 min is the most"),
    ],
)
def test_left_out_the_answer_is_the_same_but_for_what_is_missing(market, without, age_s, interest, reason):
    sweep = sweep_of(
        Position(+1, 10.0, market.price * 0.97),
        Position(-1, 10.0, market.price * 1.03),
        time_s=market.as_of_s - age_s,
        open_interest=interest,
    )
    answer = analyse(with_sweeps(market, sweep))
    (gap,) = [item for item in answer.missing if item not in without.missing]
    assert gap.input == "model M6"
    assert reason in gap.effect
    assert document_text(dataclasses.replace(answer, missing=without.missing)) == document_text(without)


def test_without_sweeps_nothing_is_said_of_positions_unless_they_are_asked_for(market, without):
    assert not [item for item in without.missing if "M6" in item.input]
    assert all("positions" not in votes(zone) for zone in without.zones)
    with pytest.raises(ModelUnavailableError, match="nobody swept any for TEST"):
        analyse(market, keys=(OBSERVED_KEY,))


def test_the_answer_from_real_positions_alone_calls_its_sizes_observed_and_says_whose(confirmed, agreed):
    answer = analyse(confirmed, keys=(OBSERVED_KEY,))
    assert answer.shown == OBSERVED_KEY
    assert answer.disclaimer == OBSERVED_DISCLAIMER
    clear = [zone for zone in answer.zones if zone.clear]
    assert clear
    for zone in clear:
        assert zone.size_basis == "observed"
        assert zone.size_usd == pytest.approx(50.0 * zone.band.price, rel=0.002)
        assert math.isnan(zone.band.age_s)
    assert any("known wallets at Hyperliquid alone" in note for note in answer.notes)
    assert not any("cross margin" in note for note in answer.notes)  # all of these are isolated
    asked = {question.question: question.answer for question in answer.questions}
    assert " observed. " in asked["Where is the nearest vulnerable leverage?"]
    document = json.loads(document_text(answer))
    assert document["zones"][0]["age_s"] is None


def test_a_window_of_the_same_sweep_holds_the_same_positions(confirmed):
    day, week = (build_map(confirmed, MapKey("M6", window_named(name))) for name in ("24h", "1w"))
    np.testing.assert_array_equal(day.long_usd, week.long_usd)
    assert analyse(confirmed, keys=(week.key,)).shown == week.key


def test_a_level_tells_the_real_leverage_and_no_age(market):
    price = market.price * 0.97
    held = half_covered(
        market,
        Position(+1, 6.0, price, leverage=20.0),
        Position(+1, 2.0, price, leverage=7.0),
        Position(+1, 4.0, price, leverage=40.0, isolated=False),
    )
    report = read_level(held, price, key=OBSERVED_KEY)
    tiers = {tier.leverage: tier for tier in report.tiers}
    assert next(iter(tiers)) == 20.0
    assert tiers[20.0].usd == pytest.approx(3 * tiers[10.0].usd)
    assert 0 < tiers[50.0].usd < 4.0 * price  # a part of the cross position is spread beyond the level
    assert all(math.isnan(tier.age_s) for tier in report.tiers)
    assert math.isnan(report.band.age_s)
    exact = report.analysis.shown_map.observed.exact_between("below", report.analysis.shown_map.grid, 0.0, price * 1.01)
    assert exact == pytest.approx(8.0 * price, rel=0.001)


# from the history to the answer


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """A recording with one stored sweep that ended an hour before its end, and the same recording without."""
    with_sweep, bare = tmp_path_factory.mktemp("swept"), tmp_path_factory.mktemp("bare")
    perp = perp_rows(bars=864)
    for directory in (with_sweep, bare):
        record(directory, "binanceusdm", perp)
    close = float(perp["close"][-13])
    positions = (Position(+1, 8.0, close * 0.96), Position(-1, 8.0, close * 1.04, isolated=False))
    with HistoryStore(with_sweep) as store:
        keep_sweep(store, "BTC", sweep_of(*positions, time_s=SWEPT_S), clock="venue")
    return RecordedSource(with_sweep), RecordedSource(bare)


def test_a_stored_sweep_has_a_say_from_its_end_on_and_for_half_an_hour(recorded):
    source, bare = recorded
    before, after, late = (
        analyse(source.market("BTC", moment_s)) for moment_s in (SWEPT_S - 1, SWEPT_S, SWEPT_S + MAX_AGE_S + 1)
    )
    assert document_text(before) == document_text(analyse(bare.market("BTC", SWEPT_S - 1)))
    assert after.observed.long_share == 8.0 / OPEN_INTEREST
    assert after.observed.age_s == 0
    assert all("positions" in votes(zone) for zone in after.zones)
    assert late.observed is None
    assert [item.input for item in late.missing if "M6" in item.input] == ["model M6"]


def test_an_earlier_moment_of_its_picture_is_the_answer_that_was_given_then(recorded):
    source, _ = recorded
    with_columns = build_map(source.market("BTC", SWEPT_S + 1_500), OBSERVED_KEY, columns=True)
    then = build_map(source.market("BTC", SWEPT_S), OBSERVED_KEY)
    columns = with_columns.columns
    column = int(np.flatnonzero(columns.time_s == SWEPT_S)[0])
    assert np.isnan(columns.long_usd[:column]).all()
    assert columns.long_usd[column].sum() == pytest.approx(then.long_usd.sum(), rel=1e-5)
    assert columns.short_usd[column].sum() == pytest.approx(then.short_usd.sum(), rel=1e-5)
