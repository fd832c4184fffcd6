"""Accepted skills on their way back into the systems they came from: the port of connectors that write.

A *target* is one place in one system that holds one text for one person: a custom field, the grade of one competency,
a statement. Whatever the system, the use case can then compare (``read``), change (``write``) and put back what was
there, byte for byte.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Protocol, runtime_checkable

from ascertain.domain.records import SourceRef
from ascertain.domain.skills import Level


class TargetKind(StrEnum):
    """What a target is in its system, the best first. ``learning`` (an approved path) and ``onboarding`` (a plan of the
    first 90 days) assign learning, and take no skills."""

    NATIVE = "native_skill"
    FIELD = "custom_field"
    STATEMENT = "statement"
    CREDENTIAL = "credential"
    LEARNING = "learning_assignment"
    ONBOARDING = "onboarding_assignment"


ASSIGNING = frozenset({TargetKind.LEARNING, TargetKind.ONBOARDING})
"""Kinds of targets that assign learning."""


@dataclass(frozen=True, slots=True)
class SkillTarget:
    """A place that a connection can write. ``append_only``: nothing is replaced there; undoing retracts."""

    id: str
    kind: TargetKind
    caption: str
    append_only: bool = False


@dataclass(frozen=True, slots=True)
class SkillClaim:
    """An accepted assertion as it leaves the house. ``confidence`` is 0..1; ``uri`` is the taxonomy's own id;
    what no human has reviewed may carry no decision about the person, so it is said wherever the system has room."""

    assertion_id: str
    skill_id: str
    label: str
    level: Level
    confidence: float
    accepted_on: date
    uri: str = ""
    human_reviewed: bool = False


@dataclass(frozen=True, slots=True)
class Intended:
    """What a target should hold: ``value`` in the system's own form, ``None`` for nothing."""

    target: str
    value: str | None
    assertion_ids: tuple[str, ...]


class WriteState(StrEnum):
    """What became of a write."""

    WRITTEN = "written"
    UNCHANGED = "unchanged"
    QUEUED = "queued"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class WriteResult:
    """``external_id`` is the system's handle (of a statement, a task); ``reason`` says why it was rejected."""

    state: WriteState
    external_id: str = ""
    reason: str = ""


@runtime_checkable
class WritesSkills(Protocol):
    """A connector that writes skills. ``write`` repeated with the same ``request_id`` and value changes nothing more.

    ``user`` is the account's reference in this connection.
    """

    def targets(self) -> Sequence[SkillTarget]:
        """Configured places; empty when the connection is read-only."""

    def intend(self, user: SourceRef, claims: Sequence[SkillClaim]) -> Sequence[Intended]:
        """What the targets should hold for these accepted skills, all of them; pure."""

    def read(self, user: SourceRef, targets: Sequence[str]) -> Mapping[str, str | None]:
        """What they hold now."""

    def write(self, user: SourceRef, target: str, value: str | None, *, request_id: str) -> WriteResult:
        """Put ``value`` there, ``None`` empties or retracts. Read-modify-write where the system would clear the rest.
        Raises the connector errors for what may work later."""

    @property
    def lag(self) -> timedelta:
        """How long the system may show the old value after a write."""


@runtime_checkable
class NamesPeople(Protocol):
    """A connector that writes about people who have no account of their own there (a folder of credentials, a store
    of statements)."""

    def account(self, email: str) -> SourceRef | None:
        """The reference under which somebody is written about; ``None`` if they cannot be."""
