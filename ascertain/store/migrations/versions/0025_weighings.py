"""What the catalogue crew found about texts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision: str | None = "0024"
branch_labels: str | None = None
depends_on: str | None = None

ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "content_weighings",
        sa.Column("content_hash", ID, nullable=False),
        sa.Column("tagger", ID, nullable=False),
        sa.Column("weigher", ID, nullable=False),
        sa.Column("content_id", ID, nullable=False),
        sa.Column("kept", sa.JSON(), nullable=False),
        sa.Column("refused", sa.JSON(), nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("weighed_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("content_hash", "tagger", name=op.f("pk_content_weighings")),
    )


def downgrade() -> None:
    op.drop_table("content_weighings")
