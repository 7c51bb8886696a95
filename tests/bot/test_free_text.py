"""How people ask: texts written by hand against what they mean, talk that is no question, and follow-ups."""

import re
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.grammar import parse_request
from bot.intents import PATTERNS
from bot.lexicon import CONCEPTS, FILLERS, GRAMMAR_WORDS
from bot.phrases import PHRASES
from bot.requests import (
    Help,
    Level,
    Liq,
    Maps,
    MarketRequest,
    Models,
    Point,
    Points,
    Request,
    RequestError,
    Settings,
    Track,
    Zones,
)
from bot.sentence import read_sentence
from bot.tokens import MAX_TEXT_LENGTH, as_price, as_symbol
from engine.errors import EngineError, UnknownWindowError
from engine.margin import listed_markets
from engine.symbols import coin_of
from engine.text import exchange_named
from engine.windows import window_named

HERE = Path(__file__).parent
WRITTEN = tomllib.loads((HERE / "paraphrases.toml").read_text(encoding="utf-8"))
OURS = tomllib.loads((HERE / "questions.toml").read_text(encoding="utf-8"))
KNOWN = tuple(WRITTEN["symbols"])
SMALLTALK = (HERE / "smalltalk.txt").read_text(encoding="utf-8").splitlines()


def intent_of(request: Request) -> str:
    match request:
        case Liq():
            return "whole"
        case Level():
            return "touch" if request.wants_touch else "level"
        case Points():
            return request.points[0] if len(request.points) == 1 else "point_by_point"
        case _:
            return type(request).__name__.lower()


def understood(text, last_symbol, known=KNOWN):
    try:
        request = parse_request(text, symbols=known, last_symbol=last_symbol)
    except RequestError as refusal:
        return {"intent": "refused" if 2 <= len(refusal.suggestions) <= 3 else "refused without help"}
    found = {name: getattr(request, name, None) for name in ("symbol", "price", "model", "venue", "window")}
    if found["window"] is not None:
        found["window"] = found["window"].name
    return {"intent": intent_of(request)} | {name: value for name, value in found.items() if value is not None}


def meant(written):
    wanted = {key: value for key, value in written.items() if key not in ("text", "last_symbol")}
    if "venue" in wanted:
        wanted["venue"] = exchange_named(wanted["venue"]).name
    return wanted


@pytest.mark.parametrize("written", [*WRITTEN["paraphrase"], *OURS["paraphrase"]], ids=lambda written: written["text"])
def test_text_means_what_its_writer_meant(written):
    assert understood(written["text"], written.get("last_symbol")) == meant(written)


@pytest.mark.parametrize("last_symbol", [None, "BTC"])
@pytest.mark.parametrize("text", SMALLTALK)
def test_talk_that_asks_nothing_gets_suggestions_and_no_guess(text, last_symbol):
    assert understood(text, last_symbol) in ({"intent": "refused"}, {"intent": "help"})


def test_talk_asks_nothing_however_many_tickers_are_listed():
    known = tuple(market.removesuffix("USDT") for market in listed_markets())
    assert len(known) > 500
    guessed = {text: found for text in SMALLTALK if (found := understood(text, "BTC", known))["intent"] != "refused"}
    assert set(guessed) <= {"i need help moving"}


def test_there_are_enough_texts_of_either_kind():
    assert len(set(SMALLTALK)) >= 300
    assert len(WRITTEN["paraphrase"]) + len(OURS["paraphrase"]) >= 150


THE_LONG_ONE = (
    "identify the major liquidation zones above and below current price, tell me which have the strongest confluence, "
    "whether the setup favours an upside sweep, a downside sweep or a trap on both sides, and what would invalidate "
    "it, over the next 0-3 days"
)


@pytest.mark.parametrize(("text", "last_symbol"), [(THE_LONG_ONE, "ETH"), (f"{THE_LONG_ONE} for eth", None)])
def test_the_long_question_is_answered_point_by_point_in_the_order_asked(text, last_symbol):
    points = ("zones", "agreement", "exposed", "invalidation", "touch")  # which is what is known of the next days
    assert parse_request(text, symbols=KNOWN, last_symbol=last_symbol) == Points(symbol="ETH", points=points)


@pytest.mark.parametrize(
    ("when", "has_touch"),
    [
        (" over the next 0-3 days", True),
        (" in the next few days", True),
        (" next 12-24h", True),
        (" within 24h", True),
        (", will it get there in the next 3 days", True),
        ("", False),
        (" over the last 3 days", False),
        (" on the 3d map", False),
    ],
)
def test_a_time_to_come_is_answered_by_the_chance_of_touch(when, has_touch):
    request = parse_request(
        f"where are the zones above and below eth and what would invalidate it{when}", symbols=KNOWN
    )
    assert request.points == ("zones", "invalidation", *(("touch",) if has_touch else ()))


