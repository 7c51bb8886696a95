"""The real python-telegram-bot pointed at the emulator."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

from telegram import Bot, Update
from telegram.ext import Application, BaseHandler

from tests.bot_api import BotApi, Limits


def bot_of(api: BotApi, token: str | None = None) -> Bot:
    return Bot(token or api.token, base_url=api.base_url, base_file_url=api.base_file_url)


@contextlib.asynccontextmanager
async def polling(api: BotApi, handlers: Iterable[BaseHandler], **options: object) -> AsyncIterator[Application]:
    """An application that polls and handles until the block ends."""
    builder = Application.builder().token(api.token).base_url(api.base_url).base_file_url(api.base_file_url)
    application = builder.job_queue(None).build()
    application.add_handlers(list(handlers))
    async with application:
        await application.updater.start_polling(allowed_updates=Update.ALL_TYPES, **options)
        await application.start()
        try:
            yield application
        finally:
            await application.updater.stop()
            await application.stop()


def with_bot(use: Callable[[BotApi, Bot], Awaitable[None]], **options: object) -> None:
    """Run a test against a fresh emulator with a client that only calls methods."""

    async def talk() -> None:
        async with BotApi(**options) as api, bot_of(api) as bot:
            await use(api, bot)

    asyncio.run(talk())


def with_handlers(
    handlers: Iterable[BaseHandler], use: Callable[[BotApi], Awaitable[None]], limits: Limits | None = None
) -> None:
    """Run a test against a fresh emulator with a bot that polls."""

    async def talk() -> None:
        async with BotApi(limits=limits) as api, polling(api, handlers):
            await use(api)

    asyncio.run(talk())
