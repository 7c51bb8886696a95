"""What the options of Discord's commands mean, also where some are left out or hold more than they are for."""

import asyncio
from types import SimpleNamespace

import pytest

from bot.chats.discord_chat.client import FathomClient
from bot.preferences import Place
from bot.replies import Reply
from bot.requests import Level, Liq, Questions, Track, Zones
from bot.service.answer import Answer
from engine.windows import window_named
from tests.bot.discord_chat.shown import texts


def asked(handlers, noted, name, **options):
    """Return what the callback of a command asks of the handlers, options as a program may send them."""

    async def run():
        client = FathomClient(handlers, memory=noted, venues=("binanceusdm", "okx"), shard=(0, 1))
        (command,) = [each for each in client.tree.get_commands() if each.name == name]
        faults = []

        async def answered(_interaction, coming, **_):
            await coming

        async def failed(_interaction, error):
            faults.append(error)

        client.conversation.asked, client.conversation.failed = answered, failed
        await command.callback(SimpleNamespace(client=client), **options)
        assert faults == []

    asyncio.run(run())


@pytest.fixture
def understood(handlers, noted, service, monkeypatch):
    monkeypatch.setattr("bot.chats.discord_chat.commands.place_of", _place)

    def read(name, **options):
        asked(handlers, noted, name, **options)
        return service.orders[-1].request

    return read


def _place(_interaction):
    return Place(platform="discord", chat=2, user=7)


# --- without a symbol ------------------------------------------------------------------------------------------------


def test_without_a_symbol_it_is_the_last_one_of_the_chat(talk, service):
    async def use(world):
        await world.ann.slash(world.channel, "liq", symbol="eth")
        for name in ("zones", "questions", "maps", "liq"):
            await world.ann.slash(world.channel, name)
        assert [order.request.symbol for order in service.orders] == ["ETH"] * 5

    talk(use)


def test_without_a_symbol_to_go_on_with_it_is_asked_for(talk, service):
    async def use(world):
        for name in ("liq", "zones", "questions", "maps"):
            answered = await world.ann.slash(world.channel, name)
            assert answered.response.ephemeral
            assert "Which symbol?" in texts(answered.response)
            assert "/liq BTC" in texts(answered.response)
        assert service.orders == []

    talk(use)


def test_what_else_was_chosen_counts_without_a_symbol_too(talk, service):
    async def use(world):
        await world.ann.slash(world.channel, "liq", symbol="eth")
        await world.ann.slash(world.channel, "liq", window="12h", model="M2", venue="okx")
        wanted = Liq(symbol="ETH", window=window_named("12h"), model="M2", venue="okx")
        assert service.orders[-1].request == wanted

    talk(use)


def test_track_without_a_symbol_is_about_all(understood, service):
    service.made = _unworded
    assert understood("track") == Track(None)
    assert understood("track", symbol="eth") == Track("ETH")


def _unworded(order):
    return Answer(order=order, reply=Reply(blocks=()))


# --- what is typed where Discord offers choices ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "venue"), [("Binance", "binanceusdm"), ("binanceusdm", "binanceusdm"), ("OKX", "okx"), ("okex", "okx")]
)
@pytest.mark.parametrize("name", ["liq", "zones", "questions", "maps"])
def test_a_venue_is_read_as_people_write_it(understood, name, typed, venue):
    assert understood(name, symbol="BTC", venue=typed).venue == venue


def test_windows_and_models_are_read_as_people_write_them(understood):
    wanted = Liq(symbol="BTC", window=window_named("3d"), model="M2")
    for window, model in (("3 days", "m2"), ("72h", "2"), ("3D", "model 2")):
        assert understood("liq", symbol="BTC", window=window, model=model) == wanted


# --- a price and more ------------------------------------------------------------------------------------------------


def test_a_price_may_be_followed_by_its_map(understood):
    wanted = Level(symbol="BTC", price=68_500.0, window=window_named("12h"), model="M2")
    assert understood("level", symbol="BTC", price="68500 on 12h m2") == wanted
    assert understood("level", symbol="BTC", price="68.5k", window="12h", model="M2") == wanted
    assert understood("level", symbol="btc 12h", price="68500", model="M2") == wanted


@pytest.mark.parametrize(
    ("price", "read"), [(68_500, 68_500.0), (0.25, 0.25), (1e-7, 1e-7), (12_345_678.5, 12_345_678.5)]
)
def test_a_price_may_come_as_a_number(understood, price, read):
    assert understood("level", symbol="BTC", price=price) == Level(symbol="BTC", price=read)


def test_one_word_stays_one_request(understood):
    assert understood("zones", symbol="btcusdt") == Zones(symbol="BTC")
    assert understood("questions", symbol="$eth") == Questions(symbol="ETH")
