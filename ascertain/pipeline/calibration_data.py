"""What calibrations are fitted on: human decisions, as right or wrong at the level that was asserted."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ascertain.domain.assertion import AssertionState
from ascertain.domain.belief import independent
from ascertain.domain.calibration_figures import Judged
from ascertain.domain.canonical import digest
from ascertain.domain.evidence import Evidence
from ascertain.domain.ports import Taxonomy, UnitOfWork
from ascertain.domain.runs import DecisionKind, ReviewItem, StoredAssertion
from ascertain.domain.skills import Level, SkillFamily
from ascertain.pipeline.replay import observation_from, policy_of

GONE = "no longer stored"
"""The system of evidence that is not there any more."""


@dataclass(frozen=True, slots=True)
class DecisionData:
    """Usable decisions, and how many were left out, by why."""

    judged: tuple[Judged, ...]
    left_out: Mapping[str, int]

    @property
    def digest(self) -> str:
        """Of all that a fit depends on."""
        return digest([[j.item, j.person, j.posterior, j.right, j.weight] for j in self.judged], length=16)


def read_decisions(uow: UnitOfWork, taxonomy: Taxonomy) -> DecisionData:
    """Every human decision about an asserted level.

    Right is: accepted, or adjusted to that level or a higher one. Wrong: adjusted lower, or rejected. Whoever needs
    more evidence has said neither. What code accepted and a random sample brought before a human counts for those that
    were not drawn, too: by 1 / share. Where the reviewer had judged before they saw the suggestion, that judgement
    counts instead of the decision: it is not drawn towards the number.
    """
    evidence: dict[str, dict[str, Evidence]] = {}
    left: Counter[str] = Counter()
    found: list[Judged] = []
    for item, row in uow.calibrations.decided():
        result = json.loads(row.result)
        if item.decision is DecisionKind.MORE_EVIDENCE:
            left["needed more evidence"] += 1
            continue
        if result["level"] is None or result["confidence"] is None:
            left["asserted no level"] += 1
            continue
        if row.learner_id not in evidence:
            evidence[row.learner_id] = {e.id: e for e in uow.evidence.of(row.learner_id)}
        kind, system = _source(json.loads(row.inputs), evidence[row.learner_id])
        skill = taxonomy.skill(row.skill_id)
        # What code had accepted is decided about only where the sample drew it.
        drawn = result["state"] == AssertionState.ACCEPTED.value
        found.append(
            Judged(
                item=item.id,
                person=row.learner_id,
                posterior=float(result.get("raw", result["confidence"])),
                shown=float(result["confidence"]),
                right=_right(item, Level(result["level"])),
                weight=_weight(uow, row) if drawn else 1.0,
                drawn=drawn,
                kind=kind,
                system=system,
                family=(skill.family if skill else SkillFamily.PROFESSIONAL).value,
            )
        )
    return DecisionData(tuple(found), dict(sorted(left.items())))


def _right(item: ReviewItem, asserted: Level) -> bool:
    if item.own_level is not None:
        return item.own_level >= asserted
    if item.decision is DecisionKind.ADJUST:
        return item.decided_level is not None and item.decided_level >= asserted
    return item.decision is DecisionKind.ACCEPT


def _weight(uow: UnitOfWork, row: StoredAssertion) -> float:
    """1 / share of the policy that drew it."""
    return 1.0 / (policy_of(uow, row).calibration.audit_share or 1.0)


def _source(inputs: Mapping[str, Any], evidence: Mapping[str, Evidence]) -> tuple[str, str]:
    """Kind and system of the evidence that weighs most for the skill."""
    kept = independent(tuple(observation_from(o) for o in inputs["observations"]))
    best = max(kept, key=lambda o: (o.supports, o.weight, o.evidence_id))
    source = evidence.get(best.evidence_id)
    return best.kind.value, source.system if source else GONE
