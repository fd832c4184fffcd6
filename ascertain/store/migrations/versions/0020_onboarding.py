"""Plans of somebody's first 90 days, their versions, and what people said about them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision: str | None = "0018"
branch_labels: str | None = None
depends_on: str | None = None

ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")


def _of_learner(name: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["learner_id"], ["learners.id"], name=op.f(f"fk_{name}_learner_id"), ondelete="CASCADE"
    )


def _of_plan(name: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["plan_id"], ["onboarding_plans.id"], name=op.f(f"fk_{name}_plan_id"), ondelete="CASCADE"
    )


def upgrade() -> None:
    op.create_table(
        "onboarding_plans",
        sa.Column("id", ID, nullable=False),
        sa.Column("learner_id", ID, nullable=False),
        sa.Column("role_id", ID, nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("given", sa.JSON(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("state", ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("hours_per_week", sa.Double(), nullable=False),
        sa.Column("milestones", sa.JSON(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("remarks", sa.JSON(), nullable=False),
        sa.Column("left_out", sa.JSON(), nullable=False),
        sa.Column("made_with", sa.JSON(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_at", INSTANT, nullable=True),
        _of_learner("onboarding_plans"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_onboarding_plans")),
    )
    op.create_index(op.f("ix_onboarding_plans_learner_id"), "onboarding_plans", ["learner_id"], unique=False)
    op.create_index("ix_onboarding_plans_state_starts_on", "onboarding_plans", ["state", "starts_on"], unique=False)
    op.create_table(
        "onboarding_versions",
        sa.Column("plan_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("learner_id", ID, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("milestones", sa.JSON(), nullable=False),
        _of_plan("onboarding_versions"),
        _of_learner("onboarding_versions"),
        sa.PrimaryKeyConstraint("plan_id", "number", name=op.f("pk_onboarding_versions")),
    )
    op.create_index(op.f("ix_onboarding_versions_learner_id"), "onboarding_versions", ["learner_id"], unique=False)
    op.create_table(
        "onboarding_comments",
        sa.Column("id", ID, nullable=False),
        sa.Column("plan_id", ID, nullable=False),
        sa.Column("learner_id", ID, nullable=False),
        sa.Column("milestone_id", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        _of_plan("onboarding_comments"),
        _of_learner("onboarding_comments"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_onboarding_comments")),
    )
    op.create_index(op.f("ix_onboarding_comments_plan_id"), "onboarding_comments", ["plan_id"], unique=False)
    op.create_index(op.f("ix_onboarding_comments_learner_id"), "onboarding_comments", ["learner_id"], unique=False)


def downgrade() -> None:
    op.drop_table("onboarding_comments")
    op.drop_table("onboarding_versions")
    op.drop_table("onboarding_plans")
