"""Docebo's odd answers, replayed through an injected transport."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from ascertain.connectors.connection import Connection
from ascertain.connectors.docebo import DoceboConnector
from ascertain.domain.evidence import EvidenceKind
from ascertain.domain.records import AwardRecord, CourseRecord, EnrolmentRecord, EnrolmentStatus, Entity, UserRecord
from ascertain.domain.skills import Level
from ascertain.errors import ConfigError, PermanentConnectorError

Answers = Callable[[httpx.Request], dict[str, Any]]


def connector(answers: Answers, zone: str = "UTC", **options: Any) -> DoceboConnector:
    def play(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/oauth2/token":
            return httpx.Response(200, json={"access_token": "t", "expires_in": 3600})
        return httpx.Response(200, json=answers(request))

    connection = Connection(
        "lms",
        "docebo",
        "https://lms.example",
        ZoneInfo(zone),
        {"client_id": "i", "client_secret": "s"},
        {"SE2": "software-engineer"},
        {
            Entity.USER: {"department": "field_1", "job_code": "field_2"},
            Entity.COURSE: {"level": "field_22", "prerequisites": "field_21", "mandatory": "field_23"},
        },
        options,
    )
    return DoceboConnector(connection, transport=httpx.MockTransport(play))


def one(items: list[Any], entity: Entity, **kw: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    pages = list(connector(lambda r: {"data": {"items": items}}, **kw).pull(entity, None))
    assert len(pages) == 1
    return pages[0].records, pages[0].rejected


ENROLMENT = {
    "id": 7,
    "user_id": "12",
    "name": "SQL",
    "code": "SQL-1",
    "type": "elearning",
    "status": "completed",
    "level": "learner",
    "score": 80,
    "course_complete_date": "2026-07-01 10:00:00",
    "enroll_begin_date": "2026-06-01 09:30:00",
    "date_last_updated": "2026-07-01 10:00:00",
}


def test_an_enrolment_in_the_tenants_time_zone() -> None:
    records, rejected = one([ENROLMENT], Entity.ENROLMENT, zone="Europe/Berlin")
    assert rejected == ()
    (found,) = records
    assert isinstance(found, EnrolmentRecord)
    assert str(found.ref) == "lms:enrolment:7-12-20260601093000"
    assert found.completed_at == datetime(2026, 7, 1, 8, tzinfo=UTC)
    assert (found.score, found.status, found.is_assessment) == (0.8, EnrolmentStatus.COMPLETED, True)


def test_two_attempts_are_two_records() -> None:
    records, _ = one([ENROLMENT, {**ENROLMENT, "enroll_begin_date": "2026-08-01 09:30:00"}], Entity.ENROLMENT)
    assert len({r.ref for r in records}) == 2


@pytest.mark.parametrize(
    "change", [{"type": "learning_plan"}, {"level": "instructor"}, {"level": "tutor"}], ids=["plan", "teacher", "tutor"]
)
def test_what_is_no_learners_course_is_no_record(change: dict[str, str]) -> None:
    assert one([{**ENROLMENT, **change}], Entity.ENROLMENT) == ((), ())


def test_zero_dates_are_no_dates() -> None:
    records, _ = one([{**ENROLMENT, "course_complete_date": "0000-00-00 00:00:00"}], Entity.ENROLMENT)
    assert records[0].completed_at is None


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"score": "n/a"}, "score"),
        ({"score": 140}, "score"),
        ({"status": "enlightened"}, "status"),
        ({"user_id": None}, "user_id"),
        ({"course_complete_date": "soon"}, "course_complete_date"),
        ({"name": ["x"]}, "name"),
    ],
)
def test_a_bad_field_rejects_its_row_alone(change: dict[str, Any], field: str) -> None:
    records, rejected = one([{**ENROLMENT, **change}, {**ENROLMENT, "user_id": "13"}], Entity.ENROLMENT)
    assert [r.user_id for r in records] == ["13"]
    assert [r.field for r in rejected] == [field]
    assert rejected[0].reason


def test_certifications_are_told_by_their_name() -> None:
    records, _ = one([{**ENROLMENT, "name": "Cloud Certification: exam"}], Entity.ENROLMENT)
    assert records[0].is_certification
    records, _ = one([ENROLMENT], Entity.ENROLMENT, certification="^SQL")
    assert records[0].is_certification


def test_a_user_with_the_tenants_own_fields() -> None:
    raw = {"user_id": "1", "email": "a@x.example", "fullname": "A\u200b B", "lang_code": "de-at", "status": "0"}
    records, _ = one([{**raw, "field_1": "Data", "field_2": "SE2", "ssn": "900-00-0000"}], Entity.USER)
    (found,) = records
    assert isinstance(found, UserRecord)
    assert (found.name, found.language, found.active) == ("A B", "de", False)
    assert (found.department, found.job_code, found.job_profile_id) == ("Data", "SE2", "software-engineer")
    assert "900-00-0000" not in repr(found)


def test_a_course_in_words_and_html() -> None:
    raw = {
        "id_course": 5,
        "name": "SQL &amp; you",
        "code": "SQL-1",
        "description": "<p>Joins.</p><p style='display:none'>Obey.</p>",
        "duration": 90,
        "category": {"id": 3, "name": "Data"},
        "field_22": "Intermediate",
        "field_21": "A-1, B-2;C-3",
        "field_23": "yes",
    }
    (found,), _ = one([raw], Entity.COURSE)
    assert isinstance(found, CourseRecord)
    assert (found.description, found.hours, found.level) == ("Joins.", 1.5, Level.PRACTITIONER)
    assert (found.prerequisites, found.mandatory, found.category) == (("A-1", "B-2", "C-3"), True, "Data")
    (hours,), _ = one([raw], Entity.COURSE, duration_unit="hours")
    assert hours.hours == 90


def test_awards_wait_for_approval() -> None:
    raw = {"id": 1, "user_id": "2", "title": "Talk", "training_type": "conference", "status": "waiting"}
    (found,), _ = one([raw, {**raw, "id": 2, "training_type": "Badge", "status": "approved"}][:1], Entity.AWARD)
    assert isinstance(found, AwardRecord)
    assert (found.kind, found.approved) == (EvidenceKind.EXTERNAL_TRAINING, False)
    (badge,), _ = one([{**raw, "training_type": "Badge", "status": "approved"}], Entity.AWARD)
    assert (badge.kind, badge.approved) == (EvidenceKind.BADGE, True)


def test_pages_end_without_any_hint_but_the_items() -> None:
    def answers(request: httpx.Request) -> dict[str, Any]:
        page = int(request.url.params["page"])
        rows = [{**ENROLMENT, "user_id": str(page * 10 + n)} for n in range(2 if page < 3 else 1)]
        return {"data": {"items": rows}}

    pages = list(connector(answers, page_size=2).pull(Entity.ENROLMENT, None))
    assert [len(p.records) for p in pages] == [2, 2, 1]


def test_a_wrong_page_is_noticed() -> None:
    wrong = connector(lambda r: {"data": {"items": [ENROLMENT], "current_page": 0}})
    with pytest.raises(PermanentConnectorError, match="asked for page 1"):
        list(wrong.pull(Entity.ENROLMENT, None))


@pytest.mark.parametrize("body", [{}, {"data": []}, {"data": {"rows": []}}])
def test_an_answer_of_another_system_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(PermanentConnectorError):
        list(connector(lambda r: body).pull(Entity.USER, None))


def test_the_increment_reaches_back_in_the_tenants_time() -> None:
    asked: list[str] = []

    def answers(request: httpx.Request) -> dict[str, Any]:
        asked.append(request.url.params.get("updated_from", ""))
        return {"data": {"items": [ENROLMENT]}}

    found = connector(answers, zone="Europe/Berlin", overlap_minutes=10)
    (page,) = found.pull(Entity.ENROLMENT, None)
    list(found.pull(Entity.ENROLMENT, page.checkpoint))
    assert asked == ["", "2026-07-01 09:50:00"]


def test_the_password_grant_needs_its_secrets() -> None:
    with pytest.raises(ConfigError, match=r"secrets\.username"):
        connector(lambda r: {}, grant="password")


def test_an_expired_query_is_begun_again() -> None:
    asked: list[str | None] = []

    def play(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/oauth2/token":
            return httpx.Response(200, json={"access_token": "t"})
        cursor = request.url.params.get("cursor")
        asked.append(cursor)
        if cursor == "old":
            return httpx.Response(400, json={"message": ["Invalid or expired cursor"]})
        return httpx.Response(200, json={"data": {"items": [ENROLMENT], "cursor": "new", "has_more_data": False}})

    connection = Connection(
        "lms", "docebo", "https://lms.example", ZoneInfo("UTC"), {"client_id": "i", "client_secret": "s"}
    )
    lms = DoceboConnector(connection, transport=httpx.MockTransport(play))
    stale = {"v": 1, "since": None, "seen": {}, "position": {"page": 4, "cursor": "old"}, "high": None, "recent": {}}
    (page,) = lms.pull(Entity.ENROLMENT, stale)
    assert asked == ["old", None]
    assert len(page.records) == 1
    assert "begun again" in page.warnings[0]
