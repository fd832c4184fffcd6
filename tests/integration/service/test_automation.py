"""The walked example of docs/automation.md, call by call with curl, and the flow that n8n imports."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute

from ascertain.domain.access import Scope
from ascertain.service.app import routes_of
from tests.integration.service.writing_world import WritingWorld, writing_world

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "automation.md").read_text(encoding="utf-8")
FLOW: dict[str, Any] = json.loads((ROOT / "examples/n8n/assess-after-course.json").read_text(encoding="utf-8"))
CALLS = re.findall(r"^curl .*$", PAGE, re.MULTILINE)


def curl(world: WritingWorld, line: str, key: str, run: str) -> str:
    """What a line of the page prints."""
    for name, value in (("$API", world.served.url), ("$KEY", key), ("$RUN", run)):
        line = line.replace(name, value)
    done = subprocess.run(shlex.split(line), capture_output=True, text=True, timeout=60, check=True)
    return done.stdout


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_each_call_of_the_page_does_what_it_says(tmp_path: Path) -> None:
    with writing_world(tmp_path) as world:
        with world.with_key("n8n", [Scope.RUNS, Scope.SKILLS_READ, Scope.REVIEW]) as client:
            key = client.headers["authorization"].removeprefix("Bearer ")
        start, state, events, skills, reviews = CALLS
        run = json.loads(curl(world, start, key, ""))["data"]["id"]
        assert json.loads(curl(world, start, key, ""))["data"]["id"] == run, "repeated, it starts nothing"
        assert json.loads(curl(world, state, key, run))["data"]["state"] == "queued"
        world.work_off()
        assert curl(world, events, key, run).rstrip().splitlines()[-2] == "event: end"
        assert json.loads(curl(world, skills, key, run))["data"]["use"] == "decision"
        waiting = json.loads(curl(world, reviews, key, run))["data"]
        assert waiting
        assert not {"level", "confidence"} & set(waiting[0])


def test_the_flow_has_the_shape_that_n8n_imports_and_calls_what_there_is(tmp_path: Path) -> None:
    names = [n["name"] for n in FLOW["nodes"]]
    assert len(set(names)) == len(names)
    for node in FLOW["nodes"]:
        assert {"id", "name", "type", "typeVersion", "position", "parameters"} <= set(node)
    reached = {names[0]}
    for source, found in FLOW["connections"].items():
        assert source in names
        reached |= {t["node"] for branch in found["main"] for t in branch}
    assert reached == set(names), "every node is connected"
    with writing_world(tmp_path) as world:
        routes = [(m, r) for r in routes_of(world.served.api) if isinstance(r, APIRoute) for m in r.methods or ()]
    for node in FLOW["nodes"]:
        if node["type"] == "n8n-nodes-base.httpRequest":
            address = node["parameters"]["url"].removeprefix("={{ $('Settings').item.json.api }}")
            url = re.sub(r"\{\{[^}]*\}\}", "x", address)
            path = url.partition("?")[0]
            assert any(m == node["parameters"]["method"] and r.path_regex.match(path) for m, r in routes), url
            assert "Bearer" not in json.dumps(node), "a key stands in n8n's own store of credentials"
