"""The handlers behind every chat: preferences, conversations, cooldowns, buttons and faults."""

import asyncio

import pytest

from bot.cooldown import Cooldown
from bot.handlers import Handlers
from bot.preferences import NoPreferences, Place, Preferences
from bot.presses import Press
from bot.replies import Fault, Line, Reply, block, fault_reply
from bot.requests import Help, Level, Liq, Points, Questions, Zones
from bot.service.answer import Answer, Drawing
from bot.service.service import BusyError
from engine.windows import window_named

HERE = Place(platform="telegram", chat=-100, user=7, community=-100)


class Service:
    """Answers every order with a picture, and remembers the orders."""

    def __init__(self):
        self.orders, self.ready, self.error, self.fault = [], set(), None, None
        self.has_picture = True

    def known_symbols(self):
        return ("BTC", "ETH", "SOL")

    def suggest(self, text):
        return tuple(symbol for symbol in self.known_symbols() if symbol.startswith(text.upper()))

    def is_ready(self, order):
        return order in self.ready

    def costs_work(self, order):
        return not self.is_ready(order)

    async def answer(self, order):
        self.orders.append(order)
        if self.error is not None:
            raise self.error
        reply = Reply(blocks=(), symbol=order.symbol) if self.fault is None else fault_reply(self.fault, order.symbol)
        drawing = Drawing(png=b"png", name="a.png", alt="a map") if self.has_picture else None
        return Answer(order=order, reply=reply, drawing=drawing)


class Liked:
    def __init__(self, **liked):
        self.liked = Preferences(**liked)

    async def preferences(self, place):
        return self.liked


@pytest.fixture
def service():
    return Service()


def handlers(service, preferences=None, cooldown=None):
    return Handlers(service, preferences or NoPreferences(), cooldown or Cooldown())


def say(service, *texts, place=HERE, preferences=None, cooldown=None):
    async def run():
        behind = handlers(service, preferences, cooldown)
        return [await behind.said(text, place) for text in texts]

    return asyncio.run(run())[-1]


def test_a_message_is_answered_with_picture_and_buttons(service):
    outgoing = say(service, "/liq btc 12h")
    assert outgoing.request == Liq(symbol="BTC", window=window_named("12h"))
    assert outgoing.drawing.png == b"png"
    assert outgoing.buttons
    assert not outgoing.is_brief


def test_a_message_without_a_symbol_is_about_the_last_one_of_this_chat(service):
    assert say(service, "/liq eth", "/zones").request == Zones(symbol="ETH")


def test_a_follow_up_goes_on_from_the_last_request_of_this_chat(service):
    asked = say(service, "what's below us on btc", "and eth?").request
    assert asked == Points(symbol="ETH", points=("below",))
    assert say(service, "/liq btc 12h", "why").request == Points(
        symbol="BTC", window=window_named("12h"), points=("why",)
    )


def test_a_follow_up_in_another_chat_is_asked_back(service):
    async def run():
        behind = handlers(service)
        await behind.said("what's below us on btc", HERE)
        return await behind.said("why", Place(platform="telegram", chat=5, user=7))

    assert "Which symbol?" in asyncio.run(run()).reply.fault.text


def test_another_chat_has_a_conversation_of_its_own(service):
    async def run():
        behind = handlers(service)
        await behind.said("/liq eth", HERE)
        return await behind.said("/zones", Place(platform="telegram", chat=5, user=7))

    assert "symbol" in asyncio.run(run()).reply.fault.text.lower()


def test_a_symbol_that_got_no_answer_does_not_become_the_conversation(service):
    async def run():
        behind = handlers(service)
        await behind.said("/liq eth", HERE)
        service.fault = Fault(text="No venue answers for BTC.")
        await behind.said("/liq btc", HERE)
        service.fault = None
        return await behind.said("/zones", HERE)

    assert asyncio.run(run()).request == Zones(symbol="ETH")


def test_preferences_fill_what_the_message_does_not_say(service):
    liked = Liked(symbol="SOL", window="3d", model="M2", venue="okx", theme="light")
    outgoing = say(service, "/liq", preferences=liked)
    assert outgoing.request == Liq(symbol="SOL", window=window_named("3d"), model="M2", venue="okx")
    assert service.orders[-1].theme == "light"


