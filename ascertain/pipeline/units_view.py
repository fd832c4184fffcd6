"""A cohort's heat map by unit: departments, or roles, as within one department always."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from ascertain.domain.gaps import GapStatus
from ascertain.domain.people import Learner

Json = dict[str, Any]

WITHOUT = "without department"
MET, LIKELY, UNSURE = 0.10, 0.35, 0.65
"""Upper ends of the classes of a mean, those of the heat map of people."""


def by_unit(
    heatmap: Mapping[str, Any], learners: Sequence[Learner], titles: Mapping[str, str], *, by_role: bool = False
) -> Json:
    """Units × the skills of a heat map of people (``views_gaps.heatmap``).

    A cell has the mean probability of being below the level that the own role asks for, over those of whom there is
    enough evidence (``known`` of ``people`` asked); it is null where nobody there is asked for the skill.
    """
    persons = {p.id: p for p in learners}
    departments = {p.department for p in learners}
    within = by_role or len(departments) < 2

    def unit(p: Learner) -> tuple[str, str]:
        if within:
            role = p.job_profile_id or ""
            return role, titles.get(role, "without role")
        return p.department, p.department or WITHOUT

    rows: dict[tuple[str, str], list[list[Json | None]]] = defaultdict(list)
    for row in heatmap["people"]:
        rows[unit(persons[row["id"]])].append(row["cells"])
    return {
        "of": "role" if within else "department",
        "skills": heatmap["skills"],
        "units": [
            {
                "cohort": cohort,
                "name": name,
                "people": len(people),
                "cells": [_cell([cells[i] for cells in people]) for i in range(len(heatmap["skills"]))],
            }
            for (cohort, name), people in sorted(rows.items(), key=lambda kv: kv[0][1].casefold())
        ],
    }


def _cell(cells: Sequence[Json | None]) -> Json | None:
    asked = [c for c in cells if c is not None]
    if not asked:
        return None
    known = [c["p_below"] for c in asked if c["p_below"] is not None and c["status"] != GapStatus.UNKNOWN.value]
    mean = sum(known) / len(known) if known else None
    return {"people": len(asked), "known": len(known), "mean": mean, "status": _status(mean)}


def _status(mean: float | None) -> str:
    if mean is None:
        return GapStatus.UNKNOWN.value
    if mean <= MET:
        return GapStatus.MET.value
    if mean <= LIKELY:
        return GapStatus.LIKELY_MET.value
    return GapStatus.UNSURE.value if mean <= UNSURE else GapStatus.BELOW.value
