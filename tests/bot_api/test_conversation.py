"""The real python-telegram-bot talks to the people of the emulator."""

import io

from PIL import Image
from telegram import (
    BotCommand,
    BotCommandScopeAllGroupChats,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResultArticle,
    InlineQueryResultCachedPhoto,
    InputMediaPhoto,
    InputTextMessageContent,
)
from telegram.constants import ChatAction, ParseMode
from telegram.ext import (
    CallbackQueryHandler,
    ChosenInlineResultHandler,
    CommandHandler,
    InlineQueryHandler,
    MessageHandler,
    filters,
)

from tests.bot_api.client import with_bot, with_handlers


def picture(width=640, height=480, shade=40) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), (shade, 90, 160)).save(out, "PNG")
    return out.getvalue()


def keyboard(*labels: str) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[InlineKeyboardButton(label, callback_data=f"w:{label}") for label in labels]])


async def answer_command(update, context):
    await update.effective_chat.send_action(ChatAction.TYPING)
    await update.effective_message.reply_html(
        f"<b>{context.args[0]}</b> &amp; more", reply_markup=keyboard("12h", "24h"), do_quote=True
    )


async def change_window(update, context):
    await update.callback_query.answer(f"now {update.callback_query.data}")
    await update.callback_query.edit_message_text("changed", reply_markup=keyboard("12h"))


HANDLERS = (CommandHandler("liq", answer_command), CallbackQueryHandler(change_window))


def test_a_command_is_answered_with_a_keyboard_that_can_be_pressed() -> None:
    async def talk(api) -> None:
        ann = api.user("Ann").private
        asked = ann.send("/liq BTC")
        reply = await ann.next_message()
        assert reply.text == "BTC & more"
        assert [entity.payload() for entity in reply.content.formatted.entities] == [
            {"type": "bold", "offset": 0, "length": 3}
        ]
        assert reply.reply_to is asked
        assert [[button.text for button in row] for row in reply.rows] == [["12h", "24h"]]
        notice = await ann.press(reply, "24h").answer()
        assert (notice.text, notice.alert) == ("now w:24h", False)
        await ann.edited(reply)
        assert reply.text == "changed"
        assert [button.text for button in reply.buttons] == ["12h"]
        assert [call.method for call in api.calls if call.method != "getMe"] == [
            "deleteWebhook",
            "sendChatAction",
            "sendMessage",
            "answerCallbackQuery",
            "editMessageText",
        ]
        assert api.calls == sorted(api.calls, key=lambda call: call.at)

    with_handlers(HANDLERS, talk)


def test_in_a_group_only_what_is_for_the_bot_reaches_it() -> None:
    heard = []

    async def hear(update, context):
        heard.append(update.effective_message.text)

    async def talk(api) -> None:
        ann = api.user("Ann")
        group = api.group("Traders", ann)
        group.add_bot(by=ann)
        seat = group.seat(ann)
        seat.send("hello all")
        seat.send("/liq@another_bot BTC")
        seat.send("/liq BTC")
        reply = await seat.next_message()
        seat.send("what about @fathom_test_bot here")
        seat.send("and this", reply_to=reply)
        seat.send("nor this")
        group.add_bot(by=ann, status="administrator")
        seat.send("all of it now")
        await api.world.until(lambda: "all of it now" in heard, "last message")
        assert heard == ["what about @fathom_test_bot here", "and this", "all of it now"]

    with_handlers((*HANDLERS, MessageHandler(filters.TEXT & ~filters.COMMAND, hear)), talk)


def test_a_reply_stays_in_its_topic() -> None:
    async def talk(api) -> None:
        ann = api.user("Ann")
        forum = api.group("Traders", ann, forum=True)
        forum.add_bot(by=ann)
        seat = forum.seat(ann).within(forum.topic("BTC"))
        other = forum.seat(ann).within(forum.topic("ETH"))
        seat.send("/liq BTC")
        reply = await seat.next_message()
        assert reply.thread_id == seat.thread_id
        assert other.messages == []

    async def answer(update, context):
        thread_id = update.effective_message.message_thread_id
        await context.bot.send_message(update.effective_chat.id, "there", message_thread_id=thread_id)

    with_handlers((CommandHandler("liq", answer),), talk)


def test_a_picture_is_sent_once_and_reused_by_its_id() -> None:
    async def talk(api, bot) -> None:
        ann, ben = api.user("Ann").private, api.user("Ben").private
        ann.send("/start")
        ben.send("/start")
        sent = await bot.send_photo(ann.room.id, picture(2_000, 1_000), caption="chart", filename="chart.png")
        assert [(size.width, size.height) for size in sent.photo] == [(90, 45), (320, 160), (800, 400), (1280, 640)]
        await bot.send_photo(ben.room.id, sent.photo[-1].file_id)
        assert (await ben.next_message()).media is (await ann.next_message()).media
        file = await bot.get_file(sent.photo[-1].file_id)
        with Image.open(io.BytesIO(await file.download_as_bytearray())) as shown:
            assert (shown.format, shown.size) == ("JPEG", (1280, 640))

    with_bot(talk)


