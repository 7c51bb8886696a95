"""`fathom serve` keeps what it answers, grades what is due, and tells it on Telegram."""

import asyncio
import sys
from dataclasses import replace

import pytest

from bot.storage.database import Database
from bot.storage.sql_grades import SqlGrades
from bot.storage.sql_published import SqlPublished
from engine.skill.publishing import findings_at
from engine.sources.recorded import RecordedSource
from engine.windows import HOUR_S, parse_instant
from tests.bot.serving import RECORDINGS, serving, telegram_settings
from tests.bot_api import BotApi

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="Windows stops processes without SIGTERM"),
    pytest.mark.skipif(not RECORDINGS.is_dir(), reason="no recordings beside the project; simulated ones are not kept"),
]
PUBLISHED_S = parse_instant("2026-02-01T12:00:00Z")
"""Four days before the moment for which the process answers."""


async def until_counted(database: Database, wanted: tuple[int, int], timeout_s: float = 60.0) -> None:
    """Wait until so many answers about BTC are graded, and so many wait."""
    loop = asyncio.get_running_loop()
    end_s = loop.time() + timeout_s
    counts = await SqlGrades(database).counts("BTC")
    while counts != wanted:
        assert loop.time() < end_s, counts
        await asyncio.sleep(0.1)
        counts = await SqlGrades(database).counts("BTC")


def test_what_was_published_is_graded_and_told(tmp_path) -> None:
    url = f"sqlite:///{tmp_path / 'fathom.db'}"
    market = RecordedSource(RECORDINGS).market("BTC", PUBLISHED_S + 10 * HOUR_S)

    async def talk() -> None:
        database = await Database.open(url)
        for hours in range(3):
            findings = findings_at(market, PUBLISHED_S + hours * HOUR_S)
            await SqlPublished(database).keep(findings, asked="default all")
        await SqlPublished(database).keep(replace(findings, symbol="NONE"), asked="default all")
        async with BotApi() as api:
            ann = api.user("Ann")
            storage = {"FATHOM_STORAGE__URL": url}
            async with serving(tmp_path, telegram_settings(api), storage) as served:
                await served.until_healthy()
                await until_counted(database, (3, 0))
                ann.private.send("/liq BTC")
                await ann.private.next_message(30)
                await until_counted(database, (3, 1))
                ann.private.send("/track BTC")
                told = (await ann.private.next_message(30)).content.formatted.text
                assert "of 3 answers graded" in told
                assert "one answer, to be graded" in told
                assert "Too few to tell" in told
                assert (await served.stop())[0] == 0
                assert "Traceback" not in served.said
        await database.close()

    asyncio.run(talk())
