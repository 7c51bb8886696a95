"""The real discord.py against Discord's interfaces on loopback: what is slow, lost, refused and broken off."""

import asyncio
import contextlib
import logging

import pytest

from bot.chats.discord_chat.chat import DiscordChat, DiscordChatError
from bot.replies import Fault
from bot.requests import Liq
from engine.windows import window_named
from tests.fake_discord import FakeDiscord
from tests.fake_discord import Fault as Trouble
from tests.fake_discord.faults import refused, too_many_requests, unavailable
from tests.fake_discord.places import ATTACH_FILES

MANAGE_MESSAGES = 1 << 13
REVOKED = 4004
WRONG_TOKEN = "MTIz.wrong.token-that-is-secret"  # noqa: S105 -- opens nothing
SLOWLY_S = 0.05
"""Longer than a chat without patience waits."""


@pytest.fixture
def with_chat(handlers, tmp_path):
    """Run a talk with Ann in a channel, and a chat that is connected; `chat` makes further ones of the same fake."""

    def run(use, *, patience_s=5.0, **options):
        async def talk():
            async with FakeDiscord(**options) as fake:
                fake.freeze()
                ann = fake.user("Ann")
                seat = fake.seat(ann, fake.channel(fake.guild("Traders", ann)))
                chat = chat_of(fake, handlers, tmp_path, patience_s=patience_s)
                await chat.start()
                try:
                    await use(fake, chat, seat)
                finally:
                    await chat.stop()

        asyncio.run(talk())

    return run


def chat_of(fake, handlers, folder, **changes):
    settings = {"token": fake.token, "api_base": fake.rest_url, "gateway": fake.gateway_url}
    return DiscordChat(handlers, sync_file=folder / "deep" / "commands", **(settings | changes))


def names(message):
    return [attachment.name for attachment in message.attachments]


# --- slow answers ----------------------------------------------------------------------------------------------------


def test_a_slow_answer_is_announced_and_its_first_edit_holds_the_picture(with_chat, service):
    service.takes_s = SLOWLY_S

    async def use(fake, chat, ann):
        exchange = await ann.slash("liq", symbol="BTC")
        message = await exchange.reply()
        assert await exchange.answer() == 5
        assert names(message) == ["BTC-all.png"]
        assert len(message.past) == 1
        assert "## BTC 70,412" in message.text
        assert [message.button(label).label for label in ("12h", "Delete")] == ["12h", "Delete"]

    with_chat(use, patience_s=0.0)


def test_a_ready_answer_is_sent_at_once(with_chat):
    async def use(fake, chat, ann):
        exchange = await ann.slash("liq", symbol="BTC")
        message = await exchange.reply()
        assert await exchange.answer() == 4
        assert names(message) == ["BTC-all.png"]
        assert message.past == []

    with_chat(use)


def test_a_late_fault_does_not_stay_where_everybody_sees_it(with_chat, service):
    service.fault, service.takes_s = Fault(text="No venue answers for BTC."), SLOWLY_S

    async def use(fake, chat, ann):
        exchange = await ann.slash("liq", symbol="BTC")
        said = await exchange.follow_up()
        assert said.ephemeral
        assert "No venue answers" in said.text
        assert [message for message in ann.messages if not message.deleted] == []

    with_chat(use, patience_s=0.0)


def test_a_slow_press_is_acknowledged_and_then_edited(with_chat, service):
    async def use(fake, chat, ann):
        message = await (await ann.slash("liq", symbol="BTC")).reply()
        before = len(message.past)
        service.takes_s = SLOWLY_S
        exchange = await ann.press(message, "12h")
        await ann.edited(message, times=before + 1)
        assert await exchange.answer() == 6
        assert names(message) == ["BTC-12h.png"]

    with_chat(use, patience_s=0.0)


def test_of_two_quick_presses_the_last_one_is_shown(with_chat, service):
    async def use(fake, chat, ann):
        message = await (await ann.slash("liq", symbol="BTC")).reply()
        before = len(message.past)
        service.takes_for = {"12h": 4 * SLOWLY_S, "24h": SLOWLY_S}
        slow = await ann.press(message, "12h")
        await slow.answer()
        quick = await ann.press(message, "24h")
        await ann.edited(message, times=before + 1)
        assert await quick.answer() == 6
        await _all_answered()
        assert names(message) == ["BTC-24h.png"]
        assert len(message.past) == before + 1

    with_chat(use, patience_s=0.0)


async def _all_answered():
    """Wait until discord.py has nothing left to do about presses."""
    presses = [task for task in asyncio.all_tasks() if task.get_name().startswith("discord-ui-dynamic-item")]
    await asyncio.wait_for(asyncio.gather(*presses), 5)


