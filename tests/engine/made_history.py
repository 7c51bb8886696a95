"""Rows for the history store, drawn from a seed, and a disk that fails when it is told to."""

import errno

import numpy as np

from engine.history.disk import Disk
from engine.history.rows import Rows
from engine.windows import DAY_S

BASE_S = 1_767_225_600
"""1 January 2026."""
BAR_S = 300
LATER_S = BASE_S + 400 * DAY_S
MARKET = ("binanceusdm", "BTCUSDT")


def bars(times, level=None, *, interest=None, duration_s=None):
    """Return bars at these times whose prices and volumes tell `level`, one number a bar."""
    times = np.asarray(times, dtype=np.int64)
    level = np.asarray(np.arange(len(times)) if level is None else level, dtype=float)
    columns = {
        "open": 1_000 + level,
        "high": 1_002 + level,
        "low": 999 + level,
        "close": 1_001 + level,
        "volume": level,
    }
    if interest is not None:
        columns["open_interest"] = np.asarray(interest, dtype=float)
    if duration_s is not None:
        columns["duration_s"] = np.full(len(times), duration_s)
    return Rows(times, columns)


def put(store, rows, kind="perp_5m", *, as_of_s=LATER_S, clock="venue"):
    """Append to the one market, long after."""
    return store.append(*MARKET, kind, rows, as_of_s=as_of_s, clock=clock)


def get(store, kind="perp_5m", **span):
    """Read of the one market."""
    return store.read(*MARKET, kind, **span)


def from_recording(rows):
    """Return the columns of a recording as rows."""
    return Rows(rows["time"], {name: values for name, values in rows.items() if name != "time"})


def book(*snapshots):
    """Return snapshots of (time, [(price, size), ...]); sizes of asks are negative."""
    levels = [(at, price, size) for at, side in snapshots for price, size in side]
    return Rows(
        np.array([level[0] for level in levels]),
        {"price": np.array([level[1] for level in levels]), "size": np.array([level[2] for level in levels])},
    )


class Killed(BaseException):
    """The process died here; not an Exception, so nothing can catch it by accident."""


class FailingDisk(Disk):
    """A disk that fails at its step number `at` (from 0): the process dies before or after it, or the disk is full."""

    def __init__(self, at=None, how="before"):
        self.at, self.how = at, how
        self.steps = []

    def _step(self, name, action, partly=lambda: None):
        number = len(self.steps)
        self.steps.append(name)
        if number != self.at:
            action()
        elif self.how == "full":
            partly()
            raise OSError(errno.ENOSPC, "No space left on device")
        else:
            (partly if self.how == "before" else action)()
            raise Killed

    def write(self, path, content):
        self._step(
            "write", lambda: super(FailingDisk, self).write(path, content), lambda: path.write_bytes(content[:-9])
        )

    def replace(self, source, target):
        self._step("replace", lambda: super(FailingDisk, self).replace(source, target))

    def sync_directory(self, directory):
        self._step("sync_directory", lambda: super(FailingDisk, self).sync_directory(directory))

    def make_directory(self, directory):
        self._step("make_directory", lambda: super(FailingDisk, self).make_directory(directory))
