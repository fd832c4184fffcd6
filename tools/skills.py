"""Tools of the taxonomy mapper: which skills may be named for which claim."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from ascertain.domain.findings import IMPLIED, Claim
from ascertain.domain.text import clean_text
from tools.base import Arguments, DeskTool
from tools.desk import CaseDesk, Offer
from tools.wording import squash

STAGE = "taxonomy_mapper"

MAX_DEFINITION = 300
MAX_WORDS, MOST_WORDS = 80, 5
"""Characters of a name that is looked up, and how many at once."""


class ClaimIds(Arguments):
    """Which claims to look at."""

    model_config = ConfigDict(extra="forbid")
    claim_ids: list[str] = Field(default_factory=list, description="Claim ids; an empty list means every claim.")


class TaxonomySearch(DeskTool):
    """Candidates out of the taxonomy for the quotes of claims."""

    name: str = "taxonomy_search"
    description: str = (
        "Candidate skills for claims out of free text, best first, each with skill_id, label, definition and fit. "
        "Only these ids may be picked. An empty list of claim ids means every claim that content_tags does not cover "
        "and code has not settled."
    )
    args_schema: type[BaseModel] = ClaimIds
    stage: str = STAGE

    def read(self, **arguments: Any) -> dict[str, Any]:
        """``claims``: claim_id, quote, stance, candidates; ``unknown_claim_ids``."""
        claims, unknown = _wanted(self._desk, arguments, self._desk.untagged_claims())
        offers = self._desk.search(claims)
        return {"claims": [_row(self._desk, c, offers[c.id]) for c in claims], "unknown_claim_ids": unknown}


class ContentTags(DeskTool):
    """Accepted tags of the content that claims are about."""

    name: str = "content_tags"
    description: str = (
        "Accepted skills of the course or other content that a claim is about, each with skill_id, label, definition "
        "and fit. An empty list of claim ids means every claim about tagged content that code has not settled."
    )
    args_schema: type[BaseModel] = ClaimIds
    stage: str = STAGE

    def read(self, **arguments: Any) -> dict[str, Any]:
        """``claims``: claim_id, quote, stance, candidates; ``unknown_claim_ids``."""
        claims, unknown = _wanted(self._desk, arguments, self._desk.tagged_claims())
        offers = self._desk.content_tags(claims)
        return {"claims": [_row(self._desk, c, offers[c.id]) for c in claims], "unknown_claim_ids": unknown}


class OtherWords(Arguments):
    """Which skills a claim might imply, in an agent's own words."""

    claim_id: str = Field(default="", description="The claim whose words imply a skill without naming it.")
    words: list[str] = Field(default_factory=list, description="Names of skills as one would look them up, at most 5.")


class SkillsInOtherWords(DeskTool):
    """Skills by name, for words that imply them."""

    name: str = "skills_in_other_words"
    description: str = (
        "Skills of the taxonomy by name, for a claim out of free text that shows a skill without naming it: give its "
        "claim_id and names to look up. What it answers may be picked for that claim, and a human decides about it."
    )
    args_schema: type[BaseModel] = OtherWords
    stage: str = STAGE

    def read(self, **arguments: Any) -> dict[str, Any]:
        """``claims``: as the other tools'; ``unknown_claim_ids``."""
        claim_id = str(arguments.get("claim_id") or "")
        claims, unknown = _wanted(self._desk, {"claim_ids": [claim_id] if claim_id else []}, [])
        words = [w for w in (squash(clean_text(str(w)))[:MAX_WORDS] for w in arguments.get("words") or ()) if w]
        offers = {c.id: self._desk.in_other_words(c, words[:MOST_WORDS]) for c in claims}
        return {"claims": [_row(self._desk, c, offers[c.id]) for c in claims], "unknown_claim_ids": unknown}


def _wanted(desk: CaseDesk, arguments: dict[str, Any], default: Sequence[Claim]) -> tuple[list[Claim], list[str]]:
    ids = arguments.get("claim_ids") or []
    if not ids:
        return list(default), []
    known = {c.id: c for c in desk.claims}
    return [known[i] for i in dict.fromkeys(ids) if i in known], [i for i in ids if i not in known]


def _row(desk: CaseDesk, claim: Claim, offers: Sequence[Offer]) -> dict[str, Any]:
    floor = desk.services.policy.mapping.claim_floor
    return {
        "claim_id": claim.id,
        "quote": claim.quote,
        "stance": claim.stance,
        "kind": desk.evidence[claim.evidence_id].kind,
        "candidates": [
            {
                "skill_id": o.skill_id,
                "label": o.label,
                "definition": o.definition[:MAX_DEFINITION],
                "fit": "implied" if o.via == IMPLIED else "likely" if o.probability >= floor else "doubtful",
            }
            for o in offers
        ],
    }
