"""What is known of a process while it serves: every answer, the owner's view, its health, its numbers."""

import asyncio
import json
import logging
from types import SimpleNamespace

import pytest

from bot.config import ConfigError, load_settings
from bot.cooldown import TooFastError
from bot.log import request_begun
from bot.preferences import NoPreferences, Place
from bot.presses import Press
from bot.replies import Fault, Line, Reply, block, fault_reply
from bot.requests import Help, Level, Liq
from bot.service.answer import Answer
from bot.service.service import BusyError
from bot.serving.bars import bar_numbers
from bot.serving.health import STARTING, Statistics, health_of, status_reply
from bot.serving.supervisor import PlatformStatus
from bot.serving.watched import WatchedHandlers, WatchedSource
from engine.errors import DataUnavailableError
from engine.market import MissingInput

OWNER, STRANGER = (Place(platform="telegram", chat=1, user=user) for user in (1, 2))
SECRET = "1234567890:" + "AAmadeUpTokenThatOpensNothing-_0123"


class Service:
    """Answers with the symbol, from memory where it was told so, or fails as it is told."""

    def __init__(self):
        self.ready, self.error, self.fault = False, None, None

    def known_symbols(self):
        return ("BTC", "ETH")

    def is_ready(self, order):
        return self.ready

    def costs_work(self, order):
        return not self.is_ready(order)

    async def answer(self, order):
        if self.error is not None:
            raise self.error
        reply = Reply(blocks=block("headline", Line(text="70,412")), symbol=order.symbol)
        return Answer(order=order, reply=reply if self.fault is None else fault_reply(self.fault, order.symbol))


class Cooldown:
    def __init__(self):
        self.error = None

    def heard(self, place):
        pass

    def count(self, place):
        if self.error is not None:
            raise self.error


class Stage:
    def __init__(self):
        self.service, self.cooldown, self.handled = Service(), Cooldown(), []
        self.handlers = WatchedHandlers(
            self.service,
            NoPreferences(),
            self.cooldown,
            observe=self.handled.append,
            owns=lambda platform, user: (platform, user) == ("telegram", 1),
            status=lambda: Reply(blocks=block("guide", Line(text="up 3 h"))),
        )

    def say(self, text, place=STRANGER):
        return asyncio.run(self.handlers.said(text, place))


@pytest.fixture
def stage():
    return Stage()


# --- answers ---------------------------------------------------------------------------------------------------------


def test_an_answer_is_noted_with_what_it_was_about_and_how_it_went(stage):
    stage.say("/liq eth 12h")
    stage.service.ready = True
    asyncio.run(stage.handlers.asked(Level(symbol="BTC", price=70_000.0), STRANGER))
    asyncio.run(stage.handlers.pressed(Press(verb="ask", request=Liq(symbol="BTC")), OWNER))
    stage.say("/help")
    told = [(each.platform, each.intent, each.symbol, each.outcome, each.is_cached) for each in stage.handled]
    assert told[:3] == [
        ("telegram", "liq", "ETH", "answered", False),
        ("telegram", "level", "BTC", "answered", True),
        ("telegram", "liq", "BTC", "answered", True),
    ]
    assert told[3][1] == type(Help()).__name__.lower()
    assert all(0 <= each.took_s < 5 for each in stage.handled)


def test_an_answer_about_the_conversations_symbol_is_noted_too(stage):
    stage.say("/liq eth")
    asyncio.run(stage.handlers.went_on(lambda symbol: Level(symbol=symbol, price=3_500.0), STRANGER))
    assert [(each.intent, each.symbol) for each in stage.handled] == [("liq", "ETH"), ("level", "ETH")]


def test_answering_belongs_to_the_request_that_the_platform_began(stage):
    stage.service.error = ZeroDivisionError()
    with request_begun() as request:
        assert request in stage.say("/liq BTC").reply.fault.text


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (BusyError(3, 2.0), "busy"),
        (DataUnavailableError("No venue answers."), "refused"),
        (ZeroDivisionError(), "failed"),
    ],
)
def test_what_kept_an_answer_back_is_noted_by_kind(stage, error, outcome):
    stage.service.error = error
    outgoing = stage.say("/liq BTC")
    (handled,) = stage.handled
    assert handled.outcome == outgoing.outcome == outcome
    assert (handled.error_id is None) == (outcome != "failed")


