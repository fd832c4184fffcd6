"""The Docebo dialect over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import httpx
import pytest

from ascertain.sandbox.docebo import DoceboOptions
from ascertain.sandbox.server import Sandbox

ANCHOR = date(2026, 5, 1)


def sign_in(sandbox: Sandbox) -> httpx.Client:
    url = sandbox.start()["docebo"]
    form = {
        "client_id": sandbox.options["docebo"].client_id,
        "client_secret": sandbox.options["docebo"].client_secret,
        "grant_type": "client_credentials",
        "scope": "api",
    }
    token = httpx.post(f"{url}/oauth2/token", data=form).raise_for_status().json()
    return httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token['access_token']}"})


def everything(client: httpx.Client, path: str, **query: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    page, cursor = 1, None
    while True:
        extra = {"cursor": cursor} if cursor else {"get_cursor": 1}
        answer = client.get(path, params={**query, **extra, "page": page, "page_size": 200})
        data = answer.raise_for_status().json()["data"]
        assert data["current_page"] == page
        rows += data["items"]
        if not data["has_more_data"]:
            assert data["total_count"] == len(rows)
            return rows
        page, cursor = page + 1, data["cursor"]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(anchor=ANCHOR) as running:
        yield running


@pytest.fixture(scope="module")
def client(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with sign_in(sandbox) as signed_in:
        yield signed_in


def test_token_by_password(sandbox: Sandbox) -> None:
    options = sandbox.options["docebo"]
    form = {
        "client_id": options.client_id,
        "client_secret": options.client_secret,
        "grant_type": "password",
        "username": options.username,
        "password": options.password,
    }
    answer = httpx.post(f"{sandbox.start()['docebo']}/oauth2/token", data=form)

    assert answer.status_code == 200
    assert answer.json().keys() >= {"access_token", "expires_in", "token_type", "scope", "refresh_token"}


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"client_secret": "wrong"}, 401),
        ({"grant_type": "password", "username": "x", "password": "y"}, 401),
        ({"grant_type": "magic"}, 400),
    ],
)
def test_bad_credentials(sandbox: Sandbox, change: dict[str, str], status: int) -> None:
    options = sandbox.options["docebo"]
    form = {"client_id": options.client_id, "client_secret": options.client_secret, "grant_type": "client_credentials"}

    assert httpx.post(f"{sandbox.start()['docebo']}/oauth2/token", data=form | change).status_code == status


@pytest.mark.parametrize(
    "path", ["/manage/v1/user", "/learn/v1/courses", "/learn/v1/enrollments", "/learn/v1/courses/501"]
)
def test_nothing_without_a_token(sandbox: Sandbox, path: str) -> None:
    url = sandbox.start()["docebo"]

    assert httpx.get(url + path).status_code == 401
    assert httpx.get(url + path, headers={"Authorization": "Bearer nonsense"}).status_code == 401


def test_token_expires() -> None:
    with (
        Sandbox(anchor=ANCHOR, options={"docebo": DoceboOptions(token_seconds=0)}) as running,
        sign_in(running) as late,
    ):
        assert late.get("/manage/v1/user").status_code == 401


def test_users_carry_additional_fields(client: httpx.Client, sandbox: Sandbox) -> None:
    users = everything(client, "/manage/v1/user")
    titles = {f["id"]: f["title"] for f in client.get("/manage/v1/user_fields").json()["data"]["items"]}
    priya = next(u for u in users if u["field_3"] == "FL1101")

    assert len(users) == len(sandbox.company.current.learners)
    assert titles[1] == "Department"
    assert (priya["field_1"], priya["field_2"]) == ("Engineering", "software-engineer")
    assert not {"gender", "age_band", "ability", "national_id"} & priya.keys()


def test_pages_follow_the_cursor_even_when_data_changes(client: httpx.Client) -> None:
    with Sandbox(anchor=ANCHOR) as running, sign_in(running) as own:
        first = own.get("/learn/v1/enrollments", params={"get_cursor": 1, "page_size": 50}).json()["data"]
        running.company.add_enrolment("FL1101", "DEI-101", at=datetime(2020, 1, 1))
        second = own.get(
            "/learn/v1/enrollments", params={"cursor": first["cursor"], "page": 2, "page_size": 50}
        ).json()["data"]

        assert second["total_count"] == first["total_count"]
        assert first["items"][-1] != second["items"][0]
    assert client.get("/learn/v1/enrollments", params={"cursor": "gone"}).status_code == 400


def test_all_enrolments_arrive_page_by_page(client: httpx.Client, sandbox: Sandbox) -> None:
    rows = everything(client, "/learn/v1/enrollments")

    assert len(rows) == len(sandbox.company.current.enrolments)
    assert [r["date_last_updated"] for r in rows] == sorted(r["date_last_updated"] for r in rows)


def test_page_size_is_capped_and_checked(client: httpx.Client) -> None:
    assert client.get("/learn/v1/enrollments", params={"page_size": 5000}).json()["data"]["current_page_size"] == 200
    assert client.get("/learn/v1/enrollments").json()["data"]["count"] == 10
    assert client.get("/learn/v1/enrollments", params={"page": 0}).status_code == 400


def test_page_after_the_end_is_empty(client: httpx.Client) -> None:
    data = client.get("/learn/v1/courses", params={"page": 99, "page_size": 200}).json()["data"]

    assert (data["items"], data["has_more_data"]) == ([], False)


def test_courses_have_html_and_prerequisites(client: httpx.Client) -> None:
    courses = {c["code"]: c for c in everything(client, "/learn/v1/courses")}
    detail = client.get(f"/learn/v1/courses/{courses['PY-201']['id_course']}").json()["data"]

    assert len(courses) >= 90
    assert detail == courses["PY-201"]
    assert detail["description"].startswith("<p>")
    assert (detail["field_21"], detail["field_22"]) == ("PY-101", "Intermediate")
    assert client.get("/learn/v1/courses/1").status_code == 404


def test_oddities_are_served_as_they_are(client: httpx.Client) -> None:
    rows = everything(client, "/learn/v1/enrollments")

    assert sum(r["course_complete_date"] == "0000-00-00 00:00:00" for r in rows) == 1
    assert sum(r["score"] == "n/a" for r in rows) == 1
    assert sum(r["user_id"] is None for r in rows) == 1
    assert sum(r["id"] == 9999 for r in rows) == 1


def test_filters_and_single_enrolment(client: httpx.Client, sandbox: Sandbox) -> None:
    user = sandbox.company.current.person("FL1204").docebo_id
    course = sandbox.company.current.course("AWS-390").id
    rows = everything(client, "/learn/v1/enrollments", **{"id_user[]": user, "id_course[]": course})
    latest = client.get(f"/learn/v1/enrollments/{course}/{user}").json()["data"]["records"]

    assert [r["status"] for r in rows] == ["failed", "failed", "completed"]
    assert latest == rows[-1]
    assert client.get(f"/learn/v1/enrollments/{course}/1").status_code == 404


def test_updated_from_shows_only_what_changed() -> None:
    with Sandbox(anchor=ANCHOR) as running, sign_in(running) as own:
        since = {"updated_from": "2026-05-01 00:00:00"}
        assert everything(own, "/learn/v1/enrollments", **since) == []

        running.company.add_enrolment("FL1102", "SQL-201", score=81, at=datetime(2026, 5, 2, 10))
        running.company.change_score("FL1101", "PY-301", 60, at=datetime(2026, 5, 3, 10))
        running.company.add_course("NEW-101", "A new course", "About something new.", at=datetime(2026, 5, 4))

        assert [r["score"] for r in everything(own, "/learn/v1/enrollments", **since)] == [81, 60]
        assert [c["code"] for c in everything(own, "/learn/v1/courses", **since)] == ["NEW-101"]
        assert own.get("/learn/v1/courses", params={"updated_from": "yesterday"}).status_code == 400


def test_external_training(client: httpx.Client) -> None:
    rows = everything(client, "/learn/v1/external_training")

    assert {r["training_type"] for r in rows} >= {"badge", "certificate"}
    assert any(r["course_code"] == "AWS-301" for r in rows)


def test_field_can_be_written_back_and_read(sandbox: Sandbox) -> None:
    with Sandbox(anchor=ANCHOR) as running, sign_in(running) as own:
        user = running.company.current.person("FL1101").docebo_id
        body = {"additional_fields": [{"id": 5, "value": "python:4"}]}

        assert own.put(f"/manage/v1/user/{user}", json=body).json()["data"]["success"] is True
        assert own.get(f"/manage/v1/user/{user}").json()["data"]["user_data"]["field_5"] == "python:4"
        assert own.put("/manage/v1/user/1", json=body).status_code == 404
        wrong = {"additional_fields": [{"id": 77, "value": "x"}]}
        assert own.put(f"/manage/v1/user/{user}", json=wrong).status_code == 400


def test_hourly_budget_answers_429() -> None:
    options = DoceboOptions(hourly_budget=2)
    with Sandbox(anchor=ANCHOR, options={"docebo": options}) as running, sign_in(running) as own:
        answers = [own.get("/manage/v1/user_fields") for _ in range(3)]

        assert [a.status_code for a in answers] == [200, 200, 429]
        assert 1 <= int(answers[-1].headers["Retry-After"]) <= 3600


def test_budget_comes_back_after_its_window() -> None:
    options = DoceboOptions(hourly_budget=1, budget_seconds=0.0)
    with Sandbox(anchor=ANCHOR, options={"docebo": options}) as running, sign_in(running) as own:
        assert [own.get("/manage/v1/user_fields").status_code for _ in range(3)] == [200, 200, 200]
