"""Who may do in a group what concerns everybody there: asked of Telegram when it matters, for members change."""

from __future__ import annotations

from dataclasses import replace

from telegram import Bot, Message
from telegram.constants import ChatMemberStatus
from telegram.error import TelegramError

from bot.chats.telegram_chat.sending import Sender
from bot.preferences import Place
from bot.requests import Alert, Report, Request, Settings

ABOUT_ALL = ("setting", "report", "alert", "send", "post", "give")
"""What a message says that may change what concerns everybody; any other is spared the question to Telegram."""


async def is_admin(sender: Sender, bot: Bot, place: Place) -> bool:
    """Say whether somebody administers a group; no, where Telegram does not tell."""
    try:
        member = await sender.call(lambda: bot.get_chat_member(place.chat, place.user))
    except TelegramError:
        return False
    return member.status in (ChatMemberStatus.OWNER, ChatMemberStatus.ADMINISTRATOR)


async def with_rights(place: Place, message: Message, text: str, sender: Sender, bot: Bot) -> Place:
    """Return where a message was written, with what its writer may configure, if that can matter to the answer."""
    if place.community is None or not any(word in text.lower() for word in ABOUT_ALL):
        return place
    is_anonymous_admin = message.sender_chat is not None and message.sender_chat.id == message.chat.id
    return replace(place, may_configure=is_anonymous_admin or await is_admin(sender, bot, place))


async def with_rights_to_press(place: Place, request: Request | None, sender: Sender, bot: Bot) -> Place:
    """Return the same of a pressed button."""
    if place.community is None or not isinstance(request, Settings | Report | Alert):
        return place
    return replace(place, may_configure=await is_admin(sender, bot, place))