def test_what_the_message_says_wins(service):
    liked = Liked(symbol="SOL", window="3d", model="M2")
    assert say(service, "/liq btc 12h", preferences=liked).request == Liq(symbol="BTC", window=window_named("12h"))


def test_a_liked_map_is_no_part_of_other_questions(service):
    assert say(service, "/zones btc", preferences=Liked(model="M2")).request == Zones(symbol="BTC")


def press(service, pressed, preferences=None):
    return asyncio.run(handlers(service, preferences).pressed(pressed, HERE))


def test_a_button_means_exactly_what_it_says_whatever_is_liked(service):
    asked = Liq(symbol="BTC", window=window_named("12h"), model="M1")
    assert press(service, Press(verb="ask", request=asked), Liked(model="M2", venue="okx")).request == asked


def test_full_size_is_a_file_without_buttons(service):
    outgoing = press(service, Press(verb="hd", request=Liq(symbol="BTC")))
    assert outgoing.as_file
    assert service.orders[-1].is_hd
    assert outgoing.buttons == ()


def test_without_a_picture_there_is_no_button_for_its_full_size_and_an_older_one_says_so(service):
    with_picture = {button.label for row in say(service, "/zones btc").buttons for button in row}
    service.has_picture = False
    without = {button.label for row in say(service, "/questions btc").buttons for button in row}
    assert with_picture - without == {"HD"}
    outgoing = press(service, Press(verb="hd", request=Questions(symbol="BTC")))
    assert outgoing.reply.fault.text == "That answer has no picture, so there is none in full size."
    assert outgoing.is_brief


@pytest.mark.parametrize("pressed", [Press(verb="delete", asker=7), Press(verb="level", request=Liq(symbol="BTC"))])
def test_what_the_platform_does_itself_is_not_answered_here(service, pressed):
    with pytest.raises(ValueError, match="platform's to do"):
        press(service, pressed)


def test_help_has_neither_picture_questions_nor_buttons(service):
    assert say(service, "/help").request == Help()
    assert say(service, "/help").buttons == ()


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (BusyError(64, 10), "64 questions are ahead of yours. Ask again in about 10 s."),
        (RuntimeError("boom"), "That is a fault of Fathom, not yours"),
    ],
)
def test_what_goes_wrong_is_a_word_to_who_asked(service, error, sentence):
    service.error = error
    outgoing = say(service, "/liq btc")
    assert outgoing.reply.fault.text.startswith(sentence)
    assert outgoing.is_brief
    assert outgoing.buttons == ()


def test_nonsense_gets_suggestions(service):
    assert "Try:" in say(service, "qwertz uiop asdf").reply.fault.text
    assert service.orders == []


def test_suggestions_come_from_memory(service):
    assert handlers(service).suggestions("s") == ("SOL",)


def test_a_level_button_press_carries_its_price(service):
    asked = Level(symbol="BTC", price=68_500.0)
    assert press(service, Press(verb="ask", request=asked)).request == asked


def test_moments_are_told_in_the_time_zone_that_was_set(service, monkeypatch):
    told = Reply(blocks=block("headline", Line(text="BTC  ·  5 Feb 2026 18:00 UTC")), symbol="BTC")

    async def answer(order):
        return Answer(order=order, reply=told)

    monkeypatch.setattr(service, "answer", answer)
    outgoing = say(service, "/zones btc", preferences=Liked(time_zone="Asia/Tokyo"))
    assert outgoing.reply.blocks[0].lines[0].text == "BTC  ·  6 Feb 2026 03:00 UTC+9"
    assert outgoing.time_zone == "Asia/Tokyo"
    assert say(service, "/zones btc").reply == told


def test_all_there_is_to_read_is_asked_for_with_a_press(service):
    async def run(verb):
        return await handlers(service).pressed(Press(verb=verb, request=Liq(symbol="BTC")), HERE)

    assert asyncio.run(run("more")).is_whole
    assert not asyncio.run(run("ask")).is_whole
