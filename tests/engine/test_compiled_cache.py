"""The compiled walk is cached beside the code, or in the user's cache directory where that cannot be written."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

WALK = """
import numpy as np
from engine.grid import LogGrid
from engine.inventory import Bars, ColumnPlan, Ladder, walk_inventory
from engine.market import Candles
n = 4
candles = Candles(where="x", time_s=np.arange(n) * 300, duration_s=np.full(n, 300), open=np.full(n, 100.0),
    high=np.full(n, 100.1), low=np.full(n, 99.9), close=np.full(n, 100.0), volume=np.full(n, 1.0),
    taker_buy_share=np.full(n, np.nan))
grid = LogGrid.covering(80.0, 120.0)
ladder = Ladder(leverages=np.array([50.0]), half_life_s=np.array([86400.0]), seed_share=np.array([1.0]),
    distance=np.array([[-15.0], [15.0]]), anchor=np.zeros(1, dtype=np.int64), tier=np.zeros(1, dtype=np.int64))
bars = Bars.of(candles, grid)
standing = walk_inventory(bars, ladder, entry_position=np.full((n, 2, 1), bars.close[0]), volume=candles.volume,
    open_interest=np.full(n, 2.0), columns=ColumnPlan.none(), snapshots=ColumnPlan.none())
from engine.kernels import walk
print(sum(walk.stats.cache_hits.values()), round(float(standing.mass[0].sum()), 6))
"""


def walk_in_a_new_process(package: Path, cache: Path) -> list[str]:
    environment = os.environ | {"PYTHONPATH": str(package), "XDG_CACHE_HOME": str(cache), "HOME": str(cache)}
    environment.pop("NUMBA_CACHE_DIR", None)
    done = subprocess.run(
        [sys.executable, "-c", WALK], capture_output=True, text=True, env=environment, cwd=package, check=True
    )
    return done.stdout.split()


def test_a_package_folder_that_cannot_be_written_is_cached_for_the_user(tmp_path):
    package, cache = tmp_path / "package", tmp_path / "cache"
    shutil.copytree(ROOT / "engine", package / "engine", ignore=shutil.ignore_patterns("__pycache__"))
    (package / "engine" / "__pycache__").write_text("in the way: no folder can be made here, not even by root")
    cache.mkdir()
    assert walk_in_a_new_process(package, cache)[0] == "0"  # compiled now
    assert list(cache.rglob("*.nbi"))
    assert walk_in_a_new_process(package, cache)[0] == "1"  # taken from the user's cache
