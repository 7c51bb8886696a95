"""The real discord.py pointed at the fake."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from tests.fake_discord import FakeDiscord

INTENTS = discord.Intents(guilds=True, dm_messages=True)


@contextlib.contextmanager
def pointed_at(fake: FakeDiscord) -> Iterator[None]:
    """Let discord.py talk to the fake until the block ends."""
    before = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = fake.rest_url, yarl.URL(fake.gateway_url)
    try:
        yield
    finally:
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = before


@contextlib.asynccontextmanager
async def connected(fake: FakeDiscord, client: discord.Client) -> AsyncIterator[None]:
    """Run a client until the block ends; it must have told that it is ready."""
    with pointed_at(fake):
        running = asyncio.create_task(client.start(fake.token))
        try:
            ready = asyncio.create_task(_ready(client))
            await asyncio.wait({running, ready}, timeout=10, return_when=asyncio.FIRST_COMPLETED)
            ready.cancel()
            if running.done():
                running.result()
            yield
        finally:
            await client.close()
            with contextlib.suppress(asyncio.CancelledError, discord.DiscordException):
                await running
            await asyncio.sleep(0)


async def _ready(client: discord.Client) -> None:
    while not client.is_ready():  # noqa: ASYNC110 -- wait_until_ready cannot be called before the login
        await asyncio.sleep(0.005)


def with_client(
    make: Callable[[], discord.Client], use: Callable[[FakeDiscord, discord.Client], Awaitable[None]], **options: object
) -> None:
    """Run a test against a fresh fake with a connected client; the fake's people are made in `use`."""

    async def talk() -> None:
        async with FakeDiscord(**options) as fake:
            client = make()
            async with connected(fake, client):
                await use(fake, client)

    asyncio.run(talk())
