"""Order of importance: the computed weighted gap, where it is worth closing, essential requirements first among
equals. Reasons say what the computed data say, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ascertain.domain.ports import CrewServices

_LEVELS = ("none", "awareness", "foundation", "practitioner", "advanced", "expert")


def answer(shown: Mapping[str, dict[str, Any]], services: CrewServices) -> dict[str, Any]:
    """Requirements that are not met, the most urgent first."""
    table = shown.get("computed_gap", {})
    critical = {r["skill_id"] for r in shown.get("role_requirements", {}).get("requirements", ()) if r["critical"]}
    floor = table.get("worth_closing_percent", 0)
    open_gaps = [g for g in table.get("gaps", ()) if g["status"] != "met" and g["weighted_percent"] >= floor]
    ordered = sorted(open_gaps, key=lambda g: (-g["weighted_percent"], not g["essential"], g["skill_id"]))
    return {
        "needs": [
            {"skill_id": g["skill_id"], "rank": i, "reason": _reason(g, g["skill_id"] in critical)}
            for i, g in enumerate(ordered, 1)
        ]
    }


def _reason(gap: Mapping[str, Any], critical: bool) -> str:
    weight = "critical" if critical else "essential" if gap["essential"] else "useful"
    required = gap["required_level"]
    asks = f"{gap['label']} is {weight} for this role, at level {required} ({_LEVELS[required]})."
    low, high = gap["below_range_percent"]
    if gap["status"] == "not enough evidence":
        return f"{asks} There is not enough evidence to say where the person stands."
    if gap["current_level"] is None:
        stands = "The evidence supports no level yet"
    else:
        stands = f"The evidence supports level {gap['current_level']} ({_LEVELS[gap['current_level']]})"
    return f"{asks} {stands}; being below is {gap['below_percent']} % likely (between {low} % and {high} %)."
