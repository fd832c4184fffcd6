"""Read models: what people are shown, as plain JSON-able dictionaries. Numbers come from the store as they are."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from ascertain.domain.assertion import AssertionState
from ascertain.domain.orders import gives_orders
from ascertain.domain.people import Learner
from ascertain.domain.ports import Taxonomy, UnitOfWork
from ascertain.domain.runs import StoredAssertion
from ascertain.pipeline.cases import MENTOR_LEVEL

Json = dict[str, Any]

NO_NOTES: Json = {
    "summary": "",
    "missing": [],
    "warnings": [],
    "contradictions": [],
    "withheld": [],
    "proposals": [],
    "role": None,
    "role_title": None,
}
"""The notes of a learner who was never assessed."""


MENTORS_SHOWN = 2


def person(learner: Learner) -> Json:
    """Who it is, as far as the reader may know."""
    return {
        "id": learner.id,
        "name": learner.name,
        "department": learner.department,
        "job_title": learner.job_title,
        "job_profile": learner.job_profile_id,
        "hours_per_week": learner.hours_per_week,
    }


def assertion(row: StoredAssertion) -> Json:
    """One assertion. ``confidence`` is null when there is not enough evidence, which is not zero skill."""
    return {
        "id": row.id,
        "skill": row.skill_id,
        "label": row.skill_label,
        "level": int(row.level) if row.level else None,
        "confidence": row.confidence,
        "interval": [row.low, row.high],
        "amount_of_evidence": row.amount,
        "state": row.state.value,
        "reasons": list(row.reasons),
        "human_reviewed": row.human_reviewed,
    }


def profile(uow: UnitOfWork, learner: Learner) -> Json:
    """A learner's skills with the evidence behind each, strongest first."""
    run = uow.runs.latest(learner.id)
    if run is None:
        return {"learner": person(learner), "run": None, "skills": [], "notes": dict(NO_NOTES)}
    # What was withdrawn since the run is not shown any more, whatever the run says.
    evidence = {e.id: e for e in uow.evidence.of(learner.id) if learner.allows(e)}
    quotes = {c["id"]: c["quote"] for c in uow.runs.document(run.id, "claims")}
    rows = []
    for row in uow.assertions.of(learner.id):
        seen: dict[str, Json] = {}
        for o in json.loads(row.inputs)["observations"]:
            source = evidence.get(o["evidence_id"])
            if source is not None and source.id not in seen:
                seen[source.id] = {
                    "id": source.id,
                    "title": source.title,
                    "kind": source.kind.value,
                    "system": source.system,
                    "on": source.occurred_on.isoformat() if source.occurred_on else None,
                    "score": source.score,
                    "passed": source.passed,
                    "supports": o["supports"],
                    "quote": quotes.get(o["claim_id"], ""),
                }
        rows.append(assertion(row) | {"evidence": sorted(seen.values(), key=lambda e: e["on"] or "", reverse=True)})
    rows.sort(key=lambda r: (-(r["confidence"] or 0.0) if r["level"] else 1.0, -(r["level"] or 0), r["label"]))
    return {
        "learner": person(learner),
        "run": {
            "id": run.id,
            "as_of": run.as_of.isoformat(),
            "versions": {
                "policy": run.versions.policy,
                "taxonomy": run.versions.taxonomy,
                "brain": run.versions.brain,
                "prompts": run.versions.prompts,
                "mapper": run.versions.mapper,
            },
        },
        "skills": rows,
        "notes": uow.runs.document(run.id, "notes"),
    }


def gaps(uow: UnitOfWork, learner: Learner, taxonomy: Taxonomy) -> Json:
    """The learner's gaps against their role, as ranges, in the analyst's order of importance."""
    run = uow.runs.latest(learner.id)
    found = uow.runs.document(run.id, "gaps") if run else []
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
            "rank": needs.get(g["skill_id"], {}).get("rank"),
            "reason": needs.get(g["skill_id"], {}).get("reason", ""),
        }
        for g in found
    ]
    notes = uow.runs.document(run.id, "notes") if run else {}
    return {
        "learner": person(learner),
        "role": notes.get("role"),
        "role_title": notes.get("role_title"),
        "coverage": uow.runs.document(run.id, "coverage") if run else None,
        "gaps": rows,
    }


def path(uow: UnitOfWork, learner: Learner, taxonomy: Taxonomy) -> Json:
    """The learner's path with the curator's reasons."""
    run = uow.runs.latest(learner.id)
    plan = uow.runs.document(run.id, "path") if run else None
    choice = (uow.runs.document(run.id, "path_choice") if run else None) or {}
    steps = [
        s
        | {
            "skills": [label(taxonomy, c) for c in s["closes"]],
            "reason": choice.get("reasons", {}).get(s["content_id"], ""),
        }
        for s in (plan or {}).get("steps", [])
    ]
    return {
        "learner": person(learner),
        "plan": (plan | {"steps": steps, "open_labels": [label(taxonomy, s) for s in plan["open_skills"]]})
        if plan
        else None,
        "summary": choice.get("summary", ""),
        "mentors": mentors(uow, learner, taxonomy, [s for st in steps for s in st["closes"]]),
    }


