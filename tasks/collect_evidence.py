"""Task of the evidence collector: verbatim claims."""

from __future__ import annotations

from collections import Counter
from typing import Any, Literal

from crewai import Agent, Task
from pydantic import BaseModel, Field

from ascertain.domain.findings import Claim, Stance
from ascertain.domain.orders import gives_orders
from ascertain.domain.text import clean_text
from ascertain.prompts import Prompts
from tasks.checking import checked, plain_words, task
from tools.desk import CaseDesk
from tools.evidence import STAGE, newest
from tools.settled import LEARNING
from tools.wording import MAX_QUOTE, squash

NAME = "collect_evidence"
MAX_CLAIMS = 400
MAX_CLAIMS_PER_EVIDENCE = 20
MAX_REMARKS = 12
MAX_REMARK = 300


class ClaimAnswer(BaseModel):
    """A quote and which way it points."""

    evidence_id: str
    quote: str = Field(description="Exact words of the title or text, at most 300 characters.")
    stance: Literal["supports", "contradicts"]


class Answer(BaseModel):
    """What the evidence collector answers."""

    claims: list[ClaimAnswer]
    contradictions: list[str]
    missing: list[str]


def build(agent: Agent, desk: CaseDesk, prompts: Prompts) -> Task:
    """The task with its check bound to the desk."""
    return task(NAME, agent, prompts, Answer, checked(STAGE, desk, Answer, accept))


def accept(desk: CaseDesk, answer: Answer) -> dict[str, Any]:
    """Keep claims whose evidence is in the case and whose quote stands in it word for word; number them in order, after
    those that records make by themselves: no agent leaves those out or turns them."""
    told = [(e.id, words) for e in newest(desk, LEARNING) if (words := desk.recorded(e))]
    kept = [Claim(f"c{i}", evidence_id, *words) for i, (evidence_id, words) in enumerate(told, 1)]
    seen = {(c.evidence_id, c.quote) for c in kept}
    per_evidence = Counter(c.evidence_id for c in kept)
    for c in answer.claims:
        quote = squash(clean_text(c.quote))
        fault = _fault(desk, c.evidence_id, quote)
        if fault is None and (c.evidence_id, quote) in seen:
            fault = "quoted before"
        if fault is None and (per_evidence[c.evidence_id] >= MAX_CLAIMS_PER_EVIDENCE or len(kept) >= MAX_CLAIMS):
            fault = "over the number of claims that are looked at"
        if fault is not None:
            desk.drop(STAGE, f"{c.evidence_id}: {c.quote}", fault)
            continue
        seen.add((c.evidence_id, quote))
        per_evidence[c.evidence_id] += 1
        kept.append(Claim(f"c{len(kept) + 1}", c.evidence_id, quote, Stance(c.stance)))
    desk.claims = tuple(kept)
    desk.contradictions = _remarks(desk, "contradiction", answer.contradictions)
    desk.missing = _remarks(desk, "missing", answer.missing)
    return {
        "claims": [
            {"claim_id": c.id, "evidence_id": c.evidence_id, "quote": c.quote, "stance": c.stance} for c in kept
        ],
        "contradictions": desk.contradictions,
        "missing": desk.missing,
    }


def _fault(desk: CaseDesk, evidence_id: str, quote: str) -> str | None:
    if evidence_id not in desk.evidence:
        return "no such evidence in this case"
    if not any(ch.isalnum() for ch in quote):
        return "the quote is empty"
    if len(quote) > MAX_QUOTE:
        return f"the quote is longer than {MAX_QUOTE} characters"
    if not any(quote in squash(part) for part in desk.readable(evidence_id)):
        return "the quote does not stand in that evidence"
    if gives_orders(quote):
        return "the quote reads like an instruction to a machine"
    return None


def _remarks(desk: CaseDesk, what: str, texts: list[str]) -> tuple[str, ...]:
    kept = [plain_words(desk, STAGE, what, t, limit=MAX_REMARK) for t in texts[:MAX_REMARKS]]
    for t in texts[MAX_REMARKS:]:
        desk.drop(STAGE, f"{what}: {t}", "over the number of remarks")
    return tuple(dict.fromkeys(t for t in kept if t))
