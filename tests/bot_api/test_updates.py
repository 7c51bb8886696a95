"""Long polling: acknowledged by offset, one poller at a time, only what was asked for."""

import asyncio
import json

import aiohttp
import pytest
from telegram.error import Conflict

from tests.bot_api import BotApi
from tests.bot_api.client import bot_of, with_bot


def test_an_update_stays_until_a_later_offset_acknowledges_it() -> None:
    async def talk(api, bot) -> None:
        ann = api.user().private
        for text in ("a", "b", "c"):
            ann.send(text)
        first, second, third = await bot.get_updates()
        assert [update.message.text for update in await bot.get_updates(limit=2)] == ["a", "b"]
        assert [update.message.text for update in await bot.get_updates(second.update_id)] == ["b", "c"]
        assert await bot.get_updates(third.update_id + 1) == ()
        assert (first.update_id, third.update_id) == (second.update_id - 1, second.update_id + 1)

    with_bot(talk)


def test_a_negative_offset_keeps_the_newest_only() -> None:
    async def talk(api, bot) -> None:
        ann = api.user().private
        for text in ("a", "b", "c"):
            ann.send(text)
        assert [update.message.text for update in await bot.get_updates(-1)] == ["c"]
        assert len(await bot.get_updates()) == 1

    with_bot(talk)


def test_a_poll_waits_for_the_next_update() -> None:
    async def talk(api, bot) -> None:
        waiting = asyncio.create_task(bot.get_updates(timeout=5))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        api.user().private.send("now")
        assert [update.message.text for update in await waiting] == ["now"]
        assert await bot.get_updates(waiting.result()[0].update_id + 1, timeout=1) == ()

    with_bot(talk)


def test_of_two_pollers_the_older_one_gets_the_conflict() -> None:
    async def talk() -> None:
        async with BotApi() as api, bot_of(api) as old, bot_of(api) as new:
            first = asyncio.create_task(old.get_updates(timeout=5))
            await asyncio.sleep(0.1)
            second = asyncio.create_task(new.get_updates(timeout=5))
            with pytest.raises(Conflict, match="terminated by other getUpdates"):
                await first
            api.user().private.send("x")
            assert len(await second) == 1

    asyncio.run(talk())


def test_what_was_not_asked_for_is_not_queued() -> None:
    async def talk(api, bot) -> None:
        await bot.get_updates(allowed_updates=["callback_query"])
        api.user().private.send("x")
        assert await bot.get_updates() == ()  # no list: as before
        await bot.get_updates(allowed_updates=[])  # the default again
        api.user().private.send("y")
        assert [update.message.text for update in await bot.get_updates()] == ["y"]

    with_bot(talk)


def test_pending_updates_are_dropped_on_demand_and_edits_told() -> None:
    async def talk(api, bot) -> None:
        ann = api.user().private
        message = ann.send("/liq BTC")
        await bot.delete_webhook(drop_pending_updates=True)
        ann.edit(message, "/liq ETH")
        (update,) = await bot.get_updates()
        assert update.edited_message.text == "/liq ETH"
        assert [entity.type for entity in update.edited_message.entities] == ["bot_command"]

    with_bot(talk)


def test_a_stopped_server_comes_back_with_everything_it_knew() -> None:
    async def talk(api, bot) -> None:
        api.user().private.send("x")
        before = api.base_url
        await api.stop()
        await api.start()
        assert api.base_url == before
        assert len(await bot.get_updates()) == 1

    with_bot(talk)


@pytest.mark.parametrize("encoding", ["query", "json", "urlencoded", "multipart"])
def test_the_same_request_means_the_same_in_every_encoding(encoding: str) -> None:
    async def talk() -> None:
        async with BotApi() as api, aiohttp.ClientSession() as session:
            ann = api.user().private
            ann.send("/start")
            markup = {"inline_keyboard": [[{"text": "a", "callback_data": "b"}]]}
            values = {"chat_id": str(ann.room.id), "text": "x", "reply_markup": json.dumps(markup)}
            sent = {
                "query": {"params": values},
                "json": {"json": {"chat_id": ann.room.id, "text": "x", "reply_markup": markup}},
                "urlencoded": {"data": values},
                "multipart": {"data": _form(values)},
            }
            async with session.post(f"{api.base_url}{api.token}/sendmessage", **sent[encoding]) as answer:
                assert (await answer.json())["ok"]
            assert ann.messages[0].button("a").data == "b"

    asyncio.run(talk())


def _form(values: dict[str, str]) -> aiohttp.FormData:
    form = aiohttp.FormData(default_to_multipart=True)
    for name, value in values.items():
        form.add_field(name, value)
    return form
