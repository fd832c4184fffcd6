"""Tables of who may do what: grants of roles, reviewer trainings, sessions and ways to sign in."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from ascertain.store.schema import Base
from ascertain.store.types import IdText


class RoleGrantRow(Base):
    """A role that a name has. Names of people who are no learners stay here only."""

    __tablename__ = "role_grants"
    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    name: Mapped[str]
    name_key: Mapped[str] = mapped_column(IdText, index=True)
    learner_id: Mapped[str | None] = mapped_column(IdText, ForeignKey("learners.id", ondelete="CASCADE"), index=True)
    role: Mapped[str]
    populations: Mapped[list[Any]]
    skills: Mapped[list[Any]]
    until: Mapped[date | None]
    granted_by: Mapped[str]
    granted_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class TrainingRow(Base):
    """That somebody was trained as a reviewer."""

    __tablename__ = "reviewer_trainings"
    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    name: Mapped[str]
    name_key: Mapped[str] = mapped_column(IdText, index=True)
    learner_id: Mapped[str | None] = mapped_column(IdText, ForeignKey("learners.id", ondelete="CASCADE"), index=True)
    trained_on: Mapped[date]


class SessionRow(Base):
    """Somebody is signed in. ``digest`` is the SHA-256 of what their browser holds."""

    __tablename__ = "sessions"
    digest: Mapped[str] = mapped_column(IdText, primary_key=True)
    via: Mapped[str]
    subject: Mapped[str]
    email: Mapped[str]
    learner_id: Mapped[str | None] = mapped_column(IdText, ForeignKey("learners.id", ondelete="CASCADE"), index=True)
    grants: Mapped[list[Any]]
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class SignInRow(Base):
    """A sign-in that was begun (``kind`` oidc: state, nonce and verifier in ``held``) or a link to sign in with
    (``kind`` link: whom it signs in). Each is used once. ``digest`` is the SHA-256 of the secret."""

    __tablename__ = "sign_ins"
    digest: Mapped[str] = mapped_column(IdText, primary_key=True)
    kind: Mapped[str]
    learner_id: Mapped[str | None] = mapped_column(IdText, ForeignKey("learners.id", ondelete="CASCADE"), index=True)
    held: Mapped[dict[str, Any]]
    expires_at: Mapped[datetime]
