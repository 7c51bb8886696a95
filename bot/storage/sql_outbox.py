"""The outbox in the database: one code for SQLite, where one writes at a time, and PostgreSQL, which locks rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal

from sqlalchemy import ColumnElement, RowMapping, and_, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.deliveries.delivery import ENDED, Delivery
from bot.deliveries.outbox import Presence, Recovered
from bot.storage.database import Database, put
from bot.storage.sql_troubles import LONGEST_NOTE, destination_of, move, pause, tell_owners
from bot.storage.tables import delivery, lease, subscription

_COURIER = "courier "
"""How the leases begin by which couriers say that they live."""
_PRESENCE = 0x66_61_74_68_6F_6E
"""The advisory lock of PostgreSQL under which couriers are counted: no other of this program has this number."""
_NOBODY = {"holder": None, "lease_until_s": None}
_LOST = "the process that sent it ended meanwhile"


class SqlOutbox:
    """Deliveries in the database; what it returns as done is stored."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def present(self, holder: str, held: Collection[int], *, now_s: int, until_s: int) -> Presence:
        """Say that this courier lives, and keep the deliveries that it holds until `until_s`."""
        async with self._database.writing() as connection:
            if connection.dialect.name == "postgresql":  # two that come at the same moment see each other
                await connection.execute(select(func.pg_advisory_xact_lock(_PRESENCE)))
            mine = and_(delivery.c.id.in_(held), delivery.c.holder == holder)
            await connection.execute(update(delivery).where(mine).values(lease_until_s=until_s))
            name, values = {"name": _COURIER + holder}, {"holder": holder, "until_s": until_s}
            await connection.execute(put(lease, name, values, connection.dialect))
            couriers = lease.c.name.startswith(_COURIER, autoescape=True)
            await connection.execute(delete(lease).where(couriers, lease.c.until_s < now_s))
            count = await connection.scalar(select(func.count()).where(couriers))
            return Presence(couriers=count or 1, database_s=await _server_s(connection))

    async def leave(self, holder: str, *, now_s: int) -> None:
        """End in order: what is claimed is planned again."""
        async with self._database.writing() as connection:
            mine = and_(delivery.c.holder == holder, delivery.c.status == "claimed")
            again = {"status": "planned", "next_try_s": now_s, **_NOBODY}
            await connection.execute(update(delivery).where(mine).values(again))
            await connection.execute(delete(lease).where(lease.c.name == _COURIER + holder))

    async def claim(self, holder: str, platform: str, *, most: int, now_s: int, until_s: int) -> tuple[Delivery, ...]:
        """Take what is due on a platform, the oldest first; nobody else gets it before `until_s`.

        What is chosen stands in a CTE, as a subquery with a limit may be run more than once by PostgreSQL.
        """
        chosen = (
            select(delivery.c.id)
            .where(delivery.c.status == "planned", delivery.c.next_try_s <= now_s, delivery.c.platform == platform)
            .order_by(delivery.c.next_try_s, delivery.c.id)
            .limit(most)
            .with_for_update(skip_locked=True)
            .cte("chosen")
        )
        taking = (
            update(delivery)
            .where(delivery.c.id.in_(select(chosen.c.id)))
            .values(status="claimed", holder=holder, lease_until_s=until_s)
            .returning(*delivery.c)
        )
        async with self._database.writing() as connection:
            taken = (await connection.execute(taking)).mappings().all()
        return tuple(_delivery(row) for row in sorted(taken, key=lambda row: (row["next_try_s"], row["id"])))

    async def note_sending(self, sending: Delivery, holder: str, *, now_s: int, until_s: int) -> bool:
        """Note, before it is sent, that the platform may have it; False: another process has taken it over."""
        noting = (
            update(delivery)
            .where(_held(sending, holder), delivery.c.status == "claimed")
            .values(
                status="sending",
                attempts=delivery.c.attempts + 1,
                began_s=func.coalesce(delivery.c.began_s, now_s),
                lease_until_s=until_s,
            )
        )
        async with self._database.writing() as connection:
            return (await connection.execute(noting)).rowcount == 1

    async def sent(self, done: Delivery, *, message: int, shown: str | None, now_s: int) -> None:
        """Note that it was sent, whatever was thought of it meanwhile; `shown` goes to its subscription."""
        noting = (
            update(delivery)
            .where(delivery.c.id == done.id, delivery.c.status != "sent")
            .values(status="sent", message_id=message, note=None, ended_s=now_s, **_NOBODY)
        )
        async with self._database.writing() as connection:
            await connection.execute(noting)
            if shown is not None and done.kind == "report":
                of_it = subscription.c.id == done.subject
                await connection.execute(update(subscription).where(of_it).values(shown=shown))

    async def put_back(self, back: Delivery, holder: str, *, next_try_s: int, why: str | None = None) -> None:
        """Plan it again with its `attempts` and `began_s`, unless another process has taken it over."""
        async with self._database.writing() as connection:
            await _put_back(connection, back, holder, next_try_s=next_try_s, why=why)

    async def end(
        self,
        ended: Delivery,
        holder: str,
        status: Literal["failed", "uncertain", "skipped"],
        why: str,
        *,
        now_s: int,
    ) -> None:
        """Note that it ends without being sent for certain; its owner gets a notice unless it was skipped."""
        async with self._database.writing() as connection:
            if await _end(connection, _held(ended, holder), status, why, now_s=now_s) and status != "skipped":
                await tell_owners(connection, (ended,), status, why, now_s=now_s)

    async def pause_destination(self, dead: Delivery, holder: str, why: str, *, now_s: int) -> None:
        """End it as failed and pause all that goes there; owners of what was paused get one notice in private."""
        async with self._database.writing() as connection:
            if await _end(connection, _held(dead, holder), "failed", why, now_s=now_s):
                await pause(connection, dead, why, now_s=now_s)

    async def move_destination(self, moved: Delivery, holder: str, chat: int, *, now_s: int) -> None:
        """Let all that goes to this chat go to its new number, and plan this delivery again."""
        async with self._database.writing() as connection:
            await move(connection, moved.destination, chat)
            await _put_back(connection, moved, holder, next_try_s=now_s, why="the chat has a new number")

    async def recover(self, *, now_s: int, nonce_life_s: Mapping[str, int]) -> Recovered:
        """Take up what processes that ended held; see the port."""
        expired = delivery.c.lease_until_s < now_s
        again = {"status": "planned", "next_try_s": now_s, **_NOBODY}
        async with self._database.writing() as connection:
            claimed = update(delivery).where(delivery.c.status == "claimed", expired).values(again)
            planned = (await connection.execute(claimed)).rowcount
            in_doubt = select(delivery).where(delivery.c.status == "sending", expired).with_for_update(skip_locked=True)
            uncertain = []
            for row in (await connection.execute(in_doubt)).mappings().all():
                this, found = delivery.c.id == row["id"], _delivery(row)
                life_s = nonce_life_s.get(row["platform"], 0)
                if life_s and now_s - row["began_s"] <= life_s:
                    await connection.execute(update(delivery).where(this).values(again))
                    planned += 1
                elif await _end(connection, this, "uncertain", _LOST, now_s=now_s):
                    uncertain.append(found)
            await tell_owners(connection, uncertain, "uncertain", _LOST, now_s=now_s)
        return Recovered(planned=planned, uncertain=tuple(uncertain))

    async def clean(self, *, before_s: int) -> int:
        """Delete what ended before a moment; return how many."""
        gone = delete(delivery).where(delivery.c.status.in_(ENDED), delivery.c.ended_s < before_s)
        async with self._database.writing() as connection:
            return (await connection.execute(gone)).rowcount


