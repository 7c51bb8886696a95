"""What was published comes back as it was, and is kept once."""

import asyncio
from dataclasses import replace

from sqlalchemy import update

from bot.storage.sql_published import SqlPublished
from bot.storage.tables import published
from tests.bot.reports.made_reports import answers_of
from tests.bot.storage.made_database import with_database

FINDINGS = answers_of()[0].findings


def test_what_was_published_comes_back_as_it_was(url):
    async def work(database):
        store = SqlPublished(database)
        number = await store.keep(FINDINGS, asked="default all")
        return number, await store.find(number), await store.find(number + 1)

    number, found, nothing = with_database(url, work)
    assert (found.number, found.asked, found.findings, nothing) == (number, "default all", FINDINGS, None)


def test_the_same_is_kept_once_however_many_keep_it(url):
    async def work(database):
        store = SqlPublished(database)
        same = await asyncio.gather(*(store.keep(FINDINGS, asked="default all") for _ in range(8)))
        others = [
            await store.keep(replace(FINDINGS, as_of_s=FINDINGS.as_of_s + 1), asked="default all"),
            await store.keep(FINDINGS, asked="M2 3d all"),
        ]
        return same, others

    same, others = with_database(url, work)
    assert len({*same}) == 1
    assert len({*same, *others}) == 3


def test_what_cannot_be_read_any_more_is_as_if_it_were_not_there(url):
    async def work(database):
        store = SqlPublished(database)
        number = await store.keep(FINDINGS, asked="default all")
        async with database.writing() as connection:
            await connection.execute(update(published).values(findings="{}"))
        return await store.find(number)

    assert with_database(url, work) is None
