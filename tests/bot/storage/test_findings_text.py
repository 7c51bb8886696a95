"""Findings survive the database unchanged."""

import dataclasses
import math

import pytest

from bot.requests import Liq
from bot.service.answer import Order
from bot.service.work import Job, do
from bot.storage.findings_text import findings_of, text_of


@pytest.fixture(scope="module")
def findings():
    import pickle

    from engine.sources.simulated import SimulatedSource

    market = SimulatedSource(seed=3).market("BTC")
    order = Order(request=Liq(symbol="BTC"), draw=False)
    return do(Job(order=order, market_name="one", market=pickle.dumps(market))).findings


def test_findings_come_back_as_they_were(findings):
    assert findings_of(text_of(findings)) == findings


def test_what_is_not_finite_comes_back(findings):
    strange = dataclasses.replace(findings, price=math.inf)
    assert findings_of(text_of(strange)) == strange
    assert math.isnan(findings_of(text_of(dataclasses.replace(findings, price=math.nan))).price)


def test_another_text_is_refused():
    with pytest.raises(ValueError, match="symbol"):
        findings_of("{}")
