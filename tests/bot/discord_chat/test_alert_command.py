"""`/alert` on Discord: its options are read like the one line of other chats, and symbols are offered."""

import pytest

from bot.cooldown import Cooldown
from bot.handlers import Handlers
from bot.preferences import NoPreferences
from bot.replies import Line, Reply, block
from bot.requests import Alert
from bot.settings_desk import Said
from tests.bot.discord_chat.shown import texts


class NotingDesk:
    """Says yes, and remembers what was asked."""

    def __init__(self):
        self.asked = []

    async def answer(self, request, place, liked):
        self.asked.append(request)
        return Said(Reply(blocks=block("notice", Line(text="Noted."))))


@pytest.fixture
def desk():
    return NotingDesk()


@pytest.fixture
def handlers(service, desk):
    return Handlers(service, NoPreferences(), Cooldown(), alerts=desk)


@pytest.mark.parametrize(
    ("options", "meant"),
    [
        ({}, Alert()),
        ({"action": "pause", "number": 3, "symbol": "BTC"}, Alert(action="pause", number=3)),
        ({"symbol": "BTC"}, Alert(action="guide", symbol="BTC")),
        (
            {"symbol": "btc", "what": "above 70k", "options": "repeat, cooldown 2h, silent"},
            Alert(
                action="add",
                symbol="BTC",
                kind="price",
                threshold=70_000.0,
                direction="above",
                repeats=True,
                cooldown_s=7_200,
                is_silent=True,
            ),
        ),
    ],
)
def test_options_mean_what_the_line_means(talk, desk, options, meant):
    async def use(world):
        answered = await world.ann.slash(world.channel, "alert", **options)
        assert answered.response.ephemeral
        assert "Noted." in texts(answered.response)
        assert desk.asked == [meant]

    talk(use)


def test_what_cannot_be_watched_is_said_in_private(talk, desk):
    async def use(world):
        answered = await world.ann.slash(world.channel, "alert", symbol="BTC", what="zone")
        assert answered.response.ephemeral
        assert "From which score" in texts(answered.response)
        assert desk.asked == []

    talk(use)


def test_symbols_are_offered(talk):
    async def use(world):
        offered = await world.ann.autocomplete(world.channel, "alert", "symbol", "b")
        choices = [choice["value"] for choice in getattr(offered, "autocomplete_choices", offered)]
        assert choices[0] == "BTC"

    talk(use)
