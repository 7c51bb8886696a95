"""Getting an answer into a chat, whatever the network and the chat's rules do: sent once, edited in place, or let go.

What went wrong is retried where trying again cannot make a double; a chat that does not want the bot is left quietly.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from telegram import (
    Bot,
    ForceReply,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    LinkPreviewOptions,
    MaybeInaccessibleMessage,
    Message,
    ReplyParameters,
)
from telegram.constants import ParseMode
from telegram.error import BadRequest, ChatMigrated, Forbidden, NetworkError, TelegramError, TimedOut

from bot.chats.telegram_chat.file_ids import FileIds
from bot.chats.telegram_chat.keyboards import keyboard_of
from bot.chats.telegram_chat.telegram_text import caption_of, shown, texts_of
from bot.handlers import Outgoing
from bot.service.answer import Drawing

RETRY_PAUSES_S = (0.5, 2.0)
"""Pauses before trying again: most of Telegram's own faults pass within seconds (own assumption)."""
ACTION_AFTER_S = 0.3
"""An answer that is there by then needs no sign that it is worked on, which would count against a group's limit."""
ACTION_EVERY_S = 4.5
"""A chat action is shown for five seconds: core.telegram.org/bots/api#sendchataction."""
REMEMBERED_REFUSALS = 10_000

_NEVER_SENT = frozenset({"ConnectError", "ConnectTimeout", "PoolTimeout"})
"""Errors of the HTTP library after which the server has heard nothing."""
_GONE = ("message to edit not found", "message can't be edited", "message_id_invalid")
_UNWANTED = (
    *("not enough rights", "have no rights", "chat not found", "write_forbidden"),
    *("topic_closed", "thread not found"),
)
"""How the server says, besides 403, that a chat is closed to the bot."""
_NO_PHOTOS = ("not enough rights to send photos", "not enough rights to send media", "send_photos_forbidden")
_NOT_MODIFIED = "message is not modified"
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)

