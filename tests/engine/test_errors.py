import pickle

import pytest

from engine.errors import (
    DataMalformedError,
    EngineError,
    ModelUnavailableError,
    NotEnoughDataError,
    PriceOutsideMapError,
    UnknownModelError,
    UnknownSymbolError,
    UnknownVenueError,
    UnknownWindowError,
)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            DataMalformedError("BTC candles", "close is nan", "Record them again."),
            "BTC candles: close is nan. Record them again.",
        ),
        (
            NotEnoughDataError("the daily sigma", need="24 hours", have="3 hours"),
            "Not enough data for the daily sigma: it needs 24 hours, and there is 3 hours.",
        ),
        (UnknownSymbolError("BTX", ["BTC", "BTS"]), "There is no symbol “BTX”. Did you mean BTC or BTS?"),
        (UnknownModelError("M9", known=["M1", "M2"]), "There is no model “M9”. Known: M1, M2."),
        (UnknownWindowError("13h", ["12h"], ["12h", "24h"]), "There is no window “13h”. Did you mean 12h?"),
        (UnknownVenueError("mtgox"), "There is no venue “mtgox”."),
        (PriceOutsideMapError(1.0, low=50.0, high=90.0, text="1 lies outside 50-90."), "1 lies outside 50-90."),
    ],
)
def test_an_error_says_what_is_wrong_in_one_sentence(error: EngineError, sentence: str) -> None:
    assert str(error) == sentence


def test_an_error_holds_its_facts() -> None:
    unknown = UnknownSymbolError("BTX", ["BTC"], ["BTC", "ETH"])
    assert (unknown.name, unknown.suggestions, unknown.known) == ("BTX", ("BTC",), ("BTC", "ETH"))
    outside = PriceOutsideMapError(1.0, low=50.0, high=90.0, text="")
    assert (outside.price, outside.low, outside.high) == (1.0, 50.0, 90.0)
    short = NotEnoughDataError("sigma", need="24 hours", have="3 hours")
    assert (short.what, short.need, short.have) == ("sigma", "24 hours", "3 hours")


@pytest.mark.parametrize(
    "error",
    [
        NotEnoughDataError("volatility", need="a day", have="an hour"),
        UnknownSymbolError("BTX", ["BTC"], ["BTC", "ETH"]),
        PriceOutsideMapError(1.0, low=2.0, high=3.0, text="1 is outside the map."),
        ModelUnavailableError("M2", "open interest", "BTC"),
    ],
)
def test_an_error_travels_between_processes_with_its_sentence_and_fields(error):
    arrived = pickle.loads(pickle.dumps(error))
    assert type(arrived) is type(error)
    assert str(arrived) == str(error)
    assert vars(arrived) == vars(error)
