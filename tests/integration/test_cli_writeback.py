"""Write-back and notifications on the command line and by the queue, against a sandbox and a receiver."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from standardwebhooks import Webhook

from ascertain.cli.terminal import DataConsole
from ascertain.cli.writeback_views import reasons, report_lines
from ascertain.domain.assertion import AssertionState
from ascertain.domain.outbox import OutboxItem, OutboxState
from ascertain.jobs import outgoing
from ascertain.pipeline.write_back_push import RunReport
from ascertain.runtime import open_app, set_app
from ascertain.sandbox.company import build_company
from ascertain.sandbox.docebo import DoceboOptions
from ascertain.sandbox.server import Sandbox
from ascertain.settings import Settings
from tests.integration.command import Answer, call
from tests.integration.job_harness import job_queue
from tests.integration.pipeline.writing import LoggedCompany, settle, skill, state

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
CONNECTIONS = """
connections:
  - name: docebo
    system: docebo
    url_env: ASCERTAIN_DOCEBO_URL
    secrets: {client_id: ASCERTAIN_DOCEBO_CLIENT_ID, client_secret: ASCERTAIN_DOCEBO_CLIENT_SECRET}
    options: {skills_field: 5}
"""
Command = Callable[..., Answer]


@pytest.fixture(scope="module")
def lms() -> Iterator[Sandbox]:
    options = {"docebo": DoceboOptions(hourly_budget=None)}
    with Sandbox(systems=("docebo",), company=LoggedCompany(build_company()), options=options) as sandbox:
        yield sandbox


@pytest.fixture
def company(lms: Sandbox) -> LoggedCompany:
    assert isinstance(lms.company, LoggedCompany)
    for ident in lms.company.shown():
        lms.company.write_fields(ident, {"5": ""})
    lms.company.log.clear()
    return lms.company


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    file = tmp_path / "connections.yaml"
    file.write_text(CONNECTIONS)
    return Settings(home=tmp_path / "home", connectors_file=file, _env_file=None)  # type: ignore[call-arg]


@pytest.fixture
def environ(lms: Sandbox, settings: Settings) -> dict[str, str]:
    return {**lms.environment(), "ASCERTAIN_CONNECTORS_FILE": str(settings.connectors_file)}


@pytest.fixture
def ascertain(settings: Settings, environ: dict[str, str], company: LoggedCompany) -> Command:
    """A home in which two people have accepted skills."""
    app = open_app(settings)
    ids = [str(p.docebo_id) for p in company.current.learners][:2]
    settle(app.store, dict(zip(("ADA", "BEA"), ids, strict=True)), skill("ADA", "sql"), skill("BEA", "sql"))
    app.close()

    def run(*arguments: str, **more: Any) -> Answer:
        env = {**environ, **more.pop("env", {})}
        return call(*arguments, home=settings.home_dir, folder=settings.home_dir.parent, env=env, **more)

    return run


def test_the_whole_walk(ascertain: Command, company: LoggedCompany, settings: Settings) -> None:
    preview = ascertain("writeback", "preview", "--json")
    assert (preview.code, preview.json["changes"], company.log) == (0, 2, [])
    shown = ascertain("writeback", "preview", "--learner", "ADA")
    assert "Person ADA" in shown.out
    assert "+ Sql:3 | 2026-03-01" in shown.out
    assert "BEA" not in shown.out

    asked = ascertain("writeback", "push")
    assert (asked.code, company.log) == (2, [])
    assert "--yes" in asked.err
    assert ascertain("writeback", "push", "--yes", "--as", "ops").code == 9
    assert ascertain("access", "grant", "ops", "admin").code == 0
    pushed = ascertain("writeback", "push", "--yes", "--as", "ops", "--json")
    assert (pushed.code, pushed.json["totals"], pushed.json["finished"]) == (0, {"written": 2}, True)
    assert sorted(company.shown().values()) == ["Sql:3 | 2026-03-01"] * 2
    assert ascertain("writeback", "push", "--yes", "--json").json == {"run": None, "changes": 0}

    run = pushed.json["run"]
    listed = ascertain("writeback", "list", "--json").json
    assert [(r["id"], r["actor"], r["kind"]) for r in listed["runs"]] == [(run, "ops", "push")]
    rows = ascertain("writeback", "show", run[:6], "--json").json["rows"]
    assert [(r["learner_id"], r["previous"], r["state"]) for r in rows] == [
        ("ADA", None, "written"),
        ("BEA", None, "written"),
    ]
    assert "written" in ascertain("writeback", "show", run).out

    app = open_app(settings)
    state(app.store, "as-ADA-sql", AssertionState.CONTESTED)
    app.close()
    found = ascertain("writeback", "reconcile", "--json")
    assert [(d["finding"], d["learner_id"]) for d in found.json["differences"]] == [("withdrawn", "ADA")]
    assert "is contested" in ascertain("writeback", "reconcile").out

    undone = ascertain("writeback", "undo", run, "--yes", "--json")
    assert (undone.code, undone.json["totals"]) == (0, {"written": 2})
    assert company.shown() == {}


def test_an_undo_that_is_refused_says_why() -> None:
    at = datetime(2026, 4, 7, tzinfo=UTC)
    row = OutboxItem("o1", "w2", "ADA", "lms", "u1", "skills", "SQL", None, (), at)
    rows = [
        replace(row, state=OutboxState.REJECTED, error="the field is read-only"),
        replace(row, id="o2", state=OutboxState.REJECTED, error="the field is read-only"),
        replace(row, id="o3", state=OutboxState.CONFLICT, error="somebody changed it since"),
        replace(row, id="o4", state=OutboxState.WRITTEN),
    ]
    assert reasons(rows) == {"rejected: the field is read-only": 2, "conflict: somebody changed it since": 1}
    told = DataConsole(StringIO(), width=120)
    report_lines(told, RunReport("w2", True), reasons(rows))
    assert "2 rejected: the field is read-only" in told.file.getvalue()  # type: ignore[attr-defined]


def test_pause_and_resume(ascertain: Command, company: LoggedCompany) -> None:
    assert ascertain("access", "grant", "Chi", "admin").code == 0
    assert ascertain("writeback", "pause", "--reason", "an incident", "--as", "Chi").code == 0
    refused = ascertain("writeback", "push", "--yes")
    assert (refused.code, company.log) == (5, [])
    assert "paused by Chi: an incident" in refused.err
    assert "paused by Chi" in ascertain("writeback", "list").out
    assert ascertain("writeback", "resume").code == 0
    assert ascertain("writeback", "list", "--json").json == {"paused": False, "runs": []}
    assert ascertain("writeback", "push", "--yes", "--json").json["totals"] == {"written": 2}


def test_a_job_that_runs_twice_writes_once(
    ascertain: Command, company: LoggedCompany, settings: Settings, environ: dict[str, str], monkeypatch: Any
) -> None:
    with job_queue(settings) as jobs:
        asked = [ascertain("writeback", "push", "--yes", "--queue", "--json")]
        run = asked[0].json["run"]
        assert (asked[0].json["job"]["state"], company.log) == ("queued", [])
        assert outgoing.enqueue_push(jobs, run).state == "already"
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    app = open_app(settings)
    set_app(app)
    try:
        first, second = outgoing.push_write_back(run), outgoing.push_write_back(run)
    finally:
        set_app(None)
        app.close()
    assert first == second == {"run": run, "finished": True, "paused": False, "totals": {"written": 2}}
    assert len(company.log) == 2


def test_nothing_is_configured_nothing_is_called(ascertain: Command) -> None:
    assert ascertain("notify", "--json").json["new"] == 0
    assert ascertain("notify", "status").out == "no messages\n"
    without = {"ASCERTAIN_CONNECTORS_FILE": ""}
    named = {
        "ASCERTAIN_WORKDAY_URL": "http://127.0.0.1:1",
        "ASCERTAIN_WORKDAY_USER": "u",
        "ASCERTAIN_WORKDAY_PASSWORD": "p",
    }
    jira = {"ASCERTAIN_JIRA_URL": "http://127.0.0.1:1", "ASCERTAIN_JIRA_USER": "u", "ASCERTAIN_JIRA_TOKEN": "t"}
    shipped = ascertain("writeback", "preview", env={**without, **named, **jira})
    assert (shipped.code, "no connection is set up to write" in shipped.err) == (2, True)


def test_messages_by_the_outgoing_file(ascertain: Command, tmp_path: Path) -> None:
    calls: list[tuple[dict[str, str], bytes]] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            calls.append((dict(self.headers.items()), body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    hook = {
        "name": "crm",
        "url": f"http://127.0.0.1:{server.server_address[1]}/in",
        "secrets": ["HOOK_SECRET"],
        "person": "pseudonym",
    }
    file = tmp_path / "outgoing.yaml"
    env = {"ASCERTAIN_OUTGOING_FILE": str(file), "HOOK_SECRET": SECRET}

    def written(**changes: Any) -> None:
        file.write_text(yaml.safe_dump({"notifications": {"webhooks": [{**hook, **changes}]}}))

    try:
        written()
        assert "unencrypted" in ascertain("notify", env=env).err
        written(allow_http=True)
        assert "private network" in ascertain("notify", env=env).err
        written(allow_http=True, allow_private=True)
        assert "HOOK_SECRET is not set" in ascertain("notify", env={**env, "HOOK_SECRET": ""}).err
        sent = ascertain("notify", "--json", env=env)
        assert (sent.code, sent.json["sent"], len(calls)) == (0, 2, 2)
        assert ascertain("notify", "--json", env=env).json["sent"] == 0
    finally:
        server.shutdown()
        server.server_close()
    headers, body = calls[0]
    assert Webhook(SECRET).verify(body, headers)["data"]["added"] == ["sql"]
    assert b"ADA" not in body
    assert json.loads(ascertain("notify", "status", "--json", env=env).out)["messages"] == [
        {"to": "crm", "state": "sent", "messages": 2}
    ]
    assert ascertain("notify", "disable", "crm", "--reason", "moving", env=env).code == 0
    assert "crm is disabled: moving" in ascertain("notify", "status", env=env).out
    assert ascertain("notify", "enable", "crm", env=env).code == 0
    assert ascertain("notify", "enable", "other", env=env).code == 4
    assert ascertain("notify", "opt-out", "ADA", env=env).out == "ADA: no mails\n"
