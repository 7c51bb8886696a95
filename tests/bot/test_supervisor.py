"""Platforms kept running: who is started again, who is left, and that none takes another one down."""

import asyncio

import pytest

from bot.serving.seats import Seat
from bot.serving.supervisor import Platform, RefusedError, Supervisor


class Chat:
    """A chat that does what it is told: `start_error` keeps it from starting, `end` ends it."""

    def __init__(self, start_error=None):
        self.start_error, self.is_connected, self.stopped = start_error, False, 0
        self.ending = asyncio.get_running_loop().create_future()

    async def start(self):
        if self.start_error is not None:
            raise self.start_error
        self.is_connected = True

    async def run(self):
        await self.ending

    async def stop(self):
        self.stopped += 1
        self.is_connected = False


class Stage:
    """Platforms made from scripts: for each start what it meets, None a good one; the last one is met again."""

    def __init__(self, **scripts):
        self.made = {name: [] for name in scripts}
        platforms = [
            Platform(name, lambda name=name, script=script: self._make(name, script))
            for name, script in scripts.items()
        ]
        self.supervisor = Supervisor(platforms, first_pause_s=0.001)

    def _make(self, name, script):
        error = script[min(len(self.made[name]), len(script) - 1)]
        chat = Chat(error)
        self.made[name].append(chat)
        return chat

    @property
    def states(self):
        return {status.name: status.state for status in self.supervisor.statuses}

    async def until(self, true):
        async with asyncio.timeout(5):
            while not true():  # noqa: ASYNC110 -- asked again and again
                await asyncio.sleep(0.001)


def with_stage(use, **scripts):
    async def talk():
        stage = Stage(**scripts)
        running = asyncio.create_task(stage.supervisor.run())
        try:
            await use(stage, running)
        finally:
            running.cancel()
            await asyncio.wait({running}, timeout=5)
            assert running.done()
        return stage

    return asyncio.run(talk())


def test_what_fails_for_a_while_is_started_until_it_connects():
    async def use(stage, running):
        await stage.until(lambda: stage.states == {"a": "connected"})
        assert [chat.stopped for chat in stage.made["a"]] == [1, 1, 0]

    with_stage(use, a=[OSError("no route"), TimeoutError(), None])


def test_a_refused_bot_is_not_tried_again_and_the_other_platform_goes_on():
    async def use(stage, running):
        await stage.until(lambda: stage.states == {"a": "refused", "b": "connected"})
        await asyncio.sleep(0.02)
        assert (len(stage.made["a"]), len(stage.made["b"]), running.done()) == (1, 1, False)
        assert stage.supervisor.statuses[0].reason == "No such token."

    with_stage(use, a=[RefusedError("No such token.")], b=[None])


def test_it_ends_when_every_platform_has_refused():
    async def use(stage, running):
        statuses = await asyncio.wait_for(running, 5)
        assert [(status.state, status.reason) for status in statuses] == [("refused", "a."), ("refused", "b.")]

    with_stage(use, a=[RefusedError("a.")], b=[OSError(), RefusedError("b.")])


def test_a_chat_that_breaks_later_is_left_in_order_and_made_anew():
    async def use(stage, running):
        await stage.until(lambda: stage.states == {"a": "connected"})
        stage.made["a"][0].ending.set_exception(ConnectionError("gone"))
        await stage.until(lambda: len(stage.made["a"]) == 2 and stage.states == {"a": "connected"})
        assert stage.made["a"][0].stopped == 1

    with_stage(use, a=[None])


def test_a_bug_in_one_platform_ends_neither_the_other_nor_the_supervisor():
    async def use(stage, running):
        await stage.until(lambda: len(stage.made["a"]) > 2 and stage.states["b"] == "connected")
        assert not running.done()
        assert "fault of Fathom" in stage.supervisor.statuses[0].reason

    with_stage(use, a=[ZeroDivisionError()], b=[None])


def test_a_lost_connection_shows_while_the_library_mends_it():
    async def use(stage, running):
        await stage.until(lambda: stage.states == {"a": "connected"})
        stage.made["a"][0].is_connected = False
        assert stage.states == {"a": "reconnecting"}
        stage.made["a"][0].is_connected = True
        assert stage.states == {"a": "connected"}

    with_stage(use, a=[None])


def test_told_to_stop_it_leaves_every_platform_first():
    async def use(stage, running):
        await stage.until(lambda: set(stage.states.values()) == {"connected"})

    stage = with_stage(use, a=[None], b=[None])
    assert [chats[0].stopped for chats in stage.made.values()] == [1, 1]
    assert set(stage.states.values()) == {"stopped"}


def test_a_chat_that_will_not_leave_is_left(monkeypatch):
    monkeypatch.setattr("bot.serving.supervisor.STOPPING_S", 0.01)

    async def forever():
        await asyncio.Event().wait()

    async def use(stage, running):
        await stage.until(lambda: stage.states == {"a": "connected"})
        stage.made["a"][0].stop = forever
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(running, 5)

    with_stage(use, a=[None])


def test_no_token_stands_in_what_is_told_of_a_failure():
    token = "1234567890:" + "AAmadeUpTokenThatOpensNothing-_0123"

    async def use(stage, running):
        await stage.until(lambda: stage.supervisor.statuses[0].reason is not None)
        assert token not in str(stage.supervisor.statuses)

    with_stage(use, a=[RefusedError(f"GET https://host/bot{token}/getMe")])
    with_stage(use, a=[OSError(5, f"GET https://host/bot{token}/getMe")])


def test_a_platform_with_a_seat_runs_only_while_it_is_held():
    async def talk():
        seat, made = Seat("telegram"), []

        def make():
            made.append(Chat())
            return made[-1]

        supervisor = Supervisor([Platform("telegram", make, seat)], first_pause_s=0.001)
        running = asyncio.create_task(supervisor.run())

        async def until(state, count):
            async with asyncio.timeout(5):
                while supervisor.statuses[0].state != state or len(made) != count:  # noqa: ASYNC110
                    await asyncio.sleep(0.001)

        await until("starting", 0)
        seat.is_elsewhere = True
        await until("standby", 0)
        seat.is_elsewhere = False
        seat.told(is_held=True)
        await until("connected", 1)
        seat.told(is_held=False)
        await until("starting", 1)
        assert made[0].stopped == 1
        seat.told(is_held=True)
        await until("connected", 2)
        seat.give_up()
        async with asyncio.timeout(5):
            while not seat.is_left:  # noqa: ASYNC110
                await asyncio.sleep(0.001)
        assert made[1].stopped == 1
        running.cancel()
        await asyncio.wait({running}, timeout=5)

    asyncio.run(talk())


def test_a_platform_that_fails_leaves_its_seat_to_others_before_it_tries_again():
    async def talk():
        seat = Seat("telegram")
        seat.told(is_held=True)
        supervisor = Supervisor([Platform("telegram", lambda: Chat(OSError("no route")), seat)], first_pause_s=0.001)
        running = asyncio.create_task(supervisor.run())
        async with asyncio.timeout(5):
            while not (seat.is_left and seat.is_wanted):  # noqa: ASYNC110
                await asyncio.sleep(0.001)
        running.cancel()
        await asyncio.wait({running}, timeout=5)

    asyncio.run(talk())
