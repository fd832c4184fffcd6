"""Task of the reviewer: a verdict for each assertion, and a summary for the human."""

from __future__ import annotations

from typing import Any, Literal

from crewai import Agent, Task
from pydantic import BaseModel, Field

from ascertain.domain.findings import AssertionVerdict, Verdict
from ascertain.domain.orders import gives_orders
from ascertain.prompts import Prompts
from tasks.checking import checked, plain_words, task
from tools.desk import CaseDesk
from tools.findings import STAGE

NAME = "review_findings"
MAX_NOTE = 300
MAX_SUMMARY = 1200

ORDERS = "instruction_in_source"
FLAGS = frozenset(
    {
        ORDERS,
        "indirect_wording",
        "self_reported_only",
        "about_someone_else",
        "protected_characteristic",
    }
)


class VerdictAnswer(BaseModel):
    """The verdict on one asserted skill."""

    skill_id: str
    verdict: Literal["supported", "unsupported", "contradicted"]
    flags: list[str] = Field(description="Any of: " + ", ".join(sorted(FLAGS)))
    note: str


class Answer(BaseModel):
    """What the reviewer answers."""

    verdicts: list[VerdictAnswer]
    summary: str


def build(agent: Agent, desk: CaseDesk, prompts: Prompts) -> Task:
    """The task with its check bound to the desk."""
    return task(NAME, agent, prompts, Answer, checked(STAGE, desk, Answer, accept))


def accept(desk: CaseDesk, answer: Answer) -> dict[str, Any]:
    """Keep one verdict for each assertion of this case. Where a brain gives two, the stricter stands. A verdict holds
    back or lets pass; there is no number in it. That a source gives orders to a machine is flagged by code, too: an
    agent that followed them would not say so."""
    asserted = desk.conclusion().assertions
    steered = _steered(desk)
    kept: dict[str, AssertionVerdict] = {}
    for v in answer.verdicts:
        if v.skill_id not in asserted:
            desk.drop(STAGE, v.skill_id, "nothing was asserted about this skill")
            continue
        if (first := kept.get(v.skill_id)) and _STRICT[first.verdict] >= _STRICT[Verdict(v.verdict)]:
            desk.drop(STAGE, f"{v.skill_id}: {v.verdict}", "judged before")
            continue
        for flag in v.flags:
            if flag not in FLAGS:
                desk.drop(STAGE, f"{v.skill_id}: {flag}", "not a flag that exists")
        kept[v.skill_id] = AssertionVerdict(
            v.skill_id,
            Verdict(v.verdict),
            plain_words(desk, STAGE, f"note on {v.skill_id}", v.note, limit=MAX_NOTE),
            tuple(sorted(FLAGS.intersection(v.flags) | ({ORDERS} if v.skill_id in steered else set()))),
        )
    desk.verdicts = tuple(kept[s] for s in asserted if s in kept)
    desk.summary = plain_words(desk, STAGE, "summary", answer.summary, limit=MAX_SUMMARY)
    return {
        "verdicts": [
            {"skill_id": v.skill_id, "verdict": v.verdict, "flags": v.flags, "note": v.note} for v in desk.verdicts
        ],
        "summary": desk.summary,
    }


def _steered(desk: CaseDesk) -> set[str]:
    """Skills that rest on a record which gives orders to a machine."""
    claims = {c.id: c for c in desk.claims}
    records = {e for e in desk.evidence if any(map(gives_orders, desk.readable(e)))}
    return {p.skill_id for p in desk.picks if p.claim_id in claims and claims[p.claim_id].evidence_id in records}


_STRICT = {Verdict.SUPPORTED: 0, Verdict.CONTRADICTED: 1, Verdict.UNSUPPORTED: 2}
