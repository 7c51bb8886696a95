"""Seals: what another wrote, or what stood elsewhere, is never unpickled."""

import os
import pickle

import pytest

from bot.cluster.sealing import Seal, SealError

RAN = []


class Runs:
    """Runs something when it is unpickled."""

    def __reduce__(self):
        return RAN.append, (os.getpid(),)


def test_a_sealed_value_comes_back_by_the_same_key():
    value = ("answer", {"symbol": "BTC"}, b"\0" * 9)
    assert Seal("one key").opened("task", "7", Seal("one key").sealed("task", "7", value)) == value


@pytest.mark.parametrize(
    ("key", "kind", "name"),
    [("another key", "task", "7"), ("one key", "result", "7"), ("one key", "task", "8")],
    ids=["another key", "another kind", "another name"],
)
def test_what_is_sealed_for_something_else_is_refused_and_not_run(key, kind, name):
    RAN.clear()
    sealed = Seal("one key").sealed("task", "7", Runs())
    with pytest.raises(SealError, match=r"\[cluster\] key"):
        Seal(key).opened(kind, name, sealed)
    assert not RAN


@pytest.mark.parametrize(
    "forged",
    [b"", b"short", pickle.dumps(Runs()), b"\0" * 32 + pickle.dumps(Runs())],
    ids=["nothing", "short", "no seal", "zeros as a seal"],
)
def test_what_has_no_seal_is_refused_and_not_run(forged):
    RAN.clear()
    with pytest.raises(SealError):
        Seal("one key").opened("task", "7", forged)
    assert not RAN


def test_a_seal_holds_for_every_byte():
    sealed = Seal("one key").sealed("market", "digest", b"prices")
    for place in range(len(sealed)):
        damaged = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
        with pytest.raises(SealError):
            Seal("one key").opened("market", "digest", damaged)
