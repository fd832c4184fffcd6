"""Workday's REST services and OAuth, replayed through an injected transport; job profiles out of reports."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascertain.connectors.connection import Connection
from ascertain.connectors.parsing import FieldError, Row
from ascertain.connectors.workday import WorkdayConnector
from ascertain.connectors.workday_rows import REST_FIELDS, job_profile
from ascertain.domain.connector import Incremental
from ascertain.domain.records import Entity, JobProfileRecord, SourceRef, WorkerRecord
from ascertain.errors import ConfigError, PermanentConnectorError, RetryableConnectorError

CLIENT = {"client_id": "c", "client_secret": "s", "refresh_token": "r"}
LOGIN = {"username": "u", "password": "p"}


def worker(number: int, **fields: Any) -> dict[str, Any]:
    usual = {
        "id": f"wid{number}",
        "descriptor": f"Ann {number}",
        "workerID": str(20000 + number),
        "isManager": False,
        "primaryWorkEmail": f"a{number}@x.example",
        "primaryWorkPhone": "+49 30 1",
        "businessTitle": "Engineer",
        "primaryJob": {"id": "job1", "descriptor": "P-1 Engineer"},
        "primarySupervisoryOrganization": {"id": "o1", "descriptor": "Platform (Ann 1)", "href": "https://x"},
        "hireDate": "2020-01-15",
        "nationalId": "918-13-3854",
    }
    return {**usual, **fields}


class Server:
    """One tenant; tokens die after ``uses`` calls."""

    def __init__(self, workers: list[dict[str, Any]], *, uses: int = 10_000) -> None:
        self.workers = workers
        self.jobs = [{"id": "j1", "descriptor": "Engineer"}]
        self.below: dict[str, list[str]] = {}
        self.report: list[dict[str, Any]] = []
        self.uses, self.tokens, self.left = uses, 0, 0
        self.paths: list[str] = []
        self.forms: list[dict[str, str]] = []
        self.grow_at = -1

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path, sent = request.url.path, request.headers.get("authorization", "")
        if path == "/ccx/oauth2/t/token":
            assert sent == "Basic " + base64.b64encode(b"c:s").decode()
            self.forms.append(dict(parse_qsl(request.content.decode())))
            self.tokens, self.left = self.tokens + 1, self.uses
            return httpx.Response(200, json={"access_token": f"t{self.tokens}", "token_type": "Bearer"})
        if path.startswith("/ccx/service/customreport2/t/o/"):
            assert sent in ("Basic " + base64.b64encode(b"u:p").decode(), f"Bearer t{self.tokens}")
            return httpx.Response(200, json={"Report_Entry": self.report})
        self.left -= 1
        if sent != f"Bearer t{self.tokens}" or self.left < 0:
            return httpx.Response(401, json={"error": "invalid token", "errors": []})
        self.paths.append(path)
        rows: list[dict[str, Any]] = {
            "/ccx/api/staffing/v6/t/workers": self.workers,
            "/ccx/api/staffing/v6/t/jobProfiles": self.jobs,
        }.get(path, [])
        if path.endswith("/directReports"):
            wanted = self.below[path.split("/")[-2]]
            rows = [{"id": w, "descriptor": "x"} for w in wanted]
        limit, offset = int(request.url.params["limit"]), int(request.url.params["offset"])
        if path.endswith("/workers") and offset == self.grow_at:
            self.workers.insert(0, worker(99))
        return httpx.Response(200, json={"data": rows[offset : offset + limit], "total": len(rows)})


def connect(
    server: Server, secrets: dict[str, str] | None = None, fields: Any = None, **options: Any
) -> WorkdayConnector:
    connection = Connection(
        "hris",
        "workday",
        "https://wd2.example",
        ZoneInfo("UTC"),
        CLIENT if secrets is None else secrets,
        {"P-1 Engineer": "software-engineer"},
        fields=fields or {},
        options={"tenant": "t", "rest": {"worker": "staffing/v6"}, **options},
    )
    return WorkdayConnector(connection, transport=httpx.MockTransport(server))


def pulled(connector: WorkdayConnector, entity: Entity = Entity.WORKER, cursor: Any = None) -> list[Any]:
    pages = list(connector.pull(entity, cursor))
    assert [r for p in pages for r in p.rejected] == []
    return [r for p in pages for r in p.records]


def test_workers_with_their_managers() -> None:
    server = Server([worker(1, isManager=True), worker(2), worker(3, terminationDate="2026-02-01")])
    server.below = {"wid1": ["wid2", "wid3"]}
    one, two, three = pulled(connect(server))
    assert isinstance(one, WorkerRecord)
    assert (one.employee_id, one.name, one.email) == ("20001", "Ann 1", "a1@x.example")
    assert (one.department, one.job_code, one.job_profile_id) == ("Platform", "P-1 Engineer", "software-engineer")
    assert (one.manager_employee_id, two.manager_employee_id) == (None, "20001")
    assert (one.active, three.active) == (True, False)
    assert one.hired_at == datetime(2020, 1, 15, tzinfo=UTC)
    assert "918-13" not in repr((one, two, three))
    assert "+49" not in repr((one, two, three))
    assert connect(server).capabilities().incremental == {Entity.WORKER: Incremental.FULL}


def test_without_managers_nobody_is_asked_about_reports() -> None:
    server = Server([worker(1, isManager=True)])
    assert pulled(connect(server, managers=False))[0].manager_employee_id is None
    assert not [p for p in server.paths if p.endswith("directReports")]


def test_pages_go_on_where_they_stopped() -> None:
    server = Server([worker(n) for n in range(7)])
    connector = connect(server, rest_page_size=3)
    pages = list(connector.pull(Entity.WORKER, None))
    assert [len(p.records) for p in pages] == [3, 3, 1]
    rest = pulled(connector, cursor=json.loads(json.dumps(pages[0].checkpoint)))
    assert [r.employee_id for r in rest] == [r.ref.id for p in pages[1:] for r in p.records]
    assert len(pulled(connector, cursor=json.loads(json.dumps(pages[-1].checkpoint)))) == 7


def test_a_list_that_changes_while_it_is_read_is_read_again() -> None:
    server = Server([worker(n) for n in range(7)])
    server.grow_at = 3
    connector = connect(server, rest_page_size=3, managers=False)
    cursor = None
    with pytest.raises(RetryableConnectorError, match="changed"):  # noqa: PT012 - what came before matters
        for page in connector.pull(Entity.WORKER, None):
            cursor = page.checkpoint
    server.grow_at = -1
    assert len(pulled(connector, cursor=cursor)) == 8


def test_a_service_without_numbers_is_known_by_workdays_ids() -> None:
    rows = [worker(1, isManager=True), worker(2)]
    for row in rows:
        del row["workerID"]
    server = Server(rows)
    server.below = {"wid1": ["wid2"]}
    assert "workerID" in next(connect(server).pull(Entity.WORKER, None)).warnings[0]
    assert next(connect(Server([worker(1)])).pull(Entity.WORKER, None)).warnings == ()
    assert [(r.employee_id, r.manager_employee_id) for r in pulled(connect(server))] == [
        ("wid1", None),
        ("wid2", "wid1"),
    ]


def test_fields_inside_objects_are_reached() -> None:
    server = Server([worker(1)])
    (found,) = pulled(connect(server, fields={Entity.WORKER: {"job_code": "primaryJob.id"}}))
    assert found.job_code == "job1"
    profile = connect(server).probe()
    assert "primaryJob.id" in profile.fields[Entity.WORKER]
    assert "nationalId" in profile.unmapped[Entity.WORKER]
    assert "918-13" not in repr(profile)


def test_a_broken_row_is_named_and_the_rest_is_there() -> None:
    server = Server([worker(1, hireDate="some day"), worker(2, workerID=""), worker(3)])
    (page,) = connect(server).pull(Entity.WORKER, None)
    assert [r.employee_id for r in page.records if isinstance(r, WorkerRecord)] == ["20003"]
    assert {r.field for r in page.rejected} == {"hireDate", "workerID"}
    assert "918-13" not in repr(page.rejected)


def test_tokens_are_bought_with_the_refresh_token_and_bought_again() -> None:
    server = Server([worker(n) for n in range(9)], uses=2)
    assert len(pulled(connect(server, rest_page_size=2, managers=False))) == 9
    assert server.tokens == 3
    assert server.forms[0] == {"grant_type": "refresh_token", "refresh_token": "r"}
    other = Server([worker(1)])
    pulled(connect(other, {"client_id": "c", "client_secret": "s"}))
    assert other.forms == [{"grant_type": "client_credentials"}]


@pytest.mark.parametrize(("secrets", "tokens"), [(LOGIN, 0), (CLIENT, 1), ({**CLIENT, **LOGIN}, 0)])
def test_reports_take_either_proof(secrets: dict[str, str], tokens: int) -> None:
    server = Server([])
    server.report = [{"Job_Code": "ENG", "Job_Profile_Name": "Engineer", "Skills": "SQL; Python;SQL"}]
    connector = connect(server, secrets, rest={}, reports={"job_profile": "J"}, owner="o")
    (job,) = pulled(connector, Entity.JOB_PROFILE)
    assert isinstance(job, JobProfileRecord)
    assert (job.code, job.title, job.skills) == ("ENG", "Engineer", ("SQL", "Python"))
    assert server.tokens == tokens


def test_job_profiles_of_a_service() -> None:
    (job,) = pulled(connect(Server([]), rest={"job_profile": "staffing/v6"}), Entity.JOB_PROFILE)
    assert (job.code, job.title) == ("j1", "Engineer")


def test_health_without_reports_and_with_a_wrong_address() -> None:
    assert connect(Server([worker(1)])).check().ok
    wrong = httpx.MockTransport(
        lambda r: httpx.Response(200, json={"access_token": "t"} if "oauth2" in r.url.path else {"rows": []})
    )
    connector = WorkdayConnector(connect(Server([])).connection, transport=wrong)
    assert "data and total" in connector.check().problem
    with pytest.raises(PermanentConnectorError, match="review"):
        list(connector.pull(Entity.REVIEW, None))


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"rest": {}}, "at least one"),
        ({"rest": {"review": "talent/v1"}}, "review"),
        ({"rest": {"worker": "staffing"}}, "rest.worker"),
        ({"reports": {"worker": "W"}, "owner": "o"}, "under reports and under rest"),
        ({"reports": {"review": "R"}}, "owner"),
    ],
)
def test_options_are_checked(options: dict[str, Any], word: str) -> None:
    with pytest.raises(ConfigError, match=word):
        connect(Server([]), {**CLIENT, **LOGIN}, **options)


def test_secrets_are_asked_for_by_name() -> None:
    with pytest.raises(ConfigError, match="client_id"):
        connect(Server([]), LOGIN)
    with pytest.raises(ConfigError, match="username"):
        connect(Server([]), {}, rest={}, reports={"worker": "W"}, owner="o")


SKILLS = (
    st.none()
    | st.text(max_size=30)
    | st.lists(
        st.text(max_size=9) | st.integers() | st.dictionaries(st.sampled_from(["descriptor", "Skill", "x"]), st.text())
    )
)


@given(SKILLS | st.integers())
def test_any_list_of_skills_is_names_or_a_named_error(value: Any) -> None:
    fields = {k: v or k for k, v in REST_FIELDS[Entity.JOB_PROFILE].items()}
    row = Row({"id": "j", "descriptor": "Engineer", "skills": value}, fields)
    try:
        found = job_profile(row, SourceRef("hris", Entity.JOB_PROFILE, "j"))
    except FieldError as e:
        error = e.field
        assert error == "skills"
    else:
        assert len(set(found.skills)) == len(found.skills)
        assert all(s and s == s.strip() for s in found.skills)
