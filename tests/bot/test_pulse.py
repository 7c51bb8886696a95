"""Signs of life: workers that answer or are silent, and an event loop that stands still."""

import asyncio
import time

from bot.service.pool import WorkTookTooLongError
from bot.serving.pulse import LoopLag, WorkerPulse


class Pool:
    workers = 1

    def __init__(self, *outcomes):
        self.outcomes = list(outcomes)

    async def run(self, work, given):
        outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        if outcome is not None:
            raise outcome
        return work(given)


def pulse_after(pool, turns=3):
    async def talk():
        pulse = WorkerPulse(pool, beat_s=0.001)
        assert not pulse.is_alive
        running = asyncio.create_task(pulse.run())
        await asyncio.sleep(0.05)
        running.cancel()
        return pulse.is_alive

    return asyncio.run(talk())


def test_workers_are_alive_once_one_has_answered_also_after_a_failure():
    assert pulse_after(Pool(None))
    assert pulse_after(Pool(WorkTookTooLongError(), None))
    assert not pulse_after(Pool(WorkTookTooLongError()))


def test_silence_of_a_minute_is_death(monkeypatch):
    async def talk():
        pulse = WorkerPulse(Pool(None), beat_s=60.0)
        running = asyncio.create_task(pulse.run())
        await asyncio.sleep(0.01)
        assert pulse.is_alive
        monkeypatch.setattr("bot.serving.pulse.MOST_SILENCE_S", 0.0)
        assert not pulse.is_alive
        running.cancel()

    asyncio.run(talk())


def test_a_loop_that_stands_still_is_measured():
    lags = []

    async def talk():
        lag = LoopLag(lags.append, every_s=0.005)
        assert lag.worst_s is None
        running = asyncio.create_task(lag.run())
        await asyncio.sleep(0.02)
        time.sleep(0.2)  # noqa: ASYNC251 - what must never happen
        await asyncio.sleep(0.02)
        running.cancel()
        return lag.worst_s

    worst_s = asyncio.run(talk())
    assert worst_s == max(lags)
    assert 0.15 < worst_s < 2
