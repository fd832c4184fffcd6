"""Workday's REST services on the sandbox: the same people with the same managers as in the reports."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from ascertain.connectors.connection import Connection
from ascertain.connectors.registry import open_connector
from ascertain.domain.connector import Connector
from ascertain.domain.records import Entity, JobProfileRecord, WorkerRecord
from ascertain.errors import RetryableConnectorError
from ascertain.sandbox.faults import Fault
from tests.contract.bench import Bench, Wire, everything, stored
from tests.contract.specs import SPECS

SPEC = SPECS["workday"]
SERVICES = {"worker": "staffing/v6", "job_profile": "staffing/v6"}


def connection(bench: Bench, **options: Any) -> Connection:
    """The shipped entry with an API client in place of the reports' user."""
    found = bench.sandbox(SPEC).environment()
    names = {"client_id": "CLIENT_ID", "client_secret": "CLIENT_SECRET", "refresh_token": "REFRESH_TOKEN"}
    return replace(
        bench.connection(SPEC),
        secrets={k: found[f"ASCERTAIN_WORKDAY_{v}"] for k, v in names.items()},
        fields={Entity.JOB_PROFILE: {"code": "jobCode", "title": "name", "summary": "jobDescription"}},
        options={"tenant": "fjordlane", "rest": SERVICES, "rest_page_size": 15, **options},
    )


def connect(bench: Bench, transport: httpx.BaseTransport | None = None, **options: Any) -> Connector:
    bench.opened.append(open_connector(connection(bench, **options), timeout=5, transport=transport))
    return bench.opened[-1]


@pytest.fixture
def live(bench: Bench) -> Iterator[Bench]:
    yield bench
    bench.calm()


def workers(connector: Connector) -> dict[str, WorkerRecord]:
    pages = list(connector.pull(Entity.WORKER, None))
    assert [r for p in pages for r in p.rejected] == []
    return {r.employee_id: r for p in pages for r in p.records if isinstance(r, WorkerRecord)}


def test_both_ways_show_the_same_people(live: Bench) -> None:
    connector = connect(live)
    assert connector.check().ok
    rest, report = workers(connector), workers(live.connect(SPEC))
    assert set(rest) == set(report)
    for number, found in rest.items():
        other = report[number]
        assert (found.email, found.manager_employee_id) == (other.email, other.manager_employee_id)
        assert (found.job_title, found.department) == (other.job_title, other.department)
        assert found.ref == other.ref


def test_pages_faults_and_tokens_that_die(live: Bench) -> None:
    complete, _ = everything(connect(live), Entity.WORKER)
    plan = live.sandbox(SPEC).faults["workday"]
    for fault in (
        Fault("rate_limit", path="/workers", retry_after="0.1"),
        Fault("server_error", path="/workers", times=2),
        Fault("half_body", path="/workers", times=2),
        Fault("token_death", path="/workers", skip=3),
    ):
        plan.inject(fault)
        assert everything(connect(live), Entity.WORKER)[0] == complete
        assert not plan.pending, fault.kind


def test_a_stop_goes_on(live: Bench) -> None:
    complete, _ = everything(connect(live), Entity.WORKER)
    pages = list(connect(live).pull(Entity.WORKER, None))
    assert len(pages) == 4
    rest, _ = everything(connect(live), Entity.WORKER, stored(pages[1].checkpoint))
    assert {str(r.ref) for p in pages[:2] for r in p.records} | set(rest) == set(complete)
    assert len(rest) < len(complete)
    live.sandbox(SPEC).faults["workday"].inject(Fault("rate_limit", path="/workers", retry_after="1800"))
    with pytest.raises(RetryableConnectorError):
        everything(connect(live), Entity.WORKER)


def test_job_profiles_and_wrong_credentials(live: Bench) -> None:
    jobs = [r for p in connect(live).pull(Entity.JOB_PROFILE, None) for r in p.records]
    assert len(jobs) > 5
    assert all(isinstance(j, JobProfileRecord) and j.title and "<" not in j.summary for j in jobs)
    assert {j.ref.id for j in jobs} == {p.role for p in live.sandbox(SPEC).company.current.people} - {""}
    wrong = replace(connection(live), secrets={"client_id": "x", "client_secret": "y", "refresh_token": "z"})
    health = open_connector(wrong, timeout=5).check()
    assert not health.ok
    assert "z" not in health.problem.split()


def test_what_is_not_mapped_stays_out(live: Bench) -> None:
    wire = Wire()
    found = workers(connect(live, wire))
    secrets = {p.national_id for p in live.sandbox(SPEC).company.current.people}
    assert not [s for s in secrets if s in repr(found)]