def test_waiting_people_are_told_apart_from_wrong_words(stage):
    stage.cooldown.error = TooFastError(3.0, who="You")
    stage.say("/liq BTC")
    stage.say("/nothing")
    assert [each.outcome for each in stage.handled] == ["too_fast", "refused"]


def test_a_fault_of_a_worker_is_ours_only_where_it_has_a_number(stage):
    for fault in (Fault(text="too far"), Fault(text="bug", error_id="abc")):
        stage.service.fault = fault
        stage.say("/liq BTC")
    assert [(each.outcome, each.error_id) for each in stage.handled] == [("refused", None), ("failed", "abc")]


def test_the_log_line_and_the_reply_of_a_fault_carry_the_same_number_and_no_words_of_people(stage, caplog):
    stage.service.error = ZeroDivisionError("secret thoughts")
    with caplog.at_level(logging.INFO):
        outgoing = stage.say("/liq BTC")
    line = next(record for record in caplog.records if record.message == "answered")
    assert line.error == outgoing.reply.fault.error_id
    assert line.error in outgoing.reply.fault.text
    assert (line.platform, line.intent, line.outcome, line.cached) == ("telegram", "none", "failed", False)
    assert "/liq" not in caplog.text


@pytest.mark.parametrize("written", ["my phone is 0171 23", 'ZZZ", "level": "ERROR', "zzz"])
def test_a_symbol_that_nobody_lists_stays_out_of_the_log(stage, caplog, written):
    stage.service.fault = Fault(text="no such symbol")
    with caplog.at_level(logging.INFO):
        asyncio.run(stage.handlers.asked(Liq(symbol=written), STRANGER))
    line = next(record for record in caplog.records if record.message == "answered")
    assert (line.symbol, line.intent, line.outcome) == (None, "liq", "refused")
    assert written not in str(vars(line))
    assert stage.handled[0].symbol is None


def test_a_reply_never_holds_a_secret_whoever_wrote_it(stage):
    stage.service.fault = Fault(text=f"GET https://host/bot{SECRET} failed", error_id="abc")
    fault = stage.say("/liq BTC").reply
    assert SECRET not in str(fault)
    assert fault.fault.error_id == "abc"


# --- the owner -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["/owner", "/owner status", " /OWNER@fathom_bot  status "])
def test_the_owner_is_told_how_the_process_is_and_nobody_else(stage, text):
    assert stage.say(text, OWNER).reply.blocks[0].lines[0].text == "up 3 h"
    assert stage.handled == []
    told = stage.say(text, STRANGER)
    assert "up 3 h" not in str(told.reply)
    unknown = stage.say("/nothing", STRANGER)
    assert told.outcome == unknown.outcome == "refused"


def test_ids_of_one_platform_own_nothing_on_another(monkeypatch):
    monkeypatch.setenv("FATHOM_OWNER__TELEGRAM", "[7]")
    owner = load_settings().owner
    assert (owner.owns("telegram", 7), owner.owns("discord", 7), owner.owns("telegram", 8)) == (True, False, False)


def test_the_owners_view_counts_answers_and_names_troubles(stage):
    health = health_of((PlatformStatus(name="telegram", state="down", reason="no route"),), workers_answer=True)
    statistics = Statistics(
        version="1.2", source="live", began_s=0.0, clock=lambda: 7200.0, waiting=lambda: 4, worst_lag_s=lambda: 0.0123
    )
    stage.service.ready = True
    stage.say("/liq BTC")
    statistics.count(stage.handled[0])
    words = "\n".join(
        f"{line.label} {line.text}" for part in status_reply(health, statistics).blocks for line in part.lines
    )
    for word in (
        "telegram is down: no route",
        "2 h",
        "1.2",
        "live",
        "1 (1 from memory, 0 faults)",
        "waiting 4",
        "12 ms",
    ):
        assert word in words


# --- health ----------------------------------------------------------------------------------------------------------


def test_a_process_is_well_when_every_platform_is_connected_and_a_worker_answers():
    connected = PlatformStatus(name="telegram", state="connected")
    assert health_of((connected,), workers_answer=True).is_well
    assert health_of((connected,), workers_answer=False).reasons == ("No worker answers.",)
    refused = PlatformStatus(name="discord", state="refused", reason="No such token.")
    assert health_of((connected, refused), workers_answer=True).reasons == ("discord is refused: No such token.",)
    assert not STARTING.is_well


