"""Settings, privacy and forgetting as people meet them: messages and buttons in, words and buttons out."""

import asyncio
from dataclasses import replace

import pytest

from bot.cooldown import Cooldown
from bot.handlers import Handlers
from bot.personal_data import KEPT
from bot.preference_values import Offer
from bot.preferences import NoPreferences, Place
from bot.presses import MOST_BYTES, decoded, encoded
from bot.replies import Reply
from bot.requests import About, Change, ForgetMe, Liq, Privacy, Settings, Track
from bot.service.answer import Answer
from bot.settings_words import KEYS, parse_settings
from bot.storage.database import Database
from bot.storage.sql_preferences import SqlPreferences

GROUP = Place(platform="discord", chat=-100, user=7, community=-100)
PRIVATE = Place(platform="discord", chat=7, user=7)
OWNER = replace(GROUP, may_configure=True)


class Service:
    """Answers every order without a market, and remembers the orders."""

    def __init__(self):
        self.orders = []

    def known_symbols(self):
        return ("BTC", "ETH")

    def is_ready(self, order):
        return False

    def costs_work(self, order):
        return not self.is_ready(order)

    async def answer(self, order):
        self.orders.append(order)
        return Answer(order=order, reply=Reply(blocks=(), symbol=order.symbol))


def with_handlers(tmp_path, work):
    async def run():
        service = Service()
        database = await Database.open(f"sqlite:///{tmp_path / 'fathom.db'}")
        try:
            store = SqlPreferences(database, Offer(symbols=service.known_symbols, venues=("binanceusdm", "okx")))
            return await work(Handlers(service, store, Cooldown()), service)
        finally:
            await database.close()

    return asyncio.run(run())


def words(outgoing):
    return "\n".join(f"{line.label} {line.text}".strip() for block in outgoing.reply.blocks for line in block.lines)


def labelled(outgoing):
    return {button.label: button for row in outgoing.buttons for button in row}


def ask(tmp_path, *texts, place=PRIVATE):
    async def work(handlers, service):
        return [await handlers.asked(parse_settings(text), place) for text in texts]

    return with_handlers(tmp_path, work)[-1]


def test_settings_name_every_one_of_them_and_where_it_comes_from(tmp_path):
    said = words(ask(tmp_path, "/settings"))
    for key in KEYS:
        assert key.replace("_", " ").upper() in said
    assert said.count("(default; ") == len(KEYS)


def test_a_change_is_said_and_shown_and_whose_it_is(tmp_path):
    said = words(ask(tmp_path, "theme dark for this chat", "theme light", place=OWNER))
    assert "Kept for you: theme." in said
    assert "THEME light (yours, this chat's is dark; of pictures)" in said


def test_a_chats_wish_is_shown_as_the_chats(tmp_path):
    said = words(ask(tmp_path, "/settings venue okx for this chat", place=OWNER))
    assert "Kept for this chat: venue." in said
    assert "VENUE OKX (this chat's; " in said


def test_what_is_set_counts_in_the_next_answer(tmp_path):
    async def work(handlers, service):
        await handlers.asked(parse_settings("theme light symbol eth model m2 window 3d"), PRIVATE)
        await handlers.said("/liq", PRIVATE)
        return service.orders[-1]

    order = with_handlers(tmp_path, work)
    assert (order.request.symbol, order.request.model, order.request.window.name) == ("ETH", "M2", "3d")
    assert order.theme == "light"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("window 3d", "MODEL M1 (default"),
        ("model m1", "WINDOW 24h (default"),
        ("model m2", "WINDOW 3d (default"),
        ("theme dark", "MODEL the four default maps (default"),
    ],
)
def test_what_a_window_or_a_model_alone_means_is_told_as_it_is_answered(tmp_path, text, meant):
    assert meant in words(ask(tmp_path, text))


def test_a_reset_is_said(tmp_path):
    outgoing = ask(tmp_path, "theme light", "/settings reset")
    assert "Everything that was set for you is taken back." in words(outgoing)
    assert "THEME dark (default" in words(outgoing)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("theme lihgt", "light"),
        ("window 5h", "12h"),
        ("model m9", "M1"),
        ("symbol ETHH", "/settings symbol ETH"),
        ("venue okex", "/settings venue okx"),
        ("venue kraken", "/settings venue binance"),
        ("tz Europe/Berln", "/settings time zone Europe/Berlin"),
        ("tz ../../etc/passwd", "There is no time zone"),
        ("language fr", "/settings language en"),
    ],
)
def test_a_wrong_value_is_refused_with_one_that_would_do_and_nothing_is_kept(tmp_path, text, sentence):
    refused = ask(tmp_path, text)
    assert sentence in refused.reply.fault.text
    assert refused.reply.fault.error_id is None
    assert words(ask(tmp_path, "/settings")).count("(default; ") == len(KEYS)


def test_every_value_that_a_refusal_suggests_would_do(tmp_path):
    for text in ("theme lihgt", "symbol ETHH", "venue okex", "venue kraken", "tz Europe/Berln", "language fr"):
        suggested = ask(tmp_path, text).reply.fault.text.partition("Try: ")[2].rstrip(".")
        for suggestion in filter(None, suggested.split(", ")):
            assert ask(tmp_path, suggestion).reply.fault is None, suggestion


@pytest.mark.parametrize(("text", "zone"), [("tz berlin", "Europe/Berlin"), ("tz europe/berlin", "Europe/Berlin")])
def test_a_city_is_enough_for_a_time_zone(tmp_path, text, zone):
    assert f"TIME ZONE {zone} (yours" in words(ask(tmp_path, text))


