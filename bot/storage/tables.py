"""The tables as they are now; `bot.storage.migrations` says how they came about, and a test that both agree.

Portable types only. A table with rows about people joins `bot.personal_data.KEPT`, or a test fails.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

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


def _id() -> Column[int]:
    """Return a number given by the database; SQLite counts up only what it calls an integer."""
    return Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)


def _whose() -> tuple[Column[object], ...]:
    """Return who set something up, and where it is sent to."""
    return (
        Column("platform", String(LONGEST_PLATFORM), nullable=False),
        Column("user_id", BigInteger, nullable=False),
        Column("chat_id", BigInteger, nullable=False),
        Column("topic_id", BigInteger),
        Column("community_id", BigInteger),
        Column("silent", Boolean, nullable=False, default=False),
    )


published = Table(
    "published",
    metadata,
    _id(),
    Column("symbol", String(LONGEST_VALUE), nullable=False),
    Column("asked", String(LONGEST_VALUE), nullable=False),  # model, window and venue that were asked for
    Column("source", String(LONGEST_VALUE), nullable=False),
    Column("as_of_s", BigInteger, nullable=False),
    Column("findings", Text, nullable=False),  # never changed
    UniqueConstraint("symbol", "asked", "source", "as_of_s"),
)

grade = Table(
    "grade",
    metadata,
    Column("published_id", BigInteger, ForeignKey("published.id"), primary_key=True, autoincrement=False),
    Column("graded_s", BigInteger, nullable=False),
    Column("grade", Text, nullable=False),  # what became of it; never changed
)

subscription = Table(
    "subscription",
    metadata,
    _id(),
    *_whose(),
    Column("symbols", String(200), nullable=False),  # separated by spaces
    Column("window", String(LONGEST_VALUE)),
    Column("model", String(LONGEST_VALUE)),
    Column("venue", String(LONGEST_VALUE)),
    Column("theme", String(LONGEST_VALUE)),
    Column("rhythm", String(16), nullable=False),  # daily, hours, funding, weekly
    Column("local_time", String(5)),  # 08:00
    Column("every_hours", Integer),
    Column("days", String(7)),  # 1 Monday ... 7 Sunday
    Column("time_zone", String(LONGEST_VALUE), nullable=False),
    Column("created_s", BigInteger, nullable=False),
    Column("next_due_s", BigInteger),  # NULL: never again
    Column("last_due_s", BigInteger),
    Column("shown", Text),  # numbers of what the last report showed, in `published`
    Column("paused_why", String(200)),  # NULL: active
    sqlite_autoincrement=True,  # people type these numbers, so that none is given twice
)
Index(None, subscription.c.paused_why, subscription.c.next_due_s)

alert = Table(
    "alert",
    metadata,
    _id(),
    *_whose(),
    Column("symbol", String(LONGEST_VALUE), nullable=False),
    Column("venue", String(LONGEST_VALUE)),
    Column("kind", String(16), nullable=False),  # price, zone, sweep, flip, invalidated, condition
    Column("threshold", Float),  # a price, or a score
    Column("direction", String(8)),  # above, below; NULL: both
    Column("repeats", Boolean, nullable=False),
    Column("cooldown_s", BigInteger, nullable=False),
    Column("created_s", BigInteger, nullable=False),
    Column("basis_id", BigInteger, ForeignKey("published.id")),  # what was published when it was set
    Column("state", Text, nullable=False),  # what is remembered between two looks
    Column("last_fired_s", BigInteger),
    Column("quiet_from", String(5)),  # 22:00, NULL: no quiet hours
    Column("quiet_to", String(5)),
    Column("time_zone", String(LONGEST_VALUE)),  # of the quiet hours
    Column("paused_why", String(200)),  # NULL: active
    sqlite_autoincrement=True,
)
Index(None, alert.c.paused_why, alert.c.symbol)

delivery = Table(
    "delivery",
    metadata,
    _id(),
    Column("kind", String(16), nullable=False),  # report, alert, notice
    Column("subject_id", BigInteger, nullable=False),  # of the subscription or alert; of a person for a notice
    Column("due_s", BigInteger, nullable=False),
    Column("until_s", BigInteger, nullable=False),  # later than this it is of no use
    *_whose(),
    Column("content", Text, nullable=False),  # what the message is made from
    Column("status", String(16), nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("next_try_s", BigInteger, nullable=False),
    Column("holder", String(LONGEST_VALUE)),
    Column("lease_until_s", BigInteger),
    Column("began_s", BigInteger),  # since when the platform may have it: how old a nonce is
    Column("message_id", BigInteger),
    Column("note", String(200)),
    Column("ended_s", BigInteger),
    UniqueConstraint("kind", "subject_id", "due_s"),
)
Index(None, delivery.c.status, delivery.c.next_try_s)

lease = Table(
    "lease",
    metadata,
    Column("name", String(LONGEST_VALUE), primary_key=True),
    Column("holder", String(LONGEST_VALUE), nullable=False),
    Column("until_s", BigInteger, nullable=False),
)