def mentors(uow: UnitOfWork, learner: Learner, taxonomy: Taxonomy, skills: Sequence[str]) -> list[Json]:
    """Colleagues who are still here and have an accepted level 4 or 5 in a skill of the path: at most two a skill,
    never the learner."""
    wanted = dict.fromkeys(skills)
    found: dict[str, list[StoredAssertion]] = defaultdict(list)
    for a in uow.assertions.experts(MENTOR_LEVEL, skills=wanted):
        found[a.skill_id].append(a)
    out: list[Json] = []
    for s in wanted:
        rows = sorted(found[s], key=lambda a: (-int(a.level or 0), -(a.confidence or 0), a.learner_id))
        named = 0
        for a in rows:
            who = uow.people.get(a.learner_id) if a.learner_id != learner.id else None
            if who is not None and who.active and named < MENTORS_SHOWN:
                named += 1
                out.append({"skill": s, "label": label(taxonomy, s), "name": who.name, "level": int(a.level or 0)})
    return out


def heatmap(uow: UnitOfWork, learners: Sequence[Learner], taxonomy: Taxonomy, *, columns: int = 12) -> Json:
    """People × the skills their roles ask for most. A cell is null where the role does not ask for the skill."""
    cells: dict[str, dict[str, Json]] = {}
    weight: Counter[str] = Counter()
    for learner in learners:
        run = uow.runs.latest(learner.id)
        found = uow.runs.document(run.id, "gaps") if run else []
        cells[learner.id] = {g["skill_id"]: _cell(g) for g in found}
        for g in found:
            weight[g["skill_id"]] += g["importance"]
    skills = [s for s, _ in sorted(weight.items(), key=lambda kv: (-kv[1], kv[0]))[:columns]]
    return {
        "skills": [{"id": s, "label": label(taxonomy, s)} for s in skills],
        "people": [person(p) | {"cells": [cells[p.id].get(s) for s in skills]} for p in learners],
    }


def _cell(g: Json) -> Json:
    return {"p_below": g["p_below"], "current": g["current"], "required": g["required"], "status": g["status"]}


def cohort_gaps(uow: UnitOfWork, learners: Sequence[Learner], taxonomy: Taxonomy) -> list[Json]:
    """Skills of a cohort by summed weighted gap, with how many people they concern."""
    total: Counter[str] = Counter()
    people: Counter[str] = Counter()
    unknown: Counter[str] = Counter()
    for learner in learners:
        run = uow.runs.latest(learner.id)
        for g in uow.runs.document(run.id, "gaps") if run else []:
            s = g["skill_id"]
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


def reviews(
    uow: UnitOfWork, taxonomy: Taxonomy, *, assignee: str | None = None, learner_id: str | None = None
) -> list[Json]:
    """What waits for a human, most urgent first."""
    items = uow.reviews.open(assignee=assignee, learner_id=learner_id)
    owners = sorted({i.learner_id for i in items})
    people = {p: uow.people.get(p) for p in owners}
    known = {a.id: a for p in owners for a in uow.assertions.of(p)}
    rows = []
    for item in items:
        row = known.get(item.assertion_id)
        who = people[item.learner_id]
        rows.append(
            {
                "id": item.id,
                "learner": item.learner_id,
                "name": who.name if who else item.learner_id,
                "skill": item.skill_id,
                "label": label(taxonomy, item.skill_id),
                "level": int(row.level) if row and row.level else None,
                "confidence": row.confidence if row else None,
                "reasons": list(item.reasons),
                "priority": item.priority,
                "assignee": item.assignee,
                "due": item.due_on.isoformat(),
                "assertion": item.assertion_id,
            }
        )
    return rows


def refusals(uow: UnitOfWork, learners: Sequence[Learner]) -> Json:
    """What was refused and why: agents' claims, assertions, records from outside, withheld evidence."""
    drops: Counter[tuple[str, str]] = Counter()
    withheld: list[Json] = []
    ignored = [
        {"where": f"course {c.item.title!r}", "what": "its description gives orders to a machine: not read"}
        for c in uow.contents.all()
        if gives_orders(c.description)
    ]
    rejected: list[Json] = []
    for learner in learners:
        run = uow.runs.latest(learner.id)
        if run is None:
            continue
        for d in uow.runs.document(run.id, "drops"):
            drops[(d["stage"], d["why"])] += 1
        notes = uow.runs.document(run.id, "notes")
        withheld += [{"learner": learner.id, "name": learner.name, "what": w} for w in notes["withheld"]]
        ignored += [{"where": learner.name, "what": w} for w in notes["warnings"]]
        rejected += [
            {"learner": learner.id, "name": learner.name} | assertion(a)
            for a in uow.assertions.of(learner.id)
            if a.state is AssertionState.REJECTED
        ]
    return {
        "from_agents": [{"stage": s, "why": w, "times": n} for (s, w), n in sorted(drops.items())],
        "assertions": rejected,
        "withheld": withheld,
        "ignored": ignored,
        "quarantined": [
            {"connector": q.connector, "record": q.ref, "field": q.field, "reason": q.reason}
            for q in uow.sync.quarantined()
        ],
    }


def label(taxonomy: Taxonomy, skill_id: str) -> str:
    """A skill's label, or its id when the taxonomy no longer has it."""
    skill = taxonomy.skill(skill_id)
    return skill.label if skill else skill_id
