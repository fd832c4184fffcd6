"""TalentLMS's options that the common contract does not switch on: scores, tests, managers, writing by version 1."""

from __future__ import annotations

from ascertain.domain.records import AssessmentRecord, EnrolmentRecord, EnrolmentStatus, Entity, SourceRef, WorkerRecord
from ascertain.domain.writeback import WritesSkills, WriteState
from tests.contract.bench import Bench
from tests.contract.specs import SPECS

SPEC = SPECS["talentlms"]


def test_scores_of_finished_courses(bench: Bench) -> None:
    connector = bench.connect(SPEC, options={"scores": True})
    found = {r.ref.id: r for p in connector.pull(Entity.ENROLMENT, None) for r in p.records}
    company = bench.sandbox(SPEC).company.current
    last = {f"{e.course_id}-{e.user_id}": e for e in sorted(company.enrolments, key=lambda e: e.updated)}
    scored = 0
    for key, record in found.items():
        assert isinstance(record, EnrolmentRecord)
        expected = last[key].score
        if isinstance(expected, int | float) and record.status is EnrolmentStatus.COMPLETED:
            assert record.score == expected / 100
            assert record.is_assessment
            scored += 1
    assert scored > 300


def test_results_of_tests_are_those_of_the_company(bench: Bench) -> None:
    connector = bench.connect(SPEC, options={"tests": True})
    pages = list(connector.pull(Entity.ASSESSMENT, None))
    found = [r for p in pages for r in p.records]
    company = bench.sandbox(SPEC).company.current
    last = {f"{e.course_id}-{e.user_id}": e for e in sorted(company.enrolments, key=lambda e: e.updated)}
    assert len(found) > 300
    for record in found:
        assert isinstance(record, AssessmentRecord)
        enrolment = last[f"{record.course_id}-{record.user_id}"]
        assert record.score == float(enrolment.score or 0) / 100
        assert record.taken_at is None or record.taken_at.tzinfo is not None


def test_managers_are_found_by_what_the_field_holds(bench: Bench) -> None:
    connector = bench.connect(SPEC)
    found = [r for p in connector.pull(Entity.WORKER, None) for r in p.records]
    named = {r.employee_id: r.manager_employee_id for r in found if isinstance(r, WorkerRecord)}
    company = bench.sandbox(SPEC).company.current
    accounts = {p.id for p in company.learners}
    assert named == {p.id: p.manager_id if p.manager_id in accounts else None for p in company.learners}


def test_version_1_writes_what_version_2_reads(bench: Bench) -> None:
    connector = bench.connect(SPEC, options={"skills_field": 5, "write_through": "v1"})
    assert isinstance(connector, WritesSkills)
    account = str(bench.sandbox(SPEC).company.current.learners[1].docebo_id)
    user = SourceRef("talentlms", Entity.USER, account)
    assert connector.write(user, "custom_field_5", "SQL:2", request_id="1").state is WriteState.WRITTEN
    assert connector.read(user, ["custom_field_5"]) == {"custom_field_5": "SQL:2"}
    assert connector.write(user, "custom_field_5", "SQL:2", request_id="2").state is WriteState.UNCHANGED
    assert connector.write(user, "custom_field_5", None, request_id="3").state is WriteState.WRITTEN
    assert connector.read(user, ["custom_field_5"]) == {"custom_field_5": None}
