"""People with certain skills, for whoever looks for help or staffs something. It is no decision about anybody."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from ascertain.domain.consent import Purpose
from ascertain.domain.permission import Action, Principal
from ascertain.domain.ports import UnitOfWork
from ascertain.domain.runs import StoredAssertion
from ascertain.domain.skills import Level
from ascertain.domain.usage import Use, refused_for
from ascertain.pipeline.permit import may_each
from ascertain.pipeline.views import person

Json = dict[str, Any]

NOTICE = (
    "People whose accepted and uncontested skills match, and who want to be found. Others may have these skills too. "
    "It is no ranking and no decision: whatever follows for a person is for a human to decide, on skills whose "
    "`not_for_decisions` is empty."
)
"""What such a list is not; shown with every one."""


def with_skills(uow: UnitOfWork, who: Principal, skills: Sequence[str], level: Level) -> list[Json]:
    """Active people with all of these skills at that level or above, by id.

    Only accepted assertions count, and only people whom ``who`` may find by these skills and who agree to be found
    (purpose ``mobility``). How many others there are is not told: a count of one would
    name somebody.
    """
    wanted = sorted(set(skills))
    found: dict[str, list[StoredAssertion]] = defaultdict(list)
    for row in uow.assertions.experts(level, skills=wanted):
        found[row.learner_id].append(row)
    about = [(row.learner_id, row.skill_id) for rows in found.values() for row in rows]
    seen = {a for a, yes in zip(about, may_each(uow, who, Action.PEOPLE_SEARCH, about), strict=True) if yes}
    out = []
    for learner_id in sorted(found):
        rows = [a for a in found[learner_id] if (learner_id, a.skill_id) in seen]
        learner = uow.people.get(learner_id) if {a.skill_id for a in rows} == set(wanted) else None
        if learner is None or not learner.active or learner.restricted:
            continue
        if learner.consents.allows(Purpose.MOBILITY):
            out.append({"learner": person(learner), "skills": [_skill(a) for a in rows]})
    return out


def _skill(row: StoredAssertion) -> Json:
    return {
        "assertion": row.id,
        "skill": row.skill_id,
        "label": row.skill_label,
        "level": row.level,
        "confidence": row.confidence,
        "human_reviewed": row.human_reviewed,
        "not_for_decisions": refused_for(row, Use.DECISION),
    }
