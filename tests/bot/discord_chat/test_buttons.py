"""Buttons and the form for a price in a simulated Discord: the answer changes in place, for whoever pressed."""

import discord
import pytest

from bot.presses import Press, encoded
from bot.replies import Fault
from bot.requests import Level, Liq, Zones
from engine.windows import window_named
from tests.bot.discord_chat.shown import answered_with, current, pictures, said_to_one, texts


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
