"""Messages as discord.py sends them: limits, colours, buttons."""

from dataclasses import replace

import discord
import pytest

from bot.brief import brief
from bot.chats.discord_chat.buttons import press_text, rows_of
from bot.chats.discord_chat.messages import MOST_ALT_CHARACTERS, colour_of, made
from bot.handlers import Outgoing
from bot.presses import Button, Press, buttons_for, decoded
from bot.replies import Fault, fault_reply
from bot.requests import Level, Liq, Zones
from bot.service.answer import Order
from charts.theme import DARK
from engine.results import Setup
from engine.windows import WINDOWS

MOST_COMPONENTS = 40
MOST_CUSTOM_ID = 100
ASKED = Liq(symbol="BTC")


@pytest.fixture
def outgoing(service):
    answer = service.made(Order(request=ASKED))
    return Outgoing(
        reply=answer.reply,
        request=ASKED,
        drawing=answer.drawing,
        findings=answer.findings,
        buttons=buttons_for(ASKED, asker=7),
    )


def counted(components):
    return sum(1 + counted(component.get("components", ())) for component in components)


def test_a_message_holds_no_more_components_than_discord_takes(outgoing):
    assert counted(made(outgoing, "components").view.to_components()) <= MOST_COMPONENTS


def test_every_button_of_a_message_has_a_name_of_its_own(outgoing):
    ids = [button.custom_id for row in rows_of(outgoing.buttons) for button in row.children]
    assert len(set(ids)) == len(ids) == 14
    assert all(len(custom_id) <= MOST_CUSTOM_ID for custom_id in ids)


def test_a_button_means_what_it_is_there_for(outgoing):
    pressed = [decoded(press_text(button.custom_id)) for row in rows_of(outgoing.buttons) for button in row.children]
    assert pressed == [button.press for row in outgoing.buttons for button in row]


def test_who_asked_first_keeps_the_right_to_delete(outgoing):
    pressed = [
        decoded(press_text(button.custom_id)) for row in rows_of(outgoing.buttons, asker=99) for button in row.children
    ]
    assert [press.asker for press in pressed if press.verb == "delete"] == [99]


def labels(message):
    return [item.label for item in message.view.walk_children() if isinstance(item, discord.ui.Button)]


@pytest.mark.parametrize("layout", ["components", "embed"])
def test_what_is_read_first_is_shown_and_a_button_for_the_rest(outgoing, layout):
    first, whole = made(outgoing, layout), made(replace(outgoing, is_whole=True), layout)
    assert "Wrong if" in "".join(first.words)
    assert "battlefield" not in "".join(first.words)
    assert "battlefield" in "".join(whole.words)
    assert labels(first)[-4:] == ["More", "HD", "Refresh", "Delete"]
    assert labels(whole)[-4:] == ["Less", "HD", "Refresh", "Delete"]


def test_without_buttons_the_whole_is_shown(outgoing):
    assert "battlefield" in "".join(made(replace(outgoing, buttons=()), "components").words)


def test_an_answer_of_which_nothing_waits_has_no_button_for_more(outgoing):
    assert "More" not in labels(made(replace(outgoing, reply=brief(outgoing.reply)), "components"))


def test_a_long_row_of_buttons_is_broken():
    row = tuple(
        Button(label=window.name, press=Press(verb="ask", request=Liq(symbol="BTC", model="M1", window=window)))
        for window in WINDOWS
    )
    assert [len(row.children) for row in rows_of([row])] == [5, 2]


def test_a_long_description_is_cut_for_the_gallery_and_whole_at_the_file(outgoing):
    long = replace(outgoing, drawing=replace(outgoing.drawing, alt="word " * 100))
    message = made(long, "components")
    (gallery,) = [item for item in message.view.walk_children() if isinstance(item, discord.ui.MediaGallery)]
    assert len(gallery.items[0].description) == MOST_ALT_CHARACTERS
    assert message.files[0].description == "word " * 100


@pytest.mark.parametrize(
    ("verdict", "colour"),
    [
        ("upside_sweep", DARK.above),
        ("downside_sweep", DARK.below),
        ("trap_both_sides", DARK.warning),
        ("no_clear_edge", DARK.muted),
    ],
)
def test_the_edge_has_the_colour_of_the_favoured_side(outgoing, verdict, colour):
    setup = Setup(verdict=verdict, strength=0.2, reasons=())
    assert str(colour_of(replace(outgoing, findings=replace(outgoing.findings, setup=setup)))) == colour


@pytest.mark.parametrize(("price", "colour"), [(72_000.0, DARK.above), (68_300.0, DARK.below)])
def test_at_a_level_it_is_the_colour_of_its_side(outgoing, price, colour):
    assert str(colour_of(replace(outgoing, request=Level(symbol="BTC", price=price)))) == colour


def test_a_fault_has_the_colour_of_a_warning():
    assert str(colour_of(Outgoing(reply=fault_reply(Fault(text="no"))))) == DARK.warning


@pytest.mark.parametrize("layout", ["components", "embed"])
def test_an_edit_leaves_nothing_of_what_was_there(outgoing, layout):
    changed = made(replace(outgoing, drawing=None, request=Zones(symbol="BTC")), layout).edit()
    assert changed["attachments"] == []
    assert changed["view"] is not None


def test_an_embed_without_buttons_has_no_view():
    message = made(Outgoing(reply=fault_reply(Fault(text="no"))), "embed")
    assert message.new().keys() == {"embeds"}
    assert message.edit()["view"] is None
