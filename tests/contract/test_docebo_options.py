"""Docebo's options that the common contract does not switch on: the org chart, learning objects, saved reports."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from ascertain.connectors.registry import open_connector
from ascertain.domain.connector import Cursor
from ascertain.domain.records import CourseRecord, Entity, UserRecord, WorkerRecord
from ascertain.errors import RetryableConnectorError
from ascertain.sandbox.docebo_more import EXPORT_SECONDS, REPORT
from tests.contract.bench import Bench, stored
from tests.contract.specs import SPECS

SPEC = SPECS["docebo"]
CAPTIONS = {
    "course_id": "Course unique ID",
    "user_id": "User unique ID",
    "title": "Course name",
    "code": "Course code",
    "status": "Enrolment status",
    "score": "Final score",
    "enrolled": "Enrolment date",
    "completed": "Completion date",
    "updated": "Last change",
}


def test_branches_say_the_department_where_no_field_does(bench: Bench) -> None:
    connection = bench.connection(SPEC, options={"branches": True})
    bare = replace(connection, fields={**connection.fields, Entity.USER: {"employee_id": "field_3"}})
    connector = open_connector(bare)
    found = [r for p in connector.pull(Entity.USER, None) for r in p.records]
    connector.close()
    people = {p.id: p.department for p in bench.sandbox(SPEC).company.current.learners}
    assert {r.employee_id: r.department for r in found if isinstance(r, UserRecord)} == people


@pytest.mark.parametrize("how", ["list", "each"])
def test_managers_are_those_of_the_company(bench: Bench, how: str) -> None:
    connector = bench.connect(SPEC, options={"workers": True, "managers": how})
    found = [r for p in connector.pull(Entity.WORKER, None) for r in p.records]
    company = bench.sandbox(SPEC).company.current
    accounts = {p.id for p in company.learners}
    expected = {p.id: p.manager_id if p.manager_id in accounts else None for p in company.learners}
    assert {r.employee_id: r.manager_employee_id for r in found if isinstance(r, WorkerRecord)} == expected


def test_learning_objects_are_named(bench: Bench) -> None:
    connector = bench.connect(SPEC, options={"materials": True, "page_size": 200})
    first = next(r for p in connector.pull(Entity.COURSE, None) for r in p.records)
    assert isinstance(first, CourseRecord)
    assert f"Materials: {first.title}: reading" in first.description


def test_a_saved_report_has_what_the_list_has(bench: Bench) -> None:
    listed = {str(r.ref) for p in bench.connect(SPEC).pull(Entity.ENROLMENT, None) for r in p.records}
    options = {"reports": {"enrolment": REPORT}, "report_page_size": 200, "report_wait_seconds": 1}
    connection = bench.connection(SPEC, options=options)
    mapped = replace(connection, fields={**connection.fields, Entity.ENROLMENT: CAPTIONS})
    connector = open_connector(mapped)
    cursor: Cursor | None = None
    refs: set[str] = set()
    with pytest.raises(RetryableConnectorError, match="being exported"):  # noqa: PT012 - the checkpoint before it matters
        for page in connector.pull(Entity.ENROLMENT, None):
            cursor = stored(page.checkpoint)
    time.sleep(EXPORT_SECONDS)
    pages = 0
    for page in connector.pull(Entity.ENROLMENT, cursor):
        refs |= {str(r.ref) for r in page.records}
        pages += 1
    connector.close()
    assert pages > 3
    assert refs == listed
