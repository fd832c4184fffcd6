"""UKG Pro's lists, changes and calls, replayed through an injected transport."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascertain.connectors.connection import Connection
from ascertain.connectors.parsing import FieldError, Row
from ascertain.connectors.ukg import UkgConnector
from ascertain.connectors.ukg_rows import DEFAULT_FIELDS, People, UkgOptions, Webhooks, cut, worker, worker_fields
from ascertain.connectors.ukg_webhooks import receive
from ascertain.domain.connector import Cursor
from ascertain.domain.records import Entity, JobProfileRecord, SourceRef, WorkerRecord
from ascertain.domain.webhooks import Heard, RawRequest
from ascertain.errors import ConfigError, PermanentConnectorError

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


def employment(employee: str, number: str, company: str = "C1", **fields: Any) -> dict[str, Any]:
    usual = {
        "companyID": company,
        "employeeID": employee,
        "employeeNumber": number,
        "primaryJobCode": "ENG",
        "jobTitle": "Engineer",
        "orgLevel1Code": "RND",
        "originalHireDate": "2020-01-15T00:00:00Z",
        "dateOfTermination": None,
        "employeeStatusCode": "A",
        "isHomeCompany": True,
        "dateTimeChanged": "2026-05-01T09:00:00Z",
    }
    return {**usual, **fields}


def person(employee: str, **fields: Any) -> dict[str, Any]:
    usual = {
        "companyId": "C1",
        "employeeId": employee,
        "firstName": "Ann",
        "lastName": employee,
        "emailAddress": f"{employee}@x.example",
        "nationalId": "918-13-3854",
        "dateTimeChanged": "2026-05-02T09:00:00Z",
    }
    return {**usual, **fields}


class Server:
    """The lists in pages, filters by company and employee, changes as they are set."""

    def __init__(self, employments: list[dict[str, Any]], *, levels: list[dict[str, Any]] | None = None) -> None:
        self.employments = employments
        self.persons = [person(e["employeeID"], companyId=e["companyID"]) for e in employments]
        self.above = [
            {"employeeID": "E2", "companyID": "C1", "supervisorEmployeeID": "E1", "supervisorEmail": "x"},
        ]
        self.changes: list[dict[str, Any]] = []
        self.homes: list[dict[str, Any]] = []
        self.levels = levels or [{"level": 1, "code": "RND", "description": "Research"}]
        self.jobs = [{"code": "ENG", "title": "Engineer", "longDescription": "<p>Builds</p>", "salary": 9}]
        self.calls: list[httpx.URL] = []
        self.bare = True

    def __call__(self, request: httpx.Request) -> httpx.Response:
        assert request.headers["us-customer-api-key"] == "k"
        assert request.headers["authorization"] == "Basic " + base64.b64encode(b"u:p").decode()
        self.calls.append(request.url)
        path, query = request.url.path, request.url.params
        if path == "/configuration/v1/org-levels":
            return httpx.Response(200, json=self.levels)
        if path == "/configuration/v1/jobs":
            return httpx.Response(200, json=self.jobs)
        rows, per = {
            "/personnel/v1/employment-details": (self.employments, "per_Page"),
            "/personnel/v1/person-details": (self.persons, "per_Page"),
            "/personnel/v1/employee-supervisor-details": (self.above, "per_Page"),
            "/personnel/v1/employee-changes": (self.changes, "per_page"),
            "/personnel/v1/employee-employment-details": (self.homes, "per_Page"),
        }[path]
        for name in ("companyId", "employeeId", "employeeNumber"):
            if name in query:
                rows = [r for r in rows if query[name] in (r.get(name), r.get(name[:-1] + "D"))]
        size, page = int(query[per]), int(query["page"])
        part = rows[(page - 1) * size : page * size]
        return httpx.Response(200, json=part if self.bare else {"value": part})

    def asked(self, word: str) -> list[httpx.URL]:
        return [u for u in self.calls if word in u.path]


def connect(server: Server, **options: Any) -> UkgConnector:
    connection = Connection(
        name="ukg",
        system="ukg",
        url="https://service4.ultipro.example",
        zone=ZoneInfo("UTC"),
        secrets={"username": "u", "password": "p", "api_key": "k", "webhook_secret": "s" * 24},
        job_profiles={"ENG": "software-engineer"},
        options={"changes_hours": 0, **options},
    )
    return UkgConnector(connection, transport=httpx.MockTransport(server))


def pulled(connector: UkgConnector, cursor: Cursor | None = None) -> tuple[list[Any], list[Any], Cursor]:
    pages = list(connector.pull(Entity.WORKER, cursor))
    last = json.loads(json.dumps(pages[-1].checkpoint))
    return [r for p in pages for r in p.records], [r for p in pages for r in p.rejected], last


def test_three_lists_make_one_worker() -> None:
    server = Server([employment("E1", "100"), employment("E2", "200", originalHireDate="0000-00-00")])
    (one, two), rejected, _ = pulled(connect(server))
    assert rejected == []
    assert isinstance(one, WorkerRecord)
    assert (one.employee_id, one.name, one.email, one.department) == ("100", "Ann E1", "E1@x.example", "Research")
    assert (one.manager_employee_id, two.manager_employee_id) == (None, "100"), "by the number, not the system's id"
    assert (one.job_profile_id, one.job_code, one.job_title) == ("software-engineer", "ENG", "Engineer")
    assert one.updated_at == datetime(2026, 5, 2, 9, tzinfo=UTC), "the person's change is the later one"
    assert (one.hired_at, two.hired_at) == (datetime(2020, 1, 15, tzinfo=UTC), None)
    assert "918-13" not in repr((one, two))


def test_lists_are_read_until_empty_with_each_paths_spelling() -> None:
    server = Server([employment(f"E{n}", str(n)) for n in range(5)])
    records, _, _ = pulled(connect(server, page_size=2))
    assert len(records) == 5
    assert len(server.asked("employment-details")) == 4


def test_who_has_left_and_who_works_elsewhere_too() -> None:
    rows = [
        employment("E1", "100", employeeStatusCode="T"),
        employment("E2", "200", dateOfTermination="2026-01-31T00:00:00Z"),
        employment("E3", "300"),
        employment("E3", "300", company="C2", isHomeCompany=False),
    ]
    found, _, _ = pulled(connect(Server(rows)))
    assert [(r.employee_id, r.active) for r in found] == [("100", False), ("200", False), ("300", True)]


def test_which_employment_counts_where_the_rows_do_not_say() -> None:
    rows = [employment("E3", "300"), employment("E3", "300", company="C2"), employment("E1", "100")]
    for row in rows:
        del row["isHomeCompany"]
    server = Server(rows)
    server.homes = [{"companyID": c, "employeeID": "E3", "isHomeCompany": c == "C2"} for c in ("C1", "C2")]
    rows[0]["jobTitle"] = "Clerk"

    def titles() -> dict[str, str]:
        return {r.ref.id: r.job_title for r in pulled(connect(server))[0]}

    assert titles() == {"300": "Engineer", "100": "Engineer"}
    server.homes = []
    rows[1]["dateOfTermination"] = "2026-01-31T00:00:00Z"
    assert titles() == {"300": "Clerk", "100": "Engineer"}
    found = connect(server).fetch(SourceRef("ukg", Entity.WORKER, "300"))
    assert isinstance(found, WorkerRecord)
    assert found.job_title == "Clerk"
    single = Server(rows[2:])
    pulled(connect(single))
    assert not single.asked("employee-employment-details"), "not asked where it decides nothing"


def test_without_numbers_the_systems_own_id_is_used_for_everybody() -> None:
    rows = [employment("E1", ""), employment("E2", "")]
    for row in rows:
        del row["employeeNumber"]
    found, _, _ = pulled(connect(Server(rows)))
    assert [(r.employee_id, r.manager_employee_id) for r in found] == [("E1", None), ("E2", "E1")]


def test_broken_rows_are_named_and_the_rest_is_there() -> None:
    rows = [employment("E1", "100"), employment("", "5"), employment("E2", "200", originalHireDate="some day")]
    found, rejected, _ = pulled(connect(Server(rows)))
    assert [r.employee_id for r in found] == ["100"]
    assert {r.field for r in rejected} == {"employeeID", "originalHireDate"}
    assert "918-13" not in repr(rejected)


def test_changes_say_where_to_look_and_nothing_comes_twice() -> None:
    server = Server([employment("E1", "100"), employment("E2", "200"), employment("E3", "300")])
    connector = connect(server)
    _, _, cursor = pulled(connector)
    assert server.asked("employee-changes") == []
    again, _, cursor = pulled(connector, cursor)
    assert again == []
    assert len(server.asked("person-details")) == 2, "where nothing changed, no list is read"
    server.employments[1] |= {"jobTitle": "Principal", "dateTimeChanged": datetime.now(UTC).isoformat()}
    server.changes = [
        {"companyId": "C1", "employeeId": "E2"},
        {"employeeId": None},
        {"companyId": "C1", "employeeId": "E3"},
    ]
    changed, _, cursor = pulled(connector, cursor)
    assert [(r.employee_id, r.job_title) for r in changed] == [("200", "Principal")]
    assert pulled(connector, cursor)[0] == []
    asked = server.asked("employee-changes")[-1].params
    assert datetime.fromisoformat(asked["endDate"]) - datetime.fromisoformat(asked["startDate"]) > timedelta(hours=5)


def test_the_list_of_changes_is_not_asked_too_often() -> None:
    server = Server([employment("E1", "100")])
    connector = connect(server, changes_hours=3)
    _, _, cursor = pulled(connector)
    calls = len(server.calls)
    assert pulled(connector, cursor) == ([], [], cursor)
    assert len(server.calls) == calls
    old = {**cursor, "since": (datetime.now(UTC) - timedelta(hours=4)).isoformat()}
    pulled(connector, old)
    assert server.asked("employee-changes")


@pytest.mark.parametrize("changed", [False, True])
def test_a_pull_that_stopped_goes_on(changed: bool) -> None:
    server = Server([employment(f"E{n}", str(n)) for n in range(7)])
    connector = connect(server, page_size=2)
    cursor: Cursor | None = None
    if changed:
        _, _, cursor = pulled(connector)
        server.changes = [{"companyId": "C1", "employeeId": f"E{n}"} for n in range(1, 6)]
        for row in server.employments:
            row["jobTitle"] = "Principal"
    pages = connector.pull(Entity.WORKER, cursor)
    first = next(pages)
    rest, _, end = pulled(connector, json.loads(json.dumps(first.checkpoint)))
    expected = range(1, 6) if changed else range(7)
    assert [r.employee_id for r in (*first.records, *rest)] == [str(n) for n in expected]
    assert pulled(connector, end)[0] == []


def test_one_is_fetched_with_the_managers_number() -> None:
    server = Server([employment("E1", "100"), employment("E2", "200")])
    connector = connect(server)
    (_, two), _, _ = pulled(connector)
    assert connector.fetch(two.ref) == two
    assert connector.fetch(SourceRef("ukg", Entity.WORKER, "999")) is None
    assert connector.fetch(SourceRef("ukg", Entity.JOB_PROFILE, "ENG")) is None


def test_jobs_are_listed_where_the_tenant_says_so() -> None:
    server = Server([employment("E1", "100")])
    with pytest.raises(PermanentConnectorError, match="job_profile"):
        list(connect(server).pull(Entity.JOB_PROFILE, None))
    connector = connect(server, job_profiles_path="/configuration/v1/jobs")
    ((job,),) = [p.records for p in connector.pull(Entity.JOB_PROFILE, None)]
    assert isinstance(job, JobProfileRecord)
    assert (job.code, job.title, job.summary) == ("ENG", "Engineer", "Builds")
    assert "salary" in connector.probe().unmapped[Entity.JOB_PROFILE]


def test_probing_shows_names_only() -> None:
    profile = connect(Server([employment("E1", "100")])).probe()
    assert "nationalId" in profile.unmapped[Entity.WORKER]
    assert "companyId" not in profile.unmapped[Entity.WORKER]
    assert profile.fields[Entity.WORKER]["jobTitle"] == "jobTitle (employment-details)"
    assert "918-13" not in repr(profile)


def test_lists_that_never_end_and_answers_that_are_no_lists() -> None:
    server = Server([employment("E1", "100")])
    server.bare = False
    assert "list" in connect(server).check().problem
    stuck = httpx.MockTransport(lambda request: httpx.Response(200, json=[employment("E1", "1")]))
    connection = connect(server).connection
    with pytest.raises(PermanentConnectorError, match="same page"):
        list(UkgConnector(connection, transport=stuck).pull(Entity.WORKER, None))


VALUES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=15) | st.lists(st.integers(), max_size=2)
)
NAMES = st.sampled_from(
    [*DEFAULT_FIELDS[Entity.WORKER].values(), "supervisorId", "nationalId", "companyId", "EMPLOYEEID"]
)


@given(st.lists(st.dictionaries(NAMES, VALUES) | VALUES, max_size=4))
def test_any_row_is_a_worker_or_a_named_error(rows: list[Any]) -> None:
    fields = {k: v for k, v in DEFAULT_FIELDS[Entity.WORKER].items() if v}
    people = People(fields, {})
    people.add_persons(rows)
    people.add_supervisors(rows)
    people.add_employments(rows)
    assert len(people.everyone()) + len(people.broken) <= len(rows)
    for key in people.everyone():
        row = Row(people.joined(key), worker_fields(fields))
        try:
            found = worker(row, SourceRef("ukg", Entity.WORKER, "x"), people, UkgOptions(), None)
        except FieldError:
            continue  # that is the named error
        assert found.employee_id


@given(st.dictionaries(st.text(max_size=12), VALUES))
def test_what_is_not_wanted_is_cut(row: dict[str, Any]) -> None:
    kept = cut({**row, "EmployeeId": 7, "nationalId": "secret-number"}, ("employeeID",))
    assert set(kept) == {"employeeID"}


# -- calls ----------------------------------------------------------------------------------------------------------

SECRET = "s" * 24
BODY = b'{"eventType": "employee.changed", "id": 7}'


def call(options: Webhooks, body: bytes = BODY, *, secret: str = SECRET, stamp: str = "") -> RawRequest:
    text = options.string_to_sign.replace("{timestamp}", stamp).encode().replace(b"{body}", body)
    made = hmac.new(secret.encode(), text, hashlib.sha256)
    proof = base64.b64encode(made.digest()).decode() if options.form == "base64" else made.hexdigest()
    headers = [(options.header.lower(), options.prefix + proof), (options.timestamp_header.lower() or "x", stamp)]
    return RawRequest("POST", "https://skills.example/v1/webhooks/ukg", tuple(headers), body)


FORMS = [
    Webhooks(header="X-Ukg-Signature"),
    Webhooks(header="X-Sig", form="base64", prefix="sha256="),
    Webhooks(header="X-Sig", timestamp_header="X-Time", string_to_sign="{timestamp}.{body}"),
]


@pytest.mark.parametrize("options", FORMS)
def test_a_call_is_believed_by_its_signature(options: Webhooks) -> None:
    stamp = str(int(NOW.timestamp()))
    got = receive(options, SECRET, call(options, stamp=stamp), NOW)
    assert got.kind is Heard.EVENTS
    (event,) = got.events
    assert (event.type, event.pull) == ("employee.changed", (Entity.WORKER,))
    assert receive(options, SECRET, call(options, secret="no", stamp=stamp), NOW).reply.status == 401
    changed = RawRequest("POST", "u", call(options, stamp=stamp).headers, BODY + b" ")
    assert receive(options, SECRET, changed, NOW).reply.status == 401
    assert receive(options, "", call(options, stamp=stamp), NOW).reply.status == 401


def test_old_calls_are_refused_where_they_say_when() -> None:
    options = FORMS[2]
    for stamp in (str(int(NOW.timestamp()) - 900), "", "soon", "9" * 30, (NOW - timedelta(hours=1)).isoformat()):
        assert receive(options, SECRET, call(options, stamp=stamp), NOW).reply.status == 401, stamp
    assert receive(options, SECRET, call(options, stamp=NOW.isoformat()), NOW).kind is Heard.EVENTS


def test_without_a_header_nothing_is_believed_and_options_are_checked() -> None:
    assert receive(Webhooks(), SECRET, call(FORMS[0]), NOW).reply.status == 401
    server = Server([])
    for wrong in ({"string_to_sign": "x"}, {"timestamp_header": "X-T"}, {"form": "md5"}):
        with pytest.raises(ConfigError, match="webhooks"):
            connect(server, webhooks={"header": "X", **wrong})
