"""Alerts in the database, as people set and change them; a row ↔ an alert."""

from __future__ import annotations

from datetime import time

from sqlalchemy import ColumnElement, RowMapping, and_, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.alerts.kept_alerts import KeptAlert, NewAlert, TooManyAlertsError
from bot.alerts.quiet_hours import QuietHours
from bot.deliveries.delivery import Destination
from bot.sections import AlertsSettings
from bot.storage.alert_state_text import state_of, state_text
from bot.storage.database import Database
from bot.storage.findings_text import findings_of
from bot.storage.sql_published import publish
from bot.storage.sql_troubles import LONGEST_NOTE, columns_of, destination_of
from bot.storage.tables import alert, published
from engine.alert_values import Alert, AlertState

WITH_BASIS = select(alert, published.c.findings).join_from(alert, published, isouter=True)
"""Every alert with the reading whose zones or conditions it watches."""


class SqlAlerts:
    """Alerts of people and chats; what it returns as kept is in the database."""

    def __init__(self, database: Database, limits: AlertsSettings | None = None) -> None:
        self._database = database
        self._limits = limits or AlertsSettings()

    async def add(self, new: NewAlert) -> KeptAlert:
        """Keep an alert under a new number.

        Raises:
            TooManyAlertsError: there are as many as there may be.
            StorageError: the database fails; nothing was kept.

        """
        async with self._database.writing() as connection:
            await self._refuse_too_many(connection, new.goes_to)
            basis = new.watched.basis
            asked = new.venue or ""
            basis_id = None if basis is None else await publish(connection, basis, asked=asked)
            kept = await connection.execute(
                insert(alert).values(**_columns(new), basis_id=basis_id).returning(alert.c.id)
            )
            number = kept.scalar_one()
        return KeptAlert(
            id=number,
            goes_to=new.goes_to,
            symbol=new.symbol,
            venue=new.venue,
            watched=new.watched,
            state=new.state,
            created_s=new.created_s,
            quiet=new.quiet,
        )

    async def of_person(self, platform: str, person: int) -> tuple[KeptAlert, ...]:
        """Return what a person has set, wherever it goes, in the order of numbers.

        Raises:
            StorageError: the database fails.

        """
        return await self._found(and_(alert.c.platform == platform, alert.c.user_id == person))

    async def of_chat(self, platform: str, chat: int) -> tuple[KeptAlert, ...]:
        """Return what goes to a chat, whoever set it, in the order of numbers.

        Raises:
            StorageError: the database fails.

        """
        return await self._found(and_(alert.c.platform == platform, alert.c.chat_id == chat))

    async def numbered(self, number: int) -> KeptAlert | None:
        """Return the alert of a number, None where there is none.

        Raises:
            StorageError: the database fails.

        """
        return next(iter(await self._found(alert.c.id == number)), None)

    async def pause(self, number: int, why: str) -> None:
        """Watch it no more until it is resumed.

        Raises:
            StorageError: the database fails; it is watched still.

        """
        await self._change(number, paused_why=why[:LONGEST_NOTE])

    async def resume(self, number: int, state: AlertState) -> None:
        """Watch it again from a new state on.

        Raises:
            StorageError: the database fails; it is paused still.

        """
        await self._change(number, paused_why=None, state=state_text(state), last_fired_s=state.fired_s)

    async def remove(self, number: int) -> None:
        """Delete it.

        Raises:
            StorageError: the database fails; it is there still.

        """
        async with self._database.writing() as connection:
            await connection.execute(delete(alert).where(alert.c.id == number))

    async def _found(self, which: ColumnElement[bool]) -> tuple[KeptAlert, ...]:
        async with self._database.reading() as connection:
            rows = await connection.execute(WITH_BASIS.where(which).order_by(alert.c.id))
            return tuple(alert_in(row) for row in rows.mappings())

    async def _change(self, number: int, **values: object) -> None:
        async with self._database.writing() as connection:
            await connection.execute(update(alert).where(alert.c.id == number).values(values))

    async def _refuse_too_many(self, connection: AsyncConnection, goes_to: Destination) -> None:
        """Refuse one more than there may be; on PostgreSQL two that come at once wait for each other."""
        theirs = (alert.c.user_id == goes_to.owner, goes_to.owner, self._limits.per_person, False)
        of_chat = (alert.c.chat_id == goes_to.chat, goes_to.chat, self._limits.per_chat, True)
        limits = [theirs] if goes_to.is_private else [theirs, of_chat]
        if connection.dialect.name == "postgresql":
            for number in sorted(number for _which, number, _most, _is_chats in limits):
                await connection.execute(select(func.pg_advisory_xact_lock(number)))
        for which, _number, most, is_chats in limits:
            counting = select(func.count()).where(alert.c.platform == goes_to.platform, which)
            if (await connection.execute(counting)).scalar_one() >= most:
                raise TooManyAlertsError(most, of_chat=is_chats)


def alert_in(row: RowMapping) -> KeptAlert:
    """Return the alert of a row of `WITH_BASIS`.

    Raises:
        ValueError: it cannot be read: another program wrote it, or the machine does not know its time zone any more.

    """
    return KeptAlert(
        id=row["id"],
        goes_to=destination_of(row),
        symbol=row["symbol"],
        venue=row["venue"],
        watched=Alert(
            kind=row["kind"],
            threshold=row["threshold"],
            direction=row["direction"],
            repeats=row["repeats"],
            cooldown_s=row["cooldown_s"],
            basis=None if row["findings"] is None else findings_of(row["findings"]),
        ),
        state=state_of(row["state"]),
        created_s=row["created_s"],
        quiet=_quiet(row),
        paused_why=row["paused_why"],
    )


def _quiet(row: RowMapping) -> QuietHours | None:
    if row["quiet_from"] is None:
        return None
    begins, ends = (time.fromisoformat(row[name]) for name in ("quiet_from", "quiet_to"))
    return QuietHours(begins=begins, ends=ends, time_zone=row["time_zone"])


def _columns(new: NewAlert) -> dict[str, object]:
    watched, quiet = new.watched, new.quiet
    return {
        **columns_of(new.goes_to),
        "symbol": new.symbol,
        "venue": new.venue,
        "kind": watched.kind,
        "threshold": watched.threshold,
        "direction": watched.direction,
        "repeats": watched.repeats,
        "cooldown_s": watched.cooldown_s,
        "created_s": new.created_s,
        "state": state_text(new.state),
        "last_fired_s": new.state.fired_s,
        "quiet_from": None if quiet is None else f"{quiet.begins:%H:%M}",
        "quiet_to": None if quiet is None else f"{quiet.ends:%H:%M}",
        "time_zone": None if quiet is None else quiet.time_zone,
    }
