"""Where an interaction comes from, as a place of ours."""

from __future__ import annotations

from typing import Any

import discord

from bot.preferences import Place

PLATFORM = "discord"


def place_of(interaction: discord.Interaction[Any]) -> Place:
    """Return the place: a thread is a topic of its channel; outside of servers there is no community.

    Who may manage a server may configure Fathom there.
    """
    channel = interaction.channel
    chat, topic = interaction.channel_id or interaction.user.id, None
    if isinstance(channel, discord.Thread):
        chat, topic = channel.parent_id or channel.id, channel.id
    return Place(
        platform=PLATFORM,
        chat=chat,
        user=interaction.user.id,
        community=interaction.guild_id,
        topic=topic,
        may_configure=interaction.guild_id is not None and interaction.permissions.manage_guild,
    )
