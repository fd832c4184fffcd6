"""Answers of language models that stood, for the next try of a run that did not finish."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision: str | None = "0025"
branch_labels: str | None = None
depends_on: str | None = None

ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "kept_answers",
        sa.Column("run_id", ID, nullable=False),
        sa.Column("learner_id", ID, nullable=False),
        sa.Column("answers", NUMBER, nullable=False),
        sa.Column("kept_at", INSTANT, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["learner_id"], ["learners.id"], name=op.f("fk_kept_answers_learner_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_kept_answers_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_kept_answers")),
    )
    op.create_index(op.f("ix_kept_answers_learner_id"), "kept_answers", ["learner_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_kept_answers_learner_id"), "kept_answers")
    op.drop_table("kept_answers")
