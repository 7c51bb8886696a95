"""Telegram: what people write in private chats, groups and topics, and what they get back."""

from __future__ import annotations

import asyncio

import pytest
from limits import RateLimitItemPerSecond

from bot.chats.telegram_chat.commands import COMMANDS, LANGUAGES, PRIVATE_ONLY
from bot.cooldown import Cooldown
from bot.requests import Level, Liq, Maps, Questions, Zones
from engine.windows import window_named
from tests.bot.telegram_talk import Service, chat_of, picture, with_chat
from tests.bot_api.entities import units
from tests.bot_api.faults import Fault, refused

LABELS = [["12h", "24h", "3d", "1w"], ["M1", "M2", "• All", "4 maps"], ["Zones", "Questions", "Level…"]]


def labels(message) -> list[list[str]]:
    return [[button.text for button in row] for row in message.rows]


# --- private chats ---------------------------------------------------------------------------------------------------


def test_a_question_is_answered_with_one_picture_its_caption_and_buttons() -> None:
    async def talk(world) -> None:
        ann = world.api.user("Ann").private
        ann.send("/liq BTC")
        reply = await ann.next_message()
        assert reply.media.source == picture(f"{Liq(symbol='BTC')} False 0")
        assert reply.text.startswith("BTC 70,412 · Binance + Bybit perps, recorded\n14 Mar 2026 23:55 UTC")
        assert "▲ 71,950-72,300 · +2.2 % · score 81" in reply.text
        assert reply.text.endswith("Modelled estimate, not real positions, not advice.")
        assert {"bold", "italic", "expandable_blockquote"} <= reply.kinds
        assert units(reply.text) <= 1_024
        assert labels(reply)[:3] == LABELS
        assert reply.reply_to is None
        assert len(world.api.sent) == 1

    with_chat(talk)


def test_a_link_without_a_command_of_ours_is_welcomed() -> None:
    async def talk(world) -> None:
        ann = world.api.user("Ann").private
        ann.send("/start foo")
        assert (await ann.next_message()).text.startswith("Fathom reads liquidation maps")

    with_chat(talk)


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("/liq 12h eth", Liq(symbol="ETH", window=window_named("12h"))),
        ("/level BTC 68.5k", Level(symbol="BTC", price=68_500.0)),
        ("/maps@fathom_test_bot sol", Maps(symbol="SOL")),
        ("/zones btc", Zones(symbol="BTC")),
        ("/questions btc", Questions(symbol="BTC")),
        ("is 70k a magnet for btc?", Level(symbol="BTC", price=70_000.0)),
        ("/start liq_BTC_12h", Liq(symbol="BTC", window=window_named("12h"))),
        ("/start level_BTC_68500", Level(symbol="BTC", price=68_500.0)),
        ("/start level_SOL_87-99", Level(symbol="SOL", price=87.99)),
    ],
)
def test_commands_free_text_and_deep_links_ask_the_same_handlers(text, asked) -> None:
    async def talk(world) -> None:
        ann = world.api.user("Ann").private
        ann.send(text)
        await ann.next_message()
        assert [order.request for order in world.service.orders] == [asked]

    with_chat(talk)


def test_what_needs_no_picture_is_text_without_previews() -> None:
    async def talk(world) -> None:
        ann = world.api.user("Ann").private
        for text, opening in (("/help", "Fathom reads liquidation maps"), ("/models", "M1 High leverage")):
            ann.send(text)
            reply = await ann.next_message()
            assert reply.text.startswith(opening)
            assert reply.media is None
        for call in world.api.called("sendMessage"):
            assert call.parameters.structure("link_preview_options") == {"is_disabled": True}

    with_chat(talk)


