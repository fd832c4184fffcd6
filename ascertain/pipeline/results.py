"""How a conclusion is written down: assertions, review items, and the documents of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from ascertain.domain.assertion import Assertion
from ascertain.domain.canonical import canonical_json, digest, plain
from ascertain.domain.casefile import CaseFile
from ascertain.domain.conclude import Conclusion
from ascertain.domain.findings import CrewFindings
from ascertain.domain.gaps import coverage
from ascertain.domain.paths import PathPlan
from ascertain.domain.people import Learner
from ascertain.domain.ports import Taxonomy
from ascertain.domain.routing import Route
from ascertain.domain.runs import ReviewItem, Run, StoredAssertion

WITHOUT_MANAGER = "l-and-d"
"""Who reviews for a learner without a manager."""


def result_json(a: Assertion, route: Route) -> str:
    """The bytes that replay must reproduce."""
    return canonical_json(
        {
            "skill": a.skill_id,
            "level": a.level,
            "confidence": a.confidence,
            "low": a.low,
            "high": a.high,
            "amount": a.amount,
            "state": route.state,
            "reasons": route.reasons,
        }
    )


def assertion_rows(
    run: Run,
    case: CaseFile,
    conclusion: Conclusion,
    routes: Mapping[str, Route],
    findings: CrewFindings,
    taxonomy: Taxonomy,
    made_at: datetime,
) -> list[StoredAssertion]:
    """One row an assertion, as code decided it. ``inputs`` also holds a digest of each piece of evidence behind it,
    which tells later whether a human's decision was made on the same evidence."""
    verdicts = {v.skill_id: v for v in findings.verdicts}
    critical = {r.skill_id for r in case.role.requirements if r.critical} if case.role else set()
    evidence = case.evidence_by_id()
    digests = {e: digest(evidence[e], length=16) for e in {c.evidence_id for c in findings.claims} if e in evidence}
    rows = []
    for skill_id, a in conclusion.assertions.items():
        skill = taxonomy.skill(skill_id)
        inputs = {
            "observations": a.observations,
            "evidence": {o.evidence_id: digests[o.evidence_id] for o in a.observations},
            "verdict": verdicts.get(skill_id),
            "critical": skill_id in critical,
        }
        rows.append(
            StoredAssertion(
                id="a" + digest([run.id, skill_id], length=15),
                run_id=run.id,
                learner_id=run.learner_id,
                skill_id=skill_id,
                skill_label=skill.label if skill else skill_id,
                level=a.level,
                confidence=a.confidence,
                low=a.low,
                high=a.high,
                amount=a.amount,
                state=routes[skill_id].state,
                reasons=routes[skill_id].reasons,
                versions=case.versions,
                as_of=case.as_of,
                result=result_json(a, routes[skill_id]),
                inputs=canonical_json(inputs),
                created_at=made_at,
            )
        )
    return rows


def review_item(row: StoredAssertion, route: Route, learner: Learner, due_days: int) -> ReviewItem:
    """The question to a human about an assertion. Its id follows from the assertion's."""
    return ReviewItem(
        id=review_id(row.id),
        assertion_id=row.id,
        learner_id=learner.id,
        skill_id=row.skill_id,
        reasons=row.reasons,
        priority=route.priority,
        assignee=learner.manager_id or WITHOUT_MANAGER,
        due_on=row.created_at.date() + timedelta(days=due_days),
        created_at=row.created_at,
    )


def review_id(assertion_id: str) -> str:
    """Id of the review item of an assertion, if there is one."""
    return "v" + assertion_id[1:]


def documents(
    case: CaseFile, findings: CrewFindings, conclusion: Conclusion, plan: PathPlan | None
) -> Mapping[str, Any]:
    """What a run found besides assertions, as JSON's own types."""
    found: dict[str, Any] = {
        "claims": findings.claims,
        "picks": findings.picks,
        "verdicts": findings.verdicts,
        "gaps": conclusion.gaps,
        "coverage": coverage(conclusion.gaps) if conclusion.gaps else None,
        "needs": findings.needs,
        "path": plan,
        "path_choice": findings.path,
        "drops": findings.drops,
        "notes": {
            "summary": findings.summary,
            "missing": findings.missing,
            "warnings": findings.warnings,
            "contradictions": findings.contradictions,
            "withheld": case.withheld,
            "proposals": findings.proposals,
            "role": case.role.id if case.role else None,
            "role_title": case.role.title if case.role else None,
        },
    }
    return {name: plain(value) for name, value in found.items()}


def outcome(
    rows: Sequence[StoredAssertion], findings: CrewFindings, conclusion: Conclusion, plan: PathPlan | None
) -> dict[str, Any]:
    """The run in figures."""
    states: dict[str, int] = {}
    for r in rows:
        states[r.state.value] = states.get(r.state.value, 0) + 1
    return {
        "assertions": len(rows),
        "states": dict(sorted(states.items())),
        "claims": len(findings.claims),
        "drops": len(findings.drops),
        "gaps": len(conclusion.gaps),
        "path_items": len(plan.steps) if plan else 0,
    }
