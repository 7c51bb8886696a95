"""Preferences of people and of chats."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_WISHES = ("symbol", "window", "model", "venue", "theme", "time_zone", "language")
_TABLES = (("person_preference", "user_id"), ("chat_preference", "chat_id"))


def upgrade() -> None:
    """Add a row of wishes for each person and for each chat that has any."""
    for table, number in _TABLES:
        op.create_table(
            table,
            sa.Column("platform", sa.String(16), nullable=False),
            sa.Column(number, sa.BigInteger(), nullable=False, autoincrement=False),
            *(sa.Column(wish, sa.String(64)) for wish in _WISHES),
            sa.PrimaryKeyConstraint("platform", number, name=f"pk_{table}"),
        )


def downgrade() -> None:
    """Drop both."""
    for table, _ in reversed(_TABLES):
        op.drop_table(table)
