"""Telegram: buttons edit in place, ask for a price, send files, delete."""

from __future__ import annotations

import asyncio

import pytest

from bot.chats.telegram_chat.pressing import NOT_YOURS, STILL_WORKING, TOO_OLD
from bot.presses import Press, encoded
from bot.replies import Fault
from bot.requests import Change, Level, Liq, Settings
from bot.service.service import BusyError
from engine.windows import window_named
from tests.bot.telegram_talk import Service, Wished, picture, with_chat
from tests.bot_api.editing import NOT_MODIFIED
from tests.bot_api.faults import Fault as WireFault
from tests.bot_api.faults import refused
from tests.bot_api.keyboards import Button

M1_12H = Liq(symbol="BTC", model="M1", window=window_named("12h"))


def methods(api) -> list[str]:
    passed_over = ("getMe", "getMyCommands", "setMyCommands", "deleteWebhook", "sendChatAction")
    return [call.method for call in api.calls if call.method not in passed_over]


async def asked(world, text="/liq btc", user="Ann"):
    seat = world.api.user(user).private
    seat.send(text)
    return seat, await seat.next_message()


def test_a_press_is_answered_first_and_then_shown_in_place() -> None:
    async def talk(world) -> None:
        ann, reply = await asked(world)
        notice = await ann.press(reply, "12h").answer()
        await ann.edited(reply)
        assert (notice.text, notice.alert) == ("", False)
        assert reply.media.source == picture(f"{M1_12H} False 0")
        assert [button.text for button in reply.rows[0]] == ["• 12h", "24h", "3d", "1w"]
        assert methods(world.api) == ["sendPhoto", "answerCallbackQuery", "editMessageMedia"]
        assert len(world.api.sent) == 1

    with_chat(talk)


def test_a_window_and_back_uploads_nothing_twice() -> None:
    async def talk(world) -> None:
        ann, reply = await asked(world)
        for times, label in enumerate(("12h", "All", "12h"), 1):
            await ann.press(reply, label).answer()
            await ann.edited(reply, times)
        edits = [bool(call.parameters.files) for call in world.api.called("editMessageMedia")]
        assert edits == [True, False, False]

    with_chat(talk)


def test_nothing_new_is_said_and_nothing_is_edited() -> None:
    async def talk(world) -> None:
        ann, reply = await asked(world)
        notice = await ann.press(reply, "Refresh").answer()
        assert notice.text == "Nothing new yet: the answer is still the same."
        assert reply.past == []
        world.service.bar = 1
        await ann.press(reply, "Refresh").answer()
        await ann.edited(reply)
        assert reply.media.source.endswith(b"False 1")
        words, text = await asked(world, "/questions btc", "Ben")
        assert (await words.press(text, "Refresh").answer()).text.startswith("Nothing new yet")
        assert len(world.api.called("editMessageText")) == 0

    with_chat(talk)


