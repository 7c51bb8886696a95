"""From a message to a reply: what is asked of the engine, and that nothing ever escapes as an exception."""

import logging
import re

import pytest

from bot.assistant import Assistant, map_key
from bot.requests import Liq, Report
from engine.errors import (
    DataUnavailableError,
    NotEnoughDataError,
    PriceOutsideMapError,
    UnknownModelError,
)
from engine.results import MapKey
from engine.windows import window_named

LATER_S = 4_000_000_000
"""A moment after every bar of the made market."""


class FakeEngine:
    """Answers with made-up results and remembers what was asked; raises `error` instead when there is one."""

    def __init__(self, analysis, report, error: Exception | None = None) -> None:
        self.result, self.report, self.error = analysis, report, error
        self.keys: list[object] = []
        self.prices: list[float] = []

    def analyse(self, market, *, keys=None):
        self.keys.append(keys)
        if self.error:
            raise self.error
        return self.result

    def read_level(self, market, price, *, key=None):
        self.keys.append(key)
        self.prices.append(price)
        if self.error:
            raise self.error
        return self.report


@pytest.fixture
def engine(analysis, report):
    return FakeEngine(analysis, report)


@pytest.fixture
def assistant(source, engine):
    return Assistant(source, at_s=LATER_S, analyse=engine.analyse, read_level=engine.read_level)


def key(model: str, window: str) -> MapKey:
    return MapKey(model, window_named(window))


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("/liq btc", None),
        ("/zones btc", None),
        ("/questions btc", None),
        ("/liq btc 12h", (key("M1", "12h"),)),
        ("/liq btc m2", (key("M2", "3d"),)),
        ("/liq btc m4", (key("M4", "24h"),)),
        ("/liq btc m2 1w", (key("M2", "1w"),)),
        ("/level btc 68k", None),
        ("/level btc 68k 12h", key("M1", "12h")),
    ],
)
def test_window_and_model_choose_one_map_and_nothing_chooses_the_four(assistant, engine, text, keys):
    assert assistant.answer(text).fault is None
    assert engine.keys == [keys]


def test_market_is_read_at_the_assistants_moment_and_the_price_is_passed_on(assistant, engine, source):
    reply = assistant.answer("is 68.3k a magnet for btc?")
    assert source.asked == [("BTC", LATER_S)]
    assert engine.prices == [68_300]
    assert reply.symbol == "BTC"
    assert reply.result is engine.report


@pytest.mark.parametrize("text", ["/models", "/help"])
def test_guides_need_no_market(assistant, source, text):
    reply = assistant.answer(text)
    assert reply.fault is None
    assert source.asked == []


def test_a_report_is_for_chats_and_that_is_said(assistant, source):
    (said,) = assistant.respond(Report()).blocks
    assert said.lines[0].text.startswith("Reports are for chats")
    assert source.asked == []


def test_follow_up_is_about_the_last_symbol(assistant, source):
    assistant.answer("12h", last_symbol="ETH")
    assert source.asked == [("ETH", LATER_S)]


def test_model_that_does_not_exist_is_told_before_the_market_is_read(assistant, source):
    reply = assistant.answer("/liq btc m9")
    assert "M9" in reply.fault.text
    assert "/models" in reply.fault.text
    assert source.asked == []
    with pytest.raises(UnknownModelError):
        map_key(Liq(symbol="BTC", model="M9"))


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (DataUnavailableError("Nothing is known then."), ["Nothing is known then."]),
        (NotEnoughDataError("a map", need="2 days", have="1 bar"), ["2 days", "1 bar", "later moment"]),
        (PriceOutsideMapError(1.0, low=2.0, high=3.0, text="The map reaches from 2 to 3."), ["from 2 to 3"]),
        (PermissionError(13, "Permission denied", "some/file"), ["some/file: Permission denied", "permissions"]),
    ],
)
def test_expected_error_becomes_a_sentence_with_what_to_do(source, engine, error, words, caplog):
    engine.error = error
    assistant = Assistant(source, analyse=engine.analyse, read_level=engine.read_level)
    reply = assistant.answer("/liq btc", last_symbol="ETH")
    assert [word for word in words if word not in reply.fault.text] == []
    assert reply.fault.error_id is None
    assert reply.blocks[0].lines[0].text == reply.fault.text
    assert reply.symbol == "ETH"
    assert not caplog.records


def test_unexpected_error_gets_an_id_in_the_reply_and_in_the_log(source, engine, caplog):
    engine.error = ZeroDivisionError("secret detail")
    assistant = Assistant(source, analyse=engine.analyse, read_level=engine.read_level)
    with caplog.at_level(logging.ERROR):
        reply = assistant.answer("/liq btc")
    error_id = re.search(r"error ([0-9a-f]{8})", reply.fault.text).group(1)
    assert reply.fault.error_id == error_id
    assert error_id in caplog.text
    assert "ZeroDivisionError: secret detail" in caplog.text
    assert "secret detail" not in reply.fault.text


def test_unknown_symbol_is_told_with_the_known_ones(assistant):
    assert "BTC, ETH, SOL" in assistant.answer("/liq doge").fault.text


class Listed:
    """A source that knows these symbols, and is asked for no market."""

    name = "made"

    def __init__(self, *symbols):
        self._symbols = symbols

    def symbols(self):
        return self._symbols

    known_symbols = symbols


@pytest.mark.parametrize(
    ("known", "symbol", "words"),
    [
        (
            ("BTC", "ETH", "1000PEPE"),
            "ZZZ",
            "There is no symbol “ZZZ”. Known: BTC, ETH, 1000PEPE. Write a symbol as",
        ),
        (("BTC", "ETH", "1000PEPE"), "ETHH", "There is no symbol “ETHH”. Did you mean ETH?"),
        (("BTC", "ETH"), "ETH", "Nothing about ETH has been graded yet"),
        (("BTC", "ETH"), None, "Nothing has been graded yet"),
        ((), "ZZZ", "Nothing about ZZZ has been graded yet"),  # no venue has told yet what there is
    ],
)
def test_a_track_record_is_of_symbols_that_there_are(known, symbol, words):
    reply = Assistant(Listed(*known)).answer("/track" if symbol is None else f"/track {symbol}")
    assert words in (reply.blocks[0].lines[0].text if reply.fault is None else reply.fault.text)