def test_a_single_question_about_a_time_to_come_stays_one():
    assert parse_request("what's below eth within 24h", symbols=KNOWN) == Points(symbol="ETH", points=("below",))


# --- going on from the last request ----------------------------------------------------------------------------------

BELOW = Points(symbol="BTC", points=("below",))
LIQ_12H = Liq(symbol="BTC", window=window_named("12h"))


@pytest.mark.parametrize(
    ("last", "text", "meaning"),
    [
        (BELOW, "and eth?", replace(BELOW, symbol="ETH")),
        (BELOW, "same for sol", replace(BELOW, symbol="SOL")),
        (BELOW, "what about eth", replace(BELOW, symbol="ETH")),
        (BELOW, "12h", replace(BELOW, window=window_named("12h"))),
        (BELOW, "on okx", replace(BELOW, venue="okx")),
        (BELOW, "and above?", Points(symbol="BTC", points=("above",))),
        (BELOW, "eth", Liq(symbol="ETH")),
        (BELOW, "what about 70k", Level(symbol="BTC", price=70_000)),
        (LIQ_12H, "why", Points(symbol="BTC", window=window_named("12h"), points=("why",))),
        (LIQ_12H, "why eth", Points(symbol="ETH", points=("why",))),
        (LIQ_12H, "m2", Liq(symbol="BTC", window=window_named("12h"), model="M2")),
        (LIQ_12H, "again", LIQ_12H),
        (Level(symbol="BTC", price=70_000.0), "and eth?", Liq(symbol="ETH")),
        (Level(symbol="BTC", price=70_000.0), "12h", Level(symbol="BTC", price=70_000.0, window=window_named("12h"))),
        (Maps(symbol="BTC"), "12h", Liq(symbol="BTC", window=window_named("12h"))),
        (Zones(symbol="BTC"), "and eth", Zones(symbol="ETH")),
        (LIQ_12H, "/liq", Liq(symbol="BTC")),
    ],
)
def test_a_follow_up_changes_what_it_names_and_keeps_the_rest(last, text, meaning):
    assert parse_request(text, symbols=KNOWN, last_symbol=last.symbol, last_request=last) == meaning


# --- which word is the symbol ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("what's below us on NEAR", "NEAR"),
        ("what's below us on near", "NEAR"),
        ("which side gets squeezed on one of them, $op", "OP"),
        ("ONE zones", "ONE"),
        ("/liq me", "ME"),
        ("link 14.2", "LINK"),
        ("gas zones", "GAS"),
        ("levels for link", "LINK"),
        ("what's near 70k on BTC", "BTC"),
        ("tell me about the one trap for me on eth", "ETH"),
        ("pepe's downside", "1000PEPE"),
        ("ETH/USDT above", "ETH"),
        ("liquidations ethusdt", "ETH"),
        ("what is below on $wagmi", "WAGMI"),
        ("which side gets squeezed on wagmi", "WAGMI"),
    ],
)
def test_this_word_is_the_symbol(text, symbol):
    assert parse_request(text, symbols=KNOWN, last_symbol="SOL" if "wagmi" in text else None).symbol == symbol


@pytest.mark.parametrize("text", ["compare eth and sol", "squeeze on btc or eth?", "eth/btc zones"])
def test_two_symbols_are_asked_back(text):
    with pytest.raises(RequestError, match="One symbol at a time"):
        parse_request(text, symbols=KNOWN)


@pytest.mark.parametrize(
    ("text", "price"),
    [("btc .25", 0.25), ("eth at 3,100?", 3100), ("btc 70k!", 70_000), ("top 3 zones around btc 68.5k", 68_500)],
)
def test_price_is_read_as_typed(text, price):
    assert parse_request(text, symbols=KNOWN).price == price


@pytest.mark.parametrize("text", ["50x longs below on btc", "top 5 zones below btc", "2-3 days ahead what's below btc"])
def test_numbers_that_count_are_no_prices(text):
    assert parse_request(text, symbols=KNOWN) == Points(symbol="BTC", points=("below",))


def test_time_ahead_is_no_window_and_time_behind_is_one():
    assert parse_request("what's below btc in the next 12h", symbols=KNOWN).window is None
    assert parse_request("what's below btc over the last 3 days", symbols=KNOWN).window == window_named("3d")
    assert parse_request("what's below btc over the past week", symbols=KNOWN).window == window_named("1w")
    with pytest.raises(UnknownWindowError):
        parse_request("what's below btc over the last 5 days", symbols=KNOWN)


