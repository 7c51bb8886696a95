"""Telegram as a port for what was not asked for at that moment: one message, and how it went for certain.

It polls nothing and needs a token only, so that any process can send. It waits for nothing and repeats nothing: who
calls it keeps to Telegram's limits, and decides on what is tried again. The nonce has no use here, as Telegram knows a
message by nothing that its sender chose.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

from telegram import Bot, Message
from telegram.error import BadRequest, ChatMigrated, InvalidToken, NetworkError, RetryAfter, TelegramError
from telegram.request import HTTPXRequest

from bot.chats.telegram_chat.connection import BASE_FILE_URL, BASE_URL, READ_TIMEOUT_S, quieten_libraries
from bot.chats.telegram_chat.errors import TelegramTokenError
from bot.chats.telegram_chat.faults import is_unwanted
from bot.chats.telegram_chat.lost import was_surely_not_performed
from bot.chats.telegram_chat.messages import Messages, PartlySentError, Spot
from bot.deliveries.delivery import (
    Destination,
    RejectedError,
    SendError,
    TryAgainError,
    UncertainError,
    UnreachableError,
)
from bot.deliveries.pace import AskedToWait
from bot.handlers import Outgoing

MOST_CONNECTIONS = 32
"""As many as are sent at once."""
CONNECT_TIMEOUT_S = 5.0
TOKEN_REFUSED_S = 300.0
"""Somebody has to set another token: nothing is asked meanwhile (own assumption)."""
_TOO_MANY, _TOO_LARGE = "too many requests", "request entity too large"


class TelegramSender:
    """Sends as one bot, over connections of its own; the addresses are as the chat takes them."""

    def __init__(
        self,
        *,
        token: str,
        base_url: str = BASE_URL,
        base_file_url: str = BASE_FILE_URL,
        read_timeout_s: float = READ_TIMEOUT_S,
        counter: Callable[[], float] = time.monotonic,
    ) -> None:
        quieten_libraries()
        self._request = HTTPXRequest(
            connection_pool_size=MOST_CONNECTIONS,
            read_timeout=read_timeout_s,
            connect_timeout=CONNECT_TIMEOUT_S,
            media_write_timeout=read_timeout_s,
        )
        bot = Bot(token, base_url, base_file_url, request=self._request, get_updates_request=self._request)
        self._messages = Messages(bot)
        self._waiting = AskedToWait(counter)

    async def deliver(self, outgoing: Outgoing, destination: Destination, *, nonce: str) -> int:
        """Send one message and return its number; of an album, or of a text in parts, that of the first.

        Raises:
            UnreachableError: the chat does not want the bot, or is gone; a group that became a supergroup has moved.
            TryAgainError: it was certainly not sent.
            RejectedError: Telegram finds fault with the message.
            UncertainError: the answer was lost, so that nobody knows.

        """
        del nonce
        spot = Spot(chat=destination.chat, topic=destination.topic, is_silent=destination.is_silent)
        try:
            return (await self._sent(outgoing, spot)).message_id
        except TelegramError as error:
            raise self._judged(error, destination.chat) from None  # the cause may hold an address with the token

    async def close(self) -> None:
        """Let go of connections."""
        await self._request.shutdown()

    async def _sent(self, outgoing: Outgoing, spot: Spot) -> Message:
        drawing = outgoing.drawing
        if drawing is None:
            return await self._messages.whole(outgoing, spot)
        if outgoing.as_file:
            return await self._messages.file_or_text(outgoing, drawing, spot)
        if outgoing.more_drawings:
            return await self._messages.album(outgoing, (drawing, *outgoing.more_drawings), spot)
        return await self._messages.picture(outgoing, drawing, spot)

    def _judged(self, error: TelegramError, chat: int) -> SendError:
        match error:
            case PartlySentError():
                return UncertainError(error.message)
            case ChatMigrated():
                return UnreachableError("The group became a supergroup.", moved_to=error.new_chat_id)
            case RetryAfter():
                return self._too_many(error, chat)
            case InvalidToken():
                return TryAgainError(str(TelegramTokenError()), after_s=TOKEN_REFUSED_S, is_platform_wide=True)
            case _ if is_unwanted(error):
                return UnreachableError(f"Telegram does not let the bot write there ({error.message}).")
            case BadRequest():
                return RejectedError(f"Telegram does not take the message ({error.message}).")
            case NetworkError() if error.message.lower().startswith(_TOO_LARGE):
                return RejectedError("The pictures are larger than what Telegram takes.")
            case NetworkError() if error.message.lower().startswith(_TOO_MANY):
                return TryAgainError("Telegram asks to wait, without saying how long.")
            case NetworkError() if was_surely_not_performed(error):
                return TryAgainError("Telegram was not reached, or failed by its own words.")
        return UncertainError("Telegram, or the way to it, failed without saying whether the message was sent.")

    def _too_many(self, error: RetryAfter, chat: int) -> TryAgainError:
        """Return for how long this chat has to wait, or all of them."""
        after = error.retry_after
        after_s = after.total_seconds() if isinstance(after, timedelta) else float(after)
        is_platform_wide = self._waiting.asked(chat, after_s)
        return TryAgainError(
            f"Telegram asks to wait {after_s:.0f} s.", after_s=after_s, is_platform_wide=is_platform_wide
        )
