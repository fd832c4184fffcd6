"""The only kickoff. A fresh crew a run: shared crews mix learners, and reused ones run out of retries."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import Any, NoReturn, TypeVar

from crews.environment import prepare

prepare()

from crewai import Crew, Process, Task  # noqa: E402
from crewai.agents.agent_builder.base_agent import BaseAgent  # noqa: E402
from pydantic import PrivateAttr  # noqa: E402

from agents.brains.base import Brain, CallRecord  # noqa: E402
from agents.brains.memory import Memory  # noqa: E402
from ascertain.domain.answers import KeptAnswer  # noqa: E402
from ascertain.domain.canonical import digest  # noqa: E402
from ascertain.domain.findings import Step  # noqa: E402
from ascertain.errors import AscertainError, BrainError, BudgetError, RunError  # noqa: E402
from ascertain.prompts import Prompts  # noqa: E402
from tools.base import DeskTool  # noqa: E402
from tools.base_desk import Desk  # noqa: E402

Found = TypeVar("Found")


NOBODY = "code"
"""Who answered where nobody had to be asked."""


class NoStorage:
    """Stands where CrewAI keeps the prompts and outputs of its last run in a readable SQLite file: keeps nothing."""

    def reset(self) -> None:
        """Nothing is kept."""

    def update(self, task_index: int, log: dict[str, Any]) -> None:
        """Nothing is kept."""

    def add(self, *args: Any, **kwargs: Any) -> None:
        """Nothing is kept."""

    def load(self) -> None:
        """Nothing was kept."""


class QuietCrew(Crew):
    """A crew that leaves no trace outside this process."""

    _task_output_handler: Any = PrivateAttr(default_factory=NoStorage)


@dataclass(frozen=True, slots=True)
class Post:
    """One agent of a crew with its task: modules that have ``NAME`` and ``build``, and the tools it may use."""

    agent: ModuleType
    task: ModuleType
    tools: tuple[type[DeskTool], ...]


def run(
    desk: Desk[Found],
    posts: Sequence[Post],
    prompts: Prompts,
    brain_of: Callable[[str], Brain],
    *,
    name: str,
    memory: Memory | None = None,
) -> Found:
    """Let the agents work one after the other and hand back what stood up to the checks. A run that fails hands over
    which answers of ``memory`` the next try need not ask for: those of agents whose task was done, or all of them
    where nothing was wrong but the budget.

    Raises:
        BrainError: when a brain fails, or gives no answer of the agreed form within its tries.
        BudgetError: when nothing may be spent any more, with what had stood up to the checks until then.
        RunError: when a tool fails; what a tool raised on purpose is passed on.
    """
    brains: dict[str, Brain] = {}
    agents: list[BaseAgent] = []
    tasks: list[Task] = []
    for post in posts:
        brain = brains[post.agent.NAME] = brain_of(post.agent.NAME)
        if (spared := getattr(post.task, "spared", None)) is not None:
            brain.spare(partial(_known, spared, desk))
        agent = post.agent.build(brain, [tool(desk) for tool in post.tools], prompts)
        agents.append(agent)
        tasks.append(post.task.build(agent, desk, prompts))
    crew = QuietCrew(
        name=name,
        agents=agents,
        tasks=tasks,
        process=Process.sequential,
        verbose=False,
        tracing=False,
        memory=False,
        cache=False,
        share_crew=False,
    )
    try:
        crew.kickoff()
    except Exception as e:
        steps = tuple(_steps_so_far(brains, desk.outputs))
        spent = isinstance(e, BudgetError) and desk.failure is None
        kept = memory.worth_keeping(None if spent else desk.outputs.keys()) if memory else ()
        if desk.failure is not None:
            _end(desk.failure, steps, kept)
        if isinstance(e, BudgetError):
            e.partial = desk.findings(steps)
        if isinstance(e, RunError):
            e.steps, e.answers = steps, kept
        if isinstance(e, AscertainError):
            raise
        # CrewAI raises bare exceptions whose text may hold an answer: name the kind, and what the checks refused.
        refused = [d for d in desk.drops if d.what == "answer"]
        why = f"{refused[-1].stage}: {refused[-1].why}" if refused else f"{type(e).__name__} in the crew"
        failed = BrainError(f"the crew gave no usable answer: {why}", remedy="run it again, or use the embedded brain")
        failed.steps, failed.answers = steps, kept
        raise failed from e
    if desk.failure is not None:
        kept = memory.worth_keeping(desk.outputs.keys()) if memory else ()
        _end(desk.failure, tuple(_steps_so_far(brains, desk.outputs)), kept)
    return desk.findings(_steps(brains, desk.outputs))


def _known(spared: Callable[[Desk[Any]], dict[str, Any] | None], desk: Desk[Any]) -> str | None:
    try:
        answer = spared(desk)
    except Exception as e:
        desk.failure = e  # as of a tool
        raise
    return None if answer is None else json.dumps(answer)


def _end(failure: Exception, steps: tuple[Step, ...], kept: tuple[KeptAnswer, ...]) -> NoReturn:
    if isinstance(failure, RunError):
        failure.steps, failure.answers = steps, kept
    if isinstance(failure, AscertainError):
        raise failure
    ended = RunError(
        f"a tool of the crew failed: {type(failure).__name__}", remedy="see the traceback for where it happened"
    )
    ended.steps, ended.answers = steps, kept
    raise ended from failure


def _steps(brains: Mapping[str, Brain], outputs: Mapping[str, str]) -> list[Step]:
    for name in brains:
        if name not in outputs:
            raise BrainError(f"the {name} gave no answer")
    return _steps_so_far(brains, outputs)


def _steps_so_far(brains: Mapping[str, Brain], outputs: Mapping[str, str]) -> list[Step]:
    """A step for each agent that was called, or several where another brain took over: the last one has the output,
    which is empty where the agent gave no answer that could be used."""
    steps = []
    for name, brain in brains.items():
        output = outputs.get(name, "")
        if not (records := brain.records):
            if name in outputs:
                steps.append(_step(name, NOBODY, (), output))
            continue
        models = list(dict.fromkeys(r.model for r in records))
        for model in models:
            mine = [r for r in records if r.model == model]
            steps.append(_step(name, model, mine, output if model == models[-1] else ""))
    return steps


def _step(name: str, model: str, records: Sequence[CallRecord], output: str) -> Step:
    return Step(
        agent=name,
        model=model,
        prompt_hash=digest([r.prompt_hash for r in records]),
        output_hash=digest(output),
        output=output,
        tools=tuple(t for r in records for t in r.tools),
        calls=sum(r.asked for r in records),
        reused=sum(not r.asked for r in records),
        tokens=(sum(r.tokens[0] for r in records), sum(r.tokens[1] for r in records)),
        usd=None if any(r.usd is None for r in records) else sum(r.usd or 0.0 for r in records),
    )
