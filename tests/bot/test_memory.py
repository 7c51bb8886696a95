"""What a serving process holds: so many bytes, nothing of a bar that is over, and no library that it never uses."""

import asyncio
import ctypes
import gc
import pickle
import platform
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.requests import Level, Liq
from bot.service import work
from bot.service.answer import Order
from bot.service.heap import give_back_memory, keep_heap_small
from bot.service.kept import Kept
from bot.service.work import Job, do, warm_up
from engine.sources.simulated import SimulatedSource
from engine.windows import window_named
from tests.bot.test_service import BTC, ETH, Stage, run
from tests.engine.made_recordings import perp_rows, record

ROOT = Path(__file__).parents[2]
ONLY_WORKERS_NEED = {"matplotlib", "numba", "llvmlite", "scipy", "pandas"}
NOT_FOR_A_RECORDING = ONLY_WORKERS_NEED | {"ccxt"}

READ_AND_HELP = """
import asyncio, sys
from pathlib import Path
import bot.serving.process
from bot.grammar import parse_request
from bot.service.answer import Order
from bot.service.pool import WorkerPool
from bot.service.service import AnswerService
from engine.sources.recorded import RecordedSource

class Pool(WorkerPool):
    async def run(self, work, job):
        assert len(job.market) > 10_000
        raise ValueError("the market is here")

async def main():
    service = AnswerService(RecordedSource(Path(sys.argv[1])), Pool(1, warm_up=print), bar_number=lambda: 0)
    symbols = await service.symbols()
    for text in ("/help", "/models", "/liq BTC"):
        await service.answer(Order(request=parse_request(text, symbols=symbols)))
    await service.close()
    print(*sorted({name.partition(".")[0] for name in sys.modules}))

asyncio.run(main())
"""


def test_the_process_with_the_chats_loads_nothing_that_only_workers_need(tmp_path):
    pytest.importorskip("prometheus_client", reason="the extra for serving is not installed")
    record(tmp_path, "okx", perp_rows())
    done = subprocess.run(
        [sys.executable, "-c", READ_AND_HELP, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.splitlines()[-1].split())
    assert {"numpy", "pyarrow"} <= loaded  # the market was really read
    assert "the market is here" in done.stderr  # and handed to the workers
    assert loaded & NOT_FOR_A_RECORDING == set()


@given(
    most=st.integers(0, 100),
    puts=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 60)), max_size=40),
)
def test_what_is_kept_never_exceeds_its_bytes_and_is_counted_right(most, puts):
    kept, last = Kept(most), {}
    for key, size in puts:
        kept.put(key, (key, size), size)
        if size <= most:
            last[key] = (key, size)
            assert kept.get(key) == (key, size)
    held = [value for value in map(kept.get, range(6)) if value is not None]
    assert kept.size == sum(size for _, size in held) <= most
    assert all(last[key] == (key, size) for key, size in held)


def test_one_value_too_large_by_itself_drives_out_nothing():
    kept = Kept(10)
    kept.put("small", 1, 4)
    kept.put("large", 2, 11)
    assert (kept.get("small"), kept.get("large"), kept.size) == (1, None, 4)


def test_with_a_new_bar_what_was_kept_of_the_last_is_let_go():
    async def talk():
        stage = Stage()
        await stage.service.answer(BTC)
        held = stage.service.kept_bytes
        stage.bar = 2
        stage.service.is_ready(ETH)
        return stage, (held > 1_000, stage.service.kept_bytes)

    assert run(talk) == (True, 0)


def test_an_answer_that_comes_after_its_bar_is_given_and_not_kept():
    async def talk():
        stage = Stage()
        stage.pool.open.clear()
        late = asyncio.create_task(stage.service.answer(BTC))
        async with asyncio.timeout(5):
            await stage.pool.asked.wait()
        stage.bar = 2
        stage.pool.open.set()
        answer = await late
        return stage, (answer.drawing is not None, stage.service.kept_bytes)

    assert run(talk) == (True, 0)


def test_a_worker_keeps_nothing_of_its_warm_up_and_afterwards_no_more_than_its_bytes():
    warm_up()
    gc.unfreeze()  # this process is no worker
    assert (work._markets.size, work._analyses.size) == (0, 0)
    market = pickle.dumps(SimulatedSource(seed=1).market("BTC"))
    maps = [
        Liq(symbol="BTC", model=model, window=window_named(window))
        for window in ("1w", "2w", "1m")
        for model in ("M1", "M2", "M5")
    ]
    for request in (*maps, Level(symbol="BTC", price=60_000.0)):
        do(Job(order=Order(request=request, draw=False), market_name="1 BTC", market=market))
    assert 0 < work._analyses.size <= work.KEPT_ANALYSES_BYTES
    assert work._markets.size == len(market)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has the switch")
def test_freed_memory_goes_back_to_the_machine():
    """A thousand blocks and one at the end that stays: a heap that shrinks only at its end would keep them all."""
    assert keep_heap_small()
    before = resident_mib()
    blocks = [ctypes.create_string_buffer(b"x" * 100_000, 100_000) for _ in range(1_000)]
    last = ctypes.create_string_buffer(1_000)
    full = resident_mib()
    blocks.clear()
    give_back_memory()
    assert full - before > 80
    assert resident_mib() - before < 20
    assert len(last) == 1_000


def resident_mib():
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024