# --- whatever is typed -----------------------------------------------------------------------------------------------

_VOCABULARY = sorted({*PHRASES, *(word for words in CONCEPTS.values() for word in words.split()), *GRAMMAR_WORDS})
_TYPED = [
    *_VOCABULARY,
    *sorted(FILLERS),
    *KNOWN,
    "$one",
    "70k",
    "68,500",
    "12h",
    "m2",
    "okx",
    "?",
    ",",
    "grandma",
    "0.5",
]
sentences = st.lists(st.sampled_from(_TYPED), max_size=14).map(" ".join)


def check_nothing_is_invented(text, last_symbol):
    try:
        request = parse_request(text, symbols=KNOWN, last_symbol=last_symbol)
    except (RequestError, EngineError) as refusal:
        request, sentence = None, str(refusal)
    if request is None:
        assert sentence.isprintable()
    elif not isinstance(request, MarketRequest):
        assert isinstance(request, Help | Models | Settings | Track)
    else:
        check_all_was_typed(request, text, last_symbol)


def check_all_was_typed(request, text, last_symbol):
    words = re.split(r"[\s,;:?!()…]+", text)
    typed = {coin_of(symbol) for word in words for symbol in _symbols_in(word)}
    assert request.symbol == last_symbol or coin_of(request.symbol) in typed
    if isinstance(request, Level):
        assert request.price in {price for word in words for price in _prices_in(word)}


def _symbols_in(word):
    try:
        yield as_symbol(word.strip("'\"*_.").removesuffix("'s"))
    except RequestError:
        return


def _prices_in(word):
    try:
        price = as_price(word.strip("'\"*_"))
    except RequestError:
        return
    if price is not None:
        yield price


@given(sentences, st.sampled_from([None, "BTC"]))
def test_no_symbol_and_no_price_is_ever_invented(text, last_symbol):
    check_nothing_is_invented(text[:MAX_TEXT_LENGTH], last_symbol)


@given(st.text(max_size=MAX_TEXT_LENGTH), st.sampled_from([None, "BTC"]))
def test_any_text_is_a_request_or_a_printable_refusal(text, last_symbol):
    try:
        outcome = parse_request(text, symbols=KNOWN, last_symbol=last_symbol)
    except (RequestError, EngineError) as refusal:
        outcome = str(refusal)
    assert not isinstance(outcome, str) or outcome.isprintable()


# --- the tables fit together -----------------------------------------------------------------------------------------


def test_every_word_of_a_pattern_is_one_that_a_sentence_can_hold():
    steps = {step for _, patterns in PATTERNS for pattern in patterns for step in pattern.split()}
    asked = {word for step in steps for word in step.split("|")}
    readings = {*CONCEPTS, *(word for meaning in PHRASES.values() for word in meaning.split()), *GRAMMAR_WORDS}
    assert asked - {"...", "PRICE", "WINDOW", "MODEL", "VENUE", "HORIZON", "SYMBOL"} <= readings


def test_no_word_is_listed_for_two_concepts():
    words = [word for listed in CONCEPTS.values() for word in listed.split()]
    assert sorted({word for word in words if words.count(word) > 1}) == []


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("liquidatons", "LIQ"),
        ("sqeezed", "SQUEEZE"),
        ("confluance", "AGREE"),
        ("invaldation", "INVALID"),
        ("trapped", "SQUEEZE"),
        ("traps", "TRAP"),
        ("shirts", "?"),
        ("tripped", "?"),
        ("preached", "?"),
    ],
)
def test_slips_of_the_finger_are_read_and_other_words_are_not(typed, read):
    (word,) = read_sentence(typed).words
    assert word.read == read


# --- the page that explains it ---------------------------------------------------------------------------------------

PAGE = (HERE.parents[1] / "docs" / "questions.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^\| (\w+) \| (.+?) \| .+ \|$", PAGE, flags=re.MULTILINE)[1:]


@pytest.mark.parametrize(("intent", "text"), EXAMPLES)
def test_examples_of_the_page_are_understood_as_it_says(intent, text):
    assert understood(text, None)["intent"] == intent


def test_the_page_names_every_intent():
    asked = {name for name, _ in PATTERNS} - {"advice", "forecast"}
    assert asked <= {intent for intent, _ in EXAMPLES}
    assert set(get_args(Point)) <= {intent for intent, _ in EXAMPLES}
