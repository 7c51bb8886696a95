"""The client: discord.py with our commands, buttons and forms, and no more of Discord than these need."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import discord
from discord import app_commands

from bot.chats.discord_chat.buttons import custom_id_of, press_text
from bot.chats.discord_chat.commands import Commands
from bot.chats.discord_chat.conversation import PATIENCE_S, Conversation
from bot.chats.discord_chat.messages import Layout
from bot.chats.discord_chat.sync import SyncMemory, sync_if_changed
from bot.handlers import Handlers

EVERYWHERE = app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=True)
BY_ANYBODY = app_commands.AppInstallationType(guild=True, user=True)


class FathomTree(app_commands.CommandTree["FathomClient"]):
    """The commands; what goes wrong in one is said to who used it."""

    async def on_error(
        self, interaction: discord.Interaction[FathomClient], error: app_commands.AppCommandError, /
    ) -> None:
        """Say what went wrong."""
        await self.client.conversation.failed(interaction, error)


class FathomClient(discord.AutoShardedClient):
    """Connects to Discord and hands interactions on. It reads no messages and keeps none, and mentions nobody."""

    def __init__(
        self,
        handlers: Handlers,
        *,
        memory: SyncMemory,
        layout: Layout = "components",
        venues: Sequence[str] = (),
        patience_s: float = PATIENCE_S,
        shard: tuple[int, int] | None = None,
    ) -> None:
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # Fathom speaks in no voice channel
        part: dict[str, Any] = {} if shard is None else {"shard_ids": [shard[0]], "shard_count": shard[1]}
        super().__init__(
            intents=discord.Intents(guilds=True),
            max_messages=None,
            allowed_mentions=discord.AllowedMentions.none(),
            **part,
        )
        self._memory = memory
        self.connected = asyncio.Event()
        self.conversation = Conversation(handlers, layout=layout, patience_s=patience_s)
        self.tree = FathomTree(self, allowed_contexts=EVERYWHERE, allowed_installs=BY_ANYBODY)
        Commands(self.tree, self.conversation, venues=venues)

    async def setup_hook(self) -> None:
        """Send the commands to Discord if they changed."""
        await sync_if_changed(self.tree, self._memory)

    async def on_connect(self) -> None:
        """Note that Discord let a shard in."""
        self.connected.set()

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Answer a press or a form; commands have found their way already.

        What was pressed is read from the custom_id alone: a button means the same after a restart, and when the
        message has changed since it was pressed. What is no button or form of ours is answered, too.
        """
        match interaction.type:
            case discord.InteractionType.component:
                await self.conversation.pressed(interaction, press_text(custom_id_of(interaction.data)))
            case discord.InteractionType.modal_submit:
                await self.conversation.filled_in(interaction)