def test_silent_venues_are_told_by_name_and_all_where_none_answers():
    failed = []
    made = SimpleNamespace(
        missing=(
            MissingInput(input="venue", venue="okx", effect="x"),
            MissingInput(input="order_book", venue="bybit", effect="y"),
        )
    )

    class Source:
        name = "made"

        def symbols(self):
            return ("BTC",)

        known_symbols = symbols

        def market(self, symbol, as_of_s=None):
            if symbol == "BTC":
                return made
            raise DataUnavailableError("No venue answers.")

    source = WatchedSource(Source(), failed.append)
    assert source.market("BTC") is made
    with pytest.raises(DataUnavailableError):
        source.market("ETH")
    assert failed == ["okx", "all"]
    assert (source.name, source.symbols(), source.known_symbols()) == ("made", ("BTC",), ("BTC",))


# --- bars ------------------------------------------------------------------------------------------------------------


def test_a_new_bar_counts_once_the_live_source_takes_it_to_be_final():
    now_s = [1_000_000 * 300.0 + 2.9]
    number = bar_numbers(load_settings(), lambda: now_s[0])
    before = number()
    now_s[0] += 0.2
    assert number() == before + 1
    now_s[0] += 299.0
    assert number() == before + 1


def test_a_past_moment_never_has_anything_new():
    now_s = [0.0]
    number = bar_numbers(load_settings({"market": {"at": "2026-02-05T12:00:00Z"}}), lambda: now_s[0])
    before = number()
    now_s[0] += 86_400.0
    assert number() == before


# --- the page --------------------------------------------------------------------------------------------------------


def test_the_page_says_in_a_status_and_in_words_how_the_process_is(stage):
    import aiohttp

    from bot.serving.metrics import Metrics
    from bot.serving.status_page import status_page

    metrics, health = Metrics(), [STARTING]
    connected = (PlatformStatus(name="telegram", state="connected"),)
    metrics.follow(waiting=lambda: 3, workers_answer=lambda: True, platforms=lambda: connected)
    stage.service.ready = True
    stage.say("/liq BTC")
    metrics.answered(stage.handled[0])
    metrics.venue_failed("okx")
    metrics.lagged(0.003)

    async def talk():
        async with (
            status_page("127.0.0.1", 0, lambda: health[0], metrics) as page,
            aiohttp.ClientSession() as session,
        ):
            async with session.get(page + "/healthz") as answer:
                assert (answer.status, (await answer.json())["reasons"]) == (503, list(STARTING.reasons))
            health[0] = health_of(connected, workers_answer=True)
            async with session.get(page + "/healthz") as answer:
                assert (answer.status, (await answer.json())["status"]) == (200, "ok")
            async with session.get(page + "/metrics") as answer:
                assert answer.headers["Content-Type"].startswith("text/plain")
                return await answer.text()

    lines = asyncio.run(talk()).splitlines()
    for line in (
        'fathom_answers_total{intent="liq",outcome="answered",platform="telegram"} 1.0',
        'fathom_answer_seconds_count{cached="yes"} 1.0',
        "fathom_cache_hits_total 1.0",
        'fathom_venue_failures_total{venue="okx"} 1.0',
        'fathom_event_loop_lag_seconds_bucket{le="0.005"} 1.0',
        "fathom_questions_waiting 3.0",
        "fathom_workers_answer 1.0",
        'fathom_platform_connected{platform="telegram"} 1.0',
    ):
        assert line in lines


def test_a_port_that_is_taken_is_a_setting_to_change():
    from bot.serving.metrics import Metrics
    from bot.serving.status_page import status_page

    async def talk():
        async with status_page("127.0.0.1", 0, lambda: STARTING, Metrics()) as page:
            port = int(page.rpartition(":")[2])
            with pytest.raises(ConfigError, match=r"\[serve\] port"):
                async with status_page("127.0.0.1", port, lambda: STARTING, Metrics()):
                    pass

    asyncio.run(talk())
    assert json.dumps(STARTING.word) == '"failing"'
