"""Absorb's options that the common contract does not switch on: lessons, the way through the enrolments."""

from __future__ import annotations

import httpx
import pytest

from ascertain.domain.records import AssessmentRecord, EnrolmentRecord, Entity, WorkerRecord
from ascertain.errors import RetryableConnectorError
from tests.contract.bench import Bench, everything
from tests.contract.specs import SPECS

SPEC = SPECS["absorb"]


def test_lessons_have_the_scores_of_the_company(bench: Bench) -> None:
    connector = bench.connect(SPEC, options={"lessons": True, "page_size": 1000})
    found = [r for p in connector.pull(Entity.ASSESSMENT, None) for r in p.records]
    company = bench.sandbox(SPEC).company.current
    people = {p.docebo_id for p in company.learners}
    courses = {c.id for c in company.courses}
    # The address of lessons names person and course, so only the present attempt can be asked for.
    present = {(e.user_id, e.course_id): e.score for e in sorted(company.enrolments, key=lambda e: e.updated)}
    scores = [s for (u, c), s in present.items() if u in people and c in courses and isinstance(s, int | float)]
    results = {r.ref: r.score or 0.0 for r in found if isinstance(r, AssessmentRecord)}
    assert sorted(round(s * 100, 6) for s in results.values()) == sorted(scores)
    enrolled = {r.ref.id.split(".")[0] for p in connector.pull(Entity.ENROLMENT, None) for r in p.records}
    assert {r.user_id for r in found if isinstance(r, AssessmentRecord)} <= enrolled


def test_both_ways_bring_the_same_enrolments(bench: Bench) -> None:
    by_person, _ = everything(bench.connect(SPEC, options={"enrolments_by": "user"}), Entity.ENROLMENT)
    by_course, _ = everything(bench.connect(SPEC, options={"enrolments_by": "course"}), Entity.ENROLMENT)
    both = set(by_course) & set(by_person)
    assert all(by_person[ref] == by_course[ref] for ref in both)
    company = bench.sandbox(SPEC).company.current
    people, courses = {p.docebo_id for p in company.learners}, {c.id for c in company.courses}
    rows = {(e.user_id, e.course_id, e.enrolled) for e in company.enrolments}
    # A list below an account does not show whose account is gone, one below a course not which course is.
    assert len(set(by_person) - both) == sum(u in people and c not in courses for u, c, _ in rows)
    assert len(set(by_course) - both) == sum(u not in people and c in courses for u, c, _ in rows)


def test_managers_and_departments_are_those_of_the_company(bench: Bench) -> None:
    found = [r for p in bench.connect(SPEC).pull(Entity.WORKER, None) for r in p.records]
    company = bench.sandbox(SPEC).company.current
    accounts = {p.id for p in company.learners}
    workers = {r.employee_id: r for r in found if isinstance(r, WorkerRecord)}
    for person in company.learners:
        expected = person.manager_id if person.manager_id in accounts else None
        assert workers[person.id].manager_employee_id == expected
        assert workers[person.id].department == person.department


def test_an_event_without_the_record_is_fetched_by_person_and_course(bench: Bench) -> None:
    connector = bench.connect(SPEC)
    record = next(r for p in connector.pull(Entity.ENROLMENT, None) for r in p.records)
    assert isinstance(record, EnrolmentRecord)
    fetched = connector.fetch(record.ref)
    assert fetched in (None, record), "the present enrolment, or nothing where it is an older one"


def test_a_token_that_somebody_else_ends_each_time_is_not_called_a_wrong_password(bench: Bench) -> None:
    class Thief(httpx.BaseTransport):
        """After three good calls every token is dead at once."""

        def __init__(self) -> None:
            self.inner, self.good = httpx.HTTPTransport(), 0

        def handle_request(self, request: httpx.Request) -> httpx.Response:
            if request.url.path == "/authenticate":
                return self.inner.handle_request(request)
            self.good += 1
            return self.inner.handle_request(request) if self.good <= 3 else httpx.Response(401, request=request)

    connector = bench.connect(SPEC, transport=Thief())
    with pytest.raises(RetryableConnectorError, match="somebody else signs in") as caught:
        everything(connector, Entity.ENROLMENT)
    assert caught.value.retry_after
    assert caught.value.remedy
