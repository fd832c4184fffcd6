"""Writes of the API: answers under idempotency keys, assessments that somebody asked for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision: str | None = "0011"
branch_labels: str | None = None
depends_on: str | None = None

ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "api_requests",
        sa.Column("caller", ID, nullable=False),
        sa.Column("key", ID, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("began_at", INSTANT, nullable=False),
        sa.Column("learner_id", ID, nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["learner_id"], ["learners.id"], name=op.f("fk_api_requests_learner_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("caller", "key", name=op.f("pk_api_requests")),
    )
    op.create_index("ix_api_requests_learner_id", "api_requests", ["learner_id"], unique=False)
    op.create_table(
        "run_requests",
        sa.Column("id", ID, nullable=False),
        sa.Column("cohort", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("force", sa.Boolean(), nullable=False),
        sa.Column("cancelled_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run_requests")),
    )
    op.create_table(
        "run_request_members",
        sa.Column("request_id", ID, nullable=False),
        sa.Column("learner_id", ID, nullable=False),
        sa.Column("run_id", ID, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("cancelled_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["request_id"], ["run_requests.id"], name=op.f("fk_run_request_members_request_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["learner_id"], ["learners.id"], name=op.f("fk_run_request_members_learner_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("request_id", "learner_id", name=op.f("pk_run_request_members")),
    )
    op.create_index("ix_run_request_members_learner_id", "run_request_members", ["learner_id"], unique=False)
    op.create_index("ix_run_request_members_run_id", "run_request_members", ["run_id"], unique=False)


def downgrade() -> None:
    op.drop_table("run_request_members")
    op.drop_table("run_requests")
    op.drop_index("ix_api_requests_learner_id", "api_requests")
    op.drop_table("api_requests")
