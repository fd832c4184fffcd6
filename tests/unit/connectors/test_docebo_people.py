"""Docebo's managers, branches, learning objects and saved reports, replayed through an injected transport."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascertain.connectors.connection import Connection
from ascertain.connectors.docebo import DoceboConnector
from ascertain.connectors.docebo_people import first_manager
from ascertain.domain.connector import Incremental
from ascertain.domain.records import Entity, SourceRef, WorkerRecord
from ascertain.errors import ConfigError, PermanentConnectorError, RetryableConnectorError

Answers = Callable[[httpx.Request], Any]
FIELDS = {Entity.USER: {"employee_id": "field_3"}, Entity.WORKER: {"employee_id": "field_3", "job_title": "field_7"}}
USER = {"user_id": "2", "email": "b@x.example", "fullname": "B", "field_3": "E2", "field_7": "Analyst"}


def connector(answers: Answers, fields: Any = None, **options: Any) -> DoceboConnector:
    def play(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/oauth2/token":
            return httpx.Response(200, json={"access_token": "t", "expires_in": 3600})
        answer = answers(request)
        return answer if isinstance(answer, httpx.Response) else httpx.Response(200, json=answer)

    secrets = {"client_id": "i", "client_secret": "s"}
    chosen = FIELDS if fields is None else fields
    connection = Connection("lms", "docebo", "https://lms.example", ZoneInfo("UTC"), secrets, {}, chosen, options)
    return DoceboConnector(connection, transport=httpx.MockTransport(play))


def items(*rows: Any) -> dict[str, Any]:
    return {"data": {"items": list(rows), "has_more_data": False}}


def manager_seven(request: httpx.Request) -> Any:
    if request.url.path == "/manage/v1/user":
        return items(
            {**USER, "managers": [{"manager_id": "7", "manager_name": "G"}]}, {**USER, "user_id": "3", "field_3": "E3"}
        )
    if request.url.path == "/manage/v1/users/2/managers":
        return items({"user_id": "7"})
    if request.url.path == "/manage/v1/user/7":
        return {"data": {"user_data": {"user_id": "7"}, "additional_fields": [{"id": 3, "value": "E7"}]}}
    return httpx.Response(404, json={})


@pytest.mark.parametrize("how", ["list", "each"])
def test_workers_name_their_managers_by_employee_number(how: str) -> None:
    lms = connector(manager_seven, workers=True, managers=how)
    (page,) = lms.pull(Entity.WORKER, None)
    first, second = page.records
    assert isinstance(first, WorkerRecord)
    assert isinstance(second, WorkerRecord)
    assert (str(first.ref), first.manager_employee_id, first.job_title) == ("lms:worker:E2", "E7", "Analyst")
    assert second.manager_employee_id is None


def test_workers_are_an_option() -> None:
    lms = connector(manager_seven)
    assert Entity.WORKER not in lms.capabilities().entities
    with pytest.raises(PermanentConnectorError, match="worker"):
        list(lms.pull(Entity.WORKER, None))


CHART = items(
    {"id_org": 1, "id_parent": None, "translation": "Company"},
    {"id_org": 2, "id_parent": 1, "translation": {"english": "Engineering"}},
    {"id_org": 3, "id_parent": 2, "code": "PLAT", "translation": ""},
    {"id_org": 8, "id_parent": 9, "translation": "Circle"},
    {"id_org": 9, "id_parent": 8, "translation": "Circle too"},
)


@pytest.mark.parametrize(("level", "name"), [(0, "PLAT"), (1, "Engineering"), (5, "PLAT")])
def test_the_department_is_the_branch(level: int, name: str) -> None:
    asked: list[str] = []

    def answers(request: httpx.Request) -> Any:
        if request.url.path == "/manage/v1/orgchart":
            return CHART
        branch = request.url.params.get("branch_id")
        if branch:
            asked.append(branch)
        return items(*([USER] if branch in (None, "2", "3") else []))

    lms = connector(answers, branches=True, branch_level=level)
    (page,) = lms.pull(Entity.USER, None)
    assert page.records[0].department == name  # type: ignore[union-attr]
    assert asked.index("2") < asked.index("3")
    assert "1" not in asked


def test_a_mapped_field_comes_before_the_branch() -> None:
    def answers(request: httpx.Request) -> Any:
        return CHART if request.url.path.endswith("orgchart") else items({**USER, "field_1": "Data"})

    fields = {Entity.USER: {"department": "field_1"}}
    (page,) = connector(answers, fields, branches=True).pull(Entity.USER, None)
    assert page.records[0].department == "Data"  # type: ignore[union-attr]


def test_a_fetched_user_has_the_additional_fields() -> None:
    def answers(request: httpx.Request) -> Any:
        row = {"user_id": "2", "email": "b@x.example", "fullname": "B"}
        return {"data": {"user_data": row, "additional_fields": [{"id": 3, "value": "E2"}, {"broken": 1}]}}

    found = connector(answers).fetch(SourceRef("lms", Entity.USER, "2"))
    assert found is not None
    assert found.employee_id == "E2"  # type: ignore[union-attr]


def test_learning_objects_are_part_of_the_description() -> None:
    def answers(request: httpx.Request) -> Any:
        if request.url.path == "/learn/v1/courses/5/los":
            return items(
                {"lo_type": "video", "lo_name": "Inner <b>joins</b>"}, {"lo_name": ""}, "x", {"lo_name": "Test"}
            )
        if request.url.path.endswith("/los"):
            return httpx.Response(404, json={})
        return items({"id_course": 5, "name": "SQL", "description": "Joins."}, {"id_course": 6, "name": "Bare"})

    (page,) = connector(answers, materials=True).pull(Entity.COURSE, None)
    assert [c.description for c in page.records] == ["Joins.\nMaterials: Inner joins; Test", ""]  # type: ignore[union-attr]


REPORT = {
    Entity.ENROLMENT: {"course_id": "Course ID", "user_id": "User ID", "status": "Status", "score": "Final score"}
}
ROW = {"Course ID": "7", "User ID": "12", "Status": "Completed", "Final score": "80", "National ID": "900-00-0000"}


class Analytics:
    """A saved report whose export needs some asking."""

    def __init__(self, unfinished: list[Any]) -> None:
        self.unfinished = unfinished
        self.exports = 0
        self.asked: list[str | None] = []

    def __call__(self, request: httpx.Request) -> Any:
        if request.url.path == "/analytics/v1/reports/r-1/export/csv":
            self.exports += 1
            return {"data": {"executionId": f"x{self.exports}"}}
        assert request.url.path == f"/analytics/v1/reports/r-1/exports/x{self.exports}/results"
        if self.unfinished:
            return self.unfinished.pop(0)
        self.asked.append(request.url.params.get("nextToken"))
        if self.asked[-1] is None:
            return {"data": [ROW], "nextToken": "n/1"}
        return {"data": [{**ROW, "User ID": "13"}, {**ROW, "User ID": "14", "Final score": "x"}]}


def reported(play: Answers, **options: Any) -> DoceboConnector:
    return connector(play, REPORT, reports={"enrolment": "r-1"}, **options)


def test_a_report_is_exported_once_and_read_in_pages() -> None:
    play = Analytics([])
    lms = reported(play)
    assert lms.capabilities().incremental[Entity.ENROLMENT] is Incremental.FULL
    pages = list(lms.pull(Entity.ENROLMENT, None))
    assert [len(p.records) for p in pages] == [0, 1, 1]
    assert [r.field for p in pages for r in p.rejected] == ["Final score"]
    assert play.asked == [None, "n/1"]
    assert pages[1].records[0].score == 0.8  # type: ignore[union-attr]
    assert "900-00-0000" not in repr(pages)


@pytest.mark.parametrize("answer", [{"data": []}, {}, httpx.Response(404, json={}), httpx.Response(409, json={})])
def test_an_unfinished_export_is_not_begun_twice(answer: Any) -> None:
    play = Analytics([answer])
    pull = reported(play, report_wait_seconds=45).pull(Entity.ENROLMENT, None)
    checkpoint = next(pull).checkpoint
    with pytest.raises(RetryableConnectorError) as caught:
        next(pull)
    assert caught.value.retry_after == 45
    rest = list(reported(play).pull(Entity.ENROLMENT, checkpoint))
    assert (play.exports, sum(len(p.records) for p in rest)) == (1, 2)


def test_patience_ends() -> None:
    def begun(ago: timedelta) -> dict[str, Any]:
        at = (datetime.now(UTC) - ago).isoformat()
        return {"v": 1, "position": {"execution": "x1", "begun": at, "token": ""}}

    play = Analytics([{"data": []}])
    play.exports = 1
    (page,) = reported(play).pull(Entity.ENROLMENT, begun(timedelta(minutes=40)))
    assert "has no rows" in page.warnings[0]
    again = list(reported(play).pull(Entity.ENROLMENT, begun(timedelta(hours=5))))
    assert "begun again" in again[0].warnings[0]
    assert play.exports == 2


def test_a_dead_page_token_begins_the_export_again() -> None:
    play = Analytics([])
    play.exports = 1
    at = datetime.now(UTC).isoformat()
    dead = [httpx.Response(410, json={})]
    play.unfinished = dead
    stale = {"v": 1, "position": {"execution": "x1", "begun": at, "token": "n/0"}}
    pages = list(reported(play).pull(Entity.ENROLMENT, stale))
    assert (play.exports, sum(len(p.records) for p in pages)) == (2, 2)


def test_a_report_needs_something_that_can_be_reported() -> None:
    with pytest.raises(ConfigError, match="worker"):
        connector(manager_seven, reports={"worker": "r-1"})
    missing = reported(lambda r: {"data": {}})
    with pytest.raises(PermanentConnectorError, match="could not be exported"):
        list(missing.pull(Entity.ENROLMENT, None))


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ([{"manager_id": 7}], "7"),
        (["7", "8"], "7"),
        ("7,8", "7"),
        (7, "7"),
        ({"items": [{"id": "7"}]}, "7"),
        ([], ""),
        ("", ""),
        (None, ""),
    ],
)
def test_managers_however_they_are_written(value: object, found: str) -> None:
    assert first_manager(value) == found


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda i: st.lists(i) | st.dictionaries(st.text(), i)
    )
)
def test_no_list_of_managers_is_an_error(value: object) -> None:
    assert isinstance(first_manager(value), str)
