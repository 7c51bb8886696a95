"""Which platforms can be sent to unasked, as the settings say, over the wires that they name."""

import asyncio
import sys

import pytest

from bot.config import Settings
from bot.deliveries.delivery import Destination
from bot.handlers import Outgoing
from bot.replies import Line, Reply, block
from bot.serving.senders import senders_of
from tests.bot_api import BotApi
from tests.fake_discord import FakeDiscord
from tests.fake_discord.client import pointed_at

TELEGRAM_TOKEN = "1234567890:AAG3xQ0another0token0for0tests0only00"  # noqa: S105 -- opens nothing
HELLO = Outgoing(reply=Reply(blocks=block("headline", Line(text="BTC reached 70,000"))))


def settings(**sections):
    return Settings.model_validate(sections)


def test_each_platform_with_a_token_is_sent_to_at_the_address_that_is_set():
    async def talk():
        async with BotApi() as api, FakeDiscord() as fake:
            with pointed_at(fake):
                telegram = {"token": api.token, "base_url": api.base_url, "base_file_url": api.base_file_url}
                discord = {"token": fake.token, "api_base": fake.rest_url}
                senders = senders_of(settings(telegram=telegram, discord=discord))
                ann = api.user("Ann")
                ann.account.started = True
                ben = fake.user("Ben")
                people = {"telegram": ann.account.id, "discord": ben.id}
                assert senders.keys() == people.keys()
                for name, sender in senders.items():
                    destination = Destination(platform=name, chat=people[name], owner=people[name])
                    await sender.deliver(HELLO, destination, nonce="r1-1")
                    await sender.close()
                assert [message.text for message in api.sent] == ["BTC reached 70,000"]
                assert "BTC reached 70,000" in fake.sent()[0].text

    asyncio.run(talk())


def test_a_platform_without_a_token_has_no_sender():
    assert senders_of(settings()) == {}
    assert senders_of(settings(telegram={"token": TELEGRAM_TOKEN})).keys() == {"telegram"}


def test_a_token_that_cannot_be_read_is_said_and_takes_nobody_else_down(tmp_path, caplog):
    missing = tmp_path / "no-such-file"
    senders = senders_of(settings(telegram={"token": TELEGRAM_TOKEN}, discord={"token_file": missing}))
    assert senders.keys() == {"telegram"}
    assert "nothing is sent unasked on Discord" in caplog.text


@pytest.mark.parametrize("name", ["telegram", "discord"])
def test_a_missing_library_is_said(name, monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, f"bot.chats.{name}_chat.delivering", None)
    assert senders_of(settings(**{name: {"token": TELEGRAM_TOKEN}})) == {}
    assert f"pip install 'fathom-liq[{name}]'" in caplog.text
    assert TELEGRAM_TOKEN not in caplog.text
