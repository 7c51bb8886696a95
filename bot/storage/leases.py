"""Who alone does something for a while, such as looking at what alerts watch: one row of the table `lease` for each.

A lease ends by itself: whoever dies holds it no longer than it was taken for. Times are Unix s of the caller's clock.
"""

from __future__ import annotations

from sqlalchemy import Insert, and_, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect

from bot.storage.database import Database
from bot.storage.tables import lease


class Leases:
    """The leases of one holder, which names itself as no other process does."""

    def __init__(self, database: Database, holder: str) -> None:
        self._database = database
        self.holder = holder

    async def take(self, name: str, *, now_s: int, until_s: int) -> bool:
        """Take a lease that nobody holds, or hold one's own for longer; say whether it is held now.

        Raises:
            StorageError: the database fails; whether it is held is as before.

        """
        free = or_(lease.c.holder == self.holder, lease.c.until_s <= now_s)
        values = {"holder": self.holder, "until_s": until_s}
        async with self._database.writing() as connection:
            taken = await connection.execute(update(lease).where(lease.c.name == name, free).values(values))
            if taken.rowcount == 0:  # somebody else's, or nobody's yet
                taken = await connection.execute(_if_new({"name": name, **values}, connection.dialect))
        return taken.rowcount == 1

    async def renew(self, name: str, *, now_s: int, until_s: int) -> bool:
        """Hold a lease for longer if it is held still; one that ended meanwhile is lost, for others may have begun.

        Raises:
            StorageError: the database fails; the lease ends when it was to end.

        """
        held = and_(lease.c.name == name, lease.c.holder == self.holder, lease.c.until_s > now_s)
        async with self._database.writing() as connection:
            renewed = await connection.execute(update(lease).where(held).values(until_s=until_s))
        return renewed.rowcount == 1

    async def release(self, name: str) -> None:
        """Let others take it at once; somebody else's is left alone.

        Raises:
            StorageError: the database fails; the lease ends when it was to end.

        """
        async with self._database.writing() as connection:
            await connection.execute(delete(lease).where(lease.c.name == name, lease.c.holder == self.holder))

    async def count(self, prefix: str, *, now_s: int) -> int:
        """Return how many leases whose names begin so are held now, by anybody.

        Raises:
            StorageError: the database fails.

        """
        held = and_(lease.c.name.startswith(prefix, autoescape=True), lease.c.until_s > now_s)
        async with self._database.reading() as connection:
            return await connection.scalar(select(func.count()).where(held)) or 0


def _if_new(values: dict[str, object], dialect: Dialect) -> Insert:
    if dialect.name == "sqlite":
        return sqlite.insert(lease).values(values).on_conflict_do_nothing()
    return postgresql.insert(lease).values(values).on_conflict_do_nothing()
