"""Reports and alerts beside the chats: what is due is planned, what is watched is looked at, and both are delivered.

    every few seconds ─► planner ─┐
    every minute ─► alert watch ──┴─► outbox in the database ─► courier ─► senders of the platforms
    every five minutes ─► what was published three days ago is graded

The database decides what is sent, and by whom: any number of serving processes may run this on one database.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from bot.alerts.alert_message import AlertPreparer
from bot.alerts.looking import WorkerLooks
from bot.alerts.watching import LOOK_EVERY_S, AlertWatch
from bot.config import Settings
from bot.deliveries.by_kind import PreparerByKind
from bot.deliveries.clock import DeliveryClock
from bot.deliveries.courier import Courier, Tally
from bot.deliveries.planner import Planner
from bot.reports.preparing import ReportPreparer
from bot.service.service import AnswerService
from bot.serving.senders import senders_of
from bot.serving.ticks import Tick, ticking
from bot.track.grading_watch import GRADE_EVERY_S, GradingWatch, WorkerGraders
from bot.track.track_desk import TrackDesk

if TYPE_CHECKING:
    from bot.storage.database import Database

PLAN_EVERY_S = 2.0
"""A report that is due at eight leaves two seconds after eight at the latest, and the plan costs a millisecond."""


@asynccontextmanager
async def delivering(
    settings: Settings, database: Database, service: AnswerService, tally: Tally, clock: DeliveryClock
) -> AsyncIterator[None]:
    """Plan, watch and deliver while the block runs; at its end what is being sent is finished."""
    from bot.storage.leases import Leases
    from bot.storage.sql_alert_watch import SqlAlertWatch
    from bot.storage.sql_grades import SqlGrades
    from bot.storage.sql_outbox import SqlOutbox
    from bot.storage.sql_planning import SqlPlanning
    from bot.storage.sql_published import SqlPublished
    from bot.storage.sql_subscriptions import SqlSubscriptions, timetable_of

    outbox = SqlOutbox(database)
    grades = SqlGrades(database)
    track = TrackDesk(grades, service)
    reports = ReportPreparer(service, SqlSubscriptions(database), SqlPublished(database), track)
    preparer = PreparerByKind({"report": reports, "alert": AlertPreparer(service)})
    planner = Planner(SqlPlanning(database, timetable_of), outbox, clock)
    turns = Leases(database, secrets.token_hex(8))
    watch = AlertWatch(SqlAlertWatch(database), turns, WorkerLooks(service), clock)
    grading = GradingWatch(grades, turns, WorkerGraders(service), clock)
    async with AsyncExitStack() as closing:
        senders = senders_of(settings)
        for sender in senders.values():
            closing.push_async_callback(sender.close)
        courier = Courier(outbox, preparer, senders, clock, tally=tally)

        async def plan() -> None:
            if await planner.tick():
                courier.wake()

        async def look() -> None:
            if await watch.look():
                courier.wake()

        await closing.enter_async_context(_running(courier))
        closing.push_async_callback(watch.leave)
        closing.push_async_callback(grading.leave)
        ticks = (
            Tick(name="planning reports", every_s=PLAN_EVERY_S, work=plan),
            Tick(name="watching alerts", every_s=LOOK_EVERY_S, work=look),
            Tick(name="grading what was published", every_s=GRADE_EVERY_S, work=grading.look),
        )
        await closing.enter_async_context(ticking(*ticks))
        yield


@asynccontextmanager
async def _running(courier: Courier) -> AsyncIterator[None]:
    """Let the courier run beside the block; its own end finishes what it has in hand."""
    task = asyncio.create_task(courier.run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
