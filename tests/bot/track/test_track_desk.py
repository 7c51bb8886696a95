"""`/track` behind the chats: what is kept, counted and drawn by a worker, the same until something new is graded."""

import asyncio

from bot.cooldown import Cooldown
from bot.handlers import Handlers
from bot.preferences import NoPreferences, Place
from bot.storage.findings_text import text_of
from bot.storage.grade_text import text_of_grade
from bot.track.grades import KeptAnswer, KeptRecord
from bot.track.track_desk import TrackDesk
from tests.bot.test_watched import Service as PlainService
from tests.bot.track.test_track_words import many

PLACE = Place(platform="telegram", chat=1, user=1)


class Grades:
    """Keeps answers about BTC alone; `spoiled`: rows that cannot be read."""

    def __init__(self, answers=(), waiting=0, spoiled=0):
        self.answers = [KeptAnswer(text_of(each.findings), text_of_grade(each.grade)) for each in answers]
        self.answers += [KeptAnswer("{}", "{}")] * spoiled
        self.waiting, self.read = waiting, 0

    async def counts(self, symbol):
        return (len(self.answers), self.waiting) if symbol in (None, "BTC") else (0, 0)

    async def record(self, symbol):
        self.read += 1
        return KeptRecord(answers=tuple(self.answers), graded=len(self.answers), waiting=self.waiting)


class Service(PlainService):
    async def in_worker(self, work, given):
        return work(given)


def said(text, grades, times=1):
    service = Service()

    async def run():
        desk = TrackDesk(grades, service)
        handlers = Handlers(service, NoPreferences(), Cooldown(), track=desk)
        return [await handlers.said(text, PLACE) for _ in range(times)]

    return asyncio.run(run())


def text_in(outgoing):
    return "\n".join(line.text for each in outgoing.reply.blocks for line in each.lines)


def test_a_record_is_told_with_its_picture_and_made_once():
    grades = Grades(many())
    first, second = said("/track BTC", grades, times=2)
    assert "60 zones about BTC" in text_in(first)
    assert first.drawing.png.startswith(b"\x89PNG")
    assert first.drawing.name == "btc-track-dark.png"
    assert "60 published zones" in first.drawing.alt
    assert second == first
    assert grades.read == 1


def test_too_few_have_no_picture_and_what_cannot_be_read_is_left_out():
    (told,) = said("/track BTC", Grades(many(3), waiting=2, spoiled=1))
    assert "3 zones about BTC of 3 answers graded" in text_in(told)
    assert "2 answers, to be graded" in text_in(told)
    assert told.drawing is None


def test_all_symbols_are_one_record():
    (told,) = said("/track", Grades(many()))
    assert text_in(told).startswith("60 zones of 60 answers graded")
    assert told.drawing.name == "all-track-dark.png"


def test_a_symbol_of_which_nothing_was_published_goes_the_usual_way():
    (told,) = said("/track ETH", Grades(many()))
    assert text_in(told) == "70,412"  # what the service answers: nothing graded, or no such symbol
