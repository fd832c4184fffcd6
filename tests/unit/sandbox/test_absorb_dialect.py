"""The Absorb sandbox refuses what Absorb refuses, and shows the company in Absorb's shapes."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from fastapi.testclient import TestClient

from ascertain.sandbox.absorb import AbsorbOptions, create_app
from ascertain.sandbox.absorb_filter import FilterError, select
from ascertain.sandbox.company import build_company
from ascertain.sandbox.live import LiveCompany

KEY = AbsorbOptions().private_key
HEADERS = {"x-api-key": KEY, "x-api-version": "2"}


def enter(client: TestClient) -> dict[str, str]:
    sent = {"username": "ascertain.integration", "password": "sandbox-password", "privateKey": KEY}
    token = client.post("/authenticate", json=sent, headers={"x-api-key": KEY}).json()
    assert isinstance(token, str)
    return {**HEADERS, "Authorization": f"Bearer {token}"}


@pytest.fixture
def live() -> LiveCompany:
    return LiveCompany(build_company(date(2026, 5, 1)))


@pytest.fixture
def client(live: LiveCompany) -> TestClient:
    return TestClient(create_app(live, AbsorbOptions(per_second=None)))


def test_there_is_one_living_token(client: TestClient) -> None:
    first = enter(client)
    assert client.get("/users", headers=first).status_code == 200
    second = enter(client)
    assert client.get("/users", headers=first).status_code == 401
    assert client.get("/users", headers={**second, "Authorization": second["Authorization"][7:]}).status_code == 200


@pytest.mark.parametrize("wrong", ["username", "password", "privateKey"])
def test_wrong_credentials_get_no_token(client: TestClient, wrong: str) -> None:
    sent = {"username": "ascertain.integration", "password": "sandbox-password", "privateKey": KEY, wrong: "x"}
    assert client.post("/authenticate", json=sent, headers={"x-api-key": KEY}).status_code == 401


@pytest.mark.parametrize("change", [{"x-api-key": "x"}, {"x-api-version": "1"}, {"Authorization": "Bearer x"}])
def test_each_header_is_needed(client: TestClient, change: dict[str, str]) -> None:
    assert client.get("/users", headers={**enter(client), **change}).status_code in (400, 401)


def test_a_token_ends(live: LiveCompany) -> None:
    client = TestClient(create_app(live, AbsorbOptions(token_seconds=0)))
    assert client.get("/users", headers=enter(client)).status_code == 401


def test_the_offset_counts_pages(client: TestClient, live: LiveCompany) -> None:
    headers = enter(client)
    first = client.get("/users?_limit=10", headers=headers).json()
    second = client.get("/users?_limit=10&_offset=1", headers=headers).json()
    assert (first["totalItems"], first["returnedItems"], second["offset"]) == (len(live.current.learners), 10, 1)
    assert not {u["id"] for u in first["users"]} & {u["id"] for u in second["users"]}
    assert client.get("/users", headers=headers).json()["returnedItems"] == 20


@pytest.mark.parametrize(
    "query", ["_limit=0", "_limit=1001", "_offset=-1", "_offset=70000", "modifiedSince=2026-01-01", "_filter=1 eq 1"]
)
def test_bad_parameters_are_refused(client: TestClient, query: str) -> None:
    assert client.get(f"/courses?{query}", headers=enter(client)).status_code == 400


def test_only_so_many_calls_a_second(live: LiveCompany) -> None:
    client = TestClient(create_app(live, AbsorbOptions(per_second=0.1, burst=3)))
    headers = enter(client)
    assert [client.get("/users/x", headers=headers).status_code for _ in range(3)] == [404, 404, 429]


def test_enrolments_come_by_course_and_by_user(client: TestClient, live: LiveCompany) -> None:
    headers = enter(client)
    assert client.get("/enrollments", headers=headers).status_code == 404
    courses = client.get("/courses?_limit=1000", headers=headers).json()["courses"]
    rows: list[dict[str, Any]] = []
    for course in courses:
        answer = client.get(f"/courses/{course['id']}/enrollments?_limit=1000", headers=headers).json()
        rows += answer["enrollments"]
    known = {c.id for c in live.current.courses}
    assert len(rows) == len([e for e in live.current.enrolments if e.course_id in known])
    again = next(r for r in rows if not r["isActive"])
    one = client.get(f"/users/{again['userId']}/enrollments/{again['courseId']}", headers=headers).json()
    assert one["isActive"]
    assert one["id"] != again["id"]


def test_what_changed_can_be_asked_for(client: TestClient, live: LiveCompany) -> None:
    headers = enter(client)
    live.change_course("SQL-201", description="New.")
    newest = client.get("/courses?_sort=-dateEdited&_limit=1", headers=headers).json()["courses"][0]
    assert newest["externalId"] == "SQL-201"
    found = client.get(f"/courses?_filter=dateEdited ge datetime'{newest['dateEdited'][:-1]}'", headers=headers)
    assert [c["externalId"] for c in found.json()["courses"]] == ["SQL-201"]


def test_a_write_empties_what_it_leaves_out(client: TestClient) -> None:
    headers = enter(client)
    user = client.get("/users?_limit=1", headers=headers).json()["users"][0]
    path = f"/users/{user['id']}"
    whole = {**user, "customFields": {**user["customFields"], "string3": "SQL:3"}}
    assert client.put(path, json=whole, headers=headers).status_code == 204
    after = client.get(path, headers=headers).json()
    assert after["customFields"] == whole["customFields"]
    assert after["dateEdited"] > user["dateEdited"]
    assert client.put(path, json=user, headers=headers).status_code == 204
    assert {**client.get(path, headers=headers).json(), "dateEdited": ""} == {**user, "dateEdited": ""}
    bare = {"username": user["username"], "departmentId": user["departmentId"], "customFields": {"string3": "SQL:3"}}
    assert client.put(path, json=bare, headers=headers).status_code == 204
    emptied = client.get(path, headers=headers).json()
    assert (emptied["jobTitle"], emptied["customFields"]["string1"]) == (None, None)


@pytest.mark.parametrize("body", [{}, {"username": "x"}, {"username": "x", "departmentId": "y", "hat": 1}])
def test_a_write_needs_what_names_the_user(client: TestClient, body: dict[str, Any]) -> None:
    headers = enter(client)
    user = client.get("/users?_limit=1", headers=headers).json()["users"][0]
    assert client.put(f"/users/{user['id']}", json=body, headers=headers).status_code == 400


ROWS = [{"a": 1, "b": "Ann", "c": None}, {"a": 2, "b": "O'Neil", "c": True}, {"a": 3, "b": "Bo", "c": False}]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("a ge 2 and a lt 3", [2]),
        ("b eq 'O''Neil'", [2]),
        ("startswith(b,'a')", [1]),
        ("substringof('o',b)", [2, 3]),
        ("c eq true", [2]),
        ("c eq null", [1]),
        ("", [1, 2, 3]),
    ],
)
def test_filters(wanted: str, found: list[int]) -> None:
    assert [r["a"] for r in select(ROWS, ("a", "b", "c"), wanted, "")] == found


@pytest.mark.parametrize("wanted", ["d eq 1", "a eq", "a eq 1 or a eq 2", "a eq 1 and", "drop table"])
def test_other_filters_are_refused(wanted: str) -> None:
    with pytest.raises(FilterError):
        select(ROWS, ("a", "b", "c"), wanted, "")
