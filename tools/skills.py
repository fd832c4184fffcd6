"""Tools of the taxonomy mapper: which skills may be named for which claim."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from ascertain.domain.findings import Claim
from tools.base import Arguments, DeskTool
from tools.desk import CaseDesk, Offer

STAGE = "taxonomy_mapper"

MAX_DEFINITION = 300


class ClaimIds(Arguments):
    """Which claims to look at."""

    model_config = ConfigDict(extra="forbid")
    claim_ids: list[str] = Field(default_factory=list, description="Claim ids; an empty list means every claim.")


class TaxonomySearch(DeskTool):
    """Candidates out of the taxonomy for the quotes of claims."""

    name: str = "taxonomy_search"
    description: str = (
        "Candidate skills for claims out of free text, best first, each with skill_id, label, definition and fit. "
        "Only these ids may be picked. An empty list of claim ids means every claim that content_tags does not cover."
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
        "and fit. An empty list of claim ids means every claim about tagged content."
    )
    args_schema: type[BaseModel] = ClaimIds
    stage: str = STAGE

    def read(self, **arguments: Any) -> dict[str, Any]:
        """``claims``: claim_id, quote, stance, candidates; ``unknown_claim_ids``."""
        claims, unknown = _wanted(self._desk, arguments, self._desk.tagged_claims())
        offers = self._desk.content_tags(claims)
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
                "fit": "likely" if o.probability >= floor else "doubtful",
            }
            for o in offers
        ],
    }
