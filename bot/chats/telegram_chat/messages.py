"""What is sent back → one call of the Bot API: text, a picture with its caption, several pictures, or a file."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from telegram import (
    Bot,
    ForceReply,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    LinkPreviewOptions,
    Message,
    ReplyParameters,
)
from telegram.constants import ParseMode
from telegram.error import NetworkError, TelegramError

from bot.chats.telegram_chat.faults import takes_no_files, takes_no_photos
from bot.chats.telegram_chat.file_ids import FileIds
from bot.chats.telegram_chat.keyboards import keyboard_of
from bot.chats.telegram_chat.lost import refuses_picture
from bot.chats.telegram_chat.telegram_text import caption_of, texts_of
from bot.handlers import Outgoing
from bot.service.answer import Drawing

NO_PREVIEW = LinkPreviewOptions(is_disabled=True)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where a message goes: the chat, its topic, and the message it replies to; is_silent: it makes no sound."""

    chat: int
    topic: int | None = None
    reply_to: int | None = None
    is_silent: bool = False

    @property
    def reply(self) -> ReplyParameters | None:
        """The message replied to; where it is gone, the answer comes without."""
        if self.reply_to is None:
            return None
        return ReplyParameters(self.reply_to, allow_sending_without_reply=True)


class PartlySentError(TelegramError):
    """Of a text in parts the first ones arrived: sending all of it again would double them."""

    def __init__(self, arrived: int, parts: int) -> None:
        super().__init__(f"Of {parts} parts of the text {arrived} arrived for certain.")


class Messages:
    """Makes and sends messages of one bot, each in one call that raises what the library raises."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self.files = FileIds()

    async def text(self, html: str, below: InlineKeyboardMarkup | ForceReply | None, spot: Spot) -> Message:
        """Send one text; below: buttons, or a field to answer in."""
        return await self._bot.send_message(
            spot.chat,
            html,
            parse_mode=ParseMode.HTML,
            link_preview_options=NO_PREVIEW,
            message_thread_id=spot.topic,
            reply_parameters=spot.reply,
            reply_markup=below,
            disable_notification=spot.is_silent,
        )

    async def picture(self, outgoing: Outgoing, drawing: Drawing, spot: Spot) -> Message:
        """Send a picture with its words and buttons; as a file where Telegram refuses it, else as text."""
        caption, keyboard = under_picture(outgoing)

        async def send(photo: str | bytes) -> Message:
            return await self._bot.send_photo(
                spot.chat,
                photo,
                caption=caption,
                parse_mode=ParseMode.HTML,
                filename=drawing.name,
                message_thread_id=spot.topic,
                reply_parameters=spot.reply,
                reply_markup=keyboard,
                disable_notification=spot.is_silent,
            )

        try:
            return await self.files.send("photo", drawing.png, send)
        except NetworkError as error:
            if takes_no_photos(error):
                _log.info("chat %s takes no photos: what is sent there goes out as text", spot.chat)
                return await self.whole(outgoing, spot)
            if not refuses_picture(error):
                raise
            _log.warning("Telegram refuses a picture (%s): it goes out as a file", error.message)
        return await self.file_or_text(outgoing, drawing, spot, caption=caption, keyboard=keyboard)

    async def album(self, outgoing: Outgoing, drawings: tuple[Drawing, ...], spot: Spot) -> Message:
        """Send several pictures as one album, captioned at the first, without buttons; as text where it is refused."""
        caption = caption_of(outgoing.reply).html

        async def send(photos: tuple[str | bytes, ...]) -> tuple[Message, ...]:
            media = [
                InputMediaPhoto(photo, caption if not place else None, parse_mode=ParseMode.HTML, filename=drawing.name)
                for place, (photo, drawing) in enumerate(zip(photos, drawings, strict=True))
            ]
            return await self._bot.send_media_group(
                spot.chat,
                media,
                message_thread_id=spot.topic,
                reply_parameters=spot.reply,
                disable_notification=spot.is_silent,
            )

        try:
            first, *_rest = await self.files.send_album(tuple(drawing.png for drawing in drawings), send)
        except NetworkError as error:
            if not (takes_no_photos(error) or refuses_picture(error)):
                raise
            _log.info("an album is refused (%s): it goes out as text", error.message)
            return await self.whole(outgoing, spot)
        return first

    async def file_or_text(
        self,
        outgoing: Outgoing,
        drawing: Drawing,
        spot: Spot,
        *,
        caption: str | None = None,
        keyboard: InlineKeyboardMarkup | None = None,
    ) -> Message:
        """Send a picture unchanged, as a file; as text where Telegram or the chat takes no such file."""

        async def send(document: str | bytes) -> Message:
            return await self._bot.send_document(
                spot.chat,
                document,
                caption=caption,
                parse_mode=ParseMode.HTML,
                filename=drawing.name,
                disable_content_type_detection=True,
                message_thread_id=spot.topic,
                reply_parameters=spot.reply,
                reply_markup=keyboard,
                disable_notification=spot.is_silent,
            )

        try:
            return await self.files.send("document", drawing.png, send)
        except NetworkError as error:
            if not (refuses_picture(error) or takes_no_files(error)):
                raise
            _log.warning("Telegram refuses a file (%s): the answer goes out as text", error.message)
        return await self.whole(outgoing, spot)

    async def whole(self, outgoing: Outgoing, spot: Spot) -> Message:
        """Send the whole reply as text, its buttons below the last message; return the first.

        Raises:
            PartlySentError: a first part is there, a later one may not be.
            TelegramError: nothing is there, as far as is known.

        """
        *first, last = texts_of(outgoing.reply)
        sent: list[Message] = []
        below = [*(None for _ in first), keyboard_of(outgoing.buttons)]
        try:
            for html, buttons in zip((*first, last), below, strict=True):
                message = await self.text(html, buttons, spot)
                sent.append(message)
        except TelegramError as error:
            if not sent:
                raise
            raise PartlySentError(len(sent), len(first) + 1) from error
        return sent[0]


def under_picture(outgoing: Outgoing) -> tuple[str, InlineKeyboardMarkup | None]:
    """Return the caption and the buttons; one more button brings the full text where the caption is shortened."""
    caption = caption_of(outgoing.reply)
    full_text_of = None if caption.is_whole else outgoing.request
    return caption.html, keyboard_of(outgoing.buttons, full_text_of=full_text_of)
