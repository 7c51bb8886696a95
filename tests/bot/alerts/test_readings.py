"""Readings that alerts begin with: of now from the service, and the one that a person was shown last."""

import asyncio
from dataclasses import replace

import pytest

from bot.alerts.alert_desk import AlertDesk
from bot.alerts.readings import REMEMBERED, ServiceReadings
from bot.cooldown import Cooldown
from bot.handlers import Handlers
from bot.preferences import NoPreferences, Place
from bot.replies import Fault, Reply, fault_reply
from bot.requests import Level, Liq, RequestError, Zones
from bot.service.answer import Answer
from tests.bot.alerts.made_alerts import findings

PLACE = Place(platform="telegram", chat=7, user=7)
READING = findings()


class Service:
    """Answers everything with one reading, or refuses."""

    def __init__(self, fault=None):
        self.fault = fault
        self.orders = []

    async def answer(self, order):
        self.orders.append(order)
        if self.fault is not None:
            return Answer(order=order, reply=fault_reply(Fault(text=self.fault), order.symbol))
        return Answer(order=order, reply=Reply(blocks=(), symbol="BTC"), findings=READING)

    def known_symbols(self):
        return ("BTC",)

    def is_ready(self, order):
        return False

    def costs_work(self, order):
        return False


def test_the_newest_reading_is_what_liq_would_publish_and_nothing_is_drawn():
    service = Service()
    assert asyncio.run(ServiceReadings(service).newest("BTC", "okx")) == READING
    (order,) = service.orders
    assert (order.request, order.draw) == (Liq(symbol="BTC", venue="okx"), False)


def test_why_there_is_no_reading_is_said():
    with pytest.raises(RequestError, match="Unknown symbol XYZ"):
        asyncio.run(ServiceReadings(Service("Unknown symbol XYZ.")).newest("XYZ", None))


def test_each_person_is_remembered_with_the_last_reading_of_each_symbol():
    readings = ServiceReadings(Service())
    later = findings(as_of_s=READING.as_of_s + 300)
    for place, found in ((PLACE, READING), (PLACE, later), (replace(PLACE, user=8), READING)):
        readings.remember(place, found)
    assert readings.last(PLACE, "BTC") == later
    assert readings.last(replace(PLACE, user=8), "BTC") == READING
    assert readings.last(PLACE, "ETH") is None
    assert readings.last(replace(PLACE, platform="discord"), "BTC") is None


def test_memory_holds_so_many_and_forgets_the_oldest():
    readings = ServiceReadings(Service())
    for user in range(REMEMBERED + 1):
        readings.remember(replace(PLACE, user=user), READING)
    assert readings.last(replace(PLACE, user=0), "BTC") is None
    assert readings.last(replace(PLACE, user=1), "BTC") == READING


@pytest.mark.parametrize(
    ("request_", "is_remembered"),
    [(Liq(symbol="BTC"), True), (Zones(symbol="BTC"), False), (Level(symbol="BTC", price=1.0), False)],
)
def test_an_answer_to_liq_is_remembered_for_who_asked(request_, is_remembered):
    service = Service()
    readings = ServiceReadings(service)
    handlers = Handlers(service, NoPreferences(), Cooldown(), alerts=AlertDesk(None, readings, lambda: 0.0))
    asyncio.run(handlers.asked(request_, PLACE))
    assert (readings.last(PLACE, "BTC") == READING) is is_remembered
