"""Reports, alerts, what they showed, and what is sent of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_SHORT = sa.String(64)


def upgrade() -> None:
    """Add what was published, subscriptions, alerts, deliveries and leases."""
    _published()
    _subscription()
    _alert()
    _delivery()
    op.create_table(
        "lease",
        sa.Column("name", _SHORT, nullable=False),
        sa.Column("holder", _SHORT, nullable=False),
        sa.Column("until_s", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_lease"),
    )


def downgrade() -> None:
    """Drop them all."""
    for table in ("lease", "delivery", "alert", "subscription", "published"):
        op.drop_table(table)


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False, autoincrement=True)


def _whose() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("platform", sa.String(16), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("topic_id", sa.BigInteger()),
        sa.Column("community_id", sa.BigInteger()),
        sa.Column("silent", sa.Boolean(), nullable=False),
    )


def _published() -> None:
    op.create_table(
        "published",
        _id(),
        sa.Column("symbol", _SHORT, nullable=False),
        sa.Column("asked", _SHORT, nullable=False),
        sa.Column("source", _SHORT, nullable=False),
        sa.Column("as_of_s", sa.BigInteger(), nullable=False),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_published"),
        sa.UniqueConstraint("symbol", "asked", "source", "as_of_s", name="uq_published_symbol_asked_source_as_of_s"),
    )


def _subscription() -> None:
    op.create_table(
        "subscription",
        _id(),
        *_whose(),
        sa.Column("symbols", sa.String(200), nullable=False),
        *(sa.Column(wish, _SHORT) for wish in ("window", "model", "venue", "theme")),
        sa.Column("rhythm", sa.String(16), nullable=False),
        sa.Column("local_time", sa.String(5)),
        sa.Column("every_hours", sa.Integer()),
        sa.Column("days", sa.String(7)),
        sa.Column("time_zone", _SHORT, nullable=False),
        sa.Column("created_s", sa.BigInteger(), nullable=False),
        sa.Column("next_due_s", sa.BigInteger()),
        sa.Column("last_due_s", sa.BigInteger()),
        sa.Column("shown", sa.Text()),
        sa.Column("paused_why", sa.String(200)),
        sa.PrimaryKeyConstraint("id", name="pk_subscription"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_subscription_paused_why_next_due_s", "subscription", ["paused_why", "next_due_s"])


def _alert() -> None:
    op.create_table(
        "alert",
        _id(),
        *_whose(),
        sa.Column("symbol", _SHORT, nullable=False),
        sa.Column("venue", _SHORT),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("threshold", sa.Float()),
        sa.Column("direction", sa.String(8)),
        sa.Column("repeats", sa.Boolean(), nullable=False),
        sa.Column("cooldown_s", sa.BigInteger(), nullable=False),
        sa.Column("created_s", sa.BigInteger(), nullable=False),
        sa.Column("basis_id", sa.BigInteger()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("last_fired_s", sa.BigInteger()),
        sa.Column("quiet_from", sa.String(5)),
        sa.Column("quiet_to", sa.String(5)),
        sa.Column("time_zone", _SHORT),
        sa.Column("paused_why", sa.String(200)),
        sa.PrimaryKeyConstraint("id", name="pk_alert"),
        sa.ForeignKeyConstraint(["basis_id"], ["published.id"], name="fk_alert_basis_id_published"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_alert_paused_why_symbol", "alert", ["paused_why", "symbol"])


def _delivery() -> None:
    op.create_table(
        "delivery",
        _id(),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("due_s", sa.BigInteger(), nullable=False),
        sa.Column("until_s", sa.BigInteger(), nullable=False),
        *_whose(),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_try_s", sa.BigInteger(), nullable=False),
        sa.Column("holder", _SHORT),
        sa.Column("lease_until_s", sa.BigInteger()),
        sa.Column("began_s", sa.BigInteger()),
        sa.Column("message_id", sa.BigInteger()),
        sa.Column("note", sa.String(200)),
        sa.Column("ended_s", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_delivery"),
        sa.UniqueConstraint("kind", "subject_id", "due_s", name="uq_delivery_kind_subject_id_due_s"),
    )
    op.create_index("ix_delivery_status_next_try_s", "delivery", ["status", "next_try_s"])
