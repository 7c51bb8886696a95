"""Identifying, heartbeats, broken connections and shards, as the real discord.py meets them."""

import asyncio

import discord
import pytest

from tests.fake_discord import FakeDiscord
from tests.fake_discord.client import INTENTS, connected, pointed_at


def client() -> discord.Client:
    return discord.Client(intents=INTENTS, guild_ready_timeout=0.1, max_messages=None)


def talk_with(use, **options: object) -> None:
    """Run a test with a connected client and a guild of Ann's."""

    async def talk() -> None:
        async with FakeDiscord(**options) as fake:
            ann = fake.user("Ann")
            fake.guild("Traders", ann)
            async with connected(fake, bot := client()):
                await use(fake, bot, ann)

    asyncio.run(talk())


@pytest.mark.parametrize("how", ["drop", "close", "ask_to_reconnect"])
def test_a_broken_connection_is_resumed_with_what_was_missed(how: str) -> None:
    async def talk(fake, bot, ann) -> None:
        heard = []
        bot.event(_named("on_message", lambda message: heard.append(message.content)))
        (session,) = fake.gateway.sessions
        broken = getattr(fake.gateway, how)()
        if broken is not None:
            await broken
        await fake.direct(ann).send("while away")
        await fake.world.until(lambda: heard, "missed message", timeout_s=10)
        assert heard == ["while away"]
        assert fake.gateway.sessions == [session]
        assert session.resumes == 1

    talk_with(talk)


def _named(name, do):
    async def listener(*arguments):
        do(*arguments)

    listener.__name__ = name
    return listener


def test_an_invalid_session_is_identified_anew() -> None:
    async def talk(fake, bot, ann) -> None:
        await fake.gateway.invalidate()
        await fake.world.until(lambda: len(fake.gateway.sessions) == 2, "second session", timeout_s=10)
        assert [session.resumes for session in fake.gateway.sessions] == [0, 0]

    talk_with(talk)


def test_a_gateway_that_no_longer_answers_heartbeats_is_left_and_the_session_resumed() -> None:
    async def talk() -> None:
        async with FakeDiscord(heartbeat_s=0.1) as fake:
            bot = discord.Client(intents=INTENTS, guild_ready_timeout=0.1, heartbeat_timeout=0.5)
            async with connected(fake, bot):
                await fake.world.until(lambda: fake.gateway.heartbeats >= 3, "heartbeats")
                assert len(fake.gateway.sessions) == 1
                fake.gateway.answers_heartbeats = False
                (session,) = fake.gateway.sessions
                await fake.world.until(lambda: session.resumes, "resumption", timeout_s=10)
                fake.gateway.answers_heartbeats = True
                await fake.connected()

    asyncio.run(talk())


def test_every_shard_identifies_and_gets_its_guilds() -> None:
    async def talk() -> None:
        async with FakeDiscord(shards=2) as fake:
            ann = fake.user("Ann")
            guilds = [fake.guild(f"G{number}", ann) for number in range(6)]
            bot = discord.AutoShardedClient(intents=INTENTS, guild_ready_timeout=0.1)
            async with connected(fake, bot):
                await fake.connected(shards=2)
                assert {guild.id for guild in bot.guilds} == {guild.id for guild in guilds}
                assert all(bot.get_guild(guild.id).shard_id == (guild.id >> 22) % 2 for guild in guilds)
                assert sorted(session.shard for session in fake.gateway.sessions) == [0, 1]

    asyncio.run(talk())


def test_wrong_tokens_and_intents_that_were_not_granted_are_refused() -> None:
    async def talk() -> None:
        async with FakeDiscord() as fake:
            with pointed_at(fake):
                async with client() as wrong:
                    with pytest.raises(discord.LoginFailure):
                        await wrong.start("wrong")
                async with discord.Client(intents=discord.Intents(guilds=True, message_content=True)) as curious:
                    with pytest.raises(discord.PrivilegedIntentsRequired):
                        await curious.start(fake.token)

    asyncio.run(talk())
