"""Task of the gap analyst: an order of the computed gaps, with reasons."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from crewai import Agent, Task
from pydantic import BaseModel, Field

from ascertain.domain.findings import NeedReason
from ascertain.domain.gaps import GapStatus
from ascertain.prompts import Prompts
from tasks.checking import checked, plain_words, task
from tools.desk import CaseDesk
from tools.figures import figures_in
from tools.role import STAGE, gap_row

NAME = "analyse_gaps"
MAX_REASON = 400


class NeedAnswer(BaseModel):
    """One requirement and why it matters."""

    skill_id: str
    rank: int = Field(description="1 is the most urgent.")
    reason: str


class Answer(BaseModel):
    """What the gap analyst answers."""

    needs: list[NeedAnswer]


def build(agent: Agent, desk: CaseDesk, prompts: Prompts) -> Task:
    """The task with its check bound to the desk."""
    return task(NAME, agent, prompts, Answer, checked(STAGE, desk, Answer, accept))


def spared(desk: CaseDesk) -> dict[str, Any] | None:
    """The answer where there is no gap to order."""
    return None if any(g.status is not GapStatus.MET for g in desk.conclusion().gaps) else {"needs": []}


def accept(desk: CaseDesk, answer: Answer) -> dict[str, Any]:
    """Keep requirements of the role, once each, ranked 1..n by the order given. A reason that names a figure of
    another skill, or one that nobody computed, is refused; the rank stays."""
    gaps = {g.skill_id: g for g in desk.conclusion().gaps}
    role = desk.case.role
    whys = {r.skill_id: r.why for r in role.requirements} if role else {}
    needs: dict[str, NeedReason] = {}
    for n in sorted(answer.needs, key=lambda n: n.rank):
        if n.skill_id not in gaps:
            desk.drop(STAGE, n.skill_id, "not a requirement of the role")
        elif n.skill_id in needs:
            desk.drop(STAGE, n.skill_id, "ranked before")
        else:
            row = gap_row(desk, gaps[n.skill_id])
            allowed: set[Decimal] = figures_in(row) | figures_in(whys[n.skill_id])
            reason = plain_words(desk, STAGE, f"reason for {n.skill_id}", n.reason, limit=MAX_REASON, allowed=allowed)
            needs[n.skill_id] = NeedReason(n.skill_id, len(needs) + 1, reason)
    desk.needs = tuple(needs.values())
    return {"needs": [{"skill_id": n.skill_id, "rank": n.rank, "reason": n.reason} for n in desk.needs]}
