"""Presses and forms that the message no longer holds, or that were never ours: each gets an answer."""

import asyncio
from types import SimpleNamespace

import discord
import pytest

from bot.chats.discord_chat.client import FathomClient


class Heard:
    def __init__(self):
        self.presses, self.forms = [], []

    async def pressed(self, interaction, text):
        self.presses.append(text)

    async def filled_in(self, interaction):
        self.forms.append(interaction.data["custom_id"])


def heard(handlers, noted, kind, custom_id):
    async def run():
        client = FathomClient(handlers, memory=noted, shard=(0, 1))
        client.conversation = Heard()
        await client.on_interaction(SimpleNamespace(type=discord.InteractionType[kind], data={"custom_id": custom_id}))
        return client.conversation

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("custom_id", "press"),
    [("fathom:0:1|l|BTC|M1|12h||", "1|l|BTC|M1|12h||"), ("fathom:x", ""), ("liq:BTC:12h", "")],
)
def test_every_press_is_answered_whatever_the_message_holds_now(handlers, noted, custom_id, press):
    assert heard(handlers, noted, "component", custom_id).presses == [press]


def test_every_form_is_answered(handlers, noted):
    assert heard(handlers, noted, "modal_submit", "older-form").forms == ["older-form"]
