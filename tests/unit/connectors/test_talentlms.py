"""TalentLMS's odd answers in both versions, replayed through an injected transport."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascertain.connectors.connection import Connection
from ascertain.connectors.pace import Pace
from ascertain.connectors.parsing import FieldError, Row
from ascertain.connectors.talentlms import TalentLmsConnector
from ascertain.connectors.talentlms_rows import DEFAULT_FIELDS, epoch, language_of
from ascertain.domain.connector import Incremental
from ascertain.domain.records import (
    AssessmentRecord,
    AwardRecord,
    CourseRecord,
    EngagementRecord,
    EnrolmentRecord,
    EnrolmentStatus,
    Entity,
    SourceRef,
    UserRecord,
)
from ascertain.domain.writeback import WriteState
from ascertain.errors import PermanentConnectorError

Answers = Callable[[httpx.Request], object]
USER = {
    "id": 7,
    "login": "ana",
    "name": "Ana",
    "surname": "Silva",
    "email": "ana@example.com",
    "language": "Deutsch",
    "status": "active",
    "last_updated": "2026-07-01T10:00:00",
}
DETAILS = {
    **USER,
    "custom_fields": [
        {"id": 1, "name": "Department", "value": "Data", "type": "text"},
        {"id": 3, "name": "Number", "value": "E7", "type": "text"},
        {"id": 4, "name": "Boss", "value": "bo@example.com", "type": "text"},
        {"id": 5, "name": "Skills", "value": "", "type": "text"},
        {"id": 6, "name": "National", "value": "900-11-2222", "type": "text"},
    ],
}
COURSE = {
    "id": "12",
    "name": "SQL",
    "role": "learner",
    "completion_status": "completed",
    "completion_percentage": "100",
    "enrolled_on": "01/06/2026, 09:00:00",
    "enrolled_on_timestamp": "1780304400",
    "completed_on_timestamp": "1782900000",
    "expired_on_timestamp": "",
    "total_time_seconds": "5400",
}
FIELDS = {Entity.USER: {"department": "custom_field_1", "employee_id": "custom_field_3"}}


def listed(items: list[Any], **said: int) -> dict[str, Any]:
    head = {"page": 1, "page_size": 100, "total_items": len(items), "total_pages": 1, "total_results": len(items)}
    return {"_data": items, "_links": {}, "_meta": {"pagination": head | said}}


def connector(answers: Answers, zone: str = "UTC", fields: Any = None, **options: Any) -> TalentLmsConnector:
    def play(request: httpx.Request) -> httpx.Response:
        if request.url.path.startswith("/api/v2"):
            assert request.headers["x-api-key"] == "k"
            assert request.headers["x-api-version"] == "2025-01-01"
        else:
            assert base64.b64decode(request.headers["authorization"].split()[1]) == b"k:"
        found = answers(request)
        return found if isinstance(found, httpx.Response) else httpx.Response(200, json=found)

    connection = Connection(
        "lms", "talentlms", "https://x.example", ZoneInfo(zone), {"api_key": "k"}, {}, fields or {}, options
    )
    return TalentLmsConnector(connection, transport=httpx.MockTransport(play))


def portal(**below: Any) -> Answers:
    """One user; ``below`` is the detail of version 1."""

    def answer(request: httpx.Request) -> object:
        path = request.url.path
        if path.startswith("/api/v1/users/"):
            return {"id": "7", **below}
        if path == "/api/v2/users/7":
            return {"_data": DETAILS}
        return listed([USER])

    return answer


def all_of(c: TalentLmsConnector, entity: Entity) -> tuple[list[Any], list[Any]]:
    pages = list(c.pull(entity, None))
    return [r for p in pages for r in p.records], [r for p in pages for r in p.rejected]


def test_custom_fields_come_from_the_details_and_only_if_mapped() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> object:
        asked.append(request.url.path)
        return portal()(request)

    ((user,), _) = all_of(connector(answer, fields=FIELDS, zone="Europe/Berlin"), Entity.USER)
    assert isinstance(user, UserRecord)
    assert (user.name, user.department, user.employee_id, user.language) == ("Ana Silva", "Data", "E7", "de")
    assert user.updated_at == datetime(2026, 7, 1, 8, tzinfo=UTC)
    assert "900-11" not in repr(user)
    assert "/api/v2/users/7" in asked
    asked.clear()
    all_of(connector(answer), Entity.USER)
    assert asked == ["/api/v2/users"]


def test_only_people_say_when_they_changed() -> None:
    found = connector(portal(), workers=True, tests=True).capabilities().incremental
    assert {e for e, how in found.items() if how is not Incremental.FULL} == {Entity.USER, Entity.WORKER}


def test_an_increment_of_users_asks_in_the_tenants_time() -> None:
    asked: list[httpx.QueryParams] = []

    def answer(request: httpx.Request) -> object:
        asked.append(request.url.params)
        return listed([USER])

    c = connector(answer, zone="Europe/Berlin")
    cursor = list(c.pull(Entity.USER, None))[-1].checkpoint
    (page,) = c.pull(Entity.USER, cursor)
    assert page.records == ()
    assert asked[-1]["filter[last_updated][gte]"] == "2026-07-01T09:55:00"


def test_a_list_that_shrinks_while_it_is_read_is_begun_again() -> None:
    rows = [{**USER, "id": n, "email": f"u{n}@example.com"} for n in range(1, 7)]
    calls: list[int] = []

    def answer(request: httpx.Request) -> object:
        number, size = int(request.url.params["page[number]"]), int(request.url.params["page[size]"])
        calls.append(number)
        if len(calls) == 2:
            rows.pop(0)  # everybody moves up: user 3 is on page 1 now, which has been read
        part = rows[(number - 1) * size : number * size]
        return listed(part, page=number, page_size=size, total_pages=-(-len(rows) // size), total_results=len(rows))

    pages = list(connector(answer, page_size=2).pull(Entity.USER, None))
    assert {r.ref.id for p in pages for r in p.records} == {"1", "2", "3", "4", "5", "6"}
    assert calls == [1, 2, 1, 2, 3]
    assert [w for p in pages for w in p.warnings] == ["the list changed while it was read, so it was begun again"]


def test_an_enrolment_out_of_texts() -> None:
    ((found,), rejected) = all_of(connector(portal(courses=[COURSE])), Entity.ENROLMENT)
    assert isinstance(found, EnrolmentRecord)
    assert not rejected
    assert (found.ref.id, found.user_id, found.course_id) == ("12-7", "7", "12")
    assert (found.status, found.score, found.is_assessment) == (EnrolmentStatus.COMPLETED, None, False)
    assert found.completed_at == datetime(2026, 7, 1, 10, tzinfo=UTC)
    assert found.due_at is None


def test_a_course_somebody_teaches_is_no_enrolment() -> None:
    rows = [{**COURSE, "role": "instructor"}, {**COURSE, "id": "13"}]
    records, _ = all_of(connector(portal(courses=rows)), Entity.ENROLMENT)
    assert [r.ref.id for r in records] == ["13-7"]


@pytest.mark.parametrize(
    ("ends", "status"),
    [(-1, EnrolmentStatus.EXPIRED), (1, EnrolmentStatus.IN_PROGRESS), (None, EnrolmentStatus.IN_PROGRESS)],
)
def test_an_open_course_whose_access_has_ended(ends: int | None, status: EnrolmentStatus) -> None:
    at = "" if ends is None else str(int((datetime.now(UTC) + timedelta(days=ends)).timestamp()))
    row = {**COURSE, "completion_status": "incomplete", "expired_on_timestamp": at}
    ((found,), _) = all_of(connector(portal(courses=[row])), Entity.ENROLMENT)
    assert found.status is status


def test_a_word_of_your_own_for_a_completion() -> None:
    row = {**COURSE, "completion_status": "Abgeschlossen"}
    _, rejected = all_of(connector(portal(courses=[row])), Entity.ENROLMENT)
    assert [r.field for r in rejected] == ["completion_status"]
    ((found,), _) = all_of(connector(portal(courses=[row]), statuses={"abgeschlossen": "completed"}), Entity.ENROLMENT)
    assert found.status is EnrolmentStatus.COMPLETED


def test_the_score_comes_from_the_progress_of_version_2() -> None:
    def answer(request: httpx.Request) -> object:
        if request.url.path == "/api/v2/course-progress":
            assert dict(request.url.params) == {"user_id": "7", "course_id": "12"}
            return {"_data": {"score": "84.5", "completion_status": "ignored"}}
        return portal(courses=[COURSE])(request)

    ((found,), _) = all_of(connector(answer, scores=True), Entity.ENROLMENT)
    assert (found.score, found.is_assessment, found.status) == (0.845, True, EnrolmentStatus.COMPLETED)


def test_results_of_the_tests_of_a_course() -> None:
    learners = [{"id": "7", "completion_percentage": "100"}, {"id": "8", "completion_percentage": "0"}]
    units = [{"id": "50", "type": "Unit", "name": "Reading"}, {"id": "51", "type": "Test", "name": "Final test"}]
    result = {"test_id": "51", "test_name": "Final test", "user_id": "7", "score": "90.00",
              "completion_status": "Completed", "completed_on_timestamp": "1782900000",
              "questions": [{"text": "?", "answers": {}}]}  # fmt: skip
    asked: list[str] = []

    def answer(request: httpx.Request) -> object:
        path = request.url.path
        asked.append(path)
        if path == "/api/v1/courses/id:12":
            return {"id": "12", "units": units, "users": learners}
        if path.startswith("/api/v1/gettestanswers/"):
            return result
        return listed([{"id": 12, "name": "SQL"}])

    ((found,), _) = all_of(connector(answer, tests=True), Entity.ASSESSMENT)
    assert isinstance(found, AssessmentRecord)
    assert (found.ref.id, found.score, found.passed) == ("51-7", 0.9, True)
    assert asked.count("/api/v1/gettestanswers/test_id:51,user_id:7") == 1
    assert not [p for p in asked if p.endswith("user_id:8")], "who has not begun is not asked about"


def test_a_certificate_belongs_to_its_course() -> None:
    row = {"course_id": "12", "course_name": "SQL", "unique_id": "1-abc", "issued_date_timestamp": 1782900000}
    ((found,), _) = all_of(connector(portal(certifications=[row]), certificates=True), Entity.AWARD)
    assert isinstance(found, AwardRecord)
    assert (found.ref.id, found.course_id, found.title) == ("7-1-abc", "12", "SQL")
    assert found.awarded_at == datetime(2026, 7, 1, 10, tzinfo=UTC)


def test_time_spent_counts_while_a_course_is_open() -> None:
    rows = [COURSE, {**COURSE, "id": "13", "completion_status": "incomplete", "completion_percentage": "40"}]
    ((found,), _) = all_of(connector(portal(courses=rows), engagement=True), Entity.ENGAGEMENT)
    assert isinstance(found, EngagementRecord)
    assert (found.ref.id, found.minutes, found.progress) == ("13-7", 90.0, 0.4)


def test_an_error_of_version_1_inside_a_good_answer() -> None:
    error = {"error": {"type": "invalid_request_error", "message": "The requested user does not exist"}}

    def answer(request: httpx.Request) -> object:
        return error if request.url.path.startswith("/api/v1") else listed([USER])

    assert all_of(connector(answer), Entity.ENROLMENT) == ([], []), "a user that went away meanwhile"
    error["error"]["message"] = "API is disabled"
    with pytest.raises(PermanentConnectorError, match="API is disabled"):
        all_of(connector(answer), Entity.ENROLMENT)


@pytest.mark.parametrize(
    ("custom", "level"),
    [([{"id": 1, "name": "Level", "value": "Advanced"}], 4), ({"custom_field_1": "Advanced"}, 4), (None, None)],
)
def test_courses_with_custom_fields_in_either_form(custom: object, level: int | None) -> None:
    row = {"id": 12, "name": "SQL", "code": "SQL-1", "description": "<p>Ask &amp; join.</p>", "is_active": False}
    c = connector(
        lambda r: listed([{**row, "custom_fields": custom}]), fields={Entity.COURSE: {"level": "custom_field_1"}}
    )
    ((found,), _) = all_of(c, Entity.COURSE)
    assert isinstance(found, CourseRecord)
    assert (found.description, found.active, found.level) == ("Ask & join.", False, level)


@pytest.mark.parametrize(
    ("word", "code"),
    [("Deutsch", "de"), ("English", "en"), ("Polski", "pl"), ("Português (Brasil)", "pt"), ("fr", "fr"),
     ("en-US", "en"), ("Klingon", "en"), ("", "en")],
)  # fmt: skip
def test_languages(word: str, code: str) -> None:
    assert language_of(word) == code


@given(st.text(max_size=15) | st.integers() | st.floats() | st.none())
def test_any_time_is_read_or_refused(said: object) -> None:
    try:
        found = epoch(Row({"t": said}, {"t": "t"}), "t")
    except FieldError:
        return
    assert found is None or found.tzinfo is UTC


NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
VALUES: st.SearchStrategy[object] = (
    st.none() | st.booleans() | NUMBERS | st.text(max_size=12) | st.sampled_from([[], {"x": 1}])
)


@given(st.sampled_from([Entity.ENROLMENT, Entity.ENGAGEMENT, Entity.AWARD]), st.data())
def test_any_row_is_a_record_or_rejected(entity: Entity, data: st.DataObject) -> None:
    names = sorted({v for v in DEFAULT_FIELDS[entity].values() if v})
    row = {**COURSE, "course_id": "12", "course_name": "SQL", "unique_id": "1"}
    row |= data.draw(st.dictionaries(st.sampled_from(names), VALUES, max_size=5))
    c = connector(portal(courses=[row], certifications=[row]), engagement=True, certificates=True)
    records, rejected = c._of_user(entity, "7")
    assert len(records) + len(rejected) <= 1
    for record in records:
        if isinstance(record, EnrolmentRecord):
            assert record.score is None or 0 <= record.score <= 1


@pytest.mark.parametrize(
    ("task", "state"),
    [("completed", WriteState.WRITTEN), ("running", WriteState.QUEUED), ("failed", WriteState.REJECTED)],
)
def test_a_batch_of_one_and_its_task(task: str, state: WriteState) -> None:
    sent: list[Any] = []

    def answer(request: httpx.Request) -> object:
        if request.url.path == "/api/v2/batch/users":
            sent.append(json.loads(request.content))
            return {"_data": {"task_id": "t-1"}}
        if request.url.path == "/api/v2/tasks/t-1":
            return {"_data": {"id": "t-1", "status": task}}
        return {"_data": DETAILS}

    c = connector(answer, skills_field=5)
    done = c.write(SourceRef("lms", Entity.USER, "7"), "custom_field_5", "SQL:2", request_id="1")
    assert done.state is state
    assert sent == [{"users": [{"id": 7, "custom_field_5": "SQL:2"}]}]


def test_a_batch_would_create_who_is_not_there() -> None:
    sent: list[str] = []

    def answer(request: httpx.Request) -> object:
        sent.append(request.method)
        return httpx.Response(404, json={"error": {"message": "no"}})

    c = connector(answer, skills_field=5)
    done = c.write(SourceRef("lms", Entity.USER, "99"), "custom_field_5", "SQL:2", request_id="1")
    assert (done.state, sent) == (WriteState.REJECTED, ["GET"])


def test_a_field_that_users_have_not_is_named() -> None:
    c = connector(lambda r: {"_data": DETAILS}, skills_field=8)
    with pytest.raises(PermanentConnectorError, match="custom_field_8"):
        c.write(SourceRef("lms", Entity.USER, "7"), "custom_field_8", "x", request_id="1")


def test_calls_keep_below_the_short_limit() -> None:
    now = [0.0]
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    pace = Pace(3, 5.0, clock=lambda: now[0], sleep=sleep)
    made: list[float] = []
    for _ in range(10):
        pace.wait()
        made.append(now[0])
        now[0] += 0.1
    assert slept
    assert all(later - earlier > 4.999 for earlier, later in zip(made, made[3:], strict=False))
