"""What an answer publishes is kept once beside it, and a database that fails keeps nobody from their answer."""

import asyncio
import logging
from dataclasses import replace

from bot.requests import Liq, Zones
from bot.storage.errors import StorageError
from bot.track.keeping import AnswerKeeper
from tests.bot.reports.made_reports import answers_of

FINDINGS = answers_of()[0].findings


class Publications:
    def __init__(self):
        self.kept, self.fails = [], False

    async def keep(self, findings, *, asked):
        await asyncio.sleep(0)
        if self.fails:
            raise StorageError("the database", "is away", "Wait.")
        self.kept.append((findings.as_of_s, asked))
        return len(self.kept)


def kept_after(work, publications=None):
    publications = publications or Publications()

    async def run():
        keeper = AnswerKeeper(publications)
        await work(keeper, publications)
        await keeper.close()

    asyncio.run(run())
    return publications.kept


def test_an_answer_is_kept_once_however_often_it_is_asked_for():
    async def work(keeper, _):
        for request in (Liq(symbol="BTC"), Zones(symbol="BTC"), Liq(symbol="BTC", model="M2")):
            keeper.keep(request, FINDINGS)
            keeper.keep(request, FINDINGS)
        keeper.keep(Liq(symbol="BTC"), replace(FINDINGS, as_of_s=FINDINGS.as_of_s + 300))

    at_s = FINDINGS.as_of_s
    assert sorted(kept_after(work)) == [(at_s, "M2 3d all"), (at_s, "default all"), (at_s + 300, "default all")]


def test_simulated_markets_are_never_kept():
    async def work(keeper, _):
        keeper.keep(Liq(symbol="BTC"), replace(FINDINGS, source="simulated"))

    assert kept_after(work) == []


def test_a_database_that_fails_is_said_once_and_asked_again(caplog):
    async def work(keeper, publications):
        publications.fails = True
        for _ in range(3):
            keeper.keep(Liq(symbol="BTC"), FINDINGS)
            await asyncio.sleep(0.01)
        publications.fails = False
        keeper.keep(Liq(symbol="BTC"), FINDINGS)

    with caplog.at_level(logging.ERROR):
        assert kept_after(work) == [(FINDINGS.as_of_s, "default all")]
    assert len(caplog.records) == 1
