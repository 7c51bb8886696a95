"""Telegram: what the network, the server and the chats' rules do to the bot, and that nothing secret is told."""

from __future__ import annotations

import asyncio
import logging
import time

import pytest

from bot.chats.telegram_chat import TelegramConflictError, TelegramTokenError, TelegramUnreachableError
from bot.chats.telegram_chat.errors import TelegramChatError
from bot.chats.telegram_chat.polling import PollingWatch
from bot.handlers import Handlers
from tests.bot.telegram_talk import Service, chat_of, talking, with_chat
from tests.bot_api import BotApi, Fault, Limits, Silence
from tests.bot_api.client import bot_of
from tests.bot_api.faults import bad_gateway, internal_error, refused, too_many_requests, truncated

WRONG_TOKEN = "9876543210:AAGrevoked0token0for0tests0only00000000"  # noqa: S105 -- opens nothing


def told(caplog, level=logging.WARNING) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= level]


# --- faults of the server and the network ----------------------------------------------------------------------------


@pytest.mark.parametrize("times", [1, 2])
def test_a_fault_that_the_server_admits_is_tried_again_quietly(times, caplog) -> None:
    async def talk(world) -> None:
        ann = world.api.user("Ann").private
        world.api.faults.append(Fault("sendPhoto", internal_error(), times=times))
        ann.send("/liq btc")
        reply = await ann.next_message()
        world.api.faults.append(Fault("editMessageMedia", bad_gateway(), times=times))
        await ann.press(reply, "12h").answer()
        await ann.edited(reply)
        assert len(world.api.sent) == 1

    with_chat(talk)
    assert told(caplog) == []


def test_an_edit_whose_answer_was_lost_is_made_again() -> None:
    async def talk(world) -> None:
        ann = world.api.user("Ann").private
        ann.send("/questions btc")
        reply = await ann.next_message()
        world.api.faults.append(Fault("editMessageMedia", bad_gateway(), performed=True))
        await ann.press(reply, "12h").answer()
        await ann.edited(reply)
        await world.api.next_call("editMessageMedia", after=1)
        assert reply.media is not None
        assert len(world.api.sent) == 1

    with_chat(talk)


def test_who_sends_too_much_waits_as_long_as_told() -> None:
    async def talk(world) -> None:
        ann = world.api.user("Ann").private
        world.api.faults.append(Fault("sendPhoto", too_many_requests(1)))
        begun = time.monotonic()
        ann.send("/liq btc")
        await ann.next_message()
        assert time.monotonic() - begun >= 1

    with_chat(talk)


def test_a_flood_of_questions_is_answered_within_the_servers_limit() -> None:
    async def talk(world) -> None:
        world.api.world._frozen_s = None
        people = [world.api.user(f"Ann {number}").private for number in range(25)]
        for seat in people:
            seat.send("/help")
        for seat in people:
            await seat.next_message()
        assert [call for call in world.api.calls if call.refused is not None] == []

    with_chat(talk, limits=Limits(overall_per_s=30))


# --- chats that want no answer ---------------------------------------------------------------------------------------


def test_who_blocked_the_bot_is_left_quietly_and_named_once(caplog) -> None:
    caplog.set_level(logging.INFO)
    service = Service()

    async def talk(world) -> None:
        ann = world.api.user("Ann")
        service.gate = asyncio.Event()
        for times in range(2):
            ann.private.send("/liq btc")
            await world.api.world.until(lambda times=times: len(service.orders) == times + 1, "order")
        ann.block()
        service.gate.set()
        await world.api.next_call("sendPhoto", after=1)
        ben = world.api.user("Ben").private
        ben.send("/liq btc")
        await ben.next_message()

    with_chat(talk, service)
    assert len([line for line in told(caplog, logging.INFO) if "takes no messages" in line]) == 1
    assert told(caplog) == []


def test_a_group_that_threw_the_bot_out_is_left_quietly(caplog) -> None:
    service = Service()

    async def talk(world) -> None:
        ann = world.api.user("Ann")
        group = world.api.group("Traders", ann)
        group.add_bot(by=ann)
        service.gate = asyncio.Event()
        group.seat(ann).send("/liq btc")
        await world.api.world.until(lambda: service.orders, "order")
        group.kick_bot(by=ann)
        service.gate.set()
        assert (await world.api.next_call("sendPhoto")).refused.code == 403

    with_chat(talk, service)
    assert told(caplog) == []


