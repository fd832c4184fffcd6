"""Stores what is not one record, one piece: uses of content (folded), messages (never kept), jobs (proposals)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from ascertain.domain.activity import JobProposal
from ascertain.domain.consent import Source
from ascertain.domain.evidence import Evidence, EvidenceKind
from ascertain.domain.people import Learner
from ascertain.domain.ports import UnitOfWork
from ascertain.domain.reach import Reach
from ascertain.domain.records import EngagementRecord, JobProfileRecord, MessageRecord
from ascertain.pipeline.identity import Identity, Problem
from ascertain.pipeline.ingest_catalogue import Catalogue
from ascertain.pipeline.ingest_report import EntityReport
from ascertain.pipeline.messages import MessageReader
from ascertain.pipeline.normalise import evidence_id
from ascertain.pipeline.normalise_activity import engagement_of, evidence_of_engagement


class Activity:
    """One sync's. Without ``messages`` no message is looked at."""

    def __init__(
        self,
        identity: Identity,
        catalogue: Catalogue,
        now: Callable[[], datetime],
        messages: MessageReader | None,
        reach: Callable[[Learner], Reach],
    ) -> None:
        self._identity = identity
        self._catalogue = catalogue
        self._now = now
        self._messages = messages
        self._reach = reach

    def reads_messages_of(self, connection: str) -> bool:
        """Whether the organisation said yes for this connection."""
        return self._messages is not None and connection in self._messages.opted_in

    def organisation_reads_messages(self) -> bool:
        """Whether the organisation said yes at all (``ascertain consent organisation``)."""
        return self._identity.organisation.allow(Source.MESSAGES)

    def store(
        self,
        uow: UnitOfWork,
        records: Sequence[EngagementRecord | MessageRecord | JobProfileRecord],
        evidence: dict[str, Evidence],
        gone: set[str],
        row: EntityReport,
    ) -> None:
        """Store one page's; what becomes evidence goes into ``evidence``, what is none any more into ``gone``."""
        self._uses(uow, [r for r in records if isinstance(r, EngagementRecord)], evidence, row)
        self._talk([r for r in records if isinstance(r, MessageRecord)], evidence, gone, row)
        self._jobs(uow, [r for r in records if isinstance(r, JobProfileRecord)], row)

    def _uses(
        self, uow: UnitOfWork, records: Sequence[EngagementRecord], evidence: dict[str, Evidence], row: EntityReport
    ) -> None:
        """Somebody unknown leaves no trace here: what they looked at is too weak to be worth keeping."""
        found: dict[str, tuple[EngagementRecord, str]] = {}
        uses = []
        for record in records:
            learner_id = self._identity.person(record.ref.system, record.user_id)
            if isinstance(learner_id, Problem):
                row.idle += 1
                row.warn("some content was used by people whom nobody here knows; it is left out")
                continue
            if not self._allowed(record.ref.system, learner_id, EvidenceKind.ENGAGEMENT):
                row.unwanted += 1
                continue
            use = engagement_of(record, learner_id)
            uses.append(use)
            newest = found.get(use.evidence_id)
            if newest is None or _order(record) > _order(newest[0]):
                found[use.evidence_id] = record, learner_id
        if not uses:
            return
        uow.engagements.put(uses)
        folds = uow.engagements.folds(list(found))
        for key, (record, learner_id) in found.items():
            course = self._catalogue.get(record.ref.system, record.course_id) or self._catalogue.coded(
                record.ref.system, record.course_id
            )
            evidence[key] = evidence_of_engagement(record, learner_id, folds[key], course)

    def _talk(
        self, records: Sequence[MessageRecord], evidence: dict[str, Evidence], gone: set[str], row: EntityReport
    ) -> None:
        writers: dict[str, str] = {}
        for record in records:
            learner_id = self._identity.subject(record.ref.system, record.subject)
            if isinstance(learner_id, str) and self._allowed(record.ref.system, learner_id, EvidenceKind.MESSAGE):
                writers[str(record.ref)] = learner_id
        made = self._messages.read(records, writers) if self._messages else []
        evidence.update((e.id, e) for e in made)
        silent = {evidence_id(r.ref) for r in records} - {e.id for e in made}
        row.idle += len(silent)
        gone |= silent  # edited since: what it showed it shows no more

    def _allowed(self, system: str, learner_id: str, kind: EvidenceKind) -> bool:
        learner = self._identity.learners[learner_id]
        reach = self._reach(learner)
        reached = reach.admits_kind(kind) and (reach.connections is None or system in reach.connections)
        return reached and learner.consents.allows(kind)

    def _jobs(self, uow: UnitOfWork, records: Sequence[JobProfileRecord], row: EntityReport) -> None:
        if not records:
            return
        now = self._now()
        new, changed, unchanged = uow.proposals.put(
            JobProposal(
                ref=str(r.ref),
                connection=r.ref.system,
                code=r.code,
                title=r.title,
                summary=r.summary,
                department=r.department,
                skills=r.skills,
                active=r.active,
                seen_at=now,
            )
            for r in records
        )
        row.new, row.changed, row.unchanged = row.new + new, row.changed + changed, row.unchanged + unchanged


def _order(record: EngagementRecord) -> tuple[str, str]:
    return (record.occurred_at.isoformat() if record.occurred_at else "", str(record.ref))
