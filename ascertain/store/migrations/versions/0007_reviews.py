"""The reviewers' desk: who looked and judged first, what evidence is asked for, items whose answer is known."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision: str | None = "0006"
branch_labels: str | None = None
depends_on: str | None = None

ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    op.add_column("review_items", sa.Column("own_level", sa.Integer(), nullable=True))
    op.add_column("review_items", sa.Column("shown_at", INSTANT, nullable=True))
    op.add_column("review_items", sa.Column("needs", sa.Text(), nullable=True))
    op.create_table(
        "review_looks",
        sa.Column("id", ID, nullable=False),
        sa.Column("item_id", ID, nullable=False),
        sa.Column("learner_id", ID, nullable=False),
        sa.Column("reviewer", sa.Text(), nullable=False),
        sa.Column("shown_at", INSTANT, nullable=False),
        sa.Column("own_level", sa.Integer(), nullable=True),
        sa.Column("judged_at", INSTANT, nullable=True),
        sa.CheckConstraint("own_level BETWEEN 0 AND 5", name=op.f("ck_review_looks_own_level")),
        _of_a("learner", "review_looks"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_looks")),
    )
    op.create_index("ix_review_looks_item_id", "review_looks", ["item_id"], unique=False)
    op.create_index(op.f("ix_review_looks_learner_id"), "review_looks", ["learner_id"], unique=False)
    op.create_table(
        "review_checks",
        sa.Column("id", ID, nullable=False),
        sa.Column("assertion_id", ID, nullable=False),
        sa.Column("learner_id", ID, nullable=False),
        sa.Column("skill_id", ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("suggested", sa.Integer(), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("truth", sa.Integer(), nullable=False),
        sa.Column("altered", sa.Boolean(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("assignee", ID, nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("decided_level", sa.Integer(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decision_reason", sa.Text(), nullable=False),
        sa.Column("decided_at", INSTANT, nullable=True),
        sa.Column("own_level", sa.Integer(), nullable=True),
        sa.Column("shown_at", INSTANT, nullable=True),
        sa.CheckConstraint("own_level BETWEEN 0 AND 5", name=op.f("ck_review_checks_own_level")),
        sa.CheckConstraint("truth BETWEEN 0 AND 5", name=op.f("ck_review_checks_truth")),
        sa.CheckConstraint("suggested BETWEEN 1 AND 5", name=op.f("ck_review_checks_suggested")),
        sa.CheckConstraint("decided_level BETWEEN 1 AND 5", name=op.f("ck_review_checks_decided_level")),
        _of_a("assertion", "review_checks"),
        _of_a("learner", "review_checks"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_checks")),
    )
    for column in ("assertion_id", "learner_id", "assignee"):
        op.create_index(op.f(f"ix_review_checks_{column}"), "review_checks", [column], unique=False)


def _of_a(what: str, name: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [f"{what}_id"], [f"{what}s.id"], name=op.f(f"fk_{name}_{what}_id"), ondelete="CASCADE"
    )


def downgrade() -> None:
    op.drop_table("review_checks")
    op.drop_table("review_looks")
    for column in ("needs", "shown_at", "own_level"):
        op.drop_column("review_items", column)
