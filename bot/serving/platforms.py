"""The platforms of the settings: each one that has a token, made anew from its token whenever it is started."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from bot.config import Settings
from bot.handlers import Handlers
from bot.redaction import redacted
from bot.sections import ChatSection, ConfigError
from bot.serving.supervisor import Chat, Platform, RefusedError

if TYPE_CHECKING:
    from bot.chats.discord_chat.chat import DiscordChat
    from bot.chats.telegram_chat import TelegramChat

NO_CHAT = (
    "No chat has a token. Put one under [telegram] or [discord] in config.toml (fathom init writes it), "
    "or set FATHOM_TELEGRAM__TOKEN or FATHOM_DISCORD__TOKEN."
)
NO_LIBRARY = "The library for {name} is not installed: pip install 'fathom-liq[{name}]'."
_SYNC_FILE = "discord-commands"


def enabled_platforms(settings: Settings, handlers: Handlers) -> tuple[Platform, ...]:
    """Return every platform that has a token, or a file that should hold one.

    Raises:
        ConfigError: there is none.

    """
    made: dict[str, Callable[[], Chat]] = {
        "telegram": lambda: TelegramPlatform(settings, handlers),
        "discord": lambda: DiscordPlatform(settings, handlers),
    }
    names = platforms_with_token(settings)
    if not names:
        raise ConfigError(NO_CHAT)
    return tuple(Platform(name, made[name]) for name in names)


def platforms_with_token(settings: Settings) -> tuple[str, ...]:
    """Return the names of the platforms that are to be served."""
    sections: dict[str, ChatSection] = {"telegram": settings.telegram, "discord": settings.discord}
    return tuple(
        name
        for name, section in sections.items()
        if section.token_file is not None or section.secret_token() is not None
    )


def _token(section: ChatSection) -> str:
    """Return a platform's token as it is now: a file may hold another one than when the process started."""
    try:
        token = section.secret_token()
    except ConfigError as error:
        raise RefusedError(str(error)) from None
    if token is None:
        raise RefusedError(NO_CHAT)
    redacted.learn([token])
    return token


class TelegramPlatform:
    """Telegram's chat as the supervisor knows chats."""

    def __init__(self, settings: Settings, handlers: Handlers) -> None:
        try:
            from bot.chats.telegram_chat import TelegramChat, TelegramTokenError
            from bot.chats.telegram_chat.chat import BASE_FILE_URL, BASE_URL
        except ModuleNotFoundError:
            raise RefusedError(NO_LIBRARY.format(name="telegram")) from None
        section = settings.telegram
        self._refusal = TelegramTokenError
        self._chat: TelegramChat = TelegramChat(
            handlers,
            token=_token(section),
            base_url=section.base_url or BASE_URL,
            base_file_url=section.base_file_url or BASE_FILE_URL,
        )

    @property
    def is_connected(self) -> bool:
        """Say whether messages arrive now."""
        return self._chat.is_connected

    async def start(self) -> None:
        """Return when it is connected."""
        try:
            await self._chat.start()
        except self._refusal as error:
            raise RefusedError(str(error)) from None

    async def run(self) -> None:
        """Raise what ended it."""
        try:
            await self._chat.wait()
        except self._refusal as error:
            raise RefusedError(str(error)) from None

    async def stop(self) -> None:
        """Leave the platform."""
        await self._chat.stop()


class DiscordPlatform:
    """Discord's chat as the supervisor knows chats."""

    def __init__(self, settings: Settings, handlers: Handlers) -> None:
        try:
            from bot.chats.discord_chat.chat import DiscordChat, DiscordChatError
        except ModuleNotFoundError:
            raise RefusedError(NO_LIBRARY.format(name="discord")) from None
        section = settings.discord
        self._error = DiscordChatError
        self._chat: DiscordChat = DiscordChat(
            handlers,
            token=_token(section),
            sync_file=_sync_file(),
            layout=section.layout,
            venues=tuple(name for name, venue in settings.venues if venue.enabled),
            api_base=section.api_base,
            gateway=section.gateway,
        )

    @property
    def is_connected(self) -> bool:
        """Say whether messages arrive now."""
        return self._chat.is_connected

    async def start(self) -> None:
        """Return when it is connected."""
        try:
            await self._chat.start()
        except self._error as error:
            raise self._judged(error) from None

    async def run(self) -> None:
        """Raise what ended it."""
        try:
            await self._chat.ended()
        except self._error as error:
            raise self._judged(error) from None

    async def stop(self) -> None:
        """Leave the platform."""
        await self._chat.stop()

    def _judged(self, error: Exception) -> Exception:
        """Return an error as the supervisor knows it: what another try cannot mend is a refusal."""
        return error if getattr(error, "can_recover", True) else RefusedError(str(error))


def _sync_file() -> Path:
    """Return where it is noted which commands Discord knows."""
    from platformdirs import user_state_path  # the place for what may be lost

    return user_state_path("fathom", ensure_exists=True) / _SYNC_FILE
