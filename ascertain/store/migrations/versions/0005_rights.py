"""Who looked at whom, and what keeps an erased person away."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision: str | None = "0004"
branch_labels: str | None = None
depends_on: str | None = None

ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "accesses",
        sa.Column("record", NUMBER, autoincrement=False, nullable=False),
        sa.Column("learner_id", ID, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["learner_id"], ["learners.id"], name=op.f("fk_accesses_learner_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("record", "learner_id", name=op.f("pk_accesses")),
    )
    op.create_index("ix_accesses_learner_id_record", "accesses", ["learner_id", "record"], unique=False)
    op.create_table(
        "tombstones",
        sa.Column("id", ID, nullable=False),
        sa.Column("erased_at", INSTANT, nullable=False),
        sa.Column("marks", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tombstones")),
    )


def downgrade() -> None:
    op.drop_table("tombstones")
    op.drop_index("ix_accesses_learner_id_record", table_name="accesses")
    op.drop_table("accesses")
