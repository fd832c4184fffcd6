"""Task of the learning-path curator: one of the feasible plans, with reasons."""

from __future__ import annotations

from typing import Any

from crewai import Agent, Task
from pydantic import BaseModel, Field

from ascertain.domain.findings import PathChoice
from ascertain.prompts import Prompts
from tasks.checking import checked, plain_words, task
from tools.desk import CaseDesk
from tools.learning import STAGE

NAME = "curate_path"
NONE = "none"
MAX_SUMMARY = 900
MAX_REASON = 300


class ItemReason(BaseModel):
    """What one item of the plan is for."""

    content_id: str
    reason: str


class Answer(BaseModel):
    """What the learning-path curator answers."""

    plan_id: str = Field(description="An offered plan id, or none.")
    summary: str
    reasons: list[ItemReason]


def build(agent: Agent, desk: CaseDesk, prompts: Prompts) -> Task:
    """The task with its check bound to the desk."""
    return task(NAME, agent, prompts, Answer, checked(STAGE, desk, Answer, accept))


def spared(desk: CaseDesk) -> dict[str, Any] | None:
    """The answer where no plan is feasible."""
    return None if desk.conclusion().gaps and desk.plans() else {"plan_id": NONE, "summary": "", "reasons": []}


def accept(desk: CaseDesk, answer: Answer) -> dict[str, Any]:
    """Keep a plan that was offered, and reasons for items that are in it."""
    plan = next((p for p in desk.plans() if p.id == answer.plan_id), None)
    if plan is None:
        if answer.plan_id.strip().casefold() != NONE or desk.plans():
            desk.drop(STAGE, answer.plan_id, "no such plan was offered")
        for r in answer.reasons:
            desk.drop(STAGE, r.content_id, "not in a plan that was offered")
        desk.path = None
        return {"plan_id": NONE}
    inside = {s.content_id for s in plan.steps}
    reasons: dict[str, str] = {}
    for r in answer.reasons:
        if r.content_id not in inside:
            desk.drop(STAGE, r.content_id, "not in the chosen plan")
        elif r.content_id in reasons:
            desk.drop(STAGE, r.content_id, "reasoned before")
        elif reason := plain_words(desk, STAGE, f"reason for {r.content_id}", r.reason, limit=MAX_REASON):
            reasons[r.content_id] = reason
    summary = plain_words(desk, STAGE, "summary", answer.summary, limit=MAX_SUMMARY)
    ordered = {s.content_id: reasons[s.content_id] for s in plan.steps if s.content_id in reasons}
    desk.path = PathChoice(plan.id, summary, ordered)
    return {
        "plan_id": plan.id,
        "summary": summary,
        "reasons": [{"content_id": c, "reason": t} for c, t in ordered.items()],
    }
