"""Stores pages of records: who they are about, what they show, what has to wait."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from ascertain.domain.consent import SOURCE_OF, WORDS, standing_of_organisation
from ascertain.domain.evidence import Evidence
from ascertain.domain.people import Learner
from ascertain.domain.ports import Clock, Content, UnitOfWork, UnitOfWorkFactory
from ascertain.domain.reach import EVERYTHING, OUTSIDE_WORDS, Reach
from ascertain.domain.records import (
    AssessmentRecord,
    AwardRecord,
    CourseRecord,
    EngagementRecord,
    EnrolmentRecord,
    Entity,
    JobProfileRecord,
    MessageRecord,
    Record,
    Rejected,
    SourceRef,
    TextRecord,
    UserRecord,
    WorkerRecord,
)
from ascertain.pipeline.consent import hris_says
from ascertain.pipeline.identity import Identity, Problem
from ascertain.pipeline.ingest_activity import Activity
from ascertain.pipeline.ingest_catalogue import Catalogue
from ascertain.pipeline.ingest_missing import remove_missing, retire_courses, retire_workers
from ascertain.pipeline.ingest_pulled import Pulled
from ascertain.pipeline.ingest_report import EntityReport
from ascertain.pipeline.ingest_state import IngestState
from ascertain.pipeline.messages import MessageReader
from ascertain.pipeline.normalise import (
    NAMES_COURSES,
    evidence_id,
    evidence_of_award,
    evidence_of_enrolment,
    evidence_of_text,
)
from ascertain.pipeline.normalise_activity import evidence_of_assessment
from ascertain.pipeline.origins import is_attempt, is_mention, is_result, settle
from ascertain.pipeline.quarantine import Quarantine, waiting_form
from ascertain.pipeline.tombstones import Guard

_TEXTS = frozenset((Entity.REVIEW, Entity.PROJECT, Entity.TICKET, Entity.DOCUMENT))
_MIXED = (Entity.ENROLMENT, Entity.ASSESSMENT, Entity.AWARD)
"""What a feed of statements brings and the quarantine keeps whole: each record's reference has its own entity."""


