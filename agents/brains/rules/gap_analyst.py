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
    asked = {r["skill_id"]: r for r in shown.get("role_requirements", {}).get("requirements", ())}
    floor = table.get("worth_closing_percent", 0)
    open_gaps = [g for g in table.get("gaps", ()) if g["status"] != "met" and g["weighted_percent"] >= floor]
    ordered = sorted(open_gaps, key=lambda g: (-g["weighted_percent"], not g["essential"], g["skill_id"]))
    return {
        "needs": [
            {"skill_id": g["skill_id"], "rank": i, "reason": _reason(g, asked.get(g["skill_id"], {}))}
            for i, g in enumerate(ordered, 1)
        ]
    }


def _reason(gap: Mapping[str, Any], asked: Mapping[str, Any]) -> str:
    """Why the role asks for it, in the profile's words, and where the evidence stands."""
    weight = "Critical" if asked.get("critical") else "Essential" if gap["essential"] else "Useful"
    why = str(asked.get("why", "")).strip().rstrip(".")
    head = f"{why} ({weight.lower()})." if why else f"{weight} for this role."
    level = _LEVELS[gap["required_level"]]
    if gap["status"] == "not enough evidence":
        return f"{head} The role asks for {level}; there is not enough evidence to say where the person stands."
    current = gap["current_level"]
    if current is None:
        stands = "the evidence supports no level yet"
    elif current >= gap["required_level"]:
        stands = "the evidence points there, but not surely"
    else:
        stands = f"the evidence shows {_LEVELS[current]}"
    return f"{head} The role asks for {level}; {stands} ({gap['below_percent']} % likely below)."
