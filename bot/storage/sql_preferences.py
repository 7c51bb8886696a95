"""Preferences in the database, with the last ones in memory: an answer does not wait for the disk."""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Table, and_, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.personal_data import Forgotten
from bot.preference_values import Offer
from bot.preferences import NO_WISHES, Place, Preferences, Wishes, WishesHere
from bot.requests import Change, Scope
from bot.settings_words import KEYS
from bot.storage.database import Database, put
from bot.storage.errors import StorageError
from bot.storage.forgetting import forget
from bot.storage.tables import chat_preference, person_preference

KEPT_S = 30.0
"""How long wishes are taken from memory: what another process changed counts after that at the latest."""
MOST_KEPT = 20_000
"""People and chats whose wishes are in memory: some ten megabytes."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Owner:
    """Whose wishes: the row of a table."""

    scope: Scope
    platform: str
    number: int

    @property
    def table(self) -> Table:
        return person_preference if self.scope == "me" else chat_preference

    @property
    def key(self) -> dict[str, object]:
        return {"platform": self.platform, "user_id" if self.scope == "me" else "chat_id": self.number}

    @property
    def row(self) -> ColumnElement[bool]:
        return and_(*(self.table.c[name] == value for name, value in self.key.items()))


class SqlPreferences:
    """Wishes of people and chats; what it returns as kept is in the database."""

    def __init__(
        self,
        database: Database,
        offer: Offer | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        kept_s: float = KEPT_S,
    ) -> None:
        self._database = database
        self._offer = offer or Offer()
        self._memory = _Memory(clock, kept_s)

    async def preferences(self, place: Place) -> Preferences:
        """Return what counts here, from memory where it is there and fresh.

        A database that fails takes nobody's answer away: what was known before counts, else the product's own way.
        """
        owners = _owners(place)
        found = {owner: wishes for owner in owners if (wishes := self._memory.fresh(owner)) is not None}
        missing = tuple(owner for owner in owners if owner not in found)
        if missing:
            try:
                found |= await self._read(missing)
            except StorageError as error:
                _log.warning("preferences are answered from memory: %s", error)
                found |= {owner: self._memory.last(owner) for owner in missing}
        return _here(found).preferences

    async def wishes(self, place: Place) -> WishesHere:
        """Return what is in the database now, with whose wish it is.

        Raises:
            StorageError: the database fails.

        """
        return _here(await self._read(_owners(place)))

    async def change(self, place: Place, scope: Scope, changes: Sequence[Change]) -> WishesHere:
        """Keep changes, all or none, and return what counts then.

        Raises:
            RequestError: a value is not one that would do, or who writes may not change this; nothing was kept.
            EngineError: no window, model or theme has this name; nothing was kept.
            StorageError: the database fails; nothing was kept.

        """
        place.refuse_unless_allowed(scope)
        values: dict[str, str | None] = {change.key: self._offer.checked(change) for change in changes}
        owner = _owner(place, scope)
        if not values:
            return await self.wishes(place)
        async with self._database.writing() as connection:
            await connection.execute(put(owner.table, owner.key, values, connection.dialect))
            await connection.execute(delete(owner.table).where(owner.row, _has_no_wish(owner.table)))
            found = {each: await _wishes(connection, each) for each in _owners(place)}
        self._memory.drop(owner)
        return _here(found)

    async def reset(self, place: Place, scope: Scope) -> WishesHere:
        """Take back everything that was set.

        Raises:
            RequestError: who writes may not change this.
            StorageError: the database fails; nothing was changed.

        """
        place.refuse_unless_allowed(scope)
        owner = _owner(place, scope)
        async with self._database.writing() as connection:
            await connection.execute(delete(owner.table).where(owner.row))
            found = {each: await _wishes(connection, each) for each in _owners(place)}
        self._memory.drop(owner)
        return _here(found)

    async def forget(self, platform: str, user: int) -> tuple[Forgotten, ...]:
        """Delete everything that is stored about a person, in every table, and return what was deleted.

        Raises:
            StorageError: the database fails; nothing was deleted.

        """
        forgotten = await forget(self._database, platform, user)
        self._memory.drop(_Owner("me", platform, user))
        return forgotten

    async def _read(self, owners: Sequence[_Owner]) -> dict[_Owner, Wishes]:
        began = self._memory.drops
        async with self._database.reading() as connection:
            read = {owner: await _wishes(connection, owner) for owner in owners}
        if began == self._memory.drops:  # else somebody changed something meanwhile, perhaps this
            for owner, wishes in read.items():
                self._memory.put(owner, wishes)
        return read


def _owner(place: Place, scope: Scope) -> _Owner:
    scope = place.whose(scope)
    return _Owner(scope, place.platform, place.user if scope == "me" else place.chat)


def _owners(place: Place) -> tuple[_Owner, ...]:
    return tuple(dict.fromkeys((_owner(place, "me"), _owner(place, "chat"))))


def _here(wishes: dict[_Owner, Wishes]) -> WishesHere:
    return WishesHere(**{{"me": "person", "chat": "chat"}[owner.scope]: found for owner, found in wishes.items()})


async def _wishes(connection: AsyncConnection, owner: _Owner) -> Wishes:
    columns = [owner.table.c[key] for key in KEYS]
    row = (await connection.execute(select(*columns).where(owner.row))).one_or_none()
    return NO_WISHES if row is None else Wishes(**dict(zip(KEYS, row, strict=True)))


def _has_no_wish(table: Table) -> ColumnElement[bool]:
    return and_(*(table.c[key].is_(None) for key in KEYS))


class _Memory:
    """Wishes read last; the ones not asked for longest go first."""

    def __init__(self, clock: Callable[[], float], kept_s: float) -> None:
        self._clock = clock
        self._kept_s = kept_s
        self._wishes: OrderedDict[_Owner, tuple[float, Wishes]] = OrderedDict()
        self.drops = 0

    def fresh(self, owner: _Owner) -> Wishes | None:
        """Return what was read a short while ago, None where nothing was."""
        read_s, wishes = self._wishes.get(owner, (None, None))
        return wishes if read_s is not None and self._clock() - read_s < self._kept_s else None

    def last(self, owner: _Owner) -> Wishes:
        """Return what was read last, however long ago; no wish where nothing was."""
        return self._wishes[owner][1] if owner in self._wishes else NO_WISHES

    def put(self, owner: _Owner, wishes: Wishes) -> None:
        self._wishes[owner] = (self._clock(), wishes)
        self._wishes.move_to_end(owner)
        while len(self._wishes) > MOST_KEPT:
            self._wishes.popitem(last=False)

    def drop(self, owner: _Owner) -> None:
        self._wishes.pop(owner, None)
        self.drops += 1
