"""What people of a simulated Discord see: the real discord.py, commands, buttons and forms, without a wire."""

import discord
import pytest

from bot.presses import Press, encoded
from bot.replies import Fault
from bot.requests import Level, Liq, Zones
from engine.windows import window_named


def texts(message) -> str:
    """Return all words of a message, of whatever layout."""
    shown = message.embeds[0].description if message.embeds else ""
    return shown + "\n".join(item.content for item in items(message) if isinstance(item, discord.ui.TextDisplay))


def items(message):
    view = discord.ui.LayoutView.from_message(getattr(message, "message", message), timeout=None)
    return list(view.walk_children())


def labels(message):
    return [item.label for item in items(message) if isinstance(item, discord.ui.Button)]


def current(message):
    pressed = discord.ButtonStyle.primary
    return [item.label for item in items(message) if isinstance(item, discord.ui.Button) and item.style is pressed]


def pictures(message):
    return [attachment.filename for attachment in message.attachments]


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
        assert choices["model"] == ["M1", "M2", "M4", "M5", "M6"]
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


# --- buttons ---------------------------------------------------------------------------------------------------------


async def answered_with(world, **options):
    await world.ann.slash(world.channel, "liq", **({"symbol": "BTC"} | options))
    return world.channel.last_message


def test_a_button_changes_the_message_in_place(talk, service):
    async def use(world):
        message = await answered_with(world)
        await world.ann.click(message, label="24h")
        changed = world.channel.last_message
        assert changed.id == message.id
        assert pictures(changed) == ["BTC-24h.png"]
        assert current(changed) == ["24h", "M1"]
        assert service.orders[-1].request == Liq(symbol="BTC", window=window_named("24h"), model="M1")

    talk(use)


def test_buttons_work_after_a_restart(talk):
    async def use(world):
        message = await answered_with(world)
        await world.restart()
        await world.ann.click(message, label="3d")
        assert pictures(world.channel.last_message) == ["BTC-3d.png"]

    talk(use)


def test_an_answer_without_a_picture_takes_the_old_one_away(talk):
    async def use(world):
        await world.ann.click(await answered_with(world), label="Questions")
        assert pictures(world.channel.last_message) == []
        assert "**Do the maps agree?**" in texts(world.channel.last_message)

    talk(use)


def test_a_fault_of_a_press_leaves_the_message_alone(talk, service):
    async def use(world):
        message = await answered_with(world)
        service.fault = Fault(text="No venue answers for BTC.")
        pressed = await world.ann.click(message, label="12h")
        assert pictures(world.channel.last_message) == ["BTC-all.png"]
        assert "No venue answers" in texts(said_to_one(pressed))

    talk(use)


def said_to_one(pressed):
    said = next(each for each in (*pressed.followups, pressed.response) if each is not None and each.ephemeral)
    assert said.ephemeral
    return said


def test_refresh_without_news_says_so_to_who_pressed(talk):
    async def use(world):
        pressed = await world.ann.click(await answered_with(world), label="Refresh")
        assert "Nothing new yet" in texts(said_to_one(pressed))

    talk(use)


def test_full_size_is_a_file_for_who_wants_it(talk, service):
    async def use(world):
        message = await answered_with(world)
        ben = world.guild.add_member(world.env.create_user("ben"))
        pressed = await ben.click(message, label="HD")
        assert pictures(said_to_one(pressed)) == ["BTC-all-hd.png"]
        assert service.orders[-1].is_hd
        assert pictures(world.channel.last_message) == ["BTC-all.png"]

    talk(use)


def test_the_asker_may_delete(talk):
    async def use(world):
        await world.ann.click(await answered_with(world), label="Delete")
        assert world.channel.last_message is None

    talk(use)


def test_others_may_not_delete_unless_they_manage_messages(talk):
    async def use(world):
        message = await answered_with(world)
        ben = world.guild.add_member(world.env.create_user("ben"))
        pressed = await ben.click(message, label="Delete")
        assert "Only whoever asked" in texts(said_to_one(pressed))
        assert world.channel.last_message.id == message.id
        role = world.guild.create_role("Mods", permissions=discord.Permissions(manage_messages=True))
        mod = world.guild.add_member(world.env.create_user("mod"), roles=[role])
        await mod.click(message, label="Delete")
        assert world.channel.last_message is None

    talk(use)


def test_a_press_of_somebody_else_does_not_take_the_right_to_delete_away(talk):
    async def use(world):
        message = await answered_with(world)
        ben = world.guild.add_member(world.env.create_user("ben"))
        await ben.click(message, label="24h")
        pressed = await ben.click(world.channel.last_message, label="Delete")
        assert "Only whoever asked" in texts(said_to_one(pressed))
        await world.ann.click(world.channel.last_message, label="Delete")
        assert world.channel.last_message is None

    talk(use)


def test_what_only_one_person_sees_has_working_buttons_there_too(talk):
    async def use(world):
        ben = world.env.create_user("ben")
        answered = await ben.slash("liq", symbol="BTC")
        await ben.click(answered.response.message, label="Zones")
        assert "percentile in each map" in texts(ben.dm_channel.last_message)

    talk(use)


# --- the form for a price --------------------------------------------------------------------------------------------


def test_a_price_is_asked_for_and_answered_in_place(talk, service):
    async def use(world):
        message = await answered_with(world, venue="okx")
        opened = await world.ann.click(message, label="Level…")
        assert opened.modal["title"] == "A level of BTC"
        await world.ann.submit_modal(opened, {"price": "68.3k"})
        assert service.orders[-1].request == Level(symbol="BTC", price=68_300.0, venue="okx")
        assert "### Part of a zone" in texts(world.channel.last_message)
        assert world.channel.last_message.id == message.id

    talk(use)


def test_a_form_is_answered_after_a_restart_too(talk):
    async def use(world):
        message = await answered_with(world)
        opened = await world.ann.click(message, label="Level…")
        await world.restart()
        await world.ann.submit_modal(opened, {"price": "68300"})
        assert "### Part of a zone" in texts(world.channel.last_message)

    talk(use)


def test_a_form_with_something_else_than_a_price_says_so(talk):
    async def use(world):
        message = await answered_with(world)
        opened = await world.ann.click(message, label="Level…")
        sent = await world.ann.submit_modal(opened, {"price": "high"})
        assert "“high” is not a price that I can read" in texts(said_to_one(sent))
        assert pictures(world.channel.last_message) == ["BTC-all.png"]

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


# --- buttons of other versions ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["0|l|BTC|M2|3d||", "1|?|BTC||||", "", "9"])
def test_a_button_of_another_version_says_so(talk, monkeypatch, text):
    async def use(world):
        message = await answered_with(world)
        pressed = await world.ann.click(message, label="Zones")
        assert "another version" in texts(said_to_one(pressed))

    monkeypatch.setattr(
        "bot.chats.discord_chat.buttons.encoded",
        lambda press: text if press == Press(verb="ask", request=Zones(symbol="BTC")) else encoded(press),
    )
    talk(use)
