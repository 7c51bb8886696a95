"""The wallets that are known: whose turn it is, who is dropped, and what a restart finds again."""

import math

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import DataUnavailableError
from engine.history.errors import HistoryNotWrittenError, NewerHistoryError
from engine.sources.live.positions.wallet_file import WalletFile
from engine.sources.live.positions.wallets import TRADER_USD, Wallet, WalletBook
from tests.engine.made_history import FailingDisk, Killed
from tests.replay_exchange.wallets import made_address

NOW_S = 1_770_292_800
A, B, C, D, E, F = (made_address(number) for number in range(6))


def book_of(**notional_usd):
    """Wallets by letter that answered an hour ago."""
    book = WalletBook(Wallet(address=globals()[name]) for name in notional_usd)
    for name, usd in notional_usd.items():
        book.answered(globals()[name], NOW_S - 3_600, usd)
    return book


# --- whom to ask -----------------------------------------------------------------------------------------------------


def test_the_largest_come_first_and_every_fourth_question_goes_to_who_waited_longest():
    book = book_of(A=9e6, B=1e6, C=5e6, D=2e6, E=0.0, F=3e6)
    book.answered(E, NOW_S - 9_000, 0.0)
    assert book.due(4) == (A, C, F, E)
    assert book.due(6) == (A, C, F, E, D, B)


def test_who_traded_since_the_last_answer_comes_before_small_holders():
    book = book_of(A=TRADER_USD + 1, B=TRADER_USD - 1, C=0.0)
    book.seen([C, D], NOW_S)
    assert book.due(4)[:3] == (A, D, C)  # both may hold as much, and D has never been asked
    book.answered(C, NOW_S + 1, 0.0)
    assert book.due(4)[:3] == (A, D, B)


def test_of_wallets_that_promise_the_same_who_waited_longest_comes_first():
    book = WalletBook(Wallet(address=address) for address in (A, B, C, D, E, F))
    first = book.due(3)
    for address in first:
        book.answered(address, NOW_S, 0.0)
    assert set(book.due(3)) == {A, B, C, D, E, F} - set(first)


def test_before_its_first_answer_a_wallet_promises_what_the_leaderboard_says():
    book = book_of(A=1e6)
    book.ranked(B, 2e6)
    book.ranked(A, 9e9)
    assert book.due(2) == (B, A)
    book.answered(B, NOW_S, 0.0)
    assert book[B].promise_usd == 0


def test_a_wallet_that_failed_keeps_its_promise_and_loses_its_turn():
    book = book_of(A=5e6, B=1.0, C=2.0, D=3.0, E=0.0)
    book.answered(E, NOW_S - 9_000, 0.0)
    book.failed(A, NOW_S)
    book.failed(E, NOW_S)
    assert book.due(1) == (A,)
    assert book.due(4)[3] == B  # the first of those that wait since their last answer
    assert book[A].notional_usd == 5e6


def test_pinned_wallets_come_first_and_are_never_dropped():
    book = WalletBook(pinned=[A.upper().replace("X", "x"), B, "nonsense"], most=10)
    for number in range(100, 200):
        book.ranked(made_address(number), 1e9 + number)
    assert set(book.due(2)) == {A, B}
    assert len(book) <= 10


