"""The desk of alerts: what is said when one is set, who may change which, and what is not watched."""

import asyncio
import contextlib
from dataclasses import replace
from datetime import time

import pytest

from bot.alerts.alert_desk import PAUSED_BY_HAND, AlertDesk
from bot.preferences import Place, Preferences
from bot.presses import OldButtonError, decoded, encoded
from bot.requests import Alert, RequestError
from bot.storage.database import Database
from bot.storage.sql_alerts import SqlAlerts
from engine.alert_values import PriceMemory
from tests.bot.alerts.made_alerts import close_above, findings
from tests.engine.made_zones import AS_OF_S, zone_at

PRIVATE = Place(platform="telegram", chat=7, user=7)
GROUP = Place(platform="telegram", chat=-100, user=7, community=-100, topic=5)
BERLIN = Preferences(time_zone="Europe/Berlin")
ZONES = (zone_at(51_000.0, score=80.0), zone_at(49_000.0, score=60.0), zone_at(47_000.0, clear=False, score=90.0))
READING = findings(zones=ZONES, conditions=(close_above(52_000.0),), verdict="upside_sweep")


class Readings:
    """One reading of BTC; `shown` is what a person saw last."""

    def __init__(self, newest=READING, shown=None):
        self.reading = newest
        self.shown = shown

    async def newest(self, symbol, venue):
        del venue
        return replace(self.reading, symbol=symbol)

    def last(self, place, symbol):
        del place, symbol
        return self.shown


@pytest.fixture
def at_desk(tmp_path):
    """Runs work with a desk on an empty database."""

    def run(work, readings=None):
        async def opened():
            database = await Database.open(f"sqlite:///{tmp_path / 'fathom.db'}")
            store = SqlAlerts(database)
            try:
                return await work(AlertDesk(store, readings or Readings(), lambda: AS_OF_S + 20.5), store)
            finally:
                await database.close()

        return asyncio.run(opened())

    return run


def setting(at_desk, request, *, place=PRIVATE, liked=BERLIN, readings=None):
    async def work(desk, store):
        said = await desk.answer(request, place, liked)
        (kept,) = await store.of_person("telegram", 7)
        return text_of(said), kept

    return at_desk(work, readings)


def text_of(said):
    return "\n".join(f"{line.label} {line.text}".strip() for each in said.reply.blocks for line in each.lines)


def price(level, **more):
    return Alert(action="add", symbol="BTC", kind="price", threshold=level, **more)


def test_a_price_alert_says_how_far_the_level_is_and_begins_at_the_price_of_now(at_desk):
    text, kept = setting(at_desk, price(51_000.0))
    assert text.splitlines() == [
        "ALERT 1 BTC crosses 51,000",
        "NOW 50,000, 1 Feb 2026 10:00 UTC",
        "DISTANCE +2.0 % from the price, which is below the level",
        "TOLD once, then it is removed, in private",
    ]
    assert (kept.state.seen_s, kept.state.memory) == (AS_OF_S, PriceMemory(side="below"))
    assert (kept.created_s, kept.watched.cooldown_s) == (AS_OF_S + 20, 3_600)


def test_a_price_that_is_beyond_already_is_said(at_desk):
    text, _kept = setting(at_desk, price(49_000.0, direction="above"))
    assert "price is already above 49,000: it is told when price has come back and crosses again" in text


def test_options_are_told_and_kept(at_desk):
    asked = price(51_000.0, repeats=True, cooldown_s=7_200, quiet=(time(22), time(7)), is_silent=True)
    text, kept = setting(at_desk, asked, place=GROUP)
    assert "again and again, at most every 2 h, not in 22:00-07:00 Europe/Berlin" in text
    assert "silently, in this chat" in text
    assert (kept.goes_to.chat, kept.goes_to.topic, kept.goes_to.community) == (-100, 5, -100)
    assert (kept.quiet.time_zone, kept.goes_to.is_silent) == ("Europe/Berlin", True)


def test_an_alert_set_in_a_group_may_go_to_who_set_it_alone(at_desk):
    _text, kept = setting(at_desk, price(51_000.0, is_private=True), place=GROUP)
    assert (kept.goes_to.chat, kept.goes_to.topic, kept.goes_to.is_private) == (7, None, True)


def test_a_zone_alert_names_the_zones_of_that_score(at_desk):
    text, _kept = setting(at_desk, Alert(action="add", symbol="BTC", kind="zone", threshold=75.0))
    assert "ZONES 51,000-51,200 +2.0 % score 80" in text
    text, _kept = setting_again(at_desk, Alert(action="add", symbol="BTC", kind="zone", threshold=95.0))
    assert "none has that score now" in text


def setting_again(at_desk, request):
    async def work(desk, store):
        said = await desk.answer(request, PRIVATE, BERLIN)
        return text_of(said), (await store.of_person("telegram", 7))[-1]

    return at_desk(work)


def test_sweep_and_invalidated_watch_the_reading_of_now_and_condition_the_one_shown_last(at_desk):
    shown = findings(conditions=(close_above(53_000.0),), as_of_s=AS_OF_S - 7_200)

    async def work(desk, store):
        for kind in ("sweep", "invalidated", "condition"):
            await desk.answer(Alert(action="add", symbol="BTC", kind=kind), PRIVATE, BERLIN)
        return [each.watched.basis for each in await store.of_person("telegram", 7)]

    assert at_desk(work, Readings(shown=shown)) == [READING, READING, shown]


