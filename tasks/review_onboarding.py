"""Task of the onboarding reviewer: remarks about the drafted plan, and a summary for the manager."""

from __future__ import annotations

from typing import Any

from crewai import Agent, Task
from pydantic import BaseModel, Field

from ascertain.domain.onboarding import Remark
from ascertain.prompts import Prompts
from tasks.checking import checked, plain_words, task
from tools.onboarding import REVIEWER as STAGE
from tools.onboarding_desk import OnboardingDesk

NAME = "review_onboarding"
FLAGS = ("too_early", "too_much", "unclear", "ask_first")
MAX_NOTE = 300
MAX_SUMMARY = 900


class RemarkAnswer(BaseModel):
    """What to look at twice."""

    milestone_id: str
    flag: str = Field(description="too_early, too_much, unclear or ask_first.")
    note: str


class Answer(BaseModel):
    """What the onboarding reviewer answers."""

    remarks: list[RemarkAnswer]
    summary: str


def build(agent: Agent, desk: OnboardingDesk, prompts: Prompts) -> Task:
    """The task with its check bound to the desk."""
    return task(NAME, agent, prompts, Answer, checked(STAGE, desk, Answer, accept))


def accept(desk: OnboardingDesk, answer: Answer) -> dict[str, Any]:
    """Keep remarks about milestones of the plan, one each, with a flag that there is. They change nothing."""
    known = {m.id for m in desk.built().milestones}
    kept: dict[str, Remark] = {}
    for r in answer.remarks:
        flag = r.flag.strip().casefold()
        if r.milestone_id not in known:
            desk.drop(STAGE, r.milestone_id, "not in the plan")
        elif r.milestone_id in kept:
            desk.drop(STAGE, r.milestone_id, "remarked on before")
        elif flag not in FLAGS:
            desk.drop(STAGE, r.flag, "no such flag")
        elif note := plain_words(desk, STAGE, f"note on {r.milestone_id}", r.note, limit=MAX_NOTE):
            kept[r.milestone_id] = Remark(r.milestone_id, flag, note)
    desk.remarks = tuple(kept[i] for i in sorted(kept))
    desk.summary = plain_words(desk, STAGE, "summary", answer.summary, limit=MAX_SUMMARY)
    rows = [{"milestone_id": r.milestone_id, "flag": r.flag, "note": r.note} for r in desk.remarks]
    return {"remarks": rows, "summary": desk.summary}
