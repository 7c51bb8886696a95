"""Due subscriptions → deliveries, in one transaction with the moment they are due next."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from sqlalchemy import RowMapping, and_, bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.deliveries.lateness import DueTimes, Plan, planned
from bot.deliveries.planner import Planned
from bot.reports.timetable import TimetableError
from bot.storage.database import Database, put_if_new
from bot.storage.sql_subscriptions import TEST_MARK
from bot.storage.sql_troubles import LONGEST_NOTE, columns_of, destination_of
from bot.storage.tables import delivery, subscription

SKIPPED = "nobody served when it was due, or it was too late to be of use"
UNREADABLE = "Its times cannot be read any more. Remove it and add it again."

_log = logging.getLogger(__name__)


class SqlPlanning:
    """Subscriptions as the planner sees them; times_of: the row of one → when it is due."""

    def __init__(self, database: Database, times_of: Callable[[RowMapping], DueTimes]) -> None:
        self._database = database
        self._times_of = times_of

    async def plan(self, *, now_s: int, most: int) -> Planned:
        """Plan what is due now, at most so many subscriptions, of which no other process plans any meanwhile.

        Raises:
            StorageError: the database fails; nothing was planned.

        """
        due = (
            select(subscription)
            .where(subscription.c.paused_why.is_(None), subscription.c.next_due_s <= now_s)
            .order_by(subscription.c.next_due_s, subscription.c.id)
            .limit(most)
            .with_for_update(skip_locked=True)
        )
        async with self._database.writing() as connection:
            rows = (await connection.execute(due)).mappings().all()
            plans = [(row, plan) for row in rows if (plan := await self._plan(connection, row, now_s)) is not None]
            if plans:
                missed = await _missed(connection, [row["id"] for row, _plan in plans])
                await _write(connection, plans, missed, now_s)
        return Planned(
            subscriptions=len(rows),
            deliveries=sum(plan.due_s is not None for _row, plan in plans),
            skipped=sum(len(plan.skipped) for _row, plan in plans),
        )

    async def _plan(self, connection: AsyncConnection, row: RowMapping, now_s: int) -> Plan | None:
        try:
            return planned(self._times_of(row), row["next_due_s"], now_s)
        except ValueError as error:  # else one row would keep all others from being planned
            _log.exception("subscription %s is paused: its times cannot be read", row["id"])
            why = str(error)[:LONGEST_NOTE] if isinstance(error, TimetableError) else UNREADABLE
            this = subscription.c.id == row["id"]
            await connection.execute(update(subscription).where(this).values(paused_why=why))
            return None


async def _missed(connection: AsyncConnection, subjects: Sequence[int]) -> Counter[int]:
    """Return how many due times of each passed without a report since the last one that may have arrived.

    What somebody wanted now is no due time, whether it arrived or not.
    """
    is_due = delivery.c.content.not_like(f"%{TEST_MARK}%")
    of_them = and_(delivery.c.kind == "report", delivery.c.subject_id.in_(subjects), is_due)
    arrived = (
        select(delivery.c.subject_id, func.max(delivery.c.due_s).label("due_s"))
        .where(of_them, delivery.c.status.in_(("sent", "uncertain")))
        .group_by(delivery.c.subject_id)
        .subquery()
    )
    missed = (
        select(delivery.c.subject_id, func.count())
        .join_from(delivery, arrived, arrived.c.subject_id == delivery.c.subject_id, isouter=True)
        .where(
            of_them,
            delivery.c.status.in_(("skipped", "failed")),
            delivery.c.due_s > func.coalesce(arrived.c.due_s, 0),
        )
        .group_by(delivery.c.subject_id)
    )
    found = await connection.execute(missed)
    return Counter({row[0]: row[1] for row in found})


async def _write(
    connection: AsyncConnection, plans: Sequence[tuple[RowMapping, Plan]], missed: Counter[int], now_s: int
) -> None:
    rows = [each for row, plan in plans for each in _deliveries(row, plan, missed[row["id"]], now_s)]
    if rows:
        await connection.execute(put_if_new(delivery, connection.dialect), rows)
    moving = (
        update(subscription)
        .where(subscription.c.id == bindparam("this"))
        .values(next_due_s=bindparam("next"), last_due_s=bindparam("last"))
    )
    moved = [
        {
            "this": row["id"],
            "next": plan.next_due_s,
            "last": row["last_due_s"] if plan.due_s is None else plan.due_s,
        }
        for row, plan in plans
    ]
    await connection.execute(moving, moved)


def _deliveries(row: RowMapping, plan: Plan, missed: int, now_s: int) -> Iterable[dict[str, object]]:
    common = {"kind": "report", "subject_id": row["id"], "attempts": 0, **columns_of(destination_of(row))}
    for due_s in plan.skipped:
        yield {
            **common,
            "due_s": due_s,
            "until_s": plan.until_s,
            "content": "{}",
            "status": "skipped",
            "next_try_s": due_s,
            "note": SKIPPED,
            "ended_s": now_s,
        }
    if plan.due_s is not None:
        yield {
            **common,
            "due_s": plan.due_s,
            "until_s": plan.until_s,
            "content": json.dumps({"missed": missed + len(plan.skipped)}),
            "status": "planned",
            "next_try_s": plan.due_s,
            "note": None,
            "ended_s": None,
        }