def _delivery(row: RowMapping) -> Delivery:
    return Delivery(
        id=row["id"],
        kind=row["kind"],
        subject=row["subject_id"],
        due_s=row["due_s"],
        until_s=row["until_s"],
        destination=destination_of(row),
        content=row["content"],
        status=row["status"],
        attempts=row["attempts"],
        began_s=row["began_s"],
        message=row["message_id"],
        note=row["note"],
    )


def _held(held: Delivery, holder: str) -> ColumnElement[bool]:
    return and_(delivery.c.id == held.id, delivery.c.holder == holder, delivery.c.status.in_(("claimed", "sending")))


async def _put_back(
    connection: AsyncConnection, back: Delivery, holder: str, *, next_try_s: int, why: str | None
) -> None:
    again = {"status": "planned", "attempts": back.attempts, "began_s": back.began_s, "next_try_s": next_try_s}
    note = {} if why is None else {"note": why[:LONGEST_NOTE]}
    await connection.execute(update(delivery).where(_held(back, holder)).values({**again, **note, **_NOBODY}))


async def _end(connection: AsyncConnection, row: ColumnElement[bool], status: str, why: str, *, now_s: int) -> bool:
    values = {"status": status, "note": why[:LONGEST_NOTE], "ended_s": now_s, **_NOBODY}
    return (await connection.execute(update(delivery).where(row).values(values))).rowcount == 1


async def _server_s(connection: AsyncConnection) -> float | None:
    """Return what time it is at the server; a file has no clock of its own."""
    if connection.dialect.name == "sqlite":
        return None
    return float((await connection.execute(select(func.extract("epoch", func.clock_timestamp())))).scalar_one())
