"""What became of what was published."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add a grade for each answer that was published, once its horizon has ended."""
    op.create_table(
        "grade",
        sa.Column("published_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("graded_s", sa.BigInteger(), nullable=False),
        sa.Column("grade", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("published_id", name="pk_grade"),
        sa.ForeignKeyConstraint(["published_id"], ["published.id"], name="fk_grade_published_id_published"),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("grade")
