"""What to look at twice in a drafted plan: phases that are full, goals without a course or talk before them, and tasks
without anything that shows they are done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ascertain.domain.ports import CrewServices

FULL = 0.9
"""A phase of which this share of its learning hours is taken has no room for what comes up."""
MOST_REMARKS = 6


def answer(shown: Mapping[str, dict[str, Any]], services: CrewServices) -> dict[str, Any]:
    """Remarks by milestone, and a summary."""
    plan = shown.get("drafted_plan", {})
    rows: Sequence[Mapping[str, Any]] = plan.get("milestones", ())
    phases = plan.get("phases", ())
    remarks = [*_crowded(rows, phases), *_unprepared(rows), *_unclear(rows)]
    once: dict[str, dict[str, Any]] = {}
    for r in remarks:
        once.setdefault(r["milestone_id"], r)
    return {"remarks": list(once.values())[:MOST_REMARKS], "summary": _summary(plan, rows, phases)}


def _crowded(rows: Sequence[Mapping[str, Any]], phases: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    found, start = [], 0
    for p in phases:
        last = [m for m in rows if m["kind"] == "course" and start < m["day"] <= p["last_day"]]
        if last and p["study_hours"] >= FULL * p["hours_there_are"]:
            note = "The courses of this phase take nearly all of its learning hours; this one comes last."
            found.append({"milestone_id": last[-1]["milestone_id"], "flag": "too_much", "note": note})
        start = p["last_day"]
    return found


def _unprepared(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    helped = {m["skill"] for m in rows if m["kind"] == "meet" and m["skill"]}
    taught = {s for m in rows for s in m["teaches"]}
    note = "Nothing in the plan prepares for it: settle how it is learned."
    goals = [m for m in rows if m["kind"] == "goal" and m["skill"] not in helped | taught]
    return [{"milestone_id": m["milestone_id"], "flag": "ask_first", "note": note} for m in goals]


def _unclear(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    note = "Nothing says what shows that it is done."
    bare = [m for m in rows if m["kind"] == "task" and not m["evidence"]]
    return [{"milestone_id": m["milestone_id"], "flag": "unclear", "note": note} for m in bare]


def _summary(plan: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], phases: Sequence[Mapping[str, Any]]) -> str:
    goals = [m["skill"] for m in rows if m["kind"] == "goal"]
    first = [m["skill"] for m in rows if m["kind"] == "goal" and phases and m["day"] <= phases[0]["last_day"]]
    parts = []
    if first:
        parts.append(f"The first phase is about {_listed(first)}.")
    rest = [g for g in goals if g not in first]
    if rest:
        parts.append(f"{'After that' if first else 'The plan works on'}: {_listed(rest)}.")
    if not goals:
        parts.append("Everything that the role asks for is shown already: the plan is about people and first work.")
    if any(m["kind"] == "meet" for m in rows):
        parts.append("Colleagues of the team show how things are done here.")
    if plan.get("left_out"):
        parts.append("Something could not be placed.")
    return " ".join(parts)


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