def test_a_closed_topic_is_left_quietly(caplog) -> None:
    async def talk(world) -> None:
        ann = world.api.user("Ann")
        forum = world.api.group("Traders", ann, forum=True)
        forum.add_bot(by=ann)
        topic = forum.topic("BTC")
        topic.closed = True
        forum.seat(ann).within(topic).send("/liq btc")
        assert (await world.api.next_call("sendPhoto")).refused is not None

    with_chat(talk)
    assert told(caplog) == []


def test_a_group_that_became_a_supergroup_gets_its_answer_there() -> None:
    service = Service()

    async def talk(world) -> None:
        ann = world.api.user("Ann")
        group = world.api.group("Traders", ann, kind="group")
        group.add_bot(by=ann)
        service.gate = asyncio.Event()
        group.seat(ann).send("/liq btc")
        await world.api.world.until(lambda: service.orders, "order")
        seat = group.upgrade(by=ann).seat(ann)
        service.gate.set()
        assert (await seat.next_message()).media is not None
        seat.send("/liq eth")
        assert (await seat.next_message()).text.startswith("ETH")

    with_chat(talk, service)


# --- starting, ending ------------------------------------------------------------------------------------------------


def failing(error: type[TelegramChatError], **settings: object) -> TelegramChatError:
    async def run() -> TelegramChatError:
        async with BotApi() as api:
            if settings.pop("is_down", False):
                await api.stop()
            with pytest.raises(error) as met:
                await chat_of(api, Service(), **settings).run()
            return met.value

    return asyncio.run(run())


