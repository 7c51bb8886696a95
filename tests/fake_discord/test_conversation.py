"""The real discord.py talks to the people of the fake."""

import asyncio
import io

import discord
import pytest
from discord import app_commands

from tests.fake_discord import FakeDiscord
from tests.fake_discord.client import INTENTS, connected
from tests.fake_discord.places import MANAGE_GUILD

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(64)


class Windows(discord.ui.DynamicItem[discord.ui.Button], template=r"window:(?P<hours>\d+)"):
    """A button that holds its state in its custom_id."""

    def __init__(self, hours: int) -> None:
        super().__init__(discord.ui.Button(label=f"{hours}h", custom_id=f"window:{hours}"))
        self.hours = hours

    @classmethod
    async def from_custom_id(cls, interaction, item, match):
        return cls(int(match["hours"]))

    async def callback(self, interaction):
        await interaction.response.edit_message(content=f"window {self.hours}", view=windows(self.hours * 2))


def windows(hours: int) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    view.add_item(Windows(hours))
    return view


class Note(discord.ui.Modal, title="A note"):
    note = discord.ui.TextInput(label="Note", custom_id="note")

    async def on_submit(self, interaction):
        await interaction.response.send_message(f"noted: {self.note.value}", ephemeral=True)


class Bot(discord.Client):
    """The smallest bot that does all of it."""

    def __init__(self, intents: discord.Intents = INTENTS) -> None:
        super().__init__(intents=intents, guild_ready_timeout=0.1, max_messages=None)
        self.tree = app_commands.CommandTree(self)
        self.heard: list[discord.Message] = []
        _add_commands(self.tree)

    async def setup_hook(self):
        self.add_dynamic_items(Windows)
        await self.tree.sync()

    async def on_message(self, message):
        if message.author != self.user:
            self.heard.append(message)


def _add_commands(tree: app_commands.CommandTree) -> None:
    @tree.command(description="Liquidation map")
    @app_commands.choices(window=[app_commands.Choice(name=name, value=name) for name in ("12h", "24h")])
    async def liq(interaction: discord.Interaction, symbol: str, window: app_commands.Choice[str] | None = None):
        await interaction.response.defer()
        file = discord.File(io.BytesIO(PICTURE), "chart.png")
        embed = discord.Embed(title=symbol).set_image(url="attachment://chart.png")
        await interaction.edit_original_response(
            content=f"{symbol} {window.value if window else '3d'}", embed=embed, attachments=[file], view=windows(12)
        )
        await interaction.followup.send("more", ephemeral=True)

    @liq.autocomplete("symbol")
    async def symbols(interaction: discord.Interaction, current: str):
        return [app_commands.Choice(name=name, value=name) for name in ("BTC", "ETH") if current.upper() in name]

    @tree.command(description="Card")
    @app_commands.allowed_installs(guilds=True, users=True)
    async def card(interaction: discord.Interaction):
        view = discord.ui.LayoutView()
        view.add_item(discord.ui.Container(discord.ui.TextDisplay("two"), discord.ui.TextDisplay("lines")))
        await interaction.response.send_message(view=view)

    @tree.command(description="Note")
    async def note(interaction: discord.Interaction):
        await interaction.response.send_modal(Note())

    @tree.context_menu(name="Read this heatmap")
    async def read(interaction: discord.Interaction, message: discord.Message):
        sizes = [len(await attachment.read()) for attachment in message.attachments]
        await interaction.response.send_message(f"{sizes} by {message.author.name}")

    @tree.command(description="Settings")
    @app_commands.default_permissions(manage_guild=True)
    async def settings(interaction: discord.Interaction):
        await interaction.response.send_message(f"{interaction.permissions.manage_guild}")

    alerts = app_commands.Group(name="alerts", description="Alerts")

    @alerts.command(description="Add")
    async def add(interaction: discord.Interaction, price: app_commands.Range[float, 0.0, 1e6]):
        await interaction.response.send_message(f"at {price} {interaction.context.guild}")

    tree.add_command(alerts)


def talk_with(use, *, intents: discord.Intents = INTENTS, **options: object) -> None:
    """Run a test with the bot in a guild of Ann's."""

    async def talk() -> None:
        async with FakeDiscord(**options) as fake:
            ann = fake.user("Ann")
            channel = fake.channel(fake.guild("Traders", ann))
            async with connected(fake, bot := Bot(intents)):
                await use(fake, bot, fake.seat(ann, channel))

    asyncio.run(talk())


def test_a_slash_command_is_deferred_and_its_answer_edited_in_with_a_file() -> None:
    async def talk(fake, bot, ann) -> None:
        exchange = await ann.slash("liq", symbol="BTC", window="24h")
        message = await exchange.reply()
        assert await exchange.answer() == 5
        assert message.text == "BTC 24h"
        (chart,) = message.attachments
        assert (chart.name, chart.content) == ("chart.png", PICTURE)
        assert message.embeds[0]["image"]["url"] == chart.url
        assert [content.text for content in message.past] == [""]
        more = await exchange.follow_up()
        assert (more.text, more.ephemeral) == ("more", True)
        assert ann.messages == [message]  # what is ephemeral is no part of the channel
        names = [f"{call.method} {call.path.rsplit('/', 1)[-1]}" for call in fake.calls]
        assert names[-3:] == ["POST callback", "PATCH @original", f"POST {exchange.interaction.token}"]

    talk_with(talk)


