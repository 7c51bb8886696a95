"""Several `fathom serve` on one PostgreSQL: one fetches from Telegram, shards are split, and who dies is followed."""

import asyncio
import signal
import sys
import time

import pytest

from tests.bot.serving import discord_settings, serving, telegram_settings
from tests.bot.storage.conftest import schema, server
from tests.bot_api import BotApi
from tests.fake_discord import FakeDiscord

__all__ = ["schema", "server"]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows stops processes without SIGTERM")

TAKEN_OVER_WITHIN_S = 15 + 15
"""What is promised, and as long again for a busy machine to connect."""


def on_one_database(server, schema):
    return {"FATHOM_STORAGE__URL": f"{server}?search_path={schema}", "FATHOM_SERVE__WORKERS": "1"}


async def platforms_of(served):
    health = await served.until_healthy()
    return health["platforms"]


async def until(true, timeout_s):
    """Wait until it is true; returns how long that took [s]."""
    began_s = time.monotonic()
    async with asyncio.timeout(timeout_s):
        while not await true():  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    return time.monotonic() - began_s


@pytest.mark.soak
def test_one_of_two_fetches_from_telegram_and_the_other_follows_when_it_is_killed_or_stopped(tmp_path, server, schema):
    async def talk():
        async with BotApi() as api:
            shared = telegram_settings(api) | on_one_database(server, schema)
            folders = [tmp_path / name for name in ("one", "other", "third")]
            for folder in folders:
                folder.mkdir()
            ann = api.user("Ann")
            async with serving(folders[0], shared) as one, serving(folders[1], shared) as other:
                await asyncio.gather(one.until_healthy(), other.until_healthy())
                states = [(await platforms_of(served))["telegram"] for served in (one, other)]
                assert sorted(states) == ["connected", "standby"]
                fetching, waiting = (one, other) if states[0] == "connected" else (other, one)
                ann.private.send("/help")
                assert await ann.private.next_message(30)

                async def has_followed():
                    return (await platforms_of(waiting))["telegram"] == "connected"

                fetching.process.kill()
                await fetching.process.wait()
                after_kill_s = await until(has_followed, TAKEN_OVER_WITHIN_S)
                ann.private.send("/help")
                assert await ann.private.next_message(30)
                async with serving(folders[2], shared) as third:
                    assert await platforms_of(third) == {"telegram": "standby"}
                    code, _took_s = await waiting.stop()
                    assert code == 0

                    async def has_followed_again():
                        return (await platforms_of(third))["telegram"] == "connected"

                    after_stop_s = await until(has_followed_again, TAKEN_OVER_WITHIN_S)
                    ann.private.send("/help")
                    assert await ann.private.next_message(30)
                    with pytest.raises(AssertionError, match="no message"):
                        await ann.private.next_message(2)
                    assert (await third.stop())[0] == 0
                for served in (one, other, third):
                    assert "Another process runs with the same" not in served.said
                return after_kill_s, after_stop_s

    after_kill_s, after_stop_s = asyncio.run(talk())
    print(f"Telegram: followed {after_kill_s:.1f} s after a kill, {after_stop_s:.1f} s after a stop")  # noqa: T201
    assert after_stop_s < after_kill_s


@pytest.mark.soak
def test_two_share_the_shards_of_discord_and_one_takes_all_when_the_other_stops(tmp_path, server, schema):
    async def talk():
        async with FakeDiscord() as fake:
            ann = fake.user("Ann")
            guilds = [fake.guild(f"Traders {place}", ann) for place in range(4)]
            seats = [fake.seat(ann, fake.channel(guild)) for guild in guilds]
            shared = discord_settings(fake) | {"FATHOM_DISCORD__SHARDS": "2"} | on_one_database(server, schema)
            folders = [tmp_path / name for name in ("one", "other")]
            for folder in folders:
                folder.mkdir()

            def shards():
                return sorted(session.shard for session in fake.gateway.alive())

            async with serving(folders[0], shared) as one:
                assert set((await platforms_of(one)).values()) == {"connected"}
                async with serving(folders[1], shared) as other:
                    await other.until_healthy()

                    async def is_split():
                        states = [*(await platforms_of(one)).values(), *(await platforms_of(other)).values()]
                        return sorted(states) == ["connected", "connected", "standby", "standby"] and shards() == [0, 1]

                    await until(is_split, 60)
                    for seat in seats:
                        exchange = await seat.slash("help")
                        assert await exchange.reply(30)
                    code, _took_s = await one.stop(signal.SIGTERM)
                    assert code == 0

                    async def is_whole():
                        states = (await platforms_of(other)).values()
                        return set(states) == {"connected"} and shards() == [0, 1]

                    await until(is_whole, 60)
                    for seat in seats:
                        exchange = await seat.slash("help")
                        assert await exchange.reply(30)
                    assert (await other.stop())[0] == 0

    asyncio.run(talk())
