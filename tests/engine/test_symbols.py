"""Symbols suggested from memory while somebody types, and the spellings that mean one."""

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.symbols import SymbolIndex, plain_symbol

RANKED = ("BTC", "ETH", "SOL", "1000PEPE", "DOGE", "BTCDOM", "BNB", "PEOPLE", "PUMPBTC", "1000BONK", "B", "PEPE")
INDEX = SymbolIndex(RANKED)


@pytest.mark.parametrize(
    "text",
    ["BTC", "btc", "btcusdt", "BTC/USDT", "BTC-PERP", "$btc", "BTC-USDT-SWAP", "BTC/USDT:USDT", "bitcoin", " btc "],
)
def test_every_spelling_means_the_coin_and_is_suggested_first(text):
    assert plain_symbol(text) == "BTC"
    assert INDEX.suggest(text)[0] == "BTC"


def test_what_begins_like_it_comes_before_the_coin_behind_a_multiplier_and_that_before_what_contains_it():
    assert INDEX.suggest("pe") == ("PEOPLE", "PEPE", "1000PEPE")
    assert INDEX.suggest("btc") == ("BTC", "BTCDOM", "PUMPBTC")
    assert INDEX.suggest("b") == ("B", "BTC", "BTCDOM", "BNB", "1000BONK", "PUMPBTC")


def test_a_coin_and_its_multiple_find_each_other():
    assert SymbolIndex(["1000PEPE", "BTC"]).suggest("pepe") == ("1000PEPE",)
    assert SymbolIndex(["PEPE", "BTC"]).suggest("1000pepe") == ("PEPE",)


@pytest.mark.parametrize("typed", ["btcu", "btcus", "BTCUSD", "btcp", "btc/u"])
def test_a_pair_that_is_being_typed_still_means_its_coin(typed):
    assert INDEX.suggest(typed)[0] == "BTC"


@pytest.mark.parametrize(
    ("typed", "meant"), [("dogge", "DOGE"), ("pepee", "1000PEPE"), ("etereum", "ETH"), ("solona", "SOL")]
)
def test_a_slip_of_the_finger_finds_the_nearest_spelling(typed, meant):
    assert meant in INDEX.suggest(typed)


def test_nothing_typed_suggests_the_largest_and_nothing_like_it_nothing():
    assert INDEX.suggest("", limit=3) == ("BTC", "ETH", "SOL")
    assert INDEX.suggest("xqzvvw") == ()
    assert SymbolIndex(()).suggest("btc") == ()


@given(st.text(max_size=12), st.integers(1, 25))
def test_whatever_is_typed_suggests_known_symbols_once_and_no_more_than_asked(text, limit):
    found = INDEX.suggest(text, limit)
    assert len(found) <= limit
    assert len(set(found)) == len(found)
    assert set(found) <= set(RANKED)


def test_a_thousand_symbols_are_searched_within_a_millisecond_or_two():
    letters = random.Random(7)  # noqa: S311 - names to search, no secrets
    index = SymbolIndex(
        "".join(letters.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ", k=letters.randint(3, 7))) for _ in range(1_000)
    )
    assert len(index) > 990
    for text in ("b", "btc", "ethusdt", "qzqzq"):
        best_s = min(_took_s(index, text) for _ in range(30))
        assert best_s < 0.002, text


def _took_s(index, text):
    began = time.perf_counter()
    index.suggest(text)
    return time.perf_counter() - began
