"""Task of the taxonomy mapper: offered skills for claims."""

from __future__ import annotations

from typing import Any

from crewai import Agent, Task
from pydantic import BaseModel, Field

from ascertain.domain.findings import Claim, Pick
from ascertain.domain.orders import gives_orders
from ascertain.domain.text import clean_text
from ascertain.prompts import Prompts
from ascertain.taxonomy.denying import read_denied
from tasks.checking import checked, task
from tools.desk import CaseDesk
from tools.skills import STAGE
from tools.wording import squash

NAME = "map_skills"
NONE = "none"
MAX_TERM = 80
MAX_PROPOSALS = 20


class PickAnswer(BaseModel):
    """One offered skill for one claim, or none."""

    claim_id: str
    skill_id: str = Field(description="An offered skill id, or none.")
    proposed_term: str = Field(default="", description="Words of the quote, where the taxonomy lacks a term.")


class Answer(BaseModel):
    """What the taxonomy mapper answers."""

    picks: list[PickAnswer]


def build(agent: Agent, desk: CaseDesk, prompts: Prompts) -> Task:
    """The task with its check bound to the desk."""
    return task(NAME, agent, prompts, Answer, checked(STAGE, desk, Answer, accept))


def accept(desk: CaseDesk, answer: Answer) -> dict[str, Any]:
    """Keep picks among what was offered for that claim in this run. The probability is the offer's own; picks under
    the policy's floor are dropped. Picks are put in the order of the claims, so that an agent's order changes
    nothing."""
    claims = {c.id: c for c in desk.claims}
    kept: dict[tuple[str, str], Pick] = {}
    proposals: list[str] = []
    for p in answer.picks:
        claim = claims.get(p.claim_id)
        if claim is None:
            desk.drop(STAGE, f"{p.claim_id}: {p.skill_id}", "no such claim")
            continue
        if p.proposed_term and (term := _term(desk, claim, p.proposed_term)):
            proposals.append(term)
        if p.skill_id.strip().casefold() == NONE:
            continue
        offer = desk.offered(claim.id).get(p.skill_id)
        if offer is None:
            desk.drop(STAGE, f"{p.claim_id}: {p.skill_id}", "the skill was not offered for this claim")
        elif offer.probability < desk.services.policy.mapping.claim_floor:
            desk.drop(STAGE, f"{p.claim_id}: {p.skill_id}", "under the floor of the mapping probability")
        else:
            kept[(claim.id, offer.skill_id)] = Pick(claim.id, offer.skill_id, offer.probability, offer.level, offer.via)
    order = {c.id: i for i, c in enumerate(desk.claims)}
    desk.picks = tuple(sorted(kept.values(), key=lambda p: (order[p.claim_id], p.skill_id)))
    desk.proposals = tuple(sorted(set(proposals)))[:MAX_PROPOSALS]
    return {
        "picks": [{"claim_id": p.claim_id, "skill_id": p.skill_id, "via": p.via} for p in desk.picks],
        "proposals": desk.proposals,
    }


def _term(desk: CaseDesk, claim: Claim, proposed: str) -> str:
    term = squash(clean_text(proposed)).strip(" .,;:")
    if not any(c.isalpha() for c in term) or len(term) > MAX_TERM:
        desk.drop(STAGE, f"term: {proposed}", f"not a term of at most {MAX_TERM} characters")
    elif term.casefold() not in claim.quote.casefold():
        desk.drop(STAGE, f"term: {proposed}", "not in the words of the quote")
    elif gives_orders(claim.quote):
        desk.drop(STAGE, f"term: {proposed}", "the quote reads like an instruction to a machine")
    elif group := read_denied().refuses(term):
        desk.drop(STAGE, f"term: {proposed}", f"can never be a skill ({group.id})")
    else:
        return term
    return ""
