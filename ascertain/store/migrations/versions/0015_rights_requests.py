"""What people ask for about their data; disputes that are overdue and were put before somebody else."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision: str | None = "0014"
branch_labels: str | None = None
depends_on: str | None = None

ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "rights_requests",
        sa.Column("id", ID, nullable=False),
        sa.Column("learner_id", ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("longer_because", sa.Text(), nullable=False),
        sa.Column("state", ID, nullable=False),
        sa.Column("answered_by", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["learner_id"], ["learners.id"], name=op.f("fk_rights_requests_learner_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rights_requests")),
    )
    op.create_index(op.f("ix_rights_requests_learner_id"), "rights_requests", ["learner_id"], unique=False)
    op.create_index("ix_rights_requests_state_due_on", "rights_requests", ["state", "due_on"], unique=False)
    op.add_column("disputes", sa.Column("escalated_to", sa.Text(), nullable=True))
    op.add_column("disputes", sa.Column("escalated_at", INSTANT, nullable=True))


def downgrade() -> None:
    op.drop_column("disputes", "escalated_at")
    op.drop_column("disputes", "escalated_to")
    op.drop_index("ix_rights_requests_state_due_on", "rights_requests")
    op.drop_index(op.f("ix_rights_requests_learner_id"), "rights_requests")
    op.drop_table("rights_requests")
