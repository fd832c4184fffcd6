"""Pilots of a rollout: who moved which to which phase, and the reports that it rests on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision: str | None = "0020"
branch_labels: str | None = None
depends_on: str | None = None

ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "rollout_advances",
        sa.Column("number", NUMBER, autoincrement=False, nullable=False),
        sa.Column("pilot", ID, nullable=False),
        sa.Column("phase", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("report_id", ID, nullable=False),
        sa.Column("moved_by", sa.Text(), nullable=False),
        sa.Column("moved_at", INSTANT, nullable=False),
        sa.CheckConstraint("phase >= 0", name=op.f("ck_rollout_advances_phase")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_rollout_advances")),
    )
    op.create_index(op.f("ix_rollout_advances_pilot"), "rollout_advances", ["pilot"], unique=False)
    op.create_table(
        "rollout_reports",
        sa.Column("id", ID, nullable=False),
        sa.Column("pilot", ID, nullable=False),
        sa.Column("phase", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rollout_reports")),
    )
    op.create_index(op.f("ix_rollout_reports_pilot"), "rollout_reports", ["pilot"], unique=False)


def downgrade() -> None:
    op.drop_table("rollout_reports")
    op.drop_table("rollout_advances")
