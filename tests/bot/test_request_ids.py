"""The id in the log that a message or a press keeps from its arrival until its answer is sent."""

from __future__ import annotations

import asyncio
import logging

import pytest

from bot.chats.discord_chat.chat import DiscordChat
from bot.cooldown import Cooldown
from bot.handlers import Handlers
from bot.log import current_request, request_begun
from bot.preferences import NoPreferences
from tests.bot.telegram_talk import Service, with_chat
from tests.bot_api import Fault
from tests.bot_api.faults import refused
from tests.fake_discord import FakeDiscord
from tests.fake_discord import Fault as Trouble
from tests.fake_discord.faults import refused as refused_by_discord


class AskedService(Service):
    """Remembers within which request it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[str | None] = []

    async def answer(self, order):
        self.requests.append(current_request())
        return await super().answer(order)


@pytest.fixture
def logged():
    """Note which request each line of our own is logged within."""

    class Noting(logging.Handler):
        def emit(self, record):
            if record.name.startswith("bot."):
                lines.append((record.getMessage(), current_request()))

    lines: list[tuple[str, str | None]] = []
    noting, root = Noting(), logging.getLogger()
    before = root.level
    root.addHandler(noting)
    root.setLevel(logging.INFO)
    yield lines
    root.setLevel(before)
    root.removeHandler(noting)


def requests_of(lines, start):
    return [request for message, request in lines if message.startswith(start)]


def test_a_request_within_another_is_the_same():
    with request_begun() as outer:
        with request_begun() as inner:
            assert inner == outer == current_request()
        assert current_request() == outer
    assert current_request() is None
    with request_begun() as later:
        assert later != outer


def test_what_is_logged_while_telegram_is_sent_to_names_the_request(logged):
    service = AskedService()

    async def talk(world):
        ann = world.api.user("Ann").private
        for _ in range(2):
            world.api.faults.append(Fault("sendPhoto", refused(400, "Bad Request: PHOTO_INVALID_DIMENSIONS")))
            ann.send("/liq btc")
            reply = await ann.next_message()
        world.api.faults.append(Fault("sendDocument", refused(400, "Bad Request: wrong file"), times=2))
        await ann.press(reply, "HD").answer()
        await ann.next_message()

    with_chat(talk, service)
    first, second, third = service.requests
    assert None not in service.requests
    assert len({first, second, third}) == 3
    assert requests_of(logged, "Telegram refuses a picture") == [first, second]
    assert third in requests_of(logged, "Telegram refuses a file")


def test_what_is_logged_while_discord_is_sent_to_names_the_request(logged, tmp_path):
    service = AskedService()
    handlers = Handlers(service, NoPreferences(), Cooldown())

    async def talk():
        async with FakeDiscord() as fake:
            fake.freeze()
            ann = fake.user("Ann")
            seat = fake.seat(ann, fake.channel(fake.guild("Traders", ann)))
            urls = {"api_base": fake.rest_url, "gateway": fake.gateway_url}
            chat = DiscordChat(handlers, token=fake.token, sync_file=tmp_path / "commands", **urls)
            await chat.start()
            try:
                gone = refused_by_discord(404, 10062, "Unknown interaction")
                fake.faults.append(Trouble("POST /interactions/*/callback", gone))
                await seat.slash("liq", symbol="BTC")
                await fake.next_call("POST", "/interactions")
                await (await seat.slash("zones", symbol="BTC")).reply()
            finally:
                await chat.stop()

    asyncio.run(talk())
    first, second = service.requests
    assert None not in {first, second}
    assert first != second
    assert requests_of(logged, "Discord no longer knows") == [first]
