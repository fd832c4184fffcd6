"""Who reads from outside writes nothing: the tools of the real crew, as built, and what they do when called."""

from __future__ import annotations

import ast
import inspect
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from crewai import Crew

import tools
from agents.brains.models import ROLES
from ascertain.domain.casefile import CaseFile
from ascertain.domain.ports import CrewServices
from ascertain.prompts import read_prompts
from crews import run as crew_run
from crews.learner import build
from crews.roster import CATALOGUE, LEARNER, ONBOARDING, STEWARDS
from tests.crews import world
from tests.crews.altered import run_with, walk_with
from tests.crews.scripted_server import Body, Reply, sensible, serve
from tests.crews.test_checks import stored
from tests.crews.test_endpoint import crew as endpoint_crew
from tools.base import DeskTool
from tools.desk import CaseDesk

OWN = {post.agent.NAME: post.tools for post in LEARNER}
EVERY = [tool for held in OWN.values() for tool in held]
OF_ALL_CREWS = [tool for post in (*LEARNER, *STEWARDS, *ONBOARDING, *CATALOGUE) for tool in post.tools]
CHANGES = frozenset(
    {
        "socket.connect",
        "socket.sendto",
        "sqlite3.connect",
        "subprocess.Popen",
        "os.system",
        "os.posix_spawn",
        "os.exec",
        "os.fork",
        "os.remove",
        "os.rename",
        "os.mkdir",
        "os.rmdir",
        "os.truncate",
        "os.chmod",
    }
)
_watching: list[list[str]] = []


def _audit(event: str, args: tuple[Any, ...]) -> None:
    if not _watching:
        return
    if event in CHANGES or (event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+")):
        _watching[-1].append(f"{event} {args[:1]}")


sys.addaudithook(_audit)  # cannot be taken away again: it sleeps unless a test watches


@contextmanager
def watched() -> Iterator[list[str]]:
    """What is changed outside of this process meanwhile."""
    seen: list[str] = []
    _watching.append(seen)
    try:
        yield seen
    finally:
        _watching.pop()


def prepared(until: str) -> CaseDesk:
    """A desk as the agent ``until`` finds it."""
    desk = CaseDesk(world.case(), world.services())
    found = walk_with()
    for name in ("claims", "contradictions", "missing"):
        setattr(desk, name, getattr(found, name))
    if ROLES.index(until) > 1:
        desk.search(desk.untagged_claims())
        desk.content_tags(desk.tagged_claims())
        desk.picks = found.picks
    return desk


def test_each_agent_is_built_with_its_own_tools_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[Crew] = []
    kickoff = crew_run.QuietCrew.kickoff

    def look(self: Crew, *args: Any, **kwargs: Any) -> Any:
        built.append(self)
        return kickoff(self, *args, **kwargs)

    monkeypatch.setattr(crew_run.QuietCrew, "kickoff", look)
    run_with()
    (crew,) = built
    prompts = read_prompts()
    by_role = {prompts.agents[name].role: held for name, held in OWN.items()}
    assert {a.role: {type(t) for t in a.tools or ()} for a in crew.agents} == {r: set(h) for r, h in by_role.items()}
    for agent in crew.agents:
        assert agent.allow_delegation is False
        assert not getattr(agent, "allow_code_execution", False)
        assert not getattr(agent, "knowledge_sources", None)
        assert not getattr(agent, "mcps", None)
        assert not getattr(agent, "apps", None)
    assert crew.manager_agent is None
    assert not crew.memory
    assert not crew.planning
    assert all(not task.tools or set(map(type, task.tools)) <= set(EVERY) for task in crew.tasks)
    assert all(task.output_file is None for task in crew.tasks)


@pytest.mark.parametrize("role", ROLES)
def test_no_tool_changes_anything(role: str) -> None:
    desk = prepared(role)
    before = stored(desk.findings(()))
    with watched() as changes:
        shown = [json.loads(make(desk).run()) for make in OWN[role]]
    assert all(data["notice"] for data in shown)
    assert changes == []
    assert stored(desk.findings(())) == before


def test_the_watch_sees_what_a_writing_tool_does(tmp_path: Path) -> None:
    with watched() as changes:
        (tmp_path / "x").write_text("written")
    assert len(changes) == 1


def test_tools_reach_ports_that_only_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A unit of work, a queue or a connector among the services would be a way to write; the purse stays outside, and
    so do the answers that earlier tries of the run were given and who is told of new ones."""
    answering = {"taxonomy", "mapper", "solver", "policy", "seconds"}
    assert {f.name for f in fields(CrewServices)} == answering | {"purse", "answers", "keep"}
    reached: list[CrewServices] = []

    class Listening(CaseDesk):
        def __init__(self, case: CaseFile, services: CrewServices) -> None:
            reached.append(services)
            super().__init__(case, services)

    monkeypatch.setattr("crews.learner.CaseDesk", Listening)
    build().run(world.case(), replace(world.services(), purse=Tempting()))
    assert [(s.purse, s.answers, s.keep) for s in reached] == [(None, {}, None)]


class Tempting:
    """A purse that somebody reaches for."""

    def admit(self, caps: Mapping[str, float]) -> str:
        return ""

    def charge(self, tokens: int, usd: float) -> None:
        """Nothing is kept."""


@pytest.mark.parametrize("tool", OF_ALL_CREWS, ids=lambda t: t.__name__)
def test_a_tool_sets_nothing_on_the_desk(tool: type[DeskTool]) -> None:
    module = ast.parse(Path(inspect.getfile(tool)).read_text("utf-8"))
    for node in ast.walk(module):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        for target in targets:
            if isinstance(target, ast.Attribute):
                assert "desk" not in ast.unparse(target.value), ast.unparse(target)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in {"open", "exec", "eval", "setattr", "__import__"}


def test_every_tool_that_there_is_belongs_to_one_agent() -> None:
    found = set()
    for file in Path(tools.__path__[0]).glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef) and any(ast.unparse(b) == "DeskTool" for b in node.bases):
                found.add(node.name)
    assert found == {t.__name__ for t in OF_ALL_CREWS}
    assert len(OF_ALL_CREWS) == len(set(OF_ALL_CREWS))


def test_a_tool_of_another_agent_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that was talked into it asks for every tool there is: it gets its own, and the others answer nothing."""
    names = [t.model_fields["name"].default for t in EVERY]
    own = {role: {t.model_fields["name"].default for t in held} for role, held in OWN.items()}
    answered: dict[str, dict[str, bool]] = {}

    def greedy(role: str, body: Body) -> Reply | Body:
        told = {m["tool_call_id"]: m["content"] for m in body["messages"] if m["role"] == "tool"}
        if not told:
            wanted = [*names, "write_assertion", "writeback_push"]
            return {
                "tool_calls": [
                    {"id": f"id-{n}", "type": "function", "function": {"name": n, "arguments": "{}"}} for n in wanted
                ]
            }
        answered[role] = {i.removeprefix("id-"): '"notice"' in said for i, said in told.items()}
        kept = [m for m in body["messages"] if m.get("tool_call_id", "id-").removeprefix("id-") in {"", *own[role]}]
        return sensible(role, {**body, "messages": kept})

    monkeypatch.setenv("TEST_ENDPOINT_KEY", "k")
    with serve(greedy) as server:
        found = endpoint_crew(server.url).run(world.case(), world.services())
    assert set(answered) == set(ROLES)
    for role, said in answered.items():
        assert {n for n, data in said.items() if data} == own[role]
    assert stored(found) == stored(walk_with())
