"""How a conclusion is written down: assertions, review items, and the documents of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from ascertain.domain.assertion import Assertion
from ascertain.domain.canonical import canonical_json, digest, plain
from ascertain.domain.casefile import CaseFile
from ascertain.domain.conclude import Conclusion, compliance_skills
from ascertain.domain.findings import CrewFindings
from ascertain.domain.gaps import coverage
from ascertain.domain.path_offer import build_problem
from ascertain.domain.paths import PathPlan
from ascertain.domain.people import Learner
from ascertain.domain.ports import CrewServices, Taxonomy
from ascertain.domain.review_rules import ReviewRules
from ascertain.domain.routing import Before, Route
from ascertain.domain.runs import ReviewItem, Run, StoredAssertion
from ascertain.domain.spending import figures, usage_of


def result_json(a: Assertion, route: Route) -> str:
    """The bytes that replay must reproduce. ``raw`` is in them where a calibration was applied: results from before
    there were any keep their bytes."""
    found = {
        "skill": a.skill_id,
        "level": a.level,
        "confidence": a.confidence,
        "low": a.low,
        "high": a.high,
        "amount": a.amount,
        "state": route.state,
        "reasons": route.reasons,
    }
    return canonical_json(found if a.raw is None else found | {"raw": a.raw})


def assertion_rows(
    run: Run,
    case: CaseFile,
    conclusion: Conclusion,
    routes: Mapping[str, Route],
    findings: CrewFindings,
    taxonomy: Taxonomy,
    before: Mapping[str, Before],
    made_at: datetime,
) -> list[StoredAssertion]:
    """One row an assertion, as code decided it. ``inputs`` also holds a digest of each piece of evidence behind it,
    which tells later whether a human's decision was made on the same evidence, and all that the route depended on."""
    verdicts = {v.skill_id: v for v in findings.verdicts}
    critical = {r.skill_id for r in case.role.requirements if r.critical} if case.role else set()
    compliance = compliance_skills(case)
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
            "compliance": skill_id in compliance,
            "before": before.get(skill_id),
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
                raw=a.raw,
            )
        )
    return rows


def review_item(row: StoredAssertion, route: Route, learner: Learner, rules: ReviewRules, assignee: str) -> ReviewItem:
    """The question to a human about an assertion. Its id follows from the assertion's."""
    return ReviewItem(
        id=review_id(row.id),
        assertion_id=row.id,
        learner_id=learner.id,
        skill_id=row.skill_id,
        reasons=row.reasons,
        priority=route.priority,
        assignee=assignee,
        due_on=row.created_at.date() + timedelta(days=rules.due_days[route.priority]),
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


def partial_documents(findings: CrewFindings) -> Mapping[str, Any]:
    """What an unfinished run had found: quotes and picks that stood up to the checks, and what was refused. Nothing is
    concluded from it."""
    found: dict[str, Any] = {"claims": findings.claims, "picks": findings.picks, "drops": findings.drops}
    return {name: plain(value) for name, value in found.items()}


def outcome(
    rows: Sequence[StoredAssertion], findings: CrewFindings, conclusion: Conclusion, plan: PathPlan | None
) -> dict[str, Any]:
    """The run in figures, and which brains answered: of those that stand in for each other, not all do."""
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
        "usage": figures(usage_of(findings.steps)),
        "brains": sorted({s.model for s in findings.steps}),
    }


def chosen_plan(
    case: CaseFile, conclusion: Conclusion, findings: CrewFindings, services: CrewServices
) -> PathPlan | None:
    """The curator's choice if it is one of the solver's plans, else the solver's best."""
    if not conclusion.gaps:
        return None
    plans = services.solver.plans(build_problem(case, conclusion.gaps, services.policy.path))
    by_id = {p.id: p for p in plans}
    if findings.path is not None and findings.path.plan_id in by_id:
        return by_id[findings.path.plan_id]
    return plans[0] if plans else None
