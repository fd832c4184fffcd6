"""Starting and stopping the sandbox, and the trouble it makes on request."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import date
from urllib.parse import urlsplit

import httpx
import pytest

from ascertain.errors import AscertainError, NotFoundError
from ascertain.sandbox.company import build_company
from ascertain.sandbox.faults import Fault
from ascertain.sandbox.live import LiveCompany
from ascertain.sandbox.server import Sandbox

ANCHOR = date(2026, 5, 1)
REPORT = "/ccx/service/customreport2/fjordlane/ISU_Ascertain/Ascertain_Workers?format=json"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(anchor=ANCHOR) as running:
        yield running


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[httpx.Client]:
    sandbox.faults["workday"].clear()
    login = (sandbox.options["workday"].username, sandbox.options["workday"].password)
    with httpx.Client(base_url=sandbox.start()["workday"], auth=login) as found:
        yield found


def test_environment_names_every_setting(sandbox: Sandbox) -> None:
    found = sandbox.environment()

    assert set(found) == {
        "ASCERTAIN_DOCEBO_URL",
        "ASCERTAIN_DOCEBO_CLIENT_ID",
        "ASCERTAIN_DOCEBO_CLIENT_SECRET",
        "ASCERTAIN_DOCEBO_WEBHOOK_USER",
        "ASCERTAIN_DOCEBO_WEBHOOK_PASSWORD",
        "ASCERTAIN_WORKDAY_URL",
        "ASCERTAIN_WORKDAY_CLIENT_ID",
        "ASCERTAIN_WORKDAY_CLIENT_SECRET",
        "ASCERTAIN_WORKDAY_REFRESH_TOKEN",
        "ASCERTAIN_JIRA_WEBHOOK_SECRET",
        "ASCERTAIN_WORKDAY_USER",
        "ASCERTAIN_WORKDAY_PASSWORD",
        "ASCERTAIN_JIRA_URL",
        "ASCERTAIN_JIRA_USER",
        "ASCERTAIN_JIRA_TOKEN",
    }
    assert {urlsplit(v).hostname for k, v in found.items() if k.endswith("_URL")} == {"127.0.0.1"}


def test_stop_frees_the_ports_and_start_works_again() -> None:
    sandbox = Sandbox(anchor=ANCHOR)
    port = urlsplit(sandbox.start()["workday"]).port
    sandbox.stop()
    sandbox.stop()

    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/")
    with sandbox:
        assert httpx.get(sandbox.start()["workday"] + REPORT).status_code == 401


def test_taken_port_is_named() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(AscertainError, match=str(port)):
            Sandbox(anchor=ANCHOR, ports={"workday": port}).start()


def test_rate_limit_with_retry_after_then_well_again(sandbox: Sandbox, client: httpx.Client) -> None:
    sandbox.faults["workday"].inject(Fault("rate_limit", times=2, retry_after="7"))
    answers = [client.get(REPORT) for _ in range(3)]

    assert [a.status_code for a in answers] == [429, 429, 200]
    assert answers[0].headers["Retry-After"] == "7"


def test_server_error_after_good_answers(sandbox: Sandbox, client: httpx.Client) -> None:
    sandbox.faults["workday"].inject(Fault("server_error", skip=1, status=503))

    assert [client.get(REPORT).status_code for _ in range(3)] == [200, 503, 200]


def test_slow_answer_runs_into_the_callers_timeout(sandbox: Sandbox, client: httpx.Client) -> None:
    sandbox.faults["workday"].inject(Fault("slow", seconds=0.5))

    with pytest.raises(httpx.ReadTimeout):
        client.get(REPORT, timeout=0.1)


def test_body_that_stops_half_way(sandbox: Sandbox, client: httpx.Client) -> None:
    sandbox.faults["workday"].inject(Fault("half_body"))

    with pytest.raises(httpx.RemoteProtocolError):
        client.get(REPORT)
    assert client.get(REPORT).status_code == 200


def test_two_hundred_that_is_not_json(sandbox: Sandbox, client: httpx.Client) -> None:
    sandbox.faults["workday"].inject(Fault("not_json"))
    answer = client.get(REPORT)

    assert answer.status_code == 200
    assert "html" in answer.headers["content-type"]


def test_fault_for_one_path_only(sandbox: Sandbox, client: httpx.Client) -> None:
    sandbox.faults["workday"].inject(Fault("server_error", path="Ascertain_Reviews"))

    assert client.get(REPORT).status_code == 200
    assert client.get(REPORT.replace("Workers", "Reviews")).status_code == 500


def test_changes_are_visible_at_once(sandbox: Sandbox) -> None:
    live = LiveCompany(build_company(ANCHOR))
    before = live.current

    live.change_person("FL1101", manager_id="FL1002", weekly_hours=20)
    live.add_review("FL1101", "FL1002", "Good with Terraform.")
    live.change_course("PY-101", description="Another text.")

    assert before.person("FL1101").manager_id == "FL1001"
    assert live.current.person("FL1101").weekly_hours == 20
    assert live.current.person("FL1101").updated > before.person("FL1101").updated
    assert len(live.current.reviews) == len(before.reviews) + 1
    assert live.current.course("PY-101").description == "Another text."
    assert live.remove_enrolment("FL1101", "PY-301") == 2
    with pytest.raises(NotFoundError):
        live.add_enrolment("nobody", "PY-101")
    with pytest.raises(NotFoundError):
        live.change_score("FL1101", "PY-301", 1)
