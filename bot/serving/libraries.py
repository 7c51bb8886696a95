"""What is slow to import, imported in a thread while workers warm up: inside the event loop everybody waits for it."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator

from bot.config import Settings
from bot.serving.platforms import platforms_with_token

_ALWAYS = ("bot.storage.sql_preferences", "bot.storage.upgrade", "engine.sources.live.source")
_FOR_A_MODEL = ("bot.language_model.endpoint", "bot.language_model.model_wordsmith")
_OF_PLATFORM = {"telegram": "bot.chats.telegram_chat.chat", "discord": "bot.chats.discord_chat.chat"}


def load_libraries(settings: Settings) -> None:
    """Import what a process with these settings is about to use, some three seconds' worth (measured).

    What is not installed is passed over: whoever needs it says so.
    """
    for module in _modules(settings):
        with contextlib.suppress(ModuleNotFoundError):
            importlib.import_module(module)


def _modules(settings: Settings) -> Iterator[str]:
    yield from _ALWAYS
    yield from (_OF_PLATFORM[name] for name in platforms_with_token(settings))
    if settings.llm.model is not None:
        yield from _FOR_A_MODEL
