"""What learners say of tags; since when a tag is on notice."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision: str | None = "0030"
branch_labels: str | None = None
depends_on: str | None = None

ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "learner_tag_words",
        sa.Column("learner_id", ID, nullable=False),
        sa.Column("content_hash", ID, nullable=False),
        sa.Column("skill_id", ID, nullable=False),
        sa.Column("taxonomy", ID, nullable=False),
        sa.Column("content_id", ID, nullable=False),
        sa.Column("teaches", sa.Boolean(), nullable=False),
        sa.Column("said_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["learner_id"], ["learners.id"], name=op.f("fk_learner_tag_words_learner_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint(
            "learner_id", "content_hash", "skill_id", "taxonomy", name=op.f("pk_learner_tag_words")
        ),
    )
    op.create_table(
        "content_tag_notices",
        sa.Column("content_hash", ID, nullable=False),
        sa.Column("skill_id", ID, nullable=False),
        sa.Column("taxonomy", ID, nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("retired_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("content_hash", "skill_id", "taxonomy", name=op.f("pk_content_tag_notices")),
    )


def downgrade() -> None:
    op.drop_table("content_tag_notices")
    op.drop_table("learner_tag_words")
