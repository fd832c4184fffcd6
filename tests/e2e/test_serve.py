"""Killed between recording and queueing, the service loses nothing; the rest of the way is an ordinary worker's."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import yaml

from ascertain.sandbox.live import LiveCompany
from tests.e2e.harness import ROOT, Place, sandbox
from tests.integration.job_harness import wait_for

LOGIN = ("docebo-hooks", "sandbox-hook-password")


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port: int = s.getsockname()[1]
        return port


def connections(folder: Path) -> Path:
    """The demonstration's connections, with Docebo's webhook secrets."""
    found = yaml.safe_load((ROOT / "config" / "connectors-sandbox.yaml").read_text())["connections"]
    file = folder / "connections.yaml"
    file.write_text(yaml.safe_dump({"connections": [c for c in found if c["name"] in ("workday", "docebo", "jira")]}))
    return file


@contextmanager
def service(place: Place, env: dict[str, str], log: Path) -> Iterator[tuple[subprocess.Popen[bytes], httpx.Client]]:
    """`ascertain serve`, ready."""
    port = free_port()
    running = place.start("serve", "--port", str(port), env=env, log=log)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", auth=LOGIN, timeout=30) as client:
        try:
            wait_for(lambda: _answers(client) or running.poll() is not None, seconds=60)
            assert running.poll() is None, log.read_text()
            yield running, client
        finally:
            if running.poll() is None:
                os.killpg(running.pid, signal.SIGTERM)
            running.wait(timeout=60)


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/readyz").status_code == 200
    except httpx.HTTPError:
        return False


def completed(company: LiveCompany, person: str, code: str, number: int) -> dict[str, object]:
    """Somebody completes a course, and Docebo's message about it."""
    made = company.add_enrolment(person, code, score=88)
    payload = {"user_id": made.user_id, "course_id": made.course_id, "status": "completed"}
    return {"message_id": f"wh-{number}", "event": "course.enrollment.completed", "payload": payload}


@pytest.mark.slow
def test_killed_after_recording_nothing_is_lost(fresh: Place, tmp_path: Path) -> None:
    with sandbox() as (served, env):
        env["ASCERTAIN_CONNECTORS_FILE"] = str(connections(tmp_path))
        env["ASCERTAIN_DOCEBO_WEBHOOK_USER"], env["ASCERTAIN_DOCEBO_WEBHOOK_PASSWORD"] = LOGIN
        (before,) = fresh.rows("SELECT count(*) FROM evidence")[0]
        # First without a queue at all: the gap between recording and queueing is as long as the process lives.
        away = {**env, "ASCERTAIN_QUEUE_URL": "redis://127.0.0.1:1/0"}
        with service(fresh, away, tmp_path / "first.log") as (running, client):
            for number, person in enumerate(("FL1101", "FL1201", "FL1102")):
                message = completed(served.company, person, "SQL-201", number)
                assert client.post("/v1/webhooks/docebo", json=message).status_code == 200
            os.killpg(running.pid, signal.SIGKILL)
        assert fresh.rows("SELECT count(*) FROM webhook_inbox WHERE done_at IS NULL") == [(3,)]

        with service(fresh, env, tmp_path / "second.log") as (_, client):
            wait_for(lambda: client.get("/readyz").json()["queue"] == "ok", seconds=60)
            worked = fresh.run("worker", "--burst", env=env)
            assert fresh.rows("SELECT error FROM webhook_inbox WHERE done_at IS NULL") == [], worked.stderr
            message = {"message_id": "wh-0", "event": "course.updated", "payload": {"course_id": 1}}
            assert client.post("/v1/webhooks/docebo", json=message).status_code == 200
        assert fresh.rows("SELECT count(*) FROM evidence") == [(before + 3,)]
        assert fresh.rows("SELECT count(*) FROM webhook_inbox") == [(3,)], "a message id that was there is no event"
        assessed = fresh.rows("SELECT learner_id FROM runs WHERE started_by = 'webhook:docebo' AND state = 'done'")
        assert sorted(assessed) == [("FL1101",), ("FL1102",), ("FL1201",)]
        assert fresh.json("webhooks", "list", env=env) == []
