"""Which plan: the solver's best, unless it has nothing to do. Reasons name what each item closes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ascertain.domain.ports import CrewServices


def answer(shown: Mapping[str, dict[str, Any]], services: CrewServices) -> dict[str, Any]:
    """A plan id with a summary and one reason an item."""
    offer = shown.get("path_solver", {})
    plans = offer.get("plans", ())
    if not plans:
        why = "This person has no role to compare with." if offer.get("role") is None else "No item closes a gap."
        return {"plan_id": "none", "summary": why, "reasons": []}
    plan = plans[0]
    mentors = shown.get("mentors", {}).get("mentors", ())
    return {
        "plan_id": plan["plan_id"],
        "summary": _summary(plan, offer, mentors),
        "reasons": [{"content_id": s["content_id"], "reason": _reason(s)} for s in plan["steps"]],
    }


def _summary(plan: Mapping[str, Any], offer: Mapping[str, Any], mentors: Sequence[Mapping[str, Any]]) -> str:
    if not plan["steps"]:
        role = "There is no role to compare with, so there is" if offer.get("role") is None else "There is"
        return f"{role} nothing that a course would have to close."
    count = len(plan["steps"])
    items = "One item" if count == 1 else "The items"
    parts = [
        f"{items} of this plan take{'s' if count == 1 else ''} {plan['hours']} hours, "
        f"about {plan['weeks']} weeks at {offer['hours_per_week']} hours a week."
    ]
    if plan["status"] == "optimal":
        parts.append("No feasible plan closes more.")
    if plan["leaves_open"]:
        parts.append(f"It leaves open: {', '.join(plan['leaves_open'])}.")
    if helpers := sorted({m["skill"] for m in mentors}):
        parts.append(f"Colleagues could help with {', '.join(helpers)}.")
    if any(s["external"] for s in plan["steps"]):
        parts.append("It includes external resources.")
    return " ".join(parts)


def _reason(step: Mapping[str, Any]) -> str:
    closes = ", ".join(step["closes"])
    does = f"Closes part of the gap in {closes}." if closes else "Mandatory, or needed before a later item."
    return f"{does} External resource." if step["external"] else does
