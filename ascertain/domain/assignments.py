"""A learning path is a proposal. It becomes an assignment when a manager or L&D approves it, never by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from ascertain.domain.canonical import digest


class AssignmentState(StrEnum):
    """``withdrawn``: another path, or none, took its place."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class PathItem:
    """A piece of content in its place on the path."""

    content_id: str
    title: str


@dataclass(frozen=True, slots=True)
class Assignment:
    """A proposed path and what became of it.

    Attributes:
        run_id: the run that proposed it first.
        approver: who is asked: the manager's id, or L&D.
        changes: what differs from the path before it, in words, with why; empty for a first one.
        plan: the path as it was proposed (:class:`ascertain.domain.paths.PathPlan` with ``starts``, the day that its
            weeks count from); empty in what is from before it was kept.
    """

    id: str
    learner_id: str
    run_id: str
    items: tuple[PathItem, ...]
    approver: str
    proposed_at: datetime
    changes: tuple[str, ...] = ()
    state: AssignmentState = AssignmentState.PROPOSED
    decided_by: str = ""
    reason: str = ""
    decided_at: datetime | None = None
    plan: Mapping[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """What makes two paths the same: the content and its order, not the weeks."""
        return path_digest(self.items)


class Assignments(Protocol):
    """``ascertain.store.assignments``."""

    def get(self, assignment_id: str) -> Assignment | None:
        """By full id or an unambiguous prefix."""

    def current(self, learner_id: str) -> Assignment | None:
        """The newest that is not withdrawn."""

    def of(self, learner_id: str) -> list[Assignment]:
        """All, oldest first."""

    def listed(self, state: AssignmentState | None = None) -> list[Assignment]:
        """Of one state or all, oldest first."""

    def add(self, row: Assignment) -> None: ...
    def put(self, row: Assignment) -> None:
        """Replace state, decision, changes and plan."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a run's path means: ``keep`` the present assignment, or put a new one in its place (``None``: no path)."""

    keep: bool
    items: tuple[PathItem, ...] = ()
    changes: tuple[str, ...] = field(default_factory=tuple)


def path_digest(items: Sequence[PathItem]) -> str:
    """Hex digest of content ids in their order."""
    return digest([i.content_id for i in items], length=32)


def items_of(plan: Mapping[str, Any] | None) -> tuple[PathItem, ...]:
    """The items of a run's path document."""
    return tuple(PathItem(s["content_id"], s["title"]) for s in (plan or {}).get("steps", ()))


def compare(
    present: Assignment | None, items: Sequence[PathItem], settled: Mapping[str, str] | None = None
) -> Proposal:
    """Whether the present decision still fits the path.

    It does for the same content in the same order, and for what is left of it once items are finished or skipped
    (``settled``: content id to why): whoever said yes to the whole said yes to that. Anything added, or moved, is put
    before them again.
    """
    why = settled or {}
    if present is None:
        return Proposal(keep=not items, items=tuple(items))
    left = [i.content_id for i in present.items if i.content_id not in why]
    now = [i.content_id for i in items if i.content_id not in why]
    if present.path == path_digest(items) or (left == now and (items or len(left) < len(present.items))):
        return Proposal(keep=True)
    before = {i.content_id: i.title for i in present.items}
    after = {i.content_id: i.title for i in items}
    changes = [f"added: {t}" for c, t in after.items() if c not in before]
    changes += [f"removed: {t}" + (f" ({why[c]})" if c in why else "") for c, t in before.items() if c not in after]
    if not changes:
        changes = ["in another order: " + ", ".join(after.values())]
    return Proposal(keep=False, items=tuple(items), changes=tuple(changes))
