"""Read models of gaps: of one learner, of a cohort as a heat map and summed up.

What somebody contests is shown as contested and as nothing else: no number, no part in the coverage or in a sum.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from ascertain.domain.canonical import plain
from ascertain.domain.consent import Purpose
from ascertain.domain.gaps import Gap, GapStatus, coverage
from ascertain.domain.people import Learner
from ascertain.domain.ports import Taxonomy, UnitOfWork
from ascertain.domain.skills import Level
from ascertain.pipeline.views import label, person

Json = dict[str, Any]


def gaps(uow: UnitOfWork, learner: Learner, taxonomy: Taxonomy) -> Json:
    """The learner's gaps against their role, as ranges, in the analyst's order of importance. ``p_below``, ``range``
    and ``current`` are null where the learner contests the skill; the coverage is that of the others, and null where
    there are none."""
    run = uow.runs.latest(learner.id)
    found = uow.runs.document(run.id, "gaps") if run else []
    contested = {d.skill_id: d.reason for d in uow.disputes.open(learner_id=learner.id)}
    needs = {n["skill_id"]: n for n in uow.runs.document(run.id, "needs")} if run else {}
    rows = [
        {
            "skill": g["skill_id"],
            "label": label(taxonomy, g["skill_id"]),
            "required": g["required"],
            "current": g["current"],
            "importance": g["importance"],
            "essential": g["essential"],
            "p_below": g["p_below"],
            "range": [g["low"], g["high"]],
            "weighted": round(g["importance"] * g["p_below"], 9),
            "status": g["status"],
            "contested": None,
            "rank": needs.get(g["skill_id"], {}).get("rank"),
            "reason": needs.get(g["skill_id"], {}).get("reason", ""),
        }
        | (_FROZEN | {"contested": contested[g["skill_id"]]} if g["skill_id"] in contested else {})
        for g in found
    ]
    left = [gap_from(g) for g in found if g["skill_id"] not in contested]
    notes = uow.runs.document(run.id, "notes") if run else {}
    return {
        "learner": person(learner),
        "role": notes.get("role"),
        "role_title": notes.get("role_title"),
        "coverage": plain(coverage(left)) if left else None,
        "gaps": rows,
    }


_FROZEN: Json = {
    "current": None,
    "p_below": None,
    "range": None,
    "weighted": None,
    "status": GapStatus.CONTESTED.value,
}
"""What is said of a gap while its skill is contested."""


def gap_from(g: Json) -> Gap:
    """A gap out of a run's document."""
    current = Level(g["current"]) if g["current"] else None
    numbers = (g["importance"], g["essential"], g["p_below"], g["low"], g["high"])
    return Gap(g["skill_id"], Level(g["required"]), current, *numbers, GapStatus(g["status"]))


def _contested(uow: UnitOfWork) -> set[tuple[str, str]]:
    return {(d.learner_id, d.skill_id) for d in uow.disputes.open()}


def heatmap(uow: UnitOfWork, learners: Sequence[Learner], taxonomy: Taxonomy, *, columns: int = 12) -> Json:
    """People × the skills their roles ask for most. A cell is null where the role does not ask for the skill; its
    ``assertion`` is what its figure rests on, null where nothing is asserted.
    ``left_out``: how many do not want to be in figures of cohorts."""
    asked, learners = len(learners), countable(learners)
    cells: dict[str, dict[str, Json]] = {}
    weight: Counter[str] = Counter()
    contested = _contested(uow)
    for learner in learners:
        run = uow.runs.latest(learner.id)
        found = uow.runs.document(run.id, "gaps") if run else []
        ids = {a.skill_id: a.id for a in uow.assertions.of(learner.id)}
        cells[learner.id] = {
            g["skill_id"]: _cell(g, (learner.id, g["skill_id"]) in contested) | {"assertion": ids.get(g["skill_id"])}
            for g in found
        }
        for g in found:
            weight[g["skill_id"]] += g["importance"]
    skills = [s for s, _ in sorted(weight.items(), key=lambda kv: (-kv[1], kv[0]))[:columns]]
    return {
        "skills": [{"id": s, "label": label(taxonomy, s)} for s in skills],
        "people": [person(p) | {"cells": [cells[p.id].get(s) for s in skills]} for p in learners],
        "left_out": asked - len(learners),
    }


def countable(learners: Sequence[Learner]) -> list[Learner]:
    """Those who do not mind being in figures of cohorts."""
    return [p for p in learners if p.consents.allows(Purpose.ANALYTICS)]


def _cell(g: Json, contested: bool) -> Json:
    if contested:
        return {"p_below": None, "current": None, "required": g["required"], "status": _FROZEN["status"]}
    return {"p_below": g["p_below"], "current": g["current"], "required": g["required"], "status": g["status"]}


def cohort_gaps(uow: UnitOfWork, learners: Sequence[Learner], taxonomy: Taxonomy) -> list[Json]:
    """Skills of a cohort by summed weighted gap, with how many people they concern; what is contested is left out, and
    whoever does not want to be in figures of cohorts."""
    learners = countable(learners)
    total: Counter[str] = Counter()
    people: Counter[str] = Counter()
    unknown: Counter[str] = Counter()
    contested = _contested(uow)
    for learner in learners:
        run = uow.runs.latest(learner.id)
        for g in uow.runs.document(run.id, "gaps") if run else []:
            s = g["skill_id"]
            if (learner.id, s) in contested:
                continue
            total[s] += g["importance"] * g["p_below"]
            people[s] += 1
            unknown[s] += g["status"] == "not enough evidence"
    return [
        {
            "skill": s,
            "label": label(taxonomy, s),
            "people": people[s],
            "mean_weighted_gap": round(t / people[s], 9),
            "total_weighted_gap": round(t, 9),
            "without_evidence": unknown[s],
        }
        for s, t in sorted(total.items(), key=lambda kv: (-kv[1], kv[0]))
    ]
