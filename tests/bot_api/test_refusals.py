"""What the Bot API refuses reaches the real client as it would from Telegram."""

import asyncio
import io
import json

import aiohttp
import pytest
from PIL import Image
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, InlineQueryResultArticle, InputTextMessageContent
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, TelegramError
from telegram.ext import CallbackQueryHandler, InlineQueryHandler

from tests.bot_api.client import bot_of, with_bot, with_handlers


def picture(width: int, height: int) -> bytes:
    out = io.BytesIO()
    Image.new("L", (width, height)).save(out, "PNG")
    return out.getvalue()


def refused(call, expected: type[Exception], words: str = "") -> None:
    """The call fails in this way for a chat that is open."""

    async def talk(api, bot) -> None:
        ann = api.user().private
        ann.send("/start")
        with pytest.raises(expected, match=words):
            await call(bot, ann.room.id)
        assert ann.messages == []

    with_bot(talk)


def buttons(*rows: list[str]) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[InlineKeyboardButton(data[:5], callback_data=data) for data in row] for row in rows])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"text": "a" * 4_097}, "message is too long"),
        ({"text": "😀" * 2_049}, "message is too long"),
        ({"text": "<b></b> ", "parse_mode": "HTML"}, "message text is empty"),
        ({"text": "a < b <c", "parse_mode": "HTML"}, "can't parse entities"),
        ({"text": "70.000", "parse_mode": "MarkdownV2"}, r"can't parse entities: character '\.' is reserved"),
        ({"text": "x", "reply_markup": buttons(["é" * 33])}, "BUTTON_DATA_INVALID"),
        ({"text": "x", "reply_markup": buttons(["a"] * 9)}, "reply markup is too long"),
        ({"text": "x", "reply_markup": buttons(*[["a"] * 8] * 13)}, "reply markup is too long"),
        ({"text": "x", "reply_markup": InlineKeyboardMarkup([[InlineKeyboardButton("a")]])}, "Text buttons"),
        ({"text": "x", "message_thread_id": 99}, "message thread not found"),
        ({"text": "x", "reply_to_message_id": 99}, "message to be replied not found"),
    ],
)
def test_a_text_that_breaks_a_rule_is_refused(options, words) -> None:
    refused(lambda bot, chat_id: bot.send_message(chat_id, **options), BadRequest, f"(?i){words}")


def test_limits_count_what_is_left_of_the_text_after_parsing() -> None:
    async def talk(api, bot) -> None:
        ann = api.user().private
        ann.send("/start")
        await bot.send_message(ann.room.id, "<b>" + "a" * 4_096 + "</b>", parse_mode="HTML")
        await bot.send_message(ann.room.id, "😀" * 2_048)
        await bot.send_photo(ann.room.id, picture(10, 10), caption="<i>" + "a" * 1_024 + "</i>", parse_mode="HTML")
        assert len(ann.messages) == 3

    with_bot(talk)


@pytest.mark.parametrize(
    ("photo", "options", "words"),
    [
        (picture(10, 10), {"caption": "a" * 1_025}, "caption is too long"),
        (picture(9_000, 1_001), {}, "PHOTO_INVALID_DIMENSIONS"),
        (picture(210, 10), {}, "PHOTO_INVALID_DIMENSIONS"),
        (b"no picture", {}, "IMAGE_PROCESS_FAILED"),
        (picture(10, 10) + bytes(10 * 1024**2), {}, "too big for a photo; the maximum size is 10485760 bytes"),
        ("AgACAgQAAxkBAAIunknown", {}, "wrong file identifier"),
    ],
    ids=["caption", "sum of sides", "ratio", "no picture", "bytes", "file_id"],
)
def test_a_photo_that_breaks_a_rule_is_refused(photo, options, words) -> None:
    refused(lambda bot, chat_id: bot.send_photo(chat_id, photo, **options), BadRequest, f"(?i){words}")


