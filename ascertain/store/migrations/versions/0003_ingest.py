"""What folded evidence is counted from, jobs that an HRIS describes, consent to messages, evidence by its record."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision: str | None = "0002"
branch_labels: str | None = None
depends_on: str | None = None

ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    op.add_column("learners", sa.Column("messages_consent", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "engagements",
        sa.Column("ref", ID, nullable=False),
        sa.Column("learner_id", ID, nullable=False),
        sa.Column("evidence_id", ID, nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("minutes", sa.Double(), nullable=True),
        sa.Column("progress", sa.Double(), nullable=True),
        sa.Column("used_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["learner_id"], ["learners.id"], name=op.f("fk_engagements_learner_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_engagements")),
    )
    op.create_index("ix_engagements_evidence_id", "engagements", ["evidence_id"], unique=False)
    op.create_index(op.f("ix_engagements_learner_id"), "engagements", ["learner_id"], unique=False)
    op.create_table(
        "job_proposals",
        sa.Column("ref", ID, nullable=False),
        sa.Column("connection", ID, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("skills", sa.JSON(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("accepted_as", ID, nullable=True),
        sa.Column("seen_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_job_proposals")),
    )
    op.create_index(op.f("ix_job_proposals_connection"), "job_proposals", ["connection"], unique=False)
    op.create_index("ix_evidence_source_ref", "evidence", ["source_ref"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_evidence_source_ref", "evidence")
    op.drop_table("job_proposals")
    op.drop_table("engagements")
    op.drop_column("learners", "messages_consent")
