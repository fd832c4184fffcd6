"""webhooks subscribe and sandbox --fault on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from ascertain.paths import CONFIG_DIR
from ascertain.sandbox.server import Sandbox
from tests.integration.command import Answer, call
from tests.unit.sandbox.receiver import Receiver

CONNECTIONS = """connections:
  - name: graph
    system: graph
    url_env: ASCERTAIN_GRAPH_URL
    secrets:
      client_id: ASCERTAIN_GRAPH_CLIENT_ID
      client_secret: ASCERTAIN_GRAPH_CLIENT_SECRET
      client_state: ASCERTAIN_GRAPH_CLIENT_STATE
    options: {tenant: 7d1c5f0e-6a1b-4e5a-9a54-1f0b5a7fd1a0, authority: same, workers: true}
  - name: jira
    system: jira
    url_env: ASCERTAIN_JIRA_URL
    secrets: {user: ASCERTAIN_JIRA_USER, token: ASCERTAIN_JIRA_TOKEN}
"""


def test_a_system_is_asked_to_call_once(tmp_path: Path) -> None:
    file = tmp_path / "connections.yaml"
    file.write_text(CONNECTIONS)
    plain = {"content-type": "text/plain"}
    receiver = Receiver(lambda headers, query, body: (200, plain, query.get("validationToken", "").encode()))
    with Sandbox(systems=("graph", "jira")) as sandbox:

        def tell(*arguments: str) -> Answer:
            env = {**sandbox.environment(), "ASCERTAIN_CONNECTORS_FILE": str(file)}
            return call("webhooks", "subscribe", *arguments, home=tmp_path / "home", env=env)

        probe = tell("graph", receiver.url, "--json")
        assert probe.code == 0, probe.err
        first, again = probe.json, tell("graph", receiver.url, "--json").json
        assert [(s["what"], s["state"]) for s in first] == [("users", "made")]
        assert [(s["id"], s["state"]) for s in again] == [(first[0]["id"], "kept")]
        assert "kept" in tell("graph", receiver.url).out
        silent = tell("graph", "http://127.0.0.1:9/v1/webhooks/graph")
        assert silent.code != 0
        assert "validation request failed" in silent.err
        assert "ascertain serve" in silent.err
        refused = tell("jira", receiver.url)
        assert refused.code == 3
        assert "docs/connectors/jira.md" in refused.err
    receiver.close()


@pytest.mark.parametrize("fault", ["jira:nonsense", "nothing", "moodle:429"])
def test_a_fault_that_is_none_is_refused_before_anything_is_served(tmp_path: Path, fault: str) -> None:
    answer = call("sandbox", "jira", "--fault", fault, home=tmp_path / "home")
    assert answer.code == 3
    assert fault in answer.err
    assert "remedy" in answer.err


def test_the_page_of_the_sandbox_has_every_kind_of_fault() -> None:
    from ascertain.sandbox.switches import KINDS

    text = (CONFIG_DIR.parent / "docs" / "sandbox.md").read_text(encoding="utf-8")
    assert [k for k in KINDS if f"`{k.split()[0]}" not in text] == []
