"""Speed and memory, reported and not asserted: `make bench`. Machines are noisy, so compare rows of one run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engine.analysis import analyse
from engine.atlas import Atlas
from engine.context import read_context
from engine.grid import LOG_STEP, LogGrid
from engine.inventory import Bars, ColumnPlan, Ladder, positions, seed_shares, walk_inventory
from engine.market import Candles
from engine.reading import DEFAULT_KEYS
from engine.sources.simulated import SimulatedSource

DAY_S = 86_400
COUNT, BINS = 30_000, 1_200
LEVERAGES = np.array([3.0, 5.0, 10.0, 20.0, 25.0, 50.0, 75.0, 100.0])


@pytest.fixture(scope="module")
def history():
    """30,000 bars of five minutes that stay within a grid of 1,200 bins."""
    rng = np.random.default_rng(1)
    offset = np.zeros(COUNT)
    for bar, step in enumerate(rng.normal(0, 0.0016, COUNT - 1), 1):
        offset[bar] = 0.9998 * offset[bar - 1] + step
    close = 70_000 * np.exp(offset)
    opened = np.concatenate([close[:1], close[:-1]])
    wick = np.abs(rng.normal(0, 0.0006, (2, COUNT)))
    candles = Candles(
        where="benchmark",
        time_s=1_767_225_600 + 300 * np.arange(COUNT),
        duration_s=np.full(COUNT, 300),
        open=opened,
        high=np.maximum(opened, close) * np.exp(wick[0]),
        low=np.minimum(opened, close) * np.exp(-wick[1]),
        close=close,
        volume=rng.lognormal(6, 0.8, COUNT),
        taker_buy_share=np.full(COUNT, np.nan),
    )
    interest = 85_000 * np.exp(np.cumsum(rng.normal(0, 0.001, COUNT)) * 0.2)
    middle = int(np.log(70_000) / LOG_STEP)
    return candles, interest, LogGrid(middle - BINS // 2, BINS)


def test_walk_of_30000_bars_8_tiers_1200_bins_without_columns(benchmark, history):
    candles, interest, grid = history
    half_life_s = np.array([30, 20, 10, 5, 3, 1, 0.5, 0.5]) * DAY_S
    longs, shorts = np.log(1 - 0.99 / LEVERAGES), np.log(1 + 0.99 / LEVERAGES)
    ladder = Ladder(
        leverages=LEVERAGES,
        half_life_s=half_life_s,
        seed_share=seed_shares(np.array([0.3, 0.2, 0.2, 0.1, 0.1, 0.05, 0.03, 0.02]), half_life_s),
        distance=np.stack([longs, shorts]) / LOG_STEP,
        anchor=np.zeros(8, dtype=np.int64),
        tier=np.arange(8),
    )
    bars = Bars.of(candles, grid)
    entry = positions((candles.high + candles.low + candles.close) / 3, grid)
    position = np.stack([entry, entry], axis=1)[:, :, None]

    def walk():
        return walk_inventory(
            bars,
            ladder,
            entry_position=position,
            volume=candles.volume,
            open_interest=interest,
            columns=ColumnPlan.none(),
            snapshots=ColumnPlan.none(),
        )

    assert walk().mass.sum() > 0  # warm-up
    benchmark.pedantic(walk, rounds=15)


@pytest.fixture(scope="module")
def market(request):
    """The recorded BTC market where it is at hand (30,000 bars), else the simulated one."""
    directory = (Path(__file__).parents[2] / "../shared/data").resolve()
    if directory.is_dir():
        from engine.sources.recorded import RecordedSource

        return RecordedSource(directory).market("BTC")
    return SimulatedSource().market("BTC")


def test_both_full_history_walks_without_columns(benchmark, market):
    def walks():
        return Atlas(market).prepare((DEFAULT_KEYS[2], DEFAULT_KEYS[3]), ())

    walks()
    benchmark.pedantic(walks, rounds=10)


def test_the_four_default_maps_with_three_days_of_columns(benchmark, market):
    """Beyond the row above: the replays of the windows and 864 columns of 576 bins for each three-day map."""

    def maps():
        return Atlas(market).prepare(DEFAULT_KEYS, DEFAULT_KEYS)

    maps()
    benchmark.pedantic(maps, rounds=10)


def test_context_of_the_market(benchmark, market):
    benchmark.pedantic(lambda: read_context(market), rounds=10, warmup_rounds=1)


def test_whole_analysis_without_picture(benchmark, market):
    analyse(market)
    benchmark.pedantic(lambda: analyse(market), rounds=15)


def test_one_chart(benchmark, market):
    from charts import DARK, draw_liquidations, to_png

    analysis = analyse(market)

    def chart():
        return to_png(draw_liquidations(analysis, DARK), width_px=1600)

    assert chart().startswith(b"\x89PNG")
    benchmark.pedantic(chart, rounds=10)


def ask_in_a_new_process(arguments):
    command = [sys.executable, "-m", "bot.cli", "ask", "/liq BTC", *arguments, "--json"]
    return subprocess.run(command, capture_output=True, check=True, cwd=Path(__file__).parents[2])


def recorded_or_simulated():
    directory = (Path(__file__).parents[2] / "../shared/data").resolve()
    return ["--source", "recorded", "--recordings", str(directory)] if directory.is_dir() else ["--source", "simulated"]


def test_ask_json_in_a_new_process_with_the_compiled_cache_present(benchmark):
    arguments = recorded_or_simulated()
    ask_in_a_new_process(arguments)
    benchmark.pedantic(lambda: ask_in_a_new_process(arguments), rounds=5)


_MEASURE = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


@pytest.mark.parametrize("picture", [False, True], ids=["json", "picture"])
def test_peak_memory_of_a_question(capsys, tmp_path, picture):
    """Measured from a small process of its own: a child's peak counts what its parent held when it was started."""
    form = ["--out", str(tmp_path)] if picture else ["--json"]
    question = [sys.executable, "-m", "bot.cli", "ask", "/liq BTC", *recorded_or_simulated(), *form]
    answer = subprocess.run([sys.executable, "-c", _MEASURE, *question], capture_output=True, check=True, text=True)
    with capsys.disabled():
        print(f"\npeak memory of `fathom ask {form[0]}`: {int(answer.stdout) / 1024:.0f} MiB")
    assert int(answer.stdout) > 0
