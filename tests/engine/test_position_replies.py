"""Hyperliquid's replies, read by hand: accounts, open interest, trades, the leaderboard, whose coin a symbol is."""

import json
import math

import pytest

from engine.errors import DataMalformedError
from engine.sources.live.positions.leaderboard import parse_leaderboard
from engine.sources.live.positions.quotation import Quoted, quoted
from engine.sources.live.positions.replies import (
    address_of,
    open_interest_of,
    parse_account,
    parse_contexts,
    parse_trades,
)

ADDRESS = "0x" + "ab" * 20
OTHER = "0x" + "cd" * 20


def row(**changed):
    return {
        "type": "oneWay",
        "position": {
            "coin": "ETH",
            "szi": "-0.5",
            "leverage": {"type": "isolated", "value": 20, "rawUsd": "1"},
            "entryPx": "2986.3",
            "positionValue": "1490.0",
            "liquidationPx": "3100.5",
            "marginUsed": "74.5",
            **changed,
        },
    }


def account(*rows):
    return parse_account({"assetPositions": list(rows), "time": 1_708_622_398_623}, "hyperliquid account")


def test_an_account_is_read_as_the_venue_documents_it():
    found = account(row(), row(coin="BTC", szi="2", leverage={"type": "cross", "value": 3}, liquidationPx=None))
    short, long = found.positions
    assert (short.coin, short.side, short.size, short.entry) == ("ETH", -1, 0.5, 2986.3)
    assert (short.leverage, short.liquidation_price, short.is_isolated) == (20.0, 3100.5, True)
    assert (long.coin, long.side, long.size, long.leverage, long.is_isolated) == ("BTC", 1, 2.0, 3.0, False)
    assert math.isnan(long.liquidation_price)
    assert found.notional_usd == 2980.0
    assert found.time_s == 1_708_622_398.623


def test_an_account_without_positions_is_empty():
    assert account().positions == ()
    assert account().notional_usd == 0
    assert account(row(szi="0.0", entryPx=None, leverage={"type": "isolated", "value": 0})).positions == ()


def test_a_liquidation_price_that_no_market_reaches_is_none():
    (position,) = account(row(liquidationPx="-12.5")).positions
    assert math.isnan(position.liquidation_price)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"entryPx": None}, "'entryPx' is not a number"),
        ({"entryPx": "0"}, "'entryPx' is not positive"),
        ({"szi": "NaN"}, "'szi' is not a number"),
        ({"leverage": {"type": "portfolio", "value": 2}}, "neither isolated nor cross"),
        ({"leverage": {"type": "cross", "value": 0}}, "'value' is not positive"),
        ({"liquidationPx": "soon"}, "'liquidationPx' is not a number"),
        ({"positionValue": "inf"}, "'positionValue' is not a number"),
    ],
)
def test_one_position_that_cannot_be_spoils_the_account(changed, words):
    with pytest.raises(DataMalformedError, match=words):
        account(row(coin="BTC"), row(**changed))


@pytest.mark.parametrize("reply", [{}, [], {"assetPositions": None, "time": 1}, {"assetPositions": [{}], "time": 1}])
def test_what_is_no_account_is_refused(reply):
    with pytest.raises(DataMalformedError):
        parse_account(reply, "hyperliquid account")


def test_open_interest_is_that_of_the_coin_and_delisted_coins_are_no_coins():
    listings = [{"name": "BTC"}, {"name": "OLD", "isDelisted": True}, {"name": "kPEPE"}]
    contexts = parse_contexts(
        [{"universe": listings}, [{"openInterest": "31.5"}, {"openInterest": "9"}, {"openInterest": "-1"}]], "contexts"
    )
    assert list(contexts) == ["BTC", "kPEPE"]
    assert open_interest_of(contexts["BTC"], "BTC") == 31.5
    with pytest.raises(DataMalformedError, match=r"open interest is -1\.0"):
        open_interest_of(contexts["kPEPE"], "kPEPE")


def test_listings_and_contexts_must_be_of_the_same_coins():
    with pytest.raises(DataMalformedError, match="2 coins are listed, and 1 have a context"):
        parse_contexts([{"universe": [{"name": "A"}, {"name": "B"}]}, [{"openInterest": "1"}]], "contexts")


def test_trades_tell_who_traded_and_when():
    (trade,) = parse_trades([{"time": 1_708_622_398_623, "users": [ADDRESS.upper().replace("X", "x"), "nobody"]}], "t")
    assert (trade.time_s, trade.wallets) == (1_708_622_398, (ADDRESS,))


@pytest.mark.parametrize("text", [ADDRESS, f" {ADDRESS.upper().replace('X', 'x')} "])
def test_an_address_is_written_in_small_letters(text):
    assert address_of(text) == ADDRESS


@pytest.mark.parametrize("text", ["", "0x12", ADDRESS + "0", ADDRESS[2:], None, 7])
def test_what_is_no_address_is_none(text):
    assert address_of(text) is None


# --- the leaderboard -------------------------------------------------------------------------------------------------


def board(*rows):
    return json.dumps({"leaderboardRows": rows}).encode()


def test_the_largest_accounts_come_first_and_only_so_many():
    rows = [{"ethAddress": f"0x{number:040x}", "accountValue": str(number)} for number in range(50)]
    found = parse_leaderboard(board(*rows), most=3)
    assert [(ranked.address[-2:], ranked.account_usd) for ranked in found] == [("31", 49.0), ("30", 48.0), ("2f", 47.0)]


def test_rows_without_wallet_or_worth_are_left_out():
    rows = [
        {"ethAddress": ADDRESS, "accountValue": "5.5"},
        {"ethAddress": "nobody", "accountValue": "9"},
        {"ethAddress": OTHER, "accountValue": "-3"},
        {"ethAddress": OTHER},
        "row",
    ]
    (ranked,) = parse_leaderboard(board(*rows))
    assert (ranked.address, ranked.account_usd) == (ADDRESS, 5.5)


def test_an_empty_leaderboard_is_one():
    assert parse_leaderboard(board()) == ()


@pytest.mark.parametrize(
    "content", [b"", b"<html>", b"[]", b"{}", b'{"leaderboardRows": 3}', b"\xff\xfe", board({}, 1)]
)
def test_what_is_no_leaderboard_is_refused(content):
    with pytest.raises(DataMalformedError):
        parse_leaderboard(content)


# --- whose coin ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("symbol", "found"),
    [
        ("BTC", Quoted(coin="BTC", units=1.0)),
        ("1000PEPE", Quoted(coin="kPEPE", units=1.0)),
        ("PEPE", Quoted(coin="kPEPE", units=0.001)),
        ("1000000MOG", Quoted(coin="MOG", units=1_000_000.0)),
        ("KAITO", Quoted(coin="KAITO", units=1.0)),
        ("AITO", None),
        ("DOGE", None),
    ],
)
def test_a_symbol_means_the_coin_whose_multiple_it_is(symbol, found):
    assert quoted(symbol, {"BTC", "kPEPE", "MOG", "KAITO"}) == found


def test_value_is_the_same_however_it_is_counted():
    quotation = Quoted(coin="kPEPE", units=0.001)
    assert quotation.size(40.0) * quotation.price(0.02) == pytest.approx(40.0 * 0.02)