@settings(max_examples=40)
@given(st.integers(1, 60), st.integers(4, 40), st.integers(0, 2**32), st.booleans())
def test_every_wallet_gets_its_turn_whatever_the_others_hold(count, most, seed, fails):
    book = WalletBook(Wallet(address=made_address(number)) for number in range(count))
    turns = {wallet.address: 0 for wallet in book}
    rounds = math.ceil(count / (most // 4))
    for number in range(rounds):
        for place, address in enumerate(book.due(most)):
            turns[address] += 1
            at_s = NOW_S + 60 * number
            if fails and place % 3 == 0:
                book.failed(address, at_s)
            else:
                book.answered(address, at_s, float((seed * (place + 7)) % 1_000_003))
    assert min(turns.values()) >= 1


@given(st.integers(0, 30), st.integers(0, 40))
def test_nobody_is_asked_twice_in_one_list(count, most):
    book = WalletBook(Wallet(address=made_address(number)) for number in range(count))
    due = book.due(most)
    assert len(due) == len(set(due)) == min(count, most)


# --- room ------------------------------------------------------------------------------------------------------------


def test_a_full_book_drops_who_promises_least_and_of_these_who_was_silent_longest():
    book = WalletBook(most=100)
    for number in range(100):
        book.seen([made_address(number)], NOW_S + number)
        book.answered(made_address(number), NOW_S + 1_000, 1e6 if number < 50 else 0.0)
    book.seen([made_address(1_000)], NOW_S + 2_000)
    assert len(book) == 98
    dropped = {number for number in range(100) if made_address(number) not in book}
    assert dropped == {50, 51, 52}
    assert made_address(1_000) in book


def test_a_crowd_of_newcomers_does_not_drive_out_the_large():
    book = WalletBook(most=200)
    large = [made_address(number) for number in range(50)]
    for address in large:
        book.ranked(address, 1e6)
        book.answered(address, NOW_S, 1e6)
    for number in range(1_000, 3_000):
        book.seen([made_address(number)], NOW_S + number)
        assert len(book) <= 200
    assert all(address in book for address in large)


def test_an_answer_of_a_dropped_wallet_does_not_bring_it_back():
    book = WalletBook()
    book.answered(A, NOW_S, 1.0)
    book.failed(B, NOW_S)
    assert len(book) == 0


def test_a_trade_told_late_does_not_make_a_wallet_older():
    book = WalletBook()
    book.seen([A], NOW_S)
    book.seen([A], NOW_S - 60)
    assert book[A].traded_s == NOW_S


# --- the file --------------------------------------------------------------------------------------------------------


def filled():
    book = book_of(A=5.5, B=0.0)
    book.seen([B, C], NOW_S)
    book.ranked(D, 7e5)
    book.failed(C, NOW_S)
    return book


def test_what_was_written_is_found_again_after_a_restart(tmp_path):
    WalletFile(tmp_path).write(filled())
    stored = WalletFile(tmp_path).read()
    assert stored.note is None
    assert set(stored.wallets) == set(filled())
    assert WalletBook(stored.wallets).due(4) == filled().due(4)
    assert (tmp_path / "hyperliquid" / "wallets.parquet").is_file()


def test_without_a_file_nobody_is_known(tmp_path):
    assert WalletFile(tmp_path).read().wallets == ()
    WalletFile(tmp_path).write([])
    assert WalletFile(tmp_path).read().wallets == ()


def damaged(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def table_bytes(**columns):
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(columns), sink)
    return bytes(sink.getvalue())


NOTHING_ELSE = {name: [None] for name in ("asked_s", "answered_s", "traded_s", "notional_usd", "account_usd")}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PAR1 and no more",
        table_bytes(address=[A]),
        table_bytes(address=["nobody"], **NOTHING_ELSE),
        table_bytes(address=[None], **NOTHING_ELSE),
        table_bytes(address=[A], **{**NOTHING_ELSE, "notional_usd": [-1.0]}),
        table_bytes(address=[A], **{**NOTHING_ELSE, "account_usd": [math.nan]}),
        table_bytes(address=[A], **{**NOTHING_ELSE, "traded_s": ["yesterday"]}),
    ],
)
def test_a_damaged_file_is_set_aside_and_collecting_begins_anew(tmp_path, content):
    file = WalletFile(tmp_path)
    damaged(file.path, content)
    stored = file.read()
    assert stored.wallets == ()
    assert "is kept as wallets.parquet.damaged1; wallets are collected anew." in stored.note
    assert (file.path.parent / "wallets.parquet.damaged1").read_bytes() == content
    assert file.read().note is None


def test_a_file_that_the_disk_does_not_give_is_not_taken_for_damaged(tmp_path):
    file = WalletFile(tmp_path)
    file.path.mkdir(parents=True)
    with pytest.raises(DataUnavailableError, match=r"wallets\.parquet cannot be read: Is a directory"):
        file.read()
    assert file.path.is_dir()


def test_a_file_of_a_later_version_is_left_alone(tmp_path):
    file = WalletFile(tmp_path)
    content = table_bytes(address=[A], **NOTHING_ELSE, mood=[1.0])
    damaged(file.path, content)
    with pytest.raises(NewerHistoryError, match="mood"):
        file.read()
    assert file.path.read_bytes() == content


@pytest.mark.parametrize("how", ["before", "after", "full"])
@pytest.mark.parametrize("step", range(3))
def test_a_crash_or_a_full_disk_leaves_the_old_file_or_the_new_one(tmp_path, how, step):
    WalletFile(tmp_path).write(book_of(A=1.0))
    with pytest.raises((Killed, HistoryNotWrittenError)):
        WalletFile(tmp_path, disk=FailingDisk(step, how)).write(filled())
    found = set(WalletFile(tmp_path).read().wallets)
    assert found in (set(book_of(A=1.0)), set(filled()))
