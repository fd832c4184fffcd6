"""What the product can read, found in the product itself, to be compared with the assessment's tables."""

from __future__ import annotations

import dataclasses
import itertools
import re
from datetime import UTC, datetime

from ascertain.connectors.registry import systems
from ascertain.domain.evidence import EvidenceKind
from ascertain.domain.records import (
    AssessmentRecord,
    AwardRecord,
    CourseRecord,
    EngagementRecord,
    EnrolmentRecord,
    EnrolmentStatus,
    Entity,
    JobProfileRecord,
    MessageRecord,
    SourceRef,
    TextRecord,
    UserRecord,
    WorkerRecord,
)
from ascertain.pipeline.normalise import evidence_of_enrolment, make_content
from tests.contract.specs import SPECS
from tests.e2e.harness import ROOT

RECORDS: dict[Entity, type] = {
    Entity.USER: UserRecord,
    Entity.WORKER: WorkerRecord,
    Entity.COURSE: CourseRecord,
    Entity.ENROLMENT: EnrolmentRecord,
    Entity.AWARD: AwardRecord,
    Entity.REVIEW: TextRecord,
    Entity.PROJECT: TextRecord,
    Entity.TICKET: TextRecord,
    Entity.DOCUMENT: TextRecord,
    Entity.ASSESSMENT: AssessmentRecord,
    Entity.ENGAGEMENT: EngagementRecord,
    Entity.JOB_PROFILE: JobProfileRecord,
    Entity.MESSAGE: MessageRecord,
}
"""Statements have no record of their own: they become others."""

CHOICES: dict[Entity, frozenset[EvidenceKind]] = {
    Entity.AWARD: frozenset({EvidenceKind.BADGE, EvidenceKind.CERTIFICATION, EvidenceKind.EXTERNAL_TRAINING}),
    Entity.REVIEW: frozenset({EvidenceKind.MANAGER_REVIEW, EvidenceKind.PEER_FEEDBACK, EvidenceKind.SELF_ASSESSMENT}),
    Entity.PROJECT: frozenset({EvidenceKind.PROJECT}),
    Entity.TICKET: frozenset({EvidenceKind.TICKET}),
    Entity.DOCUMENT: frozenset({EvidenceKind.DOCUMENT}),
}
"""Records whose connector says what kind of evidence they are."""

FIXED: dict[Entity, frozenset[EvidenceKind]] = {
    Entity.ASSESSMENT: frozenset({EvidenceKind.ASSESSMENT}),
    Entity.ENGAGEMENT: frozenset({EvidenceKind.ENGAGEMENT}),
    Entity.MESSAGE: frozenset({EvidenceKind.MESSAGE}),
}


def fields(entity: Entity) -> set[str]:
    """What a record of that kind holds, beside where it comes from and when it changed."""
    found = {f.name for f in dataclasses.fields(RECORDS[entity])}
    return found - {"ref", "updated_at"}


def mentioned(system: str, enum: str) -> set[str]:
    """Members of an enumeration that a connector's modules name."""
    folder = ROOT / "ascertain" / "connectors"
    files = [f for f in folder.glob("*.py") if f.stem == system or f.stem.startswith(f"{system}_")]
    text = "\n".join(f.read_text(encoding="utf-8") for f in files)
    return {m.lower() for m in re.findall(rf"\b{enum}\.([A-Z_]+)\b", text)}


def _enrolment_kinds() -> frozenset[EvidenceKind]:
    """By trying every sort of enrolment that there is."""
    course = make_content(
        key="s:c", system="s", source_ref="s:course:c", code="", title="C", description="", level=None, hours=None
    )
    found = set()
    for status, score, test, certificate in itertools.product(
        EnrolmentStatus, (None, 0.5), (True, False), (True, False)
    ):
        record = EnrolmentRecord(
            SourceRef("s", Entity.ENROLMENT, "1"),
            "u",
            "c",
            status,
            score=score,
            completed_at=datetime(2026, 1, 1, tzinfo=UTC),
            is_assessment=test,
            is_certification=certificate,
        )
        if piece := evidence_of_enrolment(record, "p", course):
            found.add(piece.kind)
    return frozenset(found)


def kinds(system: str, entity: Entity) -> frozenset[EvidenceKind]:
    """What evidence a system's records of that kind can become."""
    if entity is Entity.ENROLMENT:
        return _enrolment_kinds()
    if entity in CHOICES:
        named = {EvidenceKind(k) for k in mentioned(system, "EvidenceKind")} & CHOICES[entity]
        return frozenset(named) or frozenset({AwardRecord(SourceRef("s", entity, "1"), "u", "t").kind})
    return FIXED.get(entity, frozenset())


def expected() -> dict[tuple[str, str], frozenset[str]]:
    """By (system, kind of record): the kinds of evidence. Whatever a connector's modules name, and whatever the
    contract suite pulls; connectors of other packages by that suite alone."""
    found: dict[tuple[str, str], frozenset[str]] = {}
    for system in systems():
        entities = {Entity(e) for e in mentioned(system, "Entity")}
        entities |= set(SPECS[system].entities) if system in SPECS else set()
        assert entities, f"nothing is known of what {system} reads"
        for entity in entities:
            found[system, entity.value] = frozenset(k.value for k in kinds(system, entity))
    return found
