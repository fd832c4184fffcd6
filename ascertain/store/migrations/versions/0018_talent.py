"""Openings, what people want, and lists of people for an opening."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision: str | None = "0016"
branch_labels: str | None = None
depends_on: str | None = None

ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "openings",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("requirements", sa.JSON(), nullable=False),
        sa.Column("source", ID, nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("hours_per_week", sa.Double(), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("closes_on", sa.Date(), nullable=True),
        sa.Column("manager_id", ID, nullable=False),
        sa.Column("job_profile_id", ID, nullable=False),
        sa.Column("closed_because", sa.Text(), nullable=False),
        sa.Column("closed_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_openings")),
    )
    op.create_index("ix_openings_manager_id", "openings", ["manager_id"], unique=False)
    op.create_table(
        "wishes",
        sa.Column("learner_id", ID, nullable=False),
        sa.Column("topic", ID, nullable=False),
        sa.Column("about", ID, nullable=False),
        sa.Column("want", sa.Text(), nullable=False),
        sa.Column("stated_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["learner_id"], ["learners.id"], name=op.f("fk_wishes_learner_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("learner_id", "topic", "about", name=op.f("pk_wishes")),
    )
    op.create_index("ix_wishes_about", "wishes", ["about"], unique=False)
    op.create_table(
        "match_lists",
        sa.Column("opening_id", ID, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("considered", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["opening_id"], ["openings.id"], name=op.f("fk_match_lists_opening_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("opening_id", name=op.f("pk_match_lists")),
    )
    op.create_table(
        "matches",
        sa.Column("opening_id", ID, nullable=False),
        sa.Column("learner_id", ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("best", sa.Integer(), nullable=False),
        sa.Column("worst", sa.Integer(), nullable=False),
        sa.Column("low", sa.Double(), nullable=False),
        sa.Column("point", sa.Double(), nullable=False),
        sa.Column("high", sa.Double(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("rests_on", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["learner_id"], ["learners.id"], name=op.f("fk_matches_learner_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["opening_id"], ["match_lists.opening_id"], name=op.f("fk_matches_opening_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("opening_id", "learner_id", name=op.f("pk_matches")),
    )
    op.create_index(op.f("ix_matches_learner_id"), "matches", ["learner_id"], unique=False)
    op.create_table(
        "match_checks",
        sa.Column("opening_id", ID, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("checked_at", INSTANT, nullable=False),
        sa.Column("comparisons", sa.Integer(), nullable=False),
        sa.Column("flagged", sa.Integer(), nullable=False),
        sa.Column("too_few", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["opening_id"], ["openings.id"], name=op.f("fk_match_checks_opening_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("opening_id", name=op.f("pk_match_checks")),
    )


def downgrade() -> None:
    op.drop_table("match_checks")
    op.drop_index(op.f("ix_matches_learner_id"), "matches")
    op.drop_table("matches")
    op.drop_table("match_lists")
    op.drop_index("ix_wishes_about", "wishes")
    op.drop_table("wishes")
    op.drop_index("ix_openings_manager_id", "openings")
    op.drop_table("openings")