def test_who_may_not_manage_a_chat_is_told_so(tmp_path):
    refused = ask(tmp_path, "theme light for this chat", place=GROUP)
    assert refused.reply.fault.text.startswith("Only who may manage this chat changes its settings.")
    assert "Kept for you: theme." in words(ask(tmp_path, "theme light for this chat", place=PRIVATE))


# --- buttons ---------------------------------------------------------------------------------------------------------


def test_buttons_mark_what_is_set_and_set_it(tmp_path):
    async def work(handlers, service):
        shown = await handlers.asked(Settings(), PRIVATE)
        for button in labelled(shown).values():
            assert len(encoded(button.press).encode()) <= MOST_BYTES
        pressed = decoded(encoded(labelled(shown)["Light"].press))
        return shown, await handlers.pressed(pressed, PRIVATE)

    before, after = with_handlers(tmp_path, work)
    assert not labelled(before)["Light"].is_current
    assert labelled(after)["Light"].is_current
    assert "THEME light (yours" in words(after)
    assert (before.is_brief, after.is_brief) == (True, False)  # a button's answer takes the place of what was shown


def test_buttons_of_a_chats_settings_stay_with_the_chat(tmp_path):
    shown = ask(tmp_path, "window 3d for this chat", place=OWNER)
    assert labelled(shown)["3d"].is_current
    assert labelled(shown)["M2"].press.request == Settings(changes=(Change("model", "M2"),), scope="chat")


def test_who_lost_the_right_cannot_use_an_old_button(tmp_path):
    async def work(handlers, service):
        shown = await handlers.asked(Settings(scope="chat"), OWNER)
        return await handlers.pressed(labelled(shown)["Light"].press, GROUP)

    assert "Only who may manage" in with_handlers(tmp_path, work).reply.fault.text


@pytest.mark.parametrize("request_", [Settings(), ForgetMe()])
def test_a_button_about_somebody_is_for_nobody_else(tmp_path, request_):
    async def work(handlers, service):
        await handlers.asked(parse_settings("theme light"), GROUP)
        shown = await handlers.asked(request_, GROUP)
        stranger = replace(GROUP, user=8)
        refused = [
            await handlers.pressed(button.press, stranger)
            for button in labelled(shown).values()
            if button.press.verb == "ask"
        ]
        return refused, await handlers.asked(Settings(), GROUP)

    refused, after = with_handlers(tmp_path, work)
    assert refused
    assert all("That button is for who asked" in outgoing.reply.fault.text for outgoing in refused)
    assert "THEME light (yours" in words(after)


# --- forgetting and privacy ------------------------------------------------------------------------------------------


def test_forgetting_asks_back_before_it_deletes(tmp_path):
    async def work(handlers, service):
        await handlers.asked(parse_settings("theme light"), PRIVATE)
        asked = await handlers.asked(ForgetMe(), PRIVATE)
        kept = await handlers.asked(Settings(), PRIVATE)
        gone = await handlers.pressed(labelled(asked)["Delete everything about me"].press, PRIVATE)
        again = await handlers.asked(ForgetMe(confirmed=True), PRIVATE)
        return kept, gone, await handlers.asked(Settings(), PRIVATE), again

    kept, gone, after, again = with_handlers(tmp_path, work)
    assert "THEME light (yours" in words(kept)
    assert words(gone).startswith("Deleted, for good: your settings (symbol, window")
    assert "THEME dark (default" in words(after)
    assert words(again) == "Nothing was stored about you, so nothing was deleted."


def test_forgetting_ends_the_conversation_of_a_private_chat(tmp_path):
    async def work(handlers, service):
        await handlers.asked(Liq(symbol="ETH"), PRIVATE)
        await handlers.asked(ForgetMe(confirmed=True), PRIVATE)
        return await handlers.said("/zones", PRIVATE)

    assert "symbol" in with_handlers(tmp_path, work).reply.fault.text


def test_where_nothing_is_kept_nothing_is_said_to_be_kept():
    async def work():
        handlers = Handlers(Service(), NoPreferences(), Cooldown())
        return [await handlers.asked(request, PRIVATE) for request in (parse_settings("theme light"), Settings())]

    refused, shown = asyncio.run(work())
    assert "Settings are not kept here." in refused.reply.fault.text
    assert words(shown).count("(default; ") == len(KEYS)


def answered(assistant, request):
    reply = assistant.respond(request)
    return "\n".join(line.text for block in reply.blocks for line in block.lines)


@pytest.fixture
def assistant():
    from bot.assistant import Assistant
    from engine.sources.simulated import SimulatedSource

    return Assistant(SimulatedSource(seed=7))


def test_privacy_tells_every_table_and_how_long_it_is_kept(assistant):
    said = answered(assistant, Privacy())
    for kept in KEPT:
        assert f"{kept.what}; until {kept.until}." in said
    assert "/forget_me deletes" in said


def test_about_names_the_version_and_an_invented_market(assistant):
    from importlib.metadata import version

    said = answered(assistant, About())
    assert version("fathom-liq") in said
    assert "SIMULATED" in said
    assert "does not say where price will go" in said


def test_a_track_record_is_not_claimed_before_there_is_one(assistant):
    assert "Nothing about BTC has been graded yet" in answered(assistant, Track("BTC"))
    assert "Nothing has been graded yet" in answered(assistant, Track())


@pytest.mark.parametrize("request_", [Settings(), ForgetMe(confirmed=True)])
def test_a_console_says_that_it_keeps_nothing(assistant, request_):
    assert "Nothing is stored about anybody here" in answered(assistant, request_)