def test_a_double_click_is_one(with_chat, service):
    async def use(fake, chat, ann):
        message = await (await ann.slash("liq", symbol="BTC")).reply()
        before = len(message.past)
        service.takes_s = SLOWLY_S
        first = await ann.press(message, "12h")
        second = await ann.press(message, "12h")
        await ann.edited(message, times=before + 1)
        assert {await first.answer(), await second.answer()} == {6}
        asked = Liq(symbol="BTC", window=window_named("12h"), model="M1")
        assert [order.request for order in service.orders].count(asked) == 1

    with_chat(use, patience_s=0.0)


# --- commands are sent when they changed -----------------------------------------------------------------------------


def test_commands_are_sent_once_and_not_again_at_the_next_start(with_chat, handlers, tmp_path):
    async def use(fake, chat, ann):
        await chat.stop()
        again = chat_of(fake, handlers, tmp_path)
        await again.start()
        await again.stop()
        assert len(fake.called("PUT", "/applications")) == 1

    with_chat(use)


def test_changed_commands_are_sent_again(with_chat, handlers, tmp_path):
    async def use(fake, chat, ann):
        changed = chat_of(fake, handlers, tmp_path, venues=("okx",))
        await chat.stop()
        await changed.start()
        await changed.stop()
        assert len(fake.called("PUT", "/applications")) == 2

    with_chat(use)


def test_commands_that_were_not_taken_are_sent_at_the_next_start(handlers, tmp_path, caplog):
    async def talk():
        async with FakeDiscord() as fake:
            fake.faults.append(Trouble("PUT /applications/*/commands", refused(400, 30034, "Max number reached")))
            for _ in range(2):
                chat = chat_of(fake, handlers, tmp_path)
                await chat.start()
                await chat.stop()
            assert [call.status for call in fake.called("PUT", "/applications")] == [400, 200]

    asyncio.run(talk())
    assert "did not take the commands" in caplog.text


# --- the connection --------------------------------------------------------------------------------------------------


def test_a_dropped_connection_is_resumed_and_what_was_asked_meanwhile_is_answered(with_chat):
    async def use(fake, chat, ann):
        assert chat.is_connected
        fake.gateway.drop()
        message = await (await ann.slash("liq", symbol="BTC")).reply(timeout_s=10)
        assert names(message) == ["BTC-all.png"]
        (session,) = fake.gateway.alive()
        assert session.resumes == 1
        assert len(fake.called("PUT", "/applications")) == 1

    with_chat(use)


def test_a_token_that_is_revoked_later_ends_the_chat_with_the_reason(with_chat):
    async def use(fake, chat, ann):
        ending = asyncio.create_task(chat.ended())
        await fake.gateway.close(REVOKED)
        with pytest.raises(DiscordChatError, match="refuses the token") as raised:
            await asyncio.wait_for(ending, 10)
        assert not raised.value.can_recover
        assert not chat.is_connected

    with_chat(use)


def test_too_many_requests_are_waited_out(with_chat):
    async def use(fake, chat, ann):
        fake.faults.append(Trouble("POST /interactions/*/callback", too_many_requests(0.05)))
        message = await (await ann.slash("liq", symbol="BTC")).reply()
        assert names(message) == ["BTC-all.png"]

    with_chat(use)


def test_a_short_outage_of_discord_is_waited_out(with_chat, service):
    service.takes_s = SLOWLY_S

    async def use(fake, chat, ann):
        fake.faults.append(Trouble("PATCH /webhooks/*", unavailable(502)))
        message = await (await ann.slash("liq", symbol="BTC")).reply(timeout_s=10)
        assert names(message) == ["BTC-all.png"]

    with_chat(use, patience_s=0.0)


def test_a_wrong_token_is_said_in_words_that_do_not_hold_it(handlers, tmp_path, caplog):
    caplog.set_level(logging.DEBUG)

    async def talk():
        async with FakeDiscord() as fake:
            chat = chat_of(fake, handlers, tmp_path, token=WRONG_TOKEN)
            with pytest.raises(DiscordChatError, match="refuses the token") as raised:
                await chat.start()
            assert not raised.value.can_recover
            assert not chat.is_connected
            await chat.stop()

    asyncio.run(talk())
    assert WRONG_TOKEN not in caplog.text


def test_an_unreachable_discord_may_come_back(handlers, tmp_path):
    async def talk():
        chat = DiscordChat(
            handlers, token=WRONG_TOKEN, sync_file=tmp_path / "commands", api_base="http://127.0.0.1:9/api/v10"
        )
        with pytest.raises(DiscordChatError, match="cannot be reached") as raised:
            await chat.start()
        assert raised.value.can_recover

    asyncio.run(talk())


