"""Who answers `/track`: what is kept, read; a worker counts and draws; the same until something new is graded."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from bot.replies import Reply
from bot.service.answer import PICTURE_WIDTH_PX, Drawing
from bot.service.work import tidy_up
from bot.storage.findings_text import findings_of
from bot.storage.grade_text import grade_of
from bot.track.grades import Grades, KeptRecord
from bot.track.track_words import track_reply
from engine.grading import GradedAnswer

REMEMBERED = 64
_Given = TypeVar("_Given")
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackAnswer:
    """The words of a record, and its picture where there is enough to draw."""

    reply: Reply
    drawing: Drawing | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackJob:
    """What is kept about a symbol (None: all), and how its picture shall look."""

    symbol: str | None
    kept: KeptRecord
    theme: str


class Workers(Protocol):
    """Who computes beside the event loop."""

    async def in_worker(self, work: Callable[[_Given], _Result], given: _Given) -> _Result:
        """Return what a worker makes of something."""
        ...


class TrackDesk:
    """Answers from one store of grades."""

    def __init__(self, grades: Grades, workers: Workers) -> None:
        self._grades = grades
        self._workers = workers
        self._answers: OrderedDict[tuple[Any, ...], TrackAnswer] = OrderedDict()

    async def answer(self, symbol: str | None, theme: str = "dark") -> TrackAnswer | None:
        """Return the record of a symbol, or of all (None); None where nothing was published about it.

        Raises:
            StorageError: the database fails.

        """
        graded, waiting = await self._grades.counts(symbol)
        if graded + waiting == 0:
            return None
        key = (symbol, theme, graded, waiting)
        if key not in self._answers:
            kept = await self._grades.record(symbol)
            self._answers[key] = await self._workers.in_worker(
                answer_track, TrackJob(symbol=symbol, kept=kept, theme=theme)
            )
            if len(self._answers) > REMEMBERED:
                self._answers.popitem(last=False)
        return self._answers[key]


def answer_track(job: TrackJob) -> TrackAnswer:
    """Return the words and the picture of what is kept; what a program of another time wrote is left out."""
    from engine.skill.track_record import track_record

    answers = []
    for each in job.kept.answers:
        try:
            answers.append(GradedAnswer(findings=findings_of(each.findings), grade=grade_of(each.grade)))
        except ValueError:
            continue
    record = track_record(job.symbol, answers, waiting=job.kept.waiting)
    try:
        drawing = None
        if record.is_telling:
            from charts import theme_named, to_png
            from charts.track import draw_track

            about = job.symbol or "All symbols"
            drawing = Drawing(
                png=to_png(draw_track(record, theme_named(job.theme)), width_px=PICTURE_WIDTH_PX),
                name=f"{(job.symbol or 'all').lower()}-track-{job.theme}.png",
                alt=f"{about}: how often {record.zones:,} published zones were touched, beside the chances told.",
            )
        return TrackAnswer(reply=track_reply(record), drawing=drawing)
    finally:
        tidy_up()
