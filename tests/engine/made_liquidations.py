"""Liquidations and minutes listened to, written in the layout that history and recordings share."""

from pathlib import Path

import numpy as np

from engine.realised import Liquidations
from tests.engine.made_recordings import write


def tell(folder: Path, *events: tuple[int, int, float, float]) -> None:
    """Write events of (at_ms, side, price, size) as the one file of a market's folder."""
    at_ms, side, price, size = (np.array(column) for column in zip(*events, strict=True))
    rows = {"time": at_ms // 1_000, "at_ms": at_ms, "side": side, "price": price.astype(float)}
    write(folder / "liquidations.parquet", {**rows, "size": size.astype(float)})


def listen(folder: Path, minutes_s, events=None) -> None:
    """Write minutes that were listened to from end to end, with the number of events that each counted (default 0)."""
    minutes_s = np.asarray(minutes_s, dtype=np.int64)
    counted = np.zeros(len(minutes_s), dtype=np.int64) if events is None else np.asarray(events)
    nothing = np.zeros(len(minutes_s))
    columns = {"long_usd": nothing, "short_usd": nothing, "events": counted}
    write(folder / "liquidations_1m.parquet", {"time": minutes_s, **columns, "duration_s": np.full(len(minutes_s), 60)})


def told(*events: tuple[int, int, float, float], heard: tuple[tuple[int, int], ...] = ()) -> Liquidations:
    """Return liquidations of (at_ms, side, price, size), listened to in the spans (from, to) [Unix s]."""
    at_ms, side, price, size = zip(*events, strict=True) if events else ((), (), (), ())
    return Liquidations(
        at_ms=np.array(at_ms, dtype=np.int64),
        side=np.array(side, dtype=np.int64),
        price=np.array(price, dtype=float),
        size=np.array(size, dtype=float),
        heard_from_s=np.array([start for start, _ in heard], dtype=np.int64),
        heard_to_s=np.array([end for _, end in heard], dtype=np.int64),
    )