class Ingest:
    """What one sync knows. Kept in step with the store; a failed transaction ends the sync and with it this object."""

    def __init__(
        self,
        identity: Identity,
        contents: Iterable[Content],
        state: IngestState,
        quarantine: Quarantine,
        messages: MessageReader | None = None,
        guard: Guard | None = None,
        reach: Callable[[Learner], Reach] = lambda _: EVERYTHING,
    ) -> None:
        self._guard = guard or Guard()
        self._identity = identity
        self._catalogue = Catalogue(contents, state)
        self._state = state
        self.activity = Activity(identity, self._catalogue, quarantine.now, messages, reach)
        self._reach = reach
        self.quarantine = quarantine
        self._pulled: Pulled | None = None
        self._people: dict[str, Learner] = {}
        self._links: dict[str, str] = {}
        self._said: dict[str, WorkerRecord] = {}

    @classmethod
    def load(
        cls,
        units: UnitOfWorkFactory,
        clock: Clock,
        names: Sequence[str],
        messages: MessageReader | None = None,
    ) -> Ingest:
        """Read what pages are compared with."""
        with units(write=False) as uow:
            state = IngestState.read(uow)
            # Connections that are not part of this sync too: what the HRIS said stays the HRIS's to change.
            state.connections.update(names)
            links = {ref: learner for name in state.connections for ref, learner in uow.people.links(name).items()}
            organisation = standing_of_organisation(uow.consents.organisation())
            # A code that a crosswalk leads is a role only as long as it does: the code is kept, not what it leads to.
            roles = {r.id for r in uow.roles.all()} | uow.stewardship.roles_led()
            identity = Identity(uow.people.all(active_only=False), links, roles, names, organisation)
            return cls(
                identity,
                uow.contents.all(active_only=False),
                state,
                Quarantine(uow.sync.quarantined(), clock),
                messages,
                Guard(uow.tombstones.marks(), uow.tombstones.pseudonym),
                uow.rollouts.reader(),
            )

    def wants_everything(self, name: str, entity: Entity) -> bool:
        """True when the quarantine holds a text about somebody who is known by now: the source has to tell it again."""
        if entity not in _TEXTS:
            return False
        waiting = self.quarantine.subjects(name, entity)
        return any(isinstance(self._identity.subject(name, s), str) for s in waiting)

    def retry_quarantined(self, units: UnitOfWorkFactory, name: str, entity: Entity, row: EntityReport) -> None:
        """Take in what referred to something unknown that is known by now."""
        asked = _MIXED if entity is Entity.STATEMENT else (entity,)
        ready = [r for e in asked for r in self.quarantine.records(name, e, row) if self._can_use(r)]
        if ready:
            with units() as uow:
                self.apply(uow, ready, row)
                header = {"connector": name, "entity": entity.value, "released": row.released}
                uow.audit.append("ingest.retry", actor="ingest", header=header)
                uow.commit()

    def begin(self, *, remove_missing: bool = False) -> None:
        """Before the pages of one entity. Only for ``remove_missing`` is it noted what they bring."""
        self._pulled = Pulled() if remove_missing else None

    def reject(self, uow: UnitOfWork, rejected: Rejected, row: EntityReport) -> None:
        """Set a malformed record aside. It is there, so nothing stored of it is missing in the source."""
        if self._pulled is not None:
            self._pulled.add(rejected.ref)
        if self._guard.about(rejected):
            return
        self.quarantine.put(uow, row.connector, rejected, row)

    def forget(self, uow: UnitOfWork, refs: Sequence[SourceRef], row: EntityReport) -> None:
        """What a source says is gone: its evidence goes, and whatever was held against it is settled. People and
        courses stay until a full sync, which believes in no mass departure."""
        for ref in refs:
            self.quarantine.release(uow, row.connector, str(ref), row)
        keys = {str(r) for r in refs if r.entity not in (Entity.WORKER, Entity.USER, Entity.COURSE)}
        gone = uow.evidence.made_of(keys)
        if gone:
            row.removed += uow.evidence.delete(sorted(e.id for e in gone))
            self._state.unsettled |= {e.learner_id for e in gone}
            self._state.write(uow)

    def apply(self, uow: UnitOfWork, records: Sequence[Record], row: EntityReport) -> None:
        """Store one page's records; the caller commits."""
        evidence: dict[str, Evidence] = {}
        gone: set[str] = set()
        courses: list[CourseRecord] = []
        others: list[EngagementRecord | MessageRecord | JobProfileRecord] = []
        erased = [r for r in records if self._guard.about(r)]
        if erased:
            records = [r for r in records if r not in erased]
            row.warn("records about people who were erased are not taken")
        edited = _texts_before(uow, records)
        for record in records:
            if self._pulled is not None:
                self._pulled.add(str(record.ref))
            match record:
                case WorkerRecord() | UserRecord():
                    problem = self._person(uow, record, row)
                case CourseRecord():
                    problem = None
                    courses.append(record)
                case EnrolmentRecord() | AwardRecord() | TextRecord() | AssessmentRecord():
                    problem = self._trace(record, edited, evidence, gone, row)
                case EngagementRecord() | MessageRecord() | JobProfileRecord():
                    problem = None
                    others.append(record)
            if problem is not None:
                self.quarantine.put(uow, row.connector, waiting_form(record, problem), row, waiting=True)
            else:
                self.quarantine.release(uow, row.connector, str(record.ref), row)
        self._store_people(uow)
        self._store_consents(uow, row)
        self._catalogue.store(uow, courses, row)
        self.activity.store(uow, others, evidence, gone, row)
        self._store_evidence(uow, evidence, gone, row)
        self._state.write(uow)

    def end(self, units: UnitOfWorkFactory, name: str, entity: Entity, row: EntityReport) -> None:
        """After the last page of one entity: what could only be resolved now."""
        pulled, self._pulled = self._pulled, None
        with units() as uow:
            if entity is Entity.WORKER:
                self._resolve_managers(uow, row)
            elif entity is Entity.COURSE:
                self._catalogue.resolve_prerequisites(uow, row)
            if pulled is not None:
                self._remove_missing(uow, name, entity, pulled, row)
            self._state.write(uow)
            uow.commit()

    def finish(self, units: UnitOfWorkFactory) -> None:
        """Give badges and mentions the origin of attempts that came after them."""
        if not self._state.unsettled:
            return
        with units() as uow:
            for learner_id in sorted(uow.evidence.told_of(self._state.unsettled)):
                stored = uow.evidence.of(learner_id)
                moved = [new for old, new in zip(stored, settle(stored), strict=True) if new != old]
                if moved:
                    uow.evidence.upsert(moved)
            self._state.unsettled.clear()
            self._state.write(uow)
            uow.commit()

    def _person(self, uow: UnitOfWork, record: WorkerRecord | UserRecord, row: EntityReport) -> Problem | None:
        ident = self._identity
        if isinstance(record, WorkerRecord):
            learner = ident.worker(record)
            if ident.leads(record.ref.system, learner.id) or learner.manager_id is None:
                boss = record.manager_employee_id
                boss = None if boss and self._guard.employee(boss) else boss
                manager = ident.manager_of(record.ref.system, boss) if boss else None
                self._state.wait_for_manager(learner.id, record.ref.system, boss if boss and not manager else None)
                learner = replace(learner, manager_id=manager if manager != learner.id else None)
        else:
            found = ident.user(record)
            if isinstance(found, Problem):
                return found
            learner = found
        if ident.unmapped(record.job_code, record.job_profile_id):
            row.warn(f"job code {record.job_code!r} has no job profile: add it to job_profiles of {row.connector}")
        old = ident.learners.get(learner.id)
        if old == learner:
            row.unchanged += 1
        else:
            self._people[learner.id] = learner
            row.new += old is None
            row.changed += old is not None
        if ident.accept(learner, record.ref):
            self._links[str(record.ref)] = learner.id
        if isinstance(record, WorkerRecord) and ident.leads(record.ref.system, learner.id):
            self._said[learner.id] = record
        return None

    def _store_people(self, uow: UnitOfWork) -> None:
        """A page's at once: one by one they would cost a millisecond each."""
        if self._people:
            uow.people.upsert(self._people.values())
        if self._links:
            uow.people.link_all(self._links)
        self._people, self._links = {}, {}

    def _store_consents(self, uow: UnitOfWork, row: EntityReport) -> None:
        """What the HR system says of consent, after the people are there whom it is about."""
        said = [(self._identity.learners[i], record) for i, record in self._said.items()]
        self._said = {}
        heard = hris_says(uow, self.quarantine.clock, said) if said else {}
        row.removed += sum(f.evidence for f in heard.values())
        for learner_id, consents in uow.people.consents_of(heard).items():
            self._identity.learners[learner_id] = replace(self._identity.learners[learner_id], consents=consents)

    def _can_use(self, record: Record) -> bool:
        match record:
            case EnrolmentRecord():
                known = self._catalogue.get(record.ref.system, record.course_id)
                return known is not None and isinstance(self._person_of(record), str)
            case AssessmentRecord():
                return isinstance(self._person_of(record), str) and not isinstance(self._course_of(record), Problem)
            case AwardRecord():
                return isinstance(self._person_of(record), str)
            case UserRecord():
                return not isinstance(self._identity.user(record), Problem)
            case _:
                return False

    def _person_of(self, record: EnrolmentRecord | AwardRecord | AssessmentRecord) -> str | Problem:
        return self._identity.person(record.ref.system, record.user_id)

    def _course_of(self, record: AssessmentRecord) -> Content | Problem | None:
        """The course of a test. A system without a catalogue of its own (a store of statements) may name any."""
        system, course = record.ref.system, record.course_id
        found = self._catalogue.get(system, course) or self._catalogue.coded(system, course)
        if found is None and course and self._catalogue.has_courses_of(system):
            return Problem(f"no course with id {course!r} is in the catalogue", "course_id")
        return found

    def _trace(
        self,
        record: EnrolmentRecord | AwardRecord | TextRecord | AssessmentRecord,
        edited: Mapping[tuple[str, str], set[str]],
        evidence: dict[str, Evidence],
        gone: set[str],
        row: EntityReport,
    ) -> Problem | None:
        system = record.ref.system
        if isinstance(record, TextRecord):
            subject = self._identity.subject(system, record.subject)
            if isinstance(subject, Problem):
                return subject
            if self._outside(subject, row):
                return None
            pieces = evidence_of_text(
                record, subject, self._catalogue.coded(system, record.course_code), self._catalogue.titles
            )
            # A text that was edited may name other courses than before.
            gone |= edited.get((str(record.ref), subject), set()) - {p.id for p in pieces}
        else:
            learner_id = self._person_of(record)
            if isinstance(learner_id, Problem):
                return learner_id
            if self._outside(learner_id, row):
                return None
            if isinstance(record, EnrolmentRecord):
                course = self._catalogue.get(system, record.course_id)
                if course is None:
                    return Problem(f"no course with id {record.course_id!r} is in the catalogue", "course_id")
                piece = evidence_of_enrolment(record, learner_id, course)
            elif isinstance(record, AssessmentRecord):
                tested = self._course_of(record)
                if isinstance(tested, Problem):
                    return tested
                piece = evidence_of_assessment(record, learner_id, tested)
            else:
                piece = evidence_of_award(record, learner_id, self._catalogue.of_award(record))
            pieces = [piece] if piece else []
            if piece is None:
                row.idle += 1
                gone.add(evidence_id(record.ref))
        evidence.update((p.id, p) for p in pieces)
        return None

    def _outside(self, learner_id: str, row: EntityReport) -> bool:
        """Whether a rollout does not reach somebody: of their record nothing but a count is kept, so it must not wait
        in quarantine either."""
        if not self._reach(self._identity.learners[learner_id]).outside:
            return False
        row.unwanted += 1
        row.warn(f"records about people {OUTSIDE_WORDS} are not taken")
        return True

    def _store_evidence(self, uow: UnitOfWork, rows: dict[str, Evidence], gone: set[str], row: EntityReport) -> None:
        rows = self._wanted(uow, rows, gone, row)
        gone = gone - set(rows)
        if gone:
            row.removed += uow.evidence.delete(sorted(gone))
        if not rows:
            return
        settled = self._settled(uow, rows)
        new, changed, unchanged = uow.evidence.upsert(settled)
        row.new, row.changed, row.unchanged = row.new + new, row.changed + changed, row.unchanged + unchanged
        if new or changed or gone:
            # Mentions stored earlier may belong to these attempts.
            self._state.unsettled |= {e.learner_id for e in settled if is_attempt(e)}

    def _wanted(
        self, uow: UnitOfWork, rows: dict[str, Evidence], gone: set[str], row: EntityReport
    ) -> dict[str, Evidence]:
        """What may be used, as the store has it now and not as this sync found it: a withdrawal may have come since."""
        consents = uow.people.consents_of({e.learner_id for e in rows.values()})
        wanted = {i: e for i, e in rows.items() if consents[e.learner_id].admits(e)}
        unwanted = [e for i, e in rows.items() if i not in wanted]
        for e in unwanted:
            source = SOURCE_OF[e.kind]
            if not consents[e.learner_id].reach.admits(e):
                row.warn(f"{WORDS[source]} of {e.system} are not taken: the pilot's present phase does not use them")
            elif not consents[e.learner_id].organisation.allow(source):
                why = consents[e.learner_id].why_not(source)
                row.warn(f"{WORDS[source]} are not taken: {why} (`ascertain consent organisation`)")
        gone |= {e.id for e in unwanted}
        row.unwanted += len(unwanted)
        return wanted

    def _settled(self, uow: UnitOfWork, rows: dict[str, Evidence]) -> list[Evidence]:
        """Mentions and results get their origin at once, from what is stored and what the page brings."""
        found = dict(rows)
        for learner_id in sorted({e.learner_id for e in rows.values() if is_mention(e) or is_result(e)}):
            mine = {e.id: e for e in uow.evidence.of(learner_id)}
            mine.update({e.id: e for e in rows.values() if e.learner_id == learner_id})
            found.update({e.id: e for e in settle(mine.values()) if e.id in rows})
        return list(found.values())

    def _resolve_managers(self, uow: UnitOfWork, row: EntityReport) -> None:
        unknown: dict[tuple[str, str], list[str]] = {}
        for learner_id, (system, boss) in sorted(self._state.managers.items()):
            manager = self._identity.manager_of(system, boss)
            learner = self._identity.learners.get(learner_id)
            if learner is None or manager is None:
                unknown.setdefault((system, boss), []).append(learner_id)
                continue
            learner = replace(learner, manager_id=manager)
            uow.people.upsert([learner])
            self._identity.learners[learner_id] = learner
            del self._state.managers[learner_id]
        for (system, boss), people in unknown.items():
            if system == row.connector:
                more = f" and {len(people) - 1} more" if len(people) > 1 else ""
                row.warn(f"the manager's employee id {boss!r} of {people[0]}{more} is not known")

    def _remove_missing(self, uow: UnitOfWork, name: str, entity: Entity, pulled: Pulled, row: EntityReport) -> None:
        if entity is Entity.WORKER:
            retire_workers(uow, self._identity, name, pulled, row)
        elif entity is Entity.COURSE:
            retire_courses(uow, self._catalogue, name, pulled, row)
        elif entity in (Entity.ENROLMENT, Entity.ASSESSMENT):
            self._state.unsettled |= remove_missing(uow, name, entity, pulled, row)


def _texts_before(uow: UnitOfWork, records: Sequence[Record]) -> Mapping[tuple[str, str], set[str]]:
    """By reference and learner, the ids of what a page's texts gave so far, where a text gives a piece a course."""
    texts = {str(r.ref) for r in records if isinstance(r, TextRecord) and r.kind in NAMES_COURSES}
    found: dict[tuple[str, str], set[str]] = {}
    for trace in uow.evidence.made_of(texts):
        found.setdefault((trace.source_ref, trace.learner_id), set()).add(trace.id)
    return found
