"""Where somebody asks from, as the handlers are told."""

import discord
import pytest

from bot.cooldown import Cooldown
from bot.handlers import Handlers
from bot.preferences import NoPreferences


class Noting(NoPreferences):
    """Prefers nothing, and notes who asked from where."""

    def __init__(self):
        self.places = []

    async def preferences(self, place):
        self.places.append(place)
        return await super().preferences(place)


@pytest.fixture
def noting():
    return Noting()


@pytest.fixture
def handlers(service, noting):
    return Handlers(service, noting, Cooldown())


def test_a_channel_of_a_server_is_a_chat_of_its_community(talk, noting):
    async def use(world):
        await world.ann.slash(world.channel, "liq", symbol="BTC")
        (place,) = noting.places
        assert (place.platform, place.chat, place.user) == ("discord", world.channel.id, world.ann.id)
        assert (place.community, place.topic, place.may_configure) == (world.guild.id, None, False)

    talk(use)


def test_a_thread_is_a_topic_of_its_channel(talk, noting):
    async def use(world):
        opened = await world.env.bot.get_channel(world.channel.id).create_thread(
            name="btc", type=discord.ChannelType.public_thread
        )
        (thread,) = [each for each in world.channel.threads if each.id == opened.id]
        await world.ann.slash(thread, "liq", symbol="BTC")
        (place,) = noting.places
        assert (place.chat, place.topic) == (world.channel.id, thread.id)

    talk(use)


def test_outside_of_servers_there_is_no_community(talk, noting):
    async def use(world):
        await world.env.create_user("ben").slash("liq", symbol="BTC")
        (place,) = noting.places
        assert (place.community, place.may_configure) == (None, False)

    talk(use)


def test_who_may_manage_the_server_may_configure(talk, noting):
    async def use(world):
        role = world.guild.create_role("Boss", permissions=discord.Permissions(manage_guild=True))
        boss = world.guild.add_member(world.env.create_user("boss"), roles=[role])
        await boss.slash(world.channel, "liq", symbol="BTC")
        (place,) = noting.places
        assert place.may_configure

    talk(use)