def test_a_documents_id_is_no_photos_id() -> None:
    async def talk(api, bot) -> None:
        ann = api.user().private
        ann.send("/start")
        sent = await bot.send_document(ann.room.id, b"text", filename="a.txt")
        with pytest.raises(BadRequest, match=r"(?i)can't use file of type document as photo"):
            await bot.send_photo(ann.room.id, sent.document.file_id)

    with_bot(talk)


def test_edits_are_refused_where_nothing_changes_or_nothing_is() -> None:
    async def talk(api, bot) -> None:
        ann = api.user().private
        asked = ann.send("/start")
        sent = await bot.send_message(ann.room.id, "x", reply_markup=buttons(["a"]))
        place = {"chat_id": ann.room.id, "message_id": sent.message_id}
        with pytest.raises(BadRequest, match="Message is not modified"):
            await bot.edit_message_text("<b></b>x", parse_mode="HTML", reply_markup=buttons(["a"]), **place)
        with pytest.raises(BadRequest, match=r"(?i)there is no caption in the message"):
            await bot.edit_message_caption(caption="y", **place)
        with pytest.raises(BadRequest, match=r"(?i)message can't be edited"):
            await bot.edit_message_text("y", ann.room.id, asked.id)
        await bot.edit_message_text("x", **place)  # the keyboard goes: that is a change
        assert (await ann.next_message()).buttons == ()
        await bot.delete_message(**place)
        with pytest.raises(BadRequest, match=r"(?i)message to edit not found"):
            await bot.edit_message_text("y", **place)
        with pytest.raises(BadRequest, match=r"(?i)message to delete not found"):
            await bot.delete_message(**place)

    with_bot(talk)


def test_who_cannot_be_reached_is_told_apart() -> None:
    async def talk(api, bot) -> None:
        ann, ben, eve = api.user("Ann"), api.user("Ben"), api.user("Eve")
        group = api.group("Traders", ben)
        with pytest.raises(BadRequest, match=r"(?i)chat not found"):
            await bot.send_message(ann.id, "x")
        with pytest.raises(Forbidden, match="can't initiate conversation"):
            await bot.send_message(ben.id, "x")
        with pytest.raises(Forbidden, match="bot is not a member of the supergroup chat"):
            await bot.send_message(group.id, "x")
        group.add_bot(by=ben)
        await bot.send_message(group.id, "x")
        group.kick_bot(by=ben)
        with pytest.raises(Forbidden, match="bot was kicked from the supergroup chat"):
            await bot.send_message(group.id, "x")
        ann.private.send("/start")
        ann.block()
        with pytest.raises(Forbidden, match="bot was blocked by the user"):
            await bot.send_message(ann.id, "x")
        ann.private.send("/start")
        await bot.send_message(ann.id, "x")
        eve.private.send("/start")
        eve.deactivate()
        with pytest.raises(Forbidden, match="user is deactivated"):
            await bot.send_message(eve.id, "x")
        changes = [update.my_chat_member for update in await bot.get_updates() if update.my_chat_member]
        assert [change.new_chat_member.status for change in changes] == ["member", "kicked", "kicked"]

    with_bot(talk)


def test_an_upgraded_group_tells_its_new_id() -> None:
    async def talk(api, bot) -> None:
        ann = api.user()
        group = api.group("Traders", ann, kind="group")
        group.add_bot(by=ann)
        upgraded = group.upgrade(by=ann)
        with pytest.raises(ChatMigrated) as migrated:
            await bot.send_message(group.id, "x")
        assert migrated.value.new_chat_id == upgraded.id
        await bot.send_message(upgraded.id, "x")
        moved = [update.message.migrate_to_chat_id for update in await bot.get_updates() if update.message]
        assert upgraded.id in moved

    with_bot(talk)


