"""Brains for tests: the embedded one, with its answers changed on the way out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from crewai.tasks.task_output import TaskOutput
from pydantic import BaseModel, PrivateAttr

from agents.brains.base import Message, Thought
from agents.brains.embedded import EmbeddedBrain
from agents.brains.rules import RULES
from ascertain.domain.casefile import CaseFile
from ascertain.domain.findings import CrewFindings
from ascertain.domain.ports import CrewServices
from ascertain.prompts import read_prompts
from crews.roster import LEARNER
from crews.run import run
from tasks.checking import checked
from tests.crews import world
from tools.desk import CaseDesk

Change = Callable[[dict[str, Any]], Any]
"""Changes an answer in place, or returns what is said instead."""


@dataclass
class Overheard:
    """What brains were sent, by role."""

    messages: dict[str, list[Sequence[Message]]] = field(default_factory=dict)
    tools: dict[str, list[str]] = field(default_factory=dict)

    def text(self, role: str) -> str:
        """All of it as one text."""
        return json.dumps(self.messages[role], ensure_ascii=False)


class AlteredBrain(EmbeddedBrain):
    """An embedded brain whose final answer goes through ``change``."""

    _change: Change | None = PrivateAttr(default=None)
    _heard: Overheard = PrivateAttr()

    def __init__(self, *, heard: Overheard, change: Change | None, **data: Any) -> None:
        super().__init__(**data)
        self._change = change
        self._heard = heard

    def think(
        self, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]], schema: type[BaseModel] | None
    ) -> Thought:
        self._heard.messages.setdefault(self.role, []).append(messages)
        self._heard.tools[self.role] = [t["function"]["name"] for t in tools]
        thought = super().think(messages, tools, schema)
        if self._change is None or thought.tool_calls:
            return thought
        answer = json.loads(thought.text)
        said = self._change(answer)
        return Thought(text=said if isinstance(said, str) else json.dumps(answer, ensure_ascii=False))


def walk_with(
    changes: Mapping[str, Change] | None = None,
    *,
    case: CaseFile | None = None,
    services: CrewServices | None = None,
) -> CrewFindings:
    """The same walk through tools, rules and checks without CrewAI in between: a hundred times faster."""
    reach = services or world.services()
    desk = CaseDesk(case or world.case(), reach)
    for post in LEARNER:
        role = post.agent.NAME
        shown = {tool.name: json.loads(tool.run()) for tool in (make(desk) for make in post.tools)}
        answer = RULES[role](shown, reach)
        said = changes[role](answer) if changes and role in changes else None
        guard = checked(role, desk, post.task.Answer, post.task.accept)
        raw = said if isinstance(said, str) else json.dumps(answer, ensure_ascii=False)
        accepted, reason = guard(TaskOutput(description="", agent=role, raw=raw))
        assert accepted, reason
    return desk.findings(())


def run_with(
    changes: Mapping[str, Change] | None = None,
    *,
    case: CaseFile | None = None,
    services: CrewServices | None = None,
    heard: Overheard | None = None,
) -> CrewFindings:
    """One run of the learner crew with answers of some roles changed."""
    reach = services or world.services()
    listener = heard or Overheard()
    return run(
        CaseDesk(case or world.case(), reach),
        LEARNER,
        read_prompts(),
        lambda role: AlteredBrain(role=role, services=reach, heard=listener, change=(changes or {}).get(role)),
        name="learner",
    )
