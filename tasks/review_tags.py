"""Task of the tag reviewer: which picks the words of the item do not bear."""

from __future__ import annotations

from typing import Any, Literal

from crewai import Agent, Task
from pydantic import BaseModel

from ascertain.prompts import Prompts
from tasks.checking import checked, plain_words, task
from tools.library import REVIEWER
from tools.library_desk import LibraryDesk

NAME = "review_tags"
MAX_NOTE = 200


class VerdictAnswer(BaseModel):
    """The verdict on one tag."""

    content_id: str
    skill_id: str
    verdict: Literal["supported", "unsupported"]
    note: str


class Answer(BaseModel):
    """What the tag reviewer answers."""

    verdicts: list[VerdictAnswer]


def build(agent: Agent, desk: LibraryDesk, prompts: Prompts) -> Task:
    """The task with its check bound to the desk."""
    return task(NAME, agent, prompts, Answer, checked(REVIEWER, desk, Answer, accept))


def accept(desk: LibraryDesk, answer: Answer) -> dict[str, Any]:
    """A verdict holds a pick back or lets it pass; it adds none. Where a brain gives two, the stricter stands."""
    for v in answer.verdicts:
        if v.skill_id not in desk.picked.get(v.content_id, {}):
            desk.drop(REVIEWER, f"{v.content_id}: {v.skill_id}", "no such tag in this run")
        elif v.verdict == "unsupported":
            note = plain_words(desk, REVIEWER, f"note on {v.content_id}, {v.skill_id}", v.note, limit=MAX_NOTE)
            desk.unsupported.setdefault((v.content_id, v.skill_id), note)
    return {
        "unsupported": [
            {"content_id": c, "skill_id": s, "note": why} for (c, s), why in sorted(desk.unsupported.items())
        ]
    }
