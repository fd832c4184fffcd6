"""Notices given, consents of persons and of the organisation.

What the HR system has said so far is carried over where it was said: a no to reviews, a yes to messages. A yes to
reviews was also what stood where nobody had said anything, so it is not taken for consent: `sync --full` reads anew
what the HR system has.
"""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision: str | None = "0008"
branch_labels: str | None = None
depends_on: str | None = None

ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "consents",
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("learner_id", ID, nullable=False),
        *_said(),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["learner_id"], ["learners.id"], name=op.f("fk_consents_learner_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_consents")),
    )
    op.create_index("ix_consents_learner_id_number", "consents", ["learner_id", "number"], unique=False)
    op.create_table(
        "standing_consents",
        sa.Column("learner_id", ID, nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["learner_id"], ["learners.id"], name=op.f("fk_standing_consents_learner_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("learner_id", name=op.f("pk_standing_consents")),
    )
    op.create_table(
        "organisation_consents",
        sa.Column("number", NUMBER, nullable=False),
        *_said(),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_organisation_consents")),
    )
    op.create_table(
        "notices",
        sa.Column("id", ID, nullable=False),
        sa.Column("cohort", sa.Text(), nullable=False),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("text_version", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("representatives_on", sa.Date(), nullable=True),
        sa.Column("joiners", sa.Boolean(), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
    )
    op.create_table(
        "notice_people",
        sa.Column("notice_id", ID, nullable=False),
        sa.Column("learner_id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["notices.id"], name=op.f("fk_notice_people_notice_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["learner_id"], ["learners.id"], name=op.f("fk_notice_people_learner_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("notice_id", "learner_id", name=op.f("pk_notice_people")),
    )
    op.create_index(op.f("ix_notice_people_learner_id"), "notice_people", ["learner_id"], unique=False)
    _carry_over()
    op.drop_column("learners", "reviews_consent")
    op.drop_column("learners", "messages_consent")


def _said() -> list[sa.Column[object]]:
    return [
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("said_on", sa.Date(), nullable=False),
        sa.Column("text_version", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
    ]


def _carry_over() -> None:
    bind = op.get_bind()
    learners = sa.table(
        "learners",
        sa.column("id"),
        sa.column("reviews_consent", sa.Boolean()),
        sa.column("messages_consent", sa.Boolean()),
        sa.column("updated_at", sa.Text() if bind.dialect.name == "sqlite" else sa.DateTime(timezone=True)),
    )
    consents = sa.table(
        "consents",
        *(sa.column(n) for n in ("learner_id", "topic", "origin", "text_version", "actor", "reason", "at")),
        sa.column("given", sa.Boolean()),
        sa.column("said_on", sa.Date()),
    )
    standing = sa.table("standing_consents", sa.column("learner_id"), sa.column("answers", sa.JSON()))
    for row in bind.execute(sa.select(learners).order_by(learners.c.id)).all():
        given = ["messages"] if row.messages_consent else []
        refused = [] if row.reviews_consent else ["peer_feedback", "reviews"]
        day = str(row.updated_at)[:10]
        for topic in (*given, *refused):
            said = {"learner_id": row.id, "topic": topic, "given": topic in given, "origin": "hris"}
            same = {"text_version": "", "actor": "hris", "reason": "", "at": row.updated_at}
            bind.execute(sa.insert(consents).values(**said, **same, said_on=date.fromisoformat(day)))
        if given or refused:
            answers = {"given": given, "refused": refused, "withdrawals": 0}
            bind.execute(sa.insert(standing).values(learner_id=row.id, answers=answers))


def downgrade() -> None:
    op.add_column("learners", sa.Column("reviews_consent", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("learners", sa.Column("messages_consent", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.drop_index(op.f("ix_notice_people_learner_id"), "notice_people")
    for name in ("notice_people", "notices", "organisation_consents", "standing_consents"):
        op.drop_table(name)
    op.drop_index("ix_consents_learner_id_number", "consents")
    op.drop_table("consents")