@pytest.mark.parametrize(
    ("request_", "readings", "said"),
    [
        (price(51_000.0), Readings(findings(source="simulated")), "simulated"),
        (Alert(action="add", symbol="BTC", kind="condition"), Readings(), "do not remember"),
        (Alert(action="add", symbol="BTC", kind="sweep"), Readings(findings()), "No zone of BTC is clear enough"),
        (Alert(action="add", symbol="BTC", kind="invalidated"), Readings(findings()), "no condition to watch"),
        (Alert(action="remove", number=3), Readings(), "no alert 3"),
        (Alert(action="pause"), Readings(), "You have no alert"),
    ],
)
def test_what_cannot_be_done_is_refused(at_desk, request_, readings, said):
    with pytest.raises(RequestError, match=said):
        at_desk(lambda desk, store: desk.answer(request_, PRIVATE, BERLIN), readings)


def test_the_only_alert_is_meant_without_its_number(at_desk):
    async def work(desk, store):
        await desk.answer(price(51_000.0), PRIVATE, BERLIN)
        paused = text_of(await desk.answer(Alert(action="pause"), PRIVATE, BERLIN))
        resumed = text_of(await desk.answer(Alert(action="resume"), PRIVATE, BERLIN))
        removed = text_of(await desk.answer(Alert(action="remove"), PRIVATE, BERLIN))
        return paused, resumed, removed, await store.of_person("telegram", 7)

    paused, resumed, removed, left = at_desk(work)
    assert f"1 BTC crosses 51,000, once, PAUSED: {PAUSED_BY_HAND}" in paused
    assert "PAUSED" not in resumed
    assert removed == "Alert 1 is removed: BTC crosses 51,000."
    assert left == ()


def test_what_price_did_during_a_pause_is_not_told(at_desk):
    readings = Readings()

    async def work(desk, store):
        await desk.answer(price(51_000.0), PRIVATE, BERLIN)
        await desk.answer(Alert(action="pause"), PRIVATE, BERLIN)
        readings.reading = findings(price=52_000.0, as_of_s=AS_OF_S + 900)
        await desk.answer(Alert(action="resume"), PRIVATE, BERLIN)
        return await store.numbered(1)

    kept = at_desk(work, readings)
    assert (kept.state.seen_s, kept.state.memory) == (AS_OF_S + 900, PriceMemory(side="above"))


@pytest.mark.parametrize(
    ("place", "may"),
    [
        (GROUP, True),
        (replace(GROUP, user=8), False),
        (replace(GROUP, user=8, may_configure=True), True),
        (replace(GROUP, user=8, may_configure=True, chat=-200, community=-200), False),
        (replace(PRIVATE, user=8, chat=8), False),
        (replace(PRIVATE, platform="discord"), False),
    ],
)
def test_who_set_it_and_who_configures_its_chat_may_remove_it(at_desk, place, may):
    async def work(desk, store):
        await desk.answer(price(51_000.0), GROUP, BERLIN)
        refused = pytest.raises(RequestError, match="You have no alert 1")
        with contextlib.nullcontext() if may else refused:
            await desk.answer(Alert(action="remove", number=1), place, BERLIN)
        return await store.of_person("telegram", 7) == ()

    assert at_desk(work) is may


def test_the_list_is_of_the_person_in_private_and_of_the_chat_in_a_group(at_desk):
    async def work(desk, store):
        del store
        await desk.answer(price(51_000.0), GROUP, BERLIN)
        await desk.answer(price(52_000.0), PRIVATE, BERLIN)
        await desk.answer(price(53_000.0), replace(GROUP, user=8), BERLIN)
        return [text_of(await desk.answer(Alert(), place, BERLIN)) for place in (PRIVATE, GROUP)]

    private, group = at_desk(work)
    assert "1 BTC crosses 51,000, once, told in a group" in private
    assert "2 BTC crosses 52,000, once" in private
    assert "53,000" not in private
    assert "51,000" in group
    assert "53,000" in group
    assert "52,000" not in group


def test_buttons_hold_all_that_a_press_needs(at_desk):
    async def work(desk, store):
        del store
        await desk.answer(price(51_000.0), PRIVATE, BERLIN)
        listed = await desk.answer(Alert(), PRIVATE, BERLIN)
        guide = await desk.answer(Alert(action="guide", symbol="BTC"), PRIVATE, BERLIN)
        return [button for said in (listed, guide) for row in said.buttons for button in row]

    buttons = at_desk(work)
    assert [button.label for button in buttons] == [
        "Pause 1", "Remove 1", "All alerts", "Close", "Zone 75", "Sweep", "Flip", "Invalidated", "Close"
    ]  # fmt: skip
    assert all(decoded(encoded(button.press)) == button.press for button in buttons)
    assert buttons[1].press.request == Alert(action="remove", number=1)
    assert buttons[4].press.request == Alert(action="add", symbol="BTC", kind="zone", threshold=75.0)


@pytest.mark.parametrize("text", ["1|aa|BTC|zone|nan|7|", "1|aa|BTC|zone|-5|7|", "1|aa|BTC|up||7|", "1|ax|three|||7|"])
def test_a_button_that_nobody_of_us_made_is_no_button(text):
    with pytest.raises(OldButtonError):
        decoded(text)
