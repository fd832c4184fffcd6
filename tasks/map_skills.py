"""Task of the taxonomy mapper: offered skills for claims."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from crewai import Agent, Task
from pydantic import BaseModel, Field

from ascertain.domain.findings import IMPLIED, Claim, Pick
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
    """Keep picks among what was offered for that claim in this run, beside those that code has settled. The probability
    is the offer's own; a pick under the policy's floor counts as implied. Picks are put in the order of the claims, so
    that an agent's order changes nothing."""
    claims = {c.id: c for c in desk.claims}
    kept: dict[tuple[str, str], Pick] = {
        (claim_id, o.skill_id): Pick(claim_id, o.skill_id, o.probability, o.level, o.via)
        for claim_id, offers in desk.settled().items()
        for o in offers
    }
    implied: dict[tuple[str, str], Pick] = {}
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
        elif offer.probability >= desk.services.policy.mapping.claim_floor:
            kept[(claim.id, offer.skill_id)] = Pick(claim.id, offer.skill_id, offer.probability, offer.level, offer.via)
        elif desk.may_imply(claim):
            probability = desk.services.policy.mapping.implied
            implied[(claim.id, offer.skill_id)] = Pick(claim.id, offer.skill_id, probability, offer.level, IMPLIED)
        else:
            desk.drop(STAGE, f"{p.claim_id}: {p.skill_id}", "under the floor of the mapping probability")
    kept |= _implied(desk, implied, {s for _, s in kept})
    order = {c.id: i for i, c in enumerate(desk.claims)}
    desk.picks = tuple(sorted(kept.values(), key=lambda p: (order[p.claim_id], p.skill_id)))
    desk.proposals = tuple(sorted(set(proposals)))[:MAX_PROPOSALS]
    return {
        "picks": [{"claim_id": p.claim_id, "skill_id": p.skill_id, "via": p.via} for p in desk.picks],
        "proposals": desk.proposals,
    }


def _implied(
    desk: CaseDesk, read_into: Mapping[tuple[str, str], Pick], named: Collection[str]
) -> dict[tuple[str, str], Pick]:
    """Skills that only an agent read into words: as many as the policy allows, and none that other words of the case
    name or deny. So an assertion rests on them alone or not at all, and each of them waits for a human."""
    order = {c.id: i for i, c in enumerate(desk.claims)}
    skills: dict[str, None] = {}
    found: dict[tuple[str, str], Pick] = {}
    for key, pick in sorted(read_into.items(), key=lambda row: (order[row[1].claim_id], row[1].skill_id)):
        if pick.skill_id in named:
            desk.drop(STAGE, f"{pick.claim_id}: {pick.skill_id}", "read into words, while others name the skill")
        elif pick.skill_id not in skills and len(skills) >= desk.services.policy.mapping.implied_most:
            desk.drop(STAGE, f"{pick.claim_id}: {pick.skill_id}", "over the number of skills that are read into words")
        else:
            skills[pick.skill_id] = None
            found[key] = pick
    return found


def spared(desk: CaseDesk) -> dict[str, Any] | None:
    """The answer where every claim is settled."""
    return None if desk.open_claims() else {"picks": []}


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
