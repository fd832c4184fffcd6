"""Absorb's odd answers, replayed through an injected transport."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascertain.connectors.absorb import AbsorbConnector
from ascertain.connectors.absorb_rows import DEFAULT_FIELDS, minutes_of
from ascertain.connectors.absorb_webhooks import MAX_RAW
from ascertain.connectors.connection import Connection
from ascertain.connectors.parsing import FieldError, Row
from ascertain.domain.records import (
    AssessmentRecord,
    CourseRecord,
    EngagementRecord,
    EnrolmentRecord,
    EnrolmentStatus,
    Entity,
    SourceRef,
    UserRecord,
    WorkerRecord,
)
from ascertain.domain.webhooks import Heard, Proof, RawRequest
from ascertain.domain.writeback import WriteState
from ascertain.errors import ConfigError, PermanentConnectorError

Answers = Callable[[httpx.Request], object]
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
ENROLMENT = {
    "id": "e-1",
    "courseId": "c-1",
    "courseName": "SQL",
    "userId": "u-1",
    "status": 3,
    "score": 80,
    "progress": 100,
    "dateStarted": "2026-06-01T09:00:00",
    "dateCompleted": "2026-07-01T10:00:00",
    "dateEdited": "2026-07-01T10:00:00",
    "timeSpent": 90,
}
USER = {
    "id": "u-1",
    "departmentId": "d-1",
    "firstName": "Ana",
    "lastName": "Silva",
    "emailAddress": "ana@example.com",
    "jobTitle": "Engineer",
    "employeeNumber": "E7",
    "supervisorId": "u-9",
    "languageId": 5,
    "activeStatus": 0,
    "dateEdited": "2026-07-01T10:00:00Z",
    "customFields": {"string1": "SE2", "string9": "900-11-2222"},
}


def envelope(name: str, items: list[Any], **more: Any) -> dict[str, Any]:
    return {"totalItems": len(items), "returnedItems": len(items), "limit": 1000, "offset": 0, name: items, **more}


def connector(
    answers: Answers, zone: str = "UTC", fields: Any = None, secrets: Mapping[str, str] | None = None, **options: Any
) -> AbsorbConnector:
    def play(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/authenticate":
            assert request.headers["x-api-key"] == "k"
            return httpx.Response(200, json="token-1")
        found = answers(request)
        return found if isinstance(found, httpx.Response) else httpx.Response(200, json=found)

    given_secrets = {"username": "u", "password": "p", "api_key": "k", **(secrets or {})}
    connection = Connection(
        "lms", "absorb", "https://rest.example", ZoneInfo(zone), given_secrets, {"SE2": "software-engineer"},
        fields or {}, options,
    )  # fmt: skip
    return AbsorbConnector(connection, transport=httpx.MockTransport(play))


def portal(enrolments: list[Any], users: list[Any] | None = None, lessons: list[Any] | None = None) -> Answers:
    people = [USER] if users is None else users

    def answer(request: httpx.Request) -> object:
        path = request.url.path
        if path.endswith("/lessons"):
            return envelope("lessons", lessons or [])
        if path.endswith("/enrollments"):
            return envelope("enrollments", enrolments)
        if path == "/departments":
            return envelope("departments", [{"id": "d-1", "name": "Data"}])
        if path == "/courses":
            return envelope("courses", [{"id": "c-1"}, {"id": "c-2"}])
        if path == "/users/u-9":
            return {"id": "u-9", "employeeNumber": "E9"}
        return envelope("users", people)

    return answer


def all_of(c: AbsorbConnector, entity: Entity) -> tuple[list[Any], list[Any]]:
    pages = list(c.pull(entity, None))
    return [r for p in pages for r in p.records], [r for p in pages for r in p.rejected]


def test_a_user_with_department_language_and_custom_fields() -> None:
    c = connector(portal([]), fields={Entity.USER: {"job_code": "string1"}}, languages={"5": "de"})
    ((user,), rejected) = all_of(c, Entity.USER)
    assert isinstance(user, UserRecord)
    assert not rejected
    assert (user.name, user.department, user.language, user.active) == ("Ana Silva", "Data", "de", True)
    assert (user.job_code, user.job_profile_id, user.employee_id) == ("SE2", "software-engineer", "E7")
    assert "900-11" not in repr(user)


@pytest.mark.parametrize(("said", "active"), [(0, True), ("0", True), (1, False), (2, False), (None, True)])
def test_zero_is_active(said: object, active: bool) -> None:
    ((user,), _) = all_of(connector(portal([], [{**USER, "activeStatus": said}])), Entity.USER)
    assert user.active is active


def test_a_worker_is_named_by_number_and_so_is_the_manager() -> None:
    ((worker,), _) = all_of(connector(portal([]), workers=True), Entity.WORKER)
    assert isinstance(worker, WorkerRecord)
    assert (worker.ref.id, worker.employee_id, worker.manager_employee_id) == ("E7", "E7", "E9")


def test_an_enrolment_in_the_tenants_time_zone() -> None:
    ((found,), _) = all_of(connector(portal([ENROLMENT]), zone="Europe/Berlin"), Entity.ENROLMENT)
    assert isinstance(found, EnrolmentRecord)
    assert str(found.ref) == "lms:enrolment:u-1.c-1.e-1"
    assert found.completed_at == datetime(2026, 7, 1, 8, tzinfo=UTC)
    assert (found.score, found.status, found.is_assessment) == (0.8, EnrolmentStatus.COMPLETED, True)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"status": 99}, "status"),
        ({"status": None}, "status"),
        ({"score": 101}, "score"),
        ({"score": "n/a"}, "score"),
        ({"dateCompleted": "soon"}, "dateCompleted"),
        ({"id": None}, "id"),
    ],
)
def test_a_malformed_enrolment_is_named_and_the_rest_is_there(change: dict[str, Any], field: str) -> None:
    records, rejected = all_of(
        connector(portal([{**ENROLMENT, **change}, {**ENROLMENT, "id": "e-2"}])), Entity.ENROLMENT
    )
    assert [r.field for r in rejected] == [field]
    assert [r.ref.id for r in records] == ["u-1.c-1.e-2"]


def test_the_fewer_parents_are_asked() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> object:
        asked.append(request.url.path)
        return portal([ENROLMENT])(request)

    list(connector(answer).pull(Entity.ENROLMENT, None))
    assert "/users/u-1/enrollments" in asked, "one user, two courses"
    asked.clear()
    list(connector(answer, enrolments_by="course").pull(Entity.ENROLMENT, None))
    assert {"/courses/c-1/enrollments", "/courses/c-2/enrollments"} <= set(asked)


def test_an_increment_asks_in_the_tenants_time_and_the_documented_form() -> None:
    asked: list[httpx.QueryParams] = []

    def answer(request: httpx.Request) -> object:
        if request.url.path.endswith("/enrollments"):
            asked.append(request.url.params)
        return portal([ENROLMENT])(request)

    c = connector(answer, zone="Europe/Berlin")
    cursor = list(c.pull(Entity.ENROLMENT, None))[-1].checkpoint
    assert "_filter" not in asked[-1]
    assert list(c.pull(Entity.ENROLMENT, cursor))[-1].records == ()
    assert asked[-1]["_filter"] == "dateEdited ge datetime'2026-07-01T09:55:00'"
    assert (asked[-1]["_offset"], asked[-1]["_sort"]) == ("0", "-dateEdited")


def test_offset_counts_pages() -> None:
    rows = [{**USER, "id": f"u-{n}", "dateEdited": f"2026-07-0{n}T10:00:00Z"} for n in range(1, 6)]

    def answer(request: httpx.Request) -> object:
        if request.url.path != "/users":
            return portal([])(request)
        number, size = int(request.url.params["_offset"]), int(request.url.params["_limit"])
        part = rows[number * size : (number + 1) * size]
        return envelope("users", part, totalItems=len(rows), limit=size, offset=number)

    pages = list(connector(answer, page_size=2).pull(Entity.USER, None))
    assert [len(p.records) for p in pages] == [2, 2, 1]
    assert pages[0].approx_total == 5


def test_an_answer_for_another_page_is_not_taken() -> None:
    c = connector(lambda r: envelope("users", [USER], offset=7))
    with pytest.raises(PermanentConnectorError, match="asked for page 0"):
        list(c.pull(Entity.USER, None))


@pytest.mark.parametrize("answer", [{}, {"users": None}, {"a": [], "b": []}, "text", 7])
def test_an_answer_without_a_list_is_not_read_as_empty(answer: object) -> None:
    with pytest.raises(PermanentConnectorError, match="no list"):
        list(connector(lambda r: answer).pull(Entity.USER, None))


def test_lessons_are_results_of_the_present_attempt_only() -> None:
    lesson = {"id": "l-1", "name": "Final test", "score": 55, "status": 5, "attempts": 2, "dateCompleted": "2026-07-01"}
    rows = [ENROLMENT, {**ENROLMENT, "id": "e-0", "isActive": False}]
    c = connector(portal(rows, lessons=[lesson, {"id": "l-2", "name": "Reading", "score": None}]), lessons=True)
    ((result,), rejected) = all_of(c, Entity.ASSESSMENT)
    assert isinstance(result, AssessmentRecord)
    assert not rejected
    assert (result.title, result.score, result.passed, result.attempt) == ("Final test", 0.55, False, 2)
    assert (result.user_id, result.course_id) == ("u-1", "c-1")


def test_time_spent_counts_while_a_course_is_open() -> None:
    rows = [ENROLMENT, {**ENROLMENT, "id": "e-2", "status": 1, "progress": 40}]
    ((found,), _) = all_of(connector(portal(rows), engagement=True), Entity.ENGAGEMENT)
    assert isinstance(found, EngagementRecord)
    assert (found.ref.id, found.minutes, found.progress) == ("u-1.c-1.e-2", 90.0, 0.4)


@pytest.mark.parametrize(
    ("said", "unit", "minutes"),
    [(90, "minutes", 90), (90, "seconds", 1.5), ("1.5", "hours", 90), ("01:30:00", "seconds", 90),
     ("1.02:00:00", "minutes", 1560), ("00:45", "hours", 45), ("00:00:30.1234567", "hours", 0.5),
     (None, "minutes", None)],
)  # fmt: skip
def test_lengths_of_time(said: object, unit: str, minutes: float | None) -> None:
    assert minutes_of(Row({"t": said}, {"t": "t"}), "t", unit) == (None if minutes is None else pytest.approx(minutes))


@given(st.text(max_size=20) | st.integers() | st.floats())
def test_any_length_of_time_is_read_or_refused(said: object) -> None:
    try:
        found = minutes_of(Row({"t": said}, {"t": "t"}), "t", "minutes")
    except FieldError as error:
        found = float(error.field == "t")
    assert found is None or found >= 0


NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
VALUES: st.SearchStrategy[object] = (
    st.none() | st.booleans() | NUMBERS | st.text(max_size=12) | st.sampled_from([[], {"x": 1}])
)


@given(st.sampled_from([Entity.USER, Entity.WORKER, Entity.COURSE, Entity.ENROLMENT, Entity.ENGAGEMENT]), st.data())
def test_any_row_is_a_record_or_rejected(entity: Entity, data: st.DataObject) -> None:
    names = sorted({v for v in DEFAULT_FIELDS[entity].values() if v})
    good: dict[str, Any] = {**USER, **ENROLMENT, "name": "SQL"}
    spoilt = data.draw(st.dictionaries(st.sampled_from(names), VALUES, max_size=5))
    row = {k: good.get(k) for k in names} | spoilt
    c = connector(portal([row], [row]), workers=True, engagement=True)
    records, rejected = c._read(entity, [row], c._look_ups())
    assert len(records) + len(rejected) <= 1
    for record in records:
        assert record.updated_at is None or record.updated_at.tzinfo is not None
        if isinstance(record, EnrolmentRecord):
            assert record.score is None or 0 <= record.score <= 1
        if isinstance(record, CourseRecord):
            assert record.hours is None or record.hours >= 0


def test_writing_leaves_everything_else_as_it_was() -> None:
    user = {**USER, "unknown": [1, 2], "customFields": {"string1": "SE2", "string4": None, "bool1": True}}
    sent: list[Any] = []

    def answer(request: httpx.Request) -> object:
        if request.method == "PUT":
            sent.append(json.loads(request.content))
            return {}
        return user

    c = connector(answer, skills_field="string4")
    ref = SourceRef("lms", Entity.USER, "u-1")
    assert c.write(ref, "string4", "SQL:2", request_id="1").state is WriteState.WRITTEN
    (body,) = sent
    assert body == {**user, "customFields": {"string1": "SE2", "string4": "SQL:2", "bool1": True}}
    assert c.write(ref, "string4", None, request_id="2").state is WriteState.UNCHANGED
    assert c.write(ref, "string5", "x", request_id="3").state is WriteState.REJECTED
    assert len(sent) == 1


def test_a_user_without_custom_fields_is_not_written() -> None:
    c = connector(lambda r: {"id": "u-1"}, skills_field="string4")
    with pytest.raises(PermanentConnectorError, match="customFields"):
        c.write(SourceRef("lms", Entity.USER, "u-1"), "string4", "x", request_id="1")


def test_the_bare_token_of_older_tenants() -> None:
    heads: list[str] = []

    def answer(request: httpx.Request) -> object:
        heads.append(request.headers["authorization"])
        return envelope("users", [])

    connector(answer).check()
    connector(answer, token_scheme="bare").check()
    assert heads == ["Bearer token-1", "token-1"]


def test_only_one_process_may_use_a_connection() -> None:
    assert connector(lambda r: {}).quota().exclusive


@pytest.mark.parametrize(
    "options",
    [{"page_size": 1001}, {"skills_field": "string31"}, {"skills_field": "bool1"}, {"webhooks": {"proof": "none"}}],
)
def test_wrong_options_are_named(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"options\.") as caught:
        connector(lambda r: {}, **options)
    assert caught.value.remedy


# -- webhooks ------------------------------------------------------------------------------------------------------


def call(body: bytes, url: str = "https://x.example/hook?token=s3", **headers: str) -> RawRequest:
    return RawRequest("POST", url, tuple((k.replace("_", "-"), v) for k, v in headers.items()), body)


@pytest.mark.parametrize(
    ("word", "pulled"),
    [
        ("CourseCompleted", {Entity.ENROLMENT}),
        ("competency.gained", {Entity.ENROLMENT}),
        ("CourseActivated", {Entity.COURSE}),
        ("UserCreated", {Entity.USER}),
        ("DepartmentCreated", {Entity.USER}),
        ("SomethingNew", {Entity.USER, Entity.COURSE, Entity.ENROLMENT}),
    ],
)
def test_an_event_says_which_lists_to_ask(word: str, pulled: set[Entity]) -> None:
    c = connector(lambda r: {}, secrets={"webhook_secret": "s3"})
    got = c.receive(call(json.dumps({"eventType": word}).encode()), now=NOW, kept={})
    assert got.kind is Heard.EVENTS
    assert set(got.events[0].pull) == pulled
    assert got.events[0].refs == ()


def test_without_a_secret_nobody_is_believed() -> None:
    got = connector(lambda r: {}).receive(call(b"{}", "https://x.example/hook?token="), now=NOW, kept={})
    assert (got.kind, got.reply.status) == (Heard.REJECTED, 401)


@pytest.mark.parametrize(
    "url", ["https://x.example/hook", "https://x.example/hook?token=s4", "?token=s3&token=s3", "http://[?token=s3"]
)
def test_another_address_is_refused(url: str) -> None:
    c = connector(lambda r: {}, secrets={"webhook_secret": "s3"})
    assert c.receive(call(b"{}", url), now=NOW, kept={}).reply.status == 401


@pytest.mark.parametrize("encoding", ["hex", "base64"])
def test_a_signature_for_a_tenant_that_sends_one(encoding: str) -> None:
    webhooks = {"proof": "hmac", "header": "X-Mark", "encoding": encoding}
    c = connector(lambda r: {}, secrets={"webhook_secret": "s3"}, webhooks=webhooks)
    mark = hmac.new(b"s3", b"{}", hashlib.sha256)
    text = mark.hexdigest() if encoding == "hex" else base64.b64encode(mark.digest()).decode()
    assert c.proof is Proof.HMAC
    assert c.receive(call(b"{}", x_mark=text), now=NOW, kept={}).kind is Heard.EVENTS
    assert c.receive(call(b"{ }", x_mark=text), now=NOW, kept={}).reply.status == 401
    assert c.receive(call(b"{}"), now=NOW, kept={}).reply.status == 401, "the address alone does not count then"


def test_the_same_bytes_are_the_same_call_for_an_hour() -> None:
    c = connector(lambda r: {}, secrets={"webhook_secret": "s3"})

    def key(at: datetime, body: bytes = b"{}") -> str:
        return c.receive(call(body), now=at, kept={}).events[0].key

    assert key(NOW) == key(NOW.replace(minute=59))
    assert key(NOW) != key(NOW.replace(hour=13)), "the same thing may well happen again"
    assert key(NOW) != key(NOW, b'{"id": 1}')


def test_bodies_that_cannot_be_read() -> None:
    c = connector(lambda r: {}, secrets={"webhook_secret": "s3"})
    for body, status in ((b"", 400), (b"[]", 400), (b"{" * 100_000, 400), (b" " * (MAX_RAW + 1), 413)):
        assert c.receive(call(body), now=NOW, kept={}).reply.status == status
