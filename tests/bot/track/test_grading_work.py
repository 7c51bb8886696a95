"""A worker grades what was published from the market of now: as the grader does, with the maps of the hours between."""

import pickle
from dataclasses import replace

import pytest

from bot.track.grading_work import GradeJob, grade_answers
from engine.errors import DataUnavailableError
from engine.grading import HORIZON_S, grade
from engine.market import Market, market_at
from engine.skill.publishing import findings_at
from engine.windows import DAY_S
from tests.engine.markets import random_market


@pytest.fixture(scope="module")
def market() -> Market:
    return random_market(seed=6, count=288 * 12)


def job(market: Market, *findings, venue=None) -> GradeJob:
    return GradeJob(market_name=f"test {id(market)}", market=pickle.dumps(market), findings=findings, venue=venue)


def test_answers_are_graded_and_a_zone_that_fades_is_watched(market: Market) -> None:
    published = [findings_at(market, market.as_of_s - days * DAY_S) for days in (5, 4)]
    found = grade_answers(job(market, *published))
    for findings, came in zip(published, found, strict=True):
        plain = grade(findings, market)
        assert came is not None
        assert (came.zones, came.setup, came.bait) == (plain.zones, plain.setup, plain.bait)
        fades = [number for number, each in enumerate(findings.invalidation) if each.kind == "zone_fades"]
        assert fades
        for number in fades:
            assert plain.met[number] is None
            assert came.met[number] is not None


def test_what_cannot_be_told_yet_has_no_grade(market: Market) -> None:
    findings = findings_at(market, market.as_of_s - 4 * DAY_S)
    early = market_at(market, findings.as_of_s + HORIZON_S - 300)
    assert grade_answers(job(early, findings)) == (None,)
    assert grade_answers(job(market, replace(findings, source="live"))) == (None,)
    forgotten = replace(findings, as_of_s=int(market.lead.candles.time_s[0]) - 1)
    assert grade_answers(job(market, forgotten)) == (None,)


def test_a_venue_that_is_not_there_is_refused(market: Market) -> None:
    findings = findings_at(market, market.as_of_s - 4 * DAY_S)
    alone = grade_answers(job(market, findings, venue="binanceusdm"))
    assert alone == grade_answers(job(market, findings))
    with pytest.raises(DataUnavailableError, match="not in this market"):
        grade_answers(job(market, findings, venue="okx"))
