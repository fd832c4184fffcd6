"""Changes of a taxonomy that are applied person by person, by the queue."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision: str | None = "0033"
branch_labels: str | None = None
depends_on: str | None = None

ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "taxonomy_batches",
        sa.Column("proposal_id", ID, nullable=False),
        sa.Column("learner_id", ID, nullable=False),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["learner_id"], ["learners.id"], name=op.f("fk_taxonomy_batches_learner_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["taxonomy_proposals.id"], name=op.f("fk_taxonomy_batches_proposal_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("proposal_id", "learner_id", name=op.f("pk_taxonomy_batches")),
    )
    op.create_index(op.f("ix_taxonomy_batches_learner_id"), "taxonomy_batches", ["learner_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_taxonomy_batches_learner_id"), "taxonomy_batches")
    op.drop_table("taxonomy_batches")
