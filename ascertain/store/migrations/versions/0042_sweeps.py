"""Sweeps with their reports; since when a person's name is known."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision: str | None = "0035"
branch_labels: str | None = None
depends_on: str | None = None

ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "sweeps",
        sa.Column("id", ID, nullable=False),
        sa.Column("cohort", sa.Text(), nullable=False),
        sa.Column("trigger", sa.Text(), nullable=False),
        sa.Column("force", sa.Boolean(), nullable=False),
        sa.Column("queued", sa.Boolean(), nullable=False),
        sa.Column("state", ID, nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("touched_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("after_id", sa.Text(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("expected", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sweeps")),
    )
    op.create_index(op.f("ix_sweeps_started_at"), "sweeps", ["started_at"], unique=False)
    marks = op.create_table(
        "sweep_marks",
        sa.Column("name", ID, nullable=False),
        sa.Column("number", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_sweep_marks")),
    )
    # People stored before have no `named_in`: their names are in the cases made of them.
    op.bulk_insert(marks, [{"name": "names", "number": 0}])
    op.add_column("learners", sa.Column("named_in", NUMBER, nullable=True))
    op.create_index(op.f("ix_learners_named_in"), "learners", ["named_in"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_learners_named_in"), table_name="learners")
    op.drop_column("learners", "named_in")
    op.drop_table("sweep_marks")
    op.drop_index(op.f("ix_sweeps_started_at"), table_name="sweeps")
    op.drop_table("sweeps")
