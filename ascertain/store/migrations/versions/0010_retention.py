"""Deletion records, legal holds, departures; the audit chain may be cut behind a sealed record, and only there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ascertain.errors import ConflictError

revision = "0010"
down_revision: str | None = "0009"
branch_labels: str | None = None
depends_on: str | None = None

ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

APPEND_ONLY = "audit_records is append-only"
NO_CUT = "the audit chain is cut only at a record of its own that is at least 183 days old"
SQLITE_GUARDS = (
    "DROP TRIGGER audit_records_no_delete",
    f"""CREATE TRIGGER audit_records_no_delete BEFORE DELETE ON audit_records
        WHEN OLD.seq > COALESCE((SELECT MAX(through) FROM audit_cuts), 0)
        BEGIN SELECT RAISE(ABORT, '{APPEND_ONLY}'); END""",
    f"""CREATE TRIGGER audit_records_no_return BEFORE INSERT ON audit_records
        WHEN NEW.seq <= COALESCE((SELECT MAX(through) FROM audit_cuts), 0)
        BEGIN SELECT RAISE(ABORT, '{APPEND_ONLY}'); END""",
    f"""CREATE TRIGGER audit_cuts_only_old BEFORE INSERT ON audit_cuts
        WHEN julianday(NEW.at) - julianday(NEW.until) < 183 OR NOT EXISTS (
            SELECT 1 FROM audit_records WHERE seq = NEW.through AND hash = NEW.hash AND at = NEW.until)
        BEGIN SELECT RAISE(ABORT, '{NO_CUT}'); END""",
    f"""CREATE TRIGGER audit_cuts_no_update BEFORE UPDATE ON audit_cuts
        BEGIN SELECT RAISE(ABORT, '{APPEND_ONLY}'); END""",
    f"""CREATE TRIGGER audit_cuts_no_delete BEFORE DELETE ON audit_cuts
        BEGIN SELECT RAISE(ABORT, '{APPEND_ONLY}'); END""",
)
POSTGRES_GUARDS = (
    "DROP TRIGGER audit_records_no_change ON audit_records",
    """CREATE TRIGGER audit_records_no_change BEFORE UPDATE ON audit_records
        FOR EACH ROW EXECUTE FUNCTION audit_records_refuse()""",
    f"""CREATE FUNCTION audit_records_behind_cut() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE cut bigint;
        BEGIN
            SELECT COALESCE(MAX(through), 0) INTO cut FROM audit_cuts;
            IF TG_OP = 'DELETE' THEN
                IF OLD.seq <= cut THEN RETURN OLD; END IF;
            ELSIF NEW.seq > cut THEN RETURN NEW;
            END IF;
            RAISE EXCEPTION '{APPEND_ONLY}' USING ERRCODE = 'integrity_constraint_violation';
        END $$""",
    """CREATE TRIGGER audit_records_behind_cut BEFORE DELETE OR INSERT ON audit_records
        FOR EACH ROW EXECUTE FUNCTION audit_records_behind_cut()""",
    f"""CREATE FUNCTION audit_cuts_only_old() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NEW.at - NEW.until >= INTERVAL '183 days' AND EXISTS (
                SELECT 1 FROM audit_records WHERE seq = NEW.through AND hash = NEW.hash AND at = NEW.until)
            THEN RETURN NEW; END IF;
            RAISE EXCEPTION '{NO_CUT}' USING ERRCODE = 'integrity_constraint_violation';
        END $$""",
    """CREATE TRIGGER audit_cuts_only_old BEFORE INSERT ON audit_cuts
        FOR EACH ROW EXECUTE FUNCTION audit_cuts_only_old()""",
    """CREATE TRIGGER audit_cuts_no_change BEFORE UPDATE OR DELETE ON audit_cuts
        FOR EACH ROW EXECUTE FUNCTION audit_records_refuse()""",
    """CREATE TRIGGER audit_cuts_no_truncate BEFORE TRUNCATE ON audit_cuts
        FOR EACH STATEMENT EXECUTE FUNCTION audit_records_refuse()""",
)


def upgrade() -> None:
    op.create_table(
        "deletions",
        sa.Column("id", ID, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("before", INSTANT, nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deletions")),
    )
    op.create_table(
        "deletion_marks",
        sa.Column("mark", ID, nullable=False),
        sa.Column("deletion_id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["deletion_id"], ["deletions.id"], name=op.f("fk_deletion_marks_deletion_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("mark", name=op.f("pk_deletion_marks")),
    )
    op.create_index(op.f("ix_deletion_marks_deletion_id"), "deletion_marks", ["deletion_id"], unique=False)
    op.create_table(
        "legal_holds",
        sa.Column("id", ID, nullable=False),
        sa.Column("learner_id", ID, nullable=True),
        sa.Column("cohort", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("placed_by", sa.Text(), nullable=False),
        sa.Column("placed_at", INSTANT, nullable=False),
        sa.Column("lifted_by", sa.Text(), nullable=False),
        sa.Column("lifted_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["learner_id"], ["learners.id"], name=op.f("fk_legal_holds_learner_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_holds")),
    )
    op.create_index(op.f("ix_legal_holds_learner_id"), "legal_holds", ["learner_id"], unique=False)
    op.create_table(
        "departures",
        sa.Column("learner_id", ID, nullable=False),
        sa.Column("noticed_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["learner_id"], ["learners.id"], name=op.f("fk_departures_learner_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("learner_id", name=op.f("pk_departures")),
    )
    op.create_table(
        "audit_cuts",
        sa.Column("through", NUMBER, autoincrement=False, nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("until", INSTANT, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("through", name=op.f("pk_audit_cuts")),
    )
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in SQLITE_GUARDS if sqlite else POSTGRES_GUARDS:
        op.execute(statement)


SQLITE_UNGUARDED = (
    "DROP TRIGGER audit_records_no_return",
    "DROP TRIGGER audit_records_no_delete",
    f"""CREATE TRIGGER audit_records_no_delete BEFORE DELETE ON audit_records
        BEGIN SELECT RAISE(ABORT, '{APPEND_ONLY}'); END""",
)
POSTGRES_UNGUARDED = (
    "DROP TRIGGER audit_records_behind_cut ON audit_records",
    "DROP FUNCTION audit_records_behind_cut()",
    "DROP TRIGGER audit_records_no_change ON audit_records",
    """CREATE TRIGGER audit_records_no_change BEFORE UPDATE OR DELETE ON audit_records
        FOR EACH ROW EXECUTE FUNCTION audit_records_refuse()""",
)


def downgrade() -> None:
    """An older version takes a chain that was cut for one that was tampered with: there is no way back then."""
    cuts = op.get_bind().execute(sa.text("SELECT COUNT(*) FROM audit_cuts")).scalar()
    if cuts:
        raise ConflictError(
            "the audit chain was cut, and versions before revision 0010 cannot read a chain that was",
            remedy="stay at 0010 or later, or restore a backup from before the cut",
        )
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in SQLITE_UNGUARDED if sqlite else POSTGRES_UNGUARDED:
        op.execute(statement)
    for name in ("audit_cuts", "departures", "legal_holds", "deletion_marks", "deletions"):
        op.drop_table(name)
    if not sqlite:
        op.execute("DROP FUNCTION audit_cuts_only_old()")
