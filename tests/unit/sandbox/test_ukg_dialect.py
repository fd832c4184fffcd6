"""UKG's dialect: two credentials, bare arrays, keys in two casings, changes, signed events."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from fastapi.testclient import TestClient

from ascertain.sandbox.company import build_company
from ascertain.sandbox.faults import Fault
from ascertain.sandbox.live import LiveCompany
from ascertain.sandbox.ukg import UkgOptions, create_app
from ascertain.sandbox.ukg_gate import Problem, within
from ascertain.sandbox.ukg_shapes import employee_id, employments

COMPANY = build_company(date(2026, 5, 1))
LISTS = ("person-details", "employment-details", "employee-employment-details", "employee-supervisor-details")


class Tenant:
    """A tenant and a client that may call it."""

    def __init__(self, **changed: Any) -> None:
        self.options = UkgOptions(**changed)
        self.live = LiveCompany(COMPANY)
        self.app = create_app(self.live, self.options)
        self.client = TestClient(self.app, headers={"US-Customer-Api-Key": self.options.api_key})
        self.client.auth = (self.options.username, self.options.password)

    def get(self, path: str, status: int = 200, **query: object) -> Any:
        answer = self.client.get(path, params={k: str(v) for k, v in query.items()})
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    def all(self, path: str, size: int, name: str = "per_page") -> list[Any]:
        found: list[Any] = []
        for page in range(1, 100):
            rows = self.get(path, page=page, **{name: size})
            if not rows:
                return found
            found += rows
        raise AssertionError("no page was empty")


@pytest.fixture
def tenant() -> Tenant:
    return Tenant()


@pytest.mark.parametrize("change", ["login", "key", "both"])
def test_both_credentials_are_needed(change: str, tenant: Tenant) -> None:
    if change != "key":
        tenant.client.auth = (tenant.options.username, "wrong")
    if change != "login":
        tenant.client.headers["US-Customer-Api-Key"] = "wrong"
    answer = tenant.client.get("/personnel/v1/person-details")
    assert (answer.status_code, answer.content) == (401, b""), "a 401 may be empty"


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("name", ["per_page", "per_Page"])
def test_arrays_are_read_until_one_is_empty(path: str, name: str, tenant: Tenant) -> None:
    rows = tenant.all(f"/personnel/v1/{path}", 20, name)
    key = "employeeId" if path == "person-details" else "employeeID"
    assert {r[key] for r in rows} == {employee_id(p.id) for p in COMPANY.people}
    assert len(rows) == len(list(employments(COMPANY, tenant.options))) > len(COMPANY.people)
    assert rows == tenant.get(f"/personnel/v1/{path}")


def test_a_wrong_page_is_a_problem(tenant: Tenant) -> None:
    said = tenant.get("/personnel/v1/person-details", 400, page=0)
    assert said["errorCount"] == 1
    assert "page" in said["errors"]["modelstate"]


def test_the_home_company_tells_two_employments_apart(tenant: Tenant) -> None:
    rows = tenant.get("/personnel/v1/employee-employment-details")
    homes = [r["employeeID"] for r in rows if r["isHomeCompany"] == "Y"]
    others = [r for r in rows if r["isHomeCompany"] != "Y"]
    assert len(homes) == len(set(homes)) == len(COMPANY.people)
    assert others
    assert all(r["employeeID"] in homes and r["dateOfTermination"] for r in others)
    assert len({(r["companyID"], r["employeeID"]) for r in rows}) == len(rows)


def test_national_ids_are_where_the_vendor_has_them(tenant: Tenant) -> None:
    text = json.dumps(tenant.get("/personnel/v1/person-details"))
    assert all(p.national_id in text for p in COMPANY.people)
    for path in LISTS[1:]:
        assert "nationalId" not in json.dumps(tenant.get(f"/personnel/v1/{path}"))


def test_managers_are_those_of_the_company(tenant: Tenant) -> None:
    rows = tenant.get("/personnel/v1/employee-supervisor-details", companyId=tenant.options.company_id)
    named = {r["employeeNumber"]: r["supervisorEmployeeNumber"] for r in rows}
    assert named == {p.id: p.manager_id for p in COMPANY.people}


def test_single_records(tenant: Tenant) -> None:
    eid, company = employee_id("FL1101"), tenant.options.company_id
    row = tenant.get(f"/personnel/v1/companies/{company}/employees/{eid}/person-details")
    assert row == tenant.get(f"/personnel/v1/person-details/{eid}")
    assert row["emailAddress"] == COMPANY.person("FL1101").email
    said = tenant.get("/personnel/v1/person-details/NOBODY", 404)
    assert said["title"] == "Not Found"


def test_changed_since(tenant: Tenant) -> None:
    tenant.live.change_person("FL1101", title="Principal", at=datetime(2026, 5, 20, 9))
    rows = tenant.get("/personnel/v1/employment-details", dateTimeChanged=">05-10-2026")
    assert [(r["employeeNumber"], r["jobTitle"]) for r in rows] == [("FL1101", "Principal")]
    assert tenant.get("/personnel/v1/employment-details", dateTimeChanged=">05-21-2026") == []
    tenant.get("/personnel/v1/employment-details", 400, dateTimeChanged="soon")


def test_employee_changes_are_whole_rows_in_small_pages(tenant: Tenant) -> None:
    tenant.live.change_person("FL1101", department="Data", at=datetime(2026, 5, 20, 9))
    days = ("2026-05-20T00:00:00Z", "2026-05-21T00:00:00Z")
    (row,) = tenant.get("/personnel/v1/employee-changes", startDate=days[0], endDate=days[1])
    assert (row["employeeId"], row["orgLevel1Code"]) == (employee_id("FL1101"), "DATA")
    assert not [k for k in row if "changed" in k.lower()]
    tenant.get("/personnel/v1/employee-changes", 400, startDate="2026-05-21", endDate="2026-05-20")


def test_the_pace_of_changes_can_be_enforced() -> None:
    tenant = Tenant(changes_interval=10_800)
    for page in (1, 2):
        tenant.get("/personnel/v1/employee-changes", startDate="2026-01-01", page=page)
    tenant.get("/personnel/v1/employee-changes", 429, startDate="2026-02-01")


def test_too_many_calls_are_refused_without_saying_when() -> None:
    tenant = Tenant(per_second=3)
    answers = [tenant.client.get("/configuration/v1/org-levels") for _ in range(4)]
    assert [a.status_code for a in answers] == [200, 200, 200, 429]
    assert "retry-after" not in answers[-1].headers


def test_code_tables() -> None:
    tenant = Tenant(jobs=False)
    levels = {r["code"]: r["description"] for r in tenant.get("/configuration/v1/org-levels")}
    rows = tenant.get("/personnel/v1/employment-details")
    departments = {p.id: p.department for p in COMPANY.people}
    assert all(levels[r["orgLevel1Code"]] == departments[r["employeeNumber"]] for r in rows)
    tenant.get("/configuration/v1/jobs", 404)
    jobs = {r["code"] for r in Tenant().get("/configuration/v1/jobs")}
    assert jobs == {p.role for p in COMPANY.people if p.role}


def test_date_filters() -> None:
    noon = datetime(2026, 5, 20, 12)
    assert within("d", ">05-20-2026", noon)
    assert within("d", "<05-21-2026", noon)
    assert within("d", "{05-20-2026,05-21-2026}", noon)
    assert within("d", "05-20-2026", noon)
    assert not within("d", ">05-21-2026", noon)
    assert within("d", f">{(noon - timedelta(hours=1)).isoformat()}", noon)
    for nonsense in ("", ">", "{1,2,3}", "13-40-2026"):
        with pytest.raises(Problem):
            within("d", nonsense, noon)


@pytest.fixture
def receiver() -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    got: list[tuple[dict[str, str], bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            got.append(({k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1/webhooks/ukg", got
    server.shutdown()
    server.server_close()


def test_events_are_signed_under_the_header_that_was_chosen(
    receiver: tuple[str, list[tuple[dict[str, str], bytes]]],
) -> None:
    url, got = receiver
    tenant = Tenant(webhook_url=url, webhook_header="X-Our-Mark")
    tenant.live.change_person("FL1101", title="Principal")
    tenant.live.add_review("FL1101", "FL1102", "Explains clearly.")
    assert tenant.app.state.hooks.flush()
    ((headers, body),) = got
    right = hmac.new(tenant.options.webhook_secret.encode(), body, hashlib.sha256).hexdigest()
    assert headers["x-our-mark"] == right
    event = json.loads(body)
    assert event["Payload"]["EeId"] == employee_id("FL1101")
    assert set(event) == {"EventId", "EventTime", "EventType", "Operation", "Payload", "Tenant"}
    tenant.options.faults.inject(Fault("hook_altered", path="/v1/webhooks"))
    tenant.live.change_person("FL1101", title="Principal Engineer")
    assert tenant.app.state.hooks.flush()
    headers, body = got[-1]
    assert headers["x-our-mark"] != hmac.new(tenant.options.webhook_secret.encode(), body, hashlib.sha256).hexdigest()
    tenant.app.state.hooks.close()
