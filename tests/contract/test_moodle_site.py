"""Moodle as it may be found: tokens that die, developer's output, functions that are missing, real managers."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from ascertain.connectors.moodle import MoodleConnector
from ascertain.domain.records import CourseRecord, EnrolmentRecord, Entity, SourceRef, WorkerRecord
from ascertain.domain.skills import Level
from ascertain.errors import PermanentConnectorError
from ascertain.sandbox.moodle import MoodleOptions
from tests.contract.bench import Bench, everything, serve
from tests.contract.specs import SPECS

SPEC = SPECS["moodle"]


def test_a_token_that_runs_out_in_mid_crawl_is_renewed(bench: Bench) -> None:
    with serve(SPEC, MoodleOptions(token_seconds=1)) as short:
        pull = bench.connect(SPEC, to=short).pull(Entity.ENROLMENT, None)
        found = {str(r.ref) for r in next(pull).records}
        time.sleep(1.1)
        found |= {str(r.ref) for page in pull for r in page.records}
        assert len(found) == SPEC.entities[Entity.ENROLMENT](short.company)


def test_an_administrators_token_does_too(bench: Bench) -> None:
    with serve(SPEC) as site:
        connection = bench.connection(SPEC, to=site)
        token = site.environment()["ASCERTAIN_MOODLE_TOKEN"]
        connector = MoodleConnector(replace(connection, secrets={"token": token}))
        assert connector.check().ok
        wrong = MoodleConnector(replace(connection, secrets={"token": "0" * 32})).check()
    assert not wrong.ok
    assert "invalidtoken" in wrong.problem
    assert "credentials" in wrong.remedy


def test_developers_output_in_front_is_no_trouble(bench: Bench) -> None:
    with serve(SPEC, MoodleOptions(debug=True)) as noisy:
        connector = bench.connect(SPEC, to=noisy)
        assert connector.check().ok
        assert len(everything(connector, Entity.ENROLMENT)[0]) == SPEC.entities[Entity.ENROLMENT](noisy.company)


@pytest.mark.parametrize("how", ["denied", "absent"])
def test_a_function_that_is_missing_is_named_with_its_remedy(how: str, bench: Bench) -> None:
    missing = frozenset({"gradereport_user_get_grade_items"})
    options = MoodleOptions(denied=missing) if how == "denied" else MoodleOptions(absent=missing)
    with serve(SPEC, options) as poor:
        connector = bench.connect(SPEC, to=poor)
        with pytest.raises(PermanentConnectorError, match="gradereport_user_get_grade_items") as caught:
            list(connector.pull(Entity.ENROLMENT, None))
        assert "service" in (caught.value.remedy or "")
        without = bench.connect(SPEC, to=poor, options={"grades_function": ""})
        assert Entity.ASSESSMENT not in without.capabilities().entities
        found = [r for p in without.pull(Entity.ENROLMENT, None) for r in p.records]
        assert found
        assert all(isinstance(r, EnrolmentRecord) and r.score is None for r in found)


def test_people_and_courses_are_the_companys(bench: Bench) -> None:
    connector = bench.connect(SPEC)
    company = bench.sandbox(SPEC).company.current
    workers = [r for p in connector.pull(Entity.WORKER, None) for r in p.records if isinstance(r, WorkerRecord)]
    assert {(w.employee_id, w.manager_employee_id, w.department, w.job_code) for w in workers} == {
        (p.id, p.manager_id, p.department, p.role) for p in company.learners
    }
    courses = [r for p in connector.pull(Entity.COURSE, None) for r in p.records if isinstance(r, CourseRecord)]
    assert {c.level for c in courses} >= {Level.FOUNDATION, Level.PRACTITIONER}


def test_scores_are_those_of_the_company(bench: Bench) -> None:
    connector = bench.connect(SPEC)
    company = bench.sandbox(SPEC).company.current
    latest = {(e.course_id, e.user_id): e for e in company.enrolments}
    for page in connector.pull(Entity.ENROLMENT, None):
        for record in page.records:
            assert isinstance(record, EnrolmentRecord)
            theirs = latest[int(record.course_id), int(record.user_id)].score
            expected = pytest.approx(theirs / 100, abs=0.006) if isinstance(theirs, int | float) else None
            assert record.score == expected, record.ref


def test_a_rating_within_a_course(bench: Bench) -> None:
    assert SPEC.pen is not None
    inside = {"skills": {**SPEC.pen.options["skills"], "course": 536}}
    connector = bench.connect(SPEC, options=inside)
    assert isinstance(connector, MoodleConnector)
    account = next(e.user_id for e in bench.sandbox(SPEC).company.current.enrolments if e.course_id == 536)
    user = SourceRef("moodle", Entity.USER, str(account))
    target = next(t.id for t in connector.targets() if "sql" in t.caption)
    assert connector.write(user, target, "3", request_id="x").reason == ""
    assert connector.read(user, [target]) == {target: "3"}
