"""Answers of every hour: equal to what was answered then, whatever came later, wherever they are computed."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from engine.analysis import analyse
from engine.findings import findings_in
from engine.market import Market, VenueMarket, market_at
from engine.skill.publishing import findings_at, moments_of, publish
from engine.windows import DAY_S, HOUR_S
from tests.engine.markets import known_at, random_market

DAYS = 13


@pytest.fixture(scope="module")
def market() -> Market:
    return random_market(seed=4, count=288 * DAYS)


def moments(market: Market) -> list[int]:
    return list(moments_of(market))[:4]


def test_a_market_at_an_earlier_moment_holds_what_was_known_then(market: Market) -> None:
    moment_s = market.as_of_s - 3 * DAY_S + 100
    cut, reference = market_at(market, moment_s), known_at(market, moment_s)
    assert cut.as_of_s == moment_s
    assert cut.price == reference.price
    for name in ("time_s", "close", "volume"):
        np.testing.assert_array_equal(getattr(cut.lead.candles, name), getattr(reference.lead.candles, name))
    np.testing.assert_array_equal(cut.lead.open_interest, reference.lead.open_interest)
    np.testing.assert_array_equal(cut.lead.funding.time_s, reference.lead.funding.time_s)


def test_a_moment_outside_of_a_market_is_refused(market: Market) -> None:
    with pytest.raises(ValueError, match="is known until"):
        market_at(market, market.as_of_s + 1)
    with pytest.raises(ValueError, match="needs a venue"):
        market_at(market, int(market.lead.candles.time_s[0]))


def test_an_answer_is_the_one_that_was_given_then(market: Market) -> None:
    for moment_s in moments(market):
        assert repr(findings_at(market, moment_s)) == repr(findings_in(analyse(known_at(market, moment_s))))


def test_answers_begin_when_maps_have_settled_and_come_every_hour(market: Market) -> None:
    every = moments_of(market)
    assert every[0] == market.lead.candles.time_s[0] + 10 * DAY_S
    assert every[-1] == market.as_of_s
    assert every[1] - every[0] == HOUR_S
    assert len(moments_of(market, step_s=6 * HOUR_S)) == 3 * 4 + 1


def test_shuffling_the_future_changes_no_answer(market: Market) -> None:
    moment_s = moments(market)[2]
    venue: VenueMarket = market.lead
    later = np.flatnonzero(venue.candles.end_s > moment_s)
    order = np.arange(len(venue.candles))
    order[later] = np.random.default_rng(0).permutation(later)
    moved = {name: getattr(venue.candles, name)[order] for name in ("open", "high", "low", "close", "volume")}
    other = dataclasses.replace(
        market,
        venues=(
            dataclasses.replace(
                venue,
                candles=dataclasses.replace(venue.candles, **moved),
                open_interest=venue.open_interest[order],
            ),
        ),
    )
    assert repr(findings_at(other, moment_s)) == repr(findings_at(market, moment_s))
    assert repr(findings_at(other, market.as_of_s)) != repr(findings_at(market, market.as_of_s))


def test_side_by_side_is_the_same_in_the_same_order(market: Market) -> None:
    some = list(moments_of(market))[22:27]
    with ThreadPoolExecutor(2) as executor:
        apart = publish(market, some, executor=executor)
    assert [each.as_of_s for each in apart] == some
    assert repr(apart) == repr(publish(market, some))


def test_moments_without_enough_history_are_left_out(market: Market) -> None:
    first_s = int(market.lead.candles.time_s[0])
    assert publish(market, [first_s + HOUR_S]) == []