def test_start_welcomes_with_three_examples_that_are_answered_below() -> None:
    async def talk(world) -> None:
        ann = world.api.user("Ann").private
        ann.send("/start")
        welcome = await ann.next_message()
        assert welcome.text.startswith("Fathom reads liquidation maps")
        assert labels(welcome) == [["BTC", "ETH 12h", "4 maps BTC"]]
        for label, asked in (("BTC", Liq(symbol="BTC")), ("4 maps BTC", Maps(symbol="BTC"))):
            await ann.press(welcome, label).answer()
            reply = await ann.next_message()
            assert reply.media is not None
            assert world.service.orders[-1].request == asked
        assert welcome.past == []

    with_chat(talk)


def test_a_conversation_goes_on_about_its_symbol_and_another_chat_has_its_own() -> None:
    async def talk(world) -> None:
        ann, ben = world.api.user("Ann").private, world.api.user("Ben").private
        ann.send("/liq eth")
        await ann.next_message()
        ann.send("/zones")
        ben.send("/zones")
        assert (await ann.next_message()).text.startswith("ETH")
        assert "Which symbol?" in (await ben.next_message()).text

    with_chat(talk)


def test_many_people_at_once_get_each_their_own_answer() -> None:
    async def talk(world) -> None:
        people = [world.api.user(f"Ann {number}").private for number in range(20)]
        for number, seat in enumerate(people):
            seat.send(f"/level btc {60_000 + 100 * number}")
        for number, seat in enumerate(people):
            assert f"{60_000 + 100 * number:,}" in (await seat.next_message()).text
        assert len(world.api.sent) == 20

    with_chat(talk)


def test_an_equal_picture_is_uploaded_once_however_many_ask_at_once() -> None:
    async def talk(world) -> None:
        people = [world.api.user(f"Ann {number}").private for number in range(6)]
        for seat in people:
            seat.send("/liq btc")
        media = {id((await seat.next_message()).media) for seat in people}
        assert len(media) == 1
        uploads = [call for call in world.api.called("sendPhoto") if call.parameters.files]
        assert len(uploads) == 1

    with_chat(talk)


def test_a_picture_that_telegram_forgot_is_uploaded_again() -> None:
    async def talk(world) -> None:
        ann = world.api.user("Ann").private
        ann.send("/liq btc")
        await ann.next_message()
        world.api.world.files._media.clear()
        ann.send("/liq btc")
        assert (await ann.next_message()).media.source == picture(f"{Liq(symbol='BTC')} False 0")

    with_chat(talk)


def test_a_slow_answer_shows_that_it_is_worked_on_and_a_ready_one_does_not() -> None:
    service = Service()

    async def talk(world) -> None:
        ann = world.api.user("Ann").private
        ann.send("/liq btc")
        await ann.next_message()
        assert world.api.called("sendChatAction") == []
        service.gate = asyncio.Event()
        ann.send("/liq eth")
        shown = await world.api.next_call("sendChatAction")
        assert shown.parameters["action"] == "upload_photo"
        ann.send("/questions eth")
        assert (await world.api.next_call("sendChatAction", after=1)).parameters["action"] == "typing"
        service.gate.set()
        await ann.next_message()
        await ann.next_message()
        assert len(world.api.sent) == 3

    with_chat(talk, service)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("<b>bold</b> & <a href='tg://x'>", "Try: /liq BTC"),
        ("🚀" * 2_000, "characters; "),
        ("btc\x00\u202e\u200b12h", "BTC 70,412"),
        ("/nosuch btc", "There is no command /nosuch."),
        ("&lt;script&gt; </blockquote>", "Try: /liq BTC"),
        ("*" * 4_096, "characters; "),
    ],
)
def test_hostile_text_gets_a_clear_reply(text, told) -> None:
    async def talk(world) -> None:
        ann = world.api.user("Ann").private
        ann.send(text)
        reply = await ann.next_message()
        assert told in reply.text
        assert not {"bold", "text_link", "blockquote"} & reply.kinds or reply.media is not None

    with_chat(talk)


# --- groups ----------------------------------------------------------------------------------------------------------


