"""The Telegram chat: what people write and press there goes to the handlers, what comes back becomes messages."""

from bot.chats.telegram_chat.chat import TelegramChat
from bot.chats.telegram_chat.errors import (
    TelegramChatError,
    TelegramConflictError,
    TelegramTokenError,
    TelegramUnreachableError,
)

__all__ = [
    "TelegramChat",
    "TelegramChatError",
    "TelegramConflictError",
    "TelegramTokenError",
    "TelegramUnreachableError",
]
