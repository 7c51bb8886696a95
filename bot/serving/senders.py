"""Senders of the platforms that have a token: what was not asked for at that moment goes out through them."""

from __future__ import annotations

import logging
from collections.abc import Callable

from bot.config import Settings
from bot.deliveries.delivery import Sender
from bot.serving.platforms import NO_LIBRARY, platforms_with_token, token_of
from bot.serving.supervisor import RefusedError

_log = logging.getLogger(__name__)


def senders_of(settings: Settings) -> dict[str, Sender]:
    """Return the sender of every platform that has a token, by its name; nothing is connected yet.

    What cannot be sent through, because its token cannot be read or its library is missing, is left out and logged:
    what is due there waits for a process that can.
    """
    made: dict[str, Callable[[Settings], Sender]] = {"telegram": _telegram, "discord": _discord}
    senders: dict[str, Sender] = {}
    for name in platforms_with_token(settings):
        try:
            senders[name] = made[name](settings)
        except RefusedError as refused:
            _log.error("nothing is sent unasked on %s: %s", name.capitalize(), refused)
    return senders


def _telegram(settings: Settings) -> Sender:
    try:
        from bot.chats.telegram_chat.connection import BASE_FILE_URL, BASE_URL
        from bot.chats.telegram_chat.delivering import TelegramSender
    except ModuleNotFoundError:
        raise RefusedError(NO_LIBRARY.format(name="telegram")) from None
    section = settings.telegram
    return TelegramSender(
        token=token_of(section),
        base_url=section.base_url or BASE_URL,
        base_file_url=section.base_file_url or BASE_FILE_URL,
    )


def _discord(settings: Settings) -> Sender:
    try:
        from bot.chats.discord_chat.delivering import DiscordSender
    except ModuleNotFoundError:
        raise RefusedError(NO_LIBRARY.format(name="discord")) from None
    section = settings.discord
    return DiscordSender(token=token_of(section), layout=section.layout, api_base=section.api_base)
