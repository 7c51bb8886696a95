"""`/report` on Discord: its options are read like the one line of other chats, and symbols and zones are offered."""

from datetime import time

import pytest

from bot.cooldown import Cooldown
from bot.handlers import Handlers
from bot.preferences import NoPreferences
from bot.replies import Line, Reply, block
from bot.requests import Report
from bot.settings_desk import Said
from tests.bot.discord_chat.shown import said_to_one, texts


class NotingDesk:
    """Says yes, and remembers what was asked."""

    def __init__(self):
        self.asked = []

    async def answer(self, request, place, habits):
        self.asked.append(request)
        return Said(Reply(blocks=block("notice", Line(text="Noted."))))


@pytest.fixture
def desk():
    return NotingDesk()


@pytest.fixture
def handlers(service, desk):
    return Handlers(service, NoPreferences(), Cooldown(), reports=desk)


@pytest.mark.parametrize(
    ("options", "meant"),
    [
        ({}, Report()),
        ({"action": "pause", "number": 3, "symbols": "BTC"}, Report(action="pause", number=3)),
        (
            {"symbols": "btc, ETH", "tz": "Europe/London", "days": "mon, fri", "rhythm": "daily", "silent": True},
            Report(
                action="add",
                symbols=("BTC", "ETH"),
                rhythm="daily",
                time_zone="Europe/London",
                days=(1, 5),
                is_silent=True,
            ),
        ),
        (
            {"symbols": "SOL", "rhythm": "before funding", "where": "channel", "more": "m2 okx"},
            Report(
                action="add",
                symbols=("SOL",),
                rhythm="funding",
                every_hours=8,
                where="channel",
                model="M2",
                venue="okx",
            ),
        ),
    ],
)
def test_options_mean_what_the_line_means(talk, desk, options, meant):
    async def use(world):
        answered = await world.ann.slash(world.channel, "report", **options)
        assert answered.response.ephemeral
        assert "Noted." in texts(answered.response)
        assert desk.asked == [meant]

    talk(use)


@pytest.mark.parametrize(
    ("filled", "meant"),
    [
        ({"symbols": "btc eth"}, Report(action="add", symbols=("BTC", "ETH"), rhythm="daily")),
        (
            {"symbols": "sol", "rhythm": ["weekly"], "at": "9pm", "tz": "london", "more": "fri silent"},
            Report(
                action="add",
                symbols=("SOL",),
                rhythm="weekly",
                local_time=time(21),
                time_zone="Europe/London",
                days=(5,),
                is_silent=True,
            ),
        ),
    ],
)
def test_a_form_asks_for_all_of_a_report_also_after_a_restart(talk, desk, filled, meant):
    async def use(world):
        opened = await world.ann.slash(world.channel, "report", action="guide")
        assert opened.modal["title"] == "A report that comes by itself"
        await world.restart()
        sent = await world.ann.submit_modal(opened, {"rhythm": ["daily"]} | filled)
        assert "Noted." in texts(said_to_one(sent))
        assert desk.asked == [meant]

    talk(use)


def test_what_cannot_be_read_is_said_in_private(talk, desk):
    async def use(world):
        answered = await world.ann.slash(world.channel, "report", symbols="BTC", at="half past")
        assert answered.response.ephemeral
        assert "I cannot read the time" in texts(answered.response)
        assert desk.asked == []

    talk(use)


@pytest.mark.parametrize(
    ("option", "typed", "first"),
    [
        ("symbols", "b", "BTC"),
        ("symbols", "BTC, s", "BTC, SOL"),
        ("tz", "new y", "America/New_York"),
        ("tz", "", "UTC"),
        ("tz", "europe/ber", "Europe/Berlin"),
        ("tz", "est", "America/New_York"),
    ],
)
def test_symbols_and_zones_are_offered(talk, option, typed, first):
    async def use(world):
        offered = await world.ann.autocomplete(world.channel, "report", option, typed)
        choices = [choice["value"] for choice in getattr(offered, "autocomplete_choices", offered)]
        assert choices[0] == first
        assert len(choices) <= 25

    talk(use)