def test_a_stopped_chat_has_ended_and_can_be_started_again(with_chat):
    async def use(fake, chat, ann):
        ending = asyncio.create_task(chat.ended())
        await chat.stop()
        await asyncio.wait_for(ending, 5)
        assert not chat.is_connected
        await chat.start()
        assert chat.is_connected

    with_chat(use)


def test_an_answer_under_way_is_finished_before_the_chat_leaves(with_chat, service):
    async def use(fake, chat, ann):
        service.takes_s = SLOWLY_S
        exchange = await ann.slash("liq", symbol="BTC")
        await exchange.answer()
        await chat.stop()
        assert names(await exchange.reply()) == ["BTC-all.png"]

    with_chat(use, patience_s=0.0)


def test_an_answer_that_does_not_come_does_not_hold_the_chat_up(with_chat, service, monkeypatch):
    monkeypatch.setattr("bot.chats.discord_chat.chat.STOPPING_S", SLOWLY_S)

    async def use(fake, chat, ann):
        service.takes_s = 3_600.0
        await (await ann.slash("liq", symbol="BTC")).answer()
        await asyncio.wait_for(chat.stop(), 3)

    with_chat(use, patience_s=0.0)


# --- what Discord refuses --------------------------------------------------------------------------------------------


def test_a_missing_permission_is_named(with_chat, service):
    service.takes_s = SLOWLY_S

    async def use(fake, chat, ann):
        ann.channel.denied = ATTACH_FILES
        fake.faults.append(Trouble("PATCH /webhooks/*", refused(403, 50013, "Missing Permissions")))
        said = await (await ann.slash("liq", symbol="BTC")).reply()
        assert "Attach Files" in said.text

    with_chat(use, patience_s=0.0)


@pytest.mark.parametrize(("status", "code"), [(404, 10062), (404, 10008), (404, 10015)])
def test_who_is_gone_is_told_nothing_and_nothing_is_logged_as_a_fault(with_chat, caplog, status, code):
    async def use(fake, chat, ann):
        fake.faults.append(Trouble("POST /interactions/*/callback", refused(status, code, "Unknown")))
        await ann.slash("liq", symbol="BTC")
        await fake.next_call("POST", "/interactions")
        again = await (await ann.slash("zones", symbol="BTC")).reply()
        assert names(again) == ["BTC-all.png"]

    with_chat(use)
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


def test_a_message_deleted_while_it_was_worked_on_is_no_fault(with_chat, service, caplog):
    async def use(fake, chat, ann):
        message = await (await ann.slash("liq", symbol="BTC")).reply()
        service.takes_s = 2 * SLOWLY_S
        await (await ann.press(message, "12h")).answer()
        await fake.world.delete(message)
        await fake.world.until(
            lambda: [call for call in fake.called("PATCH", "/webhooks") if call.status == 404], "edit"
        )
        await _all_answered()

    with_chat(use, patience_s=0.0)
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


def test_members_who_may_manage_messages_delete_what_others_asked(with_chat):
    async def use(fake, chat, ann):
        message = await (await ann.slash("liq", symbol="BTC")).reply()
        ben = fake.user("Ben")
        ann.channel.guild.people[ben.id] = ben
        refusal = await (await fake.seat(ben, ann.channel).press(message, "Delete")).reply()
        assert "Only whoever asked" in refusal.text
        ann.channel.guild.granted[ben.id] = MANAGE_MESSAGES
        await fake.seat(ben, ann.channel).press(message, "Delete")
        await ann.deleted(message)

    with_chat(use)


# --- where it is used ------------------------------------------------------------------------------------------------


def test_it_answers_in_direct_messages_and_where_only_a_person_has_it(with_chat, service):
    async def use(fake, chat, ann):
        for seat in (fake.direct(ann.person), fake.between_people(ann.person)):
            message = await (await seat.slash("liq", symbol="BTC")).reply()
            assert names(message) == ["BTC-all.png"]
        foreign = fake.seat(ann.person, fake.channel(fake.guild("Elsewhere", ann.person, bot_is_in=False)))
        assert names(await (await foreign.slash("liq", symbol="ETH")).reply()) == ["ETH-all.png"]

    with_chat(use)


def test_only_guilds_are_listened_to(with_chat):
    async def use(fake, chat, ann):
        await ann.send("/liq BTC")
        with contextlib.suppress(AssertionError, TimeoutError):
            await ann.next_message(timeout_s=0.1)
        assert ann.messages == []
        (session,) = fake.gateway.alive()
        assert session.intents == 1

    with_chat(use)
