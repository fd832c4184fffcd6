"""Tests, uses of content, jobs and messages on their way into a real store."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascertain.domain.consent import Source
from ascertain.domain.evidence import Evidence, EvidenceKind
from ascertain.domain.records import (
    AssessmentRecord,
    EngagementRecord,
    Entity,
    JobProfileRecord,
    MessageRecord,
    Record,
    Rejected,
    SourceRef,
    TextRecord,
)
from ascertain.domain.rules import MappingRules
from ascertain.domain.skills import Candidate
from ascertain.pipeline.ingest import sync
from ascertain.pipeline.ingest_pages import Ingest
from ascertain.pipeline.ingest_report import EntityReport, SyncReport
from ascertain.pipeline.messages import MessageReader, opted_in
from ascertain.pipeline.origins import settle
from ascertain.store import Store
from tests.agreed import OPINIONS, opt_in
from tests.unit.pipeline.ingest_world import (
    DAY,
    FixedClock,
    ListConnector,
    course,
    enrolment,
    evidence_of,
    hris,
    lms,
    new_store,
    user,
    worker,
)

RULES = MappingRules(claim_floor=0.5, tag_floor=0.6, tags_per_content=4, candidates_per_claim=5, mention=0.6)
SECRET = "the deployment of Terraform to the Zanzibar account hung"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    found = new_store(tmp_path)
    opt_in(found.units, *OPINIONS, Source.MESSAGES)
    yield found
    found.close()


def activity(*entities: Entity, page_size: int = 50) -> ListConnector:
    return ListConnector("lrs", entities, page_size)


class Chat(ListConnector):
    """A system where people write; ``messages_opt_in`` is the organisation's."""

    def __init__(self, *, opted_in: bool) -> None:
        super().__init__("chat", (Entity.MESSAGE,))
        self.messages_opt_in = opted_in


class Words:
    """A mapper that knows two words, and remembers what it was shown."""

    version = "words"

    def __init__(self) -> None:
        self.shown: list[str] = []

    def map(self, texts: Sequence[str], *, top: int) -> list[list[Candidate]]:
        self.shown += texts
        known = (("terraform", "Terraform", 0.9), ("deployment", "Deployment", 0.7), ("maybe", "Maybe", 0.3))
        return [[Candidate(w, label, p) for w, label, p in known if w in t.lower()][:top] for t in texts]


def run(store: Store, *connectors: ListConnector, mapper: Words | None = None, full: bool = False) -> SyncReport:
    reader = MessageReader(mapper, RULES, opted_in(connectors)) if mapper else None
    return sync(connectors, store.units, clock=FixedClock(), messages=reader, full=full)


def result(
    number: int, who: str, what: int | str = "", *, score: float | None = 0.8, passed: bool | None = None, day: int = 0
) -> AssessmentRecord:
    ref = SourceRef("lms", Entity.ASSESSMENT, str(number))
    return AssessmentRecord(
        ref, who, f"Quiz {number}", str(what), score=score, passed=passed, taken_at=DAY.replace(day=1 + day)
    )


def use(
    number: int,
    who: str = "email:u1@x.example",
    *,
    title: str = "Kubernetes in depth",
    what: str = "",
    minutes: float = 2,
) -> EngagementRecord:
    ref = SourceRef("lrs", Entity.ENGAGEMENT, str(number))
    at = DAY + timedelta(hours=number)
    return EngagementRecord(ref, who, title, "read", what, minutes=minutes, progress=0.01, occurred_at=at)


def message(number: int, text: str = SECRET, *, who: str = "employee:E1") -> MessageRecord:
    ref = SourceRef("chat", Entity.MESSAGE, f"C1-{number}")
    return MessageRecord(ref, who, text, "platform", DAY + timedelta(days=number))


def pieces(store: Store, learner: str, kind: EvidenceKind) -> list[Evidence]:
    return [e for e in evidence_of(store).get(learner, ()) if e.kind is kind]


def dump(store: Store, folder: Path) -> bytes:
    """Everything the store has on disk."""
    store.close()
    return b"".join(f.read_bytes() for f in folder.iterdir() if f.is_file())


# ── tests ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def learning(*records: Record) -> ListConnector:
    found = ListConnector("lms", (*lms().log, Entity.ASSESSMENT))
    found.put(user(1, "u1@x.example"), course(7), *records)
    return found


