"""Disputes: a person says that an assertion about them is wrong. Until somebody else has decided, nothing uses it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from ascertain.domain.assertion import AssertionState
from ascertain.domain.canonical import digest
from ascertain.domain.runs import StoredAssertion
from ascertain.domain.skills import Level
from ascertain.errors import ConflictError, InputError


class DisputeState(StrEnum):
    """``upheld``: the assertion stands. ``amended``: it gets another level. ``corrected``: it is taken back.
    ``withdrawn``: the person no longer contests it."""

    OPEN = "open"
    UPHELD = "upheld"
    AMENDED = "amended"
    CORRECTED = "corrected"
    WITHDRAWN = "withdrawn"


class Outcome(StrEnum):
    """What somebody decides about a dispute: the assertion stands, gets another level, or is taken back."""

    UPHOLD = "uphold"
    AMEND = "amend"
    CORRECT = "correct"


_AFTER = {
    Outcome.UPHOLD: DisputeState.UPHELD,
    Outcome.AMEND: DisputeState.AMENDED,
    Outcome.CORRECT: DisputeState.CORRECTED,
}
DECIDED = frozenset(_AFTER.values())
"""States in which somebody has decided."""


@dataclass(frozen=True, slots=True)
class Dispute:
    """One dispute about one assertion.

    Attributes:
        assertion_id: what was contested; once decided, what was decided on.
        reason: the learner's own words.
        before: the assertion's state when it was contested.
        due_on: by when it should be decided.
        evidence: ids of what was added to it.
        escalated_to: whose queue it was put in when it was overdue; empty while it was not.
        decision_reason: shown to the learner.
    """

    id: str
    learner_id: str
    assertion_id: str
    skill_id: str
    reason: str
    opened_by: str
    opened_at: datetime
    due_on: date
    before: AssertionState
    evidence: tuple[str, ...] = ()
    state: DisputeState = DisputeState.OPEN
    decided_by: str = ""
    decision_reason: str = ""
    decided_level: Level | None = None
    decided_at: datetime | None = None
    escalated_to: str = ""
    escalated_at: datetime | None = None

    @property
    def open(self) -> bool:
        """Whether the assertion is contested because of it."""
        return self.state is DisputeState.OPEN

    def overdue(self, today: date) -> bool:
        """Whether it should have been decided."""
        return self.open and self.due_on < today


class Disputes(Protocol):
    """``ascertain.store.disputes``."""

    def get(self, dispute_id: str) -> Dispute | None:
        """By full id or an unambiguous prefix."""

    def about(self, learner_id: str) -> list[Dispute]:
        """A learner's disputes, oldest first."""

    def open(self, *, learner_id: str | None = None) -> list[Dispute]:
        """Open ones, the first due first."""

    def all(self) -> list[Dispute]:
        """Open and closed ones, newest first."""

    def add(self, dispute: Dispute) -> None: ...
    def put(self, dispute: Dispute) -> None:
        """Replace what may change: evidence, state and decision."""

    def stamp(self) -> str:
        """Changes whenever a dispute or a restriction changes."""


def open_dispute(
    row: StoredAssertion, *, reason: str, opened_by: str, now: datetime, due_days: int, earlier: Collection[Dispute]
) -> Dispute:
    """A new dispute about ``row``. ``earlier`` are those of the same person; the id follows from their number, so that
    two processes at once make the same one.

    Raises:
        InputError: there is no reason.
        ConflictError: the assertion is out of date, or contested already.
    """
    if not reason.strip():
        raise InputError("a dispute needs a reason", where=row.id, field="reason", remedy="say what is wrong")
    if row.state is AssertionState.SUPERSEDED:
        raise ConflictError(
            f"{row.id} was replaced by a newer assessment", remedy="dispute the present one: `ascertain profile ID`"
        )
    same = [d for d in earlier if d.skill_id == row.skill_id]
    if contested := next((d for d in same if d.open), None):
        raise ConflictError(
            f"{row.id} is contested already, by {contested.id}", remedy="add to that one, or withdraw it"
        )
    ident = "d" + digest([row.id, len(same)], length=15)
    due = now.date() + timedelta(days=due_days)
    return Dispute(ident, row.learner_id, row.id, row.skill_id, reason.strip(), opened_by, now, due, before=row.state)


def with_evidence(dispute: Dispute, evidence_ids: Collection[str]) -> Dispute:
    """With more evidence attached.

    Raises:
        ConflictError: it is closed.
    """
    _must_be_open(dispute)
    return replace(dispute, evidence=tuple(dict.fromkeys((*dispute.evidence, *evidence_ids))))


def escalated(dispute: Dispute, *, to: str, now: datetime) -> Dispute:
    """Put before somebody else, because it is overdue; the same again changes nothing.

    Raises:
        ConflictError: it is closed.
    """
    if dispute.escalated_at is not None:
        return dispute
    _must_be_open(dispute)
    return replace(dispute, escalated_to=to, escalated_at=now)


def withdraw(dispute: Dispute, *, by: str, now: datetime) -> Dispute:
    """Taken back by the learner; saying it again changes nothing.

    Raises:
        ConflictError: somebody has decided it.
    """
    if dispute.state is DisputeState.WITHDRAWN:
        return dispute
    _must_be_open(dispute)
    return replace(dispute, state=DisputeState.WITHDRAWN, decided_by=by, decided_at=now)


def decide(
    dispute: Dispute,
    outcome: Outcome,
    *,
    reason: str,
    by: str,
    now: datetime,
    level: Level | None = None,
    involved: Collection[str] = (),
) -> Dispute:
    """Decided by ``by``; the same person saying the same again changes nothing.

    Args:
        involved: ids and names of the learner and of whoever made the decision that is disputed, in any case.

    Raises:
        InputError: a reason or (to amend) a level is missing, or the one who decides is involved.
        ConflictError: it is closed otherwise.
    """
    if not reason.strip():
        raise InputError("a decision needs a reason", where=dispute.id, field="reason", remedy="the learner reads it")
    if (outcome is Outcome.AMEND) is (level is None):
        problem = "amending needs a level" if level is None else f"{outcome.value} takes no level"
        raise InputError(problem, where=dispute.id, field="level", remedy="amend --level 1 to 5, or leave --level out")
    if by.casefold() in {i.casefold() for i in involved}:
        raise InputError(
            "neither the learner nor whoever made the disputed decision decides about it",
            where=dispute.id,
            field="decided_by",
            remedy="let somebody else decide",
        )
    if (dispute.state, dispute.decided_level, dispute.decided_by) == (_AFTER[outcome], level, by):
        return dispute
    _must_be_open(dispute)
    return replace(
        dispute,
        state=_AFTER[outcome],
        decided_by=by,
        decision_reason=reason.strip(),
        decided_level=level,
        decided_at=now,
    )


def _must_be_open(dispute: Dispute) -> None:
    if not dispute.open:
        by = f" by {dispute.decided_by}" if dispute.decided_by else ""
        raise ConflictError(
            f"{dispute.id} was {dispute.state.value}{by} before", remedy="what is still wrong needs a new dispute"
        )


def standing_after(dispute: Dispute, state: AssertionState, level: Level | None) -> tuple[AssertionState, Level | None]:
    """State and level of an assertion after a decided dispute.

    Args:
        state: what it would be without the dispute: as code or a reviewer left it.
    """
    if dispute.state is DisputeState.AMENDED:
        return AssertionState.ACCEPTED, dispute.decided_level
    if dispute.state is DisputeState.CORRECTED:
        return AssertionState.REJECTED, level
    return state, level
