"""Sweeps of positions in the history: whole or not at all, known once they are over, and part of the market then."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import DataMalformedError
from engine.history.keeping import KeepingSource
from engine.history.observed import KEPT_S, keep_sweep, observed_sweeps, sweeps_before
from engine.history.store import HistoryStore
from engine.observed import ObservedPositions
from engine.sources.recorded import RecordedSource
from engine.windows import DAY_S
from tests.engine.made_history import FailingDisk, Killed
from tests.engine.made_recordings import END_S, perp_rows, record
from tests.engine.markets import Live, random_market

ARRAYS = ("side", "size", "entry", "leverage", "liquidation_price", "is_isolated")


def swept(time_s, count=3, *, seed=0, wallets=10, venue="hyperliquid"):
    random = np.random.default_rng(seed)
    price = random.uniform(90, 110, count)
    price[::4] = np.nan
    return ObservedPositions(
        venue=venue,
        started_s=time_s - 500,
        time_s=time_s,
        wallets=wallets,
        open_interest=1_000.5,
        side=random.choice([-1, 1], count),
        size=random.lognormal(0, 1, count),
        entry=random.uniform(90, 110, count),
        leverage=random.integers(1, 40, count),
        liquidation_price=price,
        is_isolated=random.random(count) < 0.5,
    )


def same(found, expected):
    for one, other in zip(found, expected, strict=True):
        for name in ("venue", "started_s", "time_s", "wallets", "open_interest"):
            assert getattr(one, name) == getattr(other, name)
        for name in ARRAYS:
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    return True


def kept(folder, *sweeps, symbol="BTC", disk=None, clock="venue"):
    with HistoryStore(folder, disk=disk) as store:
        return [note for sweep in sweeps for note in keep_sweep(store, symbol, sweep, clock=clock)]


def read(folder, symbol="BTC", as_of_s=END_S):
    return sweeps_before(folder, symbol, as_of_s)


# --- there and back --------------------------------------------------------------------------------------------------


def test_sweeps_come_back_as_they_were_and_in_order(tmp_path):
    sweeps = [swept(END_S - 600 * age, 5 + age, seed=age) for age in range(4)]
    kept(tmp_path, *sweeps)
    assert same(read(tmp_path), sweeps[::-1])


def test_a_market_in_which_nobody_holds_anything_is_a_sweep_too(tmp_path):
    sweeps = [swept(END_S - 600), swept(END_S, 0)]
    kept(tmp_path, *sweeps)
    assert same(read(tmp_path), sweeps)


def test_a_sweep_that_nobody_answered_is_not_stored(tmp_path):
    assert kept(tmp_path, swept(END_S, 0, wallets=0)) == []
    assert read(tmp_path) == ()


def test_symbols_and_venues_are_kept_apart(tmp_path):
    here, there = swept(END_S, seed=1), swept(END_S, seed=2, venue="elsewhere")
    kept(tmp_path, there, here)
    kept(tmp_path, swept(END_S, seed=3), symbol="1000PEPE")
    assert same(read(tmp_path), [there, here])
    assert same(read(tmp_path, "1000PEPE"), [swept(END_S, seed=3)])
    assert read(tmp_path, "ETH") == ()
    assert read(tmp_path / "nowhere") == ()


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(as_of_s=st.integers(END_S - 5_000, END_S + 1_000))
def test_a_sweep_is_known_once_it_is_over(tmp_path, as_of_s):
    sweeps = [swept(END_S - 600 * age, seed=age) for age in range(8)][::-1]
    if not any(tmp_path.iterdir()):
        kept(tmp_path, *sweeps)
    assert same(read(tmp_path, as_of_s=as_of_s), [sweep for sweep in sweeps if sweep.time_s <= as_of_s])


def test_sweeps_of_the_last_days_are_read_and_both_ends_count(tmp_path):
    sweeps = [swept(END_S - age_s, seed=age_s) for age_s in (KEPT_S + 1, KEPT_S, 1, 0)]
    kept(tmp_path, *sweeps)
    assert same(read(tmp_path), sweeps[1:])
    assert same(observed_sweeps(tmp_path, "BTC", since_s=END_S - 1, until_s=END_S - 1), sweeps[2:3])


def test_after_days_without_sweeps_only_the_venues_clock_is_believed(tmp_path):
    kept(tmp_path, swept(END_S - 2 * DAY_S))
    notes = kept(tmp_path, swept(END_S), clock="machine")
    assert len(read(tmp_path)) == 1
    assert "a clock that jumped unless the venue's own clock says so too" in notes[0]
    assert kept(tmp_path, swept(END_S), clock="venue") == []
    assert len(read(tmp_path)) == 2


# --- whole or not at all ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["before", "after"])
@pytest.mark.parametrize("step", range(6))
def test_a_crash_leaves_the_whole_sweep_or_none_of_it(tmp_path, step, how):
    old, new = swept(END_S - 600, seed=1), swept(END_S, seed=2)
    kept(tmp_path, old)
    disk = FailingDisk(step, how)
    with pytest.raises(Killed):
        kept(tmp_path, new, disk=disk)
    is_there = disk.steps.count("replace") == 2 and (disk.steps[-1] != "replace" or how == "after")
    assert same(read(tmp_path), [old, new] if is_there else [old])
    kept(tmp_path, new)
    assert same(read(tmp_path), [old, new])


def test_positions_that_were_lost_never_read_as_nobody_holding_anything(tmp_path):
    yesterday, today = swept(END_S - DAY_S, seed=1), swept(END_S, seed=2)
    kept(tmp_path, yesterday, today)
    (tmp_path / "hyperliquid/BTCUSDT/positions/2026-02-05.parquet").unlink()
    assert same(read(tmp_path), [yesterday])


def test_a_damaged_file_is_an_error_until_collecting_goes_on_without_it(tmp_path):
    sweeps = [swept(END_S - 600, seed=1), swept(END_S, seed=2)]
    kept(tmp_path, sweeps[0])
    (tmp_path / "hyperliquid/BTCUSDT/positions/2026-02-05.parquet").write_bytes(b"nothing")
    with pytest.raises(DataMalformedError, match="not a readable Parquet file"):
        read(tmp_path)
    (note,) = kept(tmp_path, sweeps[1])
    assert "is kept as 2026-02-05.parquet.damaged1" in note
    assert same(read(tmp_path), sweeps[1:])


# --- in the market ---------------------------------------------------------------------------------------------------


def test_a_recorded_market_knows_the_sweeps_that_were_over(tmp_path):
    record(tmp_path, "binanceusdm", perp_rows())
    sweeps = [swept(END_S - 900, seed=1), swept(END_S - 200, seed=2)]
    kept(tmp_path, *sweeps)
    source = RecordedSource(tmp_path)
    assert same(source.market("BTC").observed, sweeps)
    assert same(source.market("BTC", END_S - 201).observed, sweeps[:1])
    assert source.market("BTC", END_S - 901).observed == ()
    assert source.symbols() == ("BTC",)


@pytest.fixture(scope="module")
def live():
    return replace(random_market(4, 288), source="live")


def test_a_live_market_is_completed_with_what_was_swept(tmp_path, live):
    now_s = live.as_of_s
    sweeps = [swept(now_s - 700, seed=1), swept(now_s, seed=2)]
    kept(tmp_path, *sweeps, swept(now_s + 1, seed=3), symbol="TEST")
    with HistoryStore(tmp_path) as store:
        answered = KeepingSource(Live(live), store).market("TEST")
    assert same(answered.observed, sweeps)
    assert answered.notes == live.notes


def test_a_live_answer_is_not_lost_to_a_damaged_history(tmp_path, live):
    kept(tmp_path, swept(live.as_of_s), symbol="TEST")
    (damaged,) = tmp_path.glob("hyperliquid/TESTUSDT/positions/*.parquet")
    damaged.write_bytes(b"nothing")
    with HistoryStore(tmp_path) as store:
        answered = KeepingSource(Live(live), store).market("TEST")
    assert answered.observed == ()
    assert answered.price == live.price
    (note,) = answered.notes
    assert note.startswith("Stored positions were left out: ")
