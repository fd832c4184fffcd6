"""Workday's reports and Jira's search over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import httpx
import pytest

from ascertain.sandbox.server import Sandbox

ANCHOR = date(2026, 5, 1)
BASE = "/ccx/service/customreport2/fjordlane/ISU_Ascertain"
BOUNDED = 'updated >= "2020-01-01 00:00" ORDER BY updated ASC'


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(anchor=ANCHOR) as running:
        yield running


@pytest.fixture(scope="module")
def workday(sandbox: Sandbox) -> Iterator[httpx.Client]:
    login = (sandbox.options["workday"].username, sandbox.options["workday"].password)
    with httpx.Client(base_url=sandbox.start()["workday"], auth=login) as client:
        yield client


@pytest.fixture(scope="module")
def jira(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with httpx.Client(
        base_url=sandbox.start()["jira"], auth=(sandbox.options["jira"].user, sandbox.options["jira"].token)
    ) as client:
        yield client


def report(client: httpx.Client, name: str, **prompts: str) -> list[dict[str, Any]]:
    answer = client.get(f"{BASE}/{name}", params={"format": "json", **prompts}).raise_for_status().json()
    assert list(answer) == ["Report_Entry"]
    rows: list[dict[str, Any]] = answer["Report_Entry"]
    return rows


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        (
            "Ascertain_Workers",
            {"Employee_ID", "Worker", "Email_-_Primary_Work", "Manager_ID", "Scheduled_Weekly_Hours", "National_ID"},
        ),
        ("Ascertain_Reviews", {"Review_ID", "Employee_ID", "Reviewer_ID", "Review_Date", "Comments"}),
        ("Ascertain_Projects", {"Submission_ID", "Employee_ID", "Project", "Assessor_Rating", "Narrative"}),
    ],
)
def test_reports(workday: httpx.Client, name: str, columns: set[str]) -> None:
    rows = report(workday, name)

    assert len(rows) >= 30
    assert all(columns <= row.keys() for row in rows)
    assert not {"gender", "age_band", "Gender"} & rows[0].keys()


def test_consent_and_hours_are_in_the_worker_report(workday: httpx.Client) -> None:
    rows = {r["Employee_ID"]: r for r in report(workday, "Ascertain_Workers")}

    assert rows["FL1401"]["Reviews_Consent"] == "0"
    assert rows["FL1101"]["Reviews_Consent"] == "1"
    assert rows["FL1403"]["Scheduled_Weekly_Hours"] == "12"
    assert rows["FL1000"]["Job_Profile_Code"] == ""


def test_updated_from_prompt(workday: httpx.Client) -> None:
    rows = report(workday, "Ascertain_Reviews", Updated_From="2026-02-01")

    assert 0 < len(rows) < len(report(workday, "Ascertain_Reviews"))
    assert min(r["Review_Date"] for r in rows) >= "2026-02-01"
    wrong = workday.get(f"{BASE}/Ascertain_Reviews", params={"format": "json", "Updated_From": "soon"})
    assert wrong.status_code == 400


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{BASE}/Ascertain_Workers?format=json", 200),
        (f"{BASE}/Ascertain_Workers", 400),
        (f"{BASE}/Payroll?format=json", 404),
        ("/ccx/service/customreport2/other/ISU_Ascertain/Ascertain_Workers?format=json", 404),
    ],
)
def test_addresses(workday: httpx.Client, path: str, status: int) -> None:
    assert workday.get(path).status_code == status


def test_wrong_password(sandbox: Sandbox) -> None:
    url = f"{sandbox.start()['workday']}{BASE}/Ascertain_Workers?format=json"

    assert httpx.get(url).status_code == 401
    assert httpx.get(url, auth=(sandbox.options["workday"].username, "guess")).status_code == 401
    assert httpx.get(url, headers={"Authorization": "Basic !!!"}).status_code == 401


def search(client: httpx.Client, **asked: Any) -> dict[str, Any]:
    answer: dict[str, Any] = client.post("/rest/api/3/search/jql", json=asked).raise_for_status().json()
    return answer


def test_only_ids_unless_fields_are_named(jira: httpx.Client) -> None:
    bare = search(jira, jql=BOUNDED, maxResults=3)
    full = search(jira, jql=BOUNDED, maxResults=3, fields=["summary", "assignee", "description"])

    assert [set(i) for i in bare["issues"]] == [{"id"}] * 3
    assert set(full["issues"][0]["fields"]) == {"summary", "assignee", "description"}
    assert full["issues"][0]["fields"]["assignee"]["emailAddress"].endswith("@fjordlane.example")
    assert full["issues"][0]["fields"]["description"]["type"] == "doc"
    assert "total" not in full
    assert "startAt" not in full


def test_pages_by_token_until_last(jira: httpx.Client, sandbox: Sandbox) -> None:
    seen: list[str] = []
    token: str | None = None
    while True:
        page = search(jira, jql=BOUNDED, maxResults=20, fields=["updated"], nextPageToken=token)
        seen += [i["id"] for i in page["issues"]]
        if page["isLast"]:
            assert "nextPageToken" not in page
            break
        token = page["nextPageToken"]

    assert seen == [str(t.id) for t in sandbox.company.current.tickets]


def test_get_and_post_agree(jira: httpx.Client) -> None:
    query = {"jql": BOUNDED, "maxResults": "5", "fields": "summary,labels"}
    by_get = jira.get("/rest/api/3/search/jql", params=query).json()
    by_post = search(jira, jql=BOUNDED, maxResults=5, fields=["summary", "labels"])

    assert by_get["issues"] == by_post["issues"]


@pytest.mark.parametrize("jql", ["", "order by updated", "nonsense", 'updated >= "x"'])
def test_bad_queries_are_400(jira: httpx.Client, jql: str) -> None:
    answer = jira.post("/rest/api/3/search/jql", json={"jql": jql})

    assert answer.status_code == 400
    assert answer.json()["errorMessages"]


def test_token_of_another_query_is_refused(jira: httpx.Client) -> None:
    token = search(jira, jql=BOUNDED, maxResults=5)["nextPageToken"]
    answer = jira.post("/rest/api/3/search/jql", json={"jql": "project = ENG", "nextPageToken": token})

    assert answer.status_code == 400


def test_incremental_by_updated() -> None:
    with Sandbox(anchor=ANCHOR) as running:
        login = (running.options["jira"].user, running.options["jira"].token)
        with httpx.Client(base_url=running.start()["jira"], auth=login) as client:
            jql = 'updated >= "2026-05-01 00:00"'
            key = running.company.current.tickets[0].key
            assert search(client, jql=jql)["issues"] == []

            running.company.touch_ticket(key)

            assert [i["key"] for i in search(client, jql=jql, fields=["updated"])["issues"]] == [key]


def test_old_search_is_gone_and_strangers_stay_out(jira: httpx.Client, sandbox: Sandbox) -> None:
    assert jira.get("/rest/api/3/search", params={"jql": BOUNDED}).status_code == 410
    url = sandbox.start()["jira"]
    assert httpx.get(f"{url}/rest/api/3/search/jql", params={"jql": BOUNDED}).status_code == 401
