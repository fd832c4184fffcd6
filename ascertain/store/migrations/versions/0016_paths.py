"""Paths: what people ask of them and skip; the plan of an assignment; cost and address of content."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision: str | None = "0015"
branch_labels: str | None = None
depends_on: str | None = None

ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "path_wishes",
        sa.Column("learner_id", ID, nullable=False),
        sa.Column("wishes", sa.JSON(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["learner_id"], ["learners.id"], name=op.f("fk_path_wishes_learner_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("learner_id", name=op.f("pk_path_wishes")),
    )
    op.create_table(
        "path_skips",
        sa.Column("learner_id", ID, nullable=False),
        sa.Column("content_id", ID, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["learner_id"], ["learners.id"], name=op.f("fk_path_skips_learner_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("learner_id", "content_id", name=op.f("pk_path_skips")),
    )
    op.add_column("assignments", sa.Column("plan", sa.JSON(), nullable=True))
    op.add_column("contents", sa.Column("cost", sa.Double(), nullable=True))
    op.add_column("contents", sa.Column("url", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("contents", "url")
    op.drop_column("contents", "cost")
    op.drop_column("assignments", "plan")
    op.drop_table("path_skips")
    op.drop_table("path_wishes")
