"""The service behind the chats: who shares an answer, what is kept, what is refused, and what a worker does."""

import asyncio
import os
import pickle
import signal
import time

import pytest

from bot.replies import Fault, Reply, fault_reply
from bot.requests import Help, Level, Liq
from bot.service.answer import HD_WIDTH_PX, PICTURE_WIDTH_PX, Answer, Drawing, Order
from bot.service.pool import WorkerPool, WorkTookTooLongError
from bot.service.service import AnswerService, BusyError
from bot.service.work import Job, do
from engine.errors import DataUnavailableError, UnknownSymbolError
from engine.sources.simulated import SimulatedSource

BTC = Order(request=Liq(symbol="BTC"))
ETH = Order(request=Liq(symbol="ETH"))


class Source:
    """Markets that are only their names; counts how often each was read."""

    name = "made"

    def __init__(self, delay_s=0.0):
        self.read, self.delay_s, self.error = [], delay_s, None

    def symbols(self):
        return ("BTC", "ETH")

    def market(self, symbol, as_of_s=None):
        time.sleep(self.delay_s)
        self.read.append(symbol)
        if self.error is not None:
            raise self.error
        return symbol


class Pool:
    """Workers of this process, whose answers wait until they are let go."""

    workers = 2

    def __init__(self, *, png=b"x" * 1_000):
        self.jobs, self.open, self.png, self.error, self.closed = [], asyncio.Event(), png, None, False
        self.asked = asyncio.Event()
        self.open.set()

    async def run(self, work, job):
        self.jobs.append(job)
        self.asked.set()
        await self.open.wait()
        if self.error is not None:
            raise self.error
        drawing = Drawing(png=self.png, name="btc.png", alt="a map")
        return Answer(order=job.order, reply=Reply(blocks=(), symbol=pickle.loads(job.market)), drawing=drawing)

    async def close(self):
        self.closed = True


class Stage:
    def __init__(self, **options):
        self.bar = 1
        self.source = options.pop("source", None) or Source()
        self.pool = options.pop("pool", None) or Pool()
        self.service = AnswerService(self.source, self.pool, bar_number=lambda: self.bar, **options)


def run(work):
    async def closing():
        stage, outcome = await work()
        await stage.service.close()
        return outcome

    return asyncio.run(closing())


def test_equal_questions_at_once_share_one_answer():
    async def work():
        stage = Stage(source=Source(0.05))
        answers = await asyncio.gather(*(stage.service.answer(BTC) for _ in range(50)))
        assert len(set(map(id, answers))) == 1
        return stage, (stage.source.read, len(stage.pool.jobs))

    assert run(work) == (["BTC"], 1)


def test_different_questions_about_one_market_read_it_once():
    async def work():
        stage = Stage(source=Source(0.05))
        orders = [BTC, Order(request=Liq(symbol="BTC", model="M1")), Order(request=Level(symbol="BTC", price=1.0))]
        await asyncio.gather(*(stage.service.answer(order) for order in orders))
        return stage, (stage.source.read, len(stage.pool.jobs), len({job.market_name for job in stage.pool.jobs}))

    assert run(work) == (["BTC"], 3, 1)


def test_an_answer_is_kept_until_the_next_bar():
    async def work():
        stage = Stage()
        first = await stage.service.answer(BTC)
        assert stage.service.is_ready(BTC)
        assert await stage.service.answer(BTC) is first
        stage.bar = 2
        assert not stage.service.is_ready(BTC)
        await stage.service.answer(BTC)
        return stage, (stage.source.read, len(stage.pool.jobs))

    assert run(work) == (["BTC", "BTC"], 2)


def test_look_and_size_of_the_picture_are_questions_of_their_own():
    async def work():
        stage = Stage()
        for order in (BTC, Order(request=BTC.request, theme="light"), Order(request=BTC.request, is_hd=True)):
            await stage.service.answer(order)
        return stage, len(stage.pool.jobs)

    assert run(work) == 3


def test_what_is_kept_is_bounded_and_the_oldest_goes_first():
    async def work():
        stage = Stage(pool=Pool(png=b"x" * 100_000), kept_bytes=250_000)
        for symbol in ("A", "B"):
            await stage.service.answer(Order(request=Liq(symbol=symbol)))
        await stage.service.answer(Order(request=Liq(symbol="A")))
        await stage.service.answer(Order(request=Liq(symbol="C")))
        return stage, [stage.service.is_ready(Order(request=Liq(symbol=symbol))) for symbol in "ABC"]

    assert run(work) == [True, False, True]


def test_too_many_distinct_questions_are_told_when_to_come_again():
    async def work():
        stage = Stage(most_waiting=3)
        stage.pool.open.clear()
        tasks = [asyncio.create_task(stage.service.answer(Order(request=Liq(symbol=name)))) for name in "ABC"]
        await asyncio.sleep(0)
        joined = asyncio.create_task(stage.service.answer(Order(request=Liq(symbol="A"))))
        await asyncio.sleep(0)
        with pytest.raises(BusyError, match=r"3 questions are ahead of yours\. Ask again in about"):
            await stage.service.answer(Order(request=Liq(symbol="D")))
        stage.pool.open.set()
        await asyncio.gather(*tasks, joined)
        await stage.service.answer(Order(request=Liq(symbol="D")))
        return stage, stage.service.waiting

    assert run(work) == 0


