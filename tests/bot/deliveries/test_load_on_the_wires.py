"""Two thousand reports due at once, through the real senders to both platforms' emulators, in real time."""

import asyncio
import time
from collections import Counter
from dataclasses import replace

import pytest

from bot.chats.discord_chat.delivering import DiscordSender
from bot.chats.telegram_chat.delivering import TelegramSender
from bot.deliveries.clock import DeliveryClock
from bot.deliveries.courier import Courier
from bot.deliveries.delivery import Prepared
from bot.deliveries.pace import MANNERS
from bot.handlers import Outgoing
from bot.liq_reply import liq_reply
from bot.presses import buttons_for
from bot.requests import Liq
from bot.service.answer import Drawing
from bot.storage.database import Database
from bot.storage.sql_outbox import SqlOutbox
from tests.bot.conftest import make_analysis
from tests.bot.deliveries.post import put, report, rows_of
from tests.bot.telegram_talk import picture
from tests.bot_api import BotApi
from tests.fake_discord import FakeDiscord
from tests.fake_discord.client import pointed_at

COUNT = 2_000
LEAST_RATE = 0.9 * 25.0
SYMBOLS = ("BTC", "ETH", "SOL", "BNB", "XRP")
LONGEST_S = 3 * COUNT / LEAST_RATE


class Reports:
    """Prepares one of five reports for each delivery, made once."""

    def __init__(self):
        self.made = [
            Outgoing(
                reply=replace(liq_reply(make_analysis(symbol=symbol)), result=None),
                request=Liq(symbol=symbol),
                drawing=Drawing(png=picture(symbol), name=f"{symbol}.png", alt="a map"),
                buttons=buttons_for(Liq(symbol=symbol), asker=7),
            )
            for symbol in SYMBOLS
        ]

    async def prepare(self, delivery, *, now_s):
        return Prepared(outgoing=self.made[delivery.subject % len(SYMBOLS)])


async def seconds_for_all(url, platform, sender, chats, arrived):
    """Send one report to each chat; returns how long that took [s]."""
    database = await Database.open(url)
    due_s = int(time.time())
    own = ({"chat": chat, "user_id": owner, "community_id": guild} for chat, owner, guild in chats)
    await put(database, *(report(n, platform=platform, due_s=due_s, **where) for n, where in enumerate(own)))
    running = asyncio.create_task(Courier(SqlOutbox(database), Reports(), {platform: sender}, DeliveryClock()).run())
    began_s = time.monotonic()
    while arrived() < COUNT and time.monotonic() < began_s + LONGEST_S:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    took_s = time.monotonic() - began_s
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    statuses = Counter(row["status"] for row in await rows_of(database))
    await database.close()
    await sender.close()
    assert statuses == {"sent": COUNT}
    return took_s


@pytest.mark.soak
def test_telegram_takes_two_thousand_at_nine_tenths_of_its_pace_and_each_picture_once(url):
    async def run():
        async with BotApi() as api:
            sender = TelegramSender(token=api.token, base_url=api.base_url, base_file_url=api.base_file_url)
            people = [api.user(f"Ann {place}").account for place in range(COUNT)]
            for each in people:
                each.started = True
            chats = [(each.id, each.id, None) for each in people]
            took_s = await seconds_for_all(url, "telegram", sender, chats, lambda: len(api.sent))
            arrived = Counter(message.room.id for message in api.sent)
            assert arrived == dict.fromkeys((each.id for each in people), 1)
            uploads = sum(bool(call.parameters.files) for call in api.calls if call.refused is None)
            return COUNT / took_s, uploads, len(api.calls) - COUNT

    rate, uploads, refused = asyncio.run(run())
    print(f"Telegram: {rate:.1f} messages a second, {uploads} uploads, {refused} refused")  # noqa: T201 - what was found
    assert LEAST_RATE <= rate <= 1.02 * MANNERS["telegram"].per_s
    assert uploads == len(SYMBOLS)


@pytest.mark.soak
def test_discord_takes_two_thousand_once_each_within_its_limit(url):
    async def run():
        async with FakeDiscord() as fake:
            with pointed_at(fake):
                sender = DiscordSender(token=fake.token, api_base=fake.rest_url)
                guild = fake.guild("Traders", fake.user("Ann"))
                channels = [fake.channel(guild, f"maps {place}") for place in range(COUNT // 2)]
                people = [fake.user(f"Ben {place}") for place in range(COUNT // 2)]
                rows = [(each.id, each.id, None) for each in people] + [(each.id, 7, guild.id) for each in channels]
                took_s = await seconds_for_all(url, "discord", sender, rows, lambda: len(fake.sent()))
            arrived = Counter(message.channel.id for message in fake.sent())
            assert set(arrived.values()) == {1}
            assert {each.id for each in channels} <= arrived.keys()
            return COUNT / took_s, len(fake.calls), sum(call.status == 429 for call in fake.calls)

    rate, calls, refused = asyncio.run(run())
    print(f"Discord: {rate:.1f} messages a second, {calls} calls, {refused} of them too many")  # noqa: T201
    requests_per_message = 1 + 0.5 * MANNERS["discord"].opening
    assert LEAST_RATE <= rate <= 1.02 * MANNERS["discord"].per_s / requests_per_message
    assert refused < COUNT / 10
