"""What changed since an earlier reading, as a worker tells it beside an answer."""

import pickle
from dataclasses import replace

import pytest

from bot.requests import Liq, Questions
from bot.service.answer import Order
from bot.service.work import Job, do
from engine.sources.simulated import SimulatedSource

HOUR_S = 3_600


@pytest.fixture(scope="module")
def markets():
    source = SimulatedSource(seed=3)
    later = source.market("BTC")
    return source.market("BTC", later.as_of_s - 12 * HOUR_S), later


def answer_of(market, request, since=None):
    order = Order(request=request, draw=False, since=since)
    return do(Job(order=order, market_name=str(market.as_of_s), market=pickle.dumps(market)))


@pytest.fixture(scope="module")
def before(markets):
    return answer_of(markets[0], Liq(symbol="BTC")).findings


def test_an_answer_tells_what_changed_since_a_reading_that_the_order_names(markets, before):
    answer = answer_of(markets[1], Questions(symbol="BTC"), before)
    assert (answer.changes.before_s, answer.changes.now_s) == (before.as_of_s, answer.findings.as_of_s)
    candles = markets[1].lead.candles
    since = candles.time_s >= before.as_of_s
    swept = {each.before for each in answer.changes.zones if each.kind == "swept"}
    for zone in before.zones:
        reached = (
            candles.high[since].max() >= zone.band.price
            if zone.band.side == "above"
            else candles.low[since].min() <= zone.band.price
        )
        assert (zone in swept) == (bool(reached) and zone.clear)


def test_nothing_is_compared_without_a_reading_or_with_one_of_elsewhere_or_later(markets, before):
    request = Questions(symbol="BTC")
    assert answer_of(markets[1], request).changes is None
    assert answer_of(markets[1], request, replace(before, source="recorded")).changes is None
    later = answer_of(markets[1], request).findings
    assert answer_of(markets[0], request, later).changes is None


def test_a_reading_against_itself_has_not_changed(markets, before):
    assert answer_of(markets[0], Liq(symbol="BTC"), before).changes.is_nothing


def test_a_venue_alone_is_compared_by_its_own_bars(markets, before):
    venue = markets[1].venues[0].venue
    answer = answer_of(markets[1], Questions(symbol="BTC", venue=venue), before)
    assert answer.changes is not None