def test_a_result_is_an_event_of_its_own(store: Store) -> None:
    run(store, learning(enrolment(1, 7, score=None), result(1, "1", 7, score=0.6), result(2, "1", 7, score=0.9)))
    found = evidence_of(store)["lms-1"]
    assert len({e.origin for e in found}) == 3
    scored = {e.title: e for e in found if e.kind is EvidenceKind.ASSESSMENT}
    assert scored["Quiz 1"].content_id == "lms:7"
    assert scored["Quiz 1"].score == 0.6
    assert "Quiz 1" in scored["Quiz 1"].text
    assert "60 of 100" in scored["Quiz 1"].text


def test_the_enrolments_own_score_is_the_same_event(store: Store) -> None:
    run(
        store,
        learning(result(1, "1", 7, score=0.6), result(2, "1", 7, score=0.8, day=3), enrolment(1, 7, score=0.8, day=3)),
    )
    found = {e.source_ref: e for e in evidence_of(store)["lms-1"]}
    assert found["lms:assessment:2"].origin == "lms:enrolment:7-1-1"
    assert found["lms:assessment:1"].origin == "lms:assessment:1"


def test_a_test_after_the_enrolment_was_graded_is_another_event(store: Store) -> None:
    run(store, learning(enrolment(1, 7, score=0.8, day=3), result(1, "1", 7, score=0.8, day=9)))
    assert len({e.origin for e in evidence_of(store)["lms-1"]}) == 2


def test_a_test_without_a_result_shows_nothing_and_an_unknown_course_waits(store: Store) -> None:
    source = learning(
        result(1, "1", 7, score=None),
        result(2, "1", 99),
        result(3, "2", 7),
        result(4, "1", "", passed=False, score=None),
    )
    report = run(store, source)
    row = next(e for e in report.entities if e.entity is Entity.ASSESSMENT)
    assert (row.idle, row.quarantined, row.new) == (1, 2, 1)
    (failed,) = pieces(store, "lms-1", EvidenceKind.ASSESSMENT)
    assert failed.passed is False
    assert failed.text.startswith("Did not pass the test")
    source.put(course(99), user(2, "u2@x.example"))
    row = next(e for e in run(store, source).entities if e.entity is Entity.ASSESSMENT)
    assert row.released == 2
    assert pieces(store, "lms-2", EvidenceKind.ASSESSMENT)


def test_people_may_be_named_by_address_or_employee_id(store: Store) -> None:
    source = activity(Entity.ASSESSMENT)
    source.put(
        replace(result(1, "email:E1@x.example"), ref=SourceRef("lrs", Entity.ASSESSMENT, "1")),
        replace(result(2, "employee:E1"), ref=SourceRef("lrs", Entity.ASSESSMENT, "2")),
        replace(result(3, "email:who@x.example", "urn:any"), ref=SourceRef("lrs", Entity.ASSESSMENT, "3")),
    )
    people = hris()
    people.put(worker("E1"))
    report = run(store, people, source)
    assert len(pieces(store, "E1", EvidenceKind.ASSESSMENT)) == 2
    assert report.total("quarantined") == 1


def test_a_feed_of_statements_brings_all_kinds_and_retries_them(store: Store) -> None:
    source = activity(Entity.STATEMENT)
    source.log = {
        Entity.STATEMENT: [replace(result(1, "employee:E9"), ref=SourceRef("lrs", Entity.ASSESSMENT, "1")), use(1)]
    }
    people = hris()
    people.put(worker("E1", email="u1@x.example"))
    assert run(store, people, source).total("quarantined") == 1
    assert len(pieces(store, "E1", EvidenceKind.ENGAGEMENT)) == 1
    people.put(worker("E9"))
    assert run(store, people, source).total("released") == 1
    assert len(pieces(store, "E9", EvidenceKind.ASSESSMENT)) == 1


def test_tests_that_are_gone_from_the_source_are_removed(store: Store) -> None:
    source = learning(result(1, "1", 7), result(2, "1", 7))
    run(store, source)
    source.drop(SourceRef("lms", Entity.ASSESSMENT, "1"))
    run(store, source, full=True)
    assert [e.source_ref for e in pieces(store, "lms-1", EvidenceKind.ASSESSMENT)] == ["lms:assessment:2"]


SCORES = st.sampled_from((None, 0.5, 0.8))
DAYS = st.none() | st.integers(1, 9).map(lambda d: date(2026, 3, d))


