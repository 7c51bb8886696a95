"""A writer to be killed: for each line on standard input it starts a child that appends until somebody kills it.

Arguments: the history's directory. Prints `child PID`, then `stored N` once bar number N, and the funding and the
liquidation that go with it, are acknowledged. The children are forked, so that each starts without importing.
"""

import os
import sys
from pathlib import Path

import numpy as np

from engine.history.rows import Rows
from engine.history.store import HistoryStore
from tests.engine.made_history import BAR_S, BASE_S, MARKET, bars

STEP_S = 37 * BAR_S
"""Bars that lie so far apart reach a new month every few hundred appends, and a new day every eight."""


def series(number):
    """Return by kind what append number `number` stores."""
    at = np.array([BASE_S + STEP_S * number])
    heard = {"at_ms": 1000.0 * at, "side": np.ones(1), "price": 1.0 + number + np.zeros(1), "size": np.ones(1)}
    return {
        "perp_5m": bars(at, [number]),
        "funding_8h": Rows(at, {"funding_rate": np.array([float(number)])}),
        "liquidations": Rows(at, heard),
    }


def say(text):
    os.write(1, f"{text}\n".encode())


def append_for_ever(directory):
    store = HistoryStore(directory)
    number = min(len(store.read(*MARKET, kind)) for kind in series(0))
    while True:
        for kind, rows in series(number).items():
            store.append(*MARKET, kind, rows, as_of_s=2 * BASE_S, clock="venue")
        say(f"stored {number}")
        number += 1


def main():
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            append_for_ever(Path(sys.argv[1]))
        say(f"child {child}")
        os.waitpid(child, 0)
        say("gone")


if __name__ == "__main__":
    main()
