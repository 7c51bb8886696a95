"""Limits, refusals, rate limits and late answers, as the real discord.py meets them."""

import asyncio
import io
import time

import aiohttp
import discord
import pytest

from tests.fake_discord import FakeDiscord, Fault, Silence, Slow, faults
from tests.fake_discord.client import INTENTS, connected
from tests.fake_discord.places import ATTACH_FILES, EMBED_LINKS, SEND_MESSAGES, VIEW_CHANNEL


def client() -> discord.Client:
    return discord.Client(intents=INTENTS, guild_ready_timeout=0.1, max_messages=None)


def talk_with(use, **options: object) -> None:
    """Run a test with a connected client and a channel of a guild of Ann's."""

    async def talk() -> None:
        async with FakeDiscord(**options) as fake:
            ann = fake.user("Ann")
            seat = fake.seat(ann, fake.channel(fake.guild("Traders", ann)))
            bot = client()
            async with connected(fake, bot):
                await use(fake, bot, seat, bot.get_channel(seat.channel.id))

    asyncio.run(talk())


# --- messages --------------------------------------------------------------------------------------------------------


def test_the_same_nonce_posts_once() -> None:
    async def talk(fake, bot, ann, channel) -> None:
        first = await channel.send("a", nonce="report-1")
        second = await channel.send("a", nonce="report-1")
        other = await channel.send("a", nonce="report-2")
        assert first.id == second.id != other.id
        assert len(ann.messages) == 2
        fake.skip(600)
        assert (await channel.send("a", nonce="report-1")).id != first.id

    talk_with(talk)


def test_an_answer_lost_after_sending_is_made_good_by_the_nonce() -> None:
    async def talk(fake, bot, ann, channel) -> None:
        fake.faults.append(Fault("POST /channels/*/messages", faults.unavailable(502), performed=True))
        await channel.send("a", nonce="report-1")  # discord.py tries again by itself
        assert [message.text for message in ann.messages] == ["a"]
        assert [call.status for call in fake.called("POST", "/channels")] == [200, 200]

    talk_with(talk)


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"content": "a" * 2_001}, 50_035),
        ({"content": ""}, 50_006),
        ({"content": "a", "nonce": "n" * 26}, 50_035),
        ({"embed": discord.Embed(title="t" * 257)}, 50_035),
        ({"embeds": [discord.Embed(description="d" * 3_001)] * 2}, 50_035),
        ({"file": discord.File(io.BytesIO(bytes(10 * 1024**2 + 1)), "a.png")}, 40_005),
    ],
    ids=["content", "empty", "nonce", "title", "embeds", "file"],
)
def test_a_message_that_breaks_a_rule_is_refused(message, code) -> None:
    async def talk(fake, bot, ann, channel) -> None:
        with pytest.raises(discord.HTTPException) as refused:
            await channel.send(**message)
        assert refused.value.code == code
        assert ann.messages == []

    talk_with(talk)


def test_components_v2_exclude_content_and_are_counted() -> None:
    async def talk(fake, bot, ann, channel) -> None:
        view = discord.ui.LayoutView()
        view.add_item(discord.ui.TextDisplay("x"))
        with pytest.raises(discord.HTTPException) as refused:
            await bot.http.request(
                discord.http.Route("POST", "/channels/{channel_id}/messages", channel_id=channel.id),
                json={"content": "a", "components": view.to_components(), "flags": 1 << 15},
            )
        assert refused.value.code == 50_035
        sent = await channel.send(view=view)
        many = [{"type": 10, "content": "x"}] * 41
        with pytest.raises(discord.HTTPException, match="maximum of 40"):
            await bot.http.request(
                discord.http.Route(
                    "PATCH", "/channels/{channel_id}/messages/{message_id}", channel_id=channel.id, message_id=sent.id
                ),
                json={"components": many},
            )

    talk_with(talk)


def test_a_picture_is_exchanged_and_kept_by_its_attachment() -> None:
    async def talk(fake, bot, ann, channel) -> None:
        sent = await channel.send("a", file=discord.File(io.BytesIO(b"one"), "one.png"))
        seen = await ann.next_message()
        await sent.edit(content="b", attachments=sent.attachments)
        assert [each.name for each in seen.attachments] == ["one.png"]
        edited = await sent.edit(attachments=[discord.File(io.BytesIO(b"two"), "two.png", description="a map")])
        assert [(each.name, each.content, each.description) for each in seen.attachments] == [
            ("two.png", b"two", "a map")
        ]
        assert await edited.attachments[0].read() == b"two"
        await sent.delete()
        assert seen.deleted

    talk_with(talk)


