"""What a pressed button does: an answer in place of the message, a notice, a file, a prompt for a price, a deletion."""

from __future__ import annotations

import asyncio
import logging

from telegram import CallbackQuery, MaybeInaccessibleMessage, Message
from telegram.constants import ChatAction, ChatType
from telegram.error import TelegramError

from bot.chats.telegram_chat.addressing import PRICE_EXAMPLE, place_of, prompt_html, topic_of
from bot.chats.telegram_chat.keyboards import Rows, Tap, keyboard_of, tap_of
from bot.chats.telegram_chat.messages import Spot
from bot.chats.telegram_chat.permissions import is_admin, with_rights_to_press
from bot.chats.telegram_chat.sending import Sender
from bot.chats.telegram_chat.telegram_text import notice_of
from bot.handlers import Handlers, Outgoing
from bot.local_times import local_text, zone_named
from bot.presses import OldButtonError, Press
from bot.requests import MarketRequest

PATIENCE_S = 1.5
"""An answer that is there by then may come as a notice; after that the button stops turning first."""
READ_AT_A_GLANCE = 90
"""Characters of a notice that passes by itself; a longer one waits to be closed (own assumption)."""

STILL_WORKING = "One moment, the last press is still being answered."
NOT_HERE = "That works in a chat with the bot only."
NOT_YOURS = "Only who asked, or an admin of this group, can delete this."
TOO_OLD = "Telegram lets a bot delete messages of the last 48 hours only."

_log = logging.getLogger(__name__)


class Notice:
    """The one answer to a pressed button: nothing, or a few words on top of the chat."""

    def __init__(self, query: CallbackQuery, sender: Sender) -> None:
        self._query = query
        self._sender = sender
        self.is_open = True

    async def say(self, text: str = "") -> None:
        """Stop the button's turning, with these words; the second time nothing happens."""
        if not self.is_open:
            return
        self.is_open = False
        try:
            await self._sender.call(lambda: self._query.answer(text or None, show_alert=len(text) > READ_AT_A_GLANCE))
        except TelegramError as error:  # the press is too old to be answered; what it asked for is done all the same
            _log.debug("a press was not answered: %s", error.message)


class Presser:
    """Answers presses; of several on one message the first, until it is answered."""

    def __init__(self, handlers: Handlers, sender: Sender) -> None:
        self._handlers = handlers
        self._sender = sender
        self._under_way: set[tuple[int, int]] = set()

    async def pressed(self, query: CallbackQuery) -> None:
        """Do what a pressed button stands for."""
        notice = Notice(query, self._sender)
        message = query.message
        if message is None:
            await notice.say(NOT_HERE)
            return
        try:
            tap = tap_of(query.data or "")
        except OldButtonError as error:
            await notice.say(str(error))
            return
        pressed_at = (message.chat.id, message.message_id)
        if pressed_at in self._under_way:
            await notice.say(STILL_WORKING)
            return
        self._under_way.add(pressed_at)
        try:
            await self._do(tap, query, message, notice)
        finally:
            self._under_way.discard(pressed_at)
            await notice.say()

    async def _do(self, tap: Tap, query: CallbackQuery, message: MaybeInaccessibleMessage, notice: Notice) -> None:
        if tap.press.verb == "delete":
            await self._delete(tap.press, query, message, notice)
        elif tap.press.verb == "level":
            await self._prompt(tap.press, query, message, notice)
        else:
            await self._answer(tap, query, message, notice)

    async def _answer(self, tap: Tap, query: CallbackQuery, message: MaybeInaccessibleMessage, notice: Notice) -> None:
        spot = _spot_of(message)
        place = place_of(message.chat, query.from_user, topic=spot.topic)
        action = ChatAction.UPLOAD_DOCUMENT if tap.press.verb == "hd" else ChatAction.UPLOAD_PHOTO
        async with self._sender.acting(spot, action):
            place = await with_rights_to_press(place, tap.press.request, self._sender, query.get_bot())
            answering = asyncio.ensure_future(self._handlers.pressed(tap.press, place))
            await asyncio.wait({answering}, timeout=PATIENCE_S)
            if not answering.done():
                await notice.say()
            outgoing = await answering
        await self._show(outgoing, tap, message, notice)

    async def _show(self, outgoing: Outgoing, tap: Tap, message: MaybeInaccessibleMessage, notice: Notice) -> None:
        """Put an answer where the button wants it; a fault on top of the chat, if it still can go there."""
        below = _spot_of(message, is_reply=True)
        is_fault = outgoing.reply.fault is not None
        if is_fault and notice.is_open:
            await notice.say(notice_of(outgoing.reply))
        elif is_fault or outgoing.as_file:
            await notice.say()
            await self._sender.answer(outgoing, below)
        elif tap.manner == "as text":
            await notice.say()
            await self._sender.text(outgoing, below, keyboard=keyboard_of(_only_delete(outgoing)))
        elif tap.manner == "below":
            await notice.say()
            await self._sender.answer(outgoing, below)
        elif self._sender.shows(outgoing, message):
            await notice.say(_nothing_new(outgoing))
        else:
            await notice.say()
            await self._sender.replace(outgoing, message, _spot_of(message))

    async def _prompt(
        self, press: Press, query: CallbackQuery, message: MaybeInaccessibleMessage, notice: Notice
    ) -> None:
        await notice.say()
        if isinstance(press.request, MarketRequest):
            in_group = message.chat.type != ChatType.PRIVATE
            html = prompt_html(press.request, query.from_user, in_group=in_group)
            await self._sender.prompt(html, _spot_of(message, is_reply=True), example=PRICE_EXAMPLE)

    async def _delete(
        self, press: Press, query: CallbackQuery, message: MaybeInaccessibleMessage, notice: Notice
    ) -> None:
        if not await self._may_delete(press, query, message):
            await notice.say(NOT_YOURS)
            return
        is_deleted = await self._sender.delete(message.chat.id, message.message_id)
        await notice.say("" if is_deleted else TOO_OLD)

    async def _may_delete(self, press: Press, query: CallbackQuery, message: MaybeInaccessibleMessage) -> bool:
        """Say whether somebody asked for the message, or administers the chat."""
        if message.chat.type == ChatType.PRIVATE or press.asker == query.from_user.id:
            return True
        return await is_admin(self._sender, query.get_bot(), place_of(message.chat, query.from_user))


def _spot_of(message: MaybeInaccessibleMessage, *, is_reply: bool = False) -> Spot:
    topic = topic_of(message) if isinstance(message, Message) else None
    return Spot(chat=message.chat.id, topic=topic, reply_to=message.message_id if is_reply else None)


def _only_delete(outgoing: Outgoing) -> Rows:
    """Return the row with the one button that a further message about the same answer needs."""
    return tuple((button,) for row in outgoing.buttons for button in row if button.press.verb == "delete")


def _nothing_new(outgoing: Outgoing) -> str:
    if outgoing.findings is None:
        return "Nothing new yet: the answer is still the same."
    when = local_text(outgoing.findings.as_of_s, zone_named(outgoing.time_zone))
    return f"Nothing new yet: the newest answer is of {when}."
