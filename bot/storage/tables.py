"""The tables as they are now; `bot.storage.migrations` says how they came about, and a test that both agree.

Portable types only. A table with rows about people joins `bot.personal_data.KEPT`, or a test fails.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, MetaData, String, Table

from bot.settings_words import KEYS

LONGEST_PLATFORM = 16
LONGEST_VALUE = 64
"""Longest setting [characters]: twice the longest name of a time zone."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _wishes_of(name: str, number: str) -> Table:
    """Return a table with one row of wishes for each `number` of a platform; NULL: no wish."""
    return Table(
        name,
        metadata,
        Column("platform", String(LONGEST_PLATFORM), primary_key=True),
        Column(number, BigInteger, primary_key=True, autoincrement=False),
        *(Column(key, String(LONGEST_VALUE)) for key in KEYS),
    )


person_preference = _wishes_of("person_preference", "user_id")
chat_preference = _wishes_of("chat_preference", "chat_id")
