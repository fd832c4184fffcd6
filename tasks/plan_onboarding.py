"""Task of the onboarding planner: an order of the needs, and a colleague for each, with reasons."""

from __future__ import annotations

from typing import Any

from crewai import Agent, Task
from pydantic import BaseModel, Field

from ascertain.domain.onboarding_case import Choice
from ascertain.prompts import Prompts
from tasks.checking import checked, plain_words, task
from tools.figures import figures_in
from tools.onboarding import PLANNER as STAGE
from tools.onboarding import need_row
from tools.onboarding_desk import OnboardingDesk

NAME = "plan_onboarding"
NONE = "none"
MAX_REASON = 400


class NeedAnswer(BaseModel):
    """One need, when to work on it, and who could show it."""

    skill_id: str
    rank: int = Field(description="1 is the first to work on.")
    colleague: str = Field(description="A pseudonym offered for that skill, or none.")
    reason: str


class Answer(BaseModel):
    """What the onboarding planner answers."""

    needs: list[NeedAnswer]


def build(agent: Agent, desk: OnboardingDesk, prompts: Prompts) -> Task:
    """The task with its check bound to the desk."""
    return task(NAME, agent, prompts, Answer, checked(STAGE, desk, Answer, accept))


def accept(desk: OnboardingDesk, answer: Answer) -> dict[str, Any]:
    """Keep needs of the case, once each, in the order of their ranks; colleagues who were offered for that very skill;
    reasons without a figure of another skill. How many talks one colleague is asked for is code's business."""
    order: list[str] = []
    helpers: dict[str, str] = {}
    reasons: dict[str, str] = {}
    for n in sorted(answer.needs, key=lambda n: n.rank):
        need = desk.case.need(n.skill_id)
        if need is None:
            desk.drop(STAGE, n.skill_id, "not a need of this case")
            continue
        if n.skill_id in order:
            desk.drop(STAGE, n.skill_id, "ranked before")
            continue
        order.append(n.skill_id)
        whom = n.colleague.strip()
        if any(h.pseudonym == whom for h in desk.case.helpers_for(n.skill_id)):
            helpers[n.skill_id] = whom
        elif whom.casefold() not in (NONE, ""):
            desk.drop(STAGE, whom, "not offered for this skill")
        allowed = figures_in(need_row(desk, need))
        if reason := plain_words(desk, STAGE, f"reason for {n.skill_id}", n.reason, limit=MAX_REASON, allowed=allowed):
            reasons[n.skill_id] = reason
    desk.choose(Choice(tuple(order), helpers, reasons))
    return {
        "needs": [
            {"skill_id": s, "rank": i, "colleague": helpers.get(s, NONE), "reason": reasons.get(s, "")}
            for i, s in enumerate(order, start=1)
        ]
    }
