"""The platforms of the settings: each one that has a token, made anew from its token whenever it is started."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bot.config import Settings
from bot.handlers import Handlers
from bot.redaction import redacted
from bot.sections import ChatSection, ConfigError
from bot.serving.seats import Seat
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


def enabled_platforms(settings: Settings, handlers: Handlers) -> dict[str, tuple[Platform, ...]]:
    """Return every platform that has a token, or a file that should hold one: Discord in as many parts as are set.

    Each part has a seat where other processes may serve from the same database.

    Raises:
        ConfigError: there is none.

    """
    names = platforms_with_token(settings)
    if not names:
        raise ConfigError(NO_CHAT)
    made: dict[str, dict[str, Callable[[], Chat]]] = {
        "telegram": {"telegram": lambda: _telegram(settings, handlers)},
        "discord": {name: partial(_discord, settings, handlers, shard) for name, shard in _shards(settings).items()},
    }
    is_shared = settings.storage.is_shared
    return {
        name: tuple(Platform(part, make, Seat(part) if is_shared else None) for part, make in made[name].items())
        for name in names
    }


def _shards(settings: Settings) -> dict[str, tuple[int, int] | None]:
    """Return the parts of Discord by their names: one with everything, unless their number is set."""
    count = settings.discord.shards
    if count is None:
        return {"discord": None}
    return {f"discord {shard + 1}/{count}": (shard, count) for shard in range(count)}


def platforms_with_token(settings: Settings) -> tuple[str, ...]:
    """Return the names of the platforms that are to be served."""
    sections: dict[str, ChatSection] = {"telegram": settings.telegram, "discord": settings.discord}
    return tuple(
        name
        for name, section in sections.items()
        if section.token_file is not None or section.secret_token() is not None
    )


def token_of(section: ChatSection) -> str:
    """Return a platform's token as it is now: a file may hold another one than when the process started.

    Raises:
        RefusedError: it cannot be read, or there is none.

    """
    try:
        token = section.secret_token()
    except ConfigError as error:
        raise RefusedError(str(error)) from None
    if token is None:
        raise RefusedError(NO_CHAT)
    redacted.learn([token])
    return token


class _ServedChat:
    """A platform's chat as the supervisor knows chats: what another try cannot mend is a refusal.

    ended: waits for the end of a chat that has started; error: what the chat raises where somebody has to do something,
    unless it says of itself that it can recover.
    """

    def __init__(
        self, chat: DiscordChat | TelegramChat, *, ended: Callable[[], Awaitable[None]], error: type[Exception]
    ) -> None:
        self._chat = chat
        self._ended = ended
        self._error = error

    @property
    def is_connected(self) -> bool:
        """Say whether messages arrive now."""
        return self._chat.is_connected

    async def start(self) -> None:
        """Return when it is connected."""
        with self._judged():
            await self._chat.start()

    async def run(self) -> None:
        """Raise what ended it."""
        with self._judged():
            await self._ended()

    async def stop(self) -> None:
        """Leave the platform."""
        await self._chat.stop()

    @contextmanager
    def _judged(self) -> Iterator[None]:
        try:
            yield
        except self._error as error:
            if getattr(error, "can_recover", False):
                raise
            raise RefusedError(str(error)) from None


def _telegram(settings: Settings, handlers: Handlers) -> Chat:
    try:
        from bot.chats.telegram_chat import TelegramChat, TelegramTokenError
        from bot.chats.telegram_chat.connection import BASE_FILE_URL, BASE_URL
    except ModuleNotFoundError:
        raise RefusedError(NO_LIBRARY.format(name="telegram")) from None
    section = settings.telegram
    chat = TelegramChat(
        handlers,
        token=token_of(section),
        base_url=section.base_url or BASE_URL,
        base_file_url=section.base_file_url or BASE_FILE_URL,
    )
    return _ServedChat(chat, ended=chat.wait, error=TelegramTokenError)


def _discord(settings: Settings, handlers: Handlers, shard: tuple[int, int] | None) -> Chat:
    try:
        from bot.chats.discord_chat.chat import DiscordChat, DiscordChatError
    except ModuleNotFoundError:
        raise RefusedError(NO_LIBRARY.format(name="discord")) from None
    section = settings.discord
    chat = DiscordChat(
        handlers,
        token=token_of(section),
        sync_file=_sync_file(),
        layout=section.layout,
        venues=tuple(name for name, venue in settings.venues if venue.enabled),
        api_base=section.api_base,
        gateway=section.gateway,
        shard=shard,
    )
    return _ServedChat(chat, ended=chat.ended, error=DiscordChatError)


def _sync_file() -> Path:
    """Return where it is noted which commands Discord knows."""
    from platformdirs import user_state_path  # the place for what may be lost

    return user_state_path("fathom", ensure_exists=True) / _SYNC_FILE