def test_refusals_carry_discords_own_codes() -> None:
    async def talk() -> None:
        async with FakeDiscord() as fake:
            ann, shy = fake.user("Ann"), fake.user("Shy", takes_dms=False)
            guild = fake.guild("Traders", ann)
            names = {"open": 0, "mute": SEND_MESSAGES, "hidden": VIEW_CHANNEL, "plain": ATTACH_FILES}
            channels = {name: fake.channel(guild, name, denied=denied) for name, denied in names.items()}
            async with connected(fake, bot := client()):
                place = {name: bot.get_channel(channel.id) for name, channel in channels.items()}
                gone, stranger = await place["open"].send("a"), await bot.fetch_user(shy.id)
                chart = discord.File(io.BytesIO(b"a"), "a.png")
                await gone.delete()
                for act, kind, code in (
                    (lambda: gone.edit(content="b"), discord.NotFound, 10_008),
                    (lambda: bot.fetch_channel(1), discord.NotFound, 10_003),
                    (lambda: place["mute"].send("a"), discord.Forbidden, 50_013),
                    (lambda: place["hidden"].send("a"), discord.Forbidden, 50_001),
                    (
                        lambda: place["plain"].send(file=chart),
                        discord.Forbidden,
                        50_013,
                    ),
                    (lambda: stranger.send("a"), discord.Forbidden, 50_007),
                    (lambda: bot.fetch_user(1), discord.NotFound, 10_013),
                ):
                    with pytest.raises(kind) as refused:
                        await act()
                    assert refused.value.code == code

    asyncio.run(talk())


def test_the_bot_is_invited_expelled_and_loses_channels() -> None:
    async def talk(fake, bot, ann, channel) -> None:
        guild = fake.guild("New", ann.person, bot_is_in=False)
        other = fake.channel(guild)
        with pytest.raises(discord.NotFound):
            await bot.fetch_channel(other.id)
        await fake.invite(guild)
        await fake.world.until(lambda: bot.get_guild(guild.id), "new guild")
        await bot.get_channel(other.id).send("hello")
        await fake.close(other)
        await fake.world.until(lambda: bot.get_channel(other.id) is None, "channel gone")
        await fake.expel(ann.channel.guild)
        await fake.world.until(lambda: len(bot.guilds) == 1, "guild gone")
        with pytest.raises(discord.NotFound) as refused:
            await channel.send("a")
        assert refused.value.code == 10_003

    talk_with(talk)


def test_a_channel_without_embeds_drops_them() -> None:
    async def talk(fake, bot, ann, channel) -> None:
        ann.channel.denied = EMBED_LINKS
        await channel.send("a", embed=discord.Embed(title="t"))
        assert (await ann.next_message()).embeds == ()

    talk_with(talk)


# --- rate limits and faults ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("everywhere", [False, True])
def test_the_client_waits_as_long_as_a_429_says(everywhere: bool) -> None:
    async def talk(fake, bot, ann, channel) -> None:
        limited = faults.too_many_requests(0.4, everywhere=everywhere)
        fake.faults.append(Fault("POST /channels/*/messages", limited))
        await channel.send("a")
        first, second = fake.called("POST", "/channels")
        assert (first.status, second.status) == (429, 200)
        assert second.at - first.at >= 0.4
        assert len(ann.messages) == 1

    talk_with(talk)


def test_a_429_without_via_is_a_ban() -> None:
    async def talk(fake, bot, ann, channel) -> None:
        fake.faults.append(Fault("POST /channels/*/messages", faults.too_many_requests(0.4, via=False)))
        with pytest.raises(discord.HTTPException) as refused:
            await channel.send("a")
        assert refused.value.status == 429
        assert len(fake.called("POST", "/channels")) == 1

    talk_with(talk)


