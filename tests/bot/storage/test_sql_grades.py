"""Grades are kept once beside what was published, and told newest first."""

import asyncio
from dataclasses import replace

from sqlalchemy import update

from bot.storage.grade_text import grade_of, text_of_grade
from bot.storage.sql_grades import SqlGrades
from bot.storage.sql_published import SqlPublished
from bot.storage.tables import published
from bot.track import grades as grades_module
from engine.grading import HORIZON_S
from tests.bot.reports.made_reports import answers_of
from tests.bot.storage.made_database import with_database
from tests.engine.skill.test_track_record import TOUCHED, UNTOUCHED, answer, zone

FINDINGS = answers_of()[0].findings
GRADE = answer(0, (zone(51_000.0), TOUCHED), (zone(49_000.0), UNTOUCHED), right=True).grade
OTHER = answer(0, (zone(51_000.0), UNTOUCHED)).grade


async def published_at(database, *hours, symbol="BTC"):
    store = SqlPublished(database)
    moments = [FINDINGS.as_of_s + each * 3_600 for each in hours]
    return [await store.keep(replace(FINDINGS, symbol=symbol, as_of_s=each), asked="default all") for each in moments]


def test_a_grade_comes_back_as_it_was() -> None:
    assert grade_of(text_of_grade(GRADE)) == GRADE


def test_what_is_due_is_what_is_old_enough_and_has_no_grade(url) -> None:
    async def work(database):
        first, second, third = await published_at(database, 0, 1, 5)
        grades = SqlGrades(database)
        until_s = FINDINGS.as_of_s + 2 * 3_600
        before = [each.number for each in await grades.due(until_s, most=10)]
        await grades.keep([(first, GRADE)], now_s=until_s + HORIZON_S)
        after = [each.number for each in await grades.due(until_s, most=10)]
        some = [each.number for each in await grades.due(until_s + 10 * 3_600, most=1)]
        return (first, second, third), before, after, some

    (first, second, _), before, after, some = with_database(url, work)
    assert before == [first, second]
    assert after == some == [second]


def test_a_grade_that_is_there_is_never_changed(url) -> None:
    async def work(database):
        (number,) = await published_at(database, 0)
        grades = SqlGrades(database)
        await asyncio.gather(*(grades.keep([(number, each)], now_s=5) for each in (GRADE, GRADE, GRADE)))
        await grades.keep([(number, OTHER)], now_s=9)
        return await grades.record("BTC")

    kept = with_database(url, work)
    assert [grade_of(each.grade) for each in kept.answers] == [GRADE]
    assert (kept.graded, kept.waiting) == (1, 0)


def test_a_record_holds_one_symbol_or_all_oldest_first(url, monkeypatch) -> None:
    async def work(database):
        numbers = await published_at(database, 3, 1, 2)
        others = await published_at(database, 0, symbol="ETH")
        grades = SqlGrades(database)
        await grades.keep([(number, GRADE) for number in (*numbers[:2], *others)], now_s=5)
        return await grades.record("BTC"), await grades.record(None), await grades.counts("SOL")

    bitcoin, every, nothing = with_database(url, work)
    hours = ['"as_of_s":' + str(FINDINGS.as_of_s + each * 3_600) for each in (1, 3)]
    assert [hour in each.findings for hour, each in zip(hours, bitcoin.answers, strict=True)] == [True, True]
    assert (bitcoin.graded, bitcoin.waiting) == (2, 1)
    assert (every.graded, every.waiting) == (3, 1)
    assert nothing == (0, 0)


def test_what_cannot_be_read_is_left_out_and_keeps_nobody_from_being_graded(url) -> None:
    async def work(database):
        first, second = await published_at(database, 0, 1)
        async with database.writing() as connection:
            await connection.execute(update(published).where(published.c.id == first).values(findings="{}"))
        return second, [each.number for each in await SqlGrades(database).due(FINDINGS.as_of_s + 9_999, most=10)]

    second, due = with_database(url, work)
    assert due == [second]


def test_a_record_is_made_from_the_newest(url, monkeypatch) -> None:
    monkeypatch.setattr("bot.storage.sql_grades.MOST_TOLD", 2)

    async def work(database):
        numbers = await published_at(database, 0, 1, 2)
        grades = SqlGrades(database)
        await grades.keep([(number, GRADE) for number in numbers], now_s=5)
        return await grades.record("BTC")

    kept = with_database(url, work)
    assert len(kept.answers) == 2 < kept.graded == 3
    assert str(FINDINGS.as_of_s) not in kept.answers[0].findings[:200]
    assert grades_module.MOST_TOLD > 1_000
