"""What people of a simulated Discord see: the real discord.py, its commands and both layouts, without a wire."""

import discord
import pytest

from bot.replies import Fault
from bot.requests import Liq
from engine.windows import window_named
from tests.bot.discord_chat.shown import answered_with, current, items, labels, pictures, said_to_one, texts

# --- commands --------------------------------------------------------------------------------------------------------


def test_an_answer_is_one_message_with_picture_words_and_buttons(talk, service):
    async def use(world):
        answered = await world.ann.slash(world.channel, "liq", symbol="btc", window="12h", model="M1", venue="okx")
        message = answered.response
        assert not answered.deferred
        assert not message.ephemeral
        assert pictures(message) == ["BTC-12h.png"]
        assert "## BTC 70,412" in texts(message)
        assert "Upside sweep favoured" in texts(message)
        assert labels(message)[:4] == ["12h", "24h", "3d", "1w"]
        assert current(message) == ["12h", "M1"]
        asked = Liq(symbol="BTC", window=window_named("12h"), model="M1", venue="okx")
        assert [order.request for order in service.orders] == [asked]
        assert len(world.channel.history()) == 1

    talk(use)


def test_the_picture_says_what_it_shows_to_those_who_cannot_see_it(talk):
    async def use(world):
        answered = await world.ann.slash(world.channel, "liq", symbol="BTC")
        (gallery,) = [item for item in items(answered.response) if isinstance(item, discord.ui.MediaGallery)]
        assert [shown.description for shown in gallery.items] == ["BTC-all, a map"]

    talk(use)


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("maps", {"symbol": "BTC"}, "battlefield"),
        ("zones", {"symbol": "BTC"}, "percentile in each map"),
        ("questions", {"symbol": "BTC"}, "**Do the maps agree?**"),
        ("level", {"symbol": "BTC", "price": "68.3k"}, "### Part of a zone"),
        ("models", {}, "### M1 High leverage"),
        ("ask", {"question": "/level btc 68300"}, "### Part of a zone"),
        ("liq", {"symbol": "eth 12h m2"}, "Upside sweep favoured"),
    ],
)
def test_every_question_has_a_command(talk, name, options, words):
    async def use(world):
        answered = await world.ann.slash(world.channel, name, **options)
        assert words in texts(answered.response)
        assert not answered.response.ephemeral

    talk(use)


@pytest.mark.parametrize("name", ["help", "about", "privacy", "settings", "forget_me"])
def test_what_concerns_one_person_is_shown_to_that_person(talk, name):
    async def use(world):
        answered = await world.ann.slash(world.channel, name)
        assert answered.response.ephemeral
        assert texts(answered.response)

    talk(use)


def test_symbols_are_offered_while_somebody_types_the_most_traded_first(talk):
    async def use(world):
        for name in ("liq", "zones", "level", "track"):
            offered = await world.ann.autocomplete(world.channel, name, "symbol", "b")
            assert [choice["value"] for choice in _choices(offered)] == ["BTC", "BNB", "BCH"]

    talk(use)


def _choices(offered):
    return offered.autocomplete_choices if hasattr(offered, "autocomplete_choices") else offered


def test_windows_models_and_venues_are_choices(talk):
    async def use(world):
        (liq,) = [command for command in world.env.bot.tree.get_commands() if command.name == "liq"]
        choices = {option.name: [choice.value for choice in option.choices] for option in liq.parameters}
        assert choices["window"] == ["12h", "24h", "48h", "3d", "1w", "2w", "1m"]
        assert choices["model"] == ["M1", "M2", "M3", "M4", "M5", "M6"]
        assert choices["venue"] == ["binanceusdm", "okx"]

    talk(use)


def test_commands_are_there_in_direct_messages_and_by_a_persons_own_installation(talk):
    async def use(world):
        ben = world.env.create_user("ben")
        answered = await ben.slash("liq", symbol="BTC")
        assert pictures(answered.response) == ["BTC-all.png"]
        for command in world.env.bot.tree.get_commands():
            payload = command.to_dict(world.env.bot.tree)
            assert payload["contexts"] == [0, 1, 2]
            assert payload["integration_types"] == [0, 1]

    talk(use)


# --- faults ----------------------------------------------------------------------------------------------------------


def test_a_fault_is_shown_to_who_caused_it(talk, service):
    service.fault = Fault(text="There is no symbol “BTZ”. Did you mean BTC?")

    async def use(world):
        answered = await world.ann.slash(world.channel, "liq", symbol="BTZ")
        assert answered.response.ephemeral
        assert "Did you mean BTC?" in texts(answered.response)
        assert labels(answered.response) == []

    talk(use)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"symbol": "!!!", "price": "68500"}, "I cannot read"),
        ({"symbol": "BTC", "price": "abc"}, "“abc” is not a price that I can read"),
        ({"symbol": "BTC", "price": "68,5"}, "is not a price that I can read"),
    ],
)
def test_what_cannot_be_read_is_said_with_what_would_work(talk, options, words):
    async def use(world):
        answered = await world.ann.slash(world.channel, "level", **options)
        assert answered.response.ephemeral
        assert words in texts(answered.response)
        assert "Try:" in texts(answered.response)

    talk(use)


def test_markup_in_what_somebody_wrote_stays_text(talk):
    async def use(world):
        answered = await world.ann.slash(world.channel, "ask", question="**@everyone** <@1> [x](http://a.b) `zz`")
        shown = texts(answered.response)
        assert "**@everyone**" not in shown
        assert "<@1>" not in shown.replace("\\<", "")
        assert "[x](" not in shown.replace("\\[", "")

    talk(use)


def test_the_unexpected_gets_an_id_that_the_log_names_too(talk, service, caplog):
    service.error = RuntimeError("boom")

    async def use(world):
        answered = await world.ann.slash(world.channel, "liq", symbol="BTC")
        assert answered.response.ephemeral
        shown = texts(answered.response)
        number = shown.partition("error ")[2][:8]
        assert any(number in record.getMessage() for record in caplog.records)
        assert "boom" not in shown

    talk(use)


# --- the other layout ------------------------------------------------------------------------------------------------


def test_an_embed_holds_the_same_for_who_prefers_it(talk):
    async def use(world):
        message = await answered_with(world)
        (embed,) = message.embeds
        assert embed.image.url
        assert "## BTC 70,412" in embed.description
        assert "Upside sweep favoured" in embed.description
        assert "-# " not in embed.description
        assert embed.colour.value == 0x3FE0B0
        rows = [[button.label for button in row.children] for row in message.components]
        assert rows[0] == ["12h", "24h", "3d", "1w"]
        await world.ann.click(message, label="Zones")
        assert "percentile in each map" in world.channel.last_message.embeds[0].description
        refreshed = await world.ann.click(world.channel.last_message, label="Refresh")
        assert "Nothing new yet" in texts(said_to_one(refreshed))

    talk(use, layout="embed")


def test_messages_of_the_other_layout_go_on_in_their_own(talk):
    async def use(world):
        before = await answered_with(world)
        await world.restart(layout="components")
        await world.ann.click(before, label="Zones")
        changed = world.channel.last_message
        assert "percentile in each map" in changed.embeds[0].description
        assert changed.id == before.id
        after = await answered_with(world)
        assert after.flags.components_v2
        await world.restart(layout="embed")
        await world.ann.click(after, label="Zones")
        assert "percentile in each map" in texts(world.channel.last_message)
        assert not world.channel.last_message.embeds

    talk(use, layout="embed")
