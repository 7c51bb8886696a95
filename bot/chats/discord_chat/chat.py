"""The Discord chat of a process: it starts, answers until it is stopped, and says why when it cannot."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from pathlib import Path

import discord

from bot.chats.discord_chat.client import FathomClient
from bot.chats.discord_chat.connection import point_at
from bot.chats.discord_chat.conversation import PATIENCE_S
from bot.chats.discord_chat.faults import TOKEN_REFUSED
from bot.chats.discord_chat.messages import Layout
from bot.chats.discord_chat.repeating import repeat_what_breaks
from bot.chats.discord_chat.sync import SyncFile
from bot.handlers import Handlers

LONGEST_START_S = 60.0
"""Discord lets a shard in every five seconds; one that takes this long does not come (own assumption)."""
STOPPING_S = 1.5
"""An answer takes a second at most; whoever ends the process grants five for everything."""


class DiscordChatError(Exception):
    """The chat cannot run; can_recover: another try may help, without anybody doing something."""

    def __init__(self, problem: str, *, can_recover: bool) -> None:
        self.can_recover = can_recover
        super().__init__(problem)


class DiscordChat:
    """One connection of one application.

    token: of the bot; sync_file: where it is noted which commands Discord knows; layout: "components", or "embed" for
    older apps; venues: those that can be asked alone; api_base, gateway: other addresses than Discord's own, including
    the version (http://127.0.0.1:8080/api/v10) and in full (ws://127.0.0.1:8080/gateway). discord.py holds addresses
    for the whole process, so two chats of one process share them. shard: which one of how many, counted from 0, None
    for as many as Discord recommends, all of them. patience_s: how long an answer may take before
    Discord is told that it will come; longest_start_s: how long logging in may take.
    """

    def __init__(
        self,
        handlers: Handlers,
        *,
        token: str,
        sync_file: Path,
        layout: Layout = "components",
        venues: Sequence[str] = (),
        api_base: str | None = None,
        gateway: str | None = None,
        shard: tuple[int, int] | None = None,
        patience_s: float = PATIENCE_S,
        longest_start_s: float = LONGEST_START_S,
    ) -> None:
        self._handlers = handlers
        self._token = token
        self._memory = SyncFile(sync_file)
        self._layout: Layout = layout
        self._venues = tuple(venues)
        self._api_base = api_base
        self._gateway = gateway
        self._shard = shard
        self._patience_s = patience_s
        self._longest_start_s = longest_start_s
        self._client: FathomClient | None = None
        self._running: asyncio.Task[None] | None = None

    @property
    def is_connected(self) -> bool:
        """Say whether every shard hears Discord now."""
        client = self._client
        if client is None or client.is_closed() or not client.shards:
            return False
        return not any(shard.is_closed() for shard in client.shards.values())

    async def start(self) -> None:
        """Log in and return when commands are answered.

        Raises:
            DiscordChatError: the token is refused, or Discord cannot be reached.

        """
        point_at(api_base=self._api_base, gateway=self._gateway)
        repeat_what_breaks()
        client = FathomClient(
            self._handlers,
            memory=self._memory,
            layout=self._layout,
            venues=self._venues,
            shard=self._shard,
            patience_s=self._patience_s,
        )
        self._client = client
        try:
            async with asyncio.timeout(self._longest_start_s):
                await client.login(self._token)
                self._running = asyncio.create_task(client.connect())
                await _heard(client, self._running)
        except Exception as error:  # noqa: BLE001 - whatever the library raises, the caller gets one kind
            await self.stop()
            raise _explained(error) from None
        except BaseException:
            await self.stop()
            raise

    async def ended(self) -> None:
        """Wait until the chat was stopped.

        Raises:
            DiscordChatError: it ended by itself, and why.

        """
        if self._running is None:
            return
        try:
            await asyncio.shield(self._running)
        except Exception as error:  # noqa: BLE001 - whatever the library raises, the caller gets one kind
            raise _explained(error) from None

    async def stop(self) -> None:
        """Let answers under way end for a moment, and leave Discord."""
        if self._client is not None:
            await self._client.conversation.finish(STOPPING_S)
            await self._client.close()
        if self._running is not None:
            with contextlib.suppress(Exception):
                await self._running
        self._client = None


async def _heard(client: FathomClient, running: asyncio.Task[None]) -> None:
    """Wait until the first shard is let in; a connection that ends before raises why."""
    heard = asyncio.create_task(client.connected.wait())
    try:
        await asyncio.wait({running, heard}, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
    finally:
        heard.cancel()


def _explained(error: Exception) -> DiscordChatError:
    """Return in words why Discord is not there; never with the token, which no library's sentence is trusted with."""
    match error:
        case DiscordChatError():
            return error
        case discord.LoginFailure() | discord.ConnectionClosed(code=4004):
            return DiscordChatError(TOKEN_REFUSED, can_recover=False)
        case discord.PrivilegedIntentsRequired() | discord.ConnectionClosed():
            problem = "Discord ended the connection for good. Check the application in the developer portal."
            return DiscordChatError(problem, can_recover=False)
        case TimeoutError() | OSError() | discord.GatewayNotFound():
            return DiscordChatError("Discord cannot be reached. Check the network.", can_recover=True)
        case discord.HTTPException():
            return DiscordChatError(f"Discord answers with an error ({error.status}).", can_recover=True)
    return DiscordChatError(f"The connection to Discord failed ({type(error).__name__}).", can_recover=True)
