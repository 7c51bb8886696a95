"""Recordings drawn from a seed and written in the layout that the recorded source reads."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

BAR_S = 300
END_S = 1_770_292_800
"""5 February 2026, 12:00 UTC: when the last bar of every made recording is finished."""

Rows = dict[str, np.ndarray]


def perp_rows(seed: int = 1, *, bars: int = 720, price: float = 50_000.0, interest: float = 8_000.0) -> Rows:
    """A random walk of 5-minute bars with wicks, volume and open interest; time in Unix seconds."""
    random = np.random.default_rng(seed)
    close = price * np.exp(np.cumsum(random.normal(0, 0.0015, bars)))
    open_ = np.concatenate(([price], close[:-1]))
    return {
        "time": END_S - BAR_S * np.arange(bars, 0, -1),
        "open": open_,
        "high": np.maximum(open_, close) * np.exp(random.exponential(0.0006, bars)),
        "low": np.minimum(open_, close) * np.exp(-random.exponential(0.0006, bars)),
        "close": close,
        "volume": random.lognormal(4, 1, bars),
        "open_interest": interest * np.exp(np.cumsum(random.normal(0, 0.002, bars))),
    }


def funding_rows(seed: int = 1, *, settlements: int = 60) -> Rows:
    """Settled funding every 8 h up to the end of the recording, + means longs pay."""
    random = np.random.default_rng(seed + 50)
    last = END_S - END_S % 28_800
    return {
        "time": last - 28_800 * np.arange(settlements)[::-1],
        "funding_rate": random.normal(5e-5, 8e-5, settlements),
    }


def kline_rows(perp: Rows, seed: int = 1) -> Rows:
    """Spot klines at the times of a perpetual's bars: volume and what takers bought of it."""
    random = np.random.default_rng(seed + 90)
    return {
        "time": perp["time"],
        "volume": perp["volume"],
        "taker_buy_volume": perp["volume"] * random.uniform(0.2, 0.8, len(perp["time"])),
    }


def write(path: Path, rows: Rows) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = {name: pa.array(values) for name, values in rows.items() if name != "time"}
    time = pa.array(1_000 * np.asarray(rows["time"], dtype=np.int64)).cast(pa.timestamp("ms", tz="UTC"))
    pq.write_table(pa.table({"time": time, **columns}), path)


def record(directory: Path, venue: str, perp: Rows, *, symbol: str = "BTC", **others: Rows) -> Path:
    """Write one venue's recording: perp bars, and by file name without ending whatever else there is."""
    folder = directory / venue / f"{symbol}USDT"
    write(folder / "perp_5m.parquet", perp)
    for name, rows in others.items():
        write(folder / f"{name}.parquet", rows)
    return directory