def test_who_leaves_does_not_take_the_answer_from_the_others():
    async def work():
        stage = Stage()
        stage.pool.open.clear()
        leaver = asyncio.create_task(stage.service.answer(BTC))
        stayer = asyncio.create_task(stage.service.answer(BTC))
        await asyncio.sleep(0.01)
        leaver.cancel()
        stage.pool.open.set()
        return stage, (await stayer).reply.symbol

    assert run(work) == "BTC"


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (DataUnavailableError("No venue answers for BTC."), "No venue answers for BTC."),
        (UnknownSymbolError("BTX", ["BTC"], ("BTC",)), "BTC"),
    ],
)
def test_a_market_that_cannot_be_read_is_a_sentence_and_is_tried_again_next_time(error, sentence):
    async def work():
        stage = Stage()
        stage.source.error = error
        first = await stage.service.answer(BTC)
        stage.source.error = None
        second = await stage.service.answer(BTC)
        return stage, (first.reply.fault.text, second.reply.fault)

    text, then = run(work)
    assert sentence in text
    assert then is None


def test_a_job_that_hangs_is_given_up_with_a_sentence():
    async def work():
        stage = Stage()
        stage.pool.error = WorkTookTooLongError()
        return stage, (await stage.service.answer(BTC)).reply.fault

    assert run(work) == Fault(text="That answer took too long and was given up. Ask again in a minute.")


def test_our_own_fault_in_a_worker_is_logged_with_its_traceback_and_its_number(caplog):
    class Broken(Pool):
        async def run(self, work, job):
            fault = Fault(text="a fault of Fathom (error abc123)", error_id="abc123")
            return Answer(order=job.order, reply=fault_reply(fault), trouble="Traceback: deep inside")

    async def work():
        stage = Stage(pool=Broken())
        return stage, await stage.service.answer(BTC)

    assert run(work).reply.fault.error_id == "abc123"
    assert "abc123" in caplog.text
    assert "deep inside" in caplog.text


def test_help_needs_no_market():
    async def work():
        stage = Stage()
        answer = await stage.service.answer(Order(request=Help()))
        return stage, (stage.source.read, len(answer.reply.blocks) > 1)

    assert run(work) == ([], True)


# --- a worker --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def market():
    return pickle.dumps(SimulatedSource(seed=1).market("BTC"))


def test_a_worker_answers_in_words_picture_and_findings_and_keeps_the_maps_to_itself(market):
    answer = do(Job(order=BTC, market_name="1 BTC", market=market))
    assert answer.trouble is None
    assert answer.drawing.png.startswith(b"\x89PNG")
    assert answer.reply.result is None
    assert answer.findings.symbol == "BTC"
    assert answer.findings.zones
    assert len(pickle.dumps(answer)) < len(answer.drawing.png) + 60_000


def width_of(png):
    return int.from_bytes(png[16:20], "big")


def test_a_worker_draws_in_the_size_and_look_that_are_asked_for(market):
    small = do(Job(order=Order(request=Liq(symbol="BTC")), market_name="1 BTC", market=market))
    large = do(
        Job(order=Order(request=Liq(symbol="BTC"), theme="light", is_hd=True), market_name="1 BTC", market=market)
    )
    none = do(Job(order=Order(request=Liq(symbol="BTC"), draw=False), market_name="1 BTC", market=market))
    assert (width_of(small.drawing.png), width_of(large.drawing.png)) == (PICTURE_WIDTH_PX, HD_WIDTH_PX)
    assert large.drawing.name.endswith("-light.png")
    assert none.drawing is None


def test_a_worker_says_what_is_wrong_with_a_question(market):
    answer = do(Job(order=Order(request=Liq(symbol="BTC", model="M77")), market_name="1 BTC", market=market))
    assert "M77" in answer.reply.fault.text
    assert answer.trouble is None


def test_a_worker_hands_its_own_fault_over_with_a_traceback():
    answer = do(Job(order=BTC, market_name="broken", market=b"no pickle"))
    assert answer.reply.fault.error_id is not None
    assert "UnpicklingError" in answer.trouble


# --- the pool --------------------------------------------------------------------------------------------------------


def nothing():
    """Needs no warming."""


def process(_):
    return os.getpid()


def die(path):
    """Die the first time, as the file says."""
    if not os.path.exists(path):  # noqa: PTH110
        with open(path, "w"):  # noqa: PTH123
            os.kill(os.getpid(), signal.SIGKILL)
    return "alive"


def die_always(_):
    os.kill(os.getpid(), signal.SIGKILL)


def sleep(seconds):
    time.sleep(seconds)
    return seconds


def with_pool(work, **options):
    async def run():
        pool = WorkerPool(2, warm_up=nothing, **options)
        try:
            await pool.start()
            return await work(pool)
        finally:
            await pool.close()

    return asyncio.run(run())


def test_work_happens_in_other_processes_side_by_side():
    async def work(pool):
        started = time.monotonic()
        await asyncio.gather(pool.run(sleep, 0.5), pool.run(sleep, 0.5))
        return await pool.run(process, None), time.monotonic() - started

    pid, took = with_pool(work)
    assert pid != os.getpid()
    assert took < 0.9


def test_a_worker_that_dies_is_replaced_and_its_job_done(tmp_path):
    async def work(pool):
        return await pool.run(die, str(tmp_path / "died"))

    assert with_pool(work) == "alive"


def test_a_job_that_kills_every_worker_is_an_error_and_the_pool_lives_on():
    async def work(pool):
        from concurrent.futures.process import BrokenProcessPool

        with pytest.raises(BrokenProcessPool):
            await pool.run(die_always, None)
        return await pool.run(sleep, 0.0)

    assert with_pool(work) == 0.0


def test_a_job_that_hangs_is_given_up_and_the_next_one_has_a_worker():
    async def work(pool):
        with pytest.raises(WorkTookTooLongError):
            await pool.run(sleep, 60)
        return await pool.run(sleep, 0.0)

    assert with_pool(work, longest_job_s=5.0) == 0.0
