"""Who may do what: grants of roles, sessions, keys that expire."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision: str | None = "0005"
branch_labels: str | None = None
depends_on: str | None = None

ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")


def _learner(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["learner_id"], ["learners.id"], name=op.f(f"fk_{table}_learner_id"), ondelete="CASCADE"
    )


def upgrade() -> None:
    op.create_table(
        "role_grants",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", ID, nullable=False),
        sa.Column("learner_id", ID, nullable=True),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("populations", sa.JSON(), nullable=False),
        sa.Column("skills", sa.JSON(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("granted_by", sa.Text(), nullable=False),
        sa.Column("granted_at", INSTANT, nullable=False),
        sa.Column("revoked_at", INSTANT, nullable=True),
        _learner("role_grants"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_grants")),
    )
    op.create_index("ix_role_grants_learner_id", "role_grants", ["learner_id"], unique=False)
    op.create_index("ix_role_grants_name_key", "role_grants", ["name_key"], unique=False)
    op.create_table(
        "reviewer_trainings",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", ID, nullable=False),
        sa.Column("learner_id", ID, nullable=True),
        sa.Column("trained_on", sa.Date(), nullable=False),
        _learner("reviewer_trainings"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviewer_trainings")),
    )
    op.create_index("ix_reviewer_trainings_learner_id", "reviewer_trainings", ["learner_id"], unique=False)
    op.create_index("ix_reviewer_trainings_name_key", "reviewer_trainings", ["name_key"], unique=False)
    op.create_table(
        "sessions",
        sa.Column("digest", ID, nullable=False),
        sa.Column("via", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("learner_id", ID, nullable=True),
        sa.Column("grants", sa.JSON(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("seen_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("revoked_at", INSTANT, nullable=True),
        _learner("sessions"),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_sessions")),
    )
    op.create_index("ix_sessions_learner_id", "sessions", ["learner_id"], unique=False)
    op.create_table(
        "sign_ins",
        sa.Column("digest", ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("learner_id", ID, nullable=True),
        sa.Column("held", sa.JSON(), nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        _learner("sign_ins"),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_sign_ins")),
    )
    op.create_index("ix_sign_ins_learner_id", "sign_ins", ["learner_id"], unique=False)
    op.add_column("api_keys", sa.Column("expires_at", INSTANT, nullable=True))
    op.add_column("api_keys", sa.Column("last_used_at", INSTANT, nullable=True))
    op.add_column("api_keys", sa.Column("replaced_by", ID, nullable=True))
    op.add_column("api_keys", sa.Column("populations", sa.JSON(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("api_keys") as keys:
        for column in ("populations", "replaced_by", "last_used_at", "expires_at"):
            keys.drop_column(column)
    op.drop_table("sign_ins")
    op.drop_table("sessions")
    op.drop_table("reviewer_trainings")
    op.drop_table("role_grants")
