"""A plausible recording on disk, and what a command left behind."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from engine.windows import parse_instant

FIRST_S = parse_instant("2026-01-05T00:00:00Z")
BARS = 4 * 288
LAST_MOMENT = "2026-01-09T00:00:00Z"


def bars(count: int = BARS, seed: int = 3) -> dict[str, np.ndarray]:
    """Return the columns of a plausible recording: a random walk with open interest."""
    random = np.random.default_rng(seed)
    close = 70_000 * np.exp(np.cumsum(random.normal(0, 0.0015, count)))
    opened = np.concatenate([[70_000.0], close])[:count]
    wick = np.abs(random.normal(0, 0.0006, count))
    interest = 80_000 * np.exp(np.cumsum(random.normal(0, 0.001, count)))
    return {
        "time": FIRST_S + 300 * np.arange(count),
        "open": opened,
        "high": np.maximum(opened, close) * (1 + wick),
        "low": np.minimum(opened, close) * (1 - wick),
        "close": close,
        "volume": random.lognormal(6.5, 0.5, count),
        "open_interest": interest,
    }


def record(directory: Path, columns: dict[str, np.ndarray], symbol: str = "BTCUSDT") -> Path:
    folder = directory / "binanceusdm" / symbol
    folder.mkdir(parents=True)
    time = pa.array(columns["time"]).cast(pa.timestamp("s", tz="UTC"))
    others = {name: pa.array(values) for name, values in columns.items() if name != "time"}
    pq.write_table(pa.table({"time": time, **others}), folder / "perp_5m.parquet")
    return directory


Fathom = Callable[..., "Outcome"]


class Outcome:
    """What a command left behind."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    def complains(self) -> str:
        """Return the complaint after checking that it is one: a single line, exit code 2, nothing else printed."""
        assert self.code == 2
        assert self.out == ""
        assert "Traceback" not in self.err
        assert self.err.count("\n") == 1
        return self.err.strip()
