"""Workday's REST services in the sandbox: tokens, pages, errors, people."""

from __future__ import annotations

import time
from datetime import date
from typing import Any

import pytest
from fastapi.testclient import TestClient

from ascertain.sandbox.company import build_company
from ascertain.sandbox.workday import WorkdayOptions, create_app
from ascertain.sandbox.workday_rest import wid

COMPANY = build_company(date(2026, 5, 1))
OPTIONS = WorkdayOptions()
FORM = {"grant_type": "refresh_token", "refresh_token": OPTIONS.refresh_token}
CLIENT = (OPTIONS.client_id, OPTIONS.client_secret)


def opened(**options: Any) -> TestClient:
    client = TestClient(create_app(COMPANY, WorkdayOptions(**options)))
    token = client.post("/ccx/oauth2/fjordlane/token", data=FORM, auth=CLIENT).json()["access_token"]
    client.headers["Authorization"] = f"Bearer {token}"
    return client


def everything(client: TestClient, path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        page = client.get(path, params={"limit": 20, "offset": len(found)}).json()
        found += page["data"]
        if len(found) >= page["total"]:
            return found


def test_every_worker_is_on_the_pages_and_the_reports_say_who_manages() -> None:
    client = opened()
    workers = everything(client, "/ccx/api/staffing/v1/fjordlane/workers")
    assert {w["workerID"] for w in workers} == {p.id for p in COMPANY.people}
    for worker in (w for w in workers if w["isManager"]):
        path = f"/ccx/api/common/v1/fjordlane/workers/{worker['id']}/directReports"
        mine = {r["id"] for r in everything(client, path)}
        assert mine == {wid("worker", p.id) for p in COMPANY.people if p.manager_id == worker["workerID"]}


def test_the_older_service_shows_less() -> None:
    (row,) = opened().get("/ccx/api/v1/fjordlane/workers", params={"limit": 1}).json()["data"]
    assert "workerID" not in row
    assert row["primaryWorkEmail"].endswith("@fjordlane.example")
    one = opened().get(f"/ccx/api/v1/fjordlane/workers/{row['id']}").json()
    assert one == row


def test_job_profiles_have_a_code_and_a_description() -> None:
    profiles = everything(opened(), "/ccx/api/staffing/v1/fjordlane/jobProfiles")
    assert {p["jobCode"] for p in profiles} == {p.role for p in COMPANY.people if p.role}
    assert all("<li>" in p["jobDescription"] for p in profiles)


@pytest.mark.parametrize(
    ("form", "client", "status"),
    [
        ({"refresh_token": "x"}, CLIENT, 400),
        ({"grant_type": "password"}, CLIENT, 400),
        ({}, ("x", "y"), 401),
        ({}, None, 401),
    ],
)
def test_tokens_are_for_who_may_have_them(form: dict[str, str], client: Any, status: int) -> None:
    answer = TestClient(create_app(COMPANY)).post("/ccx/oauth2/fjordlane/token", data={**FORM, **form}, auth=client)
    assert answer.status_code == status
    assert answer.json()["errors"][0]["error"]


def test_tokens_expire_and_a_client_may_be_in_the_form() -> None:
    client = opened(token_seconds=0.05)
    time.sleep(0.06)
    assert client.get("/ccx/api/v1/fjordlane/workers").status_code == 401
    inside = {**FORM, "client_id": CLIENT[0], "client_secret": CLIENT[1]}
    del client.headers["Authorization"]
    assert client.post("/ccx/oauth2/fjordlane/token", data=inside).status_code == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("v1/fjordlane/workers?limit=101", 400),
        ("v1/fjordlane/workers?limit=x", 400),
        ("v1/fjordlane/workers?page=2", 400),
        ("v1/fjordlane/workers/unknown", 404),
        ("v1/other/workers", 404),
        ("talent/v1/fjordlane/workers", 404),
        ("common/v1/fjordlane/jobProfiles", 404),
    ],
)
def test_what_is_asked_wrongly_is_refused(path: str, status: int) -> None:
    answer = opened().get(f"/ccx/api/{path}")
    assert answer.status_code == status
    assert set(answer.json()) == {"error", "errors"}


def test_too_many_calls_are_refused_without_a_word_of_how_long() -> None:
    client = opened(per_second=2)
    answers = [client.get("/ccx/api/v1/fjordlane/workers") for _ in range(3)]
    assert [a.status_code for a in answers] == [200, 200, 429]
    assert "retry-after" not in answers[2].headers