@pytest.mark.parametrize("token", [WRONG_TOKEN, "no token at all"])
def test_a_refused_token_is_a_clear_error_that_does_not_tell_it(token, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    error = failing(TelegramTokenError, token=token)
    assert str(error).startswith("Telegram refuses the bot's token.")
    assert error.__cause__ is None
    assert token not in caplog.text


def test_a_server_that_does_not_answer_is_a_clear_error_without_an_address() -> None:
    error = failing(TelegramUnreachableError, is_down=True, connect_pauses_s=(0.0, 0.0))
    assert str(error).startswith("Telegram cannot be reached (")
    assert "127.0.0.1" not in str(error)


def test_a_server_that_comes_late_is_waited_for() -> None:
    async def run() -> None:
        async with BotApi() as api:
            api.faults.append(Fault("getMe", bad_gateway(), times=2))
            chat = chat_of(api, Service(), connect_pauses_s=(0.0, 0.0))
            await chat.start()
            assert chat.is_connected
            await chat.stop()
            assert not chat.is_connected

    asyncio.run(run())


def test_a_token_revoked_while_it_runs_ends_the_chat_with_one_sentence(caplog) -> None:
    async def run() -> None:
        async with BotApi() as api:
            chat = chat_of(api, Service())
            running = asyncio.create_task(chat.run())
            await api.world.until(lambda: chat.is_connected, "connection")
            api.token = WRONG_TOKEN
            api.user("Ann").private.send("/liq btc")
            with pytest.raises(TelegramTokenError):
                await asyncio.wait_for(running, 5)

    asyncio.run(run())
    said = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert [record.name for record in said] == ["bot.chats.telegram_chat.chat"]
    assert all(record.exc_info is None for record in said)


def test_a_second_process_with_the_token_is_told_and_ends_the_chat_where_it_stays(caplog) -> None:
    async def run() -> None:
        async with talking(conflict_ends_after_s=0.0) as world, bot_of(world.api) as other:
            await world.api.world.until(lambda: world.api.world.updates._poller, "poll")
            await other.get_updates(timeout=0)
            with pytest.raises(TelegramConflictError):
                await asyncio.wait_for(world.chat.wait(), 5)

    asyncio.run(run())
    assert "Another process runs with the same Telegram token." in caplog.text


def test_a_conflict_that_passes_ends_nothing_and_is_told_once(caplog) -> None:
    now = [0.0]
    ends: list[TelegramChatError] = []
    watch = PollingWatch(ends.append, conflict_ends_after_s=60, clock=lambda: now[0])
    for status, at in ((409, 0), (409, 30), (200, 40), (409, 100), (409, 130)):
        now[0] = at
        watch.heard(status)
    assert ends == []
    assert len(told(caplog)) == 2
    now[0] = 160
    watch.heard(409)
    assert [type(error) for error in ends] == [TelegramConflictError]


def test_messages_are_fetched_again_after_the_server_was_away() -> None:
    async def talk(world) -> None:
        ann = world.api.user("Ann").private
        await world.api.stop()
        ann.send("/liq btc")
        await world.api.world.until(lambda: not world.chat.is_connected, "lost connection")
        await world.api.start()
        assert (await ann.next_message()).media is not None
        assert world.chat.is_connected

    with_chat(talk)


def test_stopping_lets_an_answer_under_way_arrive() -> None:
    service = Service()

    async def run() -> None:
        async with talking(service) as world:
            service.gate = asyncio.Event()
            ann = world.api.user("Ann").private
            ann.send("/liq btc")
            await world.api.world.until(lambda: service.orders, "order")
            stopping = asyncio.create_task(world.chat.stop())
            await asyncio.sleep(0)
            service.gate.set()
            await stopping
            assert len(ann.messages) == 1

    asyncio.run(run())


def test_stopping_waits_neither_for_an_endless_answer_nor_for_a_silent_server() -> None:
    service = Service()

    async def run() -> float:
        async with talking(service) as world:
            service.gate = asyncio.Event()
            world.api.user("Ann").private.send("/liq btc")
            await world.api.world.until(lambda: service.orders, "order")
            world.api.faults.append(Fault("getUpdates", Silence.HANG, times=None))
            begun = time.monotonic()
            await world.chat.stop()
            return time.monotonic() - begun

    assert asyncio.run(run()) < 4.5


def test_what_was_written_long_ago_while_the_bot_was_away_is_left() -> None:
    async def run() -> None:
        async with BotApi() as api:
            ann = api.user("Ann").private
            api.skip(-3_600)
            ann.send("/liq btc")
            api.skip(3_600)
            ann.send("/liq eth")
            chat = chat_of(api, Service())
            await chat.start()
            assert (await ann.next_message()).text.startswith("ETH")
            await chat.stop()
            assert len(ann.messages) == 1

    asyncio.run(run())


# --- the unexpected, and secrets -------------------------------------------------------------------------------------


def test_a_fault_of_ours_gets_an_id_in_the_log_and_in_the_chat(caplog, monkeypatch) -> None:
    async def broken(self, text, place):
        raise RuntimeError("boom")

    monkeypatch.setattr(Handlers, "said", broken)

    async def talk(world) -> None:
        ann = world.api.user("Ann").private
        ann.send("/liq btc")
        reply = await ann.next_message()
        error_id = reply.text.partition("(error ")[2][:8]
        assert f"unexpected error {error_id}" in caplog.text

    with_chat(talk)


def test_the_token_is_in_no_log_whatever_happens(caplog) -> None:
    caplog.set_level(logging.DEBUG)

    async def talk(world) -> None:
        ann = world.api.user("Ann").private
        outcomes = (internal_error(), bad_gateway(), truncated(), Silence.RESET, refused(400, "Bad Request: nonsense"))
        for outcome in outcomes:
            world.api.faults.append(Fault("sendPhoto", outcome))
            ann.send("/liq btc")
        await world.api.next_call("sendPhoto", after=len(outcomes))
        await world.api.stop()
        await world.api.world.until(lambda: not world.chat.is_connected, "lost connection")
        ann.send("/help")
        await world.api.start()
        await world.api.world.until(lambda: any("Fathom reads" in message.text for message in ann.messages), "help")
        secret = world.api.token.partition(":")[2]
        assert secret not in caplog.text
        assert all(secret not in str(record.args) + str(record.exc_text) for record in caplog.records)

    with_chat(talk)