def test_an_edit_that_changes_nothing_after_all_is_no_fault(caplog) -> None:
    async def talk(world) -> None:
        ann, reply = await asked(world)
        world.service.bar = 1
        world.api.faults.append(WireFault("editMessageMedia", refused(400, f"Bad Request: {NOT_MODIFIED}")))
        await ann.press(reply, "Refresh").answer()
        await world.api.next_call("editMessageMedia")
        await ann.press(reply, "12h").answer()
        await ann.edited(reply)
        assert len(world.api.sent) == 1

    with_chat(talk)
    assert [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")] == []


def test_text_becomes_a_picture_in_place_and_a_picture_keeps_its_place_when_text_is_asked() -> None:
    async def talk(world) -> None:
        ann, text = await asked(world, "/questions btc")
        await ann.press(text, "12h").answer()
        await ann.edited(text)
        assert text.media.source == picture(f"{M1_12H} False 0")
        await ann.press(text, "Questions").answer()
        below = await ann.next_message()
        assert below.text.startswith("BTC 70,412")
        assert below.media is None
        assert below.reply_to is text
        assert len(text.past) == 1

    with_chat(talk)


def test_what_does_not_fit_into_a_caption_comes_as_text_in_full() -> None:
    async def talk(world) -> None:
        ann, reply = await asked(world, "/zones btc")
        assert "Market structure" not in reply.text
        await ann.press(reply, "Full text").answer()
        full = await ann.next_message()
        assert full.reply_to is reply
        assert full.text.count("Market structure") == 3
        assert [button.text for button in full.buttons] == ["Delete"]
        await ann.press(full, "Delete").answer()
        await ann.deleted(full)

    with_chat(talk)


def test_the_picture_in_full_size_comes_as_a_file_byte_for_byte() -> None:
    async def talk(world) -> None:
        ann, reply = await asked(world)
        await ann.press(reply, "HD").answer()
        file = await ann.next_message()
        assert file.media.kind == "document"
        assert file.media.source == picture(f"{Liq(symbol='BTC')} True 0", 128)
        assert file.media.name.endswith(".png")
        assert file.reply_to is reply
        assert file.text == ""

    with_chat(talk)


def test_a_double_click_is_answered_once() -> None:
    service = Service()

    async def talk(world) -> None:
        ann, reply = await asked(world)
        service.gate = asyncio.Event()
        first = ann.press(reply, "12h")
        await world.api.world.until(lambda: len(service.orders) == 2, "second order")
        assert (await ann.press(reply, "12h").answer()).text == STILL_WORKING
        service.gate.set()
        await first.answer()
        await ann.edited(reply)
        assert len(service.orders) == 2
        assert len(world.api.called("editMessageMedia")) == 1

    with_chat(talk, service)


def test_a_brief_fault_is_a_notice_and_the_message_stays() -> None:
    service = Service()

    async def talk(world) -> None:
        ann, reply = await asked(world)
        service.error = BusyError(64, 10)
        notice = await ann.press(reply, "12h").answer()
        assert (notice.text, notice.alert) == ("64 questions are ahead of yours. Ask again in about 10 s.", False)
        service.error, service.fault = None, Fault(text="No venue answers. " * 30)
        notice = await ann.press(reply, "24h").answer()
        assert notice.alert
        assert notice.text.endswith("…")
        assert reply.past == []
        assert len(world.api.sent) == 1

    with_chat(talk, service)


def test_a_late_fault_comes_as_a_message_below() -> None:
    service = Service()

    async def talk(world) -> None:
        ann, reply = await asked(world)
        service.gate, service.error = asyncio.Event(), BusyError(64, 10)
        assert (await ann.press(reply, "12h").answer()).text == ""
        service.gate.set()
        told = await ann.next_message()
        assert "64 questions are ahead of yours" in told.text
        assert told.reply_to is reply

    with_chat(talk, service)


def test_a_message_deleted_meanwhile_is_sent_anew() -> None:
    service = Service()

    async def talk(world) -> None:
        ann, reply = await asked(world)
        service.gate = asyncio.Event()
        pressed = ann.press(reply, "12h")
        await world.api.world.until(lambda: len(service.orders) == 2, "second order")
        reply.deleted = True
        service.gate.set()
        await pressed.answer()
        assert (await ann.next_message()).media.source == picture(f"{M1_12H} False 0")

    with_chat(talk, service)


@pytest.mark.parametrize("data", ["0|l|BTC||||", "garbage", "+1|l|", "=", "1|l|BTC|M1|7y||"])
def test_an_old_button_says_so(data) -> None:
    async def talk(world) -> None:
        ann, reply = await asked(world)
        notice = await ann.press_data(reply, Button("old", data, None, {})).answer()
        assert notice.text.startswith("That button is from another version.")

    with_chat(talk)


# --- a price asked for -----------------------------------------------------------------------------------------------


def test_level_asks_for_a_price_and_the_answer_to_it_is_a_question_about_that_level() -> None:
    async def talk(world) -> None:
        ann, reply = await asked(world, "/liq eth")
        await ann.press(reply, "Level…").answer()
        prompt = await ann.next_message()
        assert prompt.text.startswith("Which price of ETH?")
        assert prompt.content.markup == {"force_reply": True, "selective": True, "input_field_placeholder": "68.5k"}
        ann.send("3.2k", reply_to=prompt)
        assert (await ann.next_message()).media is not None
        assert world.service.orders[-1].request == Level(symbol="ETH", price=3_200.0)
        ann.send("/liq sol", reply_to=prompt)
        await ann.next_message()
        assert world.service.orders[-1].request == Liq(symbol="SOL")

    with_chat(talk)


def test_a_price_asked_for_at_one_venue_is_asked_there() -> None:
    async def talk(world) -> None:
        ann, reply = await asked(world)
        press = Press(verb="level", request=Liq(symbol="BTC", venue="okx"))
        await ann.press_data(reply, Button("Level…", encoded(press), None, {})).answer()
        prompt = await ann.next_message()
        assert prompt.text.startswith("Which price of BTC on okx?")
        ann.send("68.5k", reply_to=prompt)
        await ann.next_message()
        assert world.service.orders[-1].request == Level(symbol="BTC", price=68_500.0, venue="okx")

    with_chat(talk)


def test_in_a_group_the_prompt_names_who_pressed() -> None:
    async def talk(world) -> None:
        ann, ben = world.api.user("Ann"), world.api.user("<Ben>")
        group = world.api.group("Traders", ann, ben)
        group.add_bot(by=ann)
        seat = group.seat(ben)
        group.seat(ann).send("/liq eth")
        await seat.press(await seat.next_message(), "Level…").answer()
        prompt = await seat.next_message()
        assert prompt.text.startswith("<Ben>, which price of ETH?")
        seat.send("3,200", reply_to=prompt)
        await seat.next_message()
        assert world.service.orders[-1].request == Level(symbol="ETH", price=3_200.0)

    with_chat(talk)


# --- deleting --------------------------------------------------------------------------------------------------------


def test_who_asked_and_admins_may_delete_and_nobody_else() -> None:
    async def talk(world) -> None:
        ann, ben, zoe = world.api.user("Ann"), world.api.user("Ben"), world.api.user("Zoe")
        group = world.api.group("Traders", ann, ben, zoe)
        group.add_bot(by=ann)
        seat = group.seat(ben)
        replies = []
        for text in ("/liq btc", "/liq eth"):
            seat.send(text)
            replies.append(await seat.next_message())
        assert (await group.seat(zoe).press(replies[0], "Delete").answer()).text == NOT_YOURS
        assert not replies[0].deleted
        assert (await seat.press(replies[0], "Delete").answer()).text == ""
        await seat.deleted(replies[0])
        await group.seat(ann).press(replies[1], "Delete").answer()
        await seat.deleted(replies[1])

    with_chat(talk)


def test_what_is_too_old_to_be_deleted_is_told() -> None:
    async def talk(world) -> None:
        ann = world.api.user("Ann")
        group = world.api.group("Traders", ann)
        group.add_bot(by=ann)
        seat = group.seat(ann)
        seat.send("/liq btc")
        reply = await seat.next_message()
        world.api.skip(49 * 3_600)
        assert (await seat.press(reply, "Delete").answer()).text == TOO_OLD

    with_chat(talk)


# --- settings --------------------------------------------------------------------------------------------------------


def test_only_an_admin_changes_what_counts_for_a_group_and_telegram_is_asked_only_then() -> None:
    kept = Wished()
    light = Settings(changes=(Change("theme", "light"),), scope="chat")

    async def talk(world) -> None:
        ann, ben = world.api.user("Ann"), world.api.user("Ben")
        group = world.api.group("Traders", ann, ben)
        group.add_bot(by=ann)
        seat = group.seat(ann)
        seat.send("/help")
        message = await seat.next_message()
        assert world.api.called("getChatMember") == []
        for user, told in ((ben, "Only who may manage this chat"), (ann, "")):
            press = Press(verb="ask", request=light, asker=user.id)
            notice = await group.seat(user).press_data(message, Button("light", encoded(press), None, {})).answer()
            assert notice.text.startswith(told)
        await seat.edited(message)
        assert kept.changes == [Change("theme", "light")]
        assert (await group.seat(ben).press_data(message, Button("x", encoded(press), None, {})).answer()).text == (
            "That button is for who asked. Try: /settings, /liq BTC."
        )

    with_chat(talk, preferences=kept)


def test_who_writes_about_settings_in_a_group_comes_with_their_rights() -> None:
    kept = Wished()

    async def talk(world) -> None:
        ann, ben = world.api.user("Ann"), world.api.user("Ben")
        group = world.api.group("Traders", ann, ben)
        group.add_bot(by=ann)
        for user, text in ((ann, "/settings"), (ben, "/settings"), (ann, "/liq btc")):
            seat = group.seat(user)
            seat.send(text)
            await seat.next_message()
        assert [place.may_configure for place in kept.places] == [True, False, False]

    with_chat(talk, preferences=kept)


def test_a_press_too_old_to_be_answered_is_done_all_the_same() -> None:
    async def talk(world) -> None:
        ann, reply = await asked(world)
        pressed = ann.press(reply, "12h")
        world.api.skip(60)
        await ann.edited(reply)
        assert pressed.query.answer is None

    with_chat(talk)
