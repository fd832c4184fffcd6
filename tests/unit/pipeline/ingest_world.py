"""A small source of records and a real store, for tests of ingest."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

from ascertain.domain.connector import (
    Capabilities,
    Cursor,
    Failure,
    Health,
    Incremental,
    Page,
    QuotaPolicy,
    TenantProfile,
    Verdict,
)
from ascertain.domain.evidence import Evidence, EvidenceKind
from ascertain.domain.records import (
    AwardRecord,
    CourseRecord,
    EnrolmentRecord,
    EnrolmentStatus,
    Entity,
    Record,
    Rejected,
    SourceRef,
    TextRecord,
    UserRecord,
    WorkerRecord,
)
from ascertain.domain.skills import Level
from ascertain.errors import RetryableConnectorError
from ascertain.store import Store, open_store

DAY = datetime(2026, 3, 1, tzinfo=UTC)


class FixedClock:
    def now(self) -> datetime:
        return datetime(2026, 6, 1, tzinfo=UTC)

    def today(self) -> date:
        return self.now().date()


class ListConnector:
    """Hands out what was put into it: everything as it stands without a cursor, else what came after the cursor."""

    def __init__(self, name: str, entities: Iterable[Entity], page_size: int = 50) -> None:
        self.name = name
        self.system = "list"
        self.page_size = page_size
        self.log: dict[Entity, list[Record | Rejected]] = {e: [] for e in entities}
        self.fail_after: dict[Entity, int] = {}
        self.pulls: list[tuple[Entity, bool]] = []

    def put(self, *items: Record | Rejected) -> None:
        for item in items:
            entity = Entity(str(item.ref).split(":")[1])
            self.log[entity].append(item)

    def drop(self, ref: SourceRef) -> None:
        self.log[ref.entity] = [r for r in self.log[ref.entity] if str(r.ref) != str(ref)]

    def capabilities(self) -> Capabilities:
        return Capabilities(dict.fromkeys(self.log, Incremental.UPDATED_SINCE))

    def check(self) -> Health:
        return Health(True, "list")

    def probe(self) -> TenantProfile:
        return TenantProfile({})

    def pull(self, entity: Entity, cursor: Cursor | None) -> Iterator[Page]:
        self.pulls.append((entity, cursor is None))
        items = self.log[entity]
        at = int(cursor["at"]) if cursor else 0
        for number, start in enumerate(range(at, max(len(items), at + 1), self.page_size)):
            if self.fail_after.get(entity) == number:
                raise RetryableConnectorError("the line went dead")
            part = items[start : start + self.page_size]
            good = tuple(r for r in part if not isinstance(r, Rejected))
            bad = tuple(r for r in part if isinstance(r, Rejected))
            yield Page(good, bad, {"at": min(len(items), start + self.page_size)}, len(items))

    def fetch(self, ref: SourceRef) -> Record | None:
        return None

    def quota(self) -> QuotaPolicy:
        return QuotaPolicy("none")

    def classify(self, failure: Failure) -> Verdict:
        return Verdict.PERMANENT

    def close(self) -> None:
        """Nothing to give back."""


LMS_ENTITIES = (Entity.USER, Entity.COURSE, Entity.ENROLMENT, Entity.AWARD)
HRIS_ENTITIES = (Entity.WORKER, Entity.REVIEW, Entity.PROJECT)


def lms(page_size: int = 50) -> ListConnector:
    return ListConnector("lms", LMS_ENTITIES, page_size)


def hris(page_size: int = 50) -> ListConnector:
    return ListConnector("hris", HRIS_ENTITIES, page_size)


def worker(
    employee: str, *, email: str = "", manager: str | None = None, code: str = "", active: bool = True
) -> WorkerRecord:
    ref = SourceRef("hris", Entity.WORKER, employee)
    address = email or f"{employee.lower()}@x.example"
    return WorkerRecord(
        ref,
        employee,
        address,
        f"Name {employee}",
        job_code=code,
        manager_employee_id=manager,
        active=active,
        reviews_consent=True,
    )


def user(number: int, email: str, *, language: str = "en", employee: str = "") -> UserRecord:
    ref = SourceRef("lms", Entity.USER, str(number))
    return UserRecord(ref, email, f"User {number}", language=language, employee_id=employee)


def course(
    number: int, title: str = "", *, needs: tuple[str, ...] = (), level: Level | None = Level.PRACTITIONER
) -> CourseRecord:
    return CourseRecord(
        SourceRef("lms", Entity.COURSE, str(number)),
        f"CRS-{number}",
        title or f"Great Course {number}",
        f"All about subject {number}.",
        level,
        2.0,
        prerequisites=needs,
    )


def enrolment(
    who: int,
    what: int,
    attempt: int = 1,
    *,
    status: EnrolmentStatus = EnrolmentStatus.COMPLETED,
    score: float | None = 0.8,
    day: int = 0,
    certification: bool = False,
) -> EnrolmentRecord:
    at = DAY.replace(day=1 + day)
    return EnrolmentRecord(
        SourceRef("lms", Entity.ENROLMENT, f"{what}-{who}-{attempt}"),
        str(who),
        str(what),
        status,
        attempt,
        score,
        completed_at=at if status is EnrolmentStatus.COMPLETED else None,
        is_assessment=score is not None,
        is_certification=certification,
        updated_at=at,
    )


def badge(
    number: int, who: int, what: int | None, *, title: str = "", day: int = 1, approved: bool = True
) -> AwardRecord:
    return AwardRecord(
        SourceRef("lms", Entity.AWARD, str(number)),
        str(who),
        title or f"Badge {number}",
        EvidenceKind.BADGE,
        course_code=f"CRS-{what}" if what is not None else None,
        approved=approved,
        awarded_at=DAY.replace(day=1 + day),
    )


def review(
    number: int, employee: str, text: str, *, kind: EvidenceKind = EvidenceKind.MANAGER_REVIEW, day: int = 2
) -> TextRecord:
    entity = Entity.PROJECT if kind is EvidenceKind.PROJECT else Entity.REVIEW
    return TextRecord(
        SourceRef("hris", entity, f"R{number}"),
        f"employee:{employee}",
        kind,
        "Review",
        text,
        author="BOSS",
        score=0.75,
        occurred_at=DAY.replace(day=1 + day),
    )


@cache
def _template() -> Path:
    path = Path(tempfile.mkdtemp(prefix="ingest-")) / "empty.sqlite"
    store = open_store(f"sqlite:///{path}", pseudonym=lambda i: f"p-{i}", checkpoint_file=path.with_suffix(".cp"))
    store.migrate()
    with store.units() as uow:
        uow.commit()
    store.close()
    return path


def new_store(folder: Path) -> Store:
    """A migrated SQLite store of its own."""
    path = folder / "store.sqlite"
    shutil.copy(_template(), path)
    return open_store(f"sqlite:///{path}", pseudonym=lambda i: f"p-{i}", checkpoint_file=folder / "checkpoints")


def evidence_of(store: Store) -> Mapping[str, tuple[Evidence, ...]]:
    """All stored evidence by learner."""
    with store.units(write=False) as uow:
        return {p.id: tuple(uow.evidence.of(p.id)) for p in uow.people.all(active_only=False)}
