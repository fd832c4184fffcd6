"""Transcripts of content; whether a source states a content's level; what the tags of content depend on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision: str | None = "0022"
branch_labels: str | None = None
depends_on: str | None = None

ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "content_transcripts",
        sa.Column("content_id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("sha", ID, nullable=False),
        sa.Column("passages", sa.JSON(), nullable=False),
        sa.Column("characters", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=True),
        sa.Column("left_out", sa.Integer(), nullable=False),
        sa.Column("unread", sa.Integer(), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("added_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["content_id"], ["contents.id"], name=op.f("fk_content_transcripts_content_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("content_id", name=op.f("pk_content_transcripts")),
    )
    op.add_column("contents", sa.Column("level_stated", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("contents", sa.Column("transcript", ID, nullable=False, server_default=""))
    op.add_column("contents", sa.Column("text_hash", ID, nullable=False, server_default=""))
    op.execute("UPDATE contents SET text_hash = content_hash")
    op.create_index(op.f("ix_contents_text_hash"), "contents", ["text_hash"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_contents_text_hash"), "contents")
    for name in ("text_hash", "transcript", "level_stated"):
        op.drop_column("contents", name)
    op.drop_table("content_transcripts")
