"""Tokens of assessing one learner, against a crew that puts everything into every prompt.

Both are real CrewAI over HTTP to a scripted server of OpenAI's protocol, on the demonstration company; both give the
same answers (those of the embedded rules), so that only what is sent differs. The plain crew has five agents in a row
as CrewAI's guide shows them: the whole case in each task's description, the answers before as context. Tokens are
characters by four, of messages, tools and schemas sent and of answers received.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from agents.brains.models import ROLES, EndpointConfig
from agents.brains.rules import RULES
from ascertain.domain.canonical import plain
from ascertain.domain.casefile import CaseFile
from ascertain.domain.findings import CrewFindings
from ascertain.domain.ports import CrewServices
from ascertain.prompts import Prompts, read_prompts
from benchmarks.ground import company
from benchmarks.table import Result, compared
from crews.learner import AgentCrew
from tests.crews.scripted_server import Body, Recorder, Reply, serve, tool_data

CHARS_PER_TOKEN = 4
LEARNERS = 12
AIM = 0.25


@dataclass(frozen=True, slots=True)
class Spent:
    """Of one learner: calls, tokens sent and received."""

    calls: int
    tokens: int


def tokens(*, quick: bool) -> list[Result]:
    """Ours against the plain crew, with and without the taxonomy in its prompts."""
    ours: list[float] = []
    plain_: dict[str, list[float]] = {"everything": [], "without": []}
    calls: list[int] = []
    prompts = read_prompts()
    with company() as app:
        people = [p.id for p in app.plan_sweep("all").due]
        step = max(1, len(people) // LEARNERS)
        for learner in people[::step][: 3 if quick else LEARNERS]:
            case, services = app.assessor.present(learner).case, app.services
            if case is None:
                continue
            found, spent = _ours(case, services, prompts)
            ours.append(spent.tokens)
            calls.append(spent.calls)
            answers = [s.output for s in found.steps]
            for name, everything in (("everything", True), ("without", False)):
                plain_[name].append(_plain(case, services, prompts, answers, taxonomy=everything).tokens)
    return [
        compared(
            "tokens",
            "tokens of one learner, against a crew with everything in every prompt",
            ours,
            plain_["everything"],
            unit="tokens",
            aim=AIM,
            detail={"calls": fmean(calls)},
        ),
        compared(
            "tokens without the taxonomy",
            "the same, where that crew is spared the taxonomy",
            ours,
            plain_["without"],
            unit="tokens",
        ),
    ]


def _config(server: Recorder) -> EndpointConfig:
    return EndpointConfig(kind="openai", model="scripted", base_url=server.url, context_window=1_000_000)


def _ours(case: CaseFile, services: CrewServices, prompts: Prompts) -> tuple[CrewFindings, Spent]:
    said: list[int] = []

    def script(role: str, body: Body) -> Reply | Body:
        if not any(m["role"] == "tool" for m in body["messages"]):
            calls = [
                {"id": f"t{i}", "type": "function", "function": {"name": t["function"]["name"], "arguments": "{}"}}
                for i, t in enumerate(body["tools"])
            ]
            return _counted({"tool_calls": calls}, said)
        return _counted({"content": json.dumps(RULES[role](tool_data(body), services), ensure_ascii=False)}, said)

    with serve(script) as server:
        crew = AgentCrew(dict.fromkeys(ROLES, _config(server)), prompts)
        found = crew.run(case, services)
        return found, _spent(server, said)


def _plain(
    case: CaseFile, services: CrewServices, prompts: Prompts, answers: Sequence[str], *, taxonomy: bool
) -> Spent:
    from crewai import LLM, Agent, Crew, Process, Task
    from crewai.agents.agent_builder.base_agent import BaseAgent

    said: list[int] = []
    left = list(answers)
    script: Callable[[str, Body], Reply | Body] = lambda role, body: _counted({"content": left.pop(0)}, said)  # noqa: E731
    material = _everything(case, services, taxonomy=taxonomy)
    with serve(script) as server:
        os.environ.setdefault("OPENAI_API_KEY", "none")
        model = LLM(model="openai/scripted", base_url=server.url, api_key="none")
        agents: list[BaseAgent] = []
        tasks: list[Task] = []
        for name, task in prompts.tasks.items():
            if task.agent not in ROLES:
                continue
            who = prompts.agents[task.agent]
            agents.append(
                Agent(role=who.role, goal=who.goal, backstory=who.backstory, llm=model, respect_context_window=False)
            )
            tasks.append(
                Task(
                    name=name,
                    description=f"{task.description}\n\n{material}",
                    expected_output=task.expected_output,
                    agent=agents[-1],
                )
            )
        Crew(agents=agents, tasks=tasks, process=Process.sequential).kickoff()
        return _spent(server, said)


def _everything(case: CaseFile, services: CrewServices, *, taxonomy: bool) -> str:
    """The case as it is, in JSON: evidence, role, tags, catalogue, mentors; and the skills by id, label, definition."""
    whole: dict[str, Any] = {
        "evidence": [
            {
                k: v
                for k, v in plain(e).items()
                if k in ("id", "kind", "title", "text", "occurred_on", "score", "passed")
            }
            for e in case.evidence
        ],
        "role": plain(case.role),
        "tags": plain(case.tags),
        "catalogue": plain(case.catalogue),
        "mentors": plain(case.mentors),
    }
    if taxonomy:
        whole["skills"] = [[s.id, s.label, s.definition] for s in services.taxonomy.skills()]
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":"))


def _counted(message: Body, said: list[int]) -> Body:
    said.append(len(message.get("content") or json.dumps(message["tool_calls"])))
    return message


def _spent(server: Recorder, said: Sequence[int]) -> Spent:
    sent = 0
    for body in server.requests:
        sent += sum(len(m.get("content") or json.dumps(m.get("tool_calls") or "")) for m in body["messages"])
        sent += sum(len(json.dumps(body[k])) for k in ("tools", "response_format") if k in body)
    return Spent(len(server.requests), (sent + sum(said)) // CHARS_PER_TOKEN)
