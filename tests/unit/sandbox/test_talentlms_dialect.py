"""The TalentLMS sandbox refuses what TalentLMS refuses, in both versions."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from fastapi.testclient import TestClient

from ascertain.sandbox.company import build_company
from ascertain.sandbox.live import LiveCompany
from ascertain.sandbox.talentlms import TalentLmsOptions, create_app

KEY = TalentLmsOptions().api_key
V2 = {"X-API-Key": KEY, "X-API-Version": "2025-01-01", "Accept": "application/json"}


@pytest.fixture
def live() -> LiveCompany:
    return LiveCompany(build_company(date(2026, 5, 1)))


@pytest.fixture
def client(live: LiveCompany) -> TestClient:
    return TestClient(create_app(live, TalentLmsOptions(hourly=None, per_five_seconds=None)))


def data(client: TestClient, path: str) -> Any:
    answer = client.get(f"/api/v2/{path}", headers=V2)
    assert answer.status_code == 200, answer.text
    return answer.json()["_data"]


def v1(client: TestClient, path: str) -> Any:
    answer = client.get(f"/api/v1/{path}", auth=(KEY, ""))
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"X-API-Key": "x"}, 401),
        ({"X-API-Version": ""}, 400),
        ({"X-API-Version": "2"}, 400),
        ({"X-API-Version": "2025-13-01"}, 400),
        ({"Accept": "text/html"}, 400),
    ],
)
def test_each_header_is_needed(client: TestClient, change: dict[str, str], status: int) -> None:
    answer = client.get("/api/v2/users", headers={**V2, **change})
    assert answer.status_code == status
    assert answer.json()["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize("auth", [("x", ""), (KEY, "x"), None])
def test_version_1_wants_the_key_as_the_user(client: TestClient, auth: tuple[str, str] | None) -> None:
    assert client.get("/api/v1/users", auth=auth).status_code == 401


def test_pages_are_linked_and_at_most_a_hundred(client: TestClient, live: LiveCompany) -> None:
    first = client.get("/api/v2/users?page[size]=20", headers=V2).json()
    seen = [u["id"] for u in first["_data"]]
    assert first["_meta"]["pagination"]["total_results"] == len(live.current.learners)
    while following := first["_links"]["next"]:
        first = client.get(following, headers=V2).json()
        seen += [u["id"] for u in first["_data"]]
    assert len(seen) == len(set(seen))
    assert set(seen) == {p.docebo_id for p in live.current.learners}
    assert client.get("/api/v2/users?page[size]=101", headers=V2).status_code == 400
    assert client.get("/api/v2/users?limit=5", headers=V2).status_code == 400


def test_users_can_be_narrowed(client: TestClient, live: LiveCompany) -> None:
    person = live.change_person("FL1102")
    since = f"{person.updated.isoformat()}"
    assert [u["email"] for u in data(client, f"users?filter[last_updated][gte]={since}")] == [person.email]
    assert [u["id"] for u in data(client, f"users?filter[email][eq]={person.email}")] == [person.docebo_id]
    assert data(client, f"users?filter[custom_field_value][eq]={person.id}")[0]["email"] == person.email
    assert client.get("/api/v2/users?filter[last_updated][gte]=soon", headers=V2).status_code == 400
    assert data(client, "users?filter[group_id][eq]=1") == []


def test_branches_have_their_people(client: TestClient, live: LiveCompany) -> None:
    branches = data(client, "branches")
    found = {
        b["name"]: {u["id"] for u in data(client, f"users?filter[branch_id][eq]={b['id']}&page[size]=100")}
        for b in branches
    }
    assert found == {place: {p.docebo_id for p in live.current.learners if p.location == place} for place in found}
    person = live.current.learners[0]
    assert [b["name"] for b in data(client, f"users/{person.docebo_id}/branches")["branches"]] == [person.location]


def test_the_budget_of_an_hour_and_of_five_seconds(live: LiveCompany) -> None:
    hourly = TestClient(create_app(live, TalentLmsOptions(hourly=2, per_five_seconds=None)))
    answers = [hourly.get("/api/v2/users", headers=V2) for _ in range(3)]
    assert [a.status_code for a in answers] == [200, 200, 429]
    assert [a.headers["x-ratelimit-remaining"] for a in answers] == ["1", "0", "0"]
    burst = TestClient(create_app(live, TalentLmsOptions(per_five_seconds=2)))
    assert [burst.get("/api/v2/users", headers=V2).status_code for _ in range(3)] == [200, 200, 429]


def test_both_versions_say_the_same_of_an_enrolment(client: TestClient, live: LiveCompany) -> None:
    done = next(e for e in live.current.enrolments if e.status == "completed" and isinstance(e.score, float))
    courses = data(client, f"users/{done.user_id}/courses")["courses"]
    assert {c["id"] for c in courses} >= {done.course_id}
    assert set(courses[0]) == {"id", "name"}
    new = data(client, f"course-progress?user_id={done.user_id}&course_id={done.course_id}")
    old = v1(client, f"getuserstatusincourse/course_id:{done.course_id},user_id:{done.user_id}")
    assert (new["completion_status"], old["completion_status"]) == ("completed", "completed")
    assert old["completion_percentage"] == "100"
    assert old["completed_on_timestamp"].isdigit()
    whole = v1(client, f"users/id:{done.user_id}")
    assert {c["id"] for c in whole["courses"]} == {str(c["id"]) for c in courses}


def test_a_tests_score_is_found_by_its_unit(client: TestClient, live: LiveCompany) -> None:
    for done in live.current.enrolments:
        tests = [u for u in v1(client, f"courses/id:{done.course_id}")["units"] if u["type"] == "Test"]
        if done.status == "completed" and isinstance(done.score, float) and tests:
            break
    unit = tests[0]["id"]
    expected = data(client, f"course-progress?user_id={done.user_id}&course_id={done.course_id}")["score"]
    assert data(client, f"unit-progress?user_id={done.user_id}&unit_id={unit}")["score"] == expected
    assert data(client, f"results?user_id={done.user_id}&unit_id={unit}")["score"] == expected
    assert v1(client, f"gettestanswers/test_id:{unit},user_id:{done.user_id}")["score"] == str(expected)


def test_custom_fields_are_written_by_batch_or_by_version_1(client: TestClient, live: LiveCompany) -> None:
    person = live.current.learners[0]
    sent = {"users": [{"id": person.docebo_id, "custom_field_5": "SQL:3"}, {"id": 1, "custom_field_5": "x"}]}
    answer = client.post("/api/v2/batch/users", json=sent, headers=V2)
    assert answer.status_code == 202
    task = data(client, f"tasks/{answer.json()['_data']['task_id']}")
    assert task["status"] == "completed"
    assert [e["row"] for e in task["errors"]] == [1]
    fields = {f["id"]: f["value"] for f in data(client, f"users/{person.docebo_id}")["custom_fields"]}
    assert fields[5] == "SQL:3"
    form = {"user_id": str(person.docebo_id), "custom_field_5": ""}
    assert client.post("/api/v1/edituser", data=form, auth=(KEY, "")).status_code == 200
    assert v1(client, f"users/id:{person.docebo_id}")["custom_field_5"] == ""
    wrong = {**form, "custom_field_77": "x"}
    assert client.post("/api/v1/edituser", data=wrong, auth=(KEY, "")).status_code == 400


@pytest.mark.parametrize("body", [{}, {"users": []}, {"users": [1]}, {"users": [{}] * 101}])
def test_a_batch_has_one_to_a_hundred_rows(client: TestClient, body: dict[str, Any]) -> None:
    assert client.post("/api/v2/batch/users", json=body, headers=V2).status_code == 400


@pytest.mark.parametrize(
    "path", ["users/id:1", "courses/id:1", "users/1", "getuserstatusincourse/course_id:1,user_id:1", "gettestanswers/x"]
)
def test_version_1_says_what_is_not_there(client: TestClient, path: str) -> None:
    answer = client.get(f"/api/v1/{path}", auth=(KEY, ""))
    assert answer.status_code in (400, 404)
    assert set(answer.json()["error"]) == {"type", "message"}


def test_the_rate_limit_can_be_read(live: LiveCompany) -> None:
    client = TestClient(create_app(live))
    assert v1(client, "ratelimit")["limit"] == "2000"