@given(
    st.lists(st.tuples(st.sampled_from((Entity.ENROLMENT, Entity.ASSESSMENT, Entity.AWARD)), SCORES, DAYS), max_size=6)
)
def test_settling_is_order_free_and_idempotent(rows: list[tuple[Entity, float | None, date | None]]) -> None:
    found = [
        Evidence(
            f"e{i}", "p", EvidenceKind.ASSESSMENT, "lms", f"lms:{e}:{i}", f"lms:{e}:{i}", "t", "x", "lms:7", day, score
        )
        for i, (e, score, day) in enumerate(rows)
    ]
    once = settle(found)
    assert settle(once) == once
    for order in itertools.islice(itertools.permutations(found), 6):
        assert sorted(settle(order), key=lambda e: e.id) == once
    assert all(e.origin == e.source_ref for e in once if ":enrolment:" in e.source_ref)


# ── uses of content ────────────────────────────────────────────────────────────────────────────────────────────────


def test_five_hundred_page_views_are_one_piece(store: Store) -> None:
    source = activity(Entity.ENGAGEMENT, page_size=30)
    source.put(*(use(n) for n in range(500)), use(500, title="Another page"))
    people = hris()
    people.put(worker("E1", email="u1@x.example"))
    report = run(store, people, source)
    found = {e.title: e for e in pieces(store, "E1", EvidenceKind.ENGAGEMENT)}
    assert set(found) == {"Kubernetes in depth", "Another page"}
    assert "500 times" in found["Kubernetes in depth"].text
    assert "1000 minutes" in found["Kubernetes in depth"].text
    assert found["Kubernetes in depth"].occurred_on == (DAY + timedelta(hours=499)).date()
    before = evidence_of(store)
    run(store, people, source, full=True)
    assert evidence_of(store) == before, "pulled again, counted once"
    assert report.ok


def test_using_a_course_is_a_trace_of_its_completion(store: Store) -> None:
    source = ListConnector("lms", (*lms().log, Entity.ENGAGEMENT))
    view = replace(use(1, "1", what="7"), ref=SourceRef("lms", Entity.ENGAGEMENT, "1"))
    source.put(user(1, "u1@x.example"), course(7), enrolment(1, 7), view)
    run(store, source)
    assert {e.origin for e in evidence_of(store)["lms-1"]} == {"lms:enrolment:7-1-1"}


def test_what_strangers_use_leaves_no_trace(store: Store, tmp_path: Path) -> None:
    source = activity(Entity.ENGAGEMENT)
    source.put(use(1, "email:stranger@else.example"))
    report = run(store, source)
    assert report.total("idle") == 1
    assert report.total("quarantined") == 0
    assert b"stranger@else" not in dump(store, tmp_path)


# ── jobs ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_job_is_a_proposal_and_asks_nothing(store: Store) -> None:
    source = activity(Entity.JOB_PROFILE)
    ref = SourceRef("lrs", Entity.JOB_PROFILE, "J1")
    source.put(JobProfileRecord(ref, "PLT", "Platform engineer", skills=("Terraform", "AWS")))
    run(store, source)
    with store.units() as uow:
        (found,) = uow.proposals.all()
        assert (found.code, found.skills, found.accepted_as) == ("PLT", ("Terraform", "AWS"), None)
        assert uow.roles.all() == []
        assert uow.proposals.accept(str(ref), "platform")
        assert not uow.proposals.accept("lrs:job_profile:none", "platform")
        uow.commit()
    source.put(JobProfileRecord(ref, "PLT", "Platform engineer II"))
    report = run(store, source)
    assert report.total("changed") == 1
    with store.units(write=False) as uow:
        (found,) = uow.proposals.all()
        assert (found.title, found.accepted_as) == ("Platform engineer II", "platform")


def test_documents_are_texts(store: Store) -> None:
    source = activity(Entity.DOCUMENT)
    ref = SourceRef("lrs", Entity.DOCUMENT, "D1")
    text = "Wrote the runbook for restoring PostgreSQL."
    source.put(TextRecord(ref, "employee:E1", EvidenceKind.DOCUMENT, "Runbook", text, occurred_at=DAY))
    assert run(store, source).total("quarantined") == 1
    people = hris()
    people.put(worker("E1"))
    run(store, people, source)
    (found,) = pieces(store, "E1", EvidenceKind.DOCUMENT)
    assert found.text == text


# ── messages ───────────────────────────────────────────────────────────────────────────────────────────────────────


def staff(*, consent: bool) -> ListConnector:
    found = hris()
    found.put(replace(worker("E1"), messages_consent=consent))
    return found


