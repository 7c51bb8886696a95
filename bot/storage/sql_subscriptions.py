"""Subscriptions in the database."""

from __future__ import annotations

import json
from datetime import time

from sqlalchemy import ColumnElement, RowMapping, and_, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.deliveries.delivery import Destination
from bot.reports.subscriptions import Limits, Subscription, Terms, TooManyError
from bot.reports.timetable import Timetable
from bot.storage.database import Database, put_if_new
from bot.storage.sql_troubles import LONGEST_NOTE, columns_of, destination_of
from bot.storage.tables import delivery, subscription

NOW_LIFE_S = 900
"""How long a report that somebody wants now is of use: nobody waits longer for it (own assumption)."""
TEST_MARK = '"now": true'
"""Stands in the content of every delivery that somebody wanted now, and of no other."""
_ADDING = 0x72_65_70_6F_72_74
"""The advisory lock of PostgreSQL under which subscriptions are counted and added."""
_UNDER_WAY = ("planned", "claimed", "sending")


class SqlSubscriptions:
    """Subscriptions in one database; what it returns as kept is stored."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, terms: Terms, limits: Limits, *, now_s: int) -> Subscription:
        """Keep a new one, or return the one with the same terms; see the port."""
        next_due_s = terms.timetable.next_due(now_s)
        columns = _columns(terms)
        async with self._database.writing() as connection:
            if connection.dialect.name == "postgresql":  # SQLite has one writer at a time anyway
                await connection.execute(select(func.pg_advisory_xact_lock(_ADDING)))
            same = and_(*(subscription.c[name].is_not_distinct_from(value) for name, value in columns.items()))
            kept = select(subscription).where(same, subscription.c.paused_why.is_(None)).limit(1)
            if (row := (await connection.execute(kept)).mappings().one_or_none()) is not None:
                return _subscription(row)
            await _refuse_too_many(connection, terms.destination, limits)
            new = insert(subscription).values(**columns, created_s=now_s, next_due_s=next_due_s)
            made = await connection.execute(new.returning(*subscription.c))
            return _subscription(made.mappings().one())

    async def find(self, number: int) -> Subscription | None:
        """Return one by its number."""
        found = await self._read(subscription.c.id == number)
        return found[0] if found else None

    async def of_person(self, platform: str, user: int) -> tuple[Subscription, ...]:
        """Return what a person set up, wherever it is sent, the oldest first."""
        return await self._read(_of_person(platform, user))

    async def of_chat(self, platform: str, chat: int) -> tuple[Subscription, ...]:
        """Return what is sent to a chat, whoever set it up, the oldest first."""
        return await self._read(_of_chat(platform, chat))

    async def pause(self, number: int, why: str, *, now_s: int) -> None:
        """Stop it for a while; what is planned of it is not sent."""
        async with self._database.writing() as connection:
            pausing = update(subscription).where(subscription.c.id == number).values(paused_why=why[:LONGEST_NOTE])
            await connection.execute(pausing)
            await _give_up(connection, number, why, now_s=now_s)

    async def resume(self, number: int, *, now_s: int) -> None:
        """Let it go on: due next after now; see the port."""
        this = subscription.c.id == number
        async with self._database.writing() as connection:
            row = (await connection.execute(select(subscription).where(this).with_for_update())).mappings().first()
            if row is not None and row["paused_why"] is not None:
                due_s = timetable_of(row).next_due(now_s)
                going_on = update(subscription).where(this).values(paused_why=None, next_due_s=due_s)
                await connection.execute(going_on)

    async def remove(self, number: int, *, now_s: int) -> None:
        """Delete it; what is planned of it is not sent."""
        async with self._database.writing() as connection:
            await connection.execute(delete(subscription).where(subscription.c.id == number))
            await _give_up(connection, number, "the report was removed", now_s=now_s)

    async def send_now(self, number: int, *, now_s: int) -> bool:
        """Plan one delivery now, apart from the due times; False: one is under way already."""
        under_way = select(func.count()).where(_deliveries_of(number), delivery.c.status.in_(_UNDER_WAY))
        chosen = select(subscription).where(subscription.c.id == number).with_for_update()
        async with self._database.writing() as connection:
            row = (await connection.execute(chosen)).mappings().one_or_none()
            if row is None or await connection.scalar(under_way):
                return False
            now = put_if_new(delivery, connection.dialect).values(
                kind="report",
                subject_id=number,
                due_s=now_s,
                until_s=now_s + NOW_LIFE_S,
                content=json.dumps({"missed": 0, "now": True}),
                status="planned",
                attempts=0,
                next_try_s=now_s,
                **columns_of(destination_of(row)),
            )
            return (await connection.execute(now)).rowcount == 1

    async def _read(self, chosen: ColumnElement[bool]) -> tuple[Subscription, ...]:
        async with self._database.reading() as connection:
            rows = await connection.execute(select(subscription).where(chosen).order_by(subscription.c.id))
            return tuple(_subscription(row) for row in rows.mappings())


def timetable_of(row: RowMapping) -> Timetable:
    """Return when the subscription of a row is due.

    Raises:
        TimetableError: that cannot be followed here, such as where the machine lost its zone.
        ValueError: what stands in the row is no time.

    """
    return _terms(row).timetable


def _of_person(platform: str, user: int) -> ColumnElement[bool]:
    return and_(subscription.c.platform == platform, subscription.c.user_id == user)


def _of_chat(platform: str, chat: int) -> ColumnElement[bool]:
    return and_(subscription.c.platform == platform, subscription.c.chat_id == chat)


def _deliveries_of(number: int) -> ColumnElement[bool]:
    return and_(delivery.c.kind == "report", delivery.c.subject_id == number)


async def _refuse_too_many(connection: AsyncConnection, to: Destination, limits: Limits) -> None:
    counted = (
        (_of_person(to.platform, to.owner), limits.per_person, False),
        (_of_chat(to.platform, to.chat), limits.per_chat, True),
    )
    for whose, most, is_chat in counted:
        if (await connection.scalar(select(func.count()).where(whose)) or 0) >= most:
            raise TooManyError(most, is_chat=is_chat)


async def _give_up(connection: AsyncConnection, number: int, why: str, *, now_s: int) -> None:
    """End what was planned and certainly is not sent yet."""
    waiting = and_(_deliveries_of(number), delivery.c.status == "planned", delivery.c.began_s.is_(None))
    ended = {"status": "skipped", "note": why[:LONGEST_NOTE], "ended_s": now_s}
    await connection.execute(update(delivery).where(waiting).values(ended))


def _subscription(row: RowMapping) -> Subscription:
    return Subscription(
        number=row["id"],
        terms=_terms(row),
        created_s=row["created_s"],
        next_due_s=row["next_due_s"],
        last_due_s=row["last_due_s"],
        shown=tuple(int(number) for number in (row["shown"] or "").split()),
        paused_why=row["paused_why"],
    )


def _terms(row: RowMapping) -> Terms:
    return Terms(
        destination=destination_of(row),
        symbols=tuple(row["symbols"].split()),
        rhythm=row["rhythm"],
        local_time=None if row["local_time"] is None else time.fromisoformat(row["local_time"]),
        every_hours=row["every_hours"],
        days=tuple(int(day) for day in row["days"] or "1234567"),
        time_zone=row["time_zone"],
        window=row["window"],
        model=row["model"],
        venue=row["venue"],
        theme=row["theme"],
    )


def _columns(terms: Terms) -> dict[str, object]:
    return {
        **columns_of(terms.destination),
        "symbols": " ".join(terms.symbols),
        "rhythm": terms.rhythm,
        "local_time": None if terms.local_time is None else f"{terms.local_time:%H:%M}",
        "every_hours": terms.every_hours,
        "days": "".join(map(str, terms.days)),
        "time_zone": terms.time_zone,
        "window": terms.window,
        "model": terms.model,
        "venue": terms.venue,
        "theme": terms.theme,
    }
