"""Key roles, who was nominated for them, how ready they were month by month, and bias checks of the lists."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision: str | None = "0028"
branch_labels: str | None = None
depends_on: str | None = None

ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")


def _of_role(source: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{source}_key_role_id")
    return sa.ForeignKeyConstraint(["key_role_id"], ["key_roles.id"], name=name, ondelete="CASCADE")


def _of_person(source: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{source}_learner_id")
    return sa.ForeignKeyConstraint(["learner_id"], ["learners.id"], name=name, ondelete="CASCADE")


def upgrade() -> None:
    op.create_table(
        "key_roles",
        sa.Column("id", ID, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("job_profile_id", ID, nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("source", ID, nullable=False),
        sa.Column("incumbents", sa.JSON(), nullable=False),
        sa.Column("keeper_id", ID, nullable=False),
        sa.Column("closed", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_roles")),
    )
    op.create_table(
        "succession_candidates",
        sa.Column("key_role_id", ID, nullable=False),
        sa.Column("learner_id", ID, nullable=False),
        sa.Column("nominated_by", sa.Text(), nullable=False),
        sa.Column("nominated_at", INSTANT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("objected_at", INSTANT, nullable=True),
        sa.Column("objection", sa.Text(), nullable=False),
        _of_role("succession_candidates"),
        _of_person("succession_candidates"),
        sa.PrimaryKeyConstraint("key_role_id", "learner_id", name=op.f("pk_succession_candidates")),
    )
    op.create_index(op.f("ix_succession_candidates_learner_id"), "succession_candidates", ["learner_id"], unique=False)
    op.create_table(
        "readiness_snapshots",
        sa.Column("key_role_id", ID, nullable=False),
        sa.Column("learner_id", ID, nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("taken_at", INSTANT, nullable=False),
        *(
            sa.Column(name, sa.Double(), nullable=False)
            for name in ("low", "point", "high", "weeks_low", "weeks", "weeks_high")
        ),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("best", "band", "worst")),
        sa.Column("enough", sa.Boolean(), nullable=False),
        sa.Column("known", sa.Double(), nullable=False),
        _of_role("readiness_snapshots"),
        _of_person("readiness_snapshots"),
        sa.PrimaryKeyConstraint("key_role_id", "learner_id", "month", name=op.f("pk_readiness_snapshots")),
    )
    op.create_index(op.f("ix_readiness_snapshots_learner_id"), "readiness_snapshots", ["learner_id"], unique=False)
    op.create_table(
        "succession_checks",
        sa.Column("key_role_id", ID, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("checked_at", INSTANT, nullable=False),
        sa.Column("comparisons", sa.Integer(), nullable=False),
        sa.Column("flagged", sa.Integer(), nullable=False),
        sa.Column("too_few", sa.Integer(), nullable=False),
        _of_role("succession_checks"),
        sa.PrimaryKeyConstraint("key_role_id", name=op.f("pk_succession_checks")),
    )


def downgrade() -> None:
    op.drop_table("succession_checks")
    op.drop_index(op.f("ix_readiness_snapshots_learner_id"), "readiness_snapshots")
    op.drop_table("readiness_snapshots")
    op.drop_index(op.f("ix_succession_candidates_learner_id"), "succession_candidates")
    op.drop_table("succession_candidates")
    op.drop_table("key_roles")