def test_in_a_group_commands_mentions_and_replies_are_heard_and_nothing_else() -> None:
    async def talk(world) -> None:
        ann, ben = world.api.user("Ann"), world.api.user("Ben")
        group = world.api.group("Traders", ann, ben)
        group.add_bot(by=ann, status="administrator")
        seat = group.seat(ann)
        seat.send("liq btc")
        seat.send("/liq@another_bot btc")
        asked = seat.send("/liq@fathom_test_bot btc")
        first = await seat.next_message()
        assert first.reply_to is asked
        group.seat(ben).send("what about 𝐞𝐭𝐡 @Fathom_Test_Bot 12h ?")
        assert (await seat.next_message()).text.startswith("ETH")
        group.seat(ben).send("sol", reply_to=first)
        assert (await seat.next_message()).text.startswith("SOL")
        seat.send("@fathom_test_bot")
        assert (await seat.next_message()).text.startswith("Fathom reads")
        assert len(world.api.sent) == 4

    with_chat(talk)


def test_answers_stay_in_their_topic() -> None:
    async def talk(world) -> None:
        ann = world.api.user("Ann")
        forum = world.api.group("Traders", ann, forum=True)
        forum.add_bot(by=ann)
        seat = forum.seat(ann).within(forum.topic("BTC"))
        seat.send("/liq BTC")
        reply = await seat.next_message()
        assert reply.thread_id == seat.thread_id
        await seat.press(reply, "Questions").answer()
        assert (await seat.next_message()).thread_id == seat.thread_id

    with_chat(talk)


def test_a_group_is_a_community_with_a_limit_of_its_own() -> None:
    service = Service()
    service.is_ready = lambda order: False

    async def talk(world) -> None:
        ann, ben = world.api.user("Ann"), world.api.user("Ben")
        group = world.api.group("Traders", ann, ben)
        group.add_bot(by=ann)
        seat = group.seat(ann)
        seat.send("/liq btc")
        await seat.next_message()
        group.seat(ben).send("/liq eth")
        assert "This community asked a lot" in (await seat.next_message()).text
        alone = ben.private
        alone.send("/liq eth")
        assert (await alone.next_message()).media is not None

    cooldown = Cooldown(RateLimitItemPerSecond(5, 60), RateLimitItemPerSecond(1, 60))
    with_chat(talk, service, cooldown=cooldown)


def test_a_group_that_takes_no_photos_gets_the_words() -> None:
    async def talk(world) -> None:
        ann = world.api.user("Ann")
        group = world.api.group("Traders", ann)
        group.add_bot(by=ann)
        seat = group.seat(ann)
        world.api.faults.append(
            Fault("sendPhoto", refused(400, "Bad Request: not enough rights to send photos to the chat"))
        )
        seat.send("/liq btc")
        reply = await seat.next_message()
        assert reply.media is None
        assert reply.text.startswith("BTC 70,412")
        assert labels(reply)[:3] == LABELS

    with_chat(talk)


# --- the listed commands ---------------------------------------------------------------------------------------------


def test_commands_are_listed_by_kind_of_chat_and_language_and_only_when_they_changed() -> None:
    async def talk(world) -> None:
        listed = world.api.called("setMyCommands")
        assert len(listed) == 2 * len(LANGUAGES)
        again = chat_of(world.api, world.service)
        await world.chat.stop()
        await again.start()
        await again.stop()
        assert world.api.called("setMyCommands") == listed
        lists = world.api.profile.commands
        private = {row["command"] for row in lists['{"type": "all_private_chats"}', "de"]}
        group = {row["command"] for row in lists['{"type": "all_group_chats"}', ""]}
        assert private == set(COMMANDS)
        assert group == private - PRIVATE_ONLY

    with_chat(talk)


def test_every_listed_command_says_what_it_is_for_in_every_language() -> None:
    for meanings in COMMANDS.values():
        assert len(meanings) == len(LANGUAGES)
        assert all(3 <= len(meaning) <= 256 for meaning in meanings)