def test_tokens_are_checked() -> None:
    async def talk(api, bot) -> None:
        unknown = api.token[:-1] + "1"
        for token, status in ((unknown, 401), ("1:short", 404)):
            rejected = bot_of(api, token)
            with pytest.raises(InvalidToken):
                await rejected.initialize()
            await rejected.shutdown()
            async with aiohttp.ClientSession() as session, session.get(f"{api.base_url}{token}/getMe") as answer:
                assert answer.status == status
        ann = api.user().private
        ann.send("/start")
        sent = await bot.send_document(ann.room.id, b"text", filename="a.txt")
        path = (await bot.get_file(sent.document.file_id)).file_path
        async with aiohttp.ClientSession() as session, session.get(path.replace(api.token, unknown)) as answer:
            assert answer.status == 404

    with_bot(talk)


def test_a_callback_is_answered_once_and_in_time() -> None:
    problems = []

    async def pressed(update, context):
        if update.callback_query.data == "late":
            context.bot_data["api"].skip(20)
        for _ in range(2):
            try:
                await update.callback_query.answer("ok")
            except BadRequest as error:
                problems.append(error.message)

    async def talk(api) -> None:
        ann = api.user().private
        ann.send("/start")
        async with bot_of(api) as bot:
            await bot.send_message(ann.room.id, "x", reply_markup=buttons(["once"]))
        message = await ann.next_message()
        assert (await ann.press(message, "once").answer()).text == "ok"
        await api.world.until(lambda: len(problems) == 1, "second answer")
        assert "Query is too old" in problems[0]
        with pytest.raises(LookupError, match="no button 'twice'"):
            ann.press(message, "twice")

    with_handlers((CallbackQueryHandler(pressed),), talk)


def test_a_callback_is_too_old_after_a_while() -> None:
    async def talk(api, bot) -> None:
        ann = api.user().private
        ann.send("/start")
        await bot.send_message(ann.room.id, "x", reply_markup=buttons(["late"]))
        ann.press(await ann.next_message(), "late")
        query = (await bot.get_updates())[-1].callback_query
        api.skip(20)
        with pytest.raises(BadRequest, match=r"(?i)query is too old"):
            await query.answer()

    with_bot(talk)


@pytest.mark.parametrize(
    ("results", "words"),
    [
        ([{"type": "article", "id": str(number)} for number in range(51)], "RESULTS_TOO_MUCH"),
        ([{"type": "photo", "id": "a", "photo_url": "no address"}], "photo_url"),
        ([{"type": "photo", "id": "a", "photo_file_id": "unknown"}], "wrong file identifier"),
        ([{"type": "article", "id": "a"}], "input_message_content"),
        ([{"type": "article", "id": "é" * 33}], "RESULT_ID_INVALID"),
        ([{"type": "article", "id": "a"}] * 2, "RESULT_ID_DUPLICATE"),
    ],
)
def test_inline_results_that_break_a_rule_are_refused(results, words) -> None:
    async def talk(api, bot) -> None:
        api.user().inline("btc")
        query = (await bot.get_updates())[-1].inline_query
        parameters = {"inline_query_id": query.id, "results": json.dumps(results)}
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{api.base_url}{api.token}/answerInlineQuery", data=parameters) as answer,
        ):
            assert answer.status == 400
            assert words in (await answer.json())["description"]

    with_bot(talk)


def test_an_inline_query_too_is_answered_once() -> None:
    problems = []

    async def offer(update, context):
        results = [InlineQueryResultArticle("a", "title", InputTextMessageContent("x"))]
        await update.inline_query.answer(results)
        with pytest.raises(BadRequest) as again:
            await update.inline_query.answer(results)
        problems.append(again.value.message)

    async def talk(api) -> None:
        question = api.user().inline("btc")
        assert len(await question.results()) == 1
        await api.world.until(lambda: problems, "second answer")

    with_handlers((InlineQueryHandler(offer),), talk)


def test_what_is_not_served_is_said() -> None:
    async def talk(api, bot) -> None:
        with pytest.raises(TelegramError, match=r"sendPoll.*not found|Not Found"):
            await bot.send_poll(api.user().id, "?", ["a", "b"])
        await asyncio.sleep(0)
        assert api.called("sendPoll")[0].refused.code == 404

    with_bot(talk)
