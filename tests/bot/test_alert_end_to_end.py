"""Alerts and reports from the words that set them up to the messages that come, while recorded time passes."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from bot.alerts.alert_desk import AlertDesk
from bot.alerts.readings import ServiceReadings
from bot.config import load_settings
from bot.deliveries.clock import DeliveryClock
from bot.deliveries.courier import NoTally
from bot.sections import AlertsSettings
from bot.service.service import AnswerService
from bot.serving.deliveries import delivering
from bot.storage.database import Database
from bot.storage.sql_alerts import SqlAlerts
from engine.sources.recorded import RecordedSource
from engine.windows import parse_instant
from tests.bot.serving import RECORDINGS
from tests.bot.storage.conftest import schema, server, url
from tests.bot.telegram_talk import chat_of
from tests.bot_api import BotApi, Limits

__all__ = ["schema", "server", "url"]

pytestmark = pytest.mark.skipif(not RECORDINGS.is_dir(), reason="no recordings beside the project")

NOON_S = parse_instant("2026-02-05T12:00:00Z")
HOUR_S = 3_600
PNG = b"\x89PNG\r\n\x1a\n"


class Moving:
    """The recorded market of a moment that a test moves."""

    name = "recorded"

    def __init__(self):
        self._source, self.now_s = RecordedSource(RECORDINGS), NOON_S

    def symbols(self):
        return self._source.symbols()

    def known_symbols(self):
        return self._source.known_symbols()

    def market(self, symbol, as_of_s=None):
        return self._source.market(symbol, self.now_s)


class Here:
    """Does the work of workers in threads of this process."""

    workers = 2

    async def run(self, work, given):
        return await asyncio.to_thread(work, given)

    async def close(self):
        pass


class World:
    """A person on Telegram, the bot, and the time of the market, which is that of deliveries, too."""

    def __init__(self, api, source, service, database, monkeypatch):
        self.api, self.source, self.service, self.database = api, source, service, database
        for name, value in (("TOKEN", api.token), ("BASE_URL", api.base_url), ("BASE_FILE_URL", api.base_file_url)):
            monkeypatch.setenv(f"FATHOM_TELEGRAM__{name}", value)

    def clock(self):
        return DeliveryClock(wall=lambda: self.source.now_s, counter=lambda: self.source.now_s)

    def desk(self):
        store = SqlAlerts(self.database, AlertsSettings())
        return AlertDesk(store, ServiceReadings(self.service), lambda: self.source.now_s)

    @asynccontextmanager
    async def looked_at(self, hours):
        """Let so many hours pass; each start of what delivers begins with a look."""
        self.source.now_s = NOON_S + round(hours * HOUR_S)
        async with delivering(load_settings(), self.database, self.service, NoTally(), self.clock()):
            yield


def in_world(story, url, monkeypatch):
    async def run():
        source = Moving()
        source.symbols()
        service = AnswerService(source, Here(), bar_number=lambda: source.now_s)
        database = await Database.open(url)
        async with BotApi(limits=Limits(overall_per_s=None)) as api:
            world = World(api, source, service, database, monkeypatch)
            chat = chat_of(api, service, alerts=world.desk())
            await chat.start()
            try:
                await story(world, api.user("Ann"))
            finally:
                await chat.stop()
        await service.close()
        await database.close()

    asyncio.run(run())


@pytest.mark.usefixtures("plain_home")
def test_a_price_alert_comes_once_when_the_price_is_met_and_its_buttons_answer(url, monkeypatch):
    async def story(world, ann):
        ann.private.send("/alert BTC 66000")
        kept = (await ann.private.next_message(60)).text
        assert "66,000" in kept
        async with world.looked_at(0):
            with pytest.raises(AssertionError, match="no message"):
                await ann.private.next_message(3)
        async with world.looked_at(7):  # it fell through 66,000 on that evening
            told = await ann.private.next_message(60)
        words = told.content.formatted.text
        assert "66,000" in words
        assert told.content.media.source.startswith(PNG)
        await ann.private.press(told, "24h").answer(60)
        async with world.looked_at(8):  # told once, and over
            with pytest.raises(AssertionError, match="no message"):
                await ann.private.next_message(3)
        ann.private.send("/alert list")
        assert "66,000" not in (await ann.private.next_message(60)).text

    in_world(story, url, monkeypatch)


@pytest.mark.soak
@pytest.mark.usefixtures("plain_home")
@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_on_a_day_of_large_moves_sweeps_and_flips_are_told_as_they_come_and_never_in_a_flood(url, monkeypatch):
    async def story(world, ann):
        for words in ("BTC sweep", "BTC flip repeat", "BTC zone 50 repeat", "BTC invalidated"):
            ann.private.send(f"/alert {words}")
            print((await ann.private.next_message(60)).text.splitlines()[0])  # noqa: T201
        told = []
        for hour in range(1, 12):
            async with world.looked_at(hour):
                count = 0
                while True:
                    try:
                        told.append((hour, (await ann.private.next_message(6)).text))
                    except AssertionError:
                        break
                    count += 1
                assert count <= 1  # what came about in one look is one message
        for hour, text in told:
            print(12 + hour, text.splitlines()[:4])  # noqa: T201
        everything = "\n".join(text for _, text in told)
        assert "swept" in everything
        assert len({text for _, text in told}) == len(told)

    in_world(story, url, monkeypatch)
