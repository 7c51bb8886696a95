"""simcord, the Discord in memory for tests that need no wire, works with the discord.py that is installed."""

import asyncio

import discord
import simcord
from discord.ext import commands


class Window(discord.ui.DynamicItem[discord.ui.Button], template=r"window:(?P<hours>\d+)"):
    """A button that holds its state in its custom_id."""

    def __init__(self, hours: int) -> None:
        super().__init__(discord.ui.Button(label=f"{hours}h", custom_id=f"window:{hours}"))
        self.hours = hours

    @classmethod
    async def from_custom_id(cls, interaction, item, match):
        return cls(int(match["hours"]))

    async def callback(self, interaction):
        await interaction.response.edit_message(content=f"window {self.hours}", view=None)


class Bot(commands.Bot):
    def __init__(self) -> None:
        super().__init__(command_prefix=commands.when_mentioned, intents=discord.Intents(guilds=True))

        @self.tree.command(description="Liquidation map")
        async def liq(interaction: discord.Interaction, symbol: str):
            await interaction.response.defer()
            view = discord.ui.View(timeout=None)
            view.add_item(Window(12))
            await interaction.followup.send(symbol, view=view)

    async def setup_hook(self) -> None:
        self.add_dynamic_items(Window)
        await self.tree.sync()


def test_a_slash_command_is_answered_and_its_button_works_after_a_restart() -> None:
    async def talk() -> None:
        async with simcord.run(Bot()) as env:
            guild = env.create_guild()
            channel = guild.create_text_channel("general")
            ann = guild.add_member(env.create_user("ann"))
            answered = await ann.slash(channel, "liq", symbol="BTC")
            assert answered.response.content == "BTC"
            await env.restart_bot(Bot())
            await ann.click(channel.last_message, label="12h")
            assert channel.last_message.content == "window 12"

    asyncio.run(talk())
