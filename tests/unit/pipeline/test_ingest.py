"""Sync against a real store: identities, order, quarantine, crashes, repetition."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ascertain.domain.audit import verify
from ascertain.domain.charter import ChangeKind
from ascertain.domain.crosswalks import ConceptKind, Link, Relation, crosswalk_of
from ascertain.domain.evidence import EvidenceKind
from ascertain.domain.overlays import Change, Overlay
from ascertain.domain.records import EnrolmentStatus, Entity, Record, Rejected, SourceRef
from ascertain.domain.skills import JobProfile
from ascertain.errors import InputError
from ascertain.pipeline.ingest import sync
from ascertain.pipeline.ingest_report import EntityReport, SyncReport
from ascertain.store import Store
from tests.agreed import OPINIONS, opt_in
from tests.unit.pipeline.ingest_world import (
    DAY,
    HRIS_ENTITIES,
    FixedClock,
    ListConnector,
    badge,
    course,
    enrolment,
    evidence_of,
    hris,
    lms,
    new_store,
    review,
    user,
    worker,
)

CLOCK = FixedClock()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    found = new_store(tmp_path)
    opt_in(found.units, *OPINIONS)
    yield found
    found.close()


def run(store: Store, *connectors: ListConnector, full: bool = False) -> SyncReport:
    return sync(connectors, store.units, clock=CLOCK, full=full)


def row(report: SyncReport, entity: Entity) -> EntityReport:
    return next(e for e in report.entities if e.entity is entity)


def quarantine(store: Store) -> dict[str, tuple[str, str]]:
    with store.units(write=False) as uow:
        return {q.ref: (q.field, q.reason) for q in uow.sync.quarantined()}


def test_accounts_and_workers_are_joined_by_address(store: Store) -> None:
    h, m = hris(), lms()
    h.put(worker("E1", email="Ann@X.example", manager="E2"), worker("E2"))
    m.put(user(11, "ann@x.EXAMPLE", language="de"), user(12, "freelancer@y.example"))
    report = run(store, m, h)
    assert report.ok
    with store.units(write=False) as uow:
        people = {p.id: p for p in uow.people.all()}
    assert set(people) == {"E1", "E2", "lms-12"}
    assert (people["E1"].language, people["E1"].manager_id) == ("de", "E2")
    assert people["E2"].manager_id is None


def test_the_employee_number_wins_over_the_address(store: Store) -> None:
    h, m = hris(), lms()
    h.put(worker("E1"), worker("E2"))
    m.put(user(11, "maiden.name@x.example", employee="E2"))
    run(store, h, m)
    with store.units(write=False) as uow:
        assert uow.people.links("lms") == {"lms:user:11": "E2"}


def test_a_second_account_with_the_same_address_is_not_guessed(store: Store) -> None:
    h, m = hris(), lms()
    h.put(worker("E1", email="a@x.example"), worker("E2", email="shared@x.example"))
    h.put(worker("E3", email="shared@x.example"))
    m.put(user(11, "a@x.example"), user(12, "a@x.example"), user(13, "shared@x.example"))
    run(store, h, m)
    held = quarantine(store)
    assert set(held) == {"lms:user:12", "lms:user:13"}
    assert "account 11" in held["lms:user:12"][1]
    assert held["lms:user:13"][0] == "email"


def test_somebody_known_to_the_lms_first_keeps_the_id(store: Store) -> None:
    m, h = lms(), hris()
    m.put(user(11, "ann@x.example"), course(1), enrolment(11, 1))
    run(store, m)
    h.put(worker("E1", email="ann@x.example"), review(1, "E1", "Fine work."))
    run(store, m, h)
    assert set(evidence_of(store)) == {"lms-11"}
    assert len(evidence_of(store)["lms-11"]) == 2


def test_a_sync_of_the_lms_alone_does_not_overrule_the_hris(store: Store) -> None:
    h, m = hris(), lms()
    h.put(worker("E1", email="ann@x.example"))
    m.put(user(11, "ann@x.example"))
    run(store, h, m)
    m.put(user(11, "other@x.example", language="nl"))
    run(store, m)
    with store.units(write=False) as uow:
        found = uow.people.get("E1")
    assert found is not None
    assert (found.name, found.email, found.language) == ("Name E1", "ann@x.example", "nl")


def test_a_manager_who_comes_later_is_linked(store: Store) -> None:
    h = hris(page_size=1)
    h.put(worker("E1", manager="E9"), worker("E2", manager="E1"))
    report = run(store, h)
    assert "'E9'" in row(report, Entity.WORKER).warnings[0]
    h.put(worker("E9"))
    run(store, h)
    with store.units(write=False) as uow:
        assert {p.id: p.manager_id for p in uow.people.all()} == {"E1": "E9", "E2": "E1", "E9": None}


def test_job_codes_lead_to_job_profiles(store: Store) -> None:
    with store.units() as uow:
        uow.roles.upsert([JobProfile("analyst", "Analyst", ())])
        uow.commit()
    h = hris()
    h.put(worker("E1", code="analyst"), worker("E2", code="X9"), replace(worker("E3", code="X7"), job_profile_id="dba"))
    report = run(store, h)
    with store.units(write=False) as uow:
        assert {p.id: p.job_profile_id for p in uow.people.all()} == {"E1": "analyst", "E2": None, "E3": "dba"}
    assert ["'X9'" in w for w in row(report, Entity.WORKER).warnings] == [True]


def test_a_job_code_of_another_taxonomy_is_known_while_a_crosswalk_leads_it(store: Store) -> None:
    walk = crosswalk_of("onet", "esco", ConceptKind.OCCUPATION, [Link("15-1242.00", "dba", Relation.CLOSE)])
    overlay = Overlay("esco-1+0").then(Change(ChangeKind.CROSSWALK, target=walk.id))
    h = hris()
    h.put(worker("E1", code="15-1242.00"))
    assert "'15-1242.00' has no job profile" in row(run(store, h), Entity.WORKER).warnings[0]
    with store.units() as uow:
        uow.stewardship.keep_crosswalk(walk)
        uow.stewardship.keep(overlay)
        uow.stewardship.use("esco", overlay, "x1", DAY)
        uow.commit()
    h.put(worker("E2", code="15-1242.00"))
    assert row(run(store, h), Entity.WORKER).warnings == []
    with store.units(write=False) as uow:
        found = uow.people.get("E2")
    assert found is not None
    assert found.job_profile_id == "15-1242.00"


def test_prerequisites_become_content_ids_in_any_order(store: Store) -> None:
    m = lms(page_size=1)
    m.put(course(1, needs=("CRS-2", "CRS-3", "CRS-1")), course(2))
    report = run(store, m)
    assert "CRS-3" in row(report, Entity.COURSE).warnings[0]
    m.put(course(3))
    run(store, m)
    with store.units(write=False) as uow:
        found = uow.contents.get("lms:1")
    assert found is not None
    assert found.item.prerequisites == ("lms:2", "lms:3")


def test_what_cannot_be_used_waits_and_is_looked_at_again(store: Store) -> None:
    h, m = hris(), lms()
    h.put(worker("E1", email="a@x.example"), review(1, "E7", "Unknown person."))
    m.put(user(11, "a@x.example"), course(1), enrolment(11, 1), enrolment(11, 9), enrolment(99, 1))
    m.put(Rejected("lms:enrolment:1-11-7", "'n/a' is not a number", "score", {"score": "n/a"}), badge(1, 99, 1))
    first = run(store, h, m)
    assert first.ok
    assert first.total("quarantined") == 5
    held = quarantine(store)
    assert {f for f, _ in held.values()} == {"course_id", "user_id", "score", "subject"}
    assert len(evidence_of(store)["E1"]) == 1
    with store.units(write=False) as uow:
        assert "Unknown person" not in str([q.raw for q in uow.sync.quarantined()])

    h.put(worker("E7"), worker("E8", email="z@x.example"))
    m.put(course(9), user(99, "z@x.example"), enrolment(11, 1, 7, score=0.6))
    second = run(store, h, m)
    assert second.total("released") == 5
    assert quarantine(store) == {}
    assert {i: len(e) for i, e in evidence_of(store).items()} == {"E1": 3, "E7": 1, "E8": 2}


def test_a_course_taken_up_again_takes_its_evidence_back(store: Store) -> None:
    m = lms()
    m.put(user(11, "a@x.example"), course(1), enrolment(11, 1), enrolment(11, 1, 2))
    run(store, m)
    m.put(enrolment(11, 1, status=EnrolmentStatus.IN_PROGRESS))
    report = run(store, m)
    assert (row(report, Entity.ENROLMENT).removed, row(report, Entity.ENROLMENT).idle) == (1, 1)
    assert [e.source_ref for e in evidence_of(store)["lms-11"]] == ["lms:enrolment:1-11-2"]


def test_an_edited_review_leaves_nothing_stale(store: Store) -> None:
    h, m = hris(), lms()
    h.put(worker("E1"), review(1, "E1", "Took Great Course 1. Leads well."))
    m.put(course(1))
    run(store, h, m)
    assert len(evidence_of(store)["E1"]) == 2
    h.put(review(1, "E1", "Leads well."))
    run(store, h, m)
    assert [(e.text, e.content_id) for e in evidence_of(store)["E1"]] == [("Leads well.", None)]


def test_a_course_its_badge_and_the_mention_are_one_origin(store: Store) -> None:
    h, m = hris(), lms()
    h.put(worker("E1", email="a@x.example"), review(1, "E1", "Took Great Course 1. Leads well."))
    m.put(user(11, "a@x.example"), course(1), badge(1, 11, 1), badge(2, 11, None, title="Badge: Great Course 1"))
    run(store, h, m)
    m.put(enrolment(11, 1), enrolment(11, 1, 2, status=EnrolmentStatus.FAILED))
    run(store, h, m)
    rows = evidence_of(store)["E1"]
    first = [e for e in rows if e.origin == "lms:enrolment:1-11-1"]
    assert {e.kind for e in first} == {EvidenceKind.ASSESSMENT, EvidenceKind.BADGE, EvidenceKind.MANAGER_REVIEW}
    assert len(first) == 4
    assert len({e.origin for e in rows}) == 3


def test_a_failing_connection_does_not_stop_the_others(store: Store) -> None:
    h, m = hris(), lms()
    h.put(worker("E1", email="a@x.example"), review(1, "E1", "Good."))
    m.put(user(11, "a@x.example"), course(1), enrolment(11, 1))
    m.fail_after[Entity.COURSE] = 0
    report = run(store, h, m)
    assert not report.ok
    assert row(report, Entity.COURSE).error == "the line went dead"
    assert "courses could not be read" in row(report, Entity.ENROLMENT).error
    assert row(report, Entity.REVIEW).new == 1
    m.fail_after.clear()
    assert run(store, h, m).ok
    assert len(evidence_of(store)["E1"]) == 2


def test_a_second_system_that_knows_workers_holds_nobody_back(store: Store) -> None:
    first, second, m = hris(), ListConnector("payroll", HRIS_ENTITIES, 50), lms()
    first.put(worker("E1", email="a@x.example"))
    m.put(user(11, "a@x.example"), course(1), enrolment(11, 1))
    second.fail_after[Entity.WORKER] = 0
    report = run(store, first, second, m)
    assert not report.ok
    assert row(report, Entity.ENROLMENT).new == 1
    assert set(evidence_of(store)) == {"E1"}


def test_without_workers_nobody_gets_an_identity(store: Store) -> None:
    h, m = hris(), lms()
    h.put(worker("E1", email="a@x.example"))
    m.put(user(11, "a@x.example"))
    h.fail_after[Entity.WORKER] = 0
    report = run(store, h, m)
    assert "workers of the HRIS" in row(report, Entity.USER).error
    assert evidence_of(store) == {}
    h.fail_after.clear()
    run(store, h, m)
    assert set(evidence_of(store)) == {"E1"}


def test_a_full_sync_retires_what_is_gone(store: Store) -> None:
    h, m = hris(), lms()
    h.put(worker("E1", email="a@x.example"), worker("E2"))
    m.put(user(11, "a@x.example"), course(1), course(2), enrolment(11, 1), enrolment(11, 2))
    run(store, h, m)
    for ref in (worker("E2").ref, course(2).ref, enrolment(11, 2).ref):
        (h if ref.entity is Entity.WORKER else m).drop(ref)
    report = run(store, h, m, full=True)
    assert [row(report, e).removed for e in (Entity.WORKER, Entity.COURSE, Entity.ENROLMENT)] == [1, 1, 1]
    assert len(evidence_of(store)["E1"]) == 1
    with store.units(write=False) as uow:
        assert [p.id for p in uow.people.all()] == ["E1"]
        assert [c.item.content_id for c in uow.contents.all()] == ["lms:1"]


def test_too_much_gone_at_once_is_not_believed(store: Store) -> None:
    m = lms()
    m.put(user(11, "a@x.example"), course(1), *(enrolment(11, 1, n) for n in range(40)))
    run(store, m)
    m.log[Entity.ENROLMENT].clear()
    report = run(store, m, full=True)
    assert "lost access" in row(report, Entity.ENROLMENT).warnings[0]
    assert len(evidence_of(store)["lms-11"]) == 40


def test_a_malformed_record_is_not_a_missing_one(store: Store) -> None:
    m = lms()
    m.put(user(11, "a@x.example"), course(1), enrolment(11, 1))
    run(store, m)
    m.drop(enrolment(11, 1).ref)
    m.put(Rejected(str(enrolment(11, 1).ref), "is not a number", "score"))
    report = run(store, m, full=True)
    assert row(report, Entity.ENROLMENT).removed == 0
    assert len(evidence_of(store)["lms-11"]) == 1


def test_each_page_leaves_one_audit_record_with_counts_only(store: Store) -> None:
    m = lms(page_size=2)
    m.put(user(11, "secret@x.example"), course(1), *(enrolment(11, 1, n) for n in range(5)))
    run(store, m)
    with store.units(write=False) as uow:
        records = list(uow.audit.records())
    assert verify(records) == ()
    pages = [r.header for r in records if r.action == "ingest.page"]
    assert [(p["entity"], p["pulled"]) for p in pages] == [
        ("user", 1),
        ("course", 1),
        ("enrolment", 2),
        ("enrolment", 2),
        ("enrolment", 1),
    ]
    assert "secret" not in str(records)
    run(store, m)
    with store.units(write=False) as uow:
        assert len(list(uow.audit.records())) == len(records)


def test_two_connections_cannot_share_a_name(store: Store) -> None:
    with pytest.raises(InputError, match="same name"):
        run(store, lms(), lms())


def test_the_report_is_json_and_progress_is_told(store: Store) -> None:
    m = lms(page_size=1)
    m.put(user(11, "a@x.example"), user(12, "b@x.example"))
    told: list[tuple[str, int]] = []
    report = sync([m], store.units, clock=CLOCK, progress=lambda r: told.append((r.entity.value, r.pulled)))
    assert told[:2] == [("user", 1), ("user", 2)]
    found = report.to_json()
    assert found["ok"] is True
    assert found["entities"][0]["entity"] == "user"
    assert found["entities"][0]["approx_total"] == 2


PEOPLE = [worker("E1", email="a@x.example", manager="E2"), worker("E2", email="b@x.example")]
ACCOUNTS = [user(11, "a@x.example"), user(12, "b@x.example")]
COURSES = [course(1), course(2, needs=("CRS-1",))]
EVENTS: list[Record] = [
    enrolment(11, 1, day=3),
    enrolment(11, 1, 2, day=9),
    enrolment(11, 2, status=EnrolmentStatus.FAILED, score=0.2, day=4),
    enrolment(12, 2, day=1, score=None),
    badge(1, 11, 1, day=5),
    badge(2, 12, 2, day=2),
    badge(3, 12, None, day=2),
    review(1, "E1", "Took Great Course 1. Leads well.", day=6),
    review(2, "E2", "Failed Great Course 2 at first."),
    review(3, "E2", "Built a thing.", kind=EvidenceKind.PROJECT),
]
_QUIET = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def deliver(batches: list[list[Record]], size: int, fails: list[tuple[Entity, int]]) -> object:
    """Sync after each batch, some of them dying on the way; what is stored in the end."""
    with tempfile.TemporaryDirectory() as folder:
        store = new_store(Path(folder))
        h, m = hris(size), lms(size)
        h.put(*PEOPLE)
        m.put(*ACCOUNTS, *COURSES)
        for number, batch in enumerate(batches):
            for record in batch:
                (h if record.ref.system == "hris" else m).put(record)
            if number < len(fails):
                entity, page = fails[number]
                for connector in (h, m):
                    connector.fail_after = {entity: page}
            run(store, h, m)
        for connector in (h, m):
            connector.fail_after = {}
        assert run(store, h, m).ok
        last = run(store, h, m)
        assert not last.changed
        assert last.total("pulled") == 0
        found = evidence_of(store)
        with store.units(write=False) as uow:
            people = uow.people.all()
            contents = uow.contents.all()
            assert uow.sync.quarantined() == []
        store.close()
        return found, people, contents


@pytest.fixture(scope="module")
def expected() -> object:
    return deliver([EVENTS], 50, [])


@_QUIET
@given(
    order=st.permutations(EVENTS + EVENTS[:4]),
    cuts=st.lists(st.integers(0, 14), max_size=3).map(sorted),
    size=st.integers(1, 6),
    fails=st.lists(st.tuples(st.sampled_from(list(Entity)), st.integers(0, 3)), max_size=3),
)
def test_order_repetition_pages_and_crashes_change_nothing(
    expected: object, order: list[Record], cuts: list[int], size: int, fails: list[tuple[Entity, int]]
) -> None:
    edges = [0, *cuts, len(order)]
    batches = [order[a:b] for a, b in itertools.pairwise(edges)]
    assert deliver(batches, size, fails) == expected


def test_a_crash_between_pages_resumes_there(store: Store) -> None:
    m = lms(page_size=2)
    m.put(user(11, "a@x.example"), course(1), *(enrolment(11, 1, n) for n in range(6)))
    m.fail_after[Entity.ENROLMENT] = 2
    assert not run(store, m).ok
    assert len(evidence_of(store)["lms-11"]) == 4
    m.fail_after.clear()
    report = run(store, m)
    assert row(report, Entity.ENROLMENT).pulled == 2
    assert len(evidence_of(store)["lms-11"]) == 6


def test_a_reference_is_unique_over_systems() -> None:
    assert str(SourceRef("lms", Entity.USER, "1")) != str(SourceRef("lms2", Entity.USER, "1"))
