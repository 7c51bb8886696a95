"""How fast one may ask: who works for an answer pays, who joins one or asks for nothing that costs work does not."""

import asyncio
import time
from collections import Counter

import pytest
from limits import RateLimitItemPerSecond

from bot.cooldown import PERSON, Cooldown, TooFastError
from bot.handlers import Handlers
from bot.preferences import NoPreferences, Place
from bot.replies import Reply
from bot.service.answer import Answer
from bot.service.service import AnswerService

HERE = Place(platform="telegram", chat=-100, user=7, community=-100)
THREE, FIVE = RateLimitItemPerSecond(3, 10), RateLimitItemPerSecond(5, 10)


class Source:
    name = "made"

    def symbols(self):
        return ("BTC", "ETH", "SOL")

    known_symbols = symbols

    def market(self, symbol, as_of_s=None):
        return symbol


class Pool:
    """Workers whose answers wait until they are let go; jobs: what they were given."""

    workers = 2

    def __init__(self):
        self.jobs, self.open = [], asyncio.Event()

    async def run(self, work, job):
        self.jobs.append(job)
        await self.open.wait()
        return Answer(order=job.order, reply=Reply(blocks=(), symbol=job.order.symbol))

    async def close(self):
        pass


class Stage:
    """The handlers on a real service; `outcomes` tells how messages went that were sent at once or one by one."""

    def __init__(self, cooldown, **options):
        self.pool = Pool()
        self.service = AnswerService(Source(), self.pool, bar_number=lambda: 1, **options)
        self.handlers = Handlers(self.service, NoPreferences(), cooldown)

    async def at_once(self, texts, places):
        asked = [asyncio.create_task(self.handlers.said(*each)) for each in zip(texts, places, strict=True)]
        await asyncio.sleep(0.05)
        self.pool.open.set()
        return [outgoing.outcome for outgoing in await asyncio.gather(*asked)]

    async def in_turn(self, texts, place=HERE):
        self.pool.open.set()
        return [(await self.handlers.said(text, place)).outcome for text in texts]


def play(scene, *, cooldown=None, **options):
    async def run():
        stage = Stage(cooldown or Cooldown(), **options)
        try:
            return await scene(stage)
        finally:
            await stage.service.close()

    return asyncio.run(run())


def levels(count):
    return [f"/level btc {60_000 + number}" for number in range(count)]


def server(count):
    return [Place(platform="discord", chat=1, user=user, community=9) for user in range(count)]


def test_a_hundred_people_of_one_server_with_thirty_questions_are_all_answered():
    async def scene(stage):
        outcomes = await stage.at_once((levels(30) * 4)[:100], server(100))
        return outcomes, len(stage.pool.jobs)

    assert play(scene) == (["answered"] * 100, 30)


def test_who_joins_a_question_under_way_pays_nothing():
    async def scene(stage):
        outcomes = await stage.at_once(["/liq btc"] * 20, [HERE] * 20)
        return outcomes, await stage.in_turn(levels(4))

    joined, own = play(scene, cooldown=Cooldown(THREE, FIVE))
    assert joined == ["answered"] * 20
    assert own == ["answered", "answered", "too_fast", "too_fast"]


def test_who_meets_a_full_queue_pays_nothing():
    async def scene(stage):
        outcomes = await stage.at_once(levels(10), [HERE] * 10)
        return Counter(outcomes), await stage.in_turn(["/liq btc", "/liq eth"])

    full, after = play(scene, cooldown=Cooldown(THREE, FIVE), most_waiting=2)
    assert full == {"answered": 2, "busy": 8}
    assert after == ["answered", "too_fast"]


def test_a_burst_beyond_the_queue_is_told_that_the_machine_is_busy_and_not_the_people():
    async def scene(stage):
        return Counter(await stage.at_once(levels(100), server(100)))

    assert play(scene) == {"answered": 64, "busy": 36}


def test_five_questions_in_ten_seconds_are_answered_for_ever(monkeypatch):
    now = [1_000_000.0]
    monkeypatch.setattr("limits.storage.memory.time.time", lambda: now[0])
    cooldown = Cooldown()
    for _ in range(12):
        for _ in range(5):
            cooldown.count(HERE)
        now[0] += 10
    for _ in range(60):
        cooldown.count(HERE)
        now[0] += 2
    for _ in range(PERSON.amount + 1):
        now[0] += 0.01
        try:
            cooldown.count(HERE)
        except TooFastError:
            return
    pytest.fail("the clock of the test is not the one that counts")


def test_who_asks_faster_is_told_when_to_ask_again():
    async def scene(stage):
        await stage.in_turn(levels(3))
        return await stage.handlers.said("/level btc 70k", HERE), len(stage.pool.jobs)

    outgoing, worked = play(scene, cooldown=Cooldown(THREE, FIVE))
    assert outgoing.reply.fault.text.startswith("You asked a lot just now. Ask again in ")
    assert outgoing.request is None
    assert worked == 3


@pytest.mark.parametrize(
    "text",
    ["/help", "/about", "/privacy", "/settings", "/forget_me", "/track", "/liq zzz", "/liq btc m9", "what"],
)
def test_what_costs_no_work_is_neither_counted_nor_refused(text):
    async def scene(stage):
        before = set(await stage.in_turn([text] * 10))
        worked = await stage.in_turn(levels(4))
        return before, worked, set(await stage.in_turn([text] * 10))

    before, worked, after = play(scene, cooldown=Cooldown(THREE, FIVE))
    assert worked == ["answered"] * 3 + ["too_fast"]
    assert "too_fast" not in before | after


def test_answers_that_are_there_already_cost_nothing():
    async def scene(stage):
        return await stage.in_turn(["/liq btc"] * 20)

    assert play(scene, cooldown=Cooldown(THREE, FIVE)) == ["answered"] * 20


def test_no_person_sends_sixty_messages_in_twenty_seconds():
    async def scene(stage):
        return Counter(await stage.in_turn(["/help"] * 70))

    assert play(scene) == {"answered": 60, "too_fast": 10}


def test_a_community_has_a_limit_of_its_own_and_its_refusal_costs_the_person_nothing():
    cooldown = Cooldown(THREE, FIVE)
    for place in server(5):
        cooldown.count(place)
    late = Place(platform="discord", chat=1, user=6, community=9)
    for _ in range(4):
        with pytest.raises(TooFastError, match="This community"):
            cooldown.count(late)
    for _ in range(3):
        cooldown.count(Place(platform="discord", chat=2, user=6))
    with pytest.raises(TooFastError, match=r"^You"):
        cooldown.count(Place(platform="discord", chat=2, user=6))


def test_the_window_moves_on():
    cooldown = Cooldown(RateLimitItemPerSecond(1, 1), FIVE)
    cooldown.count(HERE)
    with pytest.raises(TooFastError) as refused:
        cooldown.count(HERE)
    time.sleep(refused.value.wait_s + 0.2)
    cooldown.count(HERE)


def test_people_of_two_platforms_with_one_number_are_two_people():
    cooldown = Cooldown(RateLimitItemPerSecond(1, 10), FIVE)
    cooldown.count(Place(platform="telegram", chat=1, user=7))
    cooldown.count(Place(platform="discord", chat=1, user=7))
