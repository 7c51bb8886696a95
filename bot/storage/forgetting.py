"""Everything about a person deleted: every table that `bot.personal_data` lists as personal, in one transaction."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Table, and_, delete

from bot.personal_data import KEPT, Forgotten
from bot.storage.database import Database
from bot.storage.tables import metadata


async def forget(database: Database, platform: str, user: int) -> tuple[Forgotten, ...]:
    """Delete what is stored about a person, and return what was deleted, table by table.

    Raises:
        StorageError: the database fails; nothing was deleted.

    """
    forgotten = []
    async with database.writing() as connection:
        for kept in KEPT:
            if kept.is_personal:
                table = metadata.tables[kept.table]
                gone = delete(table).where(about(table, platform, user))
                forgotten.append(Forgotten(kept, (await connection.execute(gone)).rowcount))
    return tuple(forgotten)


def about(table: Table, platform: str, user: int) -> ColumnElement[bool]:
    """Return which rows of a personal table are about somebody."""
    return and_(table.c.platform == platform, table.c.user_id == user)
