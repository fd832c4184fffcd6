"""Votes on content tags; changes of the taxonomy with proposals, answers, overlays and moves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision: str | None = "0013"
branch_labels: str | None = None
depends_on: str | None = None

ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "content_tag_votes",
        sa.Column("id", ID, nullable=False),
        sa.Column("content_id", ID, nullable=False),
        sa.Column("content_hash", ID, nullable=False),
        sa.Column("skill_id", ID, nullable=False),
        sa.Column("taxonomy", ID, nullable=False),
        sa.Column("vote", sa.Text(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=True),
        sa.Column("suggested", sa.Double(), nullable=True),
        sa.Column("suggested_level", sa.Integer(), nullable=False),
        sa.Column("voter", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("voted_at", INSTANT, nullable=False),
        sa.CheckConstraint("level BETWEEN 1 AND 5", name=op.f("ck_content_tag_votes_level")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_content_tag_votes")),
    )
    op.create_index("ix_content_tag_votes_content_hash_skill_id", "content_tag_votes", ["content_hash", "skill_id"])
    op.create_index(op.f("ix_content_tag_votes_content_id"), "content_tag_votes", ["content_id"])
    op.create_table(
        "content_tag_rulings",
        sa.Column("content_hash", ID, nullable=False),
        sa.Column("skill_id", ID, nullable=False),
        sa.Column("taxonomy", ID, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("probability", sa.Double(), nullable=False),
        sa.Column("yes", sa.Integer(), nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.CheckConstraint("level BETWEEN 1 AND 5", name=op.f("ck_content_tag_rulings_level")),
        sa.CheckConstraint("probability BETWEEN 0 AND 1", name=op.f("ck_content_tag_rulings_probability")),
        sa.PrimaryKeyConstraint("content_hash", "skill_id", "taxonomy", name=op.f("pk_content_tag_rulings")),
    )
    op.create_table(
        "content_tag_outcomes",
        sa.Column("content_id", ID, nullable=False),
        sa.Column("skill_id", ID, nullable=False),
        sa.Column("taxonomy", ID, nullable=False),
        sa.Column("finished", sa.Integer(), nullable=False),
        sa.Column("finished_well", sa.Integer(), nullable=False),
        sa.Column("others", sa.Integer(), nullable=False),
        sa.Column("others_well", sa.Integer(), nullable=False),
        sa.Column("measured_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("content_id", "skill_id", "taxonomy", name=op.f("pk_content_tag_outcomes")),
    )
    op.create_table(
        "taxonomy_proposals",
        sa.Column("id", ID, nullable=False),
        sa.Column("taxonomy", ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("change", sa.JSON(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("state", ID, nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("proposed_at", INSTANT, nullable=False),
        sa.Column("seen_at", INSTANT, nullable=False),
        sa.Column("overlay", ID, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_taxonomy_proposals")),
    )
    op.create_index(op.f("ix_taxonomy_proposals_taxonomy"), "taxonomy_proposals", ["taxonomy"])
    op.create_index(op.f("ix_taxonomy_proposals_state"), "taxonomy_proposals", ["state"])
    op.create_table(
        "taxonomy_answers",
        sa.Column("number", NUMBER, autoincrement=False, nullable=False),
        sa.Column("proposal_id", ID, nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("answered_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["proposal_id"],
            ["taxonomy_proposals.id"],
            name=op.f("fk_taxonomy_answers_proposal_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_taxonomy_answers")),
    )
    op.create_index(op.f("ix_taxonomy_answers_proposal_id"), "taxonomy_answers", ["proposal_id"])
    op.create_table(
        "taxonomy_overlays",
        sa.Column("version", ID, nullable=False),
        sa.Column("base", ID, nullable=False),
        sa.Column("taxonomy", ID, nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_taxonomy_overlays")),
    )
    op.create_index(op.f("ix_taxonomy_overlays_taxonomy"), "taxonomy_overlays", ["taxonomy"])
    op.create_table(
        "taxonomy_uses",
        sa.Column("number", NUMBER, autoincrement=False, nullable=False),
        sa.Column("taxonomy", ID, nullable=False),
        sa.Column("version", ID, nullable=False),
        sa.Column("proposal_id", ID, nullable=False),
        sa.Column("used_from", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_taxonomy_uses")),
    )
    op.create_index(op.f("ix_taxonomy_uses_taxonomy"), "taxonomy_uses", ["taxonomy"])
    op.create_table(
        "taxonomy_moves",
        sa.Column("proposal_id", ID, nullable=False),
        sa.Column("learner_id", ID, nullable=False),
        sa.Column("before_run", ID, nullable=False),
        sa.Column("after_run", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["learner_id"], ["learners.id"], name=op.f("fk_taxonomy_moves_learner_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("proposal_id", "learner_id", name=op.f("pk_taxonomy_moves")),
    )


def downgrade() -> None:
    for name in ("moves", "uses", "overlays", "answers", "proposals"):
        op.drop_table(f"taxonomy_{name}")
    for name in ("outcomes", "rulings", "votes"):
        op.drop_table(f"content_tag_{name}")
