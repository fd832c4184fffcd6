"""Which offered skills a claim expresses: those whose fit is likely. Where none is, the title of a certificate or an
outside training is proposed as a term that the taxonomy lacks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ascertain.domain.ports import CrewServices

_NAMES_A_SKILL = frozenset({"certification", "badge", "external_training"})
_MAX_TERM = 80


def answer(shown: Mapping[str, dict[str, Any]], services: CrewServices) -> dict[str, Any]:
    """One pick for each likely candidate of each claim, or none."""
    picks = []
    for tool in ("content_tags", "taxonomy_search"):
        for claim in shown.get(tool, {}).get("claims", ()):
            likely = [c["skill_id"] for c in claim["candidates"] if c["fit"] == "likely"]
            for skill_id in likely or ["none"]:
                picks.append({"claim_id": claim["claim_id"], "skill_id": skill_id, "proposed_term": ""})
            if not likely and claim["kind"] in _NAMES_A_SKILL and len(claim["quote"]) <= _MAX_TERM:
                picks[-1]["proposed_term"] = claim["quote"]
    return {"picks": picks}
