"""Tool of the reviewer: each assertion with the quotes it rests on, and without the numbers made of them."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from ascertain.domain.findings import Claim
from ascertain.domain.orders import gives_orders
from tools.base import DeskTool

STAGE = "reviewer"

MAX_QUOTES = 12


class CaseFindings(DeskTool):
    """What was found, quote by quote. Level and confidence are withheld: the reviewer judges whether the words bear
    the skill, not whether a number looks right."""

    name: str = "case_findings"
    description: str = (
        "Each skill asserted in this case with its definition and the quotes it rests on: stance, kind of source, "
        "date, whether the skill came from a content tag. Takes no arguments."
    )
    stage: str = STAGE

    def read(self, **arguments: Any) -> dict[str, Any]:
        """``role``, ``assertions`` (skill_id, label, synonyms, definition, required, quotes), ``contradictions``,
        ``missing``, ``withheld``, ``records_giving_orders`` and ``catalogue_items_giving_orders`` (counts)."""
        desk = self._desk
        claims = {c.id: c for c in desk.claims}
        by_skill: dict[str, list[tuple[Claim, str]]] = defaultdict(list)
        for p in desk.picks:
            by_skill[p.skill_id].append((claims[p.claim_id], p.via))
        required = {r.skill_id for r in desk.case.role.requirements} if desk.case.role else set()
        return {
            "role": desk.case.role.title if desk.case.role else None,
            "assertions": [
                {
                    "skill_id": s,
                    "label": desk.label(s),
                    "synonyms": skill.synonyms if (skill := desk.services.taxonomy.skill(s)) else (),
                    "definition": desk.definition(s),
                    "required": s in required,
                    "quotes": [self._quote(c, via) for c, via in by_skill[s][:MAX_QUOTES]],
                    "more_quotes": max(0, len(by_skill[s]) - MAX_QUOTES),
                }
                for s in desk.conclusion().assertions
            ],
            "contradictions": desk.contradictions,
            "missing": desk.missing,
            "withheld": desk.case.withheld,
            "records_giving_orders": sum(1 for e in desk.case.evidence if any(map(gives_orders, desk.readable(e.id)))),
            "catalogue_items_giving_orders": sum(
                1 for c in desk.case.catalogue if gives_orders(c.summary) or gives_orders(c.title)
            ),
        }

    def _quote(self, claim: Claim, via: str) -> dict[str, Any]:
        source = self._desk.evidence[claim.evidence_id]
        title, text = self._desk.readable(source.id)
        return {
            "quote": claim.quote,
            "stance": claim.stance,
            "kind": source.kind,
            "date": source.occurred_on,
            "via": via,
            "source_gives_orders": gives_orders(title) or gives_orders(text),
        }
