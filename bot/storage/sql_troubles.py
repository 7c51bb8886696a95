"""Troubles of deliveries in the database: gathered into one notice a person, and destinations that are given up."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Insert, RowMapping, Table, and_, func, select, update
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.deliveries.delivery import Delivery, Destination
from bot.deliveries.lateness import LATEST_S
from bot.deliveries.notices import GATHERED_S, Trouble, content_of, troubles_in
from bot.storage.database import put_if_new
from bot.storage.tables import alert, delivery, subscription

LONGEST_NOTE = 200


def destination_of(row: RowMapping) -> Destination:
    """Return where a row of a subscription, an alert or a delivery is sent."""
    return Destination(
        platform=row["platform"],
        chat=row["chat_id"],
        owner=row["user_id"],
        topic=row["topic_id"],
        community=row["community_id"],
        is_silent=row["silent"],
    )


def columns_of(destination: Destination) -> dict[str, object]:
    """Return the same as the values of a row."""
    return {
        "platform": destination.platform,
        "user_id": destination.owner,
        "chat_id": destination.chat,
        "topic_id": destination.topic,
        "community_id": destination.community,
        "silent": destination.is_silent,
    }


async def tell_owner(connection: AsyncConnection, owner: Destination, trouble: Trouble, *, now_s: int) -> None:
    """Add a trouble to the notice that waits for this person, or make one; one process at a time for each person."""
    if connection.dialect.name == "postgresql":
        await connection.execute(select(func.pg_advisory_xact_lock(owner.owner)))
    waits = (
        select(delivery.c.id, delivery.c.content)
        .where(
            delivery.c.kind == "notice",
            delivery.c.status == "planned",
            delivery.c.attempts == 0,
            delivery.c.platform == owner.platform,
            delivery.c.user_id == owner.owner,
        )
        .limit(1)
        .with_for_update()
    )
    if (found := (await connection.execute(waits)).mappings().one_or_none()) is not None:
        content = content_of((*troubles_in(found["content"]), trouble))
        await connection.execute(update(delivery).where(delivery.c.id == found["id"]).values(content=content))
        return
    of_person = and_(delivery.c.kind == "notice", delivery.c.subject_id == owner.owner)
    last_s = await connection.scalar(select(func.max(delivery.c.due_s)).where(of_person))
    due_s = max(now_s, (last_s or 0) + 1)  # by which it is unique
    while (await connection.execute(_notice(owner, trouble, due_s, now_s, connection.dialect))).rowcount == 0:
        due_s += 1  # another process told this person of something at the same moment


def _notice(owner: Destination, trouble: Trouble, due_s: int, now_s: int, dialect: Dialect) -> Insert:
    return put_if_new(delivery, dialect).values(
        kind="notice",
        subject_id=owner.owner,
        due_s=due_s,
        until_s=due_s + LATEST_S,
        content=content_of((trouble,)),
        status="planned",
        attempts=0,
        next_try_s=now_s + GATHERED_S,
        **columns_of(owner),
    )


def trouble_of(row: Delivery, what: str, why: str) -> Trouble:
    """Return what is told about a delivery."""
    return Trouble(what=what, kind=row.kind, subject=row.subject, due_s=row.due_s, why=why)  # type: ignore[arg-type]


async def pause(connection: AsyncConnection, dead: Delivery, why: str, *, now_s: int) -> None:
    """Pause all that goes where nothing arrives any more, and tell everybody whose reports or alerts that stops."""
    destination = dead.destination
    owners: set[int] = set()
    for table in (subscription, alert):
        paused = (
            update(table)
            .where(_goes_to(table, destination), table.c.paused_why.is_(None))
            .values(paused_why=why[:LONGEST_NOTE])
            .returning(table.c.user_id)
        )
        owners |= set((await connection.execute(paused)).scalars())
    await connection.execute(
        update(delivery)
        .where(_goes_to(delivery, destination), delivery.c.status == "planned", delivery.c.began_s.is_(None))
        .values(status="failed", note=why[:LONGEST_NOTE], ended_s=now_s)
    )
    if destination.is_private:
        return  # a notice would go where nothing arrives
    for owner in sorted(owners):
        told = Destination(platform=destination.platform, chat=owner, owner=owner)
        await tell_owner(connection, told, trouble_of(dead, "paused", why), now_s=now_s)


async def move(connection: AsyncConnection, destination: Destination, chat: int) -> None:
    """Let all that goes to a chat go to its new number."""
    for table in (subscription, alert, delivery):
        await connection.execute(
            update(table)
            .where(table.c.platform == destination.platform, table.c.chat_id == destination.chat)
            .values(chat_id=chat)
        )


def _goes_to(table: Table, destination: Destination) -> ColumnElement[bool]:
    topic = table.c.topic_id
    return and_(
        table.c.platform == destination.platform,
        table.c.chat_id == destination.chat,
        topic.is_(None) if destination.topic is None else topic == destination.topic,
    )


async def tell_owners(
    connection: AsyncConnection, lost: Sequence[Delivery], what: str, why: str, *, now_s: int
) -> None:
    """Tell each owner in private; trouble with a notice is not told by another one."""
    for each in sorted(lost, key=lambda one: one.destination.owner):  # all processes lock people in this order
        if each.kind != "notice":
            await tell_owner(connection, each.destination.of_owner, trouble_of(each, what, why), now_s=now_s)
