"""Calibrations and who approved them; assertions keep the posterior apart."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision: str | None = "0010"
branch_labels: str | None = None
depends_on: str | None = None

ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "calibrations",
        sa.Column("number", NUMBER, autoincrement=False, nullable=False),
        sa.Column("version", ID, nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("fitted_at", INSTANT, nullable=False),
        sa.Column("fitted_by", sa.Text(), nullable=False),
        sa.Column("approved_at", INSTANT, nullable=True),
        sa.Column("approved_by", sa.Text(), nullable=False),
        sa.Column("approval_reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_calibrations")),
        sa.UniqueConstraint("version", name=op.f("uq_calibrations_version")),
    )
    op.create_table(
        "calibration_uses",
        sa.Column("number", NUMBER, autoincrement=False, nullable=False),
        sa.Column("version", ID, nullable=False),
        sa.Column("used_from", INSTANT, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_calibration_uses")),
    )
    op.add_column("assertions", sa.Column("raw", sa.Double(), nullable=True))


def downgrade() -> None:
    op.drop_column("assertions", "raw")
    op.drop_table("calibration_uses")
    op.drop_table("calibrations")
