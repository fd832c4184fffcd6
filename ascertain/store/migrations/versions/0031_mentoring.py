"""Mentors: offers, requests, and what is on record about two people."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision: str | None = "0032"
branch_labels: str | None = None
depends_on: str | None = None

ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")


def _person(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], ["learners.id"], name=op.f(f"fk_{table}_{column}"), ondelete="CASCADE")


def upgrade() -> None:
    op.create_table(
        "mentor_offers",
        sa.Column("learner_id", ID, nullable=False),
        sa.Column("places", sa.Integer(), nullable=False),
        sa.Column("skills", sa.JSON(), nullable=False),
        sa.Column("level_shown", sa.Boolean(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("offered_at", INSTANT, nullable=False),
        _person("mentor_offers", "learner_id"),
        sa.PrimaryKeyConstraint("learner_id", name=op.f("pk_mentor_offers")),
    )
    op.create_table(
        "mentorships",
        sa.Column("id", ID, nullable=False),
        sa.Column("learner_id", ID, nullable=False),
        sa.Column("mentor_id", ID, nullable=False),
        sa.Column("skill_id", ID, nullable=False),
        sa.Column("state", ID, nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("answered_at", INSTANT, nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        _person("mentorships", "learner_id"),
        _person("mentorships", "mentor_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mentorships")),
    )
    op.create_index(op.f("ix_mentorships_learner_id"), "mentorships", ["learner_id"], unique=False)
    op.create_index(op.f("ix_mentorships_mentor_id"), "mentorships", ["mentor_id"], unique=False)
    op.create_table(
        "mentoring_words",
        sa.Column("word", ID, nullable=False),
        sa.Column("learner_id", ID, nullable=False),
        sa.Column("other_id", ID, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        _person("mentoring_words", "learner_id"),
        _person("mentoring_words", "other_id"),
        sa.PrimaryKeyConstraint("word", "learner_id", "other_id", name=op.f("pk_mentoring_words")),
    )
    op.create_index(op.f("ix_mentoring_words_other_id"), "mentoring_words", ["other_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_mentoring_words_other_id"), "mentoring_words")
    op.drop_table("mentoring_words")
    op.drop_index(op.f("ix_mentorships_mentor_id"), "mentorships")
    op.drop_index(op.f("ix_mentorships_learner_id"), "mentorships")
    op.drop_table("mentorships")
    op.drop_table("mentor_offers")
