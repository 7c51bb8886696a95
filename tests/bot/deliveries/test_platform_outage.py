"""A platform that fails for five minutes, through the real senders and the emulators' wires, in virtual time."""

import asyncio
import selectors
from collections import Counter

import pytest

from bot.chats.discord_chat.delivering import DiscordSender
from bot.chats.telegram_chat.delivering import TelegramSender
from bot.deliveries.delivery import Prepared
from bot.deliveries.notices import notice
from bot.handlers import Outgoing
from bot.replies import Line, Reply, block
from bot.reports.composing import Occasion, on
from tests.bot.deliveries.post import courier, put, report, rows_of
from tests.bot.deliveries.virtual_time import FIRST_S, VirtualTimeLoop, WatchedDatabase
from tests.bot_api import BotApi, Fault, Limits
from tests.bot_api.faults import gateway_page, internal_error, too_many_requests
from tests.fake_discord import FakeDiscord
from tests.fake_discord import faults as discord_faults
from tests.fake_discord.client import pointed_at

COUNT = 12
OUTAGE_S, AFTERWARDS_S = 300, 420
QUIET_S = 0.02
"""Real time [s] in which the wires must be silent before virtual time passes."""


class _PatientSelector(selectors.DefaultSelector):
    def __init__(self, loop):
        super().__init__()
        self._loop = loop

    def select(self, timeout=None):
        if timeout is None or timeout <= 0 or self._loop.at_work:
            return super().select(None if self._loop.at_work and timeout != 0 else timeout)
        events = super().select(min(timeout, QUIET_S))
        if not events:
            self._loop.now_s += timeout
        return events


class WireLoop(VirtualTimeLoop):
    """Waits for what is on a wire of this machine before its time passes."""

    def __init__(self):
        asyncio.SelectorEventLoop.__init__(self, _PatientSelector(self))
        self.now_s = FIRST_S
        self.at_work = 0


class Lines:
    """Prepares a delivery as one line, and says where it is late, as reports do."""

    async def prepare(self, delivery, *, now_s):
        if delivery.kind == "notice":
            return Prepared(outgoing=notice(delivery.content))
        outgoing = Outgoing(reply=Reply(blocks=block("headline", Line(text=f"Reading {delivery.subject}."))))
        return Prepared(outgoing=on(outgoing, Occasion(due_s=delivery.due_s, now_s=now_s, missed=0)))


def in_virtual_time(story, url):
    async def told(loop):
        loop.at_work += 1
        database = await WatchedDatabase.open(url)
        loop.at_work -= 1
        try:
            return await story(database, loop)
        finally:
            loop.at_work += 1
            await database.close()

    with asyncio.Runner(loop_factory=WireLoop) as runner:
        return runner.run(told(runner.get_loop()))


async def outlived(database, loop, faults, fault, **senders):
    """Deliver while every request meets the fault for five minutes; returns the rows of the reports."""
    faults.append(fault)
    running = asyncio.create_task(courier(database, loop, preparer=Lines(), **senders).run())
    await asyncio.sleep(OUTAGE_S)
    faults.clear()
    await asyncio.sleep(AFTERWARDS_S)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    for sender in senders.values():
        await sender.close()
    return await rows_of(database, kind="report")


def check(rows, texts, *, may_be_uncertain):
    """Every report came once and says that it is late, or its owner is told that nobody knows."""
    arrived = Counter(number for number in range(COUNT) for text in texts if f"Reading {number}." in text)
    sent = {row["subject_id"] for row in rows if row["status"] == "sent"}
    uncertain = {row["subject_id"] for row in rows if row["status"] == "uncertain"}
    assert sent | uncertain == set(range(COUNT))
    assert set(arrived.values()) <= {1}
    assert sent <= set(arrived) <= sent | uncertain
    late = "".join(text for text in texts if "Late: due" in text)
    assert all(f"Reading {number}." in late for number in sent)
    told = "".join(text for text in texts if "may have arrived or not" in text)
    assert {number for number in range(COUNT) if f"Report {number}, due" in told} == uncertain
    assert may_be_uncertain or not uncertain


@pytest.mark.soak
@pytest.mark.parametrize(
    ("outcome", "may_be_uncertain"),
    [(too_many_requests(30), False), (internal_error(), False), (gateway_page(500), True)],
    ids=["429", "500", "500 of a gateway"],
)
@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_telegram_gets_each_report_once_and_late_or_its_owner_knows(url, outcome, may_be_uncertain):
    async def story(database, loop):
        async with BotApi(limits=Limits(overall_per_s=None)) as api:
            urls = {"base_url": api.base_url, "base_file_url": api.base_file_url}
            sender = TelegramSender(token=api.token, counter=loop.time, **urls)
            people = [api.user(f"Ann {number}").account for number in range(COUNT)]
            for number, each in enumerate(people):
                each.started = True
                await put(database, report(number, chat=each.id, user_id=each.id, community_id=None))
            fault = Fault("send*", outcome, times=None)
            rows = await outlived(database, loop, api.faults, fault, telegram=sender)
            return rows, [message.text for message in api.sent]

    check(*in_virtual_time(story, url), may_be_uncertain=may_be_uncertain)


@pytest.mark.soak
@pytest.mark.parametrize(
    ("outcome", "performed", "may_be_uncertain"),
    [
        (discord_faults.too_many_requests(30), False, False),
        (discord_faults.unavailable(500), False, True),
        (discord_faults.unavailable(500), True, True),
    ],
    ids=["429", "500", "500 and done"],
)
@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_discord_gets_no_report_twice_and_each_late_or_its_owner_knows(url, outcome, performed, may_be_uncertain):
    async def story(database, loop):
        async with FakeDiscord() as fake:
            with pointed_at(fake):
                sender = DiscordSender(token=fake.token, api_base=fake.rest_url, counter=loop.time)
                ann = fake.user("Ann")
                guild = fake.guild("Traders", ann)
                for number in range(COUNT):
                    where = {"chat": fake.channel(guild, f"maps {number}").id, "community_id": guild.id}
                    await put(database, report(number, platform="discord", user_id=ann.id, **where))
                fault = Fault("POST /channels/*/messages", outcome, times=None, performed=performed)
                rows = await outlived(database, loop, fake.faults, fault, discord=sender)
                return rows, [str(message.payload()) for message in fake.sent()]

    check(*in_virtual_time(story, url), may_be_uncertain=may_be_uncertain)
