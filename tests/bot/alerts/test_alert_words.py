"""The words behind `/alert`: what they mean, and what is refused with something that would do."""

from datetime import time

import pytest

from bot.alerts.alert_words import alert_wished, parse_alert
from bot.requests import Alert, RequestError

SYMBOLS = ("BTC", "ETH", "SOL")
HOUR = 3_600


def add(symbol="BTC", **more):
    return Alert(action="add", symbol=symbol, **more)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("/alert", Alert()),
        ("/alert@fathom_bot list", Alert()),
        ("/alert pause 3", Alert(action="pause", number=3)),
        ("/alert resume #3", Alert(action="resume", number=3)),
        ("/alert delete alert 12", Alert(action="remove", number=12)),
        ("/alert remove", Alert(action="remove")),
        ("/alert BTC 68500", add(kind="price", threshold=68_500.0)),
        ("/alert 68.5k btc", add(kind="price", threshold=68_500.0)),
        ("/alert add bitcoin price above $70,000", add(kind="price", threshold=70_000.0, direction="above")),
        ("/alert eth under 2.6k once", add("ETH", kind="price", threshold=2_600.0, direction="below")),
        ("/alert BTC zone 75", add(kind="zone", threshold=75.0)),
        ("/alert BTC sweep repeat cooldown 2h", add(kind="sweep", repeats=True, cooldown_s=2 * HOUR)),
        ("/alert sol flip cooldown 30m silent", add("SOL", kind="flip", cooldown_s=1_800, is_silent=True)),
        ("/alert BTC invalidated quiet 22-7", add(kind="invalidated", quiet=(time(22), time(7)))),
        ("/alert BTC condition quiet 10pm to 7:30am", add(kind="condition", quiet=(time(22), time(7, 30)))),
        ("/alert BTC sweep private", add(kind="sweep", is_private=True)),
        ("/alert btcusdt 68500 on okx", add(kind="price", threshold=68_500.0, venue="okx")),
        ("/alert BTC", Alert(action="guide", symbol="BTC")),
        ("BTC 68500", add(kind="price", threshold=68_500.0)),
    ],
)  # fmt: skip
def test_words_become_an_alert(text, meant):
    assert parse_alert(text, symbols=SYMBOLS) == meant


def test_a_message_without_a_symbol_means_the_last_one():
    assert parse_alert("/alert sweep", symbols=SYMBOLS, last_symbol="ETH") == add("ETH", kind="sweep")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("/alert sweep", "Which symbol"),
        ("/alert BTC price", "Which price"),
        ("/alert BTC zone", "From which score"),
        ("/alert BTC zone 101", "From which score"),
        ("/alert BTC flip 70k", "takes no number"),
        ("/alert BTC sweep above", "goes with a price"),
        ("/alert BTC 70k 71k", "names the level twice"),
        ("/alert BTC ETH 70k", "names the symbol twice"),
        ("/alert BTC sweep flip", "names the kind twice"),
        ("/alert BTC 70k cooldown 2", "cooldown lasts"),
        ("/alert BTC 70k cooldown 1m", "cooldown lasts"),
        ("/alert BTC 70k cooldown 8d", "cooldown lasts"),
        ("/alert BTC 70k quiet", "From when to when"),
        ("/alert BTC 70k quiet 7-7", "From when to when"),
        ("/alert BTC 70k quiet 25-7", "From when to when"),
        ("/alert remove third", "Which alert"),
        ("/alert BTC -5", "not a price"),
    ],
)
def test_what_cannot_be_watched_is_refused_with_something_that_can(text, said):
    with pytest.raises(RequestError, match=said) as error:
        parse_alert(text, symbols=SYMBOLS)
    assert error.value.suggestions
    for suggestion in error.value.suggestions:
        if suggestion.startswith("/alert"):
            parse_alert(suggestion, symbols=SYMBOLS)


@pytest.mark.parametrize(
    ("text", "direction"),
    [
        ("tell me when btc hits 70k", None),
        ("please alert me if BTC goes above 70,000", "above"),
        ("ping us when bitcoin is under 70k", "below"),
    ],
)
def test_a_wish_in_words_is_an_alert_where_it_is_sure(text, direction):
    assert alert_wished(text, SYMBOLS) == add(kind="price", threshold=70_000.0, direction=direction)


@pytest.mark.parametrize(
    "text",
    [
        "tell me when to buy btc",
        "tell me if btc will hit 70k",
        "tell me when btc hits",
        "tell me about btc 70k",
        "tell me when gold hits 70k",
        "when does btc hit 70k",
        "alert me",
        "",
    ],
)
def test_what_is_not_sure_is_no_wish(text):
    assert alert_wished(text, SYMBOLS) is None
