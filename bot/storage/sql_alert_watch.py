"""Alerts in the database, as they are watched: a look's new states and its deliveries in one transaction."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.alerts.kept_alerts import KeptAlert
from bot.alerts.told import Told, content_of, told_in
from bot.deliveries.delivery import Destination
from bot.deliveries.lateness import LATEST_S
from bot.storage.alert_state_text import state_of, state_text
from bot.storage.database import Database
from bot.storage.sql_alerts import WITH_BASIS, alert_in
from bot.storage.sql_troubles import columns_of
from bot.storage.tables import alert, delivery
from engine.alert_values import Outcome

UNREADABLE = "It cannot be read any more. Remove it and set it again."
AT_ONCE = 500
"""Alerts named in one statement: databases take so many, and few statements are quick."""

_log = logging.getLogger(__name__)


class SqlAlertWatch:
    """Alerts as the watch sees them; several processes may look, and what fired is told once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def watched(self) -> tuple[KeptAlert, ...]:
        """Return every alert that is not paused, in the order of numbers; what cannot be read is paused.

        Raises:
            StorageError: the database fails.

        """
        async with self._database.reading() as connection:
            found = await connection.execute(WITH_BASIS.where(alert.c.paused_why.is_(None)).order_by(alert.c.id))
            rows = found.mappings().all()
        alerts, unreadable = [], []
        for row in rows:
            try:
                alerts.append(alert_in(row))
            except ValueError:  # else one row would keep all others from being watched
                _log.exception("alert %s is paused: it cannot be read", row["id"])
                unreadable.append(row["id"])
        if unreadable:
            async with self._database.writing() as connection:
                for numbers in _parts(unreadable):
                    these = update(alert).where(alert.c.id.in_(numbers))
                    await connection.execute(these.values(paused_why=UNREADABLE))
        return tuple(alerts)

    async def note(self, looked: Sequence[tuple[KeptAlert, Outcome]], *, now_s: int) -> int:
        """Keep what a look made of alerts, with the deliveries of what fired, all or nothing; return how many fired.

        An alert that was removed, paused or set anew since it was read is left alone, and tells nothing.

        Raises:
            StorageError: the database fails; nothing was kept, and the next look finds the same.

        """
        if not looked:
            return 0
        async with self._database.writing() as connection:
            unchanged = await _unchanged(connection, [kept for kept, _outcome in looked])
            noted = [(kept, outcome) for kept, outcome in looked if kept.id in unchanged]
            await _write_states(connection, noted)
            fired = [_Firing.of(kept, outcome, now_s) for kept, outcome in noted if outcome.fired is not None]
            for (goes_to, released_s), told in _digests(fired).items():
                await _tell(connection, goes_to, told, released_s=released_s, now_s=now_s)
        return len(fired)


class _Firing(NamedTuple):
    """What is told, where, and when it may be [Unix s]."""

    goes_to: Destination
    released_s: int
    told: Told

    @classmethod
    def of(cls, kept: KeptAlert, outcome: Outcome, now_s: int) -> _Firing:
        if outcome.fired is None:
            msg = f"alert {kept.id} has not fired"
            raise ValueError(msg)
        quiet_until_s = None if kept.quiet is None else kept.quiet.ends_s(now_s)
        told = Told(
            alert=kept.id,
            symbol=kept.symbol,
            venue=kept.venue,
            kind=kept.watched.kind,
            fired=outcome.fired,
            is_over=outcome.is_over,
        )
        return cls(kept.goes_to, now_s if quiet_until_s is None else quiet_until_s, told)


def _digests(fired: Iterable[_Firing]) -> dict[tuple[Destination, int], tuple[Told, ...]]:
    """Return what goes to the same destination at the same moment, together."""
    together: defaultdict[tuple[Destination, int], list[Told]] = defaultdict(list)
    for each in fired:
        together[each.goes_to, each.released_s].append(each.told)
    return {key: tuple(told) for key, told in together.items()}


async def _unchanged(connection: AsyncConnection, alerts: Sequence[KeptAlert]) -> set[int]:
    """Return the numbers of those that are as they were read, and lock them."""
    states: dict[int, str] = {}
    for numbers in _parts([each.id for each in alerts]):
        rows = (
            select(alert.c.id, alert.c.state)
            .where(alert.c.id.in_(numbers), alert.c.paused_why.is_(None))
            .order_by(alert.c.id)
            .with_for_update()
        )
        states |= {row.id: row.state for row in await connection.execute(rows)}
    return {each.id for each in alerts if each.id in states and state_of(states[each.id]) == each.state}


async def _write_states(connection: AsyncConnection, noted: Sequence[tuple[KeptAlert, Outcome]]) -> None:
    over = [kept.id for kept, outcome in noted if outcome.is_over]
    for numbers in _parts(over):
        await connection.execute(delete(alert).where(alert.c.id.in_(numbers)))
    moved = [
        {"this": kept.id, "remembered": state_text(outcome.state), "fired_s": outcome.state.fired_s}
        for kept, outcome in noted
        if not outcome.is_over
    ]
    if moved:
        moving = update(alert).where(alert.c.id == bindparam("this"))
        moving = moving.values(state=bindparam("remembered"), last_fired_s=bindparam("fired_s"))
        await connection.execute(moving, moved)


async def _tell(
    connection: AsyncConnection, goes_to: Destination, told: tuple[Told, ...], *, released_s: int, now_s: int
) -> None:
    """Add a delivery, or for quiet hours join the one that waits for their end."""
    if released_s > now_s:
        waits = (
            select(delivery.c.id, delivery.c.content)
            .where(*_waiting(goes_to, released_s))
            .order_by(delivery.c.id)
            .limit(1)
            .with_for_update()
        )
        if (found := (await connection.execute(waits)).one_or_none()) is not None:
            content = content_of((*told_in(found.content), *told))
            await connection.execute(update(delivery).where(delivery.c.id == found.id).values(content=content))
            return
    row = {
        "kind": "alert",
        "subject_id": told[0].alert,
        "due_s": now_s,
        "until_s": released_s + LATEST_S,
        "content": content_of(told),
        "status": "planned",
        "attempts": 0,
        "next_try_s": released_s,
        **columns_of(goes_to),
    }
    await connection.execute(insert(delivery).values(row))


def _waiting(goes_to: Destination, released_s: int) -> tuple[ColumnElement[bool], ...]:
    columns = columns_of(goes_to)
    return (
        delivery.c.kind == "alert",
        delivery.c.status == "planned",
        delivery.c.began_s.is_(None),
        delivery.c.next_try_s == released_s,
        *(delivery.c[name].is_not_distinct_from(value) for name, value in columns.items()),
    )


def _parts(numbers: Sequence[int]) -> Iterable[Collection[int]]:
    return (numbers[begin : begin + AT_ONCE] for begin in range(0, len(numbers), AT_ONCE))