def test_a_document_comes_back_byte_for_byte() -> None:
    async def talk(api, bot) -> None:
        ann = api.user("Ann").private
        ann.send("/start")
        content = picture(30, 20)
        sent = await bot.send_document(ann.room.id, content, filename="chart.png")
        assert (sent.document.file_name, sent.document.mime_type) == ("chart.png", "image/png")
        file = await bot.get_file(sent.document.file_id)
        assert bytes(await file.download_as_bytearray()) == content == (await ann.next_message()).media.source

    with_bot(talk)


def test_albums_go_both_ways() -> None:
    albums = []

    async def hear(update, context):
        albums.append((update.message.media_group_id, update.message.caption, len(update.message.photo)))

    async def talk(api) -> None:
        ann = api.user("Ann").private
        ann.send_album([picture(100, 100), picture(200, 100)], "two maps")
        await api.world.until(lambda: len(albums) == 2, "album")
        assert albums[0][0] == albums[1][0]
        assert [caption for _, caption, _ in albums] == ["two maps", None]

    with_handlers((MessageHandler(filters.PHOTO, hear),), talk)

    async def send(api, bot) -> None:
        ann = api.user("Ann").private
        ann.send("/start")
        media = [InputMediaPhoto(picture(shade=1), caption="<i>one</i>", parse_mode=ParseMode.HTML)]
        await bot.send_media_group(ann.room.id, [*media, InputMediaPhoto(picture(shade=2))])
        first, second = await ann.next_message(), await ann.next_message()
        assert (first.text, first.kinds, first.album) == ("one", {"italic"}, second.album)

    with_bot(send)


def test_media_of_a_message_is_exchanged() -> None:
    async def talk(api, bot) -> None:
        ann = api.user("Ann").private
        ann.send("/start")
        sent = await bot.send_photo(ann.room.id, picture(shade=1), caption="12h")
        await bot.edit_message_media(InputMediaPhoto(picture(shade=9), caption="24h"), ann.room.id, sent.message_id)
        await bot.edit_message_caption(ann.room.id, sent.message_id, caption="24 h")
        message = await ann.next_message()
        assert message.text == "24 h"
        assert message.media.source == picture(shade=9)
        assert [content.formatted.text for content in message.past] == ["12h", "24h"]
        await bot.delete_message(ann.room.id, sent.message_id)
        await ann.deleted(message)

    with_bot(talk)


def test_an_inline_result_is_chosen_and_edited_in_place() -> None:
    shown = []

    async def offer(update, context):
        results = [
            InlineQueryResultArticle(
                "a", update.inline_query.query, InputTextMessageContent("loading"), reply_markup=keyboard("12h")
            )
        ]
        if context.bot_data:
            results.append(InlineQueryResultCachedPhoto("p", context.bot_data["photo"]))
        await update.inline_query.answer(results, cache_time=0)

    async def chosen(update, context):
        shown.append(update.chosen_inline_result.inline_message_id)
        await context.bot.edit_message_text("ready", inline_message_id=shown[0], reply_markup=keyboard("24h"))

    async def remember(update, context):
        context.bot_data["photo"] = update.message.photo[-1].file_id

    async def talk(api) -> None:
        ann = api.user("Ann")
        ann.private.send_photo(picture())
        question = ann.inline("btc 12h")
        assert [(row["type"], row["id"]) for row in await question.results()] == [("article", "a"), ("photo", "p")]
        message = await question.choose("a", ann.private)
        assert message.text == "loading"
        await ann.private.edited(message)
        assert (message.text, message.button("24h").data) == ("ready", "w:24h")

    handlers = (
        InlineQueryHandler(offer),
        ChosenInlineResultHandler(chosen),
        MessageHandler(filters.PHOTO, remember),
    )
    with_handlers(handlers, talk)


def test_commands_are_kept_by_language_and_scope() -> None:
    async def talk(api, bot) -> None:
        await bot.set_my_commands([BotCommand("liq", "Liquidation map")])
        await bot.set_my_commands([BotCommand("liq", "Liquidationskarte")], language_code="de")
        await bot.set_my_commands([BotCommand("map", "Map")], scope=BotCommandScopeAllGroupChats())
        await bot.set_my_short_description("reads maps", language_code="en")
        assert [each.description for each in await bot.get_my_commands(language_code="de")] == ["Liquidationskarte"]
        assert [each.command for each in await bot.get_my_commands()] == ["liq"]
        assert [each.command for each in await bot.get_my_commands(BotCommandScopeAllGroupChats())] == ["map"]
        await bot.delete_my_commands()
        assert await bot.get_my_commands() == ()
        assert (await bot.get_my_short_description("en")).short_description == "reads maps"
        assert (await bot.get_my_name()).name == "Fathom"

    with_bot(talk)


def test_who_may_configure_can_be_asked() -> None:
    async def talk(api, bot) -> None:
        ann, ben = api.user("Ann"), api.user("Ben")
        group = api.group("Traders", ann, ben)
        group.add_bot(by=ann, status="administrator")
        assert (await bot.get_chat(group.id)).title == "Traders"
        statuses = [(await bot.get_chat_member(group.id, user.id)).status for user in (ann, ben)]
        assert statuses == ["creator", "member"]
        assert {member.user.id for member in await bot.get_chat_administrators(group.id)} == {ann.id, bot.id}

    with_bot(talk)