def test_a_button_edits_its_message_also_after_a_restart() -> None:
    async def talk(fake, bot, ann) -> None:
        message = await (await ann.slash("liq", symbol="BTC")).reply()
        await bot.close()
        async with connected(fake, Bot()):
            exchange = await ann.press(message, "12h")
            assert await exchange.answer() == 7
            await ann.edited(message, times=2)
            assert message.text == "window 12"
            assert [button.label for button in message.buttons] == ["24h"]
            await ann.press(message, "window:24")
            await ann.edited(message, times=3)
            assert message.text == "window 24"

    talk_with(talk)


def test_autocomplete_offers_choices() -> None:
    async def talk(fake, bot, ann) -> None:
        choices = await (await ann.autocomplete("liq", "symbol", symbol="bt")).choices()
        assert choices == [{"name": "BTC", "value": "BTC"}]

    talk_with(talk)


def test_a_form_is_filled_in() -> None:
    async def talk(fake, bot, ann) -> None:
        opened = await ann.slash("note")
        with pytest.raises(LookupError, match="has to be filled in"):
            await ann.submit(opened)
        reply = await (await ann.submit(opened, note="hello")).reply()
        assert (reply.text, reply.ephemeral) == ("noted: hello", True)

    talk_with(talk)


def test_a_message_of_somebody_else_is_read_through_its_menu() -> None:
    async def talk(fake, bot, ann) -> None:
        ben = fake.seat(fake.user("Ben"), ann.channel)
        shot = await ben.send("look", [("map.png", PICTURE)])
        reply = await (await ann.menu("Read this heatmap", shot)).reply()
        assert reply.text == f"[{len(PICTURE)}] by ben"

    talk_with(talk)


def test_components_v2_show_their_texts() -> None:
    async def talk(fake, bot, ann) -> None:
        reply = await (await ann.slash("card")).reply()
        assert reply.text == "two\nlines"
        assert reply.content.text == ""

    talk_with(talk)


def test_commands_work_where_they_are_installed() -> None:
    async def talk(fake, bot, ann) -> None:
        foreign = fake.guild("Elsewhere", ann.person, bot_is_in=False)
        away = fake.seat(ann.person, fake.channel(foreign))
        exchange = await away.slash("card")
        assert (await exchange.reply()).text == "two\nlines"
        assert exchange.interaction.owners == {"1": str(ann.person.id)}
        assert (await (await fake.between_people(ann.person).slash("card")).reply()).text == "two\nlines"
        with pytest.raises(LookupError, match="not offered"):
            await away.slash("liq", symbol="BTC")
        direct = await fake.direct(ann.person).slash("alerts add", price=70.5)
        assert (await direct.reply()).text == "at 70.5 False"

    talk_with(talk)


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("nothing", {}, LookupError),
        ("liq", {}, LookupError),
        ("liq", {"symbol": "BTC", "size": 1}, LookupError),
        ("liq", {"symbol": "BTC", "window": "13h"}, ValueError),
        ("liq", {"symbol": 1}, TypeError),
        ("alerts", {}, LookupError),
        ("alerts add", {"price": -1.0}, ValueError),
    ],
)
def test_the_app_lets_nothing_through_that_a_command_does_not_take(name, options, expected) -> None:
    async def talk(fake, bot, ann) -> None:
        with pytest.raises(expected):
            await ann.slash(name, **options)

    talk_with(talk)


def test_a_guilds_own_commands_come_first_and_keep_their_ids() -> None:
    async def talk(fake, bot, ann) -> None:
        guild = discord.Object(ann.channel.guild.id)
        assert {command.name for command in await bot.tree.fetch_commands()} == {
            "liq", "card", "note", "settings", "alerts", "Read this heatmap",
        }  # fmt: skip
        bot.tree.copy_global_to(guild=guild)
        first = await bot.tree.sync(guild=guild)
        again = await bot.tree.sync(guild=guild)
        assert {command.id for command in first} == {command.id for command in again}
        exchange = await ann.slash("card")
        assert int(exchange.interaction.data["id"]) in {command.id for command in first}
        await exchange.reply()

    talk_with(talk)


def test_who_may_configure_follows_permissions() -> None:
    async def talk(fake, bot, ann) -> None:
        ben = fake.user("Ben")
        guild = ann.channel.guild
        assert (await (await ann.slash("settings")).reply()).text == "True"
        with pytest.raises(LookupError, match="not offered to Ben"):
            await fake.seat(ben, ann.channel).slash("settings")
        guild.granted[ben.id] = MANAGE_GUILD
        assert (await (await fake.seat(ben, ann.channel).slash("settings")).reply()).text == "True"

    talk_with(talk)


def test_direct_messages_are_heard_and_answered() -> None:
    async def talk(fake, bot, ann) -> None:
        direct = fake.direct(ann.person)
        await direct.send("/liq BTC")
        await fake.world.until(lambda: bot.heard, "message")
        assert bot.heard[0].content == "/liq BTC"
        await bot.heard[0].channel.send("here")
        assert (await direct.next_message()).text == "here"

    talk_with(talk)


def test_words_of_a_guild_are_hidden_from_a_bot_that_may_not_read_them() -> None:
    async def talk(fake, bot, ann) -> None:
        await ann.send("something")
        await ann.send(f"<@{bot.user.id}> something")
        await fake.world.until(lambda: len(bot.heard) == 2, "both messages")
        assert [message.content for message in bot.heard] == ["", f"<@{bot.user.id}> something"]

    talk_with(talk, intents=discord.Intents(guilds=True, guild_messages=True))
