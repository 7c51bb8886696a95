"""Markup of other programs in a message: mentions and tags say nothing about a market, and no number in them counts."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.grammar import parse_request
from bot.requests import Level, Liq, RequestError, Zones
from bot.tokens import MAX_TEXT_LENGTH, tokenise, visible_text

KNOWN = ("BTC", "ETH", "S")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<b>BTC</b>", ("BTC",)),
        ("/liq <b><i>btc</i> 12h</b>", ("/liq", "btc", "12h")),
        ('<a href="https://evil.example/68500">btc</a>', ("btc",)),
        ("<B>eth</b>", ("eth",)),
        ("<@12345> btc", ("btc",)),
        ("<@!12345> <@&77> <#99> btc", ("btc",)),
        ("btc <:rocket:12345> <a:moon:678>", ("btc",)),
        ("</liq:123456> btc <t:1770000000:R>", ("btc",)),
        ("/liq <btc> <12h>", ("/liq", "btc", "12h")),  # as manuals write what is to be filled in
        ("/liq <s>", ("/liq", "s")),
        ("@70000", ("@70000",)),  # at a price
        ("btc < 70k > 60k", ("btc", "70k", "60k")),
    ],
)
def test_words_are_what_is_left_without_mentions_and_tags(text, words):
    assert tokenise(text) == words


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("<b>BTC</b>", Liq(symbol="BTC")),
        ("btc <@12345>", Liq(symbol="BTC")),
        ("<@!12> eth zones", Zones(symbol="ETH")),
        ("is <:rocket:12345> btc at 70k", Level(symbol="BTC", price=70_000)),
        ("/liq <s>", Liq(symbol="S")),
    ],
)
def test_a_message_means_the_same_without_them(text, meaning):
    assert type(parse_request(text, symbols=KNOWN)) is type(meaning)
    assert parse_request(text, symbols=KNOWN).symbol == meaning.symbol


@pytest.mark.parametrize("last_symbol", [None, "BTC"])
def test_a_number_in_a_mention_is_never_suggested_as_a_price(last_symbol):
    with pytest.raises(RequestError) as refused:
        parse_request("@everyone <@1> **x**", symbols=KNOWN, last_symbol=last_symbol)
    assert "/level BTC 1" not in refused.value.suggestions
    with pytest.raises(RequestError):
        parse_request("/level btc <@68500>", symbols=KNOWN)


@given(st.text(alphabet="<>/@#:ab1 ", max_size=60))
def test_nothing_is_left_to_take_out(text):
    once = visible_text(text)
    assert visible_text(once).split() == once.split()


def test_the_longest_message_of_tags_is_read_at_once():
    began_s = time.perf_counter()
    tokenise(("<a>" * MAX_TEXT_LENGTH)[:MAX_TEXT_LENGTH])
    tokenise("<b>" * 85 + "</b>" * 85)
    assert time.perf_counter() - began_s < 1
