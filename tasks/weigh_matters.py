"""Task of the taxonomy steward: one offered option for each matter."""

from __future__ import annotations

from typing import Any

from crewai import Agent, Task
from pydantic import BaseModel, Field

from ascertain.domain.weighing import Weighed
from ascertain.prompts import Prompts
from tasks.checking import checked, plain_words, task
from tools.steward_desk import StewardDesk
from tools.stewardship import WEIGHING

NAME = "weigh_matters"
MAX_REASON = 300


class Choice(BaseModel):
    """What is to become of one matter."""

    matter_id: str
    option_id: str = Field(description="An option id that was offered for this matter.")
    reason: str = Field(description="One sentence in plain words.")


class Answer(BaseModel):
    """What the taxonomy steward answers."""

    choices: list[Choice]


def build(agent: Agent, desk: StewardDesk, prompts: Prompts) -> Task:
    """The task with its check bound to the desk."""
    return task(NAME, agent, prompts, Answer, checked(WEIGHING, desk, Answer, accept))


def accept(desk: StewardDesk, answer: Answer) -> dict[str, Any]:
    """Keep choices among what was offered, the first for each matter. A reason that cannot be trusted goes, the choice
    stays. Choices are put in the order of the matters, so that an agent's order changes nothing."""
    kept: dict[str, Weighed] = {}
    for c in answer.choices:
        matter = desk.matters.get(c.matter_id)
        if matter is None:
            desk.drop(WEIGHING, c.matter_id, "no such matter")
        elif matter.option(c.option_id) is None:
            desk.drop(WEIGHING, f"{c.matter_id}: {c.option_id}", "the option was not offered for this matter")
        elif c.matter_id in kept:
            desk.drop(WEIGHING, f"{c.matter_id}: {c.option_id}", "a second choice for the same matter")
        else:
            reason = plain_words(desk, WEIGHING, "reason", c.reason, limit=MAX_REASON)
            kept[c.matter_id] = Weighed(c.matter_id, c.option_id, reason)
    desk.weighed = tuple(kept[i] for i in desk.matters if i in kept)
    return {"choices": [[w.matter_id, w.option_id, w.reason] for w in desk.weighed]}
