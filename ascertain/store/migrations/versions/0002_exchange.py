"""The exchange with other systems: call budgets, leases, webhooks in, write-back and notifications out."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision: str | None = "0001"
branch_labels: str | None = None
depends_on: str | None = None

ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")

TABLES = (
    "writeback_outbox",
    "writeback_runs",
    "notifications",
    "webhook_inbox",
    "kept_secrets",
    "api_keys",
    "switches",
    "leases",
    "call_budgets",
)


def upgrade() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
    )
    op.create_table(
        "call_budgets",
        sa.Column("key", ID, nullable=False),
        sa.Column("window_began", INSTANT, nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("blocked_until", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_call_budgets")),
    )
    op.create_table(
        "kept_secrets",
        sa.Column("connection", ID, nullable=False),
        sa.Column("name", ID, nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("kept_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("connection", "name", name=op.f("pk_kept_secrets")),
    )
    op.create_table(
        "leases",
        sa.Column("name", ID, nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("until", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
    op.create_table(
        "switches",
        sa.Column("name", ID, nullable=False),
        sa.Column("on", sa.Boolean(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_switches")),
    )
    op.create_table(
        "webhook_inbox",
        sa.Column("id", ID, nullable=False),
        sa.Column("connection", ID, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("refs", sa.JSON(), nullable=False),
        sa.Column("pull", sa.JSON(), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("occurred_at", INSTANT, nullable=True),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("done_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_inbox")),
    )
    op.create_index(op.f("ix_webhook_inbox_connection"), "webhook_inbox", ["connection"], unique=False)
    op.create_index("ix_webhook_inbox_done_at_due_at", "webhook_inbox", ["done_at", "due_at"], unique=False)
    op.create_table(
        "writeback_runs",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("undoes", ID, nullable=True),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("finished_at", INSTANT, nullable=True),
        sa.Column("totals", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_writeback_runs")),
    )
    op.create_table(
        "notifications",
        sa.Column("id", ID, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("learner_id", ID, nullable=True),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("state", ID, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("sent_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["learner_id"], ["learners.id"], name=op.f("fk_notifications_learner_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notifications")),
    )
    op.create_index(op.f("ix_notifications_learner_id"), "notifications", ["learner_id"], unique=False)
    op.create_index("ix_notifications_state_due_at", "notifications", ["state", "due_at"], unique=False)
    op.create_table(
        "writeback_outbox",
        sa.Column("id", ID, nullable=False),
        sa.Column("run_id", ID, nullable=False),
        sa.Column("learner_id", ID, nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("previous", sa.Text(), nullable=True),
        sa.Column("assertions", sa.JSON(), nullable=False),
        sa.Column("state", ID, nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("written_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["learner_id"], ["learners.id"], name=op.f("fk_writeback_outbox_learner_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["writeback_runs.id"], name=op.f("fk_writeback_outbox_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_writeback_outbox")),
    )
    op.create_index("ix_writeback_outbox_learner_id", "writeback_outbox", ["learner_id"], unique=False)
    op.create_index("ix_writeback_outbox_run_id_state", "writeback_outbox", ["run_id", "state"], unique=False)


def downgrade() -> None:
    for name in TABLES:
        op.drop_table(name)
