"""Who may see group labels, and what they are kept as. Nothing else in the product may import this.

Labels are kept to look for unfairness and for nothing else (29 CFR 1607.4 A and B). Every reading asks for a
:class:`FairnessAuditor`, and only :func:`require_fairness_auditor` makes one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ascertain.errors import ForbiddenError


@dataclass(frozen=True, slots=True)
class FairnessAuditor:
    """Somebody who may read group labels."""

    name: str


def require_fairness_auditor(actor: str, named: Collection[str]) -> FairnessAuditor:
    """Let ``actor`` act as fairness auditor. Nobody may who is not named; the default is nobody.

    Raises:
        ForbiddenError: when the organisation has not named them.
    """
    name = actor.strip()
    if not name or name.casefold() not in {n.strip().casefold() for n in named}:
        raise ForbiddenError(
            f"{name or 'nobody'} is not a fairness auditor",
            actor=name,
            kind="person",
            action="fairness.audit",
            remedy="whoever answers for fairness is named in ASCERTAIN_FAIRNESS_AUDITORS, or granted the role "
            "fairness_auditor; act as them with --as",
        )
    return FairnessAuditor(name)


@dataclass(frozen=True, slots=True)
class GroupLabel:
    """That somebody belongs to a group. An empty ``value`` takes the label away."""

    learner_id: str
    attribute: str
    value: str


@dataclass(frozen=True, slots=True)
class LabelImport:
    """One delivery of labels: when, from where, for what, how many were stored."""

    id: str
    at: datetime
    actor: str
    source: str
    purpose: str
    attributes: tuple[str, ...]
    labels: int


class GroupLabels(Protocol):
    """``ascertain.store.groups``: a database of its own, under a key of its own."""

    def put(self, auditor: FairnessAuditor, delivery: LabelImport, labels: Iterable[GroupLabel]) -> int:
        """Store labels; how many were new, changed or taken away."""

    def read(self, auditor: FairnessAuditor, learner_ids: Sequence[str]) -> dict[str, Mapping[str, str]]:
        """By learner id, value by attribute; learners without labels are absent."""

    def imports(self, auditor: FairnessAuditor) -> list[LabelImport]:
        """Deliveries, oldest first."""

    def counts(self, auditor: FairnessAuditor) -> dict[str, int]:
        """How many people have a label, by attribute."""

    def forget(self, learner_id: str) -> int:
        """Erase a person's labels; how many there were. Needs no auditor: nothing is read."""