_log = logging.getLogger(__name__)
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where a message goes: the chat, its topic, and the message it replies to."""

    chat: int
    topic: int | None = None
    reply_to: int | None = None

    @property
    def reply(self) -> ReplyParameters | None:
        """The message replied to; where it is gone, the answer comes without."""
        if self.reply_to is None:
            return None
        return ReplyParameters(self.reply_to, allow_sending_without_reply=True)


class Sender:
    """Sends and edits messages of one bot."""

    def __init__(self, bot: Bot, *, pauses_s: tuple[float, ...] = RETRY_PAUSES_S) -> None:
        self._bot = bot
        self._pauses_s = pauses_s
        self._refused: OrderedDict[int, None] = OrderedDict()
        self.files = FileIds()

    async def answer(self, outgoing: Outgoing, spot: Spot, *, keyboard: InlineKeyboardMarkup | None = None) -> None:
        """Send an answer as a new message; keyboard: in place of its own."""
        if outgoing.drawing is not None and outgoing.as_file:
            await self._document(outgoing.drawing, spot)
        elif outgoing.drawing is not None:
            await self._photo(outgoing, outgoing.drawing, spot)
        else:
            await self.text(outgoing, spot, keyboard=keyboard)

    async def text(self, outgoing: Outgoing, spot: Spot, *, keyboard: InlineKeyboardMarkup | None = None) -> None:
        """Send the whole reply as text, its buttons below the last message."""
        *first, last = texts_of(outgoing.reply)
        for html in first:
            await self._sent(spot, partial(self._message, html, None))
        await self._sent(spot, partial(self._message, last, keyboard or keyboard_of(outgoing.buttons)))

    async def prompt(self, html: str, spot: Spot, *, example: str) -> None:
        """Send a question whose answer comes as a reply to it."""
        below = ForceReply(selective=True, input_field_placeholder=example)
        await self._sent(spot, partial(self._message, html, below))

    async def replace(self, outgoing: Outgoing, message: MaybeInaccessibleMessage, spot: Spot) -> None:
        """Show an answer in place of a message; as a new one where that cannot become it, or is gone."""
        try:
            if outgoing.drawing is not None:
                await self._replace_media(outgoing, outgoing.drawing, message)
                return
            html, *more = texts_of(outgoing.reply)
            if not more and not _has_media(message):
                await self._replace_text(outgoing, html, message)
                return
        except BadRequest as error:
            if _NOT_MODIFIED in error.message.lower():
                return
            if not _tells(error, _GONE):
                self._let_go(message.chat.id, error)
                return
        except TelegramError as error:
            self._let_go(message.chat.id, error)
            return
        await self.answer(outgoing, replace(spot, reply_to=message.message_id))

    def shows(self, outgoing: Outgoing, message: MaybeInaccessibleMessage) -> bool:
        """Say whether a message shows exactly this already, as far as can be told."""
        if not isinstance(message, Message):
            return False
        if outgoing.drawing is None:
            texts = texts_of(outgoing.reply)
            is_same_text = len(texts) == 1 and message.text == shown(texts[0])
            return is_same_text and message.reply_markup == keyboard_of(outgoing.buttons)
        known = self.files.photo(outgoing.drawing.png)
        if known is None or not message.photo or message.photo[-1].file_unique_id != known.unique_id:
            return False
        caption, keyboard = _under_picture(outgoing)
        return message.caption == shown(caption) and message.reply_markup == keyboard

    async def delete(self, chat: int, message_id: int) -> bool:
        """Delete a message; False where Telegram does not allow it (any more)."""
        try:
            await self._reliably(lambda: self._bot.delete_message(chat, message_id), is_safe=True)
        except BadRequest as error:
            return "not found" in error.message.lower()
        except TelegramError:
            return False
        return True

    async def call(self, call: Callable[[], Awaitable[_Result]]) -> _Result:
        """Call a method that does no harm when it is called twice."""
        return await self._reliably(call, is_safe=True)

    @contextlib.asynccontextmanager
    async def acting(self, spot: Spot, action: str) -> AsyncIterator[None]:
        """Show that an answer is worked on, while it takes longer than a moment."""
        showing = asyncio.create_task(self._show(spot, action))
        try:
            yield
        finally:
            showing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await showing

    async def _show(self, spot: Spot, action: str) -> None:
        await asyncio.sleep(ACTION_AFTER_S)
        while True:
            try:
                await self._bot.send_chat_action(spot.chat, action, message_thread_id=spot.topic)
            except Exception as error:  # noqa: BLE001 - a sign only: the answer itself meets the same trouble and tells it
                _log.debug("no chat action: %s", type(error).__name__)
                return
            await asyncio.sleep(ACTION_EVERY_S)

    # --- one message -------------------------------------------------------------------------------------------------

    async def _message(self, html: str, below: InlineKeyboardMarkup | ForceReply | None, spot: Spot) -> Message:
        return await self._bot.send_message(
            spot.chat,
            html,
            parse_mode=ParseMode.HTML,
            link_preview_options=_NO_PREVIEW,
            message_thread_id=spot.topic,
            reply_parameters=spot.reply,
            reply_markup=below,
        )

    async def _photo(self, outgoing: Outgoing, drawing: Drawing, spot: Spot) -> None:
        caption, keyboard = _under_picture(outgoing)

        async def send(at: Spot) -> Message:
            async def upload(photo: str | bytes) -> Message:
                return await self._bot.send_photo(
                    at.chat,
                    photo,
                    caption=caption,
                    parse_mode=ParseMode.HTML,
                    filename=drawing.name,
                    message_thread_id=at.topic,
                    reply_parameters=at.reply,
                    reply_markup=keyboard,
                )

            try:
                return await self.files.send("photo", drawing.png, upload)
            except BadRequest as error:
                if not _tells(error, _NO_PHOTOS):
                    raise
            _log.info("chat %s takes no photos: the answer goes out as text", at.chat)
            *first, last = texts_of(outgoing.reply)
            for html in first:
                await self._message(html, None, at)
            return await self._message(last, keyboard_of(outgoing.buttons), at)

        await self._sent(spot, send)

    async def _document(self, drawing: Drawing, spot: Spot) -> None:
        async def send(at: Spot) -> Message:
            async def upload(document: str | bytes) -> Message:
                return await self._bot.send_document(
                    at.chat,
                    document,
                    filename=drawing.name,
                    disable_content_type_detection=True,
                    message_thread_id=at.topic,
                    reply_parameters=at.reply,
                )

            return await self.files.send("document", drawing.png, upload)

        await self._sent(spot, send)

    async def _replace_media(self, outgoing: Outgoing, drawing: Drawing, message: MaybeInaccessibleMessage) -> None:
        caption, keyboard = _under_picture(outgoing)

        async def edit(photo: str | bytes) -> Message:
            media = InputMediaPhoto(photo, caption, parse_mode=ParseMode.HTML, filename=drawing.name)
            edited = await self._reliably(
                lambda: self._bot.edit_message_media(media, message.chat.id, message.message_id, reply_markup=keyboard),
                is_safe=True,
            )
            if isinstance(edited, bool):  # only of inline messages, which are edited by another id
                msg = "a message in a chat was edited as an inline one"
                raise TypeError(msg)
            return edited

        await self.files.send("photo", drawing.png, edit)

    async def _replace_text(self, outgoing: Outgoing, html: str, message: MaybeInaccessibleMessage) -> None:
        await self._reliably(
            lambda: self._bot.edit_message_text(
                html,
                message.chat.id,
                message.message_id,
                parse_mode=ParseMode.HTML,
                link_preview_options=_NO_PREVIEW,
                reply_markup=keyboard_of(outgoing.buttons),
            ),
            is_safe=True,
        )

    # --- what goes wrong ---------------------------------------------------------------------------------------------

    async def _sent(self, spot: Spot, send: Callable[[Spot], Awaitable[Message]]) -> None:
        """Send a message, at the chat's new id where a group became a supergroup; what cannot be sent is let go."""
        try:
            try:
                await self._reliably(lambda: send(spot), is_safe=False)
            except ChatMigrated as moved:  # messages and topics have other ids there
                there = Spot(chat=moved.new_chat_id)
                await self._reliably(lambda: send(there), is_safe=False)
        except TelegramError as error:
            self._let_go(spot.chat, error)

    async def _reliably(self, call: Callable[[], Awaitable[_Result]], *, is_safe: bool) -> _Result:
        """Return what a call returns, tried again after faults of the network or the server.

        is_safe: a second call does no harm, so that it follows even where the first may have been performed.
        """
        for pause_s in self._pauses_s:
            try:
                return await call()
            except BadRequest:
                raise
            except NetworkError as error:
                if not (is_safe or _was_not_performed(error)):
                    raise
            await asyncio.sleep(pause_s)
        return await call()

    def _let_go(self, chat: int, error: TelegramError) -> None:
        """Note why an answer did not arrive; a chat that does not want the bot is named once."""
        is_unwanted = isinstance(error, Forbidden) or (isinstance(error, BadRequest) and _tells(error, _UNWANTED))
        if not is_unwanted:
            level = logging.ERROR if isinstance(error, BadRequest) else logging.WARNING
            _log.log(level, "Telegram did not take an answer: %s", error.message)
            return
        if chat not in self._refused:
            _log.info("Telegram chat %s takes no messages of the bot: %s", chat, error.message)
        self._refused[chat] = None
        while len(self._refused) > REMEMBERED_REFUSALS:
            self._refused.popitem(last=False)


def _under_picture(outgoing: Outgoing) -> tuple[str, InlineKeyboardMarkup | None]:
    caption = caption_of(outgoing.reply)
    full_text_of = None if caption.is_whole else outgoing.request
    return caption.html, keyboard_of(outgoing.buttons, full_text_of=full_text_of)


def _has_media(message: MaybeInaccessibleMessage) -> bool:
    """Say whether a message shows a picture, which no edit makes text again; one out of sight may well do."""
    return not isinstance(message, Message) or bool(message.photo or message.document)


def _tells(error: BadRequest, sentences: tuple[str, ...]) -> bool:
    told = error.message.lower()
    return any(sentence in told for sentence in sentences)


def _was_not_performed(error: NetworkError) -> bool:
    """Say whether the server certainly did nothing: it was not reached, or says in its own words that it failed."""
    cause = type(error.__cause__).__name__
    if isinstance(error, TimedOut) or error.message.startswith("httpx."):
        return cause in _NEVER_SENT
    return error.__cause__ is None