def test_fifty_requests_a_second_are_the_limit_of_all() -> None:
    async def talk(fake, bot, ann, channel) -> None:
        fake.freeze()
        fake.skip(1.0)
        await asyncio.gather(*(bot.fetch_user(ann.person.id) for _ in range(50)))
        assert {call.status for call in fake.calls} == {200}
        further = asyncio.create_task(bot.fetch_user(ann.person.id))
        await fake.world.until(lambda: fake.calls[-1].status == 429, "refusal")
        fake.skip(1.0)
        assert (await further).name == "ann"

    talk_with(talk)


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (faults.unavailable(503), discord.DiscordServerError),
        (faults.refused(403, 50_001, "Missing Access"), discord.Forbidden),
        (Silence.RESET, aiohttp.ClientError),
        (Silence.HANG, TimeoutError),
    ],
    ids=["503", "403", "reset", "hang"],
)
def test_a_fault_strikes_as_often_as_it_is_told(outcome, expected) -> None:
    async def talk(fake, bot, ann, channel) -> None:
        fake.faults.append(Fault("POST /channels/*/messages", outcome))
        with pytest.raises(expected):
            await asyncio.wait_for(channel.send("a"), 0.5 if outcome is Silence.HANG else 10)
        await channel.send("b")
        assert [message.text for message in ann.messages] == ["b"]

    talk_with(talk)


def test_a_slow_answer_is_the_true_one() -> None:
    async def talk(fake, bot, ann, channel) -> None:
        fake.faults.append(Fault("GET /users/*", Slow(0.3)))
        begun = time.monotonic()
        assert (await bot.fetch_user(ann.person.id)).name == "ann"
        assert time.monotonic() - begun >= 0.3

    talk_with(talk)


# --- interactions ----------------------------------------------------------------------------------------------------


class Slowly(discord.Client):
    """Answers what it is asked when the test lets it."""

    def __init__(self) -> None:
        super().__init__(intents=INTENTS, guild_ready_timeout=0.1)
        self.asked: asyncio.Queue[discord.Interaction] = asyncio.Queue()

    async def on_interaction(self, interaction):
        await self.asked.put(interaction)


def ask_slowly(use) -> None:
    async def talk() -> None:
        async with FakeDiscord() as fake:
            ann = fake.user("Ann")
            seat = fake.seat(ann, fake.channel(fake.guild("Traders", ann)))
            fake.commands.replace(None, [{"name": "liq", "description": "map"}])
            async with connected(fake, bot := Slowly()):
                exchange = await seat.slash("liq")
                await use(fake, exchange, await asyncio.wait_for(bot.asked.get(), 5))

    asyncio.run(talk())


def test_an_interaction_is_unknown_after_three_seconds() -> None:
    async def talk(fake, exchange, interaction) -> None:
        fake.skip(3.5)
        with pytest.raises(discord.NotFound) as late:
            await interaction.response.send_message("a")
        assert late.value.code == 10_062
        assert exchange.interaction.answer is None

    ask_slowly(talk)


def test_an_interaction_is_answered_once() -> None:
    async def talk(fake, exchange, interaction) -> None:
        await interaction.response.defer()
        assert (await fake.world.until(lambda: exchange.interaction.original, "message")).loading
        interaction.response._response_type = None  # discord.py would not ask again
        with pytest.raises(discord.HTTPException) as again:
            await interaction.response.send_message("a")
        assert again.value.code == 40_060

    ask_slowly(talk)


def test_the_first_follow_up_takes_the_place_of_thinking() -> None:
    async def talk(fake, exchange, interaction) -> None:
        await interaction.response.defer(ephemeral=True)
        await interaction.followup.send("a")
        reply = await exchange.reply()
        assert (reply.text, reply.ephemeral, reply.loading) == ("a", True, False)
        await interaction.followup.send("b")
        assert (await exchange.follow_up()).text == "b"
        await interaction.delete_original_response()
        assert reply.deleted

    ask_slowly(talk)


def test_follow_ups_need_an_answer_first_and_end_after_a_quarter_of_an_hour() -> None:
    async def talk(fake, exchange, interaction) -> None:
        with pytest.raises(discord.NotFound) as early:
            await interaction.followup.send("a")
        assert early.value.code == 10_015
        await interaction.response.send_message("a")
        fake.skip(15 * 60)
        with pytest.raises(discord.HTTPException) as late:
            await interaction.edit_original_response(content="b")
        assert late.value.code == 50_027

    ask_slowly(talk)
