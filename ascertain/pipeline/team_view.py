"""What a team can do together: which required skills rest on one person, and who is close to which role."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from ascertain.domain.assertion import AssertionState, assert_skill, belief_of
from ascertain.domain.belief import Belief
from ascertain.domain.gaps import coverage, gaps_for
from ascertain.domain.people import Learner
from ascertain.domain.ports import Taxonomy, UnitOfWork
from ascertain.domain.rules import BeliefRules
from ascertain.domain.runs import StoredAssertion
from ascertain.domain.skills import JobProfile
from ascertain.pipeline.replay import observation_from
from ascertain.pipeline.views import label, person

Json = dict[str, Any]

ROLES_SHOWN = 3


def coverage_risks(uow: UnitOfWork, team: Sequence[Learner], taxonomy: Taxonomy) -> list[Json]:
    """Skills that a role in the team asks for, with who has them accepted at the required level; those that rest on
    nobody or on one person first. Only accepted assertions count: a team's cover is something people plan with."""
    asked: dict[str, tuple[int, float, int]] = {}
    roles = {r.id: r for r in uow.roles.all()}
    for learner in team:
        role = roles.get(learner.job_profile_id or "")
        for r in role.requirements if role else ():
            if not uow.rollouts.allows(learner.id, r.skill_id):
                continue
            level, importance, people = asked.get(r.skill_id, (0, 0.0, 0))
            asked[r.skill_id] = max(level, int(r.level)), max(importance, r.importance), people + 1
    holders: dict[str, list[Json]] = defaultdict(list)
    names = {p.id: p.name for p in team}
    for who, skill, level in uow.assertions.accepted(asked):
        if who in names and level >= asked[skill][0]:
            holders[skill].append({"id": who, "name": names[who], "level": level})
    rows = [
        {
            "skill": s,
            "label": label(taxonomy, s),
            "required": level,
            "importance": importance,
            "asked_of": people,
            "holders": sorted(holders[s], key=lambda h: (-h["level"], h["id"])),
            "risk": ("nobody", "one person")[len(holders[s])] if len(holders[s]) < 2 else "covered",
        }
        for s, (level, importance, people) in asked.items()
    ]
    return sorted(rows, key=lambda r: (len(r["holders"]), -r["importance"], r["label"]))


def close_to(
    uow: UnitOfWork, team: Sequence[Learner], roles: Sequence[JobProfile], rules: BeliefRules, taxonomy: Taxonomy
) -> list[Json]:
    """For each person the roles that their evidence covers most, their own marked, as ranges of coverage in 0..1.

    A suggestion to look at, never a ranking to decide by: contested assertions are left out, unreviewed ones are
    counted apart in ``confirmed`` (the share of a role's importance that accepted assertions meet).
    """
    out = []
    for learner in team:
        rows = [a for a in uow.assertions.of(learner.id) if a.state not in _NOT_USED]
        beliefs = {a.skill_id: _belief(a, rules) for a in rows}
        accepted = {a.skill_id: int(a.level) for a in rows if a.state is AssertionState.ACCEPTED and a.level}
        found = [
            _fit(role, learner, beliefs, accepted, rules, taxonomy)
            for role in roles
            if role.id == learner.job_profile_id or _known(role, beliefs, rules)
        ]
        found.sort(key=lambda r: (-r["coverage"]["point"], r["role"]))
        shown = found[:ROLES_SHOWN]
        shown += [r for r in found[ROLES_SHOWN:] if r["own"]]
        out.append(person(learner) | {"roles": shown})
    return out


_NOT_USED = frozenset({AssertionState.CONTESTED, AssertionState.REJECTED, AssertionState.SUPERSEDED})


def _known(role: JobProfile, beliefs: Mapping[str, Belief], rules: BeliefRules) -> bool:
    """Without evidence of anything that a role asks for its coverage would be the prior's alone."""
    asked = (beliefs.get(r.skill_id) for r in role.requirements)
    return any(b is not None and b.amount >= rules.enough_evidence for b in asked)


def _fit(
    role: JobProfile,
    learner: Learner,
    beliefs: Mapping[str, Belief],
    accepted: Mapping[str, int],
    rules: BeliefRules,
    taxonomy: Taxonomy,
) -> Json:
    gaps = gaps_for(role, beliefs, rules)
    covered = coverage(gaps)
    total = sum(r.importance for r in role.requirements)
    met = sum(r.importance for r in role.requirements if accepted.get(r.skill_id, 0) >= int(r.level))
    return {
        "role": role.id,
        "title": role.title,
        "own": role.id == learner.job_profile_id,
        "coverage": {"low": covered.low, "point": covered.point, "high": covered.high},
        "confirmed": met / total if total else 1.0,
        "missing": [label(taxonomy, g.skill_id) for g in gaps if g.p_below > 0.5][:3],
    }


def _belief(row: StoredAssertion, rules: BeliefRules) -> Belief:
    observations = tuple(observation_from(o) for o in json.loads(row.inputs)["observations"])
    return belief_of(assert_skill(row.skill_id, observations, rules), rules)
