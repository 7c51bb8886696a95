"""The walk-forward on a Dask cluster on loopback, of which one worker is killed while it works."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from engine.skill.publishing import moments_of, publish
from engine.windows import HOUR_S
from tests.engine.markets import random_market

distributed = pytest.importorskip("distributed", reason="the extra cluster is not installed")


@pytest.fixture
def cluster() -> Iterator["distributed.LocalCluster"]:
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as started:
        yield started


def test_a_killed_worker_costs_time_and_nothing_else(cluster: "distributed.LocalCluster") -> None:
    market = random_market(seed=8, count=288 * 40)
    moments = moments_of(market, step_s=8 * HOUR_S)
    here = publish(market, moments)
    with distributed.Client(cluster.scheduler_address, set_as_default=False) as client:
        executor = client.get_executor(pure=False)
        victim = next(iter(client.run(os.getpid).values()))
        with ThreadPoolExecutor(1) as beside:
            running = beside.submit(publish, market, moments, executor=executor)
            while not any(client.processing().values()):
                assert not running.done()
            os.kill(victim, signal.SIGKILL)
            there = running.result(timeout=120)
        alive = set(client.run(os.getpid).values())
    assert victim not in alive
    assert repr(there) == repr(here)
