"""What a worker sees of one market: prices, zones and maps where they are needed, and nothing that is invented."""

import pickle
from dataclasses import replace

import pytest

from bot.alerts.looking import LookJob, look
from bot.service.work import analysis_of
from engine.alert_values import Alert, Crossed, Swept
from engine.alerts import begin
from engine.errors import DataUnavailableError
from engine.findings import findings_in
from engine.results import MapKey
from engine.sources.simulated import SimulatedSource
from engine.windows import window_named

BARS = 12


@pytest.fixture(scope="module")
def simulated():
    return SimulatedSource(seed=3).market("BTC")


@pytest.fixture(scope="module")
def market(simulated):
    return replace(simulated, source="recorded")


@pytest.fixture(scope="module")
def reading(market):
    return findings_in(analysis_of("looking", market))


def looked(market, *watched, venue=None, name="looking"):
    return look(LookJob(market_name=name, market=pickle.dumps(market), watched=watched, venue=venue))


def some_bars_ago(market, alert, findings=None):
    """An alert that was set some bars ago, at the price of then."""
    candles = market.lead.candles
    price = float(candles.close[-BARS - 1])
    return alert, begin(alert, at_s=int(candles.end_s[-BARS - 1]), price=price, findings=findings)


def level_that_was_met(market):
    """A price that the last bars reached from where they began."""
    candles = market.lead.candles
    begun, top = float(candles.close[-BARS - 1]), float(candles.high[-BARS:].max())
    return (begun + top) / 2


def test_a_level_that_was_crossed_fires_and_one_that_was_not_does_not(market):
    level = level_that_was_met(market)
    near, far = (Alert(kind="price", threshold=price) for price in (level, 10 * level))
    met, missed = looked(market, some_bars_ago(market, near), some_bars_ago(market, far))
    assert (met.fired.event, met.is_over) == (Crossed(side="above", level=level), True)
    assert missed.fired is None
    assert missed.state.seen_s == int(market.lead.candles.end_s[-1])


def test_invented_prices_change_nothing(simulated):
    watched = some_bars_ago(simulated, Alert(kind="price", threshold=level_that_was_met(simulated)))
    (outcome,) = looked(simulated, watched, name="invented")
    assert (outcome.fired, outcome.state) == (None, watched[1])


def test_what_saw_the_last_bar_is_as_it_was(market, reading):
    alert = Alert(kind="zone", threshold=1.0)
    end_s = int(market.lead.candles.end_s[-1])
    state = begin(alert, at_s=end_s, price=market.price, findings=reading)
    (outcome,) = looked(market, (alert, state))
    assert outcome.state is state


def test_zones_of_now_are_watched_from_the_next_bar_on(market, reading):
    alert = Alert(kind="zone", threshold=1.0)
    none_yet = replace(reading, zones=())
    (outcome,) = looked(market, some_bars_ago(market, alert, none_yet))
    assert outcome.fired is None
    assert {band.price for band in outcome.state.memory.bands} == {
        zone.band.price for zone in reading.zones if zone.clear and round(zone.score) >= 1
    }


def test_a_zone_that_was_published_before_the_bars_is_swept_by_them(market, reading):
    end_s = int(market.lead.candles.end_s[-BARS - 1])
    zone = next(zone for zone in reading.zones)
    band = replace(zone.band, side="above", price=level_that_was_met(market))
    basis = replace(reading, as_of_s=end_s, zones=(replace(zone, band=band, clear=True),))
    (outcome,) = looked(market, some_bars_ago(market, Alert(kind="sweep", basis=basis)))
    assert isinstance(outcome.fired.event, Swept)


def test_a_condition_on_a_map_beyond_the_usual_ones_is_watched_in_it(market, reading):
    key = MapKey("M1", window_named("1w"))
    fading = next(each for each in reading.invalidation if each.kind == "zone_fades")
    end_s = int(market.lead.candles.end_s[-BARS - 1])
    basis = replace(reading, as_of_s=end_s, invalidation=(replace(fading, key=key, reference=1e30),))
    (outcome,) = looked(market, some_bars_ago(market, Alert(kind="invalidated", basis=basis)))
    assert outcome.fired.event.conditions == (fading.text,)


def test_a_venue_that_is_not_in_the_market_is_an_error(market):
    watched = some_bars_ago(market, Alert(kind="price", threshold=1.0))
    with pytest.raises(DataUnavailableError, match="not in this market"):
        looked(market, watched, venue="okx")
