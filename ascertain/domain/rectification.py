"""Corrections that a person asked for (Art. 16 GDPR), which the next sync must not undo."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from ascertain.domain.evidence import Evidence
from ascertain.domain.people import Learner


class Field(StrEnum):
    """What can be corrected. The last two are about one piece of evidence."""

    NAME = "name"
    DEPARTMENT = "department"
    JOB_TITLE = "job_title"
    LANGUAGE = "language"
    WITHDRAWN = "evidence_withdrawn"
    SCORE = "evidence_score"


OF_EVIDENCE = frozenset({Field.WITHDRAWN, Field.SCORE})
"""Corrections of a piece of evidence."""


@dataclass(frozen=True, slots=True)
class Rectification:
    """One correction. What was there before stands in the sealed payload of audit record ``record`` alone.

    Attributes:
        evidence_id: the piece it is about; empty for a field of the person.
        value: the right value; a score as text; empty for evidence that is withdrawn.
        by: who corrected it.
    """

    id: str
    learner_id: str
    field: Field
    evidence_id: str
    value: str
    by: str
    reason: str
    record: int
    made_at: datetime
    lifted_at: datetime | None = None
    lifted_by: str = ""

    @property
    def place(self) -> tuple[str, str, bool]:
        """What it corrects: a later one about the same place takes its stead."""
        return self.learner_id, self.evidence_id or self.field.value, bool(self.evidence_id)


class Rectifications(Protocol):
    """``ascertain.store.rectifications``."""

    def get(self, rectification_id: str) -> Rectification | None: ...
    def of(self, learner_id: str) -> list[Rectification]:
        """All of a person's, lifted ones too, oldest first."""

    def add(self, row: Rectification) -> None: ...
    def put(self, row: Rectification) -> None:
        """Replace what lifting changes."""

    def in_force(self, learner_ids: Collection[str] | None = None) -> list[Rectification]:
        """Those not lifted, of some people or of all."""


def corrected_person(learner: Learner, rows: Iterable[Rectification]) -> Learner:
    """A person as a source describes them, with what was corrected."""
    changes: Mapping[str, str] = {
        r.field.value: r.value for r in rows if r.learner_id == learner.id and r.field not in OF_EVIDENCE
    }
    return replace(learner, **changes) if changes else learner  # type: ignore[arg-type]


def corrected_evidence(piece: Evidence, rows: Iterable[Rectification]) -> Evidence | None:
    """A piece as a source describes it, with what was corrected; ``None`` for one that was withdrawn.

    A corrected score takes the place of what the source concluded from the wrong one.
    """
    for r in rows:
        if r.evidence_id != piece.id or r.learner_id != piece.learner_id:
            continue
        if r.field is Field.WITHDRAWN:
            return None
        piece = replace(piece, score=float(r.value), passed=None)
    return piece
