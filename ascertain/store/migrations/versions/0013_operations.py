"""What agents used by day, and how the last pull of each kind of record went."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision: str | None = "0012"
branch_labels: str | None = None
depends_on: str | None = None

ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "usage_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("crew", ID, nullable=False),
        sa.Column("agent", ID, nullable=False),
        sa.Column("brain", ID, nullable=False),
        sa.Column("calls", NUMBER, nullable=False),
        sa.Column("prompt", NUMBER, nullable=False),
        sa.Column("completion", NUMBER, nullable=False),
        sa.Column("usd", sa.Double(), nullable=False),
        sa.Column("unpriced", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("day", "crew", "agent", "brain", name=op.f("pk_usage_days")),
    )
    op.create_table(
        "sync_attempts",
        sa.Column("connector", ID, nullable=False),
        sa.Column("entity", ID, nullable=False),
        sa.Column("tried_at", INSTANT, nullable=False),
        sa.Column("ok_at", INSTANT, nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("remedy", sa.Text(), nullable=False),
        sa.Column("retry_at", INSTANT, nullable=True),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("totals", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("connector", "entity", name=op.f("pk_sync_attempts")),
    )


def downgrade() -> None:
    op.drop_table("sync_attempts")
    op.drop_table("usage_days")
