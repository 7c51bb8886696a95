"""Questions typed in a hurry: words nobody lists take nothing away, and what may be a name is asked back."""

import tomllib
from pathlib import Path

import pytest

from bot.grammar import parse_request
from bot.requests import Level, MarketRequest, NoAdviceError, Points, RequestError
from engine.margin import listed_markets
from tests.bot.test_free_text import KNOWN, SMALLTALK, meant, understood

HURRIED = tomllib.loads((Path(__file__).parent / "hurried.toml").read_text(encoding="utf-8"))
LEAST_RIGHT = 0.98
"""Share of each part that means what its writer meant; see the head of the file for what was measured unseen."""


@pytest.mark.parametrize("part", ["tuned", "unseen", "later", "held_out"])
def test_most_texts_mean_what_their_writers_meant(part):
    written = HURRIED[part]
    misread = [each["text"] for each in written if understood(each["text"], each.get("last_symbol")) != meant(each)]
    assert len(written) > 50
    assert len(misread) <= (1 - LEAST_RIGHT) * len(written), misread


def test_what_is_misread_has_no_wrong_symbol_and_no_wrong_price():
    for written in (each for part in ("tuned", "unseen", "later", "held_out") for each in HURRIED[part]):
        found = understood(written["text"], written.get("last_symbol"))
        assert found.get("symbol") in (None, written.get("symbol")), written["text"]
        assert found.get("price") in (None, written.get("price")), written["text"]


def test_symbols_stay_right_however_many_tickers_are_listed():
    known = tuple(market.removesuffix("USDT") for market in listed_markets())
    for written in HURRIED["unseen"]:
        found = understood(written["text"], written.get("last_symbol"), known)
        assert found.get("symbol") in (None, written.get("symbol")), written["text"]


@pytest.mark.parametrize("strange", ["flabbergasted", "splendiferously", "blorpy", "gobsmacked totally", "wibbling"])
def test_a_word_that_nobody_knows_takes_nothing_from_a_question_that_is_sure(strange):
    asked = parse_request(f"which side gets {strange} squeezed on btc", symbols=KNOWN)
    assert asked == Points(symbol="BTC", points=("exposed",))


@pytest.mark.parametrize(
    "text",
    [
        "btc or zorp longs squeezed",
        "are zorp longs more squeezed than btc longs",
        "where do ZORP shorts get squeezed when btc pumps",
        "where does Zorp get squeezed when btc pumps",
        "btc liquidations on zorp",
        "zorpcoin longs squeezed with btc",
        "flurb's liq map vs eth's",
        "btc zones near 70kk",
        "which longs get squeezed on btc after 5 lambos",
    ],
)
def test_a_strange_word_that_may_name_something_is_asked_back(text):
    with pytest.raises(RequestError, match=r"I do not understand|cannot read|One symbol"):
        parse_request(text, symbols=KNOWN, last_symbol="ETH")


@pytest.mark.parametrize("text", ["where is zorp getting squeezed", "zorp longs?", "does zorp have a trap"])
def test_without_a_symbol_a_strange_word_may_be_one(text):
    with pytest.raises(RequestError):
        parse_request(text, symbols=KNOWN, last_symbol="BTC")


@pytest.mark.parametrize("text", ["whats the trap 4 eth", "zones 2 xrp"])
def test_a_small_number_in_another_question_is_no_price_unless_it_stands_as_one(text):
    with pytest.raises(RequestError, match="a price"):
        parse_request(text, symbols=KNOWN)


@pytest.mark.parametrize("text", ["is there a cluster at 3 on xrp", "can xrp reach 3 bucks", "xrp 3"])
def test_a_small_number_that_stands_as_a_price_is_one(text):
    asked = parse_request(text, symbols=KNOWN)
    assert isinstance(asked, Level)
    assert (asked.symbol, asked.price) == ("XRP", 3)


@pytest.mark.parametrize("shorthand", ["ngl", "imo", "bro", "rn", "tbh", "fr"])
def test_talk_stays_talk_with_shorthand_behind_it(shorthand):
    for text in SMALLTALK:
        found = understood(f"{text} {shorthand}", "BTC")
        assert found["intent"] in ("refused", "help"), text


def test_advice_is_refused_in_any_spelling():
    for text in ("shud i ape into btc rn", "gud time 2 long eth?", "u think btc dumps 2moro"):
        with pytest.raises(RequestError) as refusal:
            parse_request(text, symbols=KNOWN)
        assert isinstance(refusal.value, NoAdviceError) or "understand" in refusal.value.problem


@pytest.mark.parametrize("model", ["m1", "m2"])
def test_a_model_beside_a_symbol_is_the_map_to_read(model):
    asked = parse_request(f"whats {model} for btc", symbols=KNOWN)
    assert isinstance(asked, MarketRequest)
    assert asked.model == model.upper()
