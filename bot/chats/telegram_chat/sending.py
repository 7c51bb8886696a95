"""Getting an answer into a chat, whatever the network and the chat's rules do: sent once, edited in place, or let go.

What went wrong is retried where trying again cannot make a double; a chat that does not want the bot is left quietly.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import TypeVar

from telegram import (
    Bot,
    ForceReply,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    MaybeInaccessibleMessage,
    Message,
)
from telegram.constants import ParseMode
from telegram.error import BadRequest, ChatMigrated, NetworkError, TelegramError

from bot.chats.telegram_chat.faults import is_unwanted, tells
from bot.chats.telegram_chat.keyboards import keyboard_of
from bot.chats.telegram_chat.lost import lost_html, may_be_lost, refuses_picture, was_not_performed
from bot.chats.telegram_chat.messages import NO_PREVIEW, Messages, Spot, under_picture
from bot.chats.telegram_chat.telegram_text import shown, texts_of
from bot.handlers import Outgoing
from bot.requests import Request
from bot.service.answer import Drawing

RETRY_PAUSES_S = (0.5, 2.0)
"""Pauses before trying again: most of Telegram's own faults pass within seconds (own assumption)."""
ACTION_AFTER_S = 0.3
"""An answer that is there by then needs no sign that it is worked on, which would count against a group's limit."""
ACTION_EVERY_S = 4.5
"""A chat action is shown for five seconds: core.telegram.org/bots/api#sendchataction."""
REMEMBERED_REFUSALS = 10_000

_GONE = ("message to edit not found", "message can't be edited", "message_id_invalid")
_NOT_MODIFIED = "message is not modified"

_log = logging.getLogger(__name__)
_Result = TypeVar("_Result")


class Sender:
    """Sends and edits messages of one bot."""

    def __init__(self, bot: Bot, *, pauses_s: tuple[float, ...] = RETRY_PAUSES_S) -> None:
        self._bot = bot
        self._pauses_s = pauses_s
        self._refused: OrderedDict[int, None] = OrderedDict()
        self._messages = Messages(bot)
        self.files = self._messages.files

    async def answer(self, outgoing: Outgoing, spot: Spot, *, keyboard: InlineKeyboardMarkup | None = None) -> None:
        """Send an answer as a new message; keyboard: in place of its own."""
        if outgoing.drawing is not None and outgoing.as_file:
            as_file = partial(self._messages.file_or_text, outgoing, outgoing.drawing)
            await self._sent(spot, as_file, outgoing.request)
        elif outgoing.drawing is not None:
            picture = partial(self._messages.picture, outgoing, outgoing.drawing)
            await self._sent(spot, picture, outgoing.request)
        else:
            await self.text(outgoing, spot, keyboard=keyboard)

    async def text(self, outgoing: Outgoing, spot: Spot, *, keyboard: InlineKeyboardMarkup | None = None) -> None:
        """Send the whole reply as text, its buttons below the last message."""
        *first, last = texts_of(outgoing.reply)
        for html in first:
            if not await self._sent(spot, partial(self._messages.text, html, None), outgoing.request):
                return
        below = keyboard or keyboard_of(outgoing.buttons)
        await self._sent(spot, partial(self._messages.text, last, below), outgoing.request)

    async def prompt(self, html: str, spot: Spot, *, example: str) -> None:
        """Send a question whose answer comes as a reply to it."""
        below = ForceReply(selective=True, input_field_placeholder=example)
        await self._sent(spot, partial(self._messages.text, html, below))

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
        except NetworkError as error:
            if tells(error, (_NOT_MODIFIED,)):
                return
            if not (tells(error, _GONE) or (outgoing.drawing is not None and refuses_picture(error))):
                await self._failed(spot, error, outgoing.request)
                return
        except TelegramError as error:
            await self._failed(spot, error, outgoing.request)
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
        caption, keyboard = under_picture(outgoing)
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

    async def _replace_media(self, outgoing: Outgoing, drawing: Drawing, message: MaybeInaccessibleMessage) -> None:
        caption, keyboard = under_picture(outgoing)

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
                link_preview_options=NO_PREVIEW,
                reply_markup=keyboard_of(outgoing.buttons),
            ),
            is_safe=True,
        )

    # --- what goes wrong ---------------------------------------------------------------------------------------------

    async def _sent(
        self, spot: Spot, send: Callable[[Spot], Awaitable[Message]], request: Request | None = None
    ) -> bool:
        """Send a message, at the chat's new id where a group became a supergroup, and say whether that went well.

        What cannot be sent is let go. Of what nobody knows to have arrived, who asked is told.
        """
        try:
            try:
                await self._reliably(lambda: send(spot), is_safe=False)
            except ChatMigrated as moved:  # messages and topics have other ids there
                there = Spot(chat=moved.new_chat_id)
                await self._reliably(lambda: send(there), is_safe=False)
        except TelegramError as error:
            await self._failed(spot, error, request)
            return False
        return True

    async def _failed(self, spot: Spot, error: TelegramError, request: Request | None) -> None:
        """Note why an answer did not arrive; where nobody knows, tell so in a line, which may come twice itself."""
        self._let_go(spot.chat, error)
        if not may_be_lost(error):
            return
        try:
            await self._reliably(lambda: self._messages.text(lost_html(request), None, spot), is_safe=True)
        except TelegramError as again:
            _log.warning("Telegram did not take the word about a lost answer either: %s", again.message)

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
                if not (is_safe or was_not_performed(error)):
                    raise
            await asyncio.sleep(pause_s)
        return await call()

    def _let_go(self, chat: int, error: TelegramError) -> None:
        """Note why an answer did not arrive; a chat that does not want the bot is named once."""
        if not is_unwanted(error):
            level = logging.ERROR if isinstance(error, BadRequest) else logging.WARNING
            _log.log(level, "Telegram did not take an answer: %s", error.message)
            return
        if chat not in self._refused:
            _log.info("Telegram chat %s takes no messages of the bot: %s", chat, error.message)
        self._refused[chat] = None
        while len(self._refused) > REMEMBERED_REFUSALS:
            self._refused.popitem(last=False)


def _has_media(message: MaybeInaccessibleMessage) -> bool:
    """Say whether a message shows a picture, which no edit makes text again; one out of sight may well do."""
    return not isinstance(message, Message) or bool(message.photo or message.document)
