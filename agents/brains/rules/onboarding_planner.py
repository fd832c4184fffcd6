"""Order of the needs: what the manager named, what may not be missing, then what weighs most and a colleague can show.
Each need goes to the offered colleague who was asked least so far."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from ascertain.domain.ports import CrewServices


def answer(shown: Mapping[str, dict[str, Any]], services: CrewServices) -> dict[str, Any]:
    """Every need with a rank, a colleague or none, and a reason."""
    offered: dict[str, list[dict[str, Any]]] = {}
    for h in shown.get("team_helpers", {}).get("helpers", ()):
        offered.setdefault(h["skill_id"], []).append(h)
    needs = shown.get("onboarding_needs", {}).get("needs", ())
    place = {n["skill_id"]: i for i, n in enumerate(needs)}
    ordered = sorted(
        needs,
        key=lambda n: (
            not n["manager_named_it"],
            not n["critical"],
            not n["essential"],
            -n["importance_percent"],
            n["skill_id"] not in offered,
            place[n["skill_id"]],
        ),
    )
    asked: Counter[str] = Counter()
    rows = []
    for rank, n in enumerate(ordered, start=1):
        choices = offered.get(n["skill_id"], ())
        best = min(choices, key=lambda h: (asked[h["colleague"]], -h["level"], h["colleague"]), default=None)
        if best is not None:
            asked[best["colleague"]] += 1
        whom = best["colleague"] if best else "none"
        rows.append({"skill_id": n["skill_id"], "rank": rank, "colleague": whom, "reason": _reason(n)})
    return {"needs": rows}


def _reason(need: Mapping[str, Any]) -> str:
    """Why the role asks for it, in the profile's words, and what makes it urgent."""
    why = str(need["why"]).strip().rstrip(".")
    head = f"{why}." if why else "The role asks for it."
    if need["manager_named_it"]:
        return f"{head} Your manager named it."
    if need["critical"]:
        return f"{head} It may not be missing in this role."
    return head if need["colleagues_in_the_team"] else f"{head} Nobody in the team has it confirmed yet."
