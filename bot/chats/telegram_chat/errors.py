"""Why the Telegram chat cannot start or go on; no sentence holds an address or a token."""

from __future__ import annotations


class TelegramChatError(Exception):
    """The Telegram chat cannot go on; other platforms can."""


class TelegramTokenError(TelegramChatError):
    """Telegram does not take the token: trying again does not help."""

    def __init__(self) -> None:
        super().__init__("Telegram refuses the bot's token. Get a valid one from @BotFather and set it as the token.")


class TelegramUnreachableError(TelegramChatError):
    """Telegram could not be reached: trying again later helps. reason: what the last attempt met."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"Telegram cannot be reached ({reason}). Check the network and the base_url.")


class TelegramConflictError(TelegramChatError):
    """Another process fetches the same bot's messages, so that both lose some of them."""

    def __init__(self) -> None:
        super().__init__("Another process runs with the same Telegram token. Stop one of the two, or use two bots.")
