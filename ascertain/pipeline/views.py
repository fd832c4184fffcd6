"""Read models: what people are shown, as plain JSON-able dictionaries. Numbers come from the store as they are."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any

from ascertain.domain.assertion import AssertionState
from ascertain.domain.assignments import items_of
from ascertain.domain.disputes import Dispute
from ascertain.domain.orders import gives_orders
from ascertain.domain.people import Learner
from ascertain.domain.ports import Taxonomy, UnitOfWork
from ascertain.domain.runs import StoredAssertion
from ascertain.domain.usage import Use, refused_for
from ascertain.pipeline.assignments import shown
from ascertain.pipeline.mentoring_find import Seek, find
from ascertain.pipeline.review_queue import rows, waiting

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
    """One assertion. ``confidence`` is null when there is not enough evidence, which is not zero skill.
    ``not_for_decisions`` says why no decision about the person may rest on it; empty when one may."""
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
        "not_for_decisions": refused_for(row, Use.DECISION),
    }


def dispute(d: Dispute) -> Json:
    """A dispute as the learner and whoever decides see it."""
    return {
        "id": d.id,
        "learner": d.learner_id,
        "assertion": d.assertion_id,
        "skill": d.skill_id,
        "state": d.state.value,
        "reason": d.reason,
        "opened_by": d.opened_by,
        "opened_at": d.opened_at.isoformat(),
        "due": d.due_on.isoformat(),
        "escalated_to": d.escalated_to,
        "escalated_at": d.escalated_at.isoformat() if d.escalated_at else None,
        "evidence": list(d.evidence),
        "decided_by": d.decided_by,
        "decided_level": int(d.decided_level) if d.decided_level else None,
        "decision_reason": d.decision_reason,
        "decided_at": d.decided_at.isoformat() if d.decided_at else None,
    }


def for_decisions(data: Json) -> Json:
    """A profile with only what a decision may rest on; ``left_out`` says what else there is, and why it may not."""
    kept = [s for s in data["skills"] if not s["not_for_decisions"]]
    out = [{k: s[k] for k in ("id", "skill", "label")} | {"why": s["not_for_decisions"]} for s in data["skills"]]
    return data | {"skills": kept, "left_out": [o for o in out if o["why"]], "use": Use.DECISION.value}


def profile(uow: UnitOfWork, learner: Learner) -> Json:
    """A learner's skills with the evidence behind each, strongest first; with the newest dispute about each."""
    run = uow.runs.latest(learner.id)
    if run is None:
        return {"learner": person(learner), "run": None, "skills": [], "notes": dict(NO_NOTES)}
    # What was withdrawn since the run is not shown any more, whatever the run says.
    evidence = {e.id: e for e in uow.evidence.of(learner.id) if learner.allows(e)}
    kept = uow.runs.documents(run.id, ("claims", "notes"))
    quotes = {c["id"]: c["quote"] for c in kept.get("claims") or ()}
    disputes = {d.skill_id: d for d in uow.disputes.about(learner.id)}
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
        rows.append(
            assertion(row)
            | {
                "dispute": dispute(disputes[row.skill_id]) if row.skill_id in disputes else None,
                "evidence": sorted(seen.values(), key=lambda e: e["on"] or "", reverse=True),
            }
        )
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
        "notes": kept.get("notes") or dict(NO_NOTES),
    }


def path(uow: UnitOfWork, learner: Learner, taxonomy: Taxonomy, seek: Seek | None = None) -> Json:
    """The learner's path with the curator's reasons, and whether somebody has approved it; with ``seek`` the mentors
    who could help."""
    run = uow.runs.latest(learner.id)
    found = uow.runs.document(run.id, "path") if run else None
    choice = (uow.runs.document(run.id, "path_choice") if run else None) or {}
    assignment = uow.assignments.current(learner.id)
    # What was proposed or approved stands, also where the newest run's path has less of it left.
    plan = assignment.plan if assignment is not None and assignment.plan else found
    if plan and found and items_of(plan) != items_of(found):
        choice = {"reasons": choice.get("reasons", {})}
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
        "plan": (dict(plan) | {"steps": steps, "open_labels": [label(taxonomy, s) for s in plan["open_skills"]]})
        if plan
        else None,
        "approval": shown(assignment) if assignment else None,
        "summary": choice.get("summary", ""),
        "mentors": mentors(uow, learner, taxonomy, [s for st in steps for s in st["closes"]], seek),
    }


def mentors(
    uow: UnitOfWork, learner: Learner, taxonomy: Taxonomy, skills: Sequence[str], seek: Seek | None
) -> list[Json]:
    """Colleagues who offer to be a mentor in these skills and could be this learner's now: at most two a skill, with
    the level where they let it be told."""
    named: Counter[str] = Counter()
    out: list[Json] = []
    for who, f in find(uow, learner, skills, seek) if seek else ():
        named[f.skill_id] += 1
        if named[f.skill_id] <= MENTORS_SHOWN:
            level = int(f.level) if f.level else None
            out.append({"skill": f.skill_id, "label": label(taxonomy, f.skill_id), "name": who.name, "level": level})
    return out


def reviews(
    uow: UnitOfWork, taxonomy: Taxonomy, today: date, *, assignee: str | None = None, learner_id: str | None = None
) -> list[Json]:
    """What waits for a human, most urgent first; without the level and the confidence that are suggested, since whoever
    decides is to see the evidence first."""
    items = waiting(uow, assignees=None if assignee is None else {assignee}, learner_id=learner_id)
    return rows(uow, taxonomy, items, today)


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
