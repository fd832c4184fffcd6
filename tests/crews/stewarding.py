"""The stewardship crew's walk through tools, rules and checks without CrewAI in between."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from crewai.tasks.task_output import TaskOutput

from agents.brains.rules import RULES
from ascertain.domain.ports import Taxonomy
from ascertain.domain.weighing import Matter, StewardFindings
from crews.roster import STEWARDS
from tasks.checking import checked
from tests.crews import world
from tests.crews.altered import Change
from tools.steward_desk import StewardDesk


def weighed(
    matters: Sequence[Matter], taxonomy: Taxonomy, changes: Mapping[str, Change] | None = None
) -> StewardFindings:
    """What the agents come to, with answers of some roles changed on the way."""
    desk = StewardDesk(matters, taxonomy)
    for post in STEWARDS:
        role = post.agent.NAME
        shown = {tool.name: json.loads(tool.run()) for tool in (make(desk) for make in post.tools)}
        answer = RULES[role](shown, world.services())
        said = changes[role](answer) if changes and role in changes else None
        guard = checked(role, desk, post.task.Answer, post.task.accept)
        raw = said if isinstance(said, str) else json.dumps(answer, ensure_ascii=False)
        accepted, reason = guard(TaskOutput(description="", agent=role, raw=raw))
        assert accepted, reason
    return desk.findings(())