def test_a_message_leaves_one_sentence(store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    chat, mapper = Chat(opted_in=True), Words()
    chat.put(message(1), message(2, "Lunch?"), message(3, "maybe later"), message(4, who="email:nobody@x.example"))
    chat.put(Rejected("chat:message:C1-9", f"{SECRET!r} is not a date", "ts", {"text": SECRET}))
    with caplog.at_level("DEBUG"):
        report = run(store, staff(consent=True), chat, mapper=mapper)
    (found,) = pieces(store, "E1", EvidenceKind.MESSAGE)
    assert found.text == "Wrote about Terraform and Deployment in the channel “platform” on 2026-03-02."
    assert found.title == "Message to colleagues"
    assert report.total("idle") == 3
    assert len(mapper.shown) == 3, "a stranger's is not looked at"
    everything = dump(store, tmp_path) + caplog.text.encode() + repr(report).encode() + repr(message(1)).encode()
    for word in (b"Zanzibar", b"Lunch", b"later"):
        assert word not in everything


@pytest.mark.parametrize(("organisation", "person"), [(False, True), (True, False), (False, False)])
def test_both_have_to_agree(store: Store, organisation: bool, person: bool) -> None:
    chat, mapper = Chat(opted_in=organisation), Words()
    chat.put(message(1))
    report = run(store, staff(consent=person), chat, mapper=mapper)
    assert report.ok
    assert mapper.shown == []
    assert pieces(store, "E1", EvidenceKind.MESSAGE) == []
    assert bool(chat.pulls) == organisation, "without the organisation's yes nothing is even asked for"


def test_a_connector_that_does_not_say_is_not_asked(store: Store) -> None:
    silent, mapper = activity(Entity.MESSAGE), Words()
    silent.put(replace(message(1), ref=SourceRef("lrs", Entity.MESSAGE, "1")))
    run(store, staff(consent=True), silent, mapper=mapper)
    assert silent.pulls == []


def test_a_message_that_comes_in_by_another_way_meets_the_same_gates(store: Store) -> None:
    """A webhook's record is applied without a pull: without the organisation's yes nobody looks at it either."""
    run(store, staff(consent=True))
    for names, shown in (((), 0), (("chat",), 1)):
        mapper = Words()
        ingest = Ingest.load(store.units, FixedClock(), ["chat"], MessageReader(mapper, RULES, names))
        with store.units() as uow:
            ingest.apply(uow, [message(1)], EntityReport("chat", Entity.MESSAGE))
            uow.commit()
        assert len(mapper.shown) == shown
        assert len(pieces(store, "E1", EvidenceKind.MESSAGE)) == shown


def test_withdrawn_consent_takes_it_all_back(store: Store) -> None:
    chat, people = Chat(opted_in=True), staff(consent=True)
    chat.put(message(1))
    run(store, people, chat, mapper=Words())
    assert pieces(store, "E1", EvidenceKind.MESSAGE)
    people.put(replace(worker("E1"), messages_consent=False))
    run(store, people, mapper=Words())
    assert pieces(store, "E1", EvidenceKind.MESSAGE) == []


def test_an_edited_message_shows_what_it_says_now_and_talk_counts_once_a_month(store: Store) -> None:
    chat, people = Chat(opted_in=True), staff(consent=True)
    chat.put(message(1), message(2))
    run(store, people, chat, mapper=Words())
    assert len({e.origin for e in pieces(store, "E1", EvidenceKind.MESSAGE)}) == 1
    chat.put(message(1, "Nothing of that kind"))
    run(store, people, chat, mapper=Words())
    assert [e.source_ref for e in pieces(store, "E1", EvidenceKind.MESSAGE)] == ["chat:message:C1-2"]


# ── the quarantine ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_quarantine_keeps_nothing_that_names_anybody(store: Store, tmp_path: Path) -> None:
    source = hris()
    raw: dict[str, object] = {
        "id": "R9",
        "employee_id": "E1",
        "date": "some day",
        "text": "Her own words",
        "author": "Bo",
    }
    source.put(Rejected("hris:review:R9", "'some day' is not a date", "Review_Date", raw))
    source.put(Rejected("hris:worker:E7", "is empty", "Worker", {"employee_id": "E7", "email": "seven@x.example"}))
    run(store, source)
    with store.units(write=False) as uow:
        held = {q.ref: dict(q.raw) for q in uow.sync.quarantined()}
    assert held["hris:review:R9"] == {"id": "R9", "employee_id": "E1", "date": "some day"}
    assert held["hris:worker:E7"] == {"employee_id": "E7"}
    kept = dump(store, tmp_path)
    assert b"Her own words" not in kept
    assert b"seven@x" not in kept
