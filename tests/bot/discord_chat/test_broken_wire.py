"""Connections to Discord that break while an answer is sent, over real sockets."""

import asyncio
import logging

import pytest

from bot.chats.discord_chat.chat import DiscordChat
from tests.fake_discord import FakeDiscord, Fault
from tests.fake_discord.faults import Silence, refused

CALLBACK, EDIT, FURTHER = "POST /interactions/*/callback", "PATCH /webhooks/*", "POST /webhooks/*"


@pytest.fixture
def broken(handlers, service, tmp_path):
    """Run a talk with Ann while requests of a kind break; late: only after Discord was told to be patient."""

    def run(use, fault, *, is_late=False):
        async def talk():
            service.takes_s = 0.05 if is_late else 0.0
            async with FakeDiscord() as fake:
                fake.freeze()
                ann = fake.user("Ann")
                seat = fake.seat(ann, fake.channel(fake.guild("Traders", ann)))
                chat = DiscordChat(
                    handlers,
                    token=fake.token,
                    sync_file=tmp_path / "commands",
                    api_base=fake.rest_url,
                    gateway=fake.gateway_url,
                    patience_s=0.0 if is_late else 5.0,
                )
                await chat.start()
                fake.faults.append(fault)
                try:
                    await use(fake, seat)
                finally:
                    await chat.stop()

        asyncio.run(talk())

    return run


def pictures(message):
    return [attachment.name for attachment in message.attachments]


@pytest.mark.parametrize("is_late", [False, True])
@pytest.mark.parametrize("performed", [False, True])
def test_a_first_answer_whose_connection_broke_arrives_once(broken, caplog, is_late, performed):
    async def use(fake, ann):
        message = await (await ann.slash("liq", symbol="BTC")).reply()
        assert pictures(message) == ["BTC-all.png"]
        assert len(fake.sent()) == 1

    broken(use, Fault(CALLBACK, Silence.RESET, performed=performed), is_late=is_late)
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


@pytest.mark.parametrize("performed", [False, True])
def test_an_edit_whose_connection_broke_is_sent_again(broken, performed):
    async def use(fake, ann):
        message = await (await ann.slash("liq", symbol="BTC")).reply()
        assert pictures(message) == ["BTC-all.png"]

    broken(use, Fault(EDIT, Silence.RESET, performed=performed), is_late=True)


def test_a_connection_that_stays_broken_is_named_as_discords(broken, caplog):
    async def use(fake, ann):
        said = await (await ann.slash("liq", symbol="BTC")).reply()
        assert "Discord did not take the answer" in said.text
        assert len(fake.called("PATCH", "/webhooks")) == 2

    broken(use, Fault(EDIT, Silence.RESET, times=None), is_late=True)
    assert "unexpected error" not in caplog.text


def test_nobody_who_can_be_told_is_a_line_in_the_log(broken, caplog):
    async def use(fake, ann):
        await ann.slash("liq", symbol="BTC")
        await fake.next_call("POST", "/interactions", after=3)
        await asyncio.sleep(0.05)  # the answer twice, and twice what went wrong

    broken(use, Fault(CALLBACK, Silence.RESET, times=None))
    assert "nobody could be told" in caplog.text
    assert "unexpected error" not in caplog.text


def test_a_picture_that_discord_finds_too_large_is_said(broken):
    async def use(fake, ann):
        said = await (await ann.slash("liq", symbol="BTC")).reply()
        assert said.ephemeral
        assert "larger than what Discord takes" in said.text

    broken(use, Fault(CALLBACK, refused(413, 40005, "Request entity too large")))
